//! All headers of a delivery. The input is lines: the secrets (with tabs between them), the tolerance in seconds or
//! nothing, the time, then headers `name:value` up to an empty line, then the body.

use std::time::Duration;

use encrata_webhooks::host::key_block;
use encrata_webhooks::standard::StandardSignature;
use encrata_webhooks::{Error, Key, Scheme, Verified, Webhook};

use crate::{diagnosed, flipped, line};

struct Delivery<'a> {
    secrets: Vec<&'a str>,
    tolerance: Option<u64>,
    now: i64,
    headers: Vec<(&'a [u8], &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Delivery<'a> {
    fn read(input: &'a [u8]) -> Option<Self> {
        let (secrets, rest) = line(input);
        let (tolerance, rest) = line(rest);
        let (now, mut rest) = line(rest);
        let mut headers = Vec::new();
        let body = loop {
            let (header, after) = line(rest);
            if header.is_empty() {
                break after;
            }
            let colon = header.iter().position(|&byte| byte == b':').unwrap_or(header.len());
            headers.push((&header[..colon], header.get(colon + 1..).unwrap_or_default()));
            rest = after;
        };
        let secrets = str::from_utf8(secrets).ok()?.split('\t').collect();
        let tolerance = str::from_utf8(tolerance).ok()?.parse().ok();
        let now = str::from_utf8(now).ok()?.parse().unwrap_or(0);
        Some(Self { secrets, tolerance, now, headers, body })
    }

    fn webhook(&self, secrets: &[&str]) -> Result<Webhook, Error> {
        let webhook = Webhook::new(secrets)?;
        Ok(match self.tolerance {
            Some(seconds) => webhook.with_tolerance(Duration::from_secs(seconds)),
            None => webhook,
        })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|(_, value)| *value)
    }
}

/// What is accepted was signed with one of the secrets, and what is signed is accepted, whole and in pieces.
pub fn check(input: &[u8]) {
    let Some(delivery) = Delivery::read(input) else { return };
    diagnosed(&delivery.headers, delivery.body, delivery.secrets[0]);
    let Ok(webhook) = delivery.webhook(&delivery.secrets) else { return };
    let answer = webhook.authenticate(&delivery.headers, delivery.body, delivery.now);
    match &answer {
        Ok(verified) => assert!(is_genuine(&delivery, verified), "accepted, and not ours: {verified:?}"),
        Err(error) => assert_eq!(error.http_status(), 401, "{error}"),
    }
    assert_eq!(in_pieces(&webhook, &delivery), answer, "pieces are judged in another way than the whole");
    let reversed: Vec<&str> = delivery.secrets.iter().rev().copied().collect();
    let other_way = delivery.webhook(&reversed).unwrap();
    assert_eq!(other_way.authenticate(&delivery.headers, delivery.body, delivery.now), answer);
    signed(&delivery, input);
}

/// The rule of the wire contract, told once more from the keys alone.
fn is_genuine(delivery: &Delivery<'_>, verified: &Verified) -> bool {
    let set = || delivery.secrets.iter().filter(|secret| !secret.is_empty());
    let mut entries = delivery.values("webhook-signature").peekable();
    if entries.peek().is_none() {
        let of = |value: &[u8]| {
            set().any(|secret| Key::new(secret).unwrap().sign(delivery.body).to_hex()[..] == *value)
        };
        let values: Vec<_> = delivery.values("x-encrata-signature").collect();
        let nothing_else = verified.id.is_none() && verified.timestamp.is_none();
        return nothing_else && delivery.tolerance.is_none() && values.len() == 1 && of(values[0]);
    }
    let (Some(id), Some(timestamp)) = (&verified.id, verified.timestamp) else { return false };
    let in_time = delivery.tolerance.is_none_or(|tolerance| delivery.now.abs_diff(timestamp) <= tolerance);
    // The bytes as they came are signed: a timestamp may begin with zeros.
    let written: Vec<_> = delivery.values("webhook-timestamp").collect();
    let said =
        written.iter().all(|value| str::from_utf8(value).is_ok_and(|text| text.parse() == Ok(timestamp)));
    let message = [id.as_bytes(), written[0], delivery.body].join(&b'.');
    let ours: Vec<String> = set()
        .filter_map(|secret| {
            let mut block = [0; 64];
            key_block(secret, Scheme::Standard, &mut block).ok()?;
            Some(StandardSignature::from_bytes(Key::from_bytes(&block).sign(&message).to_bytes()).to_string())
        })
        .collect();
    let mut entries = entries.flat_map(|value| value.split(|&byte| byte == b' '));
    let named = entries.any(|entry| ours.iter().any(|own| entry.starts_with(own.as_bytes())));
    named && said && written.len() == 1 && in_time && delivery.values("webhook-id").eq([id.as_bytes()])
}

fn in_pieces(webhook: &Webhook, delivery: &Delivery<'_>) -> Result<Verified, Error> {
    let mut authenticating = webhook.authenticating(&delivery.headers)?;
    delivery.body.chunks(7).for_each(|piece| authenticating.update(piece));
    authenticating.finish(delivery.now)
}

/// Signs the body under the id and the time of the input: accepted then, and not with a turned bit.
fn signed(delivery: &Delivery<'_>, input: &[u8]) {
    let id = delivery.values("webhook-id").find_map(|id| str::from_utf8(id).ok()).unwrap_or("evt_1");
    let now = delivery.now;
    for secret in delivery.secrets.iter().filter(|secret| !secret.is_empty()) {
        let signer = Webhook::new(*secret).unwrap();
        let Ok(headers) = signer.sign(delivery.body, id, now) else { continue };
        let receiver = delivery.webhook(&delivery.secrets).unwrap();
        let verified = Verified { id: Some(id.into()), timestamp: Some(now) };
        assert_eq!(receiver.authenticate(&headers, delivery.body, now), Ok(verified), "signed and refused");
        if let Some(other) = flipped(delivery.body, input) {
            assert_eq!(receiver.authenticate(&headers, &other, now), Err(Error::SignatureMismatch));
        }
        for turned in 1..4 {
            let mut pairs = headers.pairs().map(|(name, value)| (name, value.as_bytes().to_vec()));
            pairs[turned].1 = flipped(&pairs[turned].1, input).unwrap();
            assert!(receiver.authenticate(&pairs, delivery.body, now).is_err(), "{}", pairs[turned].0);
        }
    }
}
