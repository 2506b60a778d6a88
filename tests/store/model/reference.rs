//! What a store should hold and answer, in plain maps.

use std::collections::BTreeMap;

use encrata_webhooks_server::model::delivery::{Next, Status, Verdict};
use proptest::strategy::{BoxedStrategy, Just, Strategy as _};
use proptest_state_machine::ReferenceStateMachine;

use super::transition::{self, End, Request, Transition};
use crate::base::{LEASE_MS, T};

pub(crate) const NODES: usize = 3;
pub(crate) const HOOKS: usize = 2;
/// For how long a webhook may fail, in milliseconds.
pub(crate) const DISABLE_MS: i64 = 90_000;
/// How long after its deletion a webhook can be erased, where nodes share the store.
const ERASED_AFTER_MS: i64 = 60_000;
const IDEMPOTENCY_MS: i64 = 72 * 3_600_000;

/// A delivery: which event, to which webhook.
pub(crate) type Key = (usize, usize);

/// The whole store.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// Whether it is one that nodes share.
    pub(crate) shared: bool,
    pub(crate) now_ms: i64,
    pub(crate) steps: usize,
    /// How often each node has started.
    pub(crate) starts: [usize; NODES],
    pub(crate) hooks: [Hook; HOOKS],
    /// When each event was accepted.
    pub(crate) events: Vec<i64>,
    /// Events before this one have expired.
    expired: usize,
    keys: BTreeMap<u8, (u8, i64, Events)>,
    pub(crate) deliveries: BTreeMap<Key, Delivery>,
    /// Every claim that was ever made.
    pub(crate) claims: Vec<Claim>,
    /// What the last step answers.
    pub(crate) answer: Answer,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) active: bool,
    pub(crate) deleted: bool,
    deleted_ms: i64,
    pub(crate) secrets: Secrets,
    pub(crate) not_before_ms: i64,
    pub(crate) failing_since_ms: Option<i64>,
    pub(crate) disabled_ms: Option<i64>,
}

/// The current secret, and the one before with the end of its time.
pub(crate) type Secrets = (u8, Option<(u8, i64)>);

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Where it waits, unless it is finished.
    pub(crate) row: Option<Row>,
    /// The status code of every attempt that was written.
    pub(crate) attempts: Vec<u16>,
    pub(crate) status: Status,
}

/// A row of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) next_ms: i64,
    /// Which claim holds it.
    pub(crate) holder: Option<usize>,
    step: i64,
}

/// A claim: what a node was told when it got a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) node: usize,
    start: usize,
    pub(crate) delivery: Key,
    pub(crate) attempts: usize,
    pub(crate) step: i64,
    pub(crate) secrets: Secrets,
    pub(crate) failing_since_ms: Option<i64>,
}

/// Events of a request, and how many deliveries each makes.
pub(crate) type Events = Vec<(usize, u32)>;

/// What a call answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Nothing,
    Recorded { answers: Vec<Option<(bool, Events)>>, waiting: bool },
    Finished(Vec<bool>),
    Count(u64),
    Flag(bool),
}

impl Reference {
    fn new(shared: bool) -> Self {
        let hook = Hook {
            active: true,
            deleted: false,
            deleted_ms: 0,
            secrets: (7, None),
            not_before_ms: 0,
            failing_since_ms: None,
            disabled_ms: None,
        };
        Self {
            shared,
            now_ms: T,
            steps: 0,
            starts: [0; NODES],
            hooks: [hook.clone(), hook],
            events: Vec::new(),
            expired: 0,
            keys: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            claims: Vec::new(),
            answer: Answer::Nothing,
        }
    }

    /// Deliveries of webhooks that are there.
    pub(crate) fn live(&self) -> impl Iterator<Item = (&Key, &Delivery)> {
        self.deliveries.iter().filter(|((_, hook), _)| !self.hooks[*hook].deleted)
    }

    /// Whether the claim's node still is who it was, and holds the row.
    pub(crate) fn is_held(&self, claim: usize) -> bool {
        let Claim { node, start, delivery, .. } = &self.claims[claim];
        let row = self.deliveries.get(delivery).and_then(|it| it.row.as_ref());
        self.starts[*node] == *start && row.is_some_and(|row| row.holder == Some(claim))
    }

    /// What a claim of so many rows takes, earliest first; more if others are due at the same time as the last, for
    /// no order is promised among those.
    pub(crate) fn due(&self, hook: usize, rows: usize) -> Vec<Key> {
        let it = &self.hooks[hook];
        if !it.active || it.deleted || it.not_before_ms > self.now_ms || rows == 0 {
            return Vec::new();
        }
        let of_hook = self.deliveries.iter().filter(|((_, of), _)| *of == hook);
        let waiting = of_hook.filter_map(|(key, it)| Some((it.row?.next_ms, *key)));
        let mut due: Vec<(i64, Key)> = waiting.filter(|(next_ms, _)| *next_ms <= self.now_ms).collect();
        due.sort_unstable();
        let last_ms = due.get(rows - 1).map_or(i64::MAX, |(next_ms, _)| *next_ms);
        due.into_iter().take_while(|(next_ms, _)| *next_ms <= last_ms).map(|(_, key)| key).collect()
    }

