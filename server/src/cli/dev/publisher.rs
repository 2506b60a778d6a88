//! What a person would do with curl: make a webhook, publish events.

use std::time::Duration;

use encrata_webhooks::EventKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Keys;
use super::view::View;
use crate::cli::Failure;
use crate::secret_text::SecretText;

/// How many of each kind are published.
const OF_EACH: usize = 2;
/// How long between two events: slow enough to follow.
const BEAT: Duration = Duration::from_millis(120);

pub(super) struct Publisher {
    client: reqwest::Client,
    server_url: String,
    admin: SecretText,
    publisher: SecretText,
}

/// The webhook that was made.
#[derive(Debug, Deserialize)]
pub(super) struct Webhook {
    pub(super) id: String,
    pub(super) secret: SecretText,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

impl Publisher {
    pub(super) fn new(server_url: &str, keys: &Keys) -> Self {
        Self {
            client: reqwest::Client::new(),
            server_url: server_url.to_owned(),
            admin: keys.admin.clone(),
            publisher: keys.publisher.clone(),
        }
    }

    pub(super) async fn create_webhook(&self, url: &str) -> Result<Webhook, Failure> {
        let events = EventKind::SUBSCRIBABLE.map(EventKind::as_str);
        let body = json!({"url": url, "events": events, "description": "the receiver in this terminal"});
        self.post("/api/webhooks", &self.admin, &body).await
    }

    /// Publishes a few events of each kind; answers their ids.
    pub(super) async fn publish_samples(&self, view: &View) -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for kind in EventKind::SUBSCRIBABLE.into_iter().flat_map(|kind| [kind; OF_EACH]) {
            let body = json!({"event": kind.as_str(), "data": kind.sample()});
            let mut turn = view.turn().await;
            let accepted: Accepted = self.post("/api/events", &self.publisher, &body).await?;
            turn.published(kind.as_str(), &accepted.id);
            drop(turn);
            ids.push(accepted.id);
            tokio::time::sleep(BEAT).await;
        }
        Ok(ids)
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        key: &SecretText,
        body: &Value,
    ) -> Result<T, Failure> {
        let request = self.client.post(format!("{}{path}", self.server_url));
        let request = request
            .bearer_auth(key.expose())
            .header("content-type", "application/json")
            .body(body.to_string());
        let response = request.send().await?;
        let (status, answer) = (response.status(), response.bytes().await?);
        if !status.is_success() {
            return Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(serde_json::from_slice(&answer)?)
    }
}
