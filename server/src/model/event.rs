//! An event on its way in: checked and serialised once, at the door.

use std::sync::Arc;

use encrata_webhooks::EventKind;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ids::{EventId, WorkspaceId};

/// How large the serialised envelope of one event may be.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;
/// How many events one batch may hold.
pub const MAX_BATCH_EVENTS: usize = 1000;
/// How large the request of a batch may be.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// How many deliveries one batch may fan out to.
pub const MAX_BATCH_DELIVERIES: usize = 20_000;
/// How long an idempotency key may be.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// One event, ready to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id, the same at every attempt and resend.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// The envelope: the very bytes that are signed and sent, shared by all deliveries of the event.
    pub body: Arc<[u8]>,
    /// The trace context of the request that brought it (W3C `traceparent`), carried to receivers.
    pub traceparent: Option<String>,
}

/// What one publish request brings: events of one workspace, recorded all or none.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Whose events they are.
    pub workspace_id: WorkspaceId,
    /// The events, in the order of the request.
    pub events: Vec<NewEvent>,
    /// What makes the request safe to repeat.
    pub idempotency: Option<Idempotency>,
    /// When it came, in milliseconds since the Unix epoch.
    pub now_ms: i64,
}

impl NewBatch {
    /// How much the batch weighs in a group commit: its bodies.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.body.len()).sum()
    }
}

/// The caller's name for a request, and what the request was.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The `Idempotency-Key` header.
    pub key: String,
    /// The same key with another hash is a mistake of the caller.
    pub request_hash: [u8; 32],
}

impl Idempotency {
    /// Hashes what a request means: parts are counted, so that none can pose as two.
    pub fn new<'a>(key: String, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self { key, request_hash: hash.finalize().into() }
    }
}

/// The answer for one accepted event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Accepted {
    /// The event's id, which receivers see as `webhook-id`.
    #[schema(example = "evt_0198c0ffee007000800000000000002a")]
    pub id: String,
    /// How many webhooks it is delivered to.
    pub deliveries: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let hash = |parts: &[&str]| {
            Idempotency::new(String::new(), parts.iter().map(|part| part.as_bytes())).request_hash
        };
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["ab"]), hash(&["ab", ""]));
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
    }
}
