//! Deliveries: what was sent and what came of it, and sending again.

use axum::extract::{OriginalUri, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use encrata_webhooks::EventKind;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::form_urlencoded;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Errors};
use super::json::{Body, Params, id, unknown};
use super::sent::{self, SentRequest};
use super::{ApiError, App};
use crate::clock::{parse_rfc3339, rfc3339_ms};
use crate::model::api_key::ApiKey;
use crate::model::delivery::{Attempt, Delivery, Status};
use crate::model::ids::{DeliveryId, WebhookId};
use crate::store::Filter;

/// How many deliveries a page has, unless asked otherwise.
const DEFAULT_LIMIT: usize = 50;
/// How many it may have.
const MAX_LIMIT: usize = 500;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry))
}

/// One event on its way to one webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Delivery")]
pub(super) struct DeliveryView {
    /// The delivery's id.
    #[schema(format = Uuid)]
    id: String,
    /// Where it goes.
    #[schema(format = Uuid)]
    webhook_id: String,
    /// Which event it carries: the receiver's `webhook-id`.
    event_id: String,
    /// The event's type.
    event_type: String,
    /// The body that is sent.
    #[schema(value_type = Object)]
    payload: Box<RawValue>,
    /// `pending`, `success` or `failed`.
    status: &'static str,
    /// How many attempts were made.
    attempts: usize,
    /// The status code of the last answer; absent before the first attempt and when none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<u16>,
    /// The beginning of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// When the last attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_attempt_at: Option<String>,
    /// When the event was accepted.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the next attempt is due; absent when there will be none, or while one is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Every attempt, oldest first.
    attempt_log: Vec<AttemptView>,
    /// The request of the last attempt, or of the one to come. Only where one delivery is asked for by its `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<SentRequest>,
}

/// One attempt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "Attempt")]
struct AttemptView {
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// How long it took, in milliseconds.
    duration_ms: i64,
    /// The status code, if an answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<u16>,
    /// The beginning of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        Self {
            started_at: rfc3339_ms(attempt.started_ms),
            duration_ms: attempt.duration_ms,
            response_status: attempt.response_status,
            response_body: attempt
                .response_body
                .as_deref()
                .map(|body| String::from_utf8_lossy(body).into_owned()),
            error: attempt.error.clone(),
        }
    }
}

impl DeliveryView {
    pub(super) fn new(mut delivery: Delivery) -> Result<Self, ApiError> {
        let (id, body) = (delivery.id, std::mem::take(&mut delivery.body));
        let broken = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, delivery = %id, "a kept body is not JSON");
            ApiError::Internal
        };
        let body = String::from_utf8(body).map_err(|error| broken(&error))?;
        let payload = RawValue::from_string(body).map_err(|error| broken(&error))?;
        let attempt_log: Vec<AttemptView> = delivery.attempts.iter().map(AttemptView::from).collect();
        let last = delivery.attempts.last().map(AttemptView::from);
        let (response_status, response_body, last_attempt_at, error) = last
            .map_or((None, None, None, None), |last| {
                (last.response_status, last.response_body, Some(last.started_at), last.error)
            });
        Ok(Self {
            id: delivery.id.to_string(),
            webhook_id: delivery.webhook_id.to_string(),
            event_id: delivery.event_id.to_string(),
            event_type: delivery.event_type,
            payload,
            status: delivery.status.as_str(),
            attempts: attempt_log.len(),
            response_status,
            response_body,
            last_attempt_at,
            created_at: rfc3339_ms(delivery.created_ms),
            next_attempt_at: delivery.next_ms.map(rfc3339_ms),
            error,
            attempt_log,
            request: None,
        })
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Which webhook. May be absent with `id`.
    webhook_id: Option<String>,
    /// Only this delivery, as one object, with its `request`.
    id: Option<String>,
    /// With `id`: signs the `request` as of now, as sending it again would, and not as of its last attempt.
    fresh: Option<bool>,
    /// How many, 1 to 500; 50 when absent.
    limit: Option<usize>,
    /// Only `pending`, `success` or `failed` ones.
    status: Option<String>,
    /// Only those of this event type.
    event: Option<String>,
    /// Only those accepted at this time (RFC 3339) or later.
    since: Option<String>,
    /// Only those accepted before this time (RFC 3339).
    until: Option<String>,
    /// Where the page before ended: from its `Link` header.
    cursor: Option<String>,
}

