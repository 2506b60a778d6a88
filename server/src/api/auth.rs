//! Who asks: the key in `Authorization: Bearer`, or the session in the page's cookie.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use super::{ApiError, App, cookie, same_origin};
use crate::clock::now_ms;
use crate::door::caller::Caller;
use crate::duration::ms;
use crate::model::api_key::{ApiKey, KeyHash, may_be_key};
use crate::model::session::TOUCH_AFTER;
use crate::store::StoreError;

/// What a request shows of who makes it, as a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    Key(KeyHash),
    Session(KeyHash),
}

impl Credential {
    /// With both, the header decides: whoever sends one says who is meant.
    fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        match headers.get(AUTHORIZATION) {
            Some(value) => bearer(value.to_str().ok()?).map(Self::Key),
            None => cookie::token(app, headers).map(Self::Session),
        }
    }

    /// The key whose rights it gives, if it is good at present.
    pub(super) async fn key(&self, app: &App) -> Result<Option<ApiKey>, ApiError> {
        Ok(match self {
            Self::Key(hash) => app.known.active_key(&app.store, hash).await?,
            Self::Session(token) => app.store.session(token).await?.map(|session| session.key),
        })
    }
}

/// Finds the caller's key and puts it beside the request, as an `Extension<ApiKey>`, with the [`Credential`].
pub(super) async fn authenticate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let credential = Credential::of(&app, request.headers()).ok_or(ApiError::Unauthorized)?;
    let by_session = matches!(credential, Credential::Session(_));
    let key = match &credential {
        Credential::Key(hash) => {
            let key = match app.known.publisher(hash) {
                Some(key) => key,
                None => app.wrong_keys.guard(&caller, hash, app.known.active_key(&app.store, hash)).await?,
            };
            app.usage.count(key.workspace_id, key.id, now_ms());
            key
        }
        Credential::Session(token) => {
            let key = app.wrong_keys.guard(&caller, token, used(&app, token)).await?;
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                same_origin::require(&app, request.headers())?;
            }
            key
        }
    };
    request.extensions_mut().insert(key);
    request.extensions_mut().insert(credential);
    let mut response = next.run(request).await;
    if by_session {
        // A browser keeps what it may; nobody who uses it later is to find it.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// The key of a session that is used now.
async fn used(app: &App, token: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
    let Some(session) = app.store.session(token).await? else { return Ok(None) };
    let touch_ms = ms(TOUCH_AFTER);
    if session.idle_ms >= touch_ms
        && let Err(error) = app.store.touch_session(token).await
    {
        // It may end sooner for it, and no request fails.
        tracing::warn!(%error, "the use of a session could not be noted");
    }
    Ok(Some(session.key))
}

/// The hash of the key in an `Authorization` header (RFC 6750; the scheme in any case, RFC 9110).
fn bearer(value: &str) -> Option<KeyHash> {
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && may_be_key(key)).then(|| KeyHash::of(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_key_counts() {
        let hash = Some(KeyHash::of("enc_live_x"));
        assert!(bearer("Bearer enc_live_x") == hash && bearer("bearer  enc_live_x ") == hash);
        let long = format!("Bearer {}", "x".repeat(257));
        for value in
            ["", "Bearer", "Bearer ", "Basic enc_live_x", "enc_live_x", "Bearer a b", "Bearer é", &long]
        {
            assert!(bearer(value).is_none(), "{value}");
        }
    }
}
