//! All of a workspace's deliveries as requests, as they come: for a developer's machine that no webhook can reach. They are
//! read from the database, so any node tells of all.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use encrata_webhooks::EventKind;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Credential;
use super::deliveries::{event, time};
use super::error::{ErrorBody, Errors};
use super::heard::{Heard, LATE_MS};
use super::json::Params;
use super::sent::{SentRequest, signed};
use super::sse::{self, StreamEvent, Teller};
use super::webhooks::find;
use super::{ApiError, App};
use crate::clock::{now_ms, rfc3339_ms};
use crate::delivery::request::Message;
use crate::model::api_key::{ApiKey, Role};
use crate::model::ids::{DeliveryId, WebhookId};
use crate::model::webhook::Webhook;
use crate::store::{Arrival, Content};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(500);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(listen))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListenParams {
    /// Only deliveries to this webhook; to all of the workspace when absent.
    webhook_id: Option<String>,
    /// Only these event types, separated by commas.
    events: Option<String>,
    /// Also those accepted since this time (RFC 3339); only new ones when absent.
    since: Option<String>,
}

/// How a stream begins.
#[derive(Serialize)]
struct Listening<'a> {
    workspace: &'a str,
    webhooks: usize,
    since: String,
}

/// One delivery, as the request that its receiver gets.
#[derive(Serialize)]
struct Told<'a> {
    id: DeliveryId,
    webhook_id: WebhookId,
    event_id: String,
    event: &'a str,
    request: SentRequest,
}

