//! The short form of fuzzing: every target over its whole corpus, then over edits of it. The seed is fixed, so that a
//! failure comes again; `PROPTEST_CASES` may ask for more edits than the 4,000 of each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says where and stops")]

#[cfg(feature = "server")]
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use encrata_webhooks_fuzz_targets::{TARGETS, Target};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// What parsers look out for.
const TOKENS: &[&str] = &[
    "",
    "\n",
    "\0",
    " ",
    ",",
    ".",
    ":",
    "/",
    "@",
    "%",
    "#",
    "\\",
    "=",
    "v1,",
    "v1a,",
    "whsec_",
    "https://",
    "[::",
    "]",
    "0x",
    "-1",
    "9223372036854775808",
    "1e400",
    "null",
    "true",
    "{",
    "}",
    "[",
    "\"",
    "\\u0000",
    "\u{feff}",
    "é",
    "。",
];

#[derive(Debug, Clone)]
enum Edit {
    Flip(Index, u8),
    Remove(Index, u8),
    Insert(Index, &'static str),
    /// From another seed, from some place on.
    Splice(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (any::<Index>(), 1_u8..20).prop_map(|(at, bytes)| Edit::Remove(at, bytes)),
        (any::<Index>(), select(TOKENS)).prop_map(|(at, token)| Edit::Insert(at, token)),
        (any::<Index>(), any::<Index>()).prop_map(|(seed, at)| Edit::Splice(seed, at)),
    ]
}

fn apply(input: &mut Vec<u8>, edit: &Edit, seeds: &[Vec<u8>]) {
    let place = |at: &Index, input: &[u8]| at.index(input.len() + 1);
    match edit {
        Edit::Flip(at, bit) => {
            let at = place(at, input);
            input.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
        }
        Edit::Remove(at, bytes) => {
            let at = place(at, input);
            input.drain(at..(at + usize::from(*bytes)).min(input.len()));
        }
        Edit::Insert(at, token) => {
            let at = place(at, input);
            input.splice(at..at, token.bytes());
        }
        Edit::Splice(seed, at) => {
            let other = seed.get(seeds);
            let at = at.index(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[at..]);
        }
    }
}

fn run(name: &str) {
    let target: &Target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = (target.seeds)();
    for seed in &seeds {
        let held = catch_unwind(AssertUnwindSafe(|| (target.check)(seed)));
        assert!(held.is_ok(), "{name}: {}", String::from_utf8_lossy(seed));
    }
    let cases = Config::default().cases.max(4_000);
    let config = Config { failure_persistence: None, cases, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let edited = (any::<Index>(), vec(edit(), 1..6)).prop_map(|(seed, edits)| {
        let mut input = seed.get(&seeds).clone();
        edits.iter().for_each(|edit| apply(&mut input, edit, &seeds));
        input
    });
    let outcome = TestRunner::new_with_rng(config, random).run(&edited, |input| {
        (target.check)(&input);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

#[test]
fn signature() {
    run("signature");
}

#[test]
fn standard() {
    run("standard");
}

#[test]
fn envelope() {
    run("envelope");
}

#[cfg(feature = "server")]
#[test]
fn url() {
    run("url");
}

#[cfg(feature = "server")]
#[test]
fn api() {
    run("api");
}

/// A route that is new is fuzzed as soon as it is described.
#[cfg(feature = "server")]
#[test]
fn every_route_that_is_described_is_asked() {
    let seeds = encrata_webhooks_fuzz_targets::corpus::api();
    let asked: BTreeSet<String> = seeds
        .iter()
        .map(|seed| {
            let text = String::from_utf8_lossy(seed);
            text.split(['\n', '?']).next().unwrap().to_owned()
        })
        .collect();
    let description = encrata_webhooks_server::api::description().unwrap();
    let described: BTreeSet<String> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys().filter(|name| *name != "parameters");
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(asked, described);
    for route in ["POST /api/session", "POST /api/webhooks/test", "PATCH /api/keys"] {
        assert!(asked.contains(route), "{route} is not asked");
    }
}
