//! Who asks: the key in `Authorization: Bearer`.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;

use super::{ApiError, App};
use crate::clock::now_ms;
use crate::model::api_key::{ApiKey, KeyHash};

/// Finds the caller's key and puts it beside the request, as an `Extension<ApiKey>`.
pub(super) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let hash = request.headers().get(AUTHORIZATION).and_then(|value| bearer(value.to_str().ok()?));
    let hash = hash.ok_or(ApiError::Unauthorized)?;
    let key: ApiKey = app.known.active_key(&app.store, &hash).await?.ok_or(ApiError::Unauthorized)?;
    app.usage.count(key.workspace_id, key.id, now_ms());
    request.extensions_mut().insert(key);
    Ok(next.run(request).await)
}

/// The hash of the key in an `Authorization` header (RFC 6750; the scheme in any case, RFC 9110).
fn bearer(value: &str) -> Option<KeyHash> {
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then(|| KeyHash::of(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_key_counts() {
        let hash = Some(KeyHash::of("enc_live_x"));
        assert!(bearer("Bearer enc_live_x") == hash && bearer("bearer  enc_live_x ") == hash);
        for value in ["", "Bearer", "Bearer ", "Basic enc_live_x", "enc_live_x"] {
            assert!(bearer(value).is_none(), "{value}");
        }
    }
}
