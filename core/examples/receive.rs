//! Verifies a delivery that was kept: headers as lines of `name: value` in one file, the raw body in another.
use std::time::{Duration, SystemTime};

use encrata_webhooks::{EventData, Webhook};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = std::env::args().skip(1);
    let mut read = || files.next().map(std::fs::read).ok_or("give a file of headers and one with the body");
    let (headers, body) = (String::from_utf8(read()??)?, read()??);
    let headers: Vec<(&str, &str)> = headers.lines().filter_map(|line| line.split_once(": ")).collect();

    let webhook =
        Webhook::new(std::env::var("ENCRATA_WEBHOOK_SECRET").ok())?.with_tolerance(Duration::from_secs(300));
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs().cast_signed();
    let event = webhook.verify(&headers[..], &body, now)?;
    match event.data {
        EventData::LookupCompleted(lookup) => println!("looked up {}", lookup.email),
        other => println!("{}", other.name()),
    }
    Ok(())
}
