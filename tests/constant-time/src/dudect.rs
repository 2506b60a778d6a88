//! Times `verify` on two classes of input that take turns at random, natively and, given the script, through the npm
//! package on Node; whether the classes can be told apart is Welch's t, written to a report. A clock proves nothing, so
//! nothing is asserted: |t| below 4.5 says that so many samples show no difference.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use encrata_webhooks::{Key, Signature, Webhook};
use encrata_webhooks_constant_time::welch::{PERCENTILES, cropped};
use encrata_webhooks_constant_time::{BODY, SECRETS, early_exit};
use serde_json::{Value, json};

/// |t| from which dudect speaks of a leak.
const THRESHOLD: f64 = 4.5;

/// Timings of one piece of work in nanoseconds, by class.
struct Timed {
    runtime: String,
    work: String,
    classes: [String; 2],
    samples: [Vec<f64>; 2],
}

fn main() {
    let quick = std::env::var_os("ENCRATA_BENCH_QUICK").is_some();
    let rounds = if quick { 20_000 } else { 1_000_000 };
    let mut timed = native(rounds);
    match std::env::args().nth(1) {
        Some(script) => timed.extend(through_wasm(&script, rounds)),
        None => println!("SKIPPED: no script was given, so nothing was timed through WebAssembly"),
    }
    let results: Vec<Value> = timed.iter().map(report).collect();
    let path = Path::new(&std::env::var("ENCRATA_BENCH_OUT").expect("ENCRATA_BENCH_OUT names the report"))
        .join("constant-time.json");
    let report = json!({
        "measured": "time of one call in nanoseconds, for two classes of input that take turns at random",
        "statistic": "Welch's t between the classes, over the samples not above each percentile of all of them",
        "threshold": THRESHOLD,
        "reading": "below the threshold the classes can't be told apart by so many samples; the controls, which stop \
            at the first difference, show that the method would see it",
        "architecture": std::env::consts::ARCH,
        "processor": processor(),
        "results": results,
    });
    std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("the report's folder");
    std::fs::write(&path, format!("{report:#}\n")).expect("the report can be written");
    println!("\nwritten to {}", path.display());
}

fn processor() -> Option<String> {
    let about = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = about.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn report(timed: &Timed) -> Value {
    let [one, other] = &timed.samples;
    let t = cropped(one, other);
    let max = t.iter().fold(0.0_f64, |max, t| max.max(t.abs()));
    let (runtime, work, classes) = (&timed.runtime, &timed.work, &timed.classes);
    println!("{runtime:<14} {work:<58} |t| {max:>9.2}  {} / {}", classes[0], classes[1]);
    let by_percentile: serde_json::Map<_, _> =
        PERCENTILES.iter().zip(t).map(|(percentile, t)| (percentile.to_string(), json!(t))).collect();
    json!({
        "runtime": runtime, "work": work, "classes": classes,
        "samples": [one.len(), other.len()], "median_ns": [median(one), median(other)],
        "t_by_percentile": by_percentile, "max_abs_t": max, "told_apart": max >= THRESHOLD,
    })
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// A generator of bits, seeded: which class comes next must not be foreseen by the processor.
struct Random(u64);

impl Random {
    fn class(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::from(self.0 >> 63 == 1)
    }
}

/// Times `call` on inputs that lie at one and the same place, whichever class they are of.
fn time<T: Copy>(work: &str, classes: [(&str, T); 2], rounds: usize, call: impl Fn(&T) -> bool) -> Timed {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut samples = [const { Vec::new() }; 2];
    let mut input = classes[0].1;
    for round in 0..rounds {
        let class = random.class();
        input = black_box(classes[class].1);
        let began = Instant::now();
        black_box(call(black_box(&input)));
        let took = began.elapsed();
        // The first ones warm up.
        if round >= rounds / 20 {
            samples[class].push(took.as_secs_f64() * 1e9);
        }
    }
    black_box(input);
    let classes = classes.map(|(name, _)| name.to_owned());
    Timed { runtime: "native".into(), work: work.into(), classes, samples }
}

fn native(rounds: usize) -> Vec<Timed> {
    let webhook = Webhook::new(SECRETS[0]).expect("a fair secret");
    let key = Key::new(SECRETS[0]).expect("a fair secret");
    let genuine = key.sign(BODY).to_bytes();
    let [right, first, last] = [None, Some(0), Some(31)].map(|at| {
        let mut digest = genuine;
        at.into_iter().for_each(|at: usize| digest[at] ^= 1);
        Signature::from_bytes(digest).to_hex()
    });
    let verify = |header: &[u8; 64]| {
        let headers: [(&[u8], &[u8]); 1] = [(b"x-encrata-signature", header)];
        webhook.verify(&headers, BODY, 0).is_ok()
    };
    let authenticate = |header: &[u8; 64]| {
        let headers: [(&[u8], &[u8]); 1] = [(b"x-encrata-signature", header)];
        webhook.authenticate(&headers, BODY, 0).is_ok()
    };
    let stopping = |header: &[u8; 64]| {
        let given = Signature::from_header(header).map(Signature::to_bytes);
        given.is_ok_and(|given| early_exit(&key.sign(BODY).to_bytes(), &given))
    };
    let wrong = [("wrong first byte", first), ("wrong last byte", last)];
    vec![
        time("verify", wrong, rounds, verify),
        time(
            "authenticate, right beside wrong: the verdict is public",
            [("right", right), wrong[1]],
            rounds,
            authenticate,
        ),
        time("control: one and the same input", [wrong[0], wrong[0]], rounds, verify),
        time("control: compared until the first difference", wrong, rounds, stopping),
    ]
}

/// What the script measured, a line of JSON for each piece of work.
fn through_wasm(script: &str, rounds: usize) -> Vec<Timed> {
    let output = Command::new("node").arg(script).arg(rounds.to_string()).output().expect("node runs");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("lines of JSON");
    lines.lines().map(read).collect()
}

fn read(line: &str) -> Timed {
    let value: Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
    };
    Timed {
        runtime: text(&value["runtime"]),
        work: text(&value["work"]),
        classes: [0, 1].map(|class| text(&value["classes"][class])),
        samples: [0, 1].map(|class| numbers(&value["samples"][class])),
    }
}
