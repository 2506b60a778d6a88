//! What has come for a workspace's webhooks, oldest first: for who listens to all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::rows::text;
use super::statement::Statement;
use super::{Store, StoreError};
use crate::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};

/// A delivery that has come, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The delivery.
    pub id: DeliveryId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    /// Which event it carries.
    pub event_id: EventId,
    /// The event's type.
    pub event_type: String,
}

/// What an event carries to each of its receivers.
#[derive(Debug, Clone)]
pub struct Content {
    /// The envelope.
    pub body: Arc<[u8]>,
    /// The trace context of the request that brought it.
    pub traceparent: Option<String>,
}

impl Store {
    /// The deliveries to these webhooks from an id on, oldest first: `limit` at most.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn arrivals(
        &self,
        workspace_id: WorkspaceId,
        webhooks: &[WebhookId],
        from: DeliveryId,
        limit: usize,
    ) -> Result<Vec<Arrival>, StoreError> {
        if webhooks.is_empty() {
            return Ok(Vec::new());
        }
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        // One snapshot: a delivery that is sent between two statements must not be missed.
        let mut tx = self.db.read().await?;
        let mut arrivals = BTreeMap::new();
        for statement in [&ARRIVED, &SENT_SINCE] {
            let mut lanes = statement.rows();
            webhooks.iter().for_each(|webhook| lanes.push([(*webhook).into()]));
            let query = statement.query().bind(workspace_id).bind(from).bind(most).bind_rows(lanes);
            for row in &query.all(&mut tx).await? {
                let arrival = Arrival {
                    id: row.parse("id")?,
                    webhook_id: row.parse("webhook_id")?,
                    event_id: row.parse("event_id")?,
                    event_type: row.text("event_type")?.to_owned(),
                };
                arrivals.insert(arrival.id, arrival);
            }
        }
        Ok(arrivals.into_values().take(limit).collect())
    }

    /// What these events carry.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn contents(
        &self,
        workspace_id: WorkspaceId,
        events: &[EventId],
    ) -> Result<HashMap<EventId, Content>, StoreError> {
        let mut wanted = CONTENTS.rows();
        events.iter().for_each(|id| wanted.push([(*id).into()]));
        let rows = CONTENTS.query().bind(workspace_id).bind_rows(wanted).all(&self.db).await?;
        let mut contents = HashMap::new();
        for row in &rows {
            let traceparent = row.maybe_text("traceparent")?.map(str::to_owned);
            contents.insert(row.parse("id")?, Content { body: row.bytes("body")?.into(), traceparent });
        }
        Ok(contents)
    }
}

// $1 workspace, $2 from this id on, $3 limit; the webhooks.

pub(super) static ARRIVED: Statement = Statement::new(
    "select a.id, a.webhook_id, a.event_id, a.event_type from {rows}
     {seek queue a on a.workspace_id = $1 and a.webhook_id = r.webhook_id and a.id >= $2}
     order by a.id limit $3",
)
.with_rows(&[text("webhook_id")]);

pub(super) static SENT_SINCE: Statement = Statement::new(
    "select a.id, a.webhook_id, a.event_id, a.event_type from {rows}
     {seek deliveries a on a.workspace_id = $1 and a.webhook_id = r.webhook_id and a.id >= $2}
     order by a.id limit $3",
)
.with_rows(&[text("webhook_id")]);

/// $1 workspace; the events.
pub(super) static CONTENTS: Statement = Statement::new(
    "select e.id, e.body, e.traceparent from {rows} {seek events e on e.workspace_id = $1 and e.id = r.id}",
)
.with_rows(&[text("id")]);
