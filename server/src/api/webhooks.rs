//! Webhooks: list, create, change, delete.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use encrata_webhooks::{EventKind, Secret};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::error::{ErrorBody, Errors};
use super::json::{Body, OptionalBody, Params, id, quotable, text, unknown};
use super::marks::NOT_KEPT;
use super::{ApiError, App};
use crate::clock::{now_ms, rfc3339_ms};
use crate::model::api_key::ApiKey;
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::model::webhook::{HttpsUrl, MAX_DESCRIPTION_CHARS, MAX_RATE_LIMIT, Secrets, Webhook};
use crate::secret_text::SecretText;
use crate::store::Change;
use crate::vault::Sealed;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create, update, delete))
}

/// A webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Webhook")]
pub(super) struct WebhookView {
    /// The webhook's id.
    #[schema(format = Uuid)]
    id: String,
    /// The workspace that it belongs to.
    #[schema(format = Uuid)]
    workspace_id: String,
    /// Where events are delivered.
    url: String,
    /// The event types that are delivered to it.
    events: Vec<&'static str>,
    /// Whether events are delivered to it. Paused webhooks get nothing; what waits for them goes on waiting.
    is_active: bool,
    /// Why the server itself switched it off, if it did: it answered 410 Gone, or failed for days. Absent otherwise;
    /// `is_active: true` switches it on again.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    /// When it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    disabled_at: Option<String>,
    /// Since when nothing that was sent to it succeeded. Absent while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// How many deliveries a second it takes; absent when there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<u32>,
    /// Until when the old secret is in force too. Absent when no rotation is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    overlap_until: Option<String>,
    /// What it is for; empty when unset.
    description: String,
    /// The signing secret. In the answer to its making only: keep it, it is never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    secret: Option<SecretText>,
    /// The id of the key that made it.
    created_by: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            workspace_id: webhook.workspace_id.to_string(),
            url: webhook.url.to_string(),
            events: webhook.events.iter().map(|kind| kind.as_str()).collect(),
            is_active: webhook.is_active,
            disabled_at: webhook.disabled.as_ref().map(|disabled| rfc3339_ms(disabled.at_ms)),
            disabled_reason: webhook.disabled.map(|disabled| disabled.reason),
            failing_since: webhook.failing_since_ms.map(rfc3339_ms),
            rate_limit: webhook.rate_limit,
            overlap_until: webhook
                .secrets
                .previous
                .map(|(_, until_ms)| until_ms)
                .filter(|until_ms| now_ms() < *until_ms)
                .map(rfc3339_ms),
            description: webhook.description,
            secret: None,
            created_by: webhook.created_by.to_string(),
            created_at: rfc3339_ms(webhook.created_ms),
            updated_at: rfc3339_ms(webhook.updated_ms),
        }
    }
}

/// What was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Done {
    /// What was done.
    pub status: &'static str,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Only this webhook, as one object.
    id: Option<String>,
}

/// List webhooks
///
/// All webhooks of the workspace, oldest first; with `id`, one of them.
#[utoipa::path(
    get, path = "/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    security(("key" = []), ("session" = [])), params(ListParams),
    responses(
        (status = 200, description = "All webhooks, or the one", body = inline(OneOrAll)),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn list(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Params(params): Params<ListParams>,
) -> Result<Response, ApiError> {
    if params.id.is_some() {
        let webhook = find(&app, &key, params.id.as_deref()).await?;
        return Ok(Json(WebhookView::from(webhook)).into_response());
    }
    let webhooks = app.store.webhooks(key.workspace_id).await?;
    let views: Vec<WebhookView> = webhooks.into_iter().map(WebhookView::from).collect();
    Ok(Json(views).into_response())
}

#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes")]
enum OneOrAll {
    All(Vec<WebhookView>),
    One(Box<WebhookView>),
}

/// A webhook to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct NewWebhook {
    /// Where to deliver: an absolute `https` URL.
    #[schema(value_type = String, format = Uri, pattern = "^https://", max_length = 2048, example = "https://example.com/webhooks")]
    url: Option<String>,
    /// The event types to deliver, one at least.
    #[schema(value_type = Vec<String>, min_items = 1, example = json!(["lookup.completed"]))]
    events: Option<Vec<String>>,
    /// What it is for.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// How many deliveries a second it takes, on all nodes together; absent, null or 0 means no limit.
    #[schema(minimum = 0, maximum = 10000)]
    rate_limit: Option<u32>,
}

