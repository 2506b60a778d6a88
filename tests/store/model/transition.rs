//! What can be done to a store, and how likely it is tried.

use encrata_webhooks_server::model::delivery::{Next, Status, Verdict};
use proptest::array::uniform2;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::reference::{HOOKS, Key, NODES, Reference};
use crate::base::LEASE_MS;

/// One step. Nodes, webhooks, events and claims are numbered as they came.
#[derive(Debug, Clone)]
pub(crate) enum Transition {
    /// A group of publish requests; `slots` is how many deliveries of each webhook the node can send at once.
    Record { node: usize, requests: Vec<Request>, slots: [usize; HOOKS] },
    /// At least so many rows of each lane, if they are due.
    Claim { node: usize, rows: [usize; HOOKS] },
    /// A group of outcomes. The claims may have been finished, released or lost before.
    Finish { node: usize, ends: Vec<End> },
    /// Claims are handed back, or were long ago.
    Release { node: usize, claims: Vec<usize> },
    /// Time passes.
    Pass { ms: i64 },
    /// A node crashes and comes back as another owner.
    Restart { node: usize },
    /// What a start does on a file, where it is alone.
    FreeAll { node: usize },
    /// Paused or resumed.
    Switch { hook: usize, active: bool },
    /// A new secret; the old one stays in force for a while, or not.
    Rotate { hook: usize, overlap_ms: Option<i64> },
    /// One delivery again.
    Resend { delivery: Key },
    /// All that failed and was accepted so long ago or later.
    ResendFailed { hook: usize, ago_ms: i64 },
    /// All that was never sent, the same.
    SendMissed { hook: usize, ago_ms: i64 },
    /// A webhook is deleted.
    Delete { hook: usize },
    /// What housekeeping does: deleted webhooks are erased, after some time, and all that is older than this expires.
    KeepHouse { ago_ms: i64 },
}

/// A publish request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) events: usize,
    /// An idempotency key, and which content it comes with.
    pub(crate) key: Option<(u8, u8)>,
}

/// The end of an attempt.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) claim: usize,
    pub(crate) status: u16,
    pub(crate) next: Next,
    pub(crate) verdict: Verdict,
}

impl End {
    pub(crate) fn success(claim: usize) -> Self {
        Self { claim, status: 200, next: Next::Succeeded, verdict: Verdict::Healthy }
    }
}

/// A step that makes sense in this state.
pub(crate) fn any(state: &Reference) -> BoxedStrategy<Transition> {
    let mut all = vec![
        (6, record().boxed()),
        (8, (node(), uniform2(0..4_usize)).prop_map(|(node, rows)| Transition::Claim { node, rows }).boxed()),
        (5, pass().boxed()),
        (1, node().prop_map(|node| Transition::Restart { node }).boxed()),
        (1, node().prop_map(|node| Transition::FreeAll { node }).boxed()),
        (1, ago().prop_map(|ago_ms| Transition::KeepHouse { ago_ms }).boxed()),
    ];
    if !state.claims.is_empty() {
        all.push((10, finish(state)));
        all.push((2, claims(state).prop_map(|(node, claims)| Transition::Release { node, claims }).boxed()));
    }
    let hooks: Vec<usize> = (0..HOOKS).filter(|hook| !state.hooks[*hook].deleted).collect();
    if !hooks.is_empty() {
        let hook = select(hooks);
        all.extend([
            (
                2,
                (hook.clone(), any_bool())
                    .prop_map(|(hook, active)| Transition::Switch { hook, active })
                    .boxed(),
            ),
            (1, (hook.clone(), proptest::option::of(0..2 * LEASE_MS)).prop_map(rotate).boxed()),
            (
                1,
                (hook.clone(), ago())
                    .prop_map(|(hook, ago_ms)| Transition::ResendFailed { hook, ago_ms })
                    .boxed(),
            ),
            (
                1,
                (hook.clone(), ago())
                    .prop_map(|(hook, ago_ms)| Transition::SendMissed { hook, ago_ms })
                    .boxed(),
            ),
        ]);
        if state.steps > 20 {
            all.push((1, hook.prop_map(|hook| Transition::Delete { hook }).boxed()));
        }
    }
    let deliveries: Vec<Key> = state.live().map(|(key, _)| *key).collect();
    if !deliveries.is_empty() {
        all.push((3, select(deliveries).prop_map(|delivery| Transition::Resend { delivery }).boxed()));
    }
    proptest::strategy::Union::new_weighted(all).boxed()
}

