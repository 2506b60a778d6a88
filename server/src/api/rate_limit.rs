//! Requests per key and minute on `/webhooks`, per node. Counted in whole minutes, so that the headers say
//! exactly when the count starts again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{ApiError, App};
use crate::clock::now_ms;
use crate::model::api_key::ApiKey;
use crate::model::ids::KeyId;

const MINUTE_MS: i64 = 60_000;

/// Counts requests per key.
#[derive(Debug, Clone)]
pub struct RateLimit {
    per_minute: u32,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    minute: i64,
    by_key: HashMap<KeyId, u32>,
}

/// Where a key stands after a request.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    allowed: bool,
    remaining: u32,
    reset_s: i64,
}

impl RateLimit {
    /// At most this many requests per key and minute; 0 means no limit.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, counts: Arc::default() }
    }

    fn count(&self, key: KeyId, now_ms: i64) -> Standing {
        let minute = now_ms.div_euclid(MINUTE_MS);
        let reset_s = (minute + 1) * 60;
        // Counting can't panic half-way.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.minute != minute {
            *counts = Counts { minute, by_key: HashMap::new() };
        }
        let count = counts.by_key.entry(key).or_default();
        let allowed = *count < self.per_minute;
        if allowed {
            *count += 1;
        }
        Standing { allowed, remaining: self.per_minute - *count, reset_s }
    }
}

/// Refuses what is too much, and says on every answer where the key stands.
pub(super) async fn enforce(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    request: Request,
    next: Next,
) -> Response {
    let limit = app.rate_limit.per_minute;
    if limit == 0 {
        return next.run(request).await;
    }
    let now_ms = now_ms();
    let standing = app.rate_limit.count(key.id, now_ms);
    let mut response = if standing.allowed {
        next.run(request).await
    } else {
        let retry_after_s = u64::try_from(standing.reset_s - now_ms.div_euclid(1000)).unwrap_or(1).max(1);
        ApiError::RateLimited { retry_after_s }.into_response()
    };
    debug_assert!(standing.allowed || response.status() == StatusCode::TOO_MANY_REQUESTS);
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(limit));
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
        let standing = |allowed, remaining, reset_s| Standing { allowed, remaining, reset_s };
        assert_eq!(limit.count(one, 59_000), standing(true, 1, 60));
        assert_eq!(limit.count(one, 59_500), standing(true, 0, 60));
        assert_eq!(limit.count(one, 59_999), standing(false, 0, 60));
        assert_eq!(limit.count(other, 59_999), standing(true, 1, 60));
        assert_eq!(limit.count(one, 60_000), standing(true, 1, 120));
    }
}
