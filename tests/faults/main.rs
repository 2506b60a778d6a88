//! What the server promises while everything around it, and itself, breaks: every accepted event is received at least
//! once, twice only when its outcome was not committed, and nobody writes under a lease that was lost.
//!
//! [`kill`] ends nodes at random moments, [`database`] restarts PostgreSQL and moves to its standby, [`disk`] is full,
//! [`frozen`] stops a node for longer than a lease, [`clock`] moves a node's time, [`receivers`] are as bad as can be, [`rekey`] is broken off.
//! [`load`] is what goes on meanwhile, [`books`] is what must add up afterwards. Real processes throughout;
//! `ENCRATA_TEST_ROUNDS` says how often each fault strikes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

mod books;
mod clock;
mod database;
mod disk;
mod frozen;
mod kill;
mod load;
mod receivers;
mod rekey;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use encrata_webhooks_tests::PATIENCE;

/// As long as what was leased to a node that is gone may have to wait, and then anything else that must happen.
const LEASE_AND_PATIENCE: Duration = PATIENCE.saturating_add(Duration::from_secs(30));

/// How often a fault strikes: three times, or as `ENCRATA_TEST_ROUNDS` says.
fn rounds() -> usize {
    std::env::var("ENCRATA_TEST_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

/// A number below `limit`: no two runs are alike.
fn random(limit: usize) -> usize {
    usize::try_from(RandomState::new().build_hasher().finish() >> 1).unwrap() % limit
}
