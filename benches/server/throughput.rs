//! Flat out: one HTTPS webhook, from the first publish until the last outcome is written. The ceiling is measured before
//! each round.

use std::time::Instant;

use serde_json::json;

use crate::deployment::Deployment;
use crate::load::{self, Way};
use crate::process::Memory;
use crate::receiver::OPEN;
use crate::report::{Figure, Target};
use crate::stats::{median, rounded};
use crate::store::Store;
use crate::{Bench, Failure, WARM_UP};

const BATCH: usize = 500;
const WAYS: [Way; 2] = [Way::Batches(BATCH), Way::Single];

/// What one round came to.
pub(crate) struct Flat {
    /// Events in a second, until the last outcome was written.
    pub(crate) per_second: f64,
    received_per_second: f64,
    servers_cpu: f64,
    postgres_cpu: f64,
    bench_cpu: f64,
    disk_bytes: f64,
    memory: Memory,
    again: usize,
}

/// Measures every store and way, the ceiling in each round.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let mut ceilings = Vec::new();
    let mut rounds: Vec<(Store, Way, Vec<Flat>)> = Vec::new();
    for store in bench.options.stores() {
        rounds.extend(WAYS.map(|way| (store, way, Vec::new())));
    }
    for _ in 0..bench.options.size(3, 1) {
        for (store, way, flats) in &mut rounds {
            ceilings.push(bench.measure_ceiling().await?);
            match round(bench, *store, 1, *way).await {
                Ok(flat) => flats.push(flat),
                Err(why) => bench.report.fail(&format!("throughput, {}", store.name()), &why),
            }
        }
    }
    for (store, way, flats) in rounds.iter().filter(|(_, _, flats)| !flats.is_empty()) {
        let figures = figures(*store, *way, flats, median(ceilings.clone()));
        bench.report.add(figures);
        if matches!(way, Way::Batches(_)) {
            bench.flat_out.insert(store.name(), median(flats.iter().map(|flat| flat.per_second)));
        }
    }
    Ok(())
}

/// One round on a fresh database with this many servers.
pub(crate) async fn round(bench: &Bench, store: Store, nodes: usize, way: Way) -> Result<Flat, Failure> {
    let mut deployment = Deployment::start(bench, store, nodes, &[]).await?;
    let hooks = deployment.hooks("customer", 1, &bench.receiver.url(OPEN)).await?;
    let empty = deployment.disk_bytes().await?;
    let warm_up = bench.receiver.ledger(WARM_UP);
    load::flat_out(&deployment, &warm_up, &hooks[0], Way::Batches(BATCH)).await?;
    warm_up.wait_for(WARM_UP).await?;
    deployment.drained(&hooks).await?;

    let events = match way {
        Way::Batches(_) => bench.options.size(60_000, 2_000),
        Way::Single => bench.options.size(40_000, 1_000),
    };
    let ledger = bench.receiver.ledger(events);
    let (began, before) = (Instant::now(), deployment.cpu()?);
    tokio::try_join!(load::flat_out(&deployment, &ledger, &hooks[0], way), ledger.wait_for(events))?;
    deployment.drained(&hooks).await?;
    let (seconds, after, memory) = (began.elapsed().as_secs_f64(), deployment.cpu()?, deployment.memory()?);
    let received = (ledger.began() + ledger.last_receipt() - began).as_secs_f64();
    deployment.stop().await?;
    let disk = deployment.disk_bytes().await?.saturating_sub(empty);
    let per_1000 = |seconds: f64| seconds / events as f64 * 1000.0;
    Ok(Flat {
        per_second: events as f64 / seconds,
        received_per_second: events as f64 / received,
        servers_cpu: per_1000(after.servers - before.servers),
        postgres_cpu: per_1000(after.postgres - before.postgres),
        bench_cpu: per_1000(after.bench - before.bench),
        disk_bytes: disk as f64 / (events + WARM_UP) as f64,
        memory,
        again: ledger.again(),
    })
}

fn figures(store: Store, way: Way, flats: &[Flat], ceiling: f64) -> Vec<Figure> {
    let name = store.name();
    let (how, least) = match (way, store) {
        (Way::Batches(size), Store::Sqlite) => (format!("batches of {size}"), 0.6),
        (Way::Batches(size), Store::Postgres) => (format!("batches of {size}"), 0.4),
        (Way::Single, Store::Sqlite) => ("one event per request".to_owned(), 0.35),
        (Way::Single, Store::Postgres) => ("one event per request".to_owned(), 0.25),
    };
    let of = |get: fn(&Flat) -> f64| median(flats.iter().map(get));
    let rounds =
        |get: fn(&Flat) -> f64| json!(flats.iter().map(|flat| rounded(get(flat))).collect::<Vec<_>>());
    let throughput = Figure::new("throughput", format!("{name}, {how}"), of(|flat| flat.per_second), "/s")
        .beside("ceiling", ceiling)
        .target(Target::RatioAtLeast(least))
        .detail("means", "events by the time from the first publish until nothing is pending")
        .detail("rounds", rounds(|flat| flat.per_second))
        .detail("until_last_receipt_per_second", rounded(of(|flat| flat.received_per_second)))
        .detail("connections", way.connections())
        .detail("received_more_than_once", flats.iter().map(|flat| flat.again).sum::<usize>());
    let cpu = |flat: &Flat| flat.servers_cpu + flat.postgres_cpu;
    let cpu = Figure::new("throughput", format!("{name}, {how}: CPU for 1,000 deliveries"), of(cpu), "s")
        .detail("server_s", rounded(of(|flat| flat.servers_cpu)))
        .detail("postgres_s", rounded(of(|flat| flat.postgres_cpu)))
        .detail("load_and_receiver_s", rounded(of(|flat| flat.bench_cpu)));
    let memory = |flat: &Flat| flat.memory.peak_mib;
    let memory = Figure::new("throughput", format!("{name}, {how}: peak memory"), of(memory), "MiB");
    let disk = |flat: &Flat| flat.disk_bytes;
    let disk = Figure::new("throughput", format!("{name}, {how}: disk for a delivery"), of(disk), "B")
        .detail("means", store.size_means());
    vec![throughput, cpu, memory, disk]
}
