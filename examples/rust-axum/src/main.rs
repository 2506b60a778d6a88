//! Receives Encrata's webhooks with axum: the extractor verifies signature and time, and reads the event. Run it behind
//! TLS, with `ENCRATA_WEBHOOK_SECRET` set to the webhook's secret and, if need be, `LISTEN` to an address.
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use axum::{Router, http::StatusCode, routing::post};
use encrata_webhooks::{Event, EventData};
use encrata_webhooks_axum::{Receiver, Verified};

/// What was handled. Yours belongs in a database, with the work in the same transaction.
static HANDLED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

async fn receive(Verified(event): Verified) -> StatusCode {
    // An event can come twice, with the same id. Answer first, then work: the sender waits five seconds.
    if event.id.clone().is_none_or(|id| HANDLED.lock().is_ok_and(|mut handled| handled.insert(id))) {
        tokio::spawn(work(event));
    }
    StatusCode::NO_CONTENT
}

async fn work(event: Event) {
    match event.data {
        EventData::LookupCompleted(lookup) => println!("looked up {}", lookup.email),
        other => println!("{}", other.name()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let receiver = Receiver::new(std::env::var("ENCRATA_WEBHOOK_SECRET").ok())?;
    let app = Router::new().route("/webhooks", post(receive)).with_state(receiver);
    let address = std::env::var("LISTEN").unwrap_or("127.0.0.1:3000".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
