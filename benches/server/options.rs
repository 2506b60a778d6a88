//! What to measure, from the environment.

use std::env;

use crate::Failure;
use crate::store::Store;

/// The scenarios, in the order in which they run.
pub(crate) const SCENARIOS: [&str; 7] =
    ["ceiling", "throughput", "latency", "hanging", "backlog", "nodes", "idle"];

/// What is measured, and how much of it.
pub(crate) struct Options {
    only: Vec<String>,
    /// A tenth of a minute of everything: that it works, not how fast.
    pub(crate) quick: bool,
    /// How many deliveries wait in the backlog.
    pub(crate) backlog: usize,
    /// What the receiver speaks.
    pub(crate) protocol: &'static str,
}

impl Options {
    /// Reads `ENCRATA_BENCH_QUICK`, `ENCRATA_BENCH_BACKLOG`, `ENCRATA_BENCH_ONLY` and `ENCRATA_BENCH_HTTP`.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let get = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
        let quick = get("ENCRATA_BENCH_QUICK").is_some_and(|value| value != "0");
        let backlog = match get("ENCRATA_BENCH_BACKLOG") {
            Some(text) => {
                text.parse().map_err(|_| format!("ENCRATA_BENCH_BACKLOG is '{text}': write a number"))?
            }
            None if quick => 5_000,
            None => 1_000_000,
        };
        let protocol = match get("ENCRATA_BENCH_HTTP").as_deref() {
            None | Some("1") => "http/1.1",
            Some("2") => "h2",
            Some(other) => return Err(format!("ENCRATA_BENCH_HTTP is '{other}': write 1 or 2").into()),
        };
        let only: Vec<String> = get("ENCRATA_BENCH_ONLY")
            .map(|list| list.split(',').map(|name| name.trim().to_owned()).collect())
            .unwrap_or_default();
        let known = || SCENARIOS.into_iter().chain(Store::ALL.map(Store::name));
        if let Some(unknown) = only.iter().find(|name| known().all(|known| known != **name)) {
            let known: Vec<&str> = known().collect();
            return Err(
                format!("ENCRATA_BENCH_ONLY has '{unknown}': write some of {}", known.join(",")).into()
            );
        }
        Ok(Self { only, quick, backlog, protocol })
    }

    /// Whether a scenario is wanted: all are, unless some are named.
    pub(crate) fn wants(&self, scenario: &str) -> bool {
        self.chosen(SCENARIOS.into_iter(), scenario)
    }

    /// The databases that are wanted: both, unless one is named.
    pub(crate) fn stores(&self) -> Vec<Store> {
        let names = || Store::ALL.into_iter().map(Store::name);
        Store::ALL.into_iter().filter(|store| self.chosen(names(), store.name())).collect()
    }

    fn chosen(&self, mut group: impl Iterator<Item = &'static str>, name: &str) -> bool {
        let named = |name: &str| self.only.iter().any(|only| only == name);
        named(name) || !group.any(named)
    }

    /// `full`, or `quick` in a quick run.
    pub(crate) fn size(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}
