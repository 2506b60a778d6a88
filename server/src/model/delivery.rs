//! A delivery: one event on its way to one webhook, and its attempts.

use std::sync::Arc;
use std::time::Instant;

use super::ids::{DeliveryId, EventId, WebhookId, WorkspaceId};
use super::outcome::Outcome;
use super::webhook::{HttpsUrl, Secrets};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waiting for its first or next attempt, or being sent.
    Pending,
    /// A receiver answered 2xx.
    Success,
    /// No attempt is left.
    Failed,
}

impl Status {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }

    /// Reads the API's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Success, Self::Failed].into_iter().find(|status| status.as_str() == text)
    }
}

/// A delivery with its attempts, as the API shows it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The delivery's id.
    pub id: DeliveryId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    /// Which event it carries.
    pub event_id: EventId,
    /// That event's type.
    pub event_type: String,
    /// The envelope's bytes.
    pub body: Vec<u8>,
    /// Where it stands.
    pub status: Status,
    /// When the event was accepted, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// When the next attempt is due, if there will be one.
    pub next_ms: Option<i64>,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One attempt, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, in milliseconds since the Unix epoch.
    pub started_ms: i64,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// The status code, if an answer came.
    pub response_status: Option<u16>,
    /// The beginning of the response body, if an answer came.
    pub response_body: Option<Vec<u8>>,
    /// Why it failed; none on success.
    pub error: Option<String>,
}

impl Attempt {
    /// What is kept of an outcome.
    pub fn new(started_ms: i64, ended_ms: i64, outcome: Outcome) -> Self {
        // Foreign text may be in it, and no database keeps a NUL in text.
        let error = outcome.error().map(|error| error.replace('\0', "\u{fffd}"));
        let (response_status, response_body) = match outcome {
            Outcome::Answered { status, body, .. } => (Some(status), Some(body)),
            Outcome::Unanswered(_) => (None, None),
        };
        let duration_ms = ended_ms.saturating_sub(started_ms).max(0);
        Self { started_ms, duration_ms, response_status, response_body, error }
    }
}

/// A delivery that this process may send until its lease ends. It is not `Clone`: whoever finishes it
/// gives it away, so nothing is finished twice.
#[derive(Debug)]
pub struct Claim {
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// Where it goes.
    pub webhook_id: WebhookId,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The event.
    pub event_id: EventId,
    /// The event's type.
    pub event_type: String,
    /// When the event was accepted.
    pub created_ms: i64,
    /// Which of the row's claims this is: the fence, together with the store's owner.
    pub epoch: i64,
    /// How many sends were made before.
    pub attempts: i64,
    /// How many steps of the retry schedule were used up.
    pub step: i64,
    /// Until when it may be sent: what the lease lasts, counted from before it was asked for, on this process's
    /// monotonic clock. No clock that can be set has a say in it.
    pub lease_end: Instant,
    /// The exact bytes to send, shared by all deliveries of the event.
    pub body: Arc<[u8]>,
    /// The trace context of the request that brought the event.
    pub traceparent: Option<String>,
    /// Where to send it and how to sign it.
    pub target: Arc<Target>,
}

/// What sending needs to know of a webhook.
#[derive(Debug)]
pub struct Target {
    /// Where deliveries go.
    pub url: HttpsUrl,
    /// The secrets to sign with.
    pub secrets: Secrets,
    /// Since when nothing succeeded, as far as is known; none after a success. In milliseconds since the Unix epoch.
    pub failing_since_ms: Option<i64>,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The receiver has it.
    Succeeded,
    /// Nothing more is tried.
    Failed,
    /// Another attempt follows.
    Retry {
        /// After how many milliseconds.
        after_ms: i64,
    },
}

/// What an attempt says of its webhook as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Healthy,
    /// It failed.
    Failing,
    /// It failed, and asks to be left alone: nothing goes to it for this long.
    Slow {
        /// How long, in milliseconds.
        after_ms: i64,
    },
    /// It is gone for good (410): it is switched off.
    Gone,
}
