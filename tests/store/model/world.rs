//! The store, the nodes that work with it, and what they were told.

use std::collections::BTreeMap;
use std::time::Duration;

use encrata_webhooks::EventKind;
use encrata_webhooks_server::model::delivery::{Attempt, Claim, Delivery, Status};
use encrata_webhooks_server::model::event::{Accepted, Idempotency, NewBatch, NewEvent};
use encrata_webhooks_server::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};
use encrata_webhooks_server::model::outcome::Outcome;
use encrata_webhooks_server::model::webhook::Secrets;
use encrata_webhooks_server::store::{
    Admit, Change, Filter, Finish, Finished, RecordError, Recorded, StoreError, Want,
};
use encrata_webhooks_server::vault::Sealed;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine as _;

use super::reference::{Answer, DISABLE_MS, HOOKS, Key, Machine, NODES, Reference};
use super::transition::{End, Request, Transition};
use crate::base::{Base, Handle, LEASE, under, webhook, workspace};

/// Fails the case, with what was expected and what came.
pub(crate) type Checked<T = ()> = Result<T, TestCaseError>;

/// A workspace of its own in a database that many cases share.
pub(crate) struct World<'a> {
    base: &'a Base,
    nodes: Vec<Handle>,
    workspace: WorkspaceId,
    hooks: Vec<WebhookId>,
    events: Vec<EventId>,
    /// By the numbers of the reference. They are never given away: a node may come back with any of them.
    claims: Vec<Option<Claim>>,
}

/// How many deliveries of each webhook the node can send at once.
struct Room<'a> {
    hooks: &'a [WebhookId],
    slots: [usize; HOOKS],
}

impl Admit for Room<'_> {
    fn admit(&mut self, webhook_id: WebhookId, _: usize) -> bool {
        let slots = self.hooks.iter().position(|id| *id == webhook_id).map(|hook| &mut self.slots[hook]);
        slots.is_some_and(|slots| slots.checked_sub(1).map(|left| *slots = left).is_some())
    }
    fn start_over(&mut self) {}
}

