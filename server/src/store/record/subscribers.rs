//! Who subscribes to what a group of events brings.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::delivery::Target;
use crate::model::event::{Accepted, NewBatch, NewEvent};
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::store::queue::target;
use crate::store::rows::{Rows, text};
use crate::store::statement::{Statement, Value};
use crate::store::{Store, StoreError, Tx};

/// $1 now.
pub(in crate::store) static SUBSCRIBED: Statement = Statement::new(
    "select s.workspace_id, s.event_type, w.id, w.url, w.secret, w.previous_secret, w.overlap_until_ms,
        w.failing_since_ms,
        cast(case when w.rate_limit is null and w.failing_since_ms is null and w.not_before_ms <= now($1) then 1 else 0 end as bigint) as is_open
     from {rows}
     {seek subscriptions s on s.workspace_id = r.workspace_id and s.event_type = r.event_type}
     {seek webhooks w on w.workspace_id = s.workspace_id and w.id = s.webhook_id and w.is_active = 1 and w.deleted_ms is null}",
)
.with_rows(&[text("workspace_id"), text("event_type")]);

/// A webhook that gets an event.
pub(super) struct Subscriber {
    pub(super) id: WebhookId,
    /// What sending needs; none when nothing can be sent to it at once.
    pub(super) target: Option<Arc<Target>>,
}

/// Who subscribes to what a group brings.
pub(super) struct Subscribed(HashMap<(WorkspaceId, String), Vec<Subscriber>>);

impl Subscribed {
    pub(super) fn of(&self, batch: &NewBatch, event: &NewEvent) -> &[Subscriber] {
        self.0.get(&(batch.workspace_id, event.kind.as_str().to_owned())).map_or(&[], Vec::as_slice)
    }

    pub(super) fn accepted(&self, batch: &NewBatch, event: &NewEvent) -> Accepted {
        let deliveries = u32::try_from(self.of(batch, event).len()).unwrap_or(u32::MAX);
        Accepted { id: event.id.to_string(), deliveries }
    }
}

/// Read inside the transaction, not from a cache: a webhook that was deleted before the event was accepted never
/// gets it.
pub(super) async fn subscribed(
    tx: &mut Tx,
    store: &Store,
    group: &[NewBatch],
) -> Result<Subscribed, StoreError> {
    let mut asked: Vec<(WorkspaceId, &str)> = group
        .iter()
        .flat_map(|batch| batch.events.iter().map(|event| (batch.workspace_id, event.kind.as_str())))
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let mut rows: Rows<'_> = SUBSCRIBED.rows();
    for (workspace_id, kind) in asked {
        rows.push([workspace_id.into(), Value::from(kind)]);
    }
    let rows = SUBSCRIBED.query().bind(&store.clock).bind_rows(rows).all(tx).await?;
    let mut subscribed: HashMap<_, Vec<_>> = HashMap::new();
    let mut targets: HashMap<WebhookId, Option<Arc<Target>>> = HashMap::new();
    for row in &rows {
        let id = row.parse("id")?;
        let target = match targets.get(&id) {
            Some(target) => target.clone(),
            // One that can't be read waits in the queue, where the claim says so.
            None if row.flag("is_open")? => target(row).ok().map(Arc::new),
            None => None,
        };
        targets.insert(id, target.clone());
        let of = (row.parse("workspace_id")?, row.text("event_type")?.to_owned());
        subscribed.entry(of).or_default().push(Subscriber { id, target });
    }
    Ok(Subscribed(subscribed))
}
