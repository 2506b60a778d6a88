//! `encrata-webhooks resend`: deliveries again, or those that were missed.

use std::time::Duration;

use clap::{ArgGroup, Args};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;
use super::output::out;
use super::progress::Progress;
use super::remote::{Refused, Remote};

/// How long is waited between two looks: a key has 30 requests a minute.
const PAUSE: Duration = Duration::from_secs(4);
/// Where the server ends to count what waits.
const MOST_WAITING: u64 = 1000;

/// Send deliveries again, or those that a webhook missed
///
/// One, or all of a webhook that failed for good since a time, or all that it missed since while it was
/// paused, switched off or not subscribed. They go out under the ids that they had, on a schedule that starts again. Needs an
/// admin's or a member's key.
///
/// Broken off or out of time, it goes on where it was when it is run again: nothing is queued twice.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["id", "webhook"]))]
pub(super) struct Resend {
    /// One delivery, whatever came of it: its id
    #[arg(value_name = "DELIVERY")]
    id: Option<String>,
    /// All that failed of this webhook
    #[arg(long, value_name = "ID", requires = "since")]
    webhook: Option<String>,
    /// Whose event was accepted at this time or later, like 2026-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", requires = "webhook")]
    since: Option<String>,
    /// In place of what failed, what was never sent
    #[arg(long, requires = "webhook")]
    missed: bool,
    /// Wait until nothing waits for the webhook any more, new events among it. Ctrl-C ends the wait, and nothing else
    #[arg(long, requires = "webhook")]
    wait: bool,
    /// Print one JSON object: the server's answer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct Glance {
    webhook_id: String,
    waiting: u64,
}

impl Resend {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = self.remote.client()?;
        let body = match &self.id {
            Some(id) => json!({"id": id}),
            None => json!({"webhook_id": self.webhook, "since": self.since, "missed": self.missed}),
        };
        let request = self.remote.request(&client, Method::POST, "/webhooks/deliveries/retry")?;
        let request = request.header("content-type", "application/json").body(body.to_string());
        let progress = Progress::new(self.json);
        progress.show(format_args!("the server is queueing them"));
        let answer: Value = self.remote.ask(request).await?;
        drop(progress);
        let deliveries = answer["deliveries"].as_u64().ok_or("the server did not say how many it queued")?;
        match (self.json, deliveries) {
            (true, _) => out!("{answer}")?,
            (false, 1) => out!("1 delivery is on its way again")?,
            (false, _) => out!("{deliveries} deliveries are on their way again")?,
        }
        match &self.webhook {
            Some(webhook) if self.wait => self.wait(&client, webhook).await,
            _ => Ok(()),
        }
    }

    /// Waits until nothing waits for the webhook.
    async fn wait(&self, client: &Client, webhook: &str) -> Result<(), Failure> {
        let progress = Progress::new(self.json);
        loop {
            let mut pause = PAUSE;
            let request = self.remote.request(client, Method::GET, "/webhooks/overview")?;
            match self.remote.ask::<Vec<Glance>>(request).await {
                Ok(glances) => {
                    let glance = glances.iter().find(|glance| glance.webhook_id == webhook);
                    let waiting = glance.ok_or("the webhook was deleted meanwhile")?.waiting;
                    let more = if waiting >= MOST_WAITING { " or more" } else { "" };
                    progress.show(format_args!("{waiting}{more} wait"));
                    if waiting == 0 {
                        return Ok(());
                    }
                }
                Err(error) => match error.downcast_ref::<Refused>() {
                    Some(Refused { status: 429, retry_after_s, .. }) => {
                        pause = retry_after_s.map_or(PAUSE, Duration::from_secs);
                    }
                    _ => return Err(error),
                },
            }
            tokio::time::sleep(pause).await;
        }
    }
}