impl<'a> World<'a> {
    pub(crate) async fn new(base: &'a Base, name: &str) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            nodes.push(base.open().await);
        }
        let workspace = workspace(&nodes[0], name).await;
        let mut hooks = Vec::new();
        for _ in 0..HOOKS {
            hooks.push(webhook(&nodes[0], workspace).await);
        }
        Self { base, nodes, workspace, hooks, events: Vec::new(), claims: Vec::new() }
    }

    /// Takes a step, and compares what comes of it.
    pub(crate) async fn step<const SHARED: bool>(
        &mut self,
        before: Reference,
        step: &Transition,
    ) -> Checked<Reference> {
        let after = Machine::<SHARED>::apply(before.clone(), step);
        self.take(&before, step, &after).await?;
        self.compare(&after).await?;
        Ok(after)
    }

    async fn take(&mut self, before: &Reference, step: &Transition, after: &Reference) -> Checked {
        let now_ms = before.now_ms;
        let (store, workspace) = (self.nodes[0].at(now_ms).clone(), self.workspace);
        match step {
            Transition::Record { node, requests, slots } => {
                self.record(*node, requests, *slots, before, after).await?;
            }
            Transition::Claim { node, rows } => {
                let want = |hook: usize| Want {
                    webhook_id: self.hooks[hook],
                    rows: rows[hook].max(before.due(hook, rows[hook]).len()),
                    is_limited: false,
                };
                let wanted: Vec<Want> = (0..HOOKS).map(want).collect();
                let claims = self.nodes[*node].claim(&wanted, LEASE).await.map_err(failed)?;
                self.claimed(claims, after)?;
            }
            Transition::Finish { node, ends } => {
                let group: Vec<Finish> = ends.iter().map(|end| self.end(end, now_ms)).collect();
                let finished =
                    self.nodes[*node].finish(&group, Duration::from_millis(DISABLE_MS as u64)).await;
                let written = finished.map_err(failed)?.iter().map(|one| *one == Finished::Written).collect();
                prop_assert_eq!(Answer::Finished(written), after.answer.clone());
                for (end, finish) in ends.iter().zip(group) {
                    self.claims[end.claim] = Some(finish.claim);
                }
            }
            Transition::Release { node, claims } => {
                let group: Vec<Claim> =
                    claims.iter().map(|claim| self.claims[*claim].take().unwrap()).collect();
                self.nodes[*node].release(&group).await.map_err(failed)?;
                for (claim, released) in claims.iter().zip(group) {
                    self.claims[*claim] = Some(released);
                }
            }
            Transition::Pass { .. } => {}
            Transition::Restart { node } => {
                self.nodes[*node].close().await;
                self.nodes[*node] = self.base.open().await;
            }
            Transition::FreeAll { node } => {
                self.nodes[*node].free_all_leases().await.map_err(failed)?;
            }
            Transition::Switch { hook, active } => {
                let change = Change { is_active: Some(*active), ..Change::default() };
                prop_assert!(
                    store
                        .change_webhook(workspace, self.hooks[*hook], &change, now_ms)
                        .await
                        .map_err(failed)?
                );
            }
            Transition::Rotate { hook, .. } => {
                let (expected, _) = before.hooks[*hook].secrets;
                let (current, previous) = after.hooks[*hook].secrets;
                let secrets = Secrets {
                    current: sealed(current),
                    previous: previous.map(|(secret, until_ms)| (sealed(secret), until_ms)),
                };
                let (hook, expected) = (self.hooks[*hook], sealed(expected));
                let replaced =
                    store.replace_secrets(workspace, hook, &expected, &secrets, &under(), now_ms).await;
                prop_assert!(replaced.map_err(failed)?);
            }
            Transition::Resend { delivery } => {
                let resent = store
                    .resend(workspace, self.hooks[delivery.1], self.id(*delivery))
                    .await
                    .map_err(failed)?;
                prop_assert_eq!(Answer::Flag(resent), after.answer.clone());
            }
            Transition::ResendFailed { hook, ago_ms } => {
                let resent = store
                    .resend_failed(workspace, self.hooks[*hook], now_ms - ago_ms)
                    .await
                    .map_err(failed)?;
                prop_assert_eq!(Answer::Count(resent), after.answer.clone());
            }
            Transition::SendMissed { hook, ago_ms } => {
                let queued =
                    store.send_missed(workspace, self.hooks[*hook], now_ms - ago_ms).await.map_err(failed)?;
                prop_assert_eq!(Answer::Count(queued), after.answer.clone());
            }
            Transition::Delete { hook } => {
                prop_assert!(store.delete_webhook(workspace, self.hooks[*hook]).await.map_err(failed)?);
            }
            Transition::KeepHouse { ago_ms } => {
                for hook in &self.hooks {
                    while store
                        .expire_deliveries((workspace, *hook), now_ms - ago_ms)
                        .await
                        .map_err(failed)?
                    {}
                }
                while store.expire_events(workspace, now_ms - ago_ms).await.map_err(failed)? {}
                while store.erase_deleted().await.map_err(failed)? {}
            }
        }
        self.nodes[0].at(after.now_ms);
        Ok(())
    }

    async fn record(
        &mut self,
        node: usize,
        requests: &[Request],
        slots: [usize; HOOKS],
        before: &Reference,
        after: &Reference,
    ) -> Checked {
        let now_ms = before.now_ms;
        let batches: Vec<NewBatch> = requests
            .iter()
            .scan(before.steps * 10, |n, request| {
                let events = (0..request.events).map(|_| {
                    *n += 1;
                    event(*n, now_ms)
                });
                let idempotency =
                    request.key.map(|(key, content)| Idempotency::new(key.to_string(), [&[content][..]]));
                Some(NewBatch { workspace_id: self.workspace, events: events.collect(), idempotency, now_ms })
            })
            .collect();
        let mut room = Room { hooks: &self.hooks, slots };
        let group = self.nodes[node].record(&batches, LEASE, &mut room).await.map_err(failed)?;
        for (batch, answer) in batches.iter().zip(&group.answers) {
            if let Ok(Recorded::New(_)) = answer {
                self.events.extend(batch.events.iter().map(|event| event.id));
            }
        }
        let mut answers = Vec::new();
        for answer in group.answers {
            answers.push(match answer {
                Ok(Recorded::New(accepted)) => Some((true, self.accepted(&accepted))),
                Ok(Recorded::Before(accepted)) => Some((false, self.accepted(&accepted))),
                Err(RecordError::KeyReused) => None,
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            });
        }
        prop_assert_eq!(Answer::Recorded { answers, waiting: group.waiting }, after.answer.clone());
        self.claimed(group.claims, after)
    }

    fn accepted(&self, accepted: &[Accepted]) -> Vec<(usize, u32)> {
        let number = |id: &str| self.events.iter().position(|event| event.to_string() == id);
        accepted.iter().map(|one| (number(&one.id).unwrap_or(usize::MAX), one.deliveries)).collect()
    }

    /// Compares the claims that a node got with those that it should have got.
    fn claimed(&mut self, claims: Vec<Claim>, after: &Reference) -> Checked {
        let keys: BTreeMap<DeliveryId, Key> =
            after.deliveries.keys().map(|key| (self.id(*key), *key)).collect();
        let mut got: BTreeMap<Option<Key>, Claim> =
            claims.into_iter().map(|claim| (keys.get(&claim.delivery_id).copied(), claim)).collect();
        let expected = &after.claims[self.claims.len()..];
        let mut deliveries: Vec<Option<Key>> = expected.iter().map(|claim| Some(claim.delivery)).collect();
        deliveries.sort_unstable();
        prop_assert_eq!(
            got.keys().copied().collect::<Vec<_>>(),
            deliveries,
            "the deliveries that were claimed"
        );
        for expected in expected {
            let Some(claim) = got.remove(&Some(expected.delivery)) else { continue };
            let target = &claim.target;
            prop_assert_eq!(
                (claim.attempts, claim.step, secrets(&target.secrets), target.failing_since_ms),
                (expected.attempts as i64, expected.step, expected.secrets, expected.failing_since_ms)
            );
            let event_id = self.events[expected.delivery.0];
            prop_assert_eq!((claim.event_id, claim.body.to_vec()), (event_id, body(event_id).into_bytes()));
            self.claims.push(Some(claim));
        }
        Ok(())
    }

    fn end(&mut self, end: &End, now_ms: i64) -> Finish {
        let outcome = Outcome::Answered { status: end.status, body: b"answer".to_vec(), retry_after_s: None };
        Finish {
            claim: self.claims[end.claim].take().unwrap(),
            attempt: Attempt::new(now_ms, now_ms + 1, outcome),
            next: end.next,
            verdict: end.verdict,
        }
    }

    fn id(&self, (event, hook): Key) -> DeliveryId {
        DeliveryId::of(self.events[event], self.hooks[hook])
    }

    /// Compares what the store shows with what it should hold.
    async fn compare(&self, expected: &Reference) -> Checked {
        let store = &self.nodes[expected.steps % NODES];
        let mut lanes = Vec::new();
        for (hook, it) in expected.hooks.iter().enumerate() {
            let webhook = store.webhook(self.workspace, self.hooks[hook]).await.map_err(failed)?;
            prop_assert_eq!(webhook.is_none(), it.deleted);
            let Some(webhook) = webhook else { continue };
            prop_assert_eq!(
                (webhook.is_active, webhook.failing_since_ms, webhook.disabled.map(|it| it.at_ms)),
                (it.active, it.failing_since_ms, it.disabled_ms)
            );
            prop_assert_eq!(secrets(&webhook.secrets), it.secrets);
            for status in [None, Some(Status::Pending), Some(Status::Success), Some(Status::Failed)] {
                // All of them in turn; which are waiting, every time.
                if status.is_none() || expected.steps % 4 == status.map_or(0, |status| status as usize) {
                    self.compare_deliveries(store, hook, status, expected).await?;
                }
            }
            let rows =
                expected.deliveries.iter().filter(|((_, of), _)| *of == hook).filter_map(|(_, it)| it.row);
            if let Some(next_ms) = rows.map(|row| row.next_ms).min().filter(|_| it.active) {
                lanes.push((
                    hook,
                    next_ms.max(it.not_before_ms) - expected.now_ms,
                    it.failing_since_ms.is_some(),
                ));
            }
        }
        let found = store.lanes().await.map_err(failed)?;
        let ours = found.iter().filter_map(|lane| {
            let hook = self.hooks.iter().position(|id| *id == lane.webhook_id)?;
            Some((hook, lane.due_in_ms, lane.is_failing))
        });
        let mut ours: Vec<_> = ours.collect();
        ours.sort_unstable();
        prop_assert_eq!(ours, lanes, "the lanes");
        Ok(())
    }

    async fn compare_deliveries(
        &self,
        store: &Handle,
        hook: usize,
        status: Option<Status>,
        expected: &Reference,
    ) -> Checked {
        let filter =
            Filter { status, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit: 10_000 };
        let page = store.deliveries(self.workspace, self.hooks[hook], &filter).await.map_err(failed)?;
        let shown: Vec<_> = page.deliveries.iter().map(shown).collect();
        let of_hook = expected.deliveries.iter().rev().filter(|((_, of), _)| *of == hook);
        let should: Vec<_> = of_hook
            .filter(|(_, it)| status.is_none_or(|status| it.status == status))
            .map(|(key, it)| {
                let next_ms = it.row.filter(|row| row.holder.is_none()).map(|row| row.next_ms);
                (self.id(*key), it.status, next_ms, it.attempts.clone())
            })
            .collect();
        prop_assert_eq!(shown, should, "the deliveries of webhook {} with status {:?}", hook, status);
        Ok(())
    }

    /// At last everything that waits can be sent, and the rows are erased.
    pub(crate) async fn end_well<const SHARED: bool>(mut self, mut state: Reference) -> Checked {
        for hook in 0..HOOKS {
            if !state.hooks[hook].deleted {
                let resume = Transition::Switch { hook, active: true };
                state = self.step::<SHARED>(state, &resume).await?;
            }
        }
        state = self.step::<SHARED>(state, &Transition::Pass { ms: 73 * 3_600_000 }).await?;
        let claim = Transition::Claim { node: 0, rows: [10_000; HOOKS] };
        state = self.step::<SHARED>(state, &claim).await?;
        let ends = (0..state.claims.len()).filter(|claim| state.is_held(*claim)).map(End::success);
        let finish = Transition::Finish { node: 0, ends: ends.collect() };
        state = self.step::<SHARED>(state, &finish).await?;
        prop_assert!(state.live().all(|(_, it)| it.row.is_none()));
        for hook in 0..HOOKS {
            if !state.hooks[hook].deleted {
                state = self.step::<SHARED>(state, &Transition::Delete { hook }).await?;
            }
        }
        state = self.step::<SHARED>(state, &Transition::Pass { ms: 73 * 3_600_000 }).await?;
        self.step::<SHARED>(state, &Transition::KeepHouse { ago_ms: 0 }).await?;
        for node in &self.nodes {
            node.close().await;
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

type Shown = (DeliveryId, Status, Option<i64>, Vec<u16>);

fn shown(delivery: &Delivery) -> Shown {
    let statuses = delivery.attempts.iter().filter_map(|attempt| attempt.response_status);
    (delivery.id, delivery.status, delivery.next_ms, statuses.collect())
}

/// An event whose id and body tell its number and its time.
fn event(n: usize, now_ms: i64) -> NewEvent {
    let id: EventId = format!("evt_{now_ms:012x}7{:03x}8000{n:012x}", n % 0x1000).parse().unwrap();
    NewEvent { id, kind: EventKind::LookupCompleted, body: body(id).into_bytes().into(), traceparent: None }
}

fn body(id: EventId) -> String {
    format!("{{\"id\":\"{id}\"}}")
}

fn sealed(secret: u8) -> Sealed {
    Sealed::from_bytes(vec![secret])
}

fn secrets(secrets: &Secrets) -> (u8, Option<(u8, i64)>) {
    let previous = secrets.previous.as_ref().map(|(sealed, until_ms)| (sealed.as_bytes()[0], *until_ms));
    (secrets.current.as_bytes()[0], previous)
}
