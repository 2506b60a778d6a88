//! `wycheproof`: prints the HMAC-SHA256 cases. `standardwebhooks` and `ours`, each with `sign` or `verify`: JSON in,
//! JSON out, like `standard.mjs` and `standard.py`. `ours envelope`: the bodies that our core writes.

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use encrata_webhooks::{Envelope, Webhook};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct Message {
    secret: String,
    body: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    timestamp: i64,
    #[serde(default)]
    headers: Vec<(String, String)>,
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let answer = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["wycheproof"] => wycheproof()?,
        ["standardwebhooks", "sign"] => each(published_sign)?,
        ["standardwebhooks", "verify"] => each(published_verify)?,
        ["ours", "sign"] => each(our_sign)?,
        ["ours", "verify"] => each(our_verify)?,
        ["ours", "envelope"] => each(our_envelope)?,
        _ => {
            return Err(
                "usage: vectors-helper wycheproof | (standardwebhooks | ours) (sign | verify | envelope)"
                    .into(),
            );
        }
    };
    println!("{answer}");
    Ok(())
}

#[derive(Deserialize)]
struct Event {
    event: String,
    data: Map<String, Value>,
    created_at: String,
}

/// Applies a step to every message on standard input.
fn each<T: DeserializeOwned>(step: fn(&T) -> Outcome<Value>) -> Outcome<Value> {
    let messages: Vec<T> = serde_json::from_reader(std::io::stdin())?;
    messages.iter().map(step).collect()
}

fn published_sign(message: &Message) -> Outcome<Value> {
    let webhook = standardwebhooks::Webhook::new(&message.secret)?;
    let signature = webhook.sign(&message.id, message.timestamp, message.body.as_bytes())?;
    Ok(json!([
        ["webhook-id", message.id],
        ["webhook-timestamp", message.timestamp.to_string()],
        ["webhook-signature", signature],
    ]))
}

fn published_verify(message: &Message) -> Outcome<Value> {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.headers {
        headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    standardwebhooks::Webhook::new(&message.secret)?.verify(message.body.as_bytes(), &headers)?;
    Ok(json!(true))
}

fn our_sign(message: &Message) -> Outcome<Value> {
    let headers =
        Webhook::new(&message.secret)?.sign(message.body.as_bytes(), &message.id, message.timestamp)?;
    Ok(headers.iter().map(|(name, value)| json!([name, value])).collect())
}

fn our_verify(message: &Message) -> Outcome<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?;
    let webhook = Webhook::new(&message.secret)?.with_tolerance(Duration::from_secs(300));
    let verified = webhook.authenticate(&message.headers, message.body.as_bytes(), now)?;
    Ok(json!(verified.id.is_some()))
}

fn our_envelope(event: &Event) -> Outcome<Value> {
    Ok(String::from_utf8(Envelope::to_bytes(&event.event, &event.data, &event.created_at)?)?.into())
}

/// The cases with the whole tag; our schemes know no truncated one.
fn wycheproof() -> Outcome<Value> {
    let set = TestSet::load(TestName::HmacSha256)?;
    let mut cases = Vec::new();
    for group in set.test_groups.iter().filter(|group| group.tag_size == 256) {
        for test in &group.tests {
            cases.push(json!({
                "name": format!("wycheproof-hmac-sha256-{}", test.tc_id),
                "comment": test.comment,
                "key_hex": hex(&test.key),
                "message_hex": hex(&test.msg),
                "signature": hex(&test.tag),
                "ok": test.result == TestResult::Valid,
            }));
        }
    }
    Ok(Value::from(cases))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
