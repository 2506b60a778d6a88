//! The server beside what its machine can do: the real release binary, a real HTTPS receiver, real fsyncs. Everything
//! is measured in one run; the ceiling first and again between all else, so that a machine that slows down slows both.
//!
//! In reading order: a [`receiver::Receiver`] notes in a [`ledger::Ledger`] when each event came; [`ceiling`] posts to it
//! as fast as can be; a [`deployment::Deployment`] is a fresh database with [`node::Node`]s on it; [`load`] publishes;
//! then a file for each scenario. Figures go to `target/bench/server.json`. How fast it was never fails the run; an event
//! that was lost, or a server that broke, does.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on says where and stops")]

mod backlog;
mod ceiling;
mod deployment;
mod disk;
mod hanging;
mod http;
mod idle;
mod latency;
mod ledger;
mod load;
mod machine;
mod node;
mod nodes;
mod options;
mod process;
mod receiver;
mod report;
mod stats;
mod store;
mod throughput;

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use encrata_webhooks_tests::Postgres;
use serde_json::json;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::OnceCell;

use self::ceiling::Ceiling;
use self::options::Options;
use self::process::foreign_cpu_seconds;
use self::receiver::Receiver;
use self::report::{Figure, Report};
use self::stats::{median, rounded};
use self::store::Store;

/// Why a measurement could not be made.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Events before a measurement, so that connections are open and caches are warm.
pub(crate) const WARM_UP: usize = 2_000;

/// So much of Postgres' WAL is kept to be written again, as the manual advises: more than comes between checkpoints.
const WAL: [(&str, &str); 2] = [("max_wal_size", "4GB"), ("min_wal_size", "4GB")];

/// Makes as many segments of Postgres' WAL, of 16 MiB each, as [`WAL`] keeps.
const WAL_SEGMENTS: &str = "do $$ begin
    for segment in 1..256 loop
        perform pg_logical_emit_message(false, 'segment', 'ends here');
        perform pg_switch_wal();
    end loop;
end $$";

/// What all scenarios share.
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(crate) receiver: Receiver,
    /// Databases and logs of servers go here.
    pub(crate) home: TempDir,
    pub(crate) report: Report,
    /// What was reached with batches, by the store's name.
    pub(crate) flat_out: HashMap<&'static str, f64>,
    ceilings: Vec<Ceiling>,
    postgres: OnceCell<Postgres>,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run() => ended,
            // What was started is ended and removed on the way out.
            why = interrupted() => Err(why),
        }
    });
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("bench-server: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Waits until somebody wants this to end.
async fn interrupted() -> Failure {
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = tokio::signal::ctrl_c() => "interrupted".into(),
            _ = terminated.recv() => "terminated".into(),
        },
        Err(why) => why.into(),
    }
}

/// Measures what is wanted and writes the report. Answers whether nothing broke.
async fn run() -> Result<bool, Failure> {
    let (began, options) = (Instant::now(), Options::from_env()?);
    let busy = foreign_cpu_seconds()?;
    // On the disk that is built on: what is temporary elsewhere may be memory, and an fsync there is none.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder)?;
    let mut bench = Bench {
        receiver: Receiver::start(&[options.protocol])?,
        options,
        home: tempfile::Builder::new().prefix("bench-server-").tempdir_in(folder)?,
        report: Report::default(),
        flat_out: HashMap::new(),
        ceilings: Vec::new(),
        postgres: OnceCell::const_new(),
    };
    for scenario in options::SCENARIOS {
        if !bench.options.wants(scenario) {
            continue;
        }
        println!("\n{scenario}");
        if let Err(why) = bench.scenario(scenario).await {
            bench.report.fail(scenario, &why);
        }
    }
    bench.report_ceiling();
    let cores = std::thread::available_parallelism()?.get() as f64;
    let foreign = (foreign_cpu_seconds()? - busy) / began.elapsed().as_secs_f64() / cores;
    let context = json!({
        "measured": "the release binary of the server with load, receiver and database on the same machine",
        "compared": "the ceiling is a bare reqwest loop that signs and posts the same bodies to the same receiver, 64 at \
            a time; it is measured first and again between all else; figures are medians of rounds, ratios those of medians",
        "other_processes": format!("{:.0} % of all processors while this ran", foreign * 100.0),
        "protocol": bench.options.protocol,
        "quick": bench.options.quick,
        "seconds": began.elapsed().as_secs(),
        "machine": machine::describe(&bench).await,
    });
    // Cargo's own word for where it builds, whichever way that was set.
    let path = folder.with_file_name("bench").join("server.json");
    bench.report.write(&path, context)?;
    println!(
        "other processes took {:.0} % of the processors\nwritten to {}",
        foreign * 100.0,
        path.display()
    );
    Ok(bench.report.is_sound())
}

impl Bench {
    /// Runs one scenario, on every store that is wanted; one that fails does not keep the others from running.
    async fn scenario(&mut self, scenario: &str) -> Result<(), Failure> {
        match scenario {
            "throughput" => return throughput::run(self).await,
            "nodes" if self.options.stores().contains(&Store::Postgres) => return nodes::run(self).await,
            "nodes" => return Ok(()),
            _ => {}
        }
        self.measure_ceiling().await?;
        if scenario == "ceiling" {
            return Ok(());
        }
        for store in self.options.stores() {
            let measured = match scenario {
                "latency" => latency::run(self, store).await,
                "hanging" => hanging::run(self, store).await,
                "backlog" => backlog::run(self, store).await,
                "idle" => idle::run(self, store).await,
                other => Err(format!("no scenario is called {other}").into()),
            };
            // Whatever it was doing: the next one's receiver is not dead.
            self.receiver.set_gate(true);
            if let Err(why) = measured {
                self.report.fail(&format!("{scenario}, {}", store.name()), &why);
            }
        }
        Ok(())
    }

    /// Measures the ceiling once more.
    pub(crate) async fn measure_ceiling(&mut self) -> Result<f64, Failure> {
        let ceiling = ceiling::measure(&self.receiver, self.options.size(60_000, 5_000)).await?;
        let per_second = ceiling.per_second;
        println!("  (ceiling: {per_second:.0}/s)");
        self.ceilings.push(ceiling);
        Ok(per_second)
    }

    fn report_ceiling(&mut self) {
        if self.ceilings.is_empty() {
            return;
        }
        let rounds: Vec<f64> = self.ceilings.iter().map(|ceiling| rounded(ceiling.per_second)).collect();
        let cpu = median(self.ceilings.iter().map(|ceiling| ceiling.cpu_s_per_1000));
        let figure = Figure::new("ceiling", "bare loop, 64 at a time", median(rounds.clone()), "/s")
            .detail("rounds", rounds)
            .detail("loop_and_receiver_cpu_s_per_1000", rounded(cpu));
        self.report.add([figure]);
    }

    /// The PostgreSQL server, which is started when it is first asked for.
    pub(crate) async fn postgres(&self) -> Result<&Postgres, Failure> {
        self.postgres
            .get_or_try_init(async || {
                let home = self.home.path().join("postgres");
                std::fs::create_dir(&home).map_err(|error| format!("{}: {error}", home.display()))?;
                let postgres = Postgres::start_in(&home, &WAL)?;
                // As one that has run for a while has it: a new one fills each segment of its WAL with zeros first, and
                // all commits wait for that.
                postgres.execute(WAL_SEGMENTS).await;
                postgres.execute("checkpoint").await;
                Ok(postgres)
            })
            .await
    }
}