/// List deliveries
///
/// A webhook's deliveries, newest first; with `id`, one of them. When there are more, the `Link` header names the next
/// page with `rel="next"`. A page holds 8 MiB of bodies at most, so it may be shorter than asked for.
#[utoipa::path(
    get, path = "/webhooks/deliveries", operation_id = "list_deliveries", tag = "deliveries",
    security(("key" = []), ("session" = [])), params(ListParams),
    responses(
        (status = 200, description = "Deliveries, newest first, or the one", body = inline(OneOrAll),
            headers(("Link" = String, description = "The next page, if there is one"))),
        (status = 404, description = "No such webhook or delivery in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn list(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    OriginalUri(uri): OriginalUri,
    Params(params): Params<ListParams>,
) -> Result<Response, ApiError> {
    let webhook_id = webhook_of(&app, &key, &params).await?;
    let filter = filter(&params)?;
    let webhook = app.store.webhook(key.workspace_id, webhook_id).await?.ok_or_else(|| unknown("webhook"))?;
    if params.id.is_some() {
        let delivery_id = id(params.id.as_deref(), "id", "delivery")?;
        let delivery = app.store.delivery(key.workspace_id, webhook_id, delivery_id).await?;
        let delivery = delivery.ok_or_else(|| unknown("delivery"))?;
        let request =
            Some(sent::of(&app, key.role, &webhook, &delivery, params.fresh.unwrap_or(false)).await?);
        return Ok(Json(DeliveryView { request, ..DeliveryView::new(delivery)? }).into_response());
    }
    let page = app.store.deliveries(key.workspace_id, webhook_id, &filter).await?;
    let deliveries: Vec<DeliveryView> =
        page.deliveries.into_iter().map(DeliveryView::new).collect::<Result<_, _>>()?;
    let link = page.next.map(|cursor| [(header::LINK, next_link(&uri, cursor))]);
    Ok((link, Json(deliveries)).into_response())
}

#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes")]
enum OneOrAll {
    All(Vec<DeliveryView>),
    One(Box<DeliveryView>),
}

/// The webhook that is asked for, by its own id or by that of a delivery.
async fn webhook_of(app: &App, key: &ApiKey, params: &ListParams) -> Result<WebhookId, ApiError> {
    match (params.webhook_id.as_deref(), params.id.as_deref()) {
        (None | Some(""), Some(delivery)) => {
            let delivery = id(Some(delivery), "id", "delivery")?;
            let webhook = app.store.webhook_of_delivery(key.workspace_id, delivery).await?;
            webhook.ok_or_else(|| unknown("delivery"))
        }
        (webhook, _) => id(webhook, "webhook_id", "webhook"),
    }
}

fn filter(params: &ListParams) -> Result<Filter, ApiError> {
    let bad = |text: String| ApiError::BadRequest(text);
    let limit = params.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(bad(format!("limit is {limit}: it must be from 1 to {MAX_LIMIT}")));
    }
    let before = params.cursor.as_deref().map(|text| {
        text.parse()
            .map_err(|_| bad("cursor is not one that this server gave: take it from the Link header".into()))
    });
    Ok(Filter {
        status: status(params.status.as_deref())?,
        event: event(params.event.as_deref())?,
        since_ms: time(params.since.as_deref(), "since")?.unwrap_or(0),
        until_ms: time(params.until.as_deref(), "until")?.unwrap_or(i64::MAX),
        before: before.transpose()?,
        limit,
    })
}

/// Reads a status.
pub(super) fn status(text: Option<&str>) -> Result<Option<Status>, ApiError> {
    let bad = || ApiError::BadRequest("status must be pending, success or failed".into());
    text.map(|text| Status::parse(text).ok_or_else(bad)).transpose()
}

/// Reads an event type.
pub(super) fn event(text: Option<&str>) -> Result<Option<EventKind>, ApiError> {
    let bad = |_| {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        ApiError::BadRequest(format!("event must be one of {known}"))
    };
    text.map(|text| text.parse().map_err(bad)).transpose()
}

