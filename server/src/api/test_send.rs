//! Sending a test event: one attempt, now, and its outcome in the answer.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use encrata_webhooks::{Envelope, EventKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Errors};
use super::json::{Body, quotable};
use super::sent::{SentRequest, signed};
use super::webhooks::find;
use super::{ApiError, App};
use crate::clock::{now_ms, rfc3339_s};
use crate::delivery::request::{Message, SignedRequest};
use crate::model::api_key::ApiKey;
use crate::model::delivery::{Attempt, Status};
use crate::model::event::NewEvent;
use crate::model::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};
use crate::store::TestSend;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(test))
}

/// Which webhook to test, and with what.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
struct TestInput {
    /// Which webhook.
    #[schema(value_type = String)]
    id: Option<String>,
    /// The type of the sample to send, which then has `test: true` in its data; the `test` event when absent.
    event: Option<String>,
}

/// What came of a test send.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Tested {
    /// `delivered` when the receiver answered 2xx, else `failed`.
    status: &'static str,
    /// Where it was sent.
    url: String,
    /// The value of `X-Encrata-Signature`.
    signature: String,
    /// The receiver's status code, if an answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    /// The beginning of the receiver's answer, if one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    /// Why no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The delivery under which it was kept.
    delivery_id: String,
    /// How long it took, in milliseconds.
    duration_ms: i64,
    /// The very request.
    request: SentRequest,
}

/// Send a test event
///
/// Makes one attempt at once, without retries, and answers 200 also when the receiver fails. The attempt is kept
/// among the webhook's deliveries. A workspace has 4 under way at most, a node 64: one more is answered 429.
#[utoipa::path(
    post, path = "/webhooks/test", operation_id = "send_test", tag = "webhooks",
    security(("key" = []), ("session" = [])), request_body = TestInput,
    responses(
        (status = 200, description = "What came of it", body = Tested),
        (status = 404, description = "No such webhook in this workspace", body = ErrorBody),
        Errors,
    )
)]
async fn test(
    State(app): State<App>,
    Extension(key): Extension<ApiKey>,
    Body(input): Body<TestInput>,
) -> Result<Json<Tested>, ApiError> {
    let webhook = find(&app, &key, input.id.as_deref()).await?;
    let place = app.test_sends.enter((key.workspace_id, key.id));
    let place = place.map_err(|_| ApiError::RateLimited { retry_after_s: 1 })?;
    let started_ms = now_ms();
    let event = sample(input.event.as_deref(), started_ms)?;
    let delivery_id = DeliveryId::new(started_ms);
    let message = Message {
        url: &webhook.url,
        event_id: event.id,
        event_type: event.kind.as_str(),
        delivery_id,
        body: Arc::clone(&event.body),
        traceparent: None,
    };
    let request = signed(&app, &webhook, message, started_ms)?;
    let shown = SentRequest::from(&request);
    let signature = request.header("x-encrata-signature").unwrap_or_default().to_owned();

    // On its own: a caller who hangs up meanwhile must not leave an attempt behind that nobody kept, and frees no
    // place.
    let to = (webhook.workspace_id, webhook.id);
    let sending = tokio::spawn(async move {
        let _place = place;
        send_and_keep(app, to, delivery_id, event, request, started_ms).await
    });
    let attempt = sending.await.map_err(|error| {
        tracing::error!(%error, webhook = %webhook.id, "a test send failed");
        ApiError::Internal
    })?;
    Ok(Json(Tested {
        status: if attempt.error.is_none() { "delivered" } else { "failed" },
        url: webhook.url.to_string(),
        signature,
        status_code: attempt.response_status,
        response_body: attempt
            .response_body
            .as_deref()
            .map(|body| String::from_utf8_lossy(body).into_owned()),
        error: attempt.error.filter(|_| attempt.response_status.is_none()),
        delivery_id: delivery_id.to_string(),
        duration_ms: attempt.duration_ms,
        request: shown,
    }))
}

async fn send_and_keep(
    app: App,
    (workspace_id, webhook_id): (WorkspaceId, WebhookId),
    id: DeliveryId,
    event: NewEvent,
    request: SignedRequest,
    started_ms: i64,
) -> Attempt {
    let outcome = app.sender.send(Some(workspace_id), request).await;
    let status = if outcome.is_success() { Status::Success } else { Status::Failed };
    let attempt = Attempt::new(started_ms, now_ms(), outcome);
    let sent = TestSend { workspace_id, webhook_id, id, event: &event, status, attempt: &attempt };
    if let Err(error) = app.store.record_test(&sent, started_ms).await {
        // It was sent: an error now would make the client send it again.
        tracing::error!(%error, webhook = %webhook_id, "a test send could not be kept");
    }
    attempt
}

fn sample(name: Option<&str>, now_ms: i64) -> Result<NewEvent, ApiError> {
    let kind = match name {
        None => EventKind::Test,
        Some(name) => name.parse().map_err(|_| {
            let shown = quotable(name);
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            ApiError::BadRequest(format!("'{shown}' is not an event: it is one of {known}"))
        })?,
    };
    let mut data = kind.sample();
    if kind != EventKind::Test {
        data.insert("test".into(), Value::Bool(true));
    }
    let body = Envelope::to_bytes(kind.as_str(), &data, &rfc3339_s(now_ms)).map_err(|error| {
        tracing::error!(%error, %kind, "a sample could not be serialised");
        ApiError::Internal
    })?;
    Ok(NewEvent { id: EventId::new(now_ms), kind, body: body.into(), traceparent: None })
}
