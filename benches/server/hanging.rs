//! A hundred healthy webhooks beside ten whose receivers take requests and never answer.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::deployment::{Deployment, Hook};
use crate::ledger::Ledger;
use crate::load::{self, Way};
use crate::receiver::{GATED, OPEN};
use crate::report::{Figure, Target};
use crate::stats::Times;
use crate::store::Store;
use crate::{Bench, Failure};

const PER_SECOND: usize = 500;
/// What waits for each hanging webhook: more than it may have in flight, so that all its slots hang all the time.
const WAITING: usize = 500;
/// Hung deliveries are tried again soon, so that hanging never lets up, and what hung arrives once it may.
const RETRIES: &str = "2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s,2s";

/// Measures healthy latencies without and with hanging webhooks, in turn.
pub(crate) async fn run(bench: &mut Bench, store: Store) -> Result<(), Failure> {
    let (healthy, hanging) = (bench.options.size(100, 10), bench.options.size(10, 1));
    let mut deployment = Deployment::start(bench, store, 1, &["--retry-schedule", RETRIES]).await?;
    let healthy = deployment.hooks("healthy", healthy, &bench.receiver.url(OPEN)).await?;
    let hanging = deployment.hooks("hanging", hanging, &bench.receiver.url(GATED)).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    steady(bench, &deployment, &healthy, 2).await?;
    for _ in 0..bench.options.size(3, 1) {
        without.push(steady(bench, &deployment, &healthy, bench.options.size(15, 2)).await?);

        bench.receiver.set_gate(false);
        let mut ledgers: Vec<Arc<Ledger>> = Vec::new();
        for hook in &hanging {
            let ledger = bench.receiver.ledger(WAITING);
            load::flat_out(&deployment, &ledger, hook, Way::Batches(WAITING)).await?;
            ledgers.push(ledger);
        }
        with.push(steady(bench, &deployment, &healthy, bench.options.size(15, 2)).await?);
        let early: usize = ledgers.iter().map(|ledger| ledger.received()).sum();
        bench.receiver.set_gate(true);
        for ledger in ledgers {
            ledger.wait_for(WAITING).await?;
        }
        deployment.drained(&hanging).await?;
        deployment.drained(&healthy).await?;
        if early > 0 {
            return Err("the receiver answered requests that were to hang".into());
        }
    }
    deployment.stop().await?;
    let name = store.name();
    let (calm, beside) = (Times::median(&without), Times::median(&with));
    let rounds = |rounds: &[Times]| rounds.iter().map(Times::json).collect::<Vec<_>>();
    let (count, of) = (hanging.len(), healthy.len());
    let figure = Figure::new(
        "hanging",
        format!("{name}, p99 of {of} healthy webhooks beside {count} that hang"),
        beside.p99_ms,
        "ms",
    )
    .beside("without them", calm.p99_ms)
    .target(Target::RatioAtMost(1.5))
    .detail("healthy_events_per_second", PER_SECOND)
    .detail("waiting_for_each_hanging_webhook", WAITING)
    .detail("with", rounds(&with))
    .detail("without", rounds(&without));
    bench.report.add([figure]);
    Ok(())
}

async fn steady(
    bench: &Bench,
    deployment: &Deployment,
    hooks: &[Hook],
    seconds: usize,
) -> Result<Times, Failure> {
    let ledger = bench.receiver.ledger(PER_SECOND * seconds);
    let sent = load::steady(deployment, &ledger, hooks, PER_SECOND, Arc::new(AtomicBool::new(false))).await?;
    Ok(Times::of(sent.iter().map(|sent| sent.received)))
}