    fn record(&mut self, node: usize, requests: &[Request], mut slots: [usize; HOOKS]) {
        let (mut answers, mut waiting) = (Vec::new(), false);
        let open =
            self.hooks.clone().map(|it| it.failing_since_ms.is_none() && it.not_before_ms <= self.now_ms);
        let hooks: Vec<usize> =
            (0..HOOKS).filter(|hook| self.hooks[*hook].active && !self.hooks[*hook].deleted).collect();
        for request in requests {
            if let Some((key, content)) = request.key
                && let Some((of, at_ms, accepted)) = self.keys.get(&key)
                && *at_ms > self.now_ms - IDEMPOTENCY_MS
            {
                answers.push((*of == content).then(|| (false, accepted.clone())));
                continue;
            }
            let mut accepted = Vec::new();
            for _ in 0..request.events {
                let event = self.events.len();
                self.events.push(self.now_ms);
                for &hook in &hooks {
                    let leased = open[hook] && slots[hook] > 0;
                    let row = Row { next_ms: self.now_ms, holder: None, step: 0 };
                    let delivery = Delivery { row: Some(row), attempts: Vec::new(), status: Status::Pending };
                    self.deliveries.insert((event, hook), delivery);
                    if leased {
                        slots[hook] -= 1;
                        self.lease(node, (event, hook));
                    }
                    waiting |= !leased;
                }
                accepted.push((event, u32::try_from(hooks.len()).unwrap()));
            }
            if let Some((key, content)) = request.key {
                self.keys.insert(key, (content, self.now_ms, accepted.clone()));
            }
            answers.push(Some((true, accepted)));
        }
        self.answer = Answer::Recorded { answers, waiting };
    }

    /// Gives a row to a node. The claim is the next one.
    fn lease(&mut self, node: usize, key: Key) {
        let hook = &self.hooks[key.1];
        let Some(delivery) = self.deliveries.get_mut(&key) else { return };
        let Some(row) = &mut delivery.row else { return };
        (row.next_ms, row.holder) = (self.now_ms + LEASE_MS, Some(self.claims.len()));
        self.claims.push(Claim {
            node,
            start: self.starts[node],
            delivery: key,
            attempts: delivery.attempts.len(),
            step: row.step,
            secrets: hook.secrets,
            failing_since_ms: hook.failing_since_ms,
        });
    }

    fn finish(&mut self, node: usize, ends: &[End]) {
        let held: Vec<bool> =
            ends.iter().map(|end| self.claims[end.claim].node == node && self.is_held(end.claim)).collect();
        let written: Vec<&End> =
            ends.iter().zip(&held).filter(|(_, held)| **held).map(|(end, _)| end).collect();
        for end in &written {
            let Some(delivery) = self.deliveries.get_mut(&self.claims[end.claim].delivery) else { continue };
            delivery.attempts.push(end.status);
            delivery.status = transition::status_after(end.next);
            let step = delivery.row.map_or(0, |row| row.step + 1);
            delivery.row = match end.next {
                Next::Retry { after_ms } => Some(Row { next_ms: self.now_ms + after_ms, holder: None, step }),
                Next::Succeeded | Next::Failed => None,
            };
        }
        for hook in 0..HOOKS {
            let of_hook = written.iter().filter(|end| self.claims[end.claim].delivery.1 == hook);
            let verdicts: Vec<Verdict> = of_hook.map(|end| end.verdict).collect();
            self.judge(hook, &verdicts);
        }
        self.answer = Answer::Finished(held);
    }

    /// What outcomes say of their webhook.
    fn judge(&mut self, hook: usize, verdicts: &[Verdict]) {
        let (now_ms, it) = (self.now_ms, &mut self.hooks[hook]);
        let is_gone = verdicts.contains(&Verdict::Gone);
        if verdicts.is_empty() {
            return;
        }
        if !is_gone && verdicts.contains(&Verdict::Healthy) {
            it.failing_since_ms = None;
        } else if it.active || !is_gone {
            let since_ms = *it.failing_since_ms.get_or_insert(now_ms);
            if it.active && (is_gone || since_ms <= now_ms - DISABLE_MS) {
                (it.active, it.disabled_ms) = (false, Some(now_ms));
            }
        }
        for verdict in verdicts {
            if let Verdict::Slow { after_ms } = verdict {
                it.not_before_ms = it.not_before_ms.max(now_ms + after_ms);
            }
        }
    }

