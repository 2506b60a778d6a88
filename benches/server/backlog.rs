//! A backlog to a receiver that is dead and comes back.
//!
//! It is dead in the way that lets deliveries really wait: it takes requests and never answers, so each of the 64 slots of
//! its webhook is held until the timeout, and all others wait untouched. One that refused connections would be
//! tried with every delivery in turn; that many retries, minutes apart, is a time table and not a backlog. When it comes
//! back it answers everything at once, while healthy webhooks get events, to which a backlog gives way. Rates are those
//! between 5 % and 95 % of the backlog, so that neither the requests that hung nor their retries count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::deployment::{Deployment, Hook};
use crate::ledger::Ledger;
use crate::load::{self, Way};
use crate::receiver::{GATED, OPEN};
use crate::report::{Figure, Target};
use crate::stats::{Times, median, rounded};
use crate::store::Store;
use crate::{Bench, Failure, throughput};

/// The backlog that a large one is compared with.
const SMALL: usize = 10_000;
const SMALL_QUICK: usize = 1_000;
const SMALL_ROUNDS: usize = 5;
const BATCHES: Way = Way::Batches(500);
/// The healthy webhooks beside it, and their events in a second.
const HEALTHY: usize = 10;
const PER_SECOND: usize = 100;
/// As long as a drain may take, in seconds.
const LONGEST: usize = 1800;

/// How fast a backlog drained.
struct Drain {
    per_second: f64,
    /// Of servers and Postgres, for 1,000 deliveries.
    cpu_s_per_1000: f64,
}

/// Measures a large backlog with healthy webhooks beside it, and small ones.
pub(crate) async fn run(bench: &mut Bench, store: Store) -> Result<(), Failure> {
    let name = store.name();
    let flat_out = match bench.flat_out.get(name) {
        Some(measured) => *measured,
        None => throughput::round(bench, store, 1, BATCHES).await?.per_second,
    };
    let small = small(bench, store).await?;

    let (backlog, seconds) = (bench.options.backlog, bench.options.size(20, 2));
    let (mut deployment, healthy, dead) = start(bench, store).await?;
    let never = Arc::new(AtomicBool::new(false));
    steady(bench, &deployment, &healthy, seconds, &never).await?;
    let calm = steady(bench, &deployment, &healthy, seconds, &never).await?;

    bench.receiver.set_gate(false);
    let ledger = bench.receiver.ledger(backlog);
    let began = Instant::now();
    load::flat_out(&deployment, &ledger, &dead[0], BATCHES).await?;
    let published = backlog as f64 / began.elapsed().as_secs_f64();
    let waiting = steady(bench, &deployment, &healthy, seconds, &never).await?;
    if ledger.received() > 0 {
        return Err("the receiver answered requests that were to hang".into());
    }
    let memory_waiting = deployment.memory()?.peak_mib;

    let (large, meanwhile) = drain(bench, &deployment, &ledger, &healthy).await?;
    deployment.drained(&dead).await?;
    deployment.drained(&healthy).await?;
    let memory = deployment.memory()?;
    deployment.stop().await?;

    let beside_small = format!("{} waiting", bench.options.size(SMALL, SMALL_QUICK));
    let of_small = |get: fn(&Drain) -> f64| median(small.iter().map(get));
    let small_per_second = of_small(|drain| drain.per_second);
    let figure = |what: String, value, unit| Figure::new("backlog", format!("{name}, {what}"), value, unit);
    bench.report.add([
        figure(format!("draining {backlog} waiting deliveries"), large.per_second, "/s")
            .beside("flat out", flat_out)
            .target(Target::RatioAtLeast(0.5))
            .detail("means", "receipts in a second, from 5 % to 95 % of the backlog")
            .detail("published_per_second_while_dead", rounded(published))
            .detail("received_more_than_once", ledger.again()),
        figure(format!("time for a delivery, {backlog} waiting"), 1e6 / large.per_second, "us")
            .beside(beside_small.clone(), 1e6 / small_per_second)
            .target(Target::RatioAtMost(1.2))
            .detail(
                "small_rounds_per_second",
                small.iter().map(|drain| rounded(drain.per_second)).collect::<Vec<_>>(),
            ),
        figure(format!("CPU for 1,000 deliveries, {backlog} waiting"), large.cpu_s_per_1000, "s")
            .beside(beside_small, of_small(|drain| drain.cpu_s_per_1000))
            .target(Target::RatioAtMost(1.2)),
        figure(format!("p99 of {HEALTHY} healthy webhooks while {backlog} wait"), waiting.p99_ms, "ms")
            .beside("before", calm.p99_ms)
            .target(Target::RatioAtMost(1.5))
            .detail("waiting", waiting.json())
            .detail("before", calm.json()),
        figure(format!("p99 of {HEALTHY} healthy webhooks while {backlog} drain"), meanwhile.p99_ms, "ms")
            .beside("before", calm.p99_ms)
            .target(Target::RatioAtMost(1.5))
            .detail("draining", meanwhile.json())
            .detail("healthy_events_per_second", PER_SECOND),
        figure(format!("peak memory, {backlog} waiting and drained"), memory.peak_mib, "MiB")
            .target(Target::AtMost(150.0))
            .detail("while_waiting_mib", rounded(memory_waiting))
            .detail("afterwards_mib", rounded(memory.now_mib)),
    ]);
    Ok(())
}

