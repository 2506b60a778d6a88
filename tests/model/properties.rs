//! What must hold in every state, and what must happen in some, lest the checker looked at nothing.

use stateright::{Model as _, Property};

use crate::lease::{Action, Lease};
use crate::rules::Budget;
use crate::state::{Claim, Delivery, Owner, State, Work, Write};

pub(crate) const ONE_PLACE: &str = "an accepted delivery is in the queue or finished, and never both";
pub(crate) const NO_FOREIGN_WRITE: &str = "a lost lease writes nothing";
pub(crate) const ATTEMPTS: &str = "the attempts are the sends whose outcome was written";
pub(crate) const ONE_SENDER: &str =
    "one node at a time sends a delivery, but for those frozen since their check";
pub(crate) const HOLDER_SENDS: &str = "who sends holds the lease, unless it was frozen since its check";
pub(crate) const NO_REPEAT: &str =
    "nothing is sent again whose outcome was written, but by a node frozen since its check";
pub(crate) const DELIVERED: &str = "when nothing more goes wrong, all that was accepted is finished";

/// More steps than a state needs to come to rest.
const STEPS: usize = 100;

pub(crate) fn of(lease: &Lease) -> Vec<Property<Lease>> {
    let Budget { crashes, freezes, lost, .. } = lease.bounds.budget;
    let mut all = always();
    // Where every fault can come, all of its consequences must be seen.
    if crashes > 0 && freezes > 0 && lost > 0 {
        all.extend(sometimes());
    }
    all
}

fn always() -> Vec<Property<Lease>> {
    vec![
        Property::always(ONE_PLACE, |_, state: &State| {
            state.deliveries.iter().all(|it| match it.accepted {
                true => it.row.is_some() != it.finished,
                false => it.row.is_none() && !it.finished,
            })
        }),
        Property::always(NO_FOREIGN_WRITE, |_, state: &State| !state.foreign_write),
        Property::always(ATTEMPTS, |_, state: &State| {
            state.deliveries.iter().all(|it| u32::from(it.attempts) == it.written.count_ones())
        }),
        Property::always(ONE_SENDER, |_, state: &State| {
            let mut senders: Vec<usize> = senders(state).map(|(_, claim)| claim.delivery).collect();
            senders.sort_unstable();
            senders.windows(2).all(|pair| pair[0] != pair[1])
        }),
        Property::always(HOLDER_SENDS, |_, state: &State| {
            senders(state).all(|(owner, claim)| {
                let row = state.deliveries[claim.delivery].row;
                row.is_some_and(|row| row.owner == Some(owner) && row.epoch == claim.epoch)
            })
        }),
        Property::always(NO_REPEAT, |_, state: &State| {
            senders(state).all(|(_, claim)| {
                let it = &state.deliveries[claim.delivery];
                !it.finished && it.attempts < claim.number
            })
        }),
        Property::always(DELIVERED, |lease: &Lease, state: &State| comes_to_rest(lease, state)),
    ]
}

fn sometimes() -> Vec<Property<Lease>> {
    vec![
        Property::sometimes(
            "a delivery is sent by two nodes, one of which was frozen",
            |_, state: &State| {
                senders(state).any(|(_, claim)| {
                    works(state).any(|(_, work)| {
                        matches!(work, Work::Sending { frozen: true, .. })
                            && work.claim().delivery == claim.delivery
                    })
                })
            },
        ),
        Property::sometimes("an outcome is written and its node doesn't know", |_, state: &State| {
            works(state).any(|(_, work)| {
                let written = state.deliveries[work.claim().delivery].written;
                matches!(work, Work::Ended { .. }) && written & work.claim().bit() != 0
            })
        }),
        Property::sometimes("an outcome comes too late", |_, state: &State| {
            works(state).any(|(owner, work)| {
                let Work::Ended { claim, write: Write::Finish } = work else { return false };
                let it = &state.deliveries[claim.delivery];
                it.written & claim.bit() == 0 && it.row.is_some_and(|row| row.owner != Some(owner))
            })
        }),
        Property::sometimes(
            "after a crash, a delivery is finished under a later lease",
            |_, state: &State| {
                let outlived = |it: &Delivery| it.finished && it.written & 0b10 == 0;
                state.budget.crashes == 0 && state.deliveries.iter().any(outlived)
            },
        ),
        Property::sometimes("all is finished after every fault that may come", |_, state: &State| {
            let left = state.budget;
            let spent = left.crashes + left.freezes + left.lost == 0;
            spent && state.deliveries.iter().all(|it| it.finished)
        }),
    ]
}

fn works(state: &State) -> impl Iterator<Item = (Owner, Work)> {
    let each = state.nodes.iter().zip(0..);
    each.flat_map(|(node, owner)| node.work.iter().map(move |work| (owner, *work)))
}

/// Who sends and was not frozen since its check.
fn senders(state: &State) -> impl Iterator<Item = (Owner, Claim)> {
    works(state).filter_map(|(owner, work)| match work {
        Work::Sending { claim, frozen: false, .. } => Some((owner, claim)),
        _ => None,
    })
}

/// Goes on from `state` without faults, every request succeeding, until all that was accepted is finished.
fn comes_to_rest(lease: &Lease, state: &State) -> bool {
    let mut state = state.clone();
    let mut actions = Vec::new();
    for _ in 0..STEPS {
        if state.deliveries.iter().all(|it| it.finished || !it.accepted) {
            return true;
        }
        lease.actions(&state, &mut actions);
        let calm = actions.drain(..).filter_map(|action| Some((urgency(action)?, action)));
        let next =
            calm.min_by_key(|(urgency, _)| *urgency).and_then(|(_, action)| lease.next_state(&state, action));
        let Some(next) = next else { return false };
        state = next;
    }
    false
}

/// Which of the steps that are no faults comes first.
fn urgency(action: Action) -> Option<u8> {
    match action {
        Action::Thaw { .. } => Some(0),
        Action::End { write: Write::Finish, .. } => Some(1),
        Action::Send { .. } => Some(2),
        Action::Write { .. } => Some(3),
        Action::Claim { skew: 0, .. } => Some(4),
        Action::Tick { slow: None } => Some(5),
        _ => None,
    }
}
