use std::time::Duration;
use encrata_webhooks::{Error, EventData, Webhook};

/// `headers` can be an `http::HeaderMap` (feature `http`), a map, or a list of pairs.
fn receive(headers: &[(String, String)], raw_body: &[u8], now_unix_seconds: i64) -> Result<(), Error> {
    let webhook = Webhook::new(std::env::var("ENCRATA_WEBHOOK_SECRET").ok())?
        .with_tolerance(Duration::from_secs(300));

    let event = webhook.verify(headers, raw_body, now_unix_seconds)?;
    // `event.id` is the same at every attempt: if it was processed before, answer 200 and stop here.
    match event.data {
        EventData::LookupCompleted(lookup) => println!("{} is done: {}", lookup.lookup_id, lookup.email),
        EventData::CreditsLow(credits) => println!("only {} credits left", credits.credits_remaining),
        other => println!("{} is none of ours", other.name()),
    }
    Ok(())
}
