//! The lease protocol, checked in every order of events within some bounds: three nodes that crash, stand still and lose
//! answers, with clocks that drift and disagree. Each rule is then taken away, to see that the check misses it.

mod database;
mod lease;
mod properties;
mod rules;
mod state;

use std::collections::BTreeSet;

use stateright::{Checker, Expectation, HasDiscoveries, Model as _};

use crate::lease::Lease;
use crate::properties::{
    ATTEMPTS, DELIVERED, HOLDER_SENDS, NO_FOREIGN_WRITE, NO_REPEAT, ONE_PLACE, ONE_SENDER,
};
use crate::rules::{Bounds, Budget, Clock, Fence, Rules};

/// Two of each and no budget: as much as most broken rules need.
const SMALL: Bounds = Bounds {
    nodes: 2,
    slots: 1,
    deliveries: 1,
    attempts: 2,
    epochs: 3,
    budget: Budget { crashes: 0, freezes: 0, lost: 0, outages: 0, resends: 0 },
};
/// One request of [`SMALL`] is given up on.
const LOSING: Bounds = Bounds { budget: Budget { lost: 1, ..SMALL.budget }, ..SMALL };
/// Two deliveries that get in each other's way.
const TWO: Bounds = Bounds { deliveries: 2, attempts: 1, epochs: 2, ..SMALL };
/// Three nodes that work on one delivery, and all that can happen to them.
const THREE_NODES: Bounds = Bounds {
    nodes: 3,
    slots: 2,
    budget: Budget { crashes: 1, freezes: 1, lost: 1, outages: 0, resends: 0 },
    ..SMALL
};

#[test]
fn the_protocol_holds() {
    let mut all = vec![
        THREE_NODES,
        Bounds { nodes: 3, budget: Budget { crashes: 1, ..LOSING.budget }, ..TWO },
        Bounds { slots: 2, budget: Budget { resends: 1, ..LOSING.budget }, ..SMALL },
    ];
    if std::env::var_os("ENCRATA_TEST_LONG").is_some() {
        let twice = Budget { crashes: 2, freezes: 2, lost: 2, outages: 0, resends: 0 };
        all.extend([
            Bounds { slots: 1, budget: twice, ..THREE_NODES },
            Bounds { slots: 1, epochs: 4, ..THREE_NODES },
            Bounds { nodes: 3, budget: THREE_NODES.budget, ..TWO },
            Bounds { slots: 2, budget: THREE_NODES.budget, ..TWO },
        ]);
    }
    for bounds in all {
        let lease = Lease { rules: Rules::WHOLE, bounds };
        let checked = lease.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        println!("{} states of {bounds:?}", checked.unique_state_count());
        checked.assert_properties();
    }
}

/// Looks at everything, and sees these properties broken and no others.
fn breaks(rules: Rules, bounds: Bounds, properties: &[&'static str]) {
    let checked = Lease { rules, bounds }.checker().spawn_bfs().join();
    let discoveries = checked.discoveries();
    let all = checked.model().properties();
    let always = all.iter().filter(|property| property.expectation == Expectation::Always);
    let broken = always.map(|property| property.name).filter(|name| discoveries.contains_key(name));
    assert_eq!(broken.collect::<BTreeSet<_>>(), properties.iter().copied().collect());
}

#[test]
fn without_a_fence_who_lost_the_lease_writes() {
    let rules = Rules { fence: Fence::Nothing, ..Rules::WHOLE };
    breaks(rules, LOSING, &[NO_FOREIGN_WRITE, ATTEMPTS, ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn with_the_owner_alone_a_node_ends_its_newer_claim_with_an_older_one() {
    let rules = Rules { fence: Fence::Owner, ..Rules::WHOLE };
    breaks(rules, LOSING, &[NO_FOREIGN_WRITE, ATTEMPTS, ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn with_the_epoch_alone_an_outcome_that_is_tried_again_counts_twice() {
    breaks(Rules { fence: Fence::Epoch, ..Rules::WHOLE }, LOSING, &[NO_FOREIGN_WRITE, ATTEMPTS]);
}

#[test]
fn by_its_own_wall_clock_a_node_steals_leases() {
    breaks(Rules { clock: Clock::Node, ..Rules::WHOLE }, SMALL, &[ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn without_the_check_a_lapsed_claim_is_sent() {
    breaks(Rules { check: false, ..Rules::WHOLE }, SMALL, &[ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn with_a_margin_no_longer_than_the_drift_a_request_outlives_its_lease() {
    breaks(Rules { margin: 1, ..Rules::WHOLE }, SMALL, &[ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn a_delivery_that_is_recorded_with_a_lease_and_no_slot_outlives_it() {
    breaks(Rules { slot_for_warm: false, ..Rules::WHOLE }, TWO, &[ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn without_lapse_what_a_dead_node_held_waits_for_ever() {
    let bounds = Bounds { budget: Budget { crashes: 1, ..SMALL.budget }, ..SMALL };
    breaks(Rules { lapse: false, ..Rules::WHOLE }, bounds, &[DELIVERED]);
}

#[test]
fn a_queue_that_gives_its_rows_away_loses_them() {
    let bounds = Bounds { budget: Budget { crashes: 1, ..SMALL.budget }, ..SMALL };
    breaks(Rules { keep_row: false, ..Rules::WHOLE }, bounds, &[ONE_PLACE, HOLDER_SENDS, DELIVERED]);
}

/// A limit of the protocol: in a machine that was suspended before the check, the check is no use. What is written
/// stays right.
#[test]
fn a_clock_that_stands_still_while_frozen_costs_duplicates_and_nothing_else() {
    let bounds = Bounds { budget: Budget { freezes: 1, ..SMALL.budget }, ..SMALL };
    let rules = Rules { clock_runs_frozen: false, ..Rules::WHOLE };
    breaks(rules, bounds, &[ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

/// Another: what was claimed just before the database crashed may be claimed again at once.
#[test]
fn a_database_that_forgets_claims_costs_duplicates_and_nothing_else() {
    let bounds = Bounds { slots: 2, budget: Budget { outages: 1, ..SMALL.budget }, ..SMALL };
    breaks(Rules::WHOLE, bounds, &[ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}

#[test]
fn with_owner_and_epoch_an_outcome_that_is_tried_again_ends_a_resend() {
    let bounds = Bounds { budget: Budget { resends: 1, ..LOSING.budget }, ..LOSING };
    let rules = Rules { fence: Fence::OwnerAndEpoch, ..Rules::WHOLE };
    breaks(rules, bounds, &[NO_FOREIGN_WRITE, ATTEMPTS, ONE_SENDER, HOLDER_SENDS, NO_REPEAT]);
}
