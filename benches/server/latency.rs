//! Latency from publish to receipt at a steady rate, and the disk's fsync beside it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::deployment::Deployment;
use crate::load::{self, Sent};
use crate::receiver::OPEN;
use crate::report::{Figure, Target};
use crate::stats::Times;
use crate::store::Store;
use crate::{Bench, Failure, disk};

const PER_SECOND: usize = 500;

/// Measures every store.
pub(crate) async fn run(bench: &mut Bench, store: Store) -> Result<(), Failure> {
    let mut deployment = Deployment::start(bench, store, 1, &[]).await?;
    let hooks = deployment.hooks("customer", 1, &bench.receiver.url(OPEN)).await?;
    let (mut received, mut accepted, mut late, mut fsyncs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let seconds = bench.options.size(15, 2);
    // The first round warms up.
    for round in 0..=bench.options.size(3, 1) {
        let fsync = disk::fsync(bench.home.path(), 500)?;
        let ledger = bench.receiver.ledger(if round == 0 { PER_SECOND } else { PER_SECOND * seconds });
        let sent =
            load::steady(&deployment, &ledger, &hooks, PER_SECOND, Arc::new(AtomicBool::new(false))).await?;
        deployment.drained(&hooks).await?;
        if round > 0 {
            let times = |of: fn(&Sent) -> std::time::Duration| Times::of(sent.iter().map(of));
            received.push(times(|sent| sent.received));
            accepted.push(times(|sent| sent.accepted));
            late.push(times(|sent| sent.late));
            fsyncs.push(fsync);
        }
    }
    deployment.stop().await?;
    let all = Times::median(&received);
    let figure = |what: &str, value| {
        Figure::new(
            "latency",
            format!("{}, publish to receipt at {PER_SECOND}/s: {what}", store.name()),
            value,
            "ms",
        )
    };
    let is_target = store == Store::Sqlite;
    let p50 = figure("p50", all.p50_ms)
        .target_if(is_target, Target::AtMost(2.5))
        .beside("fsync p50", Times::median(&fsyncs).p50_ms)
        .detail("means", "from when the event was to be published until the receiver had it")
        .detail("rounds", received.iter().map(Times::json).collect::<Vec<_>>())
        .detail("publish_to_202", Times::median(&accepted).json())
        .detail("load_late_by", Times::median(&late).json());
    let p99 = figure("p99", all.p99_ms)
        .target_if(is_target, Target::AtMost(10.0))
        .beside("fsync p99", Times::median(&fsyncs).p99_ms)
        .detail("fsync", Times::median(&fsyncs).json())
        .detail(
            "fsync_means",
            "4 KiB written and fdatasync, 500 times, to a file of 1 MiB in the database's folder",
        );
    bench.report.add([p50, p99, figure("max", all.max_ms)]);
    Ok(())
}
