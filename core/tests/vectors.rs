//! Every case of the shared vectors, which each language of this project runs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are part of the tests")]

use std::collections::BTreeSet;

use encrata_webhooks::standard::{StandardKey, StandardSignature};
use encrata_webhooks::{Error, Key, Signature, verify_signature};
use serde_json::Value;

const VECTORS: &str = include_str!("../../tests/vectors/vectors.json");

/// Runs a step on every case of a section, and names each case that fails.
fn each(section: &str, step: impl Fn(&Value)) {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let cases = vectors[section].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| step(case)));
        assert!(outcome.is_ok(), "{section}: {}", case["name"]);
    }
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_else(|| panic!("{name} of {case}"))
}

fn body(case: &Value) -> Vec<u8> {
    match case["body"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => base64(text(case, "body_base64")),
    }
}

/// Base64 from scratch: the vectors' own reader is not the code under test.
fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u8> = text
        .bytes()
        .filter(|&c| c != b'=')
        .map(|c| u8::try_from(alphabet.iter().position(|&a| a == c).unwrap()).unwrap())
        .collect();
    let bits: String = digits.iter().map(|digit| format!("{digit:06b}")).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn errors_are_those_of_the_contract() {
    let codes: BTreeSet<(&str, u16)> =
        Error::ALL.iter().map(|error| (error.code(), error.http_status())).collect();
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let expected = vectors["errors"].as_array().unwrap();
    assert_eq!(codes.len(), expected.len());
    for error in expected {
        let status = u16::try_from(error["http_status"].as_u64().unwrap()).unwrap();
        assert!(codes.contains(&(text(error, "code"), status)), "{error}");
    }
}

#[test]
fn hmac() {
    each("hmac", |case| {
        let key = Key::from_bytes(&hex(text(case, "key_hex")));
        let message = hex(text(case, "message_hex"));
        let signature: Signature = text(case, "signature").parse().unwrap();
        assert_eq!(key.verify(&message, &signature), case["ok"].as_bool().unwrap());
    });
}

#[test]
fn drop_in() {
    each("verify_signature", |case| {
        // A missing header cannot be said in Rust.
        let Some(signature) = case["signature"].as_str() else { return };
        let answer = verify_signature(body(case), text(case, "secret"), signature);
        assert_eq!(answer, case["ok"].as_bool().unwrap());
    });
}

#[test]
fn standard_webhooks_of_the_published_libraries() {
    each("standard", |case| {
        let key = StandardKey::new(text(case, "secret")).unwrap();
        let (id, timestamp) = (text(case, "id"), case["timestamp"].as_i64().unwrap());
        let signature: StandardSignature = text(case, "signature").parse().unwrap();
        assert!(key.verify(id, timestamp, &body(case), &signature));
        assert_eq!(key.sign(id, timestamp, &body(case)).unwrap().to_string(), text(case, "signature"));
    });
}

#[cfg(feature = "alloc")]
mod with_alloc {
    use std::time::Duration;

    use encrata_webhooks::{Error, SignError, Webhook};
    use serde_json::{Value, json};

    use super::{body, each, text};

    fn secrets(case: &Value) -> Vec<Option<&str>> {
        case["secrets"].as_array().unwrap().iter().map(Value::as_str).collect()
    }

    fn headers(case: &Value) -> Vec<(&str, &str)> {
        let pairs = case["headers"].as_array().unwrap().iter();
        pairs.map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect()
    }

    fn webhook(case: &Value) -> Webhook {
        let webhook = Webhook::new(secrets(case)).unwrap();
        match case["tolerance"].as_u64() {
            Some(seconds) => webhook.with_tolerance(Duration::from_secs(seconds)),
            None => webhook,
        }
    }

    #[test]
    fn one_receiver_serves_all_threads() {
        const fn shared<T: Send + Sync + 'static>() {}
        shared::<Webhook>();
        shared::<encrata_webhooks::Key>();
        shared::<encrata_webhooks::Secret>();
    }

