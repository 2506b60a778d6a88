//! A webhook's deliveries as they happen, as server-sent events. They are read from the database, so any node tells of
//! what any other does.

use std::collections::HashMap;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Credential;
use super::deliveries::{DeliveryView, event, status};
use super::error::{ErrorBody, Errors};
use super::json::Params;
use super::sse::{self, StreamEvent, Teller};
use super::webhooks::find;
use super::{ApiError, App};
use crate::model::api_key::ApiKey;
use crate::model::delivery::Delivery;
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};
use crate::store::{Filter, Head};

/// How many of the newest deliveries are watched.
const WATCHED: usize = 50;
/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct StreamParams {
    /// Which webhook.
    #[param(required = true)]
    webhook_id: Option<String>,
    /// Only `pending`, `success` or `failed` ones.
    status: Option<String>,
    /// Only those of this event type.
    event: Option<String>,
}

/// Watch deliveries
///
/// Server-sent events, for `EventSource`. The webhook's newest 50 deliveries are watched, with a filter those among its
/// newest 1,000. All of them come at the beginning, and once a second what is new or has changed, oldest first:
/// `event: delivery` with the delivery as in the list, or `event: gone` with `{"id"}` for one that does not fit the
/// filter any more. What is more than that within a second is only in the list. The stream ends with the session or key
/// and when the server stops. It counts as one request. A key has 8 streams at most, a workspace 64, a node 256.
#[utoipa::path(
    get, path = "/webhooks/deliveries/stream", operation_id = "watch_deliveries", tag = "deliveries",
    security(("key" = []), ("session" = [])),
    params(StreamParams),
    responses(
        (status = 200, description = "The stream", body = StreamEvent, content_type = "text/event-stream"),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn stream(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Extension(credential): Extension<Credential>,
    Params(params): Params<StreamParams>,
) -> Result<Response, ApiError> {
    let filter = Filter {
        status: status(params.status.as_deref())?,
        event: event(params.event.as_deref())?,
        since_ms: 0,
        until_ms: i64::MAX,
        before: None,
        limit: WATCHED,
    };
    let webhook = find_webhook(&app, &key, params.webhook_id.as_deref()).await?;
    let place = app.streams.enter((key.workspace_id, key.id))?;
    Ok(sse::stream(&app.clone(), place, credential, |teller| {
        Watcher { app, webhook, filter, seen: Vec::new(), teller }.watch()
    }))
}

async fn find_webhook(
    app: &App,
    key: &ApiKey,
    named: Option<&str>,
) -> Result<(WorkspaceId, WebhookId), ApiError> {
    if named.is_none_or(str::is_empty) {
        return Err(ApiError::BadRequest("webhook_id is missing: name the webhook".into()));
    }
    let webhook = find(app, key, named).await?;
    Ok((webhook.workspace_id, webhook.id))
}

/// Looks again and again, and tells what is new.
struct Watcher {
    app: App,
    webhook: (WorkspaceId, WebhookId),
    filter: Filter,
    /// What was told, newest first.
    seen: Vec<Head>,
    teller: Teller,
}

impl Watcher {
    async fn watch(mut self) -> Result<(), ApiError> {
        // How long a browser waits before it asks again, in milliseconds.
        self.teller.tell(&self.app, "retry: 2000\n\n".into()).await?;
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.teller.go_on(&self.app).await?;
            self.look().await?;
        }
    }

    /// Tells what is not as it was at the last look.
    async fn look(&mut self) -> Result<(), ApiError> {
        let (workspace_id, webhook_id) = self.webhook;
        let heads = self.app.store.newest(workspace_id, webhook_id, &self.filter).await?;
        let before: HashMap<DeliveryId, &Head> = self.seen.iter().map(|head| (head.id, head)).collect();
        let changed: Vec<DeliveryId> =
            heads.iter().filter(|head| before.get(&head.id) != Some(head)).map(|head| head.id).collect();
        // What is older than all that is watched has only been pushed out by what is newer.
        let oldest = heads.last().filter(|_| heads.len() == WATCHED).map(|head| head.id);
        let is_there = |id: DeliveryId| heads.iter().any(|head| head.id == id);
        let gone = self
            .seen
            .iter()
            .map(|head| head.id)
            .filter(|id| !is_there(*id) && oldest.is_none_or(|oldest| *id > oldest));
        for id in gone.collect::<Vec<_>>() {
            self.teller.tell(&self.app, format!("event: gone\ndata: {{\"id\":\"{id}\"}}\n\n")).await?;
        }
        for delivery in self.read(&changed).await? {
            let id = delivery.id;
            let json = serde_json::to_string(&DeliveryView::new(delivery)?).map_err(|error| {
                tracing::error!(%error, delivery = %id, "a delivery could not be serialised");
                ApiError::Internal
            })?;
            // The body stands in it as it was kept; a line break would end the field.
            let data = json.replace('\n', "\ndata: ");
            self.teller.tell(&self.app, format!("id: {id}\nevent: delivery\ndata: {data}\n\n")).await?;
        }
        self.seen = heads;
        Ok(())
    }

    /// These deliveries, given newest first and answered oldest first.
    async fn read(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, ApiError> {
        let (Some(newest), Some(oldest)) = (ids.first(), ids.last()) else { return Ok(Vec::new()) };
        let (workspace_id, webhook_id) = self.webhook;
        let (mut found, mut filter) = (Vec::new(), self.filter);
        loop {
            let range = (*oldest, *newest);
            let page = self.app.store.deliveries_between(workspace_id, webhook_id, &filter, range).await?;
            found.extend(page.deliveries.into_iter().filter(|delivery| ids.contains(&delivery.id)));
            filter.before = page.next;
            if filter.before.is_none() {
                break;
            }
        }
        found.reverse();
        Ok(found)
    }
}
