//! Every error answer of the API: `{"error": "<text>"}`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use axum::http::{Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;
use serde::Serialize;
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::{MakeSpan, OnResponse, TraceLayer};

use crate::door::caller::Caller;
use crate::store::{CreateError, RecordError, StoreError};

/// What is wrong with a request, or with us.
#[derive(Debug)]
pub enum ApiError {
    /// 400: bad or missing input.
    BadRequest(String),
    /// 401: no key, or none that opens anything.
    Unauthorized,
    /// 403: the key's role does not allow it.
    Forbidden,
    /// 404.
    NotFound(String),
    /// 409: it contradicts what is there.
    Conflict(String),
    /// 413: more than we read.
    TooLarge(String),
    /// 415: a body that is not JSON.
    NotJson,
    /// 429, with the seconds to wait.
    RateLimited {
        /// Whole seconds, at least 1.
        retry_after_s: u64,
    },
    /// 500: our fault. The cause is in the log.
    Internal,
    /// 503: it can't be done now. Nothing was kept.
    Unavailable(String),
    /// Any other status.
    Status(StatusCode, String),
}

/// The body of every error answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ErrorBody {
    /// What is wrong, and what to do.
    error: String,
    /// The status again; under `/api/agent` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<u16>,
    /// The text again; under `/api/agent` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<String>,
}

impl ApiError {
    fn parts(self) -> (StatusCode, String) {
        match self {
            Self::BadRequest(text) => (StatusCode::BAD_REQUEST, text),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized".into()),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden".into()),
            Self::NotFound(text) => (StatusCode::NOT_FOUND, text),
            Self::Conflict(text) => (StatusCode::CONFLICT, text),
            Self::TooLarge(text) => (StatusCode::PAYLOAD_TOO_LARGE, text),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body must be JSON: send the header Content-Type: application/json".into(),
            ),
            Self::RateLimited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded. Please try again later.".into())
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal error".into()),
            Self::Unavailable(text) => (StatusCode::SERVICE_UNAVAILABLE, text),
            Self::Status(status, text) => (status, text),
        }
    }
}

/// The text of an error, carried beside the response for [`agent_shape`].
#[derive(Clone)]
struct ErrorText(String);

impl IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        let retry_after = match &self {
            Self::RateLimited { retry_after_s } => Some([(header::RETRY_AFTER, retry_after_s.to_string())]),
            _ => None,
        };
        let challenge = matches!(self, Self::Unauthorized).then_some([(header::WWW_AUTHENTICATE, "Bearer")]);
        let (status, error) = self.parts();
        let body = ErrorBody { error: error.clone(), c: None, m: None };
        let mut response = (status, retry_after, challenge, Json(body)).into_response();
        response.extensions_mut().insert(ErrorText(error));
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<Arc<StoreError>> for ApiError {
    fn from(error: Arc<StoreError>) -> Self {
        Self::from(&*error)
    }
}

impl From<&StoreError> for ApiError {
    fn from(error: &StoreError) -> Self {
        tracing::error!(%error, "a request failed");
        match error {
            StoreError::Database(_) => Self::Unavailable("the database did not answer: try again".into()),
            StoreError::MasterKeyChanged => {
                Self::Unavailable("the master key is being replaced: try again".into())
            }
            StoreError::Unreadable { .. } => Self::Internal,
        }
    }
}

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::KeyReused => Self::Conflict(error.to_string()),
            RecordError::TooManyDeliveries { .. } => Self::BadRequest(error.to_string()),
        }
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::TooMany { .. } | CreateError::TooManyKeys => Self::Conflict(error.to_string()),
            CreateError::SameTag => Self::Unavailable(error.to_string()),
            CreateError::Store(error) => error.into(),
        }
    }
}

/// Under `/api/agent` an error also has `c` and `m`.
pub(super) async fn agent_shape(request: Request, next: Next) -> axum::response::Response {
    let is_agent = request.uri().path().starts_with("/api/agent/");
    let response = next.run(request).await;
    let Some(ErrorText(text)) = response.extensions().get().filter(|_| is_agent).cloned() else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let c = Some(parts.status.as_u16());
    let body = Json(ErrorBody { error: text.clone(), c, m: Some(text) }).into_response().into_body();
    axum::response::Response::from_parts(parts, body)
}

/// A line per request in the log: who, method, path, status and time. Never a header, a query or a body.
pub(super) fn logged() -> TraceLayer<SharedClassifier<ServerErrorsAsFailures>, Span, (), Answered, (), (), ()>
{
    TraceLayer::new_for_http()
        .make_span_with(Span)
        .on_request(())
        .on_response(Answered)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(())
}

#[derive(Clone, Copy)]
pub(super) struct Span;

impl<B> MakeSpan<B> for Span {
    fn make_span(&mut self, request: &axum::http::Request<B>) -> tracing::Span {
        let caller =
            request.extensions().get().map(|caller: &Caller| tracing::field::display(caller.address));
        tracing::info_span!("request", caller, method = %request.method(), path = request.uri().path())
    }
}

#[derive(Clone, Copy)]
pub(super) struct Answered;

impl<B> OnResponse<B> for Answered {
    fn on_response(self, response: &Response<B>, latency: Duration, _: &tracing::Span) {
        tracing::debug!(status = response.status().as_u16(), us = latency.as_micros(), "answered");
    }
}

/// The errors that any authenticated route can answer.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it only describes")]
pub(super) enum Errors {
    /// Bad or missing input; the text says what to change.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No key, or none that opens anything.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The key's role does not allow it.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The body is larger than is read.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is not declared as JSON.
    #[response(status = 415)]
    NotJson(ErrorBody),
    /// Too many requests with this key, or wrong keys from this address; `Retry-After` says how many seconds to wait.
    #[response(status = 429)]
    RateLimited(ErrorBody),
    /// The database failed; nothing was kept. Try again.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}
