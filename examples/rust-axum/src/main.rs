//! Receives Encrata's webhooks with axum: one call verifies signature and time, and reads the event. Run it behind
//! TLS, with `ENCRATA_WEBHOOK_SECRET` set to the webhook's secret and, if need be, `LISTEN` to an address.
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing::post};
use encrata_webhooks::{EventData, Webhook};

async fn receive(
    State(webhook): State<Arc<Webhook>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs().cast_signed());
    let event = match webhook.verify(&headers, &body, now) {
        Ok(event) => event,
        Err(error) => {
            let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
            return (status, error.code());
        }
    };
    // An event can come twice: drop an id that was handled before. Answer first, then work.
    let id = event.id.unwrap_or_default();
    match event.data {
        EventData::LookupCompleted(lookup) => println!("{id}: looked up {}", lookup.email),
        other => println!("{id}: {}", other.name()),
    }
    (StatusCode::NO_CONTENT, "")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("ENCRATA_WEBHOOK_SECRET").ok();
    let webhook = Webhook::new(secret)?.with_tolerance(Duration::from_secs(300));
    let app = Router::new().route("/webhooks", post(receive)).with_state(Arc::new(webhook));
    let listener =
        tokio::net::TcpListener::bind(std::env::var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
