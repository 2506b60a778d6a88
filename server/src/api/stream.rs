//! A webhook's deliveries as they happen, as server-sent events. They are read from the database, so any node tells of
//! what any other does.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Credential;
use super::deliveries::{DeliveryView, event, status};
use super::error::{ErrorBody, Errors};
use super::json::Params;
use super::webhooks::find;
use super::{ApiError, App};
use crate::model::api_key::ApiKey;
use crate::model::delivery::Delivery;
use crate::model::ids::{DeliveryId, KeyId, WebhookId, WorkspaceId};
use crate::store::{Filter, Head};

/// How many of the newest deliveries are watched.
const WATCHED: usize = 50;
/// How often they are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// After how many looks the caller's key or session is looked at again.
const RECHECK: usize = 5;
/// After how long a silent stream says that it goes on.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many streams a key has at most, a workspace with all its keys, and a node.
const PER_KEY: usize = 8;
const PER_WORKSPACE: usize = 64;
const PER_NODE: usize = 256;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream))
}

/// Who listens, on this node: how many streams of which key.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<Listener, usize>>>);

/// Which key of which workspace.
type Listener = (WorkspaceId, KeyId);

/// A place among those who listen; dropped, it is free again.
#[derive(Debug)]
struct Place(Streams, Listener);

impl Streams {
    fn enter(&self, key: Listener) -> Result<Place, ApiError> {
        let mut streams = self.lock();
        if streams.values().sum::<usize>() >= PER_NODE {
            return Err(ApiError::Unavailable("too many listen to this node: try again later".into()));
        }
        let of_workspace = streams.iter().filter(|((workspace, _), _)| *workspace == key.0);
        let of_workspace: usize = of_workspace.map(|(_, streams)| streams).sum();
        let of_key = streams.get(&key).copied().unwrap_or_default();
        if of_key >= PER_KEY || of_workspace >= PER_WORKSPACE {
            return Err(ApiError::RateLimited { retry_after_s: LOOK.as_secs() });
        }
        streams.insert(key, of_key + 1);
        Ok(Place(self.clone(), key))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Listener, usize>> {
        // Counting can't panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.0.lock();
        if let Some(of_key) = streams.get_mut(&self.1) {
            *of_key -= 1;
            if *of_key == 0 {
                streams.remove(&self.1);
            }
        }
    }
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
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
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
    let (sender, body) = Channel::<Bytes, Infallible>::new(1);
    // Dropped with the body: once nobody reads, nobody looks.
    let gone = CancellationToken::new();
    let guard = gone.clone().drop_guard();
    let body = Body::new(body.map_frame(move |frame| {
        let _ = &guard;
        frame
    }));
    let stopping = app.stopping.clone();
    let watcher =
        Watcher { app, webhook, filter, credential, seen: Vec::new(), told: Instant::now(), sender };
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            () = gone.cancelled() => {}
            () = stopping.cancelled() => {}
            ended = watcher.watch() => if let Err(error) = ended {
                tracing::debug!(?error, "a stream of deliveries ended");
            },
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that gathers answers would keep it all to itself.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
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
    credential: Credential,
    /// What was told, newest first.
    seen: Vec<Head>,
    /// When something was.
    told: Instant,
    sender: Sender<Bytes, Infallible>,
}

impl Watcher {
    async fn watch(mut self) -> Result<(), ApiError> {
        // How long a browser waits before it asks again, in milliseconds.
        self.tell("retry: 2000\n\n".into()).await?;
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for n in 0_usize.. {
            looks.tick().await;
            if n % RECHECK == RECHECK - 1 && self.credential.key(&self.app).await?.is_none() {
                break;
            }
            self.look().await?;
            if self.told.elapsed() >= KEEP_ALIVE {
                self.tell(": nothing new\n\n".into()).await?;
            }
        }
        Ok(())
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
            self.tell(format!("event: gone\ndata: {{\"id\":\"{id}\"}}\n\n")).await?;
        }
        for delivery in self.read(&changed).await? {
            let id = delivery.id;
            let json = serde_json::to_string(&DeliveryView::new(delivery)?).map_err(|error| {
                tracing::error!(%error, delivery = %id, "a delivery could not be serialised");
                ApiError::Internal
            })?;
            // The body stands in it as it was kept; a line break would end the field.
            let data = json.replace('\n', "\ndata: ");
            self.tell(format!("id: {id}\nevent: delivery\ndata: {data}\n\n")).await?;
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

    async fn tell(&mut self, text: String) -> Result<(), ApiError> {
        self.told = Instant::now();
        let told = self.sender.send_data(text.into()).await;
        told.map_err(|_| ApiError::Unavailable("nobody reads any more".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_free_again() {
        let streams = Streams::default();
        let workspace = WorkspaceId::new(1);
        let key = (workspace, KeyId::new(1));
        let mut places: Vec<Place> = (0..PER_KEY).map(|_| streams.enter(key).unwrap()).collect();
        assert!(matches!(streams.enter(key), Err(ApiError::RateLimited { .. })));
        places.pop();
        places.push(streams.enter(key).unwrap());
        let fill = |workspace: WorkspaceId, places: usize| -> Vec<Place> {
            (0..places).map(|_| streams.enter((workspace, KeyId::new(1))).unwrap()).collect()
        };
        // One workspace leaves room for others, however many keys it makes.
        places.extend(fill(workspace, PER_WORKSPACE - PER_KEY));
        assert!(matches!(streams.enter((workspace, KeyId::new(1))), Err(ApiError::RateLimited { .. })));
        for n in 1..PER_NODE / PER_WORKSPACE {
            places.extend(fill(WorkspaceId::new(1 + n as i64), PER_WORKSPACE));
        }
        let late = (WorkspaceId::new(9), KeyId::new(1));
        assert!(matches!(streams.enter(late), Err(ApiError::Unavailable(_))));
        drop(places);
        assert!(streams.lock().is_empty());
    }
}
