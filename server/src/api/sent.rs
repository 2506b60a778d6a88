//! The very request of an attempt, as the API shows it: made anew, for what is sent is kept nowhere.

use std::sync::Arc;

use serde::Serialize;

use super::{ApiError, App};
use crate::clock::now_ms;
use crate::delivery::request::{Message, SignedRequest};
use crate::model::api_key::Role;
use crate::model::delivery::Delivery;
use crate::model::webhook::Webhook;

/// A request to a receiver: a `POST`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(title = "SentRequest")]
pub(super) struct SentRequest {
    /// Where to: the webhook's URL at present.
    url: String,
    /// Name and value of each header, in the order in which they are sent. Signatures are made with the secret in force
    /// now, over the body and the time of the attempt: after a rotation they are not the ones that were sent. A reader's
    /// key gets none: with them it could send the event to the receiver itself.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["content-type", "application/json"]]))]
    headers: Vec<(&'static str, String)>,
    /// The exact body.
    body: String,
}

impl From<&SignedRequest> for SentRequest {
    fn from(request: &SignedRequest) -> Self {
        Self {
            url: request.url.to_string(),
            headers: request.headers.clone(),
            // It is JSON that this server wrote.
            body: String::from_utf8_lossy(&request.body).into_owned(),
        }
    }
}

/// The headers that a receiver believes.
const SIGNATURES: [&str; 2] = ["x-encrata-signature", "webhook-signature"];

/// A delivery's request, as a key of this role may see it: that of its last attempt, or of one to come.
pub(super) async fn of(
    app: &App,
    role: Role,
    webhook: &Webhook,
    delivery: &Delivery,
    fresh: bool,
) -> Result<SentRequest, ApiError> {
    let traceparent = app.store.traceparent(webhook.workspace_id, delivery.event_id).await?;
    let message = Message {
        url: &webhook.url,
        event_id: delivery.event_id,
        event_type: &delivery.event_type,
        delivery_id: delivery.id,
        body: Arc::from(delivery.body.as_slice()),
        traceparent: traceparent.as_deref(),
    };
    let last = delivery.attempts.last().filter(|_| !fresh);
    let at_ms = last.map_or_else(now_ms, |last| last.started_ms);
    let mut request = SentRequest::from(&signed(app, webhook, message, at_ms)?);
    if role == Role::Readonly {
        request.headers.retain(|(name, _)| !SIGNATURES.contains(name));
    }
    Ok(request)
}

/// Signs a message to a webhook as of `at_ms`, with the secrets in force now.
pub(super) fn signed(
    app: &App,
    webhook: &Webhook,
    message: Message<'_>,
    at_ms: i64,
) -> Result<SignedRequest, ApiError> {
    let signer = app.signers.get(webhook.workspace_id, webhook.id, &webhook.secrets, now_ms());
    signer.and_then(|signer| SignedRequest::new(message, &signer, at_ms)).map_err(|error| {
        tracing::error!(%error, webhook = %webhook.id, "an event could not be signed");
        ApiError::Internal
    })
}
