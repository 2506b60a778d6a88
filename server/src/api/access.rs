//! Who may do what: one rule per group of routes.

use axum::Extension;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::ApiError;
use crate::model::api_key::{ApiKey, Role};

/// Admins and members read and write, `readonly` reads.
pub(super) async fn management(
    Extension(key): Extension<ApiKey>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match key.role {
        Role::Admin | Role::Member => {}
        Role::Readonly if reads => {}
        Role::Readonly | Role::Publisher => return Err(ApiError::Forbidden),
    }
    Ok(next.run(request).await)
}

/// Only publishers publish.
pub(super) async fn publishing(
    Extension(key): Extension<ApiKey>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match key.role {
        Role::Publisher => Ok(next.run(request).await),
        Role::Admin | Role::Member | Role::Readonly => Err(ApiError::Forbidden),
    }
}
