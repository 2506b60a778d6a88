//! Forwarding a delivery, and showing what came of it.

use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use reqwest::{Client, ClientBuilder, Url, redirect};
use serde::Deserialize;
use serde_json::json;

use crate::cli::Failure;
use crate::cli::output::{plain, show};
use crate::clock::{now_ms, rfc3339_s};
use crate::config::shown;
use crate::delivery::send::innermost;

const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// How long a receiver may take: longer than the server would wait, for there may be a debugger in it.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long the server waits.
const SERVER_WAITS: Duration = crate::delivery::send::REQUEST_TIMEOUT;

/// A delivery with its request, as the API tells it.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    pub(super) id: String,
    webhook_id: String,
    event_id: String,
    #[serde(alias = "event_type")]
    event: String,
    request: Request,
}

#[derive(Debug, Deserialize)]
struct Request {
    headers: Vec<(String, String)>,
    body: String,
}

/// Where deliveries go.
#[derive(Debug)]
pub(super) struct Forward {
    client: Client,
    to: Option<Url>,
}

/// What came of one.
#[derive(Debug)]
pub(super) struct Forwarded {
    /// The answer, if it was sent and one came.
    status: Option<u16>,
    /// Why none came.
    error: Option<String>,
    took: Duration,
}

impl Forward {
    pub(super) fn to(client: ClientBuilder, to: Option<Url>) -> Result<Self, Failure> {
        // As the server sends: no redirect is followed. Nothing of the environment comes between.
        let client = client.no_proxy().redirect(redirect::Policy::none()).timeout(PATIENCE).build()?;
        Ok(Self { client, to })
    }

    /// Sends a delivery, body and headers byte for byte.
    pub(super) async fn forward(&self, told: &Told) -> Forwarded {
        let began = Instant::now();
        let ended = |status, error| Forwarded { status, error, took: began.elapsed() };
        let Some(to) = &self.to else { return ended(None, None) };
        let mut request = self.client.post(to.clone()).body(told.request.body.clone());
        for (name, value) in &told.request.headers {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => ended(Some(response.status().as_u16()), None),
            Err(error) if error.is_connect() => {
                let at = shown(to);
                ended(None, Some(format!("{} (is your receiver running at {at}?)", innermost(&error))))
            }
            Err(error) => ended(None, Some(innermost(&error))),
        }
    }
}

impl Forwarded {
    /// Prints a line.
    pub(super) fn show(&self, told: &Told, as_json: bool) {
        let Told { id, webhook_id, event_id, event, .. } = told;
        let (at, took_ms) = (rfc3339_s(now_ms()), self.took.as_millis());
        if as_json {
            let line = json!({
                "at": at, "id": id, "webhook_id": webhook_id, "event_id": event_id, "event": event,
                "status": self.status, "error": self.error,
                "duration_ms": u64::try_from(took_ms).unwrap_or(u64::MAX),
            });
            return show!("{line}");
        }
        let (event, id) = (plain(event), plain(id));
        let slow = if self.took > SERVER_WAITS {
            format!(" {BAD}(the server would not have waited: answer within 5 s){BAD:#}")
        } else {
            String::new()
        };
        let outcome = match (self.status, &self.error) {
            (Some(status @ 200..300), _) => format!("  {GOOD}{status}{GOOD:#} in {took_ms} ms{slow}"),
            (Some(status), _) => format!("  {BAD}{status}{BAD:#} in {took_ms} ms{slow}"),
            (None, Some(error)) => format!("  {BAD}{error}{BAD:#}"),
            (None, None) => String::new(),
        };
        show!("{DIM}{at}{DIM:#}  {event:<21}  {DIM}{id}{DIM:#}{outcome}");
    }

    /// Whether the receiver took it.
    pub(super) fn result(&self) -> Result<(), Failure> {
        match (self.status, &self.error) {
            (Some(200..300), _) => Ok(()),
            (Some(status), _) => Err(format!("the receiver answered {status}").into()),
            (None, error) => Err(error.clone().unwrap_or_else(|| "nothing was sent".into()).into()),
        }
    }
}
