//! The core beside named alternatives, the same work in one run. Contenders take turns in every round, so that a
//! machine that slows down slows them all; medians and ratios go to `target/bench/core.json`.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on says where and stops")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use encrata_webhooks::{Envelope, EventData, Key, Webhook, verify_signature};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use serde_json::{Map, Value, json};
use sha2::Sha256;

const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const SIZES: [usize; 5] = [128, 1024, 16 * 1024, 256 * 1024, 1024 * 1024];
const ROUNDS: usize = 41;
/// How long a contender runs in a round, in nanoseconds.
const SLICE_NS: u128 = 4_000_000;

/// Contenders that do the same work; ours is the first.
struct Race<'a> {
    work: &'static str,
    contenders: Vec<Contender<'a>>,
}

type Contender<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    let mut results = Vec::new();
    for size in SIZES {
        let body = body(size);
        // The other library always looks at the clock and allows 300 seconds, so ours does too.
        let ours = Webhook::new(SECRET).unwrap().with_tolerance(Duration::from_secs(300));
        let theirs = standardwebhooks::Webhook::new(SECRET).unwrap();
        let signed = ours.sign(&body, "evt_1", now()).unwrap();
        let headers: HeaderMap =
            signed.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let event = ours.verify(&headers, &body, now()).unwrap();
        assert!(matches!(event.data, EventData::LookupCompleted(_)), "a typed event is what is measured");
        for race in
            plain_races(&body, &headers).into_iter().chain(standard_races(&body, &headers, &ours, &theirs))
        {
            results.push(run(&race, body.len()));
        }
    }
    // Cargo's own word for where it builds, whichever way that was set.
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench").join("core.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let report = json!({
        "measured": "time of one call: the median of all rounds, in nanoseconds",
        "compared": "contenders of one work start from the same bytes and do all that `work` says; they take turns \
            in every round; the body is a lookup.completed with a list of small records",
        "parser": "serde_json into the same maps on both sides, compiled in two crates: where the work `parse alone` \
            shows a ratio, that is the compiler and the allocator, and so it is wherever a body is parsed",
        "ratio": "the contender's median by that of the first, which is ours: above 1, ours is faster",
        "rounds": ROUNDS,
        "architecture": std::env::consts::ARCH,
        "results": results,
    });
    std::fs::write(&path, format!("{report:#}\n")).unwrap();
    println!("\nwritten to {}", path.display());
}

/// What is signed is the body alone.
fn plain_races<'a>(body: &'a [u8], headers: &'a HeaderMap) -> Vec<Race<'a>> {
    let hex = headers["x-encrata-signature"].to_str().unwrap();
    let kept = Key::new(SECRET).unwrap();
    let kept_aws = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let kept_hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let webhook = Webhook::new(SECRET).unwrap();
    let plain = only_plain(headers);
    vec![
        Race {
            work: "x-encrata-signature: key schedule, MAC, hex read, compared in constant time",
            contenders: vec![
                ("verify_signature", Box::new(move || assert!(verify_signature(body, SECRET, hex)))),
                (
                    "hmac + sha2 + hex by hand",
                    Box::new(move || {
                        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
                        mac.update(body);
                        mac.verify_slice(&hex::decode(hex).unwrap()).unwrap();
                    }),
                ),
                (
                    "aws-lc-rs + hex by hand",
                    Box::new(move || {
                        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
                        aws_lc_rs::hmac::verify(&key, body, &hex::decode(hex).unwrap()).unwrap();
                    }),
                ),
            ],
        },
        Race {
            work: "one more message of the same secret: MAC alone",
            contenders: vec![
                ("Key, kept", Box::new(move || _ = black_box(kept.sign(body)))),
                ("Key, made anew", Box::new(move || _ = black_box(Key::new(SECRET).unwrap().sign(body)))),
                ("aws-lc-rs, kept", Box::new(move || _ = black_box(aws_lc_rs::hmac::sign(&kept_aws, body)))),
            ],
        },
        Race {
            work: "x-encrata-signature from a HeaderMap, key kept: MAC, compared, body parsed",
            contenders: vec![
                (
                    "Webhook::verify (typed event)",
                    Box::new(move || drop(black_box(webhook.verify(&plain, body, 0).unwrap()))),
                ),
                (
                    "hmac + sha2 + hex by hand + serde_json",
                    Box::new(move || {
                        let mut mac = kept_hmac.clone();
                        mac.update(body);
                        let signature = hex::decode(headers["x-encrata-signature"].as_bytes()).unwrap();
                        mac.verify_slice(&signature).unwrap();
                        drop(black_box(parse(body)));
                    }),
                ),
            ],
        },
        Race {
            work: "parse alone: a control, since both sides use serde_json",
            contenders: vec![
                ("Envelope::parse", Box::new(move || drop(black_box(Envelope::parse(body).unwrap())))),
                ("serde_json", Box::new(move || drop(black_box(parse(body))))),
            ],
        },
    ]
}