/// Whether the step still makes sense, after those before it were left out.
pub(crate) fn is_possible(state: &Reference, transition: &Transition) -> bool {
    let is_there = |hook: &usize| !state.hooks[*hook].deleted;
    match transition {
        Transition::Finish { ends, .. } => ends.iter().all(|end| end.claim < state.claims.len()),
        Transition::Release { claims, .. } => claims.iter().all(|claim| *claim < state.claims.len()),
        Transition::Resend { delivery } => state.live().any(|(key, _)| key == delivery),
        Transition::Switch { hook, .. }
        | Transition::Rotate { hook, .. }
        | Transition::ResendFailed { hook, .. }
        | Transition::SendMissed { hook, .. }
        | Transition::Delete { hook } => is_there(hook),
        _ => true,
    }
}

fn node() -> std::ops::Range<usize> {
    0..NODES
}

fn any_bool() -> proptest::bool::Any {
    proptest::bool::ANY
}

fn ago() -> impl Strategy<Value = i64> + Clone {
    select(vec![0, 1000, LEASE_MS, 10 * LEASE_MS, 100 * LEASE_MS])
}

fn pass() -> impl Strategy<Value = Transition> {
    let ms = prop_oneof![
        4 => select(vec![1, 1000, 5000]),
        4 => select(vec![LEASE_MS - 1, LEASE_MS]),
        1 => Just(73 * 3_600_000),
    ];
    ms.prop_map(|ms| Transition::Pass { ms })
}

fn record() -> impl Strategy<Value = Transition> {
    let key = proptest::option::weighted(0.3, (0..3_u8, 0..2_u8));
    let request = (1..3_usize, key).prop_map(|(events, key)| Request { events, key });
    (node(), vec(request, 1..3), uniform2(0..3_usize))
        .prop_map(|(node, requests, slots)| Transition::Record { node, requests, slots })
}

fn rotate((hook, overlap_ms): (usize, Option<i64>)) -> Transition {
    Transition::Rotate { hook, overlap_ms }
}

/// Claims, mostly of one node and mostly those that it holds.
fn claims(state: &Reference) -> impl Strategy<Value = (usize, Vec<usize>)> + use<> {
    let all: Vec<usize> = (0..state.claims.len()).collect();
    let of: Vec<Vec<usize>> = (0..NODES)
        .map(|node| all.iter().copied().filter(|claim| state.claims[*claim].node == node).collect())
        .collect();
    let held: Vec<Vec<usize>> =
        of.iter().map(|of| of.iter().copied().filter(|claim| state.is_held(*claim)).collect()).collect();
    (node(), 0..10).prop_flat_map(move |(node, choice)| {
        let from = match choice {
            0 => &all,
            1..4 => &of[node],
            _ => &held[node],
        };
        let from = if from.is_empty() { &all } else { from };
        (Just(node), subsequence(from.clone(), 1..=from.len().min(3)).prop_shuffle())
    })
}

fn finish(state: &Reference) -> BoxedStrategy<Transition> {
    let end = prop_oneof![
        4 => (200..300_u16).prop_map(|status| (status, Next::Succeeded, Verdict::Healthy)),
        2 => (500..600_u16).prop_map(|status| (status, Next::Failed, Verdict::Failing)),
        4 => (500..600_u16, after()).prop_map(|(status, after_ms)| (status, Next::Retry { after_ms }, Verdict::Failing)),
        1 => select(vec![5000, 60_000]).prop_map(|after_ms| (429, Next::Retry { after_ms }, Verdict::Slow { after_ms })),
        1 => Just((410, Next::Failed, Verdict::Gone)),
    ];
    (claims(state), [end.clone(), end.clone(), end])
        .prop_map(|((node, claims), ends)| {
            let ends = claims.into_iter().zip(ends).map(|(claim, (status, next, verdict))| End {
                claim,
                status,
                next,
                verdict,
            });
            Transition::Finish { node, ends: ends.collect() }
        })
        .boxed()
}

fn after() -> impl Strategy<Value = i64> + Clone {
    select(vec![0, 5000, 60_000])
}

/// What the history says after such an end.
pub(crate) fn status_after(next: Next) -> Status {
    match next {
        Next::Succeeded => Status::Success,
        Next::Failed => Status::Failed,
        Next::Retry { .. } => Status::Pending,
    }
}
