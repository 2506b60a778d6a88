//! Receives Encrata's webhooks with axum: the extractor verifies signature and time, and reads the event.
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use axum::{Router, http::StatusCode, routing::post};
use encrata_webhooks::{Event, EventData};
use encrata_webhooks_axum::{Receiver, Verified};

/// What came, by id. Yours is a table with a unique id: it survives a crash, and every process sees it.
static INBOX: LazyLock<Mutex<HashMap<String, Event>>> = LazyLock::new(Mutex::default);

async fn receive(Verified(event): Verified) -> StatusCode {
    let (Some(id), Ok(mut inbox)) = (event.id.clone(), INBOX.lock()) else {
        return StatusCode::INTERNAL_SERVER_ERROR; // It comes again.
    };
    // It has the same id at every attempt.
    if inbox.insert(id, event.clone()).is_none() {
        tokio::spawn(work(event)); // The answer, which is due within five seconds, does not wait for it.
    }
    StatusCode::NO_CONTENT
}

async fn work(event: Event) {
    let id = event.id.unwrap_or_default();
    match event.data {
        EventData::LookupCompleted(lookup) => println!("{id} looked up {}", lookup.email),
        other => println!("{id} {}", other.name()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let receiver = Receiver::new(std::env::var("ENCRATA_WEBHOOK_SECRET").ok())
        .map_err(|error| format!("ENCRATA_WEBHOOK_SECRET: {error}"))?;
    let app = Router::new().route("/webhooks/encrata", post(receive)).with_state(receiver);
    let port = std::env::var("PORT").unwrap_or("3000".into());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on http://{}/webhooks/encrata", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
