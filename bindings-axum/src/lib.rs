#![doc = include_str!("../README.md")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum_core::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum_core::extract::{FromRef, FromRequest, Request};
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use encrata_webhooks::{Error, Event, Secrets, Webhook};
use http::{StatusCode, header};

/// How far a delivery's time may be from now, either way, unless another tolerance is chosen.
const TOLERANCE: Duration = Duration::from_secs(300);

/// Verifies deliveries for the extractor [`Verified`]: the router's state, or a part of it ([`FromRef`]). Cheap to clone.
///
/// ```
/// use encrata_webhooks_axum::{Receiver, Verified};
///
/// #[derive(Clone, axum::extract::FromRef)]
/// struct AppState {
///     receiver: Receiver,
///     database: String,
/// }
///
/// async fn receive(Verified(event): Verified) {
///     println!("{}", event.data.name());
/// }
///
/// # let secret = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
/// let state = AppState { receiver: Receiver::new(secret)?, database: "…".into() };
/// let app: axum::Router = axum::Router::new().route("/webhooks/encrata", axum::routing::post(receive)).with_state(state);
/// # Ok::<(), encrata_webhooks::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Receiver(Arc<Webhook>);

impl Receiver {
    /// Accepts deliveries that are signed with any of these secrets, and whose time is five minutes from now at most.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSecret`], as [`Webhook::new`]: at the start, not at the first delivery.
    ///
    /// ```
    /// use encrata_webhooks_axum::Receiver;
    ///
    /// assert!(Receiver::new("whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c").is_ok());
    /// assert!(Receiver::new(None::<String>).is_err());
    /// ```
    pub fn new(secrets: impl Secrets) -> Result<Self, Error> {
        Ok(Webhook::new(secrets)?.with_tolerance(TOLERANCE).into())
    }
}

/// With the tolerance that it has, or none.
impl From<Webhook> for Receiver {
    fn from(webhook: Webhook) -> Self {
        Self(Arc::new(webhook))
    }
}

/// A delivery's event, once signature and time are verified: the last argument of a handler, as it reads the body.
///
/// ```
/// use axum::http::StatusCode;
/// use encrata_webhooks_axum::{Refused, Verified};
///
/// // Or look at what is refused before it is answered.
/// async fn receive(delivery: Result<Verified, Refused>) -> Result<StatusCode, Refused> {
///     let Verified(event) = delivery.inspect_err(|refused| eprintln!("{refused}"))?;
///     println!("{}", event.data.name());
///     Ok(StatusCode::NO_CONTENT)
/// }
/// # let app: axum::Router<encrata_webhooks_axum::Receiver> = axum::Router::new().route("/", axum::routing::post(receive));
/// ```
#[derive(Debug, Clone)]
pub struct Verified(
    /// The event.
    pub Event,
);

impl<S> FromRequest<S> for Verified
where
    S: Send + Sync,
    Receiver: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                Refused::Invalid(Error::BodyTooLarge)
            }
            _ => Refused::BodyIncomplete,
        })?;
        let Receiver(webhook) = Receiver::from_ref(state);
        // A clock before 1970 is seen as 1970: its deliveries are all too new.
        let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs().cast_signed());
        webhook.verify(&headers, &body, now).map(Self).map_err(Refused::Invalid)
    }
}

/// Why a delivery was refused. As an answer it is the error's status and `{"error": "<code>"}`: the code, and nothing of what
/// lies behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It does not verify, is larger than axum reads, or its verified body is no event.
    Invalid(Error),
    /// The body broke off before its end: status 400, code `body_incomplete`.
    BodyIncomplete,
}

impl Refused {
    /// The stable name of the reason, the same in every language.
    ///
    /// ```
    /// use encrata_webhooks::Error;
    /// use encrata_webhooks_axum::Refused;
    ///
    /// assert_eq!(Refused::Invalid(Error::SignatureMismatch).code(), "signature_mismatch");
    /// ```
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid(error) => error.code(),
            Self::BodyIncomplete => "body_incomplete",
        }
    }

    /// The status to answer with.
    ///
    /// ```
    /// use encrata_webhooks_axum::Refused;
    ///
    /// assert_eq!(Refused::BodyIncomplete.status(), 400);
    /// ```
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            // Each of them has one.
            Self::Invalid(error) => {
                StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::BodyIncomplete => StatusCode::BAD_REQUEST,
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid(error) => error.fmt(f),
            Self::BodyIncomplete => f.write_str("the body broke off before its end"),
        }
    }
}

impl std::error::Error for Refused {}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = format!("{{\"error\":\"{}\"}}", self.code());
        (self.status(), [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}