/// Create a webhook
///
/// Makes a webhook and its signing secret. The secret is in this answer only.
#[utoipa::path(
    post, path = "/webhooks", operation_id = "create_webhook", tag = "webhooks",
    security(("key" = []), ("session" = [])), request_body = NewWebhook,
    responses(
        (status = 201, description = "The webhook, with its secret", body = WebhookView),
        (status = 409, description = "The workspace has as many webhooks as it may have", body = ErrorBody),
        Errors,
    )
)]
async fn create(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(new): Body<NewWebhook>,
) -> Result<impl IntoResponse, ApiError> {
    let url = checked_url(&app, new.url.as_deref())?;
    let events = new.events.ok_or_else(|| {
        ApiError::BadRequest(format!("events is missing: name at least one of {}", known_events()))
    })?;
    let events = event_kinds(&events)?;
    let description = new.description.unwrap_or_default();
    text("description", &description, MAX_DESCRIPTION_CHARS)?;

    let now_ms = now_ms();
    let id = WebhookId::new(now_ms);
    let NewSecret { secret, sealed, under } = new_secret(&app, key.workspace_id, id).await?;
    let webhook = Webhook {
        id,
        workspace_id: key.workspace_id,
        url,
        events,
        is_active: true,
        description,
        created_by: key.id,
        created_ms: now_ms,
        updated_ms: now_ms,
        secrets: Secrets { current: sealed, previous: None },
        rate_limit: rate_limit(new.rate_limit)?.filter(|limit| *limit > 0),
        failing_since_ms: None,
        disabled: None,
    };
    app.store.create_webhook(&webhook, app.webhooks_per_workspace, &under).await?;
    let view = WebhookView { secret: Some(secret.expose().into()), ..webhook.into() };
    Ok((StatusCode::CREATED, [NOT_KEPT], Json(view)))
}

fn rate_limit(asked: Option<u32>) -> Result<Option<u32>, ApiError> {
    if asked.is_some_and(|limit| limit > MAX_RATE_LIMIT) {
        let why =
            format!("rate_limit must be from 1 to {MAX_RATE_LIMIT} deliveries a second, or 0 for no limit");
        return Err(ApiError::BadRequest(why));
    }
    Ok(asked)
}

/// What to change of a webhook. What is absent or null stays as it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct WebhookChange {
    /// Which webhook.
    #[schema(value_type = String)]
    id: Option<String>,
    /// Where to deliver. Needed, also when it does not change.
    #[schema(value_type = String, format = Uri, pattern = "^https://", max_length = 2048)]
    url: Option<String>,
    /// The new list of event types; not empty.
    #[schema(min_items = 1)]
    events: Option<Vec<String>>,
    /// The new description; `""` clears it.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// `false` pauses, `true` resumes.
    is_active: Option<bool>,
    /// How many deliveries a second it takes; 0 lifts the limit.
    #[schema(minimum = 0, maximum = 10000)]
    rate_limit: Option<u32>,
}

/// Change a webhook
///
/// A merge: what is absent or null stays as it is.
#[utoipa::path(
    put, path = "/webhooks", operation_id = "change_webhook", tag = "webhooks",
    security(("key" = []), ("session" = [])), request_body = WebhookChange,
    responses(
        (status = 200, description = "`updated`", body = Done),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn update(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(change): Body<WebhookChange>,
) -> Result<Json<Done>, ApiError> {
    let id: WebhookId = id(change.id.as_deref(), "id", "webhook")?;
    let url = checked_url(&app, change.url.as_deref())?;
    let events = change.events.as_deref().map(event_kinds).transpose()?;
    if let Some(description) = &change.description {
        text("description", description, MAX_DESCRIPTION_CHARS)?;
    }
    let change = Change {
        url: Some(&url),
        events: events.as_deref(),
        description: change.description.as_deref(),
        is_active: change.is_active,
        rate_limit: rate_limit(change.rate_limit)?,
    };
    if !app.store.change_webhook(key.workspace_id, id, &change, now_ms()).await? {
        return Err(unknown("webhook"));
    }
    // A resumed webhook may have deliveries waiting.
    app.wake.all();
    Ok(Json(Done { status: "updated" }))
}

/// Names a webhook.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct WebhookName {
    /// The webhook's id.
    pub id: Option<String>,
}

