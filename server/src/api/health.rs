//! Whether the server can do its work.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ErrorBody;
use super::{ApiError, App};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(ready)).routes(routes!(live))
}

/// The server works.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Health
///
/// The same as readiness. Needs no key.
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "server",
    responses(
        (status = 200, description = "All is well", body = Health),
        (status = 503, description = "The part that fails", body = ErrorBody),
    )
)]
async fn health(app: State<App>) -> Result<Json<Health>, ApiError> {
    ready(app).await
}

/// Liveness
///
/// Whether the process answers at all, whatever the database does: one that does not is to be started again. Needs no
/// key.
#[utoipa::path(
    get, path = "/health/live", operation_id = "liveness", tag = "server",
    responses((status = 200, description = "The process answers", body = Health))
)]
async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Readiness
///
/// Whether the server can do its work now: one that can't gets better without being started again. Needs no key.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "readiness", tag = "server",
    responses(
        (status = 200, description = "All is well", body = Health),
        (status = 503, description = "The part that fails", body = ErrorBody),
    )
)]
async fn ready(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    if app.stopping.is_cancelled() {
        return Err(ApiError::Unavailable("the server is stopping".into()));
    }
    let silent = || ApiError::Unavailable("the database does not answer".into());
    let answer = tokio::time::timeout(PATIENCE, app.store.ping()).await.map_err(|_| silent())?;
    answer.map_err(|error| {
        tracing::error!(%error, "health check");
        silent()
    })?;
    if app.stuck.load(Ordering::Relaxed) {
        return Err(ApiError::Unavailable("the database takes no writes: outcomes wait".into()));
    }
    Ok(Json(Health { status: "ok" }))
}
