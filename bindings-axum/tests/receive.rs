//! Deliveries to a router, as axum hands them over.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, Response, StatusCode};
use axum::{Router, routing::post};
use encrata_webhooks::{Error, EventData, Webhook};
use encrata_webhooks_axum::{Receiver, Refused, Verified};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const OTHER: &str = "whsec_0000000000000000000000000000000000000000000000000000000000000001";
const BODY: &str = r#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"This is a test webhook from Encrata"},"event":"test"}"#;

fn now() -> i64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed()
}

async fn receive(Verified(event): Verified) -> String {
    match event.data {
        EventData::Test(test) => format!("{}: {}", event.id.unwrap_or_default(), test.message),
        other => panic!("{other:?}"),
    }
}

fn app(receiver: impl Into<Receiver>) -> Router {
    Router::new().route("/", post(receive)).layer(DefaultBodyLimit::max(1024)).with_state(receiver.into())
}

fn delivery(secret: &str, signed: &str, sent: impl Into<Body>, at: i64) -> Request<Body> {
    let mut request = Request::post("/");
    for (name, value) in &Webhook::new(secret).unwrap().sign(signed.as_bytes(), "evt_1", at).unwrap() {
        request = request.header(name, value);
    }
    request.body(sent.into()).unwrap()
}

async fn answer(app: Router, request: Request<Body>) -> (StatusCode, String) {
    let response: Response<Body> = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    if parts.status != StatusCode::OK {
        assert_eq!(parts.headers["content-type"], "application/json");
    }
    (parts.status, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

fn refused(status: StatusCode, code: &str) -> (StatusCode, String) {
    (status, format!("{{\"error\":\"{code}\"}}"))
}

#[tokio::test]
async fn what_is_signed_arrives_typed() {
    let got = answer(app(Receiver::new(SECRET).unwrap()), delivery(SECRET, BODY, BODY, now())).await;
    assert_eq!(got, (StatusCode::OK, "evt_1: This is a test webhook from Encrata".into()));
    let rotating = Receiver::new([OTHER, SECRET]).unwrap();
    for secret in [OTHER, SECRET] {
        assert_eq!(
            answer(app(rotating.clone()), delivery(secret, BODY, BODY, now())).await.0,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn what_does_not_verify_is_answered_with_its_code() {
    let app = || app(Receiver::new(SECRET).unwrap());
    for (request, expected) in [
        (delivery(OTHER, BODY, BODY, now()), refused(StatusCode::UNAUTHORIZED, "signature_mismatch")),
        (delivery(SECRET, BODY, "{}", now()), refused(StatusCode::UNAUTHORIZED, "signature_mismatch")),
        (delivery(SECRET, BODY, BODY, now() - 400), refused(StatusCode::UNAUTHORIZED, "timestamp_too_old")),
        (delivery(SECRET, BODY, BODY, now() + 400), refused(StatusCode::UNAUTHORIZED, "timestamp_too_new")),
        (
            Request::post("/").body(Body::from(BODY)).unwrap(),
            refused(StatusCode::UNAUTHORIZED, "missing_signature"),
        ),
        (delivery(SECRET, "[]", "[]", now()), refused(StatusCode::BAD_REQUEST, "invalid_payload")),
        (
            delivery(SECRET, BODY, "x".repeat(2000), now()),
            refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        ),
        (
            delivery(SECRET, BODY, Body::new(Broken), now()),
            refused(StatusCode::BAD_REQUEST, "body_incomplete"),
        ),
    ] {
        assert_eq!(answer(app(), request).await, expected);
    }
}

#[tokio::test]
async fn another_tolerance_is_a_webhooks_own() {
    let none = Webhook::new(SECRET).unwrap();
    assert_eq!(answer(app(none), delivery(SECRET, BODY, BODY, 0)).await.0, StatusCode::OK);
    let wide = Webhook::new(SECRET).unwrap().with_tolerance(Duration::from_secs(1000));
    assert_eq!(answer(app(wide), delivery(SECRET, BODY, BODY, now() - 400)).await.0, StatusCode::OK);
}

#[test]
fn an_unusable_secret_is_told_at_the_start() {
    for secret in ["", "   ", "whsec_"] {
        assert!(matches!(Receiver::new(secret), Err(Error::InvalidSecret(_))), "{secret:?}");
    }
    let shown = format!("{:?}", Receiver::new(SECRET).unwrap());
    assert!(!shown.contains(&SECRET[6..]), "{shown}");
}

#[test]
fn every_refusal_has_its_status_and_words() {
    for error in Error::ALL {
        let refused = Refused::Invalid(error);
        assert_eq!((refused.code(), refused.status().as_u16()), (error.code(), error.http_status()));
        assert_eq!(refused.to_string(), error.to_string());
    }
    assert!(Refused::BodyIncomplete.to_string().contains("broke off"));
}

/// A body that ends in an error.
struct Broken;

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}