/// Delete a webhook
///
/// Removes the webhook and its deliveries. The id may stand in the body or in the query.
#[utoipa::path(
    delete, path = "/webhooks", operation_id = "delete_webhook", tag = "webhooks",
    security(("key" = []), ("session" = [])), params(ListParams),
    request_body = Option<WebhookName>,
    responses(
        (status = 200, description = "`deleted`", body = Done),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn delete(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Params(params): Params<ListParams>,
    OptionalBody(body): OptionalBody<WebhookName>,
) -> Result<Json<Done>, ApiError> {
    let named = body.and_then(|body| body.id).or(params.id);
    let id: WebhookId = id(named.as_deref(), "id", "webhook")?;
    if !app.store.delete_webhook(key.workspace_id, id).await? {
        return Err(unknown("webhook"));
    }
    Ok(Json(Done { status: "deleted" }))
}

/// The caller's webhook of that id.
pub(super) async fn find(app: &App, key: &ApiKey, named: Option<&str>) -> Result<Webhook, ApiError> {
    let id = id(named, "id", "webhook")?;
    app.store.webhook(key.workspace_id, id).await?.ok_or_else(|| unknown("webhook"))
}

/// A new signing secret.
pub(super) struct NewSecret {
    pub secret: Secret,
    pub sealed: Sealed,
    /// The check value of the master key that it is sealed under.
    pub under: Sealed,
}

/// Makes a signing secret, and seals it.
pub(super) async fn new_secret(
    app: &App,
    workspace_id: WorkspaceId,
    id: WebhookId,
) -> Result<NewSecret, ApiError> {
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "no signing secret could be made");
        ApiError::Internal
    };
    let (key, under) = app.vault.to_seal(&app.store).await?;
    let mut entropy = Zeroizing::new([0_u8; 32]);
    getrandom::fill(entropy.as_mut()).map_err(|error| failed(&error))?;
    let secret = Secret::from_entropy(*entropy);
    let sealed = key.seal_secret(workspace_id, id, secret.expose()).map_err(|error| failed(&error))?;
    Ok(NewSecret { secret, sealed, under })
}

pub(super) fn checked_url(app: &App, url: Option<&str>) -> Result<HttpsUrl, ApiError> {
    let url = url.filter(|url| !url.is_empty()).ok_or_else(|| {
        ApiError::BadRequest("url is missing: give the https URL that events are delivered to".into())
    })?;
    let is_http = url.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("http:"));
    let url = HttpsUrl::parse(url).map_err(|why| bad_url(why, is_http))?;
    app.guard
        .check_literal(url.as_url())
        .map_err(|blocked| bad_url(format!("url can't be delivered to: {blocked}"), blocked.is_loopback()))?;
    Ok(url)
}

/// Why a webhook can't have a URL; `is_local` when it looks like that of a developer's own receiver.
fn bad_url(why: String, is_local: bool) -> ApiError {
    let hint = "for a receiver on your laptop: encrata-webhooks listen --forward-to URL";
    ApiError::BadRequest(if is_local { format!("{why}; {hint}") } else { why })
}

/// Reads event types; each may be named once or more, and counts once.
fn event_kinds(names: &[String]) -> Result<Vec<EventKind>, ApiError> {
    let mut kinds = Vec::new();
    for name in names {
        let kind: Option<EventKind> = name.parse().ok();
        match kind.filter(|kind| kind.is_subscribable()) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => {
                let why = format!(
                    "'{}' is not an event to subscribe to: name at least one of {}",
                    quotable(name),
                    known_events()
                );
                return Err(ApiError::BadRequest(why));
            }
        }
    }
    if kinds.is_empty() {
        return Err(ApiError::BadRequest(format!(
            "events is empty: name at least one of {}",
            known_events()
        )));
    }
    Ok(kinds)
}

/// The events that can be subscribed to, for messages.
pub(super) fn known_events() -> String {
    EventKind::SUBSCRIBABLE.map(EventKind::as_str).join(", ")
}
