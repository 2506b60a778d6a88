//! Keys and sessions that open nothing. Whoever shows many of them is no longer looked up.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{ApiError, RateLimit};
use crate::clock::now_ms;
use crate::door::caller::Caller;
use crate::model::api_key::KeyHash;
use crate::store::StoreError;

/// Wrong keys and sessions per address and minute.
const PER_MINUTE: u32 = 120;
/// How many that opened something are remembered. When there are more, all are forgotten.
const MOST: usize = 10_000;

/// Counts wrong keys per address, and remembers good ones: these go on opening, whatever else comes from their address.
#[derive(Debug, Clone)]
pub struct WrongKeys {
    wrong: RateLimit<IpAddr>,
    good: Arc<Mutex<HashSet<KeyHash>>>,
}

impl Default for WrongKeys {
    fn default() -> Self {
        Self { wrong: RateLimit::new(PER_MINUTE), good: Arc::default() }
    }
}

impl WrongKeys {
    /// What a key or session opens, as `look_up` finds it; an error if that is nothing, or is not asked any more.
    pub(super) async fn guard<T>(
        &self,
        caller: &Caller,
        shown: &KeyHash,
        look_up: impl Future<Output = Result<Option<T>, StoreError>>,
    ) -> Result<T, ApiError> {
        let (network, now_ms) = (caller.network(), now_ms());
        if self.lock().contains(shown) {
            let found = look_up.await?;
            if found.is_none() {
                self.lock().remove(shown);
                self.wrong.count(network, now_ms);
            }
            return found.ok_or(ApiError::Unauthorized);
        }
        // Counted before it is looked up: many may be shown at once.
        let standing = self.wrong.count(network, now_ms);
        if !standing.allowed {
            return Err(standing.refusal());
        }
        let found = look_up.await;
        if !matches!(found, Ok(None)) {
            self.wrong.take_back(&network, now_ms);
        } else if standing.is_last() {
            tracing::info!(address = %network, "shows too many wrong keys: refused for the rest of the minute");
        }
        let found = found?.ok_or(ApiError::Unauthorized)?;
        self.remember(shown);
        Ok(found)
    }

    fn remember(&self, shown: &KeyHash) {
        let mut good = self.lock();
        if good.len() >= MOST {
            good.clear();
        }
        good.insert(shown.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<KeyHash>> {
        // Nothing that is done under the lock can panic half-way.
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn who_shows_many_wrong_keys_is_not_looked_up_and_a_good_key_goes_on() {
        let keys = WrongKeys { wrong: RateLimit::new(3), ..WrongKeys::default() };
        let caller = |address: &str| Caller { address: address.parse().unwrap(), over_tls: false };
        let looked_up = Cell::new(0);
        let shown = async |address: &str, key: &str, is_good: bool| {
            let look_up = async {
                looked_up.set(looked_up.get() + 1);
                Ok(is_good.then_some(()))
            };
            keys.guard(&caller(address), &KeyHash::of(key), look_up).await
        };
        shown("2001:db8:1:2::1", "good", true).await.unwrap();
        // A minute may end meanwhile.
        let mut wrong = 0;
        while !matches!(shown("2001:db8:1:2::1", "wrong", false).await, Err(ApiError::RateLimited { .. })) {
            wrong += 1;
        }
        assert!((3..=6).contains(&wrong), "{wrong}");
        looked_up.set(0);
        let refused = shown("2001:db8:1:2:ffff::9", "unknown", true).await;
        assert!(matches!(refused, Err(ApiError::RateLimited { .. })) && looked_up.get() == 0);
        shown("2001:db8:1:2::1", "good", true).await.unwrap();
        shown("2001:db8:1:3::1", "another", true).await.unwrap();
        // Revoked, it is one of the wrong ones.
        assert!(matches!(shown("2001:db8:1:2::1", "good", false).await, Err(ApiError::Unauthorized)));
        assert!(matches!(shown("2001:db8:1:2::1", "good", false).await, Err(ApiError::RateLimited { .. })));
    }

    #[tokio::test]
    async fn many_shown_at_once_are_not_more_than_one_after_the_other() {
        let keys = WrongKeys { wrong: RateLimit::new(3), ..WrongKeys::default() };
        let caller = Caller { address: "192.0.2.1".parse().unwrap(), over_tls: false };
        let looked_up = Cell::new(0);
        let shown = async |n: usize| {
            let look_up = async {
                looked_up.set(looked_up.get() + 1);
                tokio::task::yield_now().await;
                Ok(None::<()>)
            };
            keys.guard(&caller, &KeyHash::of(&n.to_string()), look_up).await
        };
        let _ = tokio::join!(shown(1), shown(2), shown(3), shown(4), shown(5), shown(6), shown(7), shown(8));
        // A minute may end meanwhile.
        assert!((3..=6).contains(&looked_up.get()), "{}", looked_up.get());
    }
}