/// Reads a time.
pub(super) fn time(text: Option<&str>, name: &str) -> Result<Option<i64>, ApiError> {
    let read = |text: &str| {
        // In a query an unescaped + is a space: an offset like +02:00 arrives so.
        parse_rfc3339(&text.replace(' ', "+")).ok_or_else(|| {
            ApiError::BadRequest(format!("{name} must be an RFC 3339 time like 2026-01-01T00:00:00Z"))
        })
    };
    text.map(read).transpose()
}

/// The request's own URL with another cursor (RFC 8288).
fn next_link(uri: &axum::http::Uri, cursor: DeliveryId) -> String {
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", &cursor.to_string());
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())
}

/// What to send again: one delivery, or all of a webhook that failed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct RetryInput {
    /// One delivery, whatever came of it.
    id: Option<String>,
    /// All failed deliveries of this webhook …
    webhook_id: Option<String>,
    /// … whose event was accepted at this time (RFC 3339) or later.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Instead of what failed, what was never sent: events that came while the webhook was paused, switched off or did
    /// not subscribe to them.
    missed: Option<bool>,
}

/// How many deliveries were queued.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Resent {
    /// `queued`.
    status: &'static str,
    /// How many deliveries are on their way again.
    deliveries: u64,
}

/// Resend deliveries
///
/// Queues one delivery (`id`), all of a webhook that failed for good (`webhook_id` and `since`), or all that it missed
/// (`missed: true` beside these). Events carry the same `webhook-id` as before, and their retry schedule starts again.
#[utoipa::path(
    post, path = "/webhooks/deliveries/retry", operation_id = "resend_deliveries", tag = "deliveries",
    security(("key" = []), ("session" = [])),
    request_body = RetryInput,
    responses(
        (status = 202, description = "Queued", body = Resent),
        (status = 404, description = "No such delivery or webhook in this workspace", body = ErrorBody),
        (status = 409, description = "The webhook is paused, or the delivery is being sent just now", body = ErrorBody),
        Errors,
    )
)]
async fn retry(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(input): Body<RetryInput>,
) -> Result<(StatusCode, Json<Resent>), ApiError> {
    let workspace_id = key.workspace_id;
    let deliveries = match (&input.id, &input.webhook_id, &input.since) {
        (Some(one), None, None) => {
            let delivery_id: DeliveryId = id(Some(one), "id", "delivery")?;
            let webhook_id = app.store.webhook_of_delivery(workspace_id, delivery_id).await?;
            let webhook_id = webhook_id.ok_or_else(|| unknown("delivery"))?;
            refuse_paused(&app, &key, webhook_id).await?;
            if !app.store.resend(workspace_id, webhook_id, delivery_id).await? {
                return Err(ApiError::Conflict(
                    "the delivery is being sent just now: wait for its outcome".into(),
                ));
            }
            1
        }
        (None, Some(webhook), Some(_)) => {
            let webhook_id: WebhookId = id(Some(webhook), "webhook_id", "webhook")?;
            let since_ms = time(input.since.as_deref(), "since")?.unwrap_or(0);
            refuse_paused(&app, &key, webhook_id).await?;
            if input.missed.unwrap_or(false) {
                app.store.send_missed(workspace_id, webhook_id, since_ms).await?
            } else {
                app.store.resend_failed(workspace_id, webhook_id, since_ms).await?
            }
        }
        _ => {
            let why =
                "send either id, to resend one delivery, or webhook_id and since, to resend all that failed";
            return Err(ApiError::BadRequest(why.into()));
        }
    };
    app.wake.all();
    Ok((StatusCode::ACCEPTED, Json(Resent { status: "queued", deliveries })))
}

/// Nothing is queued for a webhook that gets nothing.
async fn refuse_paused(app: &App, key: &ApiKey, webhook_id: WebhookId) -> Result<(), ApiError> {
    let webhook = app.store.webhook(key.workspace_id, webhook_id).await?.ok_or_else(|| unknown("webhook"))?;
    if webhook.is_active {
        return Ok(());
    }
    Err(ApiError::Conflict(
        "the webhook is paused: resume it first (PUT /api/webhooks with is_active true)".into(),
    ))
}
