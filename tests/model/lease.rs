//! What can happen next, and what comes of it.

use stateright::{Model, Property};

use crate::properties;
use crate::rules::{Bounds, Clock, RETRY, Rules, SKEW, TIMEOUT};
use crate::state::{Message, State, Work, Write};

/// The lease protocol under some rules, within some bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) rules: Rules,
    pub(crate) bounds: Bounds,
}

/// One step. `node` and `work` are places in [`State`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A publisher is told 202. `warm`: the delivery is recorded with a lease of the node that took it.
    Record {
        node: usize,
        delivery: usize,
        warm: bool,
    },
    /// A claim commits. The question and the answer are no steps of their own: the node measures from before it asked, so
    /// the longer they take, the less it sees of its lease. `skew` is what its wall clock shows beyond the database's.
    Claim {
        node: usize,
        delivery: usize,
        skew: i8,
    },
    /// The lease is long enough, and the request goes out.
    Send {
        node: usize,
        work: usize,
    },
    /// The lease was long enough, and the node is frozen before the request goes out.
    FreezeBeforeSend {
        node: usize,
        work: usize,
    },
    /// An answer came, or the time is up.
    End {
        node: usize,
        work: usize,
        write: Write,
    },
    /// The outcome, or the release of what was not sent, reaches the database, and the answer reaches the node.
    Write {
        node: usize,
        work: usize,
    },
    /// The node gives up on such a request. It tries an outcome again, and forgets a claim.
    Lose {
        node: usize,
        work: usize,
    },
    /// A request that was given up on reaches the database, be its node alive or dead.
    Late {
        message: usize,
    },
    Crash {
        node: usize,
    },
    /// The database crashes.
    Outage,
    Freeze {
        node: usize,
    },
    Thaw {
        node: usize,
    },
    /// Somebody asks for a finished delivery again.
    Resend {
        delivery: usize,
    },
    /// Time passes; the clock of one node may lose the tick.
    Tick {
        slow: Option<usize>,
    },
}

impl Model for Lease {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(&self.bounds)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (node, it) in state.nodes.iter().enumerate() {
            if state.budget.crashes > 0 && !it.work.is_empty() {
                actions.push(Action::Crash { node });
            }
            if it.frozen {
                actions.push(Action::Thaw { node });
                continue;
            }
            let is_seen_frozen = it.work.iter().any(|work| match work {
                Work::Sending { .. } => true,
                // A node that lets a claim lie is as good as frozen, but for its clock.
                Work::Held { .. } => !self.rules.clock_runs_frozen,
                _ => false,
            });
            if state.budget.freezes > 0 && is_seen_frozen {
                actions.push(Action::Freeze { node });
            }
            self.work_actions(state, node, actions);
            self.row_actions(state, node, actions);
        }
        actions.extend((0..state.wire.len()).map(|message| Action::Late { message }));
        if state.deliveries.iter().any(|it| it.on_disk.is_some()) {
            actions.push(Action::Outage);
        }
        if state.budget.resends > 0 {
            let finished =
                (0..state.deliveries.len()).filter(|delivery| state.deliveries[*delivery].finished);
            actions.extend(finished.map(|delivery| Action::Resend { delivery }));
        }
        self.ticks(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Record { node, delivery, warm } => self.record(&mut state, node, delivery, warm),
            Action::Claim { node, delivery, skew } => self.claim(&mut state, node, delivery, skew),
            Action::Send { node, work } => {
                let held = &mut state.nodes[node].work[work];
                let drifted = matches!(held, Work::Held { drifted: true, .. });
                *held = Work::Sending { claim: held.claim(), left: TIMEOUT, drifted, frozen: false };
            }
            Action::FreezeBeforeSend { node, work } => {
                let claim = state.nodes[node].work[work].claim();
                state.nodes[node].work[work] = Work::Checked { claim };
                freeze(&mut state, node);
            }
            Action::End { node, work, write } => {
                let claim = state.nodes[node].work[work].claim();
                state.nodes[node].work[work] = Work::Ended { claim, write };
            }
            Action::Write { node, work } => {
                let message = message(node, state.nodes[node].work.swap_remove(work));
                self.write(&mut state, message);
            }
            Action::Lose { node, work } => {
                state.budget.lost -= 1;
                let lost = state.nodes[node].work[work];
                state.wire.push(message(node, lost));
                if matches!(lost, Work::Held { .. }) {
                    state.nodes[node].work.swap_remove(work);
                }
            }
            Action::Late { message } => {
                let message = state.wire.swap_remove(message);
                self.write(&mut state, message);
            }
            Action::Crash { node } => {
                state.budget.crashes -= 1;
                state.nodes[node] = Default::default();
                state.bury(node);
            }
            Action::Resend { delivery } => {
                let life = 1 + self.bounds.budget.resends - state.budget.resends;
                Self::resend(&mut state, delivery, life);
            }
            Action::Outage => Self::crash(&mut state),
            Action::Freeze { node } => freeze(&mut state, node),
            Action::Thaw { node } => {
                state.nodes[node].frozen = false;
                for work in &mut state.nodes[node].work {
                    if let Work::Checked { claim } = *work {
                        *work = Work::Sending { claim, left: TIMEOUT, drifted: true, frozen: true };
                    }
                }
            }
            Action::Tick { slow } => self.tick(&mut state, slow),
        }
        Some(state.canonical())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.deliveries.iter().filter_map(|delivery| delivery.row).all(|row| row.epoch <= self.bounds.epochs)
    }
}

