//! Publishing events: the door at which an event is checked and serialised, once.

use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use encrata_webhooks::{Envelope, EventData, EventKind};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Errors};
use super::json::{Body, BodyList, MaxBytes, quotable};
use super::webhooks::known_events;
use super::{ApiError, App};
use crate::clock::{now_ms, parse_rfc3339, rfc3339_s};
use crate::metrics::METRICS;
use crate::model::api_key::ApiKey;
use crate::model::event::{
    Accepted, Idempotency, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES, MAX_IDEMPOTENCY_KEY_BYTES,
    NewBatch, NewEvent,
};
use crate::model::ids::{EventId, WorkspaceId};
use crate::trace;

/// What a request of one event may weigh: the envelope's limit and room for its JSON to be written loosely.
const MAX_REQUEST_BYTES: usize = 2 * MAX_EVENT_BYTES;

pub(super) fn router() -> OpenApiRouter<App> {
    let one = OpenApiRouter::new().routes(routes!(publish)).layer(Extension(MaxBytes(MAX_REQUEST_BYTES)));
    let batch =
        OpenApiRouter::new().routes(routes!(publish_batch)).layer(Extension(MaxBytes(MAX_BATCH_BYTES)));
    one.merge(batch)
}

/// An event to be published.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct EventInput {
    /// Whose event it is; the key's own workspace when absent.
    workspace_id: Option<String>,
    /// The event's type.
    #[schema(value_type = String, example = "lookup.completed")]
    event: Option<String>,
    /// What happened, with the fields of that type. More fields are passed on as they are. Integers of up to
    /// 64 bits are kept exactly; other numbers are IEEE 754 doubles (RFC 8259 section 6), so send longer ones as text.
    #[schema(value_type = Map<String, Value>, example = json!({"email": "ada@example.com", "lookup_id": "lu_42"}))]
    data: Option<Map<String, Value>>,
    /// When it happened (RFC 3339); now, when absent. Sent as UTC in whole seconds.
    #[schema(format = DateTime)]
    created_at: Option<String>,
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes")]
struct IdempotencyHeader {
    /// Makes the request safe to repeat for 72 hours: the same key again gets the same answer, and nothing new
    /// is published. 1 to 255 visible ASCII characters.
    #[param(rename = "Idempotency-Key", required = false)]
    idempotency_key: Option<String>,
}

/// Publish an event
///
/// Once this answers 202 the event is on disk and will be delivered to every webhook that subscribes to it.
#[utoipa::path(
    post, path = "/events", operation_id = "publish_event", tag = "events",
    security(("key" = [])), params(IdempotencyHeader),
    request_body = EventInput,
    responses(
        (status = 202, description = "Accepted", body = Accepted),
        (status = 409, description = "The idempotency key was used for another request", body = ErrorBody),
        Errors,
    )
)]
async fn publish(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    headers: HeaderMap,
    Body(input): Body<EventInput>,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let mut accepted = record(&app, &key, &headers, vec![input], None).await?;
    // One event has one answer; an idempotency key of a batch is refused by its hash.
    let first = accepted.pop().ok_or(ApiError::Internal)?;
    Ok((StatusCode::ACCEPTED, Json(first)))
}