    /// Makes a delivery due now. Answers whether it is: not while it is being sent.
    fn resend(&mut self, key: Key) -> bool {
        let Some(delivery) = self.deliveries.get_mut(&key) else { return false };
        if delivery.row.is_some_and(|row| row.holder.is_some()) {
            return false;
        }
        delivery.row = Some(Row { next_ms: self.now_ms, holder: None, step: 0 });
        delivery.status = Status::Pending;
        true
    }

    fn resend_failed(&mut self, hook: usize, since_ms: i64) {
        let failed = self.deliveries.iter().filter(|((event, of), it)| {
            *of == hook && it.status == Status::Failed && self.events[*event] >= since_ms
        });
        let keys: Vec<Key> = failed.map(|(key, _)| *key).collect();
        let resent = keys.into_iter().filter(|key| self.resend(*key)).count();
        self.answer = Answer::Count(resent as u64);
    }

    fn send_missed(&mut self, hook: usize, since_ms: i64) {
        let mut queued = 0;
        for event in self.expired..self.events.len() {
            if self.events[event] >= since_ms && !self.deliveries.contains_key(&(event, hook)) {
                let row = Row { next_ms: self.now_ms, holder: None, step: 0 };
                let delivery = Delivery { row: Some(row), attempts: Vec::new(), status: Status::Pending };
                self.deliveries.insert((event, hook), delivery);
                queued += 1;
            }
        }
        self.answer = Answer::Count(queued);
    }

    fn keep_house(&mut self, before_ms: i64) {
        let is_erased = self
            .hooks
            .clone()
            .map(|it| it.deleted && (!self.shared || it.deleted_ms + ERASED_AFTER_MS <= self.now_ms));
        self.expired = self.expired.max(self.events.partition_point(|at_ms| *at_ms < before_ms));
        self.deliveries.retain(|(event, hook), _| *event >= self.expired && !is_erased[*hook]);
    }
}

/// What can happen to a store that nodes share, or one that they do not.
pub(crate) struct Machine<const SHARED: bool>;

impl<const SHARED: bool> ReferenceStateMachine for Machine<SHARED> {
    type State = Reference;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<Reference> {
        Just(Reference::new(SHARED)).boxed()
    }

    fn transitions(state: &Reference) -> BoxedStrategy<Transition> {
        transition::any(state)
    }

    fn preconditions(state: &Reference, transition: &Transition) -> bool {
        transition::is_possible(state, transition)
    }

    fn apply(mut state: Reference, transition: &Transition) -> Reference {
        state.steps += 1;
        state.answer = Answer::Nothing;
        let now_ms = state.now_ms;
        match transition {
            Transition::Record { node, requests, slots } => state.record(*node, requests, *slots),
            Transition::Claim { node, rows } => {
                for (hook, rows) in rows.iter().enumerate() {
                    for key in state.due(hook, *rows) {
                        state.lease(*node, key);
                    }
                }
            }
            Transition::Finish { node, ends } => state.finish(*node, ends),
            Transition::Release { node, claims } => {
                for claim in claims {
                    if state.claims[*claim].node == *node && state.is_held(*claim) {
                        let delivery = state.deliveries.get_mut(&state.claims[*claim].delivery);
                        if let Some(row) = delivery.and_then(|it| it.row.as_mut()) {
                            (row.next_ms, row.holder) = (now_ms, None);
                        }
                    }
                }
            }
            Transition::Pass { ms } => state.now_ms += ms,
            Transition::Restart { node } => state.starts[*node] += 1,
            Transition::FreeAll { .. } => {
                let rows = state.deliveries.values_mut().filter_map(|it| it.row.as_mut());
                let leased = rows.filter(|row| row.holder.is_some());
                if !state.shared {
                    leased.for_each(|row| (row.next_ms, row.holder) = (row.next_ms.min(now_ms), None));
                }
            }
            Transition::Switch { hook, active } => {
                let it = &mut state.hooks[*hook];
                (it.active, it.disabled_ms) = (*active, None);
                if *active {
                    (it.failing_since_ms, it.not_before_ms) = (None, 0);
                }
            }
            Transition::Rotate { hook, overlap_ms } => {
                let it = &mut state.hooks[*hook];
                let (current, _) = it.secrets;
                it.secrets = (current.wrapping_add(1), overlap_ms.map(|ms| (current, now_ms + ms)));
            }
            Transition::Resend { delivery } => state.answer = Answer::Flag(state.resend(*delivery)),
            Transition::ResendFailed { hook, ago_ms } => state.resend_failed(*hook, now_ms - ago_ms),
            Transition::SendMissed { hook, ago_ms } => state.send_missed(*hook, now_ms - ago_ms),
            Transition::Delete { hook } => {
                let it = &mut state.hooks[*hook];
                (it.deleted, it.deleted_ms) = (true, now_ms);
            }
            Transition::KeepHouse { ago_ms } => state.keep_house(now_ms - ago_ms),
        }
        state
    }
}
