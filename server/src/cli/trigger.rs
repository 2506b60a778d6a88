//! `encrata-webhooks trigger`: a sample event, published.

use clap::Args;
use clap::builder::PossibleValuesParser;
use encrata_webhooks::EventKind;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Failure;
use super::output::out;
use super::remote::Remote;

/// Publish a sample event
///
/// It goes to every webhook that subscribes to it (with a publisher's key); or to one
/// webhook as a test, with `test: true` in its data (with an admin's or a member's key).
#[derive(Debug, Args)]
pub(super) struct Trigger {
    /// Which event, like lookup.completed; `test` goes with --webhook only
    #[arg(value_name = "EVENT", value_parser = PossibleValuesParser::new(EventKind::ALL.map(EventKind::as_str)))]
    event: String,
    /// Other data than the sample's: a JSON object whose fields replace the sample's
    #[arg(long, value_name = "JSON", value_parser = object, conflicts_with = "webhook")]
    data: Option<Map<String, Value>>,
    /// Whose event it is; the key's own workspace when not given
    #[arg(long, value_name = "ID", conflicts_with = "webhook")]
    workspace: Option<String>,
    /// Send it to this webhook alone, as a test. `test` goes no other way
    #[arg(long, value_name = "ID", required_if_eq("event", EventKind::Test.as_str()))]
    webhook: Option<String>,
    /// Print one JSON object: the server's answer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
    deliveries: u64,
}

#[derive(Deserialize)]
struct Tested {
    status: String,
    url: String,
    status_code: Option<u16>,
    error: Option<String>,
    duration_ms: u64,
}

impl Trigger {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let (path, body) = match &self.webhook {
            Some(webhook) => ("/webhooks/test", json!({"id": webhook, "event": self.event})),
            None => ("/events", self.published()?),
        };
        let request = self.remote.request(&self.remote.client()?, Method::POST, path)?;
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer: Value = self.remote.ask(request).await?;
        let event = &self.event;
        if self.webhook.is_none() {
            let Accepted { id, deliveries } = serde_json::from_value(answer.clone())?;
            let to = if deliveries == 1 { "1 webhook".to_owned() } else { format!("{deliveries} webhooks") };
            return if self.json { out!("{answer}") } else { out!("{event} published to {to}: {id}") };
        }
        let tested: Tested = serde_json::from_value(answer.clone())?;
        let Tested { status, url, status_code, error, duration_ms } = tested;
        if self.json {
            out!("{answer}")?;
        }
        let came =
            error.or_else(|| status_code.map(|code| format!("the answer was {code}"))).unwrap_or_default();
        let said = format!("{event} to {url}: {status} in {duration_ms} ms, {came}");
        match (status.as_str(), self.json) {
            ("delivered", true) => Ok(()),
            ("delivered", false) => out!("{said}"),
            _ => Err(said.into()),
        }
    }

    fn published(&self) -> Result<Value, Failure> {
        let mut data = self.event.parse::<EventKind>()?.sample();
        data.extend(self.data.clone().unwrap_or_default());
        let mut body = json!({"event": self.event, "data": data});
        if let Some(workspace) = &self.workspace {
            body["workspace_id"] = workspace.as_str().into();
        }
        Ok(body)
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))
}
