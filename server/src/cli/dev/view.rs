//! What a person sees.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anstyle::{AnsiColor, Style};

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

    pub(super) fn published(&self, event: &str, id: &str) {
        self.lock().insert(id.to_owned(), Instant::now());
        show!("{}  {BUSY}published{BUSY:#}  {event:<21}  {DIM}{id}{DIM:#}", time());
    }

    pub(super) fn received(&self, received: &Received) {
        match received {
            Received::Verified { event, id, status } => {
                let after = self
                    .lock()
                    .get(id)
                    .map(|at| format!("{} ms after it was published", at.elapsed().as_millis()));
                let after = after.unwrap_or_default();
                let (style, answer) = match status {
                    200 => (GOOD, "answered 200".to_owned()),
                    other => (BAD, format!("answered {other} on purpose: it will be sent again")),
                };
                show!(
                    "{}  {GOOD}verified {GOOD:#}  {event:<21}  {DIM}{id}{DIM:#}  {style}{answer}{style:#}  {DIM}{after}{DIM:#}",
                    time()
                );
            }
            Received::Refused(why) => show!("{}  {BAD}refused{BAD:#}    {why}", time()),
        }
    }

    pub(super) fn summary(&self, counts: &Counts) {
        let Counts { requests, verified, refused, failed_on_purpose } = counts;
        show!(
            "\n{BOLD}{requests} deliveries received: {verified} verified by both signatures, {refused} refused{BOLD:#}; \
             {failed_on_purpose} answered 500 and sent again.\n"
        );
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
        show!("  # what else there is");
        show!("  curl {server_url}/api/openapi.json\n");
        show!("{DIM}Ctrl-C ends it.{DIM:#}");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of day, UTC.
fn time() -> String {
    rfc3339_ms(now_ms())[11..23].to_owned()
}
