//! What a person sees.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use tokio::sync::{Mutex, MutexGuard};

use super::Keys;
use super::publisher::Webhook;
use super::receiver::Counts;
use crate::cli::output::show;
use crate::clock::{now_ms, rfc3339_ms};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const BUSY: Style = AnsiColor::Yellow.on_default();

/// Prints what happens, and remembers when events were published.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    published: Arc<Mutex<HashMap<String, Instant>>>,
}

/// Whose turn it is to say what happens. An event is published within one turn, so its arrival is told in a later one.
pub(super) struct Turn<'a>(MutexGuard<'a, HashMap<String, Instant>>);

/// A request that the receiver got.
pub(super) enum Received {
    /// Both signatures match.
    Verified { event: String, id: String, status: u16 },
    /// It does not verify, for this reason.
    Refused(String),
}

impl View {
    pub(super) fn welcome(&self, server_url: &str, receiver_url: &str, keys: &Keys, webhook: &Webhook) {
        show!(
            "{BOLD}Encrata Webhooks {}{BOLD:#}  a server and a receiver, nothing kept\n",
            env!("CARGO_PKG_VERSION")
        );
        show!("  server         {server_url}");
        show!("  receiver       {receiver_url}  {DIM}HTTPS, its certificate made just now{DIM:#}");
        show!("  webhook        {}  {DIM}all six events{DIM:#}", webhook.id);
        show!("  secret         {}", webhook.secret.expose());
        show!("  admin key      {}", keys.admin.expose());
        show!("  publisher key  {}\n", keys.publisher.expose());
    }

    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn(self.published.lock().await)
    }

    pub(super) fn next_steps(&self, server_url: &str, keys: &Keys, webhook: &Webhook) {
        let (admin, publisher, id) = (keys.admin.expose(), keys.publisher.expose(), &webhook.id);
        show!("Try next, in another terminal (here it will show):\n");
        show!("  # see and mend deliveries in a browser, signed in with the key {admin}");
        show!("  {server_url}/settings/webhooks\n");
        show!("  # publish an event");
        show!("  curl {server_url}/api/events -H 'Authorization: Bearer {publisher}' \\");
        show!("    -H 'Content-Type: application/json' \\");
        show!(
            "    -d '{{\"event\":\"lookup.completed\",\"data\":{{\"email\":\"ada@example.com\",\"lookup_id\":\"lu_42\"}}}}'\n"
        );
        show!("  # see what was delivered, and every attempt");
        show!(
            "  curl '{server_url}/api/webhooks/deliveries?webhook_id={id}' -H 'Authorization: Bearer {admin}'\n"
        );
        show!("  # send a test event");
        show!("  curl {server_url}/api/webhooks/test -H 'Authorization: Bearer {admin}' \\");
        show!("    -H 'Content-Type: application/json' -d '{{\"id\":\"{id}\"}}'\n");
        show!(
            "  # forward the webhook's events to a receiver of your own, which verifies with the secret above"
        );
        show!("  export ENCRATA_WEBHOOK_SECRET={}", webhook.secret.expose());
        show!("  encrata-webhooks listen --server {server_url} --api-key {admin} \\");
        show!("    --forward-to http://localhost:3000/webhooks/encrata\n");
        show!("  # publish a sample event to it");
        show!("  encrata-webhooks trigger lookup.completed --server {server_url} --api-key {publisher}\n");
        show!("  # what else there is");
        show!("  curl {server_url}/api/openapi.json\n");
        show!("{DIM}Ctrl-C ends it.{DIM:#}");
    }
}

impl Turn<'_> {
    pub(super) fn published(&mut self, event: &str, id: &str) {
        self.0.insert(id.to_owned(), Instant::now());
        show!("{}  {BUSY}published{BUSY:#}  {event:<21}  {DIM}{id}{DIM:#}", time());
    }

    pub(super) fn received(&mut self, received: &Received) {
        match received {
            Received::Verified { event, id, status } => {
                let ms = self.0.get(id).map(|at| at.elapsed().as_millis());
                let after = ms.map(|ms| format!("  {DIM}{ms} ms after it was published{DIM:#}"));
                let after = after.unwrap_or_default();
                let (style, answer) = match status {
                    200 => (GOOD, "answered 200".to_owned()),
                    other => (BAD, format!("answered {other} on purpose: it will be sent again")),
                };
                show!(
                    "{}  {GOOD}verified {GOOD:#}  {event:<21}  {DIM}{id}{DIM:#}  {style}{answer}{style:#}{after}",
                    time()
                );
            }
            Received::Refused(why) => show!("{}  {BAD}refused{BAD:#}    {why}", time()),
        }
    }

    pub(super) fn summary(&mut self, counts: &Counts) {
        let Counts { requests, verified, refused, failed_on_purpose } = counts;
        show!(
            "\n{BOLD}{requests} deliveries received: {verified} verified by both signatures, {refused} refused{BOLD:#}; \
             {failed_on_purpose} answered 500 and sent again.\n"
        );
    }
}

/// The time of day, UTC.
fn time() -> String {
    rfc3339_ms(now_ms())[11..23].to_owned()
}