/// A server, its healthy webhooks, and the one that is dead now and then.
async fn start(bench: &Bench, store: Store) -> Result<(Deployment, Vec<Hook>, Vec<Hook>), Failure> {
    let deployment = Deployment::start(bench, store, 1, &[]).await?;
    let healthy = deployment.hooks("healthy", HEALTHY, &bench.receiver.url(OPEN)).await?;
    let dead = deployment.hooks("dead", 1, &bench.receiver.url(GATED)).await?;
    Ok((deployment, healthy, dead))
}

/// Drains small backlogs beside the same healthy webhooks, one after another.
async fn small(bench: &Bench, store: Store) -> Result<Vec<Drain>, Failure> {
    let (mut deployment, healthy, dead) = start(bench, store).await?;
    let mut drains = Vec::new();
    // The first warms up.
    for round in 0..=bench.options.size(SMALL_ROUNDS, 1) {
        bench.receiver.set_gate(false);
        let ledger = bench.receiver.ledger(bench.options.size(SMALL, SMALL_QUICK));
        load::flat_out(&deployment, &ledger, &dead[0], BATCHES).await?;
        let (drain, _) = drain(bench, &deployment, &ledger, &healthy).await?;
        deployment.drained(&dead).await?;
        if round > 0 {
            drains.push(drain);
        }
    }
    deployment.stop().await?;
    Ok(drains)
}

/// Lets the dead receiver come back, with events to the healthy webhooks meanwhile, until all is received.
async fn drain(
    bench: &Bench,
    deployment: &Deployment,
    ledger: &Ledger,
    healthy: &[Hook],
) -> Result<(Drain, Times), Failure> {
    let drained = Arc::new(AtomicBool::new(false));
    let draining = async {
        let drain = rate(deployment, ledger).await;
        drained.store(true, Ordering::Relaxed);
        drain
    };
    bench.receiver.set_gate(true);
    let (drain, meanwhile) =
        tokio::try_join!(draining, steady(bench, deployment, healthy, LONGEST, &drained))?;
    ledger.wait_for(ledger.len()).await?;
    Ok((drain, meanwhile))
}

/// Waits until nearly all is received, and says how fast that went.
async fn rate(deployment: &Deployment, ledger: &Ledger) -> Result<Drain, Failure> {
    let (from, to) = (ledger.len() / 20, ledger.len() * 19 / 20);
    ledger.wait_for(from).await?;
    let (first, began, before) = (ledger.received(), Instant::now(), deployment.cpu()?);
    ledger.wait_for(to).await?;
    let (last, seconds, after) = (ledger.received(), began.elapsed().as_secs_f64(), deployment.cpu()?);
    let deliveries = (last - first) as f64;
    let cpu = after.servers + after.postgres - before.servers - before.postgres;
    Ok(Drain { per_second: deliveries / seconds, cpu_s_per_1000: cpu / deliveries * 1000.0 })
}

async fn steady(
    bench: &Bench,
    deployment: &Deployment,
    hooks: &[Hook],
    seconds: usize,
    stop: &Arc<AtomicBool>,
) -> Result<Times, Failure> {
    let ledger = bench.receiver.ledger(PER_SECOND * seconds);
    let sent = load::steady(deployment, &ledger, hooks, PER_SECOND, Arc::clone(stop)).await?;
    Ok(Times::of(sent.iter().map(|sent| sent.received)))
}
