//! `encrata-webhooks listen` and `replay`: deliveries of a workspace, forwarded to a developer's machine.

mod forward;
mod seen;
mod sse;

use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method};
use serde::Deserialize;
use url::form_urlencoded;

use self::forward::{Forward, Told};
use self::seen::Seen;
use self::sse::Events;
use super::output::{note, plain, show};
use super::remote::{Refused, Remote};
use super::{Failure, stop_signal};
use crate::config::{shown, web_url};

/// How long is waited before the server is asked again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a stream may be silent: it says every 15 s that it goes on.
const SILENCE: Duration = Duration::from_secs(45);

/// Receive this workspace's events on a laptop
///
/// Forwards the workspace's deliveries, as they come: body and headers are those that the webhook's receiver
/// gets, signed as of now with the webhook's own secret, so what verifies there verifies here. The webhook's receiver
/// gets them as ever. Needs an admin's or a member's key.
///
/// Ctrl-C ends it: exit code 0. It is 1 when the server refuses. A connection that breaks is made again, and goes on where
/// it ended.
#[derive(Debug, Args)]
pub(super) struct Listen {
    /// Where to forward them to, like http://localhost:3000/hook; they are only shown when it is not given
    #[arg(long, value_name = "URL", value_parser = web_url)]
    forward_to: Option<reqwest::Url>,
    /// Only deliveries to this webhook
    #[arg(long, value_name = "ID")]
    webhook: Option<String>,
    /// Only these event types, separated by commas
    #[arg(long, value_name = "EVENTS")]
    events: Option<String>,
    /// Also those accepted since this time, like 2026-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Forward one delivery to a laptop again
///
/// It is signed as of now. The id is that of the delivery (`listen` and the page show it).
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The delivery's id
    #[arg(value_name = "DELIVERY")]
    id: String,
    /// Where to forward it to
    #[arg(long, value_name = "URL", value_parser = web_url)]
    forward_to: reqwest::Url,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

/// How a stream begins.
#[derive(Deserialize)]
struct Listening {
    workspace: String,
    webhooks: usize,
    /// From when on it tells.
    since: String,
}

impl Replay {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = self.remote.client()?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("id", &self.id)
            .append_pair("fresh", "true")
            .finish();
        let path = format!("/webhooks/deliveries?{query}");
        let request = self.remote.request(&client, Method::GET, &path)?;
        let told: Told = self.remote.ask(request).await?;
        let forwarded =
            Forward::to(self.remote.client_builder()?, Some(self.forward_to))?.forward(&told).await;
        forwarded.show(&told, self.json);
        forwarded.result()
    }
}

impl Listen {
    pub(super) async fn run(self) -> Result<(), Failure> {
        tokio::select! {
            ended = self.follow() => ended,
            () = stop_signal() => Ok(()),
        }
    }

    /// Listens, and again whenever it ends.
    async fn follow(&self) -> Result<(), Failure> {
        let (client, forward) =
            (self.remote.client()?, Forward::to(self.remote.client_builder()?, self.forward_to.clone())?);
        let (mut seen, mut pause) = (Seen::default(), FIRST_PAUSE);
        loop {
            let before = seen.last().map(str::to_owned);
            let (why, wait) = match self.listen(&client, &forward, &mut seen).await {
                Ok(()) => ("the stream ended".to_owned(), pause),
                Err(error) => match error.downcast_ref::<Refused>() {
                    Some(Refused { status: 429 | 500.., retry_after_s, .. }) => {
                        let asked = retry_after_s.map_or(pause, Duration::from_secs);
                        (error.to_string(), asked.max(pause))
                    }
                    // Asking again changes nothing.
                    Some(_) => return Err(error),
                    None if seen.is_new() => return Err(error),
                    None => (error.to_string(), pause),
                },
            };
            pause =
                if seen.last() == before.as_deref() { (pause * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
            note!("{why}: listening again in {} s", wait.as_secs());
            tokio::time::sleep(wait).await;
        }
    }

    /// Listens until the stream ends.
    async fn listen(&self, client: &Client, forward: &Forward, seen: &mut Seen) -> Result<(), Failure> {
        let mut request = self.remote.request(client, Method::GET, &self.path(seen))?;
        if let Some(last) = seen.last() {
            request = request.header("last-event-id", last);
        }
        let begun = tokio::time::timeout(self.remote.timeout(), self.remote.send(request)).await;
        let mut events = Events::of(begun.map_err(|_| "the server did not answer in time")??);
        loop {
            let next = tokio::time::timeout(SILENCE, events.next()).await;
            let next = next.map_err(|_| "the server has fallen silent")?;
            let Some(event) = next? else { return Ok(()) };
            match event.name.as_str() {
                "listening" => {
                    let listening: Listening = serde_json::from_str(&event.data)?;
                    self.welcome(&listening, seen);
                    seen.begin(listening.since);
                }
                "delivery" => {
                    let told: Told = serde_json::from_str(&event.data)?;
                    if seen.note(&told.id) {
                        forward.forward(&told).await.show(&told, self.json);
                    }
                }
                _ => {}
            }
        }
    }

    fn path(&self, seen: &Seen) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        // Before the first delivery has come, it goes on from where it began.
        let since = seen.began().or(self.since.as_deref());
        let (webhook, events) = (self.webhook.as_deref(), self.events.as_deref());
        for (name, value) in [("webhook_id", webhook), ("events", events), ("since", since)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("/webhooks/deliveries/listen?{}", query.finish())
    }

    fn welcome(&self, Listening { workspace, webhooks, .. }: &Listening, seen: &Seen) {
        if self.json {
            return;
        }
        // Who calls wants to see what they called with, but for what may be secret.
        let to = self.forward_to.as_ref().map(|url| format!(", forwarded to {}{}", shown(url), url.path()));
        let to = to.unwrap_or_default();
        let again = if seen.is_new() { "" } else { " again" };
        show!("listening{again}: deliveries of {}, from {}{to}", plain(workspace), self.remote.name());
        if *webhooks == 0 {
            note!(
                "there is no webhook in this workspace, so nothing is delivered: register one on the page, or with POST /api/webhooks"
            );
        }
    }
}
