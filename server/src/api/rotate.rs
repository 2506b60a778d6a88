//! Rotating a signing secret without losing an event.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Errors};
use super::json::Body;
use super::marks::NOT_KEPT;
use super::webhooks::{find, new_secret};
use super::{ApiError, App};
use crate::clock::{now_ms, rfc3339_ms};
use crate::model::api_key::ApiKey;
use crate::model::webhook::Secrets;
use crate::secret_text::SecretText;

/// How long both secrets are in force, unless said otherwise: 24 hours.
const DEFAULT_OVERLAP_S: i64 = 24 * 60 * 60;
/// How long they may be: 7 days.
const MAX_OVERLAP_S: i64 = 7 * DEFAULT_OVERLAP_S;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rotate))
}

/// Start a rotation, or end one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Rotation {
    /// Which webhook.
    #[schema(value_type = String)]
    id: Option<String>,
    /// How long both secrets are in force, in seconds: 86,400 when absent, 604,800 at most. 0 switches at
    /// once, for a leaked secret.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<i64>,
    /// `true` ends the overlap: the new secret is deployed.
    finish: Option<bool>,
}

/// What became of a rotation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Rotated {
    /// `rotated` or `finished`.
    status: &'static str,
    /// The new secret. In this answer only: keep it, it is never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    secret: Option<SecretText>,
    /// Until when the old secret is in force too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    overlap_until: Option<String>,
}

/// Rotate the signing secret
///
/// Makes a new secret and starts an overlap. Until it ends, `webhook-signature` carries a signature of each
/// secret, and `X-Encrata-Signature`, which has room for one, that of the old. Deploy the new secret, then end
/// the overlap with `{"id", "finish": true}`, or let it run out.
#[utoipa::path(
    post, path = "/webhooks/rotate", operation_id = "rotate_secret", tag = "webhooks",
    security(("key" = []), ("session" = [])), request_body = Rotation,
    responses(
        (status = 200, description = "The new secret, or the end of the overlap", body = Rotated),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        (status = 409, description = "A rotation is under way", body = ErrorBody),
        Errors,
    )
)]
async fn rotate(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(rotation): Body<Rotation>,
) -> Result<impl IntoResponse, ApiError> {
    let webhook = find(&app, &key, rotation.id.as_deref()).await?;
    let now_ms = now_ms();
    let current = webhook.secrets.current;
    let previous = webhook.secrets.previous.filter(|(_, until_ms)| now_ms < *until_ms);
    if rotation.finish == Some(false) {
        return Err(ApiError::BadRequest("finish can only be true: leave it out to rotate".into()));
    }
    let (answer, secrets, under) = if rotation.finish == Some(true) {
        if rotation.overlap_seconds.is_some() {
            return Err(ApiError::BadRequest(
                "overlap_seconds and finish exclude each other: send one".into(),
            ));
        }
        let answer = Rotated { status: "finished", secret: None, overlap_until: None };
        let (_, under) = app.vault.to_seal(&app.store).await?;
        (answer, Secrets { current: current.clone(), previous: None }, under)
    } else {
        let overlap_s = rotation.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_S);
        if !(0..=MAX_OVERLAP_S).contains(&overlap_s) {
            let why =
                format!("overlap_seconds is {overlap_s}: it must be from 0 to {MAX_OVERLAP_S} (7 days)");
            return Err(ApiError::BadRequest(why));
        }
        if let Some((_, until_ms)) = previous
            && overlap_s > 0
        {
            let until = rfc3339_ms(until_ms);
            return Err(ApiError::Conflict(format!(
                "a rotation is under way until {until}: end it with finish, or switch at once with overlap_seconds 0"
            )));
        }
        let made = new_secret(&app, webhook.workspace_id, webhook.id).await?;
        let until_ms = now_ms + overlap_s * 1000;
        let previous = (overlap_s > 0).then(|| (current.clone(), until_ms));
        let answer = Rotated {
            status: "rotated",
            secret: Some(made.secret.expose().into()),
            overlap_until: previous.as_ref().map(|_| rfc3339_ms(until_ms)),
        };
        (answer, Secrets { current: made.sealed, previous }, made.under)
    };
    let replaced =
        app.store.replace_secrets(webhook.workspace_id, webhook.id, &current, &secrets, &under, now_ms);
    if !replaced.await? {
        return Err(ApiError::Conflict(
            "the webhook was deleted or rotated by somebody else just now".into(),
        ));
    }
    Ok(([NOT_KEPT], Json(answer)))
}
