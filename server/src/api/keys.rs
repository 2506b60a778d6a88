//! API keys: list, create, rename, disable, limit, revoke.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use encrata_webhooks::{Envelope, EventKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Errors};
use super::json::{Body, Params, id, text, unknown};
use super::marks::NOT_KEPT;
use super::{ApiError, App};
use crate::clock::{now_ms, rfc3339_ms, rfc3339_s};
use crate::model::api_key::{ApiKey, MAX_NAME_CHARS, NewKey, Role};
use crate::model::event::{NewBatch, NewEvent};
use crate::model::ids::{EventId, KeyId, WorkspaceId};
use crate::secret_text::SecretText;
use crate::store::NewApiKey;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create, revoke, rename, switch)).routes(routes!(limit))
}

/// An API key. The key itself is never shown again after it was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "ApiKey")]
struct KeyView {
    /// The key's id.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// What it may do.
    role: &'static str,
    /// `...` and its last four characters.
    key_preview: String,
    /// How it begins.
    key_prefix: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used.
    #[schema(format = DateTime)]
    last_used: Option<String>,
    /// How many requests were made with it.
    total_requests: i64,
    /// How many credits it used.
    credits_used: i64,
    /// Whether it opens anything.
    is_active: bool,
    /// Whether an admin switched it off.
    disabled_by_admin: bool,
    /// How many credits it may use; null means no limit of its own.
    credit_limit: Option<i64>,
}

impl KeyView {
    fn new(app: &App, key: ApiKey) -> Self {
        let (requests, last_ms) = app
            .usage
            .pending(key.workspace_id, key.id)
            .map_or((0, None), |(requests, ms)| (requests, Some(ms)));
        Self {
            id: key.id.to_string(),
            name: key.name,
            role: key.role.as_str(),
            key_preview: key.key_preview,
            key_prefix: key.key_prefix,
            created_at: rfc3339_ms(key.created_ms),
            last_used: key.last_used_ms.max(last_ms).map(rfc3339_ms),
            total_requests: key.total_requests + requests,
            credits_used: key.credits_used,
            is_active: key.is_active,
            disabled_by_admin: key.disabled_by_admin,
            credit_limit: key.credit_limit,
        }
    }
}

/// All keys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Keys {
    /// The workspace's keys, oldest first.
    keys: Vec<KeyView>,
}

/// What was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Message {
    /// What was done.
    message: &'static str,
}

const UPDATED: Json<Message> = Json(Message { message: "API key updated" });

/// List API keys
///
/// A member's key makes and changes no admin's, and nobody's a publisher's, which is the operator's (403).
#[utoipa::path(
    get, path = "/keys", operation_id = "list_keys", tag = "keys", security(("key" = []), ("session" = [])),
    responses((status = 200, description = "The workspace's keys", body = Keys), Errors)
)]
async fn list(State(app): State<App>, Extension(key): Extension<ApiKey>) -> Result<Json<Keys>, ApiError> {
    let keys = app.store.keys(key.workspace_id).await?;
    Ok(Json(Keys { keys: keys.into_iter().map(|key| KeyView::new(&app, key)).collect() }))
}

/// A key to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct NewKeyInput {
    /// What to call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Production")]
    name: Option<String>,
    /// `admin`, `member` or `readonly`; `member` when absent.
    role: Option<String>,
}

/// A key that was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CreatedKey {
    /// The key's id.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// What it may do.
    role: &'static str,
    /// The key. In this answer only: keep it, it is never shown again.
    #[schema(value_type = String)]
    key: SecretText,
    /// `...` and its last four characters.
    key_preview: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Create an API key
