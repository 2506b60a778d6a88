//! A notice: what happened to a webhook that its admins and the operator want to know.

use std::fmt;
use std::str::FromStr;

use super::ids::{NoticeId, WebhookId, WorkspaceId};
use super::webhook::HttpsUrl;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// The server switched the webhook off.
    Disabled,
    /// It is on again, and something succeeded at it.
    Recovered,
}

impl NoticeKind {
    /// As it is kept, and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "webhook.disabled",
            Self::Recovered => "webhook.recovered",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Neither of the two.
#[derive(Debug, thiserror::Error)]
#[error("it is no kind of notice")]
pub struct NotAKind;

impl FromStr for NoticeKind {
    type Err = NotAKind;

    fn from_str(text: &str) -> Result<Self, NotAKind> {
        [Self::Disabled, Self::Recovered].into_iter().find(|kind| kind.as_str() == text).ok_or(NotAKind)
    }
}

/// What happened to a webhook, and when.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The notice's id: `webhook-id` where it is sent.
    pub id: NoticeId,
    /// Whose webhook it is.
    pub workspace_id: WorkspaceId,
    /// Which webhook.
    pub webhook_id: WebhookId,
    /// Where that one's deliveries go.
    pub url: HttpsUrl,
    /// What happened.
    pub kind: NoticeKind,
    /// Why, in a sentence, if there is more to say.
    pub reason: Option<String>,
    /// When, in milliseconds since the Unix epoch.
    pub created_ms: i64,
}

/// A notice that is to be sent to the operator.
#[derive(Debug)]
pub struct DueNotice {
    /// What it says.
    pub notice: Notice,
    /// The name of the workspace.
    pub workspace: String,
    /// How often it was tried before.
    pub attempts: i64,
}
