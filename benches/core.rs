//! The core beside named alternatives, the same work in one run. Contenders take turns in every round, so that a
//! machine that slows down slows them all; medians and ratios go to `target/bench/core.json`.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on says where and stops")]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use encrata_webhooks::{Key, Webhook, verify_signature};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "whsec_6cce5d5445b12e649ce9e715a2ef4addc9117d6bf3013a0f388997ed20711b1c";
const SIZES: [usize; 5] = [128, 1024, 16 * 1024, 256 * 1024, 1024 * 1024];
const ROUNDS: usize = 21;
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
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let ours = Webhook::new(SECRET).unwrap();
        let theirs = standardwebhooks::Webhook::new(SECRET).unwrap();
        let signed = ours.sign(&body, "evt_1", now).unwrap();
        let headers: HeaderMap =
            signed.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let hex = headers["x-encrata-signature"].to_str().unwrap();
        for race in races(&body, hex, &headers, now, &ours, &theirs) {
            results.push(run(&race, body.len()));
        }
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "../target".into(), PathBuf::from);
    let path = target.join("bench/core.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let report = json!({
        "unit": "nanoseconds per call, median",
        "rounds": ROUNDS,
        "ratio": "the contender's median by ours: above 1, ours is faster",
        "results": results,
    });
    std::fs::write(&path, format!("{report:#}\n")).unwrap();
    println!("written to {}", path.display());
}

fn races<'a>(
    body: &'a [u8],
    hex: &'a str,
    headers: &'a HeaderMap,
    now: i64,
    ours: &'a Webhook,
    theirs: &'a standardwebhooks::Webhook,
) -> Vec<Race<'a>> {
    let plain = ours_plain(headers);
    let kept = Key::new(SECRET).unwrap();
    vec![
        Race {
            work: "one header, key from the secret each time",
            contenders: vec![
                (
                    "encrata_webhooks::verify_signature",
                    Box::new(move || assert!(verify_signature(body, SECRET, hex))),
                ),
                (
                    "hmac + sha2 by hand",
                    Box::new(move || {
                        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
                        mac.update(body);
                        mac.verify_slice(&hex::decode(hex).unwrap()).unwrap();
                    }),
                ),
                (
                    "aws-lc-rs by hand",
                    Box::new(move || {
                        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
                        aws_lc_rs::hmac::verify(&key, body, &hex::decode(hex).unwrap()).unwrap();
                    }),
                ),
            ],
        },
        Race {
            work: "one MAC, key kept",
            contenders: vec![
                ("encrata_webhooks::Key", Box::new(move || _ = black_box(kept.sign(body)))),
                (
                    "encrata_webhooks::Key made anew",
                    Box::new(move || _ = black_box(Key::new(SECRET).unwrap().sign(body))),
                ),
            ],
        },
        Race {
            work: "Standard Webhooks headers and time, no parse",
            contenders: vec![
                (
                    "encrata_webhooks::Webhook::authenticate",
                    Box::new(move || drop(black_box(ours.authenticate(headers, body, now).unwrap()))),
                ),
                ("standardwebhooks", Box::new(move || theirs.verify(body, headers).unwrap())),
            ],
        },
        Race {
            work: "Standard Webhooks headers and time, body parsed",
            contenders: vec![
                (
                    "encrata_webhooks::Webhook::verify (typed event)",
                    Box::new(move || drop(black_box(ours.verify(headers, body, now).unwrap()))),
                ),
                (
                    "standardwebhooks + serde_json::Value",
                    Box::new(move || {
                        theirs.verify(body, headers).unwrap();
                        drop(black_box(serde_json::from_slice::<Value>(body).unwrap()));
                    }),
                ),
                (
                    "encrata_webhooks::Webhook::verify, one header only",
                    Box::new(move || drop(black_box(ours.verify(&plain, body, now).unwrap()))),
                ),
            ],
        },
    ]
}

/// The headers of a delivery whose Standard Webhooks ones were taken away.
fn ours_plain(headers: &HeaderMap) -> HeaderMap {
    HeaderMap::from_iter([("x-encrata-signature".parse().unwrap(), headers["x-encrata-signature"].clone())])
}

/// A delivery of about this size.
fn body(size: usize) -> Vec<u8> {
    let event = |filler: usize| {
        let data = json!({"email": "ada@example.com", "lookup_id": "lu_42", "note": "x".repeat(filler)});
        encrata_webhooks::Envelope::to_bytes(
            "lookup.completed",
            data.as_object().unwrap(),
            "2026-01-01T00:00:00Z",
        )
        .unwrap()
    };
    event(size.saturating_sub(event(0).len()))
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
