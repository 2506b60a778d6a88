//! Every cause is told from a delivery that has it.
#![cfg(all(feature = "diagnose", feature = "serde"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are part of the tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use encrata_webhooks::{Cause, Diagnosis, Key, Secret, Webhook, diagnose};

const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const BODY: &[u8] = br#"{"created_at":"2026-01-01T00:00:00Z","data":{"message":"hi"},"event":"test"}"#;
const TIME: i64 = 1_767_225_600;

type Header = (&'static str, String);

fn plain_with(key: &[u8], body: &[u8]) -> String {
    Key::from_bytes(key).sign(body).to_string()
}

fn plain(secret: &str, body: &[u8]) -> String {
    plain_with(secret.as_bytes(), body)
}

fn signed(body: &[u8]) -> Vec<Header> {
    Webhook::new(SECRET).unwrap().sign(body, "evt_1", TIME).unwrap().into_iter().collect()
}

fn with(mut headers: Vec<Header>, name: &str, value: &str) -> Vec<Header> {
    headers.iter_mut().filter(|(other, _)| *other == name).for_each(|(_, old)| *old = value.to_owned());
    headers
}

fn without(mut headers: Vec<Header>, name: &str) -> Vec<Header> {
    headers.retain(|(other, _)| *other != name);
    headers
}

fn base64(digest: &[u8; 32]) -> String {
    encrata_webhooks::standard::StandardSignature::from_bytes(*digest).to_string()[3..].to_owned()
}

fn v1(key: &[u8], timestamp: &str, body: &[u8]) -> String {
    let content = [b"evt_1.", timestamp.as_bytes(), b".", body].concat();
    format!("v1,{}", base64(&Key::from_bytes(key).sign(content).to_bytes()))
}

/// What the standard headers are with this key and timestamp.
fn standard(key: &[u8], timestamp: &str, body: &[u8]) -> Vec<Header> {
    vec![
        ("webhook-id", "evt_1".into()),
        ("webhook-timestamp", timestamp.into()),
        ("webhook-signature", v1(key, timestamp, body)),
    ]
}

/// The key that the libraries derive, by way of one of them being decoded here by hand.
fn standard_key() -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = SECRET[6..]
        .bytes()
        .map(|c| u32::try_from(alphabet.iter().position(|&a| a == c).unwrap()).unwrap())
        .collect();
    digits
        .chunks_exact(4)
        .flat_map(|four| four.iter().fold(0, |sum, digit| sum << 6 | digit).to_be_bytes()[1..].to_vec())
        .collect()
}

