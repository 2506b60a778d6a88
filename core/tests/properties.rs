//! What holds for all inputs.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are part of the tests")]

use std::time::Duration;

use encrata_webhooks::{Envelope, Error, Key, Secret, Webhook, verify_signature};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value};

fn secret() -> impl Strategy<Value = String> {
    any::<[u8; 32]>().prop_map(|entropy| Secret::from_entropy(entropy).expose().to_owned())
}

fn id() -> impl Strategy<Value = String> {
    "[!-\\-/-~]{1,40}"
}

/// Names that matter more often than others, with values that are nearly right more often than noise is.
fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        Just("X-Encrata-Signature".to_owned()),
        Just("webhook-signature".to_owned()),
        Just("webhook-id".to_owned()),
        Just("Webhook-Timestamp".to_owned()),
        ".*",
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..80),
        "[0-9a-f]{64}".prop_map(String::into_bytes),
        "(v1,[A-Za-z0-9+/]{43}=[ ,]{0,2}){0,3}".prop_map(String::into_bytes),
        "[0-9]{1,22}".prop_map(String::into_bytes),
    ];
    (name, value)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((".*", inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    vec((".*", json()), 0..6).prop_map(|fields| fields.into_iter().collect())
}

/// Whether every object's keys come in the order of their bytes, told from the text alone.
fn keys_are_sorted(text: &str) -> bool {
    struct Checked;
    impl<'de> serde::Deserialize<'de> for Checked {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Checked, D::Error> {
            deserializer.deserialize_any(Visitor)
        }
    }
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Checked;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON with sorted keys")
        }
        fn visit_unit<E>(self) -> Result<Checked, E> {
            Ok(Checked)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
            Ok(Checked)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
            Ok(Checked)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
            Ok(Checked)
        }
        fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
            Ok(Checked)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut elements: A) -> Result<Checked, A::Error> {
            while elements.next_element::<Checked>()?.is_some() {}
            Ok(Checked)
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut entries: A) -> Result<Checked, A::Error> {
            let mut last: Option<String> = None;
            while let Some((key, Checked)) = entries.next_entry::<String, Checked>()? {
                if last.is_some_and(|last| last >= key) {
                    return Err(serde::de::Error::custom("keys out of order"));
                }
                last = Some(key);
            }
            Ok(Checked)
        }
    }
    serde_json::from_str::<Checked>(text).is_ok()
}

proptest! {
    #[test]
    fn nothing_panics_and_noise_never_verifies(
        secret in ".*",
        headers in vec(header(), 0..6),
        body in vec(any::<u8>(), 0..200),
        now in any::<i64>(),
        tolerance in proptest::option::of(any::<u64>()),
    ) {
        let signature = headers.first().map(|(_, value)| String::from_utf8_lossy(value).into_owned());
        prop_assert!(!verify_signature(&body, &secret, &signature.unwrap_or_default()));
        let Ok(mut webhook) = Webhook::new(&secret) else { return Ok(()) };
        if let Some(seconds) = tolerance {
            webhook = webhook.with_tolerance(Duration::from_secs(seconds));
        }
        let error = webhook.verify(&headers, &body, now).unwrap_err();
        prop_assert_eq!(error.http_status(), 401);
        #[cfg(feature = "diagnose")]
        {
            let time = tolerance.map(|seconds| (now, Duration::from_secs(seconds)));
            let diagnosis = encrata_webhooks::diagnose(&headers, &body, &secret, time);
            prop_assert_ne!(diagnosis.cause, encrata_webhooks::Cause::Match);
        }
    }

    #[test]
    fn envelopes_never_panic(body in vec(any::<u8>(), 0..200)) {
        let _ = Envelope::parse(&body);
    }

    #[test]
    fn what_is_signed_verifies(
        secret in secret(),
        id in id(),
        timestamp in 0..i64::MAX,
        body in vec(any::<u8>(), 0..300),
        off_by in -300i64..=300,
    ) {
        let webhook = Webhook::new(&secret).unwrap().with_tolerance(Duration::from_secs(300));
        let signed = webhook.sign(&body, &id, timestamp).unwrap();
        let verified = webhook.authenticate(&signed, &body, timestamp.saturating_add(off_by)).unwrap();
        prop_assert_eq!(verified.id, Some(id));
        prop_assert_eq!(verified.timestamp, Some(timestamp));
        let (_, plain) = signed.pairs()[0];
        prop_assert!(verify_signature(&body, &secret, plain));
        prop_assert!(Webhook::new(&secret).unwrap().authenticate(plain, &body, 0).is_ok());
    }

    #[test]
    fn any_flipped_bit_is_refused(
        secret in secret(),
        body in vec(any::<u8>(), 1..300),
        at in any::<Index>(),
        bit in 0u8..8,
        header in 0usize..4,
    ) {
        let webhook = Webhook::new(&secret).unwrap();
        let signed = webhook.sign(&body, "evt_1", 1_767_225_600).unwrap();
        let mut other = body.clone();
        other[at.index(body.len())] ^= 1 << bit;
        prop_assert_eq!(webhook.authenticate(&signed, &other, 0), Err(Error::SignatureMismatch));
        prop_assert!(!verify_signature(&other, &secret, signed.pairs()[0].1));

        let mut headers: Vec<(&str, Vec<u8>)> =
            signed.iter().map(|(name, value)| (name, value.as_bytes().to_vec())).collect();
        let index = at.index(headers[header].1.len());
        headers[header].1[index] ^= 1 << bit;
        // The plain signature does not count beside the other one, so look at it alone.
        let looked_at = if header == 0 { &headers[..1] } else { &headers[1..] };
        prop_assert!(webhook.authenticate(looked_at, &body, 0).is_err());
    }

    #[test]
    fn another_secret_is_refused(one in secret(), two in secret(), body in vec(any::<u8>(), 0..100)) {
        prop_assume!(one != two);
        let signed = Webhook::new(&one).unwrap().sign(&body, "evt_1", 0).unwrap();
        let error = Webhook::new(&two).unwrap().authenticate(&signed, &body, 0);
        prop_assert_eq!(error, Err(Error::SignatureMismatch));
        prop_assert!(Webhook::new([&two, &one]).unwrap().authenticate(&signed, &body, 0).is_ok());
    }

    #[test]
    fn pieces_sign_like_the_whole(secret in secret(), pieces in vec(vec(any::<u8>(), 0..150), 0..6)) {
        let key = Key::new(&secret).unwrap();
        let mut signing = key.signing();
        for piece in &pieces {
            signing.update(piece);
        }
        let whole = key.sign(pieces.concat());
        prop_assert_eq!(signing.finish(), whole);
        prop_assert_eq!(key.sign(pieces.concat()), whole);
    }

    #[test]
    fn envelopes_are_compact_sorted_and_read_back(event in ".+", data in object()) {
        let body = Envelope::to_bytes(&event, &data, "2026-01-01T00:00:00Z").unwrap();
        let text = String::from_utf8(body.clone()).unwrap();
        prop_assert!(keys_are_sorted(&text));
        let begins_as_expected = text.starts_with("{\"created_at\":\"2026-01-01T00:00:00Z\",\"data\":{");
        prop_assert!(begins_as_expected);
        let envelope = Envelope::parse(&body).unwrap();
        prop_assert_eq!(&envelope.event, &event);
        prop_assert_eq!(&envelope.data, &data);
        prop_assert_eq!(text.len(), serde_json::to_string(&serde_json::from_str::<Value>(&text).unwrap()).unwrap().len());
    }
}
