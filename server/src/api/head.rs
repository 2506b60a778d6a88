//! How large the head of a request may be.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::ApiError;
use crate::door::limits::{HEAD_BYTES, HEADERS};

/// What a header takes beside its name and value.
const SEPARATORS: usize = ": \r\n".len();

/// Refuses what is too large, in words. Far above that the protocol itself does, without.
pub(super) async fn limited(request: Request, next: Next) -> Result<Response, ApiError> {
    let (headers, target) = (request.headers(), request.uri().path_and_query());
    let target_bytes = target.map_or(0, |target| target.as_str().len());
    let bytes: usize =
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + SEPARATORS).sum();
    if headers.len() > HEADERS || target_bytes + bytes > HEAD_BYTES {
        let why =
            format!("the request's head is too large: {HEADERS} headers and {HEAD_BYTES} bytes are read");
        return Err(ApiError::Status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, why));
    }
    Ok(next.run(request).await)
}
