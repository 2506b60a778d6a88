//! Runs under valgrind's memcheck, which is told that secrets are undefined memory: it then reports every jump and
//! every address that depends on one (the method of ctgrind). `run.sh` starts it; `shape.supp` names what is not
//! counted.

use std::hint::black_box;
use std::process::ExitCode;

use encrata_webhooks::standard::{StandardKey, StandardSignature};
use encrata_webhooks::{Error, Key, Signature, Webhook, verify_signature};
use encrata_webhooks_constant_time::client_request::{errors, is_watched, public, secret};
use encrata_webhooks_constant_time::{BODY, SECRETS, early_exit};
use subtle::ConstantTimeEq as _;

/// What memcheck has to find.
enum Expected {
    Nothing,
    /// One jump, wherever a signature is wrong: that on the verdict, which whoever sent the delivery is told anyway.
    Verdict,
    /// Something: the cases that show that it would.
    Leak,
}

struct Case {
    name: String,
    holds: bool,
    found: usize,
}

/// What a case does is counted, and only that.
fn case(name: impl Into<String>, expected: Expected, run: impl FnOnce()) -> Case {
    let before = errors();
    run();
    let found = errors() - before;
    let holds = match expected {
        Expected::Nothing => found == 0,
        Expected::Verdict => found == 1,
        Expected::Leak => found > 0,
    };
    Case { name: name.into(), holds, found }
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
    for Case { name, holds, found } in &cases {
        println!("{} {found:>3} reported  {name}", if *holds { "ok  " } else { "FAIL" });
    }
    if cases.iter().all(|case| case.holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
        cases.push(case(format!("signature compared, {place}"), Expected::Nothing, || {
            assert_eq!(answer(one.ct_eq(&other).unwrap_u8()), u8::from(equal));
        }));
        let (one, other) = (StandardSignature::from_bytes(expected), StandardSignature::from_bytes(given));
        cases.push(case(format!("standard signature compared, {place}"), Expected::Nothing, || {
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
        cases.push(case(format!("signed with a key of {length} bytes"), Expected::Nothing, || {
            let mut signed = Key::from_bytes(black_box(&bytes)).sign(BODY).to_bytes();
            public(&mut signed);
            assert_eq!(signed, expected);
        }));
        let given = Signature::from_bytes(expected);
        cases.push(case(format!("verified with a key of {length} bytes"), Expected::Nothing, || {
            let verified = Key::from_bytes(black_box(&bytes)).verify(BODY, &given);
            assert_eq!(answer(u8::from(verified)), 1);
        }));
    }
}

/// Where the signatures of a delivery are wrong: nowhere, in their first byte, in their last one.
const PLACES: [(&str, Option<usize>); 3] =
    [("right", None), ("wrong at the start", Some(0)), ("wrong at the end", Some(31))];

/// Whole deliveries, of secrets that nobody knows: one, or two while they rotate.
fn deliveries(cases: &mut Vec<Case>) {
    for secrets in [&SECRETS[..1], &SECRETS[..]] {
        let signed = signed(secrets);
        let webhook = receiver(secrets);
        for (scheme, headers) in [("plain", &signed[..1]), ("standard", &signed[1..])] {
            for (place, at) in PLACES {
                let headers = wrong_at(headers, at);
                let name = format!("{scheme} delivery with {} secrets, {place}", secrets.len());
                cases.push(case(name, Expected::Verdict, || {
                    let outcome = webhook.authenticate(&headers, BODY, 7).map(drop);
                    assert_eq!(outcome, if at.is_none() { Ok(()) } else { Err(Error::SignatureMismatch) });
                }));
            }
        }
    }
    for (place, at) in PLACES {
        let header = &wrong_at(&signed(&SECRETS[..1])[..1], at)[0].1;
        let text = unknown(SECRETS[0]);
        cases.push(case(format!("drop-in, {place}"), Expected::Nothing, || {
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
        cases.push(case(
            format!("control: compared until the first difference, {place}"),
            Expected::Leak,
            || {
                assert_eq!(early_exit(&expected, &given), equal);
            },
        ));
    }
    let mut digest = [0x5a; 32];
    secret(&mut digest);
    cases.push(case("control: digits looked up in a table", Expected::Leak, || {
        black_box(Signature::from_bytes(digest).to_hex());
    }));
    let text = unknown(SECRETS[0]);
    cases.push(case("control: base64 of a secret judged", Expected::Leak, || {
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

/// The headers of a delivery; that of the other scheme lists an entry for each secret.
fn signed(secrets: &[&str]) -> Vec<(&'static str, String)> {
    let webhook = Webhook::new(secrets).expect("fair secrets");
    webhook.sign(BODY, "evt_1", 7).expect("a fair id").into_iter().collect()
}

/// The headers with another byte at that place of each signature.
fn wrong_at(headers: &[(&'static str, String)], at: Option<usize>) -> Vec<(&'static str, String)> {
    let Some(at) = at else { return headers.to_vec() };
    let wrong = |mut bytes: [u8; 32]| {
        bytes[at] ^= 1;
        bytes
    };
    let plain = |text: &str| {
        let signature: Signature = text.parse().expect("our own");
        Signature::from_bytes(wrong(signature.to_bytes())).to_string()
    };
    let entry = |text: &str| {
        let signature: StandardSignature = text.parse().expect("our own");
        StandardSignature::from_bytes(wrong(signature.to_bytes())).to_string()
    };
    let other = |(name, value): &(&'static str, String)| match *name {
        "x-encrata-signature" => (*name, plain(value)),
        "webhook-signature" => (*name, value.split(' ').map(entry).collect::<Vec<_>>().join(" ")),
        _ => (*name, value.clone()),
    };
    headers.iter().map(other).collect()
}