/// What is signed is id, time and body.
fn standard_races<'a>(
    body: &'a [u8],
    headers: &'a HeaderMap,
    ours: &'a Webhook,
    theirs: &'a standardwebhooks::Webhook,
) -> Vec<Race<'a>> {
    vec![
        Race {
            work: "Standard Webhooks from a HeaderMap: MAC, compared, clock read, 300 s allowed",
            contenders: vec![
                (
                    "Webhook::authenticate",
                    Box::new(move || drop(black_box(ours.authenticate(headers, body, now()).unwrap()))),
                ),
                ("standardwebhooks", Box::new(move || theirs.verify(body, headers).unwrap())),
            ],
        },
        Race {
            work: "Standard Webhooks from a HeaderMap: the same, and body parsed",
            contenders: vec![
                (
                    "Webhook::verify (typed event)",
                    Box::new(move || drop(black_box(ours.verify(headers, body, now()).unwrap()))),
                ),
                (
                    "standardwebhooks + serde_json",
                    Box::new(move || {
                        theirs.verify(body, headers).unwrap();
                        drop(black_box(parse(body)));
                    }),
                ),
            ],
        },
    ]
}

/// What ours parses into before it looks for the event.
fn parse(body: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(body).unwrap()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The headers of a delivery whose Standard Webhooks ones were taken away.
fn only_plain(headers: &HeaderMap) -> HeaderMap {
    HeaderMap::from_iter([("x-encrata-signature".parse().unwrap(), headers["x-encrata-signature"].clone())])
}

/// A delivery of this size: small records, as a parser meets them, and a filler for the last bytes.
fn body(size: usize) -> Vec<u8> {
    let record =
        json!({"name": "example", "score": 0.93, "url": "https://example.com/ada", "verified": true});
    let event = |records: usize, filler: usize| {
        let mut data = json!({"email": "ada@example.com", "lookup_id": "lu_42", "x": "x".repeat(filler)});
        if records > 0 {
            data["records"] = vec![record.clone(); records].into();
        }
        let data = data.as_object().unwrap();
        Envelope::to_bytes("lookup.completed", data, "2026-01-01T00:00:00Z").unwrap()
    };
    let records = size.saturating_sub(256) / (record.to_string().len() + 1);
    let body = event(records, size - event(records, 0).len());
    assert_eq!(body.len(), size);
    body
}

fn run(race: &Race<'_>, bytes: usize) -> Value {
    let calls: Vec<u32> = race.contenders.iter().map(|(_, call)| calibrate(call)).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); race.contenders.len()];
    for _ in 0..ROUNDS {
        for (index, (_, call)) in race.contenders.iter().enumerate() {
            times[index].push(time(call, calls[index]));
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("\n{} ({bytes} bytes)", race.work);
    let results = race.contenders.iter().zip(&medians).map(|((name, _), median)| {
        let ratio = median / medians[0];
        println!("  {name:<52} {median:>12.0} ns  {ratio:>5.2} x");
        json!({"name": name, "median_ns": median.round(), "ratio": (ratio * 100.0).round() / 100.0})
    });
    json!({"work": race.work, "bytes": bytes, "contenders": results.collect::<Vec<_>>()})
}

/// How many calls fill a slice.
fn calibrate(call: &dyn Fn()) -> u32 {
    let once = time(call, 3).max(1.0) as u128;
    u32::try_from((SLICE_NS / once).clamp(1, 100_000)).unwrap()
}

fn time(call: &dyn Fn(), calls: u32) -> f64 {
    let started = Instant::now();
    for _ in 0..calls {
        call();
    }
    started.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