impl Lease {
    fn work_actions(&self, state: &State, node: usize, actions: &mut Vec<Action>) {
        let it = &state.nodes[node];
        for (work, doing) in it.work.iter().enumerate() {
            match *doing {
                Work::Held { left, .. } => {
                    if !self.rules.check || left >= TIMEOUT + self.rules.margin {
                        actions.push(Action::Send { node, work });
                        if state.budget.freezes > 0 {
                            actions.push(Action::FreezeBeforeSend { node, work });
                        }
                    }
                    actions.push(Action::Write { node, work });
                }
                Work::Sending { claim, .. } => {
                    actions.push(Action::End { node, work, write: Write::Finish });
                    if claim.number < self.bounds.attempts {
                        for due_in in [0, RETRY] {
                            actions.push(Action::End { node, work, write: Write::Again { due_in } });
                        }
                    }
                }
                Work::Ended { .. } => actions.push(Action::Write { node, work }),
                Work::Parked { .. } if it.has_slot(self.bounds.slots) => {
                    actions.push(Action::Send { node, work });
                }
                Work::Parked { .. } | Work::Checked { .. } => {}
            }
            if state.budget.lost > 0 && matches!(doing, Work::Held { .. } | Work::Ended { .. }) {
                actions.push(Action::Lose { node, work });
            }
        }
    }

    /// What a node that runs can do with the table.
    fn row_actions(&self, state: &State, node: usize, actions: &mut Vec<Action>) {
        let has_slot = state.nodes[node].has_slot(self.bounds.slots);
        if let Some(delivery) = state.deliveries.iter().position(|delivery| !delivery.accepted) {
            actions.push(Action::Record { node, delivery, warm: false });
            if has_slot || !self.rules.slot_for_warm {
                actions.push(Action::Record { node, delivery, warm: true });
            }
        }
        let skews: &[i8] = match self.rules.clock {
            Clock::Database => &[0],
            Clock::Node => &[-SKEW, 0, SKEW],
        };
        for (delivery, row) in state.deliveries.iter().enumerate().filter_map(|(n, it)| Some((n, it.row?))) {
            let free = row.owner.is_none() || self.rules.lapse;
            for &skew in skews.iter().filter(|skew| i16::from(row.due_in) <= i16::from(**skew).max(0)) {
                if has_slot && free {
                    actions.push(Action::Claim { node, delivery, skew });
                }
            }
        }
    }

    /// Time passes unless a request has to end first, or nothing would change by it.
    fn ticks(&self, state: &State, actions: &mut Vec<Action>) {
        let mut running = state.nodes.iter().filter(|node| !node.frozen).flat_map(|node| &node.work);
        if running.any(|work| matches!(work, Work::Sending { left: 0, .. })) {
            return;
        }
        let moves = |slow| {
            let mut next = state.clone();
            self.tick(&mut next, slow);
            next != *state
        };
        let slow = (0..state.nodes.len()).filter(|&node| {
            let can_drift = |work: &Work| {
                matches!(work, Work::Held { drifted: false, .. } | Work::Sending { drifted: false, .. })
            };
            !state.nodes[node].frozen && state.nodes[node].work.iter().any(can_drift)
        });
        let each = std::iter::once(None).chain(slow.map(Some));
        actions.extend(each.filter(|slow| moves(*slow)).map(|slow| Action::Tick { slow }));
    }

    fn tick(&self, state: &mut State, slow: Option<usize>) {
        state.flush();
        for row in state.deliveries.iter_mut().filter_map(|delivery| delivery.row.as_mut()) {
            row.due_in = row.due_in.saturating_sub(1);
        }
        for (n, node) in state.nodes.iter_mut().enumerate() {
            if !node.frozen || self.rules.clock_runs_frozen {
                node.work.iter_mut().for_each(|work| work.tick(slow == Some(n)));
            }
        }
    }
}

fn message(node: usize, work: Work) -> Message {
    let write = if let Work::Ended { write, .. } = work { write } else { Write::Release };
    Message { owner: node as u8, claim: work.claim(), write }
}

fn freeze(state: &mut State, node: usize) {
    state.budget.freezes -= 1;
    state.nodes[node].frozen = true;
    for work in &mut state.nodes[node].work {
        if let Work::Sending { frozen, .. } = work {
            *frozen = true;
        }
    }
}
