//! The ceiling: what this machine can deliver when nothing is stored. A bare loop signs with the core and posts the same
//! bodies to the same receiver, with the server's own client settings and at the same concurrency.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use encrata_webhooks::{Envelope, Webhook};
use reqwest::{Certificate, Client, redirect, tls};
use tokio::task::JoinSet;

use crate::Failure;
use crate::ledger::Ledger;
use crate::process::own_cpu_seconds;
use crate::receiver::{OPEN, Receiver};

/// Requests in flight: what the server allows one webhook.
pub(crate) const CONCURRENCY: usize = 64;

const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";

/// What the bare loop reached.
pub(crate) struct Ceiling {
    /// Events received in a second.
    pub(crate) per_second: f64,
    /// CPU seconds of loop and receiver together, for 1,000 events.
    pub(crate) cpu_s_per_1000: f64,
}

/// Delivers `events` events, after as many warm-up events as open all connections.
pub(crate) async fn measure(receiver: &Receiver, events: usize) -> Result<Ceiling, Failure> {
    let client = Client::builder()
        .https_only(true)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tls_version_min(tls::Version::TLS_1_2)
        .tls_certs_merge([Certificate::from_pem(receiver.ca_pem().as_bytes())?])
        .pool_max_idle_per_host(CONCURRENCY)
        .build()?;
    post_all(&client, receiver, &receiver.ledger(crate::WARM_UP)).await?;

    let ledger = receiver.ledger(events);
    let (started, cpu) = (Instant::now(), own_cpu_seconds()?);
    post_all(&client, receiver, &ledger).await?;
    let cpu = own_cpu_seconds()? - cpu;
    let seconds = (ledger.began() + ledger.last_receipt() - started).as_secs_f64();
    Ok(Ceiling { per_second: events as f64 / seconds, cpu_s_per_1000: cpu / events as f64 * 1000.0 })
}

async fn post_all(client: &Client, receiver: &Receiver, ledger: &Arc<Ledger>) -> Result<(), Failure> {
    let (next, signer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Webhook::new(SECRET)?));
    let mut loops: JoinSet<Result<(), Failure>> = JoinSet::new();
    for _ in 0..CONCURRENCY {
        let (client, url, ledger) = (client.clone(), receiver.url(OPEN), Arc::clone(ledger));
        let (next, signer) = (Arc::clone(&next), Arc::clone(&signer));
        loops.spawn(async move {
            loop {
                let event = next.fetch_add(1, Ordering::Relaxed);
                if event >= ledger.len() {
                    return Ok(());
                }
                post(&client, &url, &signer, &ledger, event).await?;
            }
        });
    }
    while let Some(ended) = loops.join_next().await {
        ended??;
    }
    ledger.wait_for(ledger.len()).await
}

async fn post(
    client: &Client,
    url: &str,
    signer: &Webhook,
    ledger: &Ledger,
    event: usize,
) -> Result<(), Failure> {
    let data = serde_json::from_str(&ledger.data(event))?;
    let body = Envelope::to_bytes("lookup.completed", &data, "2026-01-01T00:00:00Z")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let signed = signer.sign(&body, &format!("evt_{event:032x}"), i64::try_from(now)?)?;
    let mut request = client
        .post(url)
        .header("content-type", "application/json")
        .header("user-agent", "Encrata-Webhooks/0.1.0")
        .header("x-encrata-event", "lookup.completed")
        .header("x-encrata-delivery", format!("00000000-0000-7000-8000-{event:012x}"));
    for (name, value) in &signed {
        request = request.header(name, value);
    }
    let mut response = request.body(body).send().await?;
    while response.chunk().await?.is_some() {}
    match response.status().as_u16() {
        204 => Ok(()),
        status => Err(format!("the receiver answered {status}").into()),
    }
}
