//! Signing in to the page: a key is exchanged for a session, which a browser keeps in a cookie. The key itself is kept
//! nowhere.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ErrorBody;
use super::json::{Body, MaxBytes};
use super::marks::NOT_KEPT;
use super::webhooks::Done;
use super::{ApiError, App, cookie, same_origin};
use crate::clock::{now_ms, rfc3339_ms};
use crate::door::caller::Caller;
use crate::model::api_key::{ApiKey, KeyHash, Role, may_be_key};
use crate::model::session::NewToken;
use crate::secret_text::SecretText;

pub(super) fn router() -> OpenApiRouter<App> {
    // Whoever comes without a key is not listened to for long.
    OpenApiRouter::new().routes(routes!(sign_in, who, sign_out)).layer(Extension(MaxBytes(MAX_SIGN_IN_BYTES)))
}

/// The key to sign in with.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct SignIn {
    /// An admin's, a member's or a reader's key.
    #[schema(value_type = String, format = Password, example = "enc_live_…")]
    key: Option<SecretText>,
}

/// Who is signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Session")]
struct SessionView {
    /// The key's name.
    name: String,
    /// What the key may do: `admin`, `member` or `readonly`.
    role: &'static str,
    /// The workspace's name.
    workspace: String,
    /// When the session ends, however busy it is. It ends sooner after two hours without a request, and with its key.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl SessionView {
    async fn new(app: &App, key: ApiKey, expires_ms: i64) -> Result<Self, ApiError> {
        let workspace = app.store.workspace(key.workspace_id).await?.ok_or(ApiError::Unauthorized)?;
        let expires_at = rfc3339_ms(expires_ms);
        Ok(Self { name: key.name, role: key.role.as_str(), workspace: workspace.name, expires_at })
    }
}

/// Sign in
///
/// Exchanges a key for a session in a cookie (`HttpOnly`, `SameSite=Strict`, `Secure` over TLS),
/// which every route of management takes in place of the key. What changes something needs the header
/// `X-Encrata-Page: 1` then. A session that the browser had before ends. After 10 failures a minute an address has to wait.
#[utoipa::path(
    post, path = "/session", operation_id = "sign_in", tag = "session", request_body = SignIn,
    responses(
        (status = 201, description = "The session, and its cookie", body = SessionView,
            headers(("Set-Cookie" = String, description = "The session's cookie"))),
        (status = 400, description = "The key is missing", body = ErrorBody),
        (status = 401, description = "The key opens nothing", body = ErrorBody),
        (status = 403, description = "A publisher's key, or another origin's request", body = ErrorBody),
        (status = 413, description = "The body is larger than is read", body = ErrorBody),
        (status = 415, description = "The body is not declared as JSON", body = ErrorBody),
        (status = 429, description = "Too many failures from this address, or requests by sessions of this key", body = ErrorBody),
        (status = 503, description = "The database failed", body = ErrorBody),
    )
)]
async fn sign_in(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(input): Body<SignIn>,
) -> Result<Response, ApiError> {
    same_origin::refuse_foreign(&app, &headers)?;
    let key = input.key.as_ref().map(|key| key.expose().trim()).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| ApiError::BadRequest("key is missing: give an API key".into()))?;
    let (address, now_ms) = (caller.network(), now_ms());
    // Counted before it is known to fail: guesses made at the same time are not more than others.
    let standing = app.sign_ins.count(address, now_ms);
    if !standing.allowed {
        return Err(standing.refusal());
    }
    let found = match may_be_key(key) {
        true => app.store.active_key(&KeyHash::of(key)).await,
        false => Ok(None),
    };
    if !matches!(found, Ok(None)) {
        app.sign_ins.take_back(&address, now_ms);
    }
    let key = found?.ok_or(ApiError::Unauthorized)?;
    let standing = app.session_limit.count(key.id, now_ms);
    if !standing.allowed {
        return Err(standing.refusal());
    }
    if key.role == Role::Publisher {
        let why = "a publisher's key publishes and nothing else: sign in with another";
        return Err(ApiError::Status(StatusCode::FORBIDDEN, why.into()));
    }
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "no session could be made");
        ApiError::Internal
    };
    let token = NewToken::generate().map_err(|error| failed(&error))?;
    let cookie =
        cookie::given(&app, &caller, &headers, &token).ok_or_else(|| failed(&"the cookie is no header"))?;
    let expires_ms = app.store.create_session(&token.hash(), &key).await?;
    // The browser forgets the one that it had: nobody else is to go on with it.
    if let Some(before) = cookie::token(&app, &headers) {
        app.store.end_session(&before).await?;
    }
    app.usage.count(key.workspace_id, key.id, now_ms);
    let view = SessionView::new(&app, key, expires_ms).await?;
    Ok((StatusCode::CREATED, [(SET_COOKIE, cookie), NOT_KEPT], Json(view)).into_response())
}

/// Who is signed in
#[utoipa::path(
    get, path = "/session", operation_id = "who_is_signed_in", tag = "session", security(("session" = [])),
    responses(
        (status = 200, description = "The session", body = SessionView),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 429, description = "Too many wrong keys from this address", body = ErrorBody),
        (status = 503, description = "The database failed", body = ErrorBody),
    )
)]
async fn who(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = cookie::token(&app, &headers).ok_or(ApiError::Unauthorized)?;
    let session = app.wrong_keys.guard(&caller, &token, app.store.session(&token)).await?;
    let view = SessionView::new(&app, session.key, session.expires_ms).await?;
    Ok(([NOT_KEPT], Json(view)).into_response())
}

/// Sign out
///
/// Ends the session at the server and takes the cookie away. There may be none.
#[utoipa::path(
    delete, path = "/session", operation_id = "sign_out", tag = "session", security(("session" = []), ()),
    responses(
        (status = 200, description = "`signed out`", body = Done),
        (status = 403, description = "Not the page's own request", body = ErrorBody),
        (status = 503, description = "The database failed", body = ErrorBody),
    )
)]
async fn sign_out(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = cookie::token(&app, &headers) {
        same_origin::require(&app, &headers)?;
        app.store.end_session(&token).await?;
    }
    let gone = cookie::taken(&app, &caller, &headers).map(|cookie| [(SET_COOKIE, cookie)]);
    Ok((gone, [NOT_KEPT], Json(Done { status: "signed out" })).into_response())
}

/// A key is 256 bytes at most.
const MAX_SIGN_IN_BYTES: usize = 1024;
