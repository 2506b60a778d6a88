//! Who the caller is.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Errors;
use super::{ApiError, App};
use crate::model::api_key::ApiKey;

pub(super) fn router() -> OpenApiRouter<App> {
    // `/api/auth/me` is the older name; both are in use.
    OpenApiRouter::new().routes(routes!(me)).route("/auth/me", axum::routing::get(me))
}

/// The caller's key and workspace.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Me {
    /// The account's address; empty when the operator has not set it.
    email: String,
    /// The key's name.
    name: String,
    /// The account's plan; empty when the operator has not set it.
    plan: String,
    /// The account's credits.
    credits_remaining: i64,
    /// What the key may do.
    role: &'static str,
    /// The workspace.
    workspace: WorkspaceName,
}

/// A workspace's name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct WorkspaceName {
    /// The name.
    name: String,
}

/// Who am I
#[utoipa::path(
    get, path = "/me", operation_id = "me", tag = "server", security(("key" = []), ("session" = [])),
    responses((status = 200, description = "The caller", body = Me), Errors)
)]
async fn me(State(app): State<App>, Extension(key): Extension<ApiKey>) -> Result<Json<Me>, ApiError> {
    let workspace = app.store.workspace(key.workspace_id).await?.ok_or(ApiError::Unauthorized)?;
    Ok(Json(Me {
        email: workspace.email,
        name: key.name,
        plan: workspace.plan,
        credits_remaining: workspace.credits_remaining,
        role: key.role.as_str(),
        workspace: WorkspaceName { name: workspace.name },
    }))
}