/// Listen
///
/// Server-sent events for `encrata-webhooks listen`: every delivery of the workspace, whatever becomes of it at its receiver,
/// as the request that is sent. First `event: listening` with `{"workspace", "webhooks", "since"}` (its name, how many
/// webhooks it has, and from when on it tells), then for each `event: delivery` with `{"id", "webhook_id", "event_id",
/// "event", "request": {"url", "headers", "body"}}`, oldest first, signed with the webhook's secret as of now.
/// `Last-Event-ID` goes on behind a delivery, with what came 30 s before it again: an id is older than the moment at which
/// its delivery is there, so know them by their ids.
/// For admins and members. A key has 8 streams at most, a workspace 64, a node 256.
#[utoipa::path(
    get, path = "/webhooks/deliveries/listen", operation_id = "listen", tag = "deliveries",
    security(("key" = []), ("session" = [])),
    params(ListenParams, ("Last-Event-ID" = Option<String>, Header, description = "The last delivery that came")),
    responses(
        (status = 200, description = "The stream", body = StreamEvent, content_type = "text/event-stream"),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn listen(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Extension(credential): Extension<Credential>,
    headers: HeaderMap,
    Params(params): Params<ListenParams>,
) -> Result<Response, ApiError> {
    // Whoever has signed requests can send them to the receiver.
    if key.role == Role::Readonly {
        return Err(ApiError::Forbidden);
    }
    let webhook = match params.webhook_id.as_deref() {
        None | Some("") => None,
        named => Some(find(&app, &key, named).await?.id),
    };
    let events = params.events.as_deref().filter(|list| !list.is_empty());
    let events = events.map(|list| list.split(',').map(|name| event(Some(name.trim()))).collect());
    let events: Option<Vec<Option<EventKind>>> = events.transpose()?;
    let events = events.map(|events| events.into_iter().flatten().map(EventKind::as_str).collect());
    let from = from(&headers, time(params.since.as_deref(), "since")?)?;
    let place = app.streams.enter((key.workspace_id, key.id))?;
    Ok(sse::stream(&app.clone(), place, credential, |teller| {
        Follower { app, key, webhook, events, from, heard: Heard::from(from), teller }.follow()
    }))
}

/// The first id that is told.
fn from(headers: &HeaderMap, since_ms: Option<i64>) -> Result<DeliveryId, ApiError> {
    let Some(last) = headers.get("last-event-id") else {
        return Ok(DeliveryId::floor(since_ms.unwrap_or_else(now_ms)));
    };
    let last: Option<DeliveryId> = last.to_str().ok().and_then(|text| text.parse().ok());
    let last =
        last.ok_or_else(|| ApiError::BadRequest("Last-Event-ID is not the id of a delivery".into()))?;
    Ok(DeliveryId::floor(last.made_ms() - LATE_MS))
}

/// Looks again and again, and tells what has come.
struct Follower {
    app: App,
    key: ApiKey,
    webhook: Option<WebhookId>,
    events: Option<Vec<&'static str>>,
    from: DeliveryId,
    heard: Heard,
    teller: Teller,
}

impl Follower {
    async fn follow(mut self) -> Result<(), ApiError> {
        let workspace = self.app.store.workspace(self.key.workspace_id).await?;
        let workspace = workspace.ok_or(ApiError::Unauthorized)?;
        let webhooks = self.webhooks().await?.len();
        let data = json(&Listening {
            workspace: &workspace.name,
            webhooks,
            since: rfc3339_ms(self.from.made_ms()),
        })?;
        self.teller.tell(&self.app, format!("retry: 1000\nevent: listening\ndata: {data}\n\n")).await?;
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.teller.go_on(&self.app).await?;
            while self.look().await? {
                self.teller.go_on(&self.app).await?;
            }
        }
    }

    async fn webhooks(&self) -> Result<BTreeMap<WebhookId, Webhook>, ApiError> {
        let webhooks = self.app.store.webhooks(self.key.workspace_id).await?;
        let wanted = webhooks.into_iter().filter(|one| self.webhook.is_none_or(|wanted| wanted == one.id));
        Ok(wanted.map(|webhook| (webhook.id, webhook)).collect())
    }

    /// Tells a page of what has come. Answers whether there may be more.
    async fn look(&mut self) -> Result<bool, ApiError> {
        let now_ms = now_ms();
        let (from, limit) = self.heard.next(now_ms);
        let webhooks = self.webhooks().await?;
        let ids: Vec<WebhookId> = webhooks.keys().copied().collect();
        let arrivals = self.app.store.arrivals(self.key.workspace_id, &ids, from, limit).await?;
        let is_wanted = |arrival: &Arrival| {
            self.events.as_ref().is_none_or(|wanted| wanted.contains(&&*arrival.event_type))
        };
        let (page, more) = self.heard.take(&arrivals, |arrival| arrival.id, is_wanted, now_ms);
        let events: Vec<_> = page.iter().map(|arrival| arrival.event_id).collect();
        let contents = self.app.store.contents(self.key.workspace_id, &events).await?;
        for arrival in page {
            // Erased since, or deleted: there is nothing to tell.
            if let (Some(content), Some(webhook)) =
                (contents.get(&arrival.event_id), webhooks.get(&arrival.webhook_id))
            {
                self.tell(arrival, webhook, content).await?;
            }
        }
        Ok(more)
    }

    async fn tell(
        &mut self,
        arrival: &Arrival,
        webhook: &Webhook,
        content: &Content,
    ) -> Result<(), ApiError> {
        let message = Message {
            url: &webhook.url,
            event_id: arrival.event_id,
            event_type: &arrival.event_type,
            delivery_id: arrival.id,
            body: content.body.clone(),
            traceparent: content.traceparent.as_deref(),
        };
        let request = SentRequest::from(&signed(&self.app, webhook, message, now_ms())?);
        let told = Told {
            id: arrival.id,
            webhook_id: arrival.webhook_id,
            event_id: arrival.event_id.to_string(),
            event: &arrival.event_type,
            request,
        };
        // The body is text in it, so no line break ends the field.
        self.teller
            .tell(&self.app, format!("id: {}\nevent: delivery\ndata: {}\n\n", arrival.id, json(&told)?))
            .await
    }
}

fn json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "what a listener is told could not be serialised");
        ApiError::Internal
    })
}
