//! What comes from elsewhere: webhooks with the secrets that their receivers know, and keys that are in use.

use encrata_webhooks::EventKind;

use super::api_key::{KeyHash, Role};
use super::ids::{KeyId, WebhookId};
use super::webhook::HttpsUrl;
use crate::secret_text::SecretText;

/// All that is brought in, or nothing of it.
#[derive(Debug, Default)]
pub struct Import {
    /// Webhooks.
    pub webhooks: Vec<ImportedWebhook>,
    /// API keys.
    pub keys: Vec<ImportedKey>,
}

/// A webhook that receives already.
#[derive(Debug)]
pub struct ImportedWebhook {
    /// Where it was read, for people.
    pub place: String,
    /// The name of its workspace, which is made when it is new.
    pub workspace: String,
    /// The id that it has; none makes a new one.
    pub id: Option<WebhookId>,
    /// Where deliveries go.
    pub url: HttpsUrl,
    /// What it subscribes to.
    pub events: Vec<EventKind>,
    /// The secret that its receiver knows.
    pub secret: SecretText,
    /// What its admin wrote about it.
    pub description: String,
    /// Whether events are delivered to it.
    pub is_active: bool,
    /// How many deliveries a second it takes.
    pub rate_limit: Option<u32>,
    /// When it was made, in milliseconds since the Unix epoch; now when unknown.
    pub created_ms: Option<i64>,
}

/// A key that opens already.
#[derive(Debug)]
pub struct ImportedKey {
    /// Where it was read, for people.
    pub place: String,
    /// The name of its workspace, which is made when it is new.
    pub workspace: String,
    /// The id that it has; none makes a new one.
    pub id: Option<KeyId>,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The SHA-256 of the key.
    pub hash: KeyHash,
    /// How it begins.
    pub prefix: String,
    /// `...` and its last four characters.
    pub preview: String,
    /// Whether it opens anything.
    pub is_active: bool,
    /// How many credits it may use.
    pub credit_limit: Option<i64>,
    /// How many requests were made with it.
    pub total_requests: i64,
    /// When it was made, in milliseconds since the Unix epoch; now when unknown.
    pub created_ms: Option<i64>,
    /// When it was last used.
    pub last_used_ms: Option<i64>,
}
