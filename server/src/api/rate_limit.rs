//! Requests per minute, per node: of a key on `/webhooks`, of its sessions, and failed sign-ins of an address. Counted in
//! whole minutes, so that the headers say exactly when the count starts again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::auth::Credential;
use super::{ApiError, App};
use crate::clock::now_ms;
use crate::model::api_key::ApiKey;
use crate::model::ids::KeyId;

const MINUTE_MS: i64 = 60_000;
/// How many are counted in one minute. Those that come when there are more are not: addresses are without number, and
/// memory is not.
const MOST: usize = 100_000;

/// Counts per key, or whatever else `K` is.
#[derive(Debug, Clone)]
pub struct RateLimit<K = KeyId> {
    per_minute: u32,
    counts: Arc<Mutex<Counts<K>>>,
}

#[derive(Debug)]
struct Counts<K> {
    minute: i64,
    by_key: HashMap<K, u32>,
}

/// Where a key stands after a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) allowed: bool,
    limit: u32,
    remaining: u32,
    now_ms: i64,
    reset_s: i64,
}

impl Standing {
    /// Whether this was the last that is allowed.
    pub(super) fn is_last(&self) -> bool {
        self.allowed && self.remaining == 0
    }

    /// The answer to what is too much.
    pub(super) fn refusal(&self) -> ApiError {
        let left_s = self.reset_s - self.now_ms.div_euclid(1000);
        ApiError::RateLimited { retry_after_s: u64::try_from(left_s).unwrap_or(1).max(1) }
    }
}

impl<K: Eq + Hash + Copy> RateLimit<K> {
    /// At most this many per key and minute; 0 means no limit.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, counts: Arc::new(Mutex::new(Counts { minute: 0, by_key: HashMap::new() })) }
    }

    /// Takes back one that was counted at `now_ms`.
    pub(super) fn take_back(&self, key: &K, now_ms: i64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.minute == now_ms.div_euclid(MINUTE_MS)
            && let Some(count) = counts.by_key.get_mut(key)
        {
            *count = count.saturating_sub(1);
        }
    }

    /// Counts one, if it is allowed.
    pub(super) fn count(&self, key: K, now_ms: i64) -> Standing {
        let minute = now_ms.div_euclid(MINUTE_MS);
        let reset_s = (minute + 1) * 60;
        // Counting can't panic half-way.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.minute != minute {
            *counts = Counts { minute, by_key: HashMap::new() };
        }
        let so_far = counts.by_key.get(&key).copied().unwrap_or_default();
        let allowed = so_far < self.per_minute;
        let count = so_far + u32::from(allowed);
        if allowed && (so_far > 0 || counts.by_key.len() < MOST) {
            counts.by_key.insert(key, count);
        }
        Standing { allowed, limit: self.per_minute, remaining: self.per_minute - count, now_ms, reset_s }
    }
}

/// Refuses what is too much on `/webhooks`, and says on every answer where the key, or its sessions, stand.
pub(super) async fn enforce(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Extension(credential): Extension<Credential>,
    request: Request,
    next: Next,
) -> Response {
    let limit = match credential {
        Credential::Session(_) => &app.session_limit,
        Credential::Key(_) => &app.rate_limit,
    };
    if limit.per_minute == 0 {
        return next.run(request).await;
    }
    told(limit.count(key.id, now_ms()), request, next).await
}

/// The same on the other routes, where keys have no limit.
pub(super) async fn enforce_sessions(
    app: State<App>,
    key: Extension<ApiKey>,
    Extension(credential): Extension<Credential>,
    request: Request,
    next: Next,
) -> Response {
    match credential {
        Credential::Session(_) => enforce(app, key, Extension(credential), request, next).await,
        Credential::Key(_) => next.run(request).await,
    }
}

async fn told(standing: Standing, request: Request, next: Next) -> Response {
    let mut response =
        if standing.allowed { next.run(request).await } else { standing.refusal().into_response() };
    debug_assert!(standing.allowed || response.status() == StatusCode::TOO_MANY_REQUESTS);
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(standing.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(standing.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(standing.reset_s));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_count_and_each_minute_a_new_one() {
        let limit = RateLimit::new(2);
        let (one, other) = (KeyId::new(1), KeyId::new(2));
        let standing =
            |allowed, remaining, now_ms, reset_s| Standing { allowed, limit: 2, remaining, now_ms, reset_s };
        assert_eq!(limit.count(one, 59_000), standing(true, 1, 59_000, 60));
        assert_eq!(limit.count(one, 59_500), standing(true, 0, 59_500, 60));
        assert_eq!(limit.count(one, 59_900), standing(false, 0, 59_900, 60));
        limit.take_back(&one, 59_500);
        assert_eq!(limit.count(one, 59_900), standing(true, 0, 59_900, 60));
        assert_eq!(limit.count(one, 59_999), standing(false, 0, 59_999, 60));
        assert_eq!(limit.count(other, 59_999), standing(true, 1, 59_999, 60));
        assert_eq!(limit.count(one, 60_000), standing(true, 1, 60_000, 120));
        limit.take_back(&one, 59_999);
        assert_eq!(limit.count(one, 60_000), standing(true, 0, 60_000, 120));
    }
}