///
/// The key is in this answer only. Publishes `apikey.created`.
#[utoipa::path(
    post, path = "/keys", operation_id = "create_key", tag = "keys",
    security(("key" = []), ("session" = [])), request_body = NewKeyInput,
    responses(
        (status = 201, description = "The key", body = CreatedKey),
        (status = 409, description = "The workspace has 1,000 keys", body = ErrorBody),
        Errors,
    )
)]
async fn create(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(input): Body<NewKeyInput>,
) -> Result<impl IntoResponse, ApiError> {
    let name = key_name(input.name.as_deref())?;
    let role = match input.role.as_deref().map_or(Ok(Role::Member), str::parse) {
        Ok(Role::Publisher) => {
            let why = "role publisher is for the operator's services: make such a key on the command line";
            return Err(ApiError::BadRequest(why.into()));
        }
        Ok(role) => role,
        Err(why) => return Err(ApiError::BadRequest(why)),
    };
    may_manage(&key, role)?;
    let made = NewKey::generate().map_err(|error| {
        tracing::error!(%error, "no key could be made");
        ApiError::Internal
    })?;
    let now_ms = now_ms();
    let new = NewApiKey { id: KeyId::new(now_ms), name, role, hash: made.hash(), preview: made.preview() };
    let event = created_event(key.workspace_id, &new, now_ms).map_err(|why| {
        tracing::error!(%why, "an event could not be made");
        ApiError::Internal
    })?;
    if app.store.create_key(key.workspace_id, &new, &event).await? {
        app.wake.all();
    }
    let created = CreatedKey {
        id: new.id.to_string(),
        name: name.to_owned(),
        role: role.as_str(),
        key: made.expose().into(),
        key_preview: new.preview,
        created_at: rfc3339_ms(now_ms),
    };
    Ok((StatusCode::CREATED, [NOT_KEPT], Json(created)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RevokeParams {
    /// Which key.
    #[param(required = true)]
    id: Option<String>,
    /// `true` deletes the key, so that it is no longer listed.
    permanent: Option<bool>,
}

/// Revoke an API key
///
/// The key opens nothing any more; it stays listed, unless `permanent` is `true`. Publishes `apikey.revoked` when
/// the key was active.
#[utoipa::path(
    delete, path = "/keys", operation_id = "revoke_key", tag = "keys",
    security(("key" = []), ("session" = [])), params(RevokeParams),
    responses(
        (status = 200, description = "`API key revoked` or `API key deleted`", body = Message),
        (status = 404, description = "No such key in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn revoke(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Params(params): Params<RevokeParams>,
) -> Result<Json<Message>, ApiError> {
    let now_ms = now_ms();
    let permanent = params.permanent.unwrap_or(false);
    let found = managed(&app, &key, params.id.as_deref()).await?;
    let data = (found.id, found.name.as_str(), found.key_preview.as_str());
    let event = key_event(EventKind::ApiKeyRevoked, found.workspace_id, data, now_ms).map_err(|why| {
        tracing::error!(%why, "an event could not be made");
        ApiError::Internal
    })?;
    let due = app.store.revoke_key(key.workspace_id, found.id, permanent, &event).await?;
    app.known.forget_keys();
    match due {
        None => return Err(unknown("key")),
        Some(true) => app.wake.all(),
        Some(false) => {}
    }
    Ok(Json(Message { message: if permanent { "API key deleted" } else { "API key revoked" } }))
}

/// A new name for a key.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Rename {
    /// Which key.
    #[schema(value_type = String)]
    id: Option<String>,
    /// What to call it.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// Rename an API key
#[utoipa::path(
    put, path = "/keys", operation_id = "rename_key", tag = "keys",
    security(("key" = []), ("session" = [])), request_body = Rename,
    responses(
        (status = 200, description = "`API key updated`", body = Message),
        (status = 404, description = "No such key in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn rename(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(input): Body<Rename>,
) -> Result<Json<Message>, ApiError> {
    let found = managed(&app, &key, input.id.as_deref()).await?;
    let name = key_name(input.name.as_deref())?;
    updated(app.store.rename_key(key.workspace_id, found.id, name).await?)
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SwitchParams {
    /// Which key.
    #[param(required = true)]
    id: Option<String>,
    /// `enable` or `disable`.
    #[param(required = true)]
    action: Option<String>,
}

/// Enable or disable an API key
#[utoipa::path(
    patch, path = "/keys", operation_id = "switch_key", tag = "keys",
    security(("key" = []), ("session" = [])), params(SwitchParams),
    responses(
        (status = 200, description = "`API key updated`", body = Message),
        (status = 404, description = "No such key in this workspace", body = ErrorBody),
        (status = 409, description = "The key was revoked", body = ErrorBody),
        Errors,
    )
)]
async fn switch(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Params(params): Params<SwitchParams>,
) -> Result<Json<Message>, ApiError> {
    let found = managed(&app, &key, params.id.as_deref()).await?;
    let on = match params.action.as_deref() {
        Some("enable") => true,
        Some("disable") => false,
        _ => return Err(ApiError::BadRequest("action must be enable or disable".into())),
    };
    let switched = app.store.switch_key(key.workspace_id, found.id, on).await?;
    app.known.forget_keys();
    if !switched {
        app.store.key(key.workspace_id, found.id).await?.ok_or_else(|| unknown("key"))?;
        return Err(ApiError::Conflict("the key was revoked, which is for good: create another".into()));
    }
    Ok(UPDATED)
}

/// A key's credit limit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct Limit {
    /// Which key.
    #[schema(value_type = String)]
    id: Option<String>,
    /// How many credits it may use; null lifts the limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, required = true, minimum = 0)]
    credit_limit: Option<Option<i64>>,
}

/// Tells null, which lifts the limit, from absent, which is a mistake.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Limit an API key
#[utoipa::path(
    post, path = "/keys/limit", operation_id = "limit_key", tag = "keys",
    security(("key" = []), ("session" = [])), request_body = Limit,
    responses(
        (status = 200, description = "`API key updated`", body = Message),
        (status = 404, description = "No such key in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn limit(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(input): Body<Limit>,
) -> Result<Json<Message>, ApiError> {
    let found = managed(&app, &key, input.id.as_deref()).await?;
    let credit_limit = input.credit_limit.ok_or_else(|| {
        ApiError::BadRequest("credit_limit is missing: give a number, or null for no limit".into())
    })?;
    if credit_limit.is_some_and(|limit| limit < 0) {
        return Err(ApiError::BadRequest("credit_limit must not be negative".into()));
    }
    updated(app.store.limit_key(key.workspace_id, found.id, credit_limit).await?)
}

/// The key that a caller wants to change, if it may.
async fn managed(app: &App, caller: &ApiKey, key_id: Option<&str>) -> Result<ApiKey, ApiError> {
    let key_id: KeyId = id(key_id, "id", "key")?;
    let found = app.store.key(caller.workspace_id, key_id).await?.ok_or_else(|| unknown("key"))?;
    may_manage(caller, found.role)?;
    Ok(found)
}

fn may_manage(caller: &ApiKey, role: Role) -> Result<(), ApiError> {
    if caller.role.manages(role) {
        return Ok(());
    }
    let (by, of) = (caller.role, role);
    let why = match role {
        Role::Publisher => "a publisher's key is the operator's, who changes it on the command line".into(),
        _ => format!("a key of the role {by} makes and changes none of the role {of}: use an admin's"),
    };
    Err(ApiError::Status(StatusCode::FORBIDDEN, why))
}

fn updated(found: bool) -> Result<Json<Message>, ApiError> {
    if found { Ok(UPDATED) } else { Err(unknown("key")) }
}

fn key_name(name: Option<&str>) -> Result<&str, ApiError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::BadRequest("name is missing: say what the key is for".into()))?;
    text("name", name, MAX_NAME_CHARS)?;
    Ok(name)
}

/// The `apikey.created` event of a new key.
///
/// # Errors
///
/// A sentence, when the event can't be serialised.
pub fn created_event(
    workspace_id: WorkspaceId,
    key: &NewApiKey<'_>,
    now_ms: i64,
) -> Result<NewBatch, String> {
    key_event(EventKind::ApiKeyCreated, workspace_id, (key.id, key.name, &key.preview), now_ms)
}

/// An event about a key: its id, name and preview, never the key.
///
/// # Errors
///
/// A sentence, when the event can't be serialised.
pub fn key_event(
    kind: EventKind,
    workspace_id: WorkspaceId,
    (key_id, name, key_preview): (KeyId, &str, &str),
    now_ms: i64,
) -> Result<NewBatch, String> {
    let Value::Object(data) = json!({"key_id": key_id, "name": name, "key_preview": key_preview}) else {
        return Err("not an object".into());
    };
    let body =
        Envelope::to_bytes(kind.as_str(), &data, &rfc3339_s(now_ms)).map_err(|error| error.to_string())?;
    let event = NewEvent { id: EventId::new(now_ms), kind, body: body.into(), traceparent: None };
    Ok(NewBatch { workspace_id, events: vec![event], idempotency: None, now_ms })
}
