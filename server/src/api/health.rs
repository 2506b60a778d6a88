//! Whether the server can do its work.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ErrorBody;
use super::{ApiError, App};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health))
}

/// The server works.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// Health
///
/// Needs no key.
#[utoipa::path(
    get, path = "/health", tag = "server",
    responses(
        (status = 200, description = "All is well", body = Health),
        (status = 503, description = "The part that fails", body = ErrorBody),
    )
)]
async fn health(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    if app.stopping.is_cancelled() {
        return Err(ApiError::Unavailable("the server is stopping".into()));
    }
    app.store.ping().await.map_err(|error| {
        tracing::error!(%error, "health check");
        ApiError::Unavailable("the database does not answer".into())
    })?;
    if app.stuck.load(Ordering::Relaxed) {
        return Err(ApiError::Unavailable("the database takes no writes: outcomes wait".into()));
    }
    Ok(Json(Health { status: "ok" }))
}