#[test]
fn every_cause_is_told() {
    let right = plain(SECRET, BODY);
    let digest = Key::new(SECRET).unwrap().sign(BODY).to_bytes();
    let bare = |value: &str| vec![("x-encrata-signature", value.to_owned())];
    let hex_bytes: Vec<u8> =
        (6..SECRET.len()).step_by(2).map(|at| u8::from_str_radix(&SECRET[at..at + 2], 16).unwrap()).collect();
    let pretty =
        serde_json::to_vec_pretty(&serde_json::from_slice::<serde_json::Value>(BODY).unwrap()).unwrap();
    let quoted = serde_json::to_vec(std::str::from_utf8(BODY).unwrap()).unwrap();
    let crlf = b"{\r\n}".to_vec();
    let umlaut = "{\"data\":\"ü\"}".as_bytes();
    let mangled: String = umlaut.iter().map(|&byte| char::from(byte)).collect();
    let other = Secret::from_entropy([7; 32]);
    let newline = format!("{SECRET}\n");
    let in_quotes = format!("\"{SECRET}\"");
    let late = Some((TIME + 600, Duration::from_secs(300)));
    let early = Some((TIME - 600, Duration::from_secs(300)));

    let told = |headers: Vec<Header>, body: &[u8], secret: &str, time| -> Diagnosis {
        diagnose(&headers, body, secret, time)
    };
    let mut seen = BTreeSet::new();
    let mut expect = |cause: Cause, proven: bool, diagnosis: Diagnosis| {
        assert_eq!((diagnosis.cause, diagnosis.proven), (cause, proven), "{diagnosis}");
        assert!(!diagnosis.message.is_empty() && !diagnosis.fix.is_empty());
        // The one fault, and no other beside it.
        let message = match (cause, proven) {
            (Cause::SecretInvalid, _) => diagnosis.message.clone(),
            (_, true) => cause.message().to_owned(),
            (_, false) => format!("{} This is the most likely cause; it is not proven.", cause.message()),
        };
        assert_eq!(diagnosis.message, message);
        assert!(!diagnosis.to_string().contains(&SECRET[6..]), "the secret is shown");
        seen.insert(cause.code());
    };

    expect(Cause::Match, true, told(signed(BODY), BODY, SECRET, None));
    expect(Cause::Match, true, diagnose(right.as_str(), BODY, SECRET, None));

    expect(Cause::SignatureMissing, true, told(vec![], BODY, SECRET, None));
    expect(
        Cause::SignatureMissing,
        true,
        told(with(signed(BODY), "webhook-signature", ""), BODY, SECRET, None),
    );
    expect(Cause::SignatureUppercase, true, told(bare(&right.to_uppercase()), BODY, SECRET, None));
    expect(Cause::SignatureBase64, true, told(bare(&base64(&digest)), BODY, SECRET, None));
    expect(
        Cause::SignatureBase64,
        true,
        told(bare(base64(&digest).trim_end_matches('=')), BODY, SECRET, None),
    );
    expect(Cause::SignaturePrefix, true, told(bare(&format!("sha256={right}")), BODY, SECRET, None));
    expect(Cause::SignatureWhitespace, true, told(bare(&format!("{right}\n")), BODY, SECRET, None));
    expect(Cause::SignatureRepeated, true, told(bare(&format!("{right}, {right}")), BODY, SECRET, None));
    expect(Cause::SignatureRepeated, true, told([bare(&right), bare(&right)].concat(), BODY, SECRET, None));
    let shouted = right.to_uppercase();
    expect(Cause::SignatureRepeated, true, told(bare(&format!("{shouted}, {shouted}")), BODY, SECRET, None));
    expect(Cause::SignatureMalformed, true, told(bare(&right[..60]), BODY, SECRET, None));
    expect(Cause::SignatureInWrongHeader, true, {
        let entry = v1(&standard_key(), &TIME.to_string(), BODY);
        told(
            with(without(signed(BODY), "webhook-signature"), "x-encrata-signature", &entry),
            BODY,
            SECRET,
            None,
        )
    });
    expect(
        Cause::SignatureInWrongHeader,
        true,
        told(with(signed(BODY), "webhook-signature", &right), BODY, SECRET, None),
    );
    expect(Cause::SignatureInWrongHeader, true, diagnose(v1(b"?", "1", BODY).as_str(), BODY, SECRET, None));

    expect(Cause::SecretInvalid, true, told(bare(&right), BODY, " ", None));
    expect(Cause::SecretInvalid, true, told(bare(&plain("else", BODY)), BODY, &newline, None));
    expect(Cause::SecretWhitespace, true, told(bare(&right), BODY, &newline, None));
    expect(Cause::SecretWhitespace, true, told(bare(&plain(&newline, BODY)), BODY, SECRET, None));
    expect(
        Cause::SecretWhitespace,
        true,
        told(without(signed(BODY), "x-encrata-signature"), BODY, &newline, None),
    );
    expect(Cause::SecretQuotes, true, told(bare(&right), BODY, &in_quotes, None));
    expect(Cause::SecretQuotes, true, told(bare(&plain(&in_quotes, BODY)), BODY, SECRET, None));
    expect(Cause::SecretPrefixMissing, true, told(bare(&right), BODY, &SECRET[6..], None));
    expect(Cause::SecretPrefixStripped, true, told(bare(&plain(&SECRET[6..], BODY)), BODY, SECRET, None));
    // Quotes and white space around what we hold hide nothing of what the sender did.
    let around = format!("\"{SECRET}\"\n");
    expect(Cause::SecretPrefixStripped, true, told(bare(&plain(&SECRET[6..], BODY)), BODY, &around, None));
    expect(Cause::SecretDecoded, true, told(bare(&plain_with(&standard_key(), BODY)), BODY, SECRET, None));
    expect(Cause::SecretHexDecoded, true, told(bare(&plain_with(&hex_bytes, BODY)), BODY, SECRET, None));
    expect(Cause::SecretHexDecoded, true, told(standard(&hex_bytes, "1", BODY), BODY, SECRET, None));
    expect(Cause::SecretNotDecoded, true, told(standard(SECRET.as_bytes(), "1", BODY), BODY, SECRET, None));
    expect(
        Cause::SecretNotDecoded,
        true,
        told(standard(&SECRET.as_bytes()[6..], "1", BODY), BODY, SECRET, None),
    );
    expect(Cause::SecretEmpty, true, told(bare(&plain("", BODY)), BODY, SECRET, None));
    expect(Cause::SecretEmpty, true, told(bare(&plain("", BODY)), BODY, "", None));
    expect(Cause::SecretNotStandard, true, {
        told(without(signed(BODY), "x-encrata-signature"), BODY, "not base64", None)
    });
    expect(Cause::OtherSecret, false, told(bare(&plain(other.expose(), BODY)), BODY, SECRET, None));
    expect(Cause::OtherSecret, false, told(signed(BODY), BODY, other.expose(), None));

    expect(Cause::BodyReserialised, true, told(bare(&right), &pretty, SECRET, None));
    expect(Cause::BodyReserialised, true, told(signed(BODY), &pretty, SECRET, None));
    expect(Cause::BodyReserialised, false, told(bare(&plain("else", BODY)), &pretty, SECRET, None));
    expect(Cause::BodyDoubleEncoded, true, told(bare(&right), &quoted, SECRET, None));
    expect(Cause::BodyParsed, true, told(bare(&right), b"[object Object]", SECRET, None));
    expect(Cause::BodyEmpty, false, told(bare(&right), b"", SECRET, None));
    expect(Cause::BodyTruncated, false, told(bare(&right), &BODY[..40], SECRET, None));
    expect(Cause::BodyTruncated, false, {
        let length = vec![("content-length", "2000".to_owned())];
        told([bare(&plain(SECRET, b"whole")), length].concat(), b"wh", SECRET, None)
    });
    expect(Cause::OtherSecret, false, {
        let length = vec![("content-length", BODY.len().to_string())];
        told([bare(&plain("else", BODY)), length].concat(), BODY, "not base64", None)
    });
    expect(Cause::BodyNewlineAdded, true, told(bare(&right), &[BODY, b"\n"].concat(), SECRET, None));
    expect(Cause::BodyNewlineMissing, true, {
        told(bare(&plain(SECRET, &[BODY, b"\r\n"].concat())), BODY, SECRET, None)
    });
    expect(Cause::BodyLineEnds, true, told(bare(&plain(SECRET, &crlf)), b"{\n}", SECRET, None));
    expect(Cause::BodyLineEnds, true, told(bare(&plain(SECRET, b"{\n}")), &crlf, SECRET, None));
    expect(Cause::BodyWhitespace, true, told(bare(&right), &[b"\xef\xbb\xbf", BODY].concat(), SECRET, None));
    expect(Cause::BodyWhitespace, true, told(bare(&right), &[b"  ", BODY, b" "].concat(), SECRET, None));
    expect(Cause::BodyReencoded, true, told(bare(&plain(SECRET, umlaut)), mangled.as_bytes(), SECRET, None));

    expect(
        Cause::StandardHeadersMissing,
        true,
        told(without(signed(BODY), "webhook-id"), BODY, "else", None),
    );
    expect(
        Cause::StandardHeadersMissing,
        true,
        told(without(signed(BODY), "webhook-timestamp"), BODY, SECRET, None),
    );
    expect(
        Cause::StandardHeadersChanged,
        true,
        told(with(signed(BODY), "webhook-id", "evt_2"), BODY, SECRET, None),
    );
    expect(Cause::StandardHeadersChanged, true, {
        // The MAC covers the dot, and the id is refused all the same.
        let content = [b"evt.1.7.", BODY].concat();
        let entry = format!("v1,{}", base64(&Key::from_bytes(&standard_key()).sign(content).to_bytes()));
        let headers = [("webhook-id", "evt.1"), ("webhook-timestamp", "7"), ("webhook-signature", &entry)];
        told(headers.map(|(name, value)| (name, value.to_owned())).to_vec(), BODY, SECRET, None)
    });
    expect(Cause::TimestampMissing, true, told(bare(&right), BODY, SECRET, late));
    expect(
        Cause::TimestampMalformed,
        true,
        told(standard(&standard_key(), "soon", BODY), BODY, SECRET, None),
    );
    expect(Cause::TimestampMilliseconds, true, {
        told(standard(&standard_key(), "1767225600000", BODY), BODY, SECRET, late)
    });
    expect(Cause::TimestampMilliseconds, true, {
        told(standard(&standard_key(), "1767225600000", BODY), BODY, SECRET, None)
    });
    expect(Cause::TimestampTooOld, true, told(signed(BODY), BODY, SECRET, late));
    expect(Cause::TimestampTooNew, true, told(signed(BODY), BODY, SECRET, early));
    expect(Cause::PayloadInvalid, true, told(signed(b"{}"), b"{}", SECRET, None));

    let all: BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    assert_eq!(seen, all);
}

#[test]
fn two_faults_at_once_are_both_told() {
    let signature = plain(SECRET, BODY).to_uppercase();
    let body = [BODY, b"\n"].concat();
    let diagnosis = diagnose(signature.as_str(), &body, &format!("{SECRET}\n"), None);
    assert!(diagnosis.proven);
    assert_eq!(diagnosis.to_string(), format!("{} {}", diagnosis.message, diagnosis.fix));
    for cause in [Cause::SignatureUppercase, Cause::BodyNewlineAdded, Cause::SecretWhitespace] {
        assert!(diagnosis.message.contains(cause.message()), "{diagnosis}");
    }
}

#[test]
fn a_stripped_header_is_told_after_other_faults() {
    let time = Some((TIME, Duration::from_secs(300)));
    let diagnosis = diagnose(plain("else", BODY).as_str(), BODY, SECRET, time);
    assert_eq!(diagnosis.cause, Cause::OtherSecret);
}

#[test]
fn serialises_with_its_code() {
    let diagnosis = diagnose("", BODY, SECRET, None);
    assert_eq!(diagnosis.cause.to_string(), "signature_missing");
    assert_eq!(serde_json::to_value(&diagnosis).unwrap()["cause"], "signature_missing");
}
