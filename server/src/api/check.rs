//! Checking a URL while it is typed.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::Errors;
use super::json::Body;
use super::webhooks::checked_url;
use super::{ApiError, App};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(check))
}

/// A URL to be looked at.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct UrlInput {
    /// The URL.
    #[schema(value_type = String)]
    url: Option<String>,
}

/// What there is to say of a URL.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Checked {
    /// Whether a webhook may have it.
    ok: bool,
    /// As it will be requested: host in lower case, what must be encoded encoded. Absent when it is not ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Why a webhook can't have it. Absent when it is ok.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Check a URL
///
/// The check that creating a webhook makes, without making one. Nothing is connected to or looked up.
#[utoipa::path(
    post, path = "/webhooks/check", operation_id = "check_url", tag = "webhooks",
    security(("key" = []), ("session" = [])),
    request_body = UrlInput,
    responses((status = 200, description = "Whether a webhook may have it", body = Checked), Errors)
)]
async fn check(State(app): State<App>, Body(input): Body<UrlInput>) -> Result<Json<Checked>, ApiError> {
    match checked_url(&app, input.url.as_deref()) {
        Ok(url) => Ok(Json(Checked { ok: true, url: Some(url.as_url().to_string()), error: None })),
        // Without a URL there is nothing to check.
        Err(ApiError::BadRequest(why)) if input.url.is_some() => {
            Ok(Json(Checked { ok: false, url: None, error: Some(why) }))
        }
        Err(other) => Err(other),
    }
}