    #[test]
    fn secrets_are_taken_or_refused() {
        each("secrets", |case| match Webhook::new(secrets(case)) {
            Ok(_) => assert!(case["ok"].as_bool().unwrap()),
            Err(error @ Error::InvalidSecret(fault)) => {
                assert_eq!(error.code(), text(case, "code"));
                assert_eq!(fault.code(), text(case, "fault"));
            }
            Err(error) => panic!("{error}"),
        });
    }

    #[test]
    fn signing() {
        each("sign", |case| {
            let webhook = Webhook::new(secrets(case)).unwrap();
            let signed =
                webhook.sign(&body(case), text(case, "id"), case["timestamp"].as_i64().unwrap()).unwrap();
            assert_eq!(signed.pairs().to_vec(), headers(case));
            assert!((&signed).into_iter().eq(headers(case)));
            assert!(
                signed
                    .into_iter()
                    .eq(headers(case).into_iter().map(|(name, value)| (name, value.to_owned())))
            );
        });
        each("sign_refused", |case| {
            let webhook = Webhook::new(secrets(case)).unwrap();
            let error = webhook.sign(b"", text(case, "id"), case["timestamp"].as_i64().unwrap()).unwrap_err();
            let name = text(case, "name");
            assert!(match error {
                SignError::InvalidId => name.starts_with("id-"),
                SignError::InvalidTimestamp => name.starts_with("timestamp-"),
                SignError::InvalidSecret(_) => name.starts_with("secret-"),
            });
        });
    }

    #[test]
    fn authentication() {
        each("cases", |case| {
            let outcome =
                webhook(case).authenticate(&headers(case), &body(case), case["now"].as_i64().unwrap());
            match outcome {
                Ok(verified) if case["ok"].as_bool().unwrap() => {
                    assert_eq!(json!(verified.id), case["event"]["id"]);
                    assert_eq!(json!(verified.timestamp), case["event"]["timestamp"]);
                }
                // The JSON is looked at by others.
                Ok(_) => assert_eq!(text(case, "code"), "invalid_payload"),
                Err(error) => assert_eq!(Some(error.code()), case["code"].as_str()),
            }
        });
    }

    #[cfg(feature = "serde")]
    #[test]
    fn envelopes() {
        each("envelope", |case| {
            let data = case["data"].as_object().unwrap();
            let written =
                encrata_webhooks::Envelope::to_bytes(text(case, "event"), data, text(case, "created_at"));
            assert_eq!(written.unwrap(), body(case));
        });
    }

    #[cfg(feature = "serde")]
    #[test]
    fn verification() {
        each("cases", |case| {
            let outcome = webhook(case).verify(&headers(case), &body(case), case["now"].as_i64().unwrap());
            match outcome {
                Ok(event) => {
                    let seen = json!({
                        "event": event.name(),
                        "known": event.data.kind().is_some(),
                        "id": event.id,
                        "timestamp": event.timestamp,
                        "created_at": event.created_at,
                    });
                    assert_eq!(seen, case["event"]);
                    let body: Value = serde_json::from_slice(&body(case)).unwrap();
                    assert_eq!(Value::Object(event.data.to_data()), body["data"]);
                }
                Err(error) => assert_eq!(Some(error.code()), case["code"].as_str()),
            }
        });
    }

    #[cfg(feature = "http")]
    #[test]
    fn verification_with_http_headers() {
        each("cases", |case| {
            let mut map = http::HeaderMap::new();
            for (name, value) in headers(case) {
                let name: http::HeaderName = name.parse().unwrap();
                map.append(name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let now = case["now"].as_i64().unwrap();
            assert_eq!(
                webhook(case).authenticate(&map, &body(case), now),
                webhook(case).authenticate(&headers(case), &body(case), now)
            );
        });
    }
}
