//! A group on its way into the tables: events, deliveries with and without a lease, keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::subscribers::{Subscriber, subscribed};
use super::{Admit, RecordError, Recorded, idempotency};
use crate::duration::ms;
use crate::model::delivery::{Claim, Target};
use crate::model::event::{Accepted, MAX_BATCH_DELIVERIES, NewBatch, NewEvent};
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};
use crate::store::rows::{int, text, utf8};
use crate::store::statement::Statement;
use crate::store::{Store, StoreError, Tx};

/// A group on its way into the tables.
pub(super) struct Recording<'a> {
    /// For how long deliveries are leased, and which.
    lease: Option<(Duration, &'a mut dyn Admit)>,
    pub(super) leased: Vec<Leased>,
    /// Whether deliveries wait in the queue.
    pub(super) waiting: bool,
}

/// A delivery that is recorded with a lease.
pub(super) struct Leased {
    workspace_id: WorkspaceId,
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    event: NewEvent,
    created_ms: i64,
    target: Arc<Target>,
}

impl Leased {
    pub(super) fn claim(self, lease_end: Instant) -> Claim {
        Claim {
            workspace_id: self.workspace_id,
            webhook_id: self.webhook_id,
            delivery_id: self.delivery_id,
            event_id: self.event.id,
            event_type: self.event.kind.as_str().to_owned(),
            created_ms: self.created_ms,
            epoch: FIRST_EPOCH,
            attempts: 0,
            step: 0,
            lease_end,
            body: self.event.body,
            traceparent: self.event.traceparent,
            target: self.target,
        }
    }
}

/// A lease that a delivery is recorded with is its first claim.
const FIRST_EPOCH: i64 = 1;

impl<'a> Recording<'a> {
    pub(super) fn new(lease: Option<(Duration, &'a mut dyn Admit)>) -> Self {
        Self { lease, leased: Vec::new(), waiting: false }
    }

    pub(super) async fn run(
        &mut self,
        tx: &mut Tx,
        store: &Store,
        group: &[NewBatch],
    ) -> Result<Vec<Result<Recorded, RecordError>>, StoreError> {
        let subscribed = subscribed(tx, store, group).await?;
        // What each would be answered if it were new; the keys decide which are.
        let mut answers: Vec<Result<Recorded, RecordError>> = group
            .iter()
            .map(|batch| {
                let accepted: Vec<Accepted> =
                    batch.events.iter().map(|event| subscribed.accepted(batch, event)).collect();
                let deliveries = accepted.iter().map(|one| one.deliveries as usize).sum();
                if deliveries > MAX_BATCH_DELIVERIES {
                    return Err(RecordError::TooManyDeliveries { deliveries });
                }
                Ok(Recorded::New(accepted))
            })
            .collect();
        idempotency::settle(tx, group, &mut answers).await?;

        let mut events = EVENTS.rows();
        let mut queue = QUEUE.rows();
        let new = group.iter().zip(&answers).filter(|(_, answer)| matches!(answer, Ok(Recorded::New(_))));
        for (batch, _) in new {
            for event in &batch.events {
                let kind = event.kind.as_str();
                events.push([
                    batch.workspace_id.into(),
                    event.id.into(),
                    kind.into(),
                    (&*event.body).into(),
                    batch.now_ms.into(),
                    event.traceparent.as_deref().into(),
                ]);
                for webhook in subscribed.of(batch, event) {
                    let id = DeliveryId::of(event.id, webhook.id);
                    let leased_ms = self.lease(batch, event, webhook, id);
                    queue.push([
                        batch.workspace_id.into(),
                        webhook.id.into(),
                        id.into(),
                        event.id.into(),
                        kind.into(),
                        batch.now_ms.into(),
                        leased_ms.into(),
                    ]);
                }
            }
        }
        if !events.is_empty() {
            EVENTS.query().bind_rows(events).execute(tx).await?;
        }
        if !queue.is_empty() {
            let owner = &*store.owner;
            QUEUE.query().bind(&store.clock).bind(owner).bind_rows(queue).execute(tx).await?;
        }
        Ok(answers)
    }

    /// Leases a delivery if there is room to send it at once; answers for how long, in milliseconds.
    fn lease(
        &mut self,
        batch: &NewBatch,
        event: &NewEvent,
        webhook: &Subscriber,
        delivery_id: DeliveryId,
    ) -> Option<i64> {
        if let (Some((lease, admit)), Some(target)) = (&mut self.lease, &webhook.target)
            && admit.admit(webhook.id, event.body.len())
        {
            self.leased.push(Leased {
                workspace_id: batch.workspace_id,
                webhook_id: webhook.id,
                delivery_id,
                event: event.clone(),
                created_ms: batch.now_ms,
                target: Arc::clone(target),
            });
            return Some(ms(*lease));
        }
        self.waiting = true;
        None
    }
}

static EVENTS: Statement = Statement::new(
    "insert into events (workspace_id, id, event_type, body, created_ms, traceparent)
     select r.workspace_id, r.id, r.event_type, r.body, r.created_ms, r.traceparent from {rows}",
)
.with_rows(&[
    text("workspace_id"),
    text("id"),
    text("event_type"),
    utf8("body"),
    int("created_ms"),
    text("traceparent"),
]);

/// $1 now, $2 owner of the leased ones. Those without a lease are due now.
static QUEUE: Statement = Statement::new(
    "insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms, owner, epoch)
     select r.workspace_id, r.webhook_id, r.id, r.event_id, r.event_type, r.created_ms,
        now($1) + coalesce(r.leased_ms, 0),
        case when r.leased_ms is not null then $2 end, case when r.leased_ms is null then 0 else 1 end
     from {rows}",
)
.with_rows(&[
    text("workspace_id"),
    text("webhook_id"),
    text("id"),
    text("event_id"),
    text("event_type"),
    int("created_ms"),
    int("leased_ms"),
]);
