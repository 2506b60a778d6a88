//! Runs under valgrind's memcheck, which is told that secrets are undefined memory: it then reports every jump and every
//! address that depends on one (the method of ctgrind). `run.sh` starts it; `verdict.supp` names the one jump that
//! is meant: the verdict.

use std::hint::black_box;
use std::process::ExitCode;

use encrata_webhooks::standard::{StandardKey, StandardSignature};
use encrata_webhooks::{Error, Key, Signature, Webhook, verify_signature};
use encrata_webhooks_constant_time::client_request::{errors, is_watched, public, secret};
use encrata_webhooks_constant_time::{BODY, SECRETS, early_exit};
use subtle::ConstantTimeEq as _;

struct Case {
    name: String,
    /// Whether memcheck has to complain: the cases that show that it would.
    reported: bool,
    found: usize,
}

/// What a case does is counted, and only that.
fn case(name: impl Into<String>, reported: bool, run: impl FnOnce()) -> Case {
    let before = errors();
    run();
    Case { name: name.into(), reported, found: errors() - before }
}

fn main() -> ExitCode {
    if !is_watched() {
        eprintln!("this runs under valgrind: tests/constant-time/run.sh");
        return ExitCode::from(2);
    }
    let mut cases = Vec::new();
    comparisons(&mut cases);
    keys(&mut cases);
    deliveries(&mut cases);
    controls(&mut cases);
    let mut holds = true;
    for Case { name, reported, found } in cases {
        let as_expected = (found > 0) == reported;
        holds &= as_expected;
        println!("{} {found:>3} reported  {name}", if as_expected { "ok  " } else { "FAIL" });
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The expected digest, and the same with a difference at some place.
fn digests() -> [(&'static str, [u8; 32], bool); 4] {
    let expected = [0xa5; 32];
    let differing = |at: usize| {
        let mut other = expected;
        other[at] ^= 1;
        other
    };
    [
        ("equal", expected, true),
        ("first byte", differing(0), false),
        ("middle byte", differing(15), false),
        ("last byte", differing(31), false),
    ]
}

fn comparisons(cases: &mut Vec<Case>) {
    for (place, given, equal) in digests() {
        let mut expected = [0xa5; 32];
        secret(&mut expected);
        let (one, other) = (Signature::from_bytes(expected), Signature::from_bytes(given));
        cases.push(case(format!("signature compared, {place}"), false, || {
            assert_eq!(answer(one.ct_eq(&other).unwrap_u8()), u8::from(equal));
        }));
        let (one, other) = (StandardSignature::from_bytes(expected), StandardSignature::from_bytes(given));
        cases.push(case(format!("standard signature compared, {place}"), false, || {
            assert_eq!(answer(one.ct_eq(&other).unwrap_u8()), u8::from(equal));
        }));
    }
}

/// Signing with a key that nobody knows.
fn keys(cases: &mut Vec<Case>) {
    for length in [20, 32, 64, 131] {
        let mut bytes = vec![0x0b; length];
        let expected = Key::from_bytes(&bytes).sign(BODY).to_bytes();
        secret(&mut bytes);
        cases.push(case(format!("signed with a key of {length} bytes"), false, || {
            let mut signed = Key::from_bytes(black_box(&bytes)).sign(BODY).to_bytes();
            public(&mut signed);
            assert_eq!(signed, expected);
        }));
        let given = Signature::from_bytes(expected);
        cases.push(case(format!("verified with a key of {length} bytes"), false, || {
            let verified = Key::from_bytes(black_box(&bytes)).verify(BODY, &given);
            assert_eq!(answer(u8::from(verified)), 1);
        }));
    }
}

/// Whole deliveries: secrets that nobody knows, headers that are right, or wrong at some place.
fn deliveries(cases: &mut Vec<Case>) {
    let signed = Webhook::new(SECRETS[0]).and_then(|webhook| Ok(webhook.sign(BODY, "evt_1", 7).expect("a fair id")));
    let signed = signed.expect("a fair secret");
    let pairs = signed.pairs();
    let (plain, standard) = (&pairs[..1], &pairs[1..]);
    for secrets in [&SECRETS[..1], &SECRETS[..]] {
        let webhook = receiver(secrets);
        for (scheme, headers) in [("plain", plain), ("standard", standard)] {
            for (place, at) in [("right", None), ("wrong at the start", Some(0)), ("wrong at the end", Some(1))] {
                let headers = wrong_at(headers, at);
                let name = format!("{scheme} delivery with {} secrets, {place}", secrets.len());
                cases.push(case(name, false, || {
                    let outcome = webhook.authenticate(&headers, BODY, 7).map(drop);
                    assert_eq!(outcome, if at.is_none() { Ok(()) } else { Err(Error::SignatureMismatch) });
                }));
            }
        }
    }
    for (place, at) in [("right", None), ("wrong at the start", Some(0)), ("wrong at the end", Some(1))] {
        let header = &wrong_at(plain, at)[0].1;
        let text = unknown(SECRETS[0]);
        cases.push(case(format!("drop-in, {place}"), false, || {
            let verified = verify_signature(BODY, &text, header);
            assert_eq!(answer(u8::from(verified)), u8::from(at.is_none()));
        }));
    }
}

/// What the method has to find, or it would find nothing anywhere.
fn controls(cases: &mut Vec<Case>) {
    for (place, given, equal) in digests() {
        let mut expected = [0xa5; 32];
        secret(&mut expected);
        cases.push(case(format!("control: compared until the first difference, {place}"), true, || {
            assert_eq!(early_exit(&expected, &given), equal);
        }));
    }
    let mut digest = [0x5a; 32];
    secret(&mut digest);
    cases.push(case("control: digits looked up in a table", true, || {
        black_box(Signature::from_bytes(digest).to_hex());
    }));
    let text = unknown(SECRETS[0]);
    cases.push(case("control: base64 of a secret judged", true, || {
        black_box(StandardKey::new(&text).is_ok());
    }));
}

/// The answer of a computation over secrets is public, once it is there.
fn answer(bit: u8) -> u8 {
    let mut bytes = [bit];
    public(&mut bytes);
    black_box(bytes)[0]
}

/// A text of which memcheck knows no byte.
fn unknown(text: &str) -> String {
    let mut bytes = text.to_owned().into_bytes();
    secret(&mut bytes);
    String::from_utf8(bytes).expect("it was a text")
}

/// A receiver whose keys come from unknown bytes. Its making is not judged: it refuses secrets by their shape (blank,
/// quoted, not base64), which every issued one shares.
fn receiver(secrets: &[&str]) -> Webhook {
    let texts: Vec<String> = secrets.iter().map(|text| unknown(text)).collect();
    Webhook::new(&texts).expect("fair secrets")
}

/// The headers, the signature of which has another first (0) or last (1) byte.
fn wrong_at(headers: &[(&'static str, &str)], at: Option<usize>) -> Vec<(&'static str, String)> {
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let Some(at) = at else { return headers };
    for (name, value) in &mut headers {
        let wrong = |bytes: [u8; 32]| {
            let mut bytes = bytes;
            bytes[at * 31] ^= 1;
            bytes
        };
        if *name == "x-encrata-signature" {
            let signature: Signature = value.parse().expect("our own");
            *value = Signature::from_bytes(wrong(signature.to_bytes())).to_string();
        } else if *name == "webhook-signature" {
            let signature: StandardSignature = value.parse().expect("our own");
            *value = StandardSignature::from_bytes(wrong(signature.to_bytes())).to_string();
        }
    }
    headers
}