/// Publish events
///
/// Up to 1,000 events of one workspace, all or none: when one is refused, nothing is published. One
/// idempotency key covers them all.
#[utoipa::path(
    post, path = "/events/batch", operation_id = "publish_events", tag = "events",
    security(("key" = [])), params(IdempotencyHeader),
    request_body = Vec<EventInput>,
    responses(
        (status = 202, description = "Accepted, in the order of the request", body = Vec<Accepted>),
        (status = 409, description = "The idempotency key was used for another request", body = ErrorBody),
        Errors,
    )
)]
async fn publish_batch(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    headers: HeaderMap,
    BodyList(inputs): BodyList<EventInput>,
) -> Result<(StatusCode, Json<Vec<Accepted>>), ApiError> {
    if inputs.is_empty() || inputs.len() > MAX_BATCH_EVENTS {
        let why = format!("the batch has {} events: send from 1 to {MAX_BATCH_EVENTS}", inputs.len());
        return Err(ApiError::BadRequest(why));
    }
    let size = inputs.len();
    let accepted = record(&app, &key, &headers, inputs, Some(size)).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

/// Checks and records events. `batch` is the number of events of a batch; none for a single event.
async fn record(
    app: &App,
    key: &ApiKey,
    headers: &HeaderMap,
    inputs: Vec<EventInput>,
    batch: Option<usize>,
) -> Result<Vec<Accepted>, ApiError> {
    let (began, now_ms) = (Instant::now(), now_ms());
    let idempotency_key = idempotency_key(headers)?;
    let incoming = traceparent(headers);
    let span = trace::publish(incoming.as_deref(), inputs.len());
    let traceparent = span.traceparent().or(incoming);
    let workspace_id = workspace(app, key, &inputs).await?;
    let mut events = Vec::with_capacity(inputs.len());
    // What the request means, without the time at which it came: a repeated one must compare equal.
    let mut parts: Vec<Vec<u8>> =
        vec![batch.map_or_else(|| "one".into(), |size| format!("batch {size}")).into()];
    for (index, input) in inputs.into_iter().enumerate() {
        let at = |error: String| match batch {
            Some(_) => ApiError::BadRequest(format!("event {index} of the batch: {error}")),
            None => ApiError::BadRequest(error),
        };
        let said = input.created_at.clone().unwrap_or_default();
        let event = checked(input, now_ms).map_err(at)?;
        if idempotency_key.is_some() {
            let data = serde_json::to_vec(&event.data).map_err(|error| at(error.to_string()))?;
            parts.extend([event.kind.as_str().into(), data, said.into()]);
        }
        let body = Envelope::to_bytes(event.kind.as_str(), &event.data, &rfc3339_s(event.created_ms))
            .map_err(|error| at(error.to_string()))?;
        if body.len() > MAX_EVENT_BYTES {
            let why = format!("the event is {} bytes long; the limit is {MAX_EVENT_BYTES}", body.len());
            return Err(ApiError::TooLarge(why));
        }
        let traceparent = traceparent.clone();
        events.push(NewEvent { id: EventId::new(now_ms), kind: event.kind, body: body.into(), traceparent });
    }
    let idempotency = idempotency_key.map(|key| Idempotency::new(key, parts.iter().map(Vec::as_slice)));
    let batch = NewBatch { workspace_id, events, idempotency, now_ms };
    let accepted = app.recorder.record(batch).await??.accepted();
    METRICS.publish.observe(began.elapsed().as_secs_f64());
    Ok(accepted)
}

struct Checked {
    kind: EventKind,
    data: Map<String, Value>,
    created_ms: i64,
}

fn checked(input: EventInput, now_ms: i64) -> Result<Checked, String> {
    let name = input.event.ok_or("event is missing: name the event's type")?;
    let kind: Option<EventKind> = name.parse().ok();
    let kind = kind.filter(|kind| kind.is_subscribable()).ok_or_else(|| {
        let shown = quotable(&name);
        format!("'{shown}' is not an event that can be published: it is one of {}", known_events())
    })?;
    let data = input.data.ok_or("data is missing: send the event's fields as a JSON object")?;
    EventData::check(kind, &data).map_err(|error| format!("data does not fit {kind}: {error}"))?;
    let created_ms = match &input.created_at {
        None => now_ms,
        Some(text) => parse_rfc3339(text).filter(|ms| (0..=MAX_TIME_MS).contains(ms)).ok_or_else(|| {
            let shown = quotable(text);
            format!("created_at '{shown}' is not an RFC 3339 time like 2026-01-01T00:00:00Z")
        })?,
    };
    Ok(Checked { kind, data, created_ms })
}

/// The end of the year 9999, the last that RFC 3339 can write.
const MAX_TIME_MS: i64 = 253_402_300_799_999;

/// The one workspace that all events are for.
async fn workspace(app: &App, key: &ApiKey, inputs: &[EventInput]) -> Result<WorkspaceId, ApiError> {
    let mut named = inputs.iter().map(|input| input.workspace_id.as_deref());
    let first = named.next().flatten();
    if named.any(|other| other != first) {
        return Err(ApiError::BadRequest("a batch is of one workspace: split it by workspace_id".into()));
    }
    let Some(text) = first else { return Ok(key.workspace_id) };
    let unknown = || ApiError::BadRequest("workspace_id is not the id of a workspace on this server".into());
    let id: WorkspaceId = text.parse().map_err(|_| unknown())?;
    if id != key.workspace_id && !app.known.workspace(&app.store, id).await? {
        return Err(unknown());
    }
    Ok(id)
}

/// The caller's trace context (W3C Trace Context, section 3.2), to be carried to receivers. One that is not well formed is
/// ignored, as the recommendation says.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("traceparent").iter();
    let text = values.next()?.to_str().ok().filter(|_| values.next().is_none())?;
    let lower_hex = |part: &str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = text.split('-').collect();
    let [version @ "00", trace, parent, flags] = parts[..] else { return None };
    let lengths = [version, trace, parent, flags].map(str::len) == [2, 32, 16, 2];
    let zero = |part: &str| part.bytes().all(|b| b == b'0');
    (lengths && lower_hex(trace) && lower_hex(parent) && lower_hex(flags) && !zero(trace) && !zero(parent))
        .then(|| text.to_owned())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let visible = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
    let fits = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&value.len()) && visible(value.as_bytes());
    match value.to_str() {
        Ok(text) if fits && values.next().is_none() => Ok(Some(text.to_owned())),
        _ => Err(ApiError::BadRequest(format!(
            "Idempotency-Key must be given once and have 1 to {MAX_IDEMPOTENCY_KEY_BYTES} visible ASCII characters"
        ))),
    }
}
