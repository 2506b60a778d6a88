//! Three nodes against one, on the same Postgres and the same machine: what sharing costs.

use crate::load::Way;
use crate::report::{Figure, Target};
use crate::stats::{median, rounded};
use crate::store::Store;
use crate::{Bench, Failure, throughput};

const NODES: usize = 3;

/// Measures one and three, in turn.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let (mut one, mut three) = (Vec::new(), Vec::new());
    for _ in 0..bench.options.size(3, 1) {
        for (nodes, rounds) in [(1, &mut one), (NODES, &mut three)] {
            rounds
                .push(throughput::round(bench, Store::Postgres, nodes, Way::Batches(500)).await?.per_second);
        }
    }
    let figure =
        Figure::new("nodes", format!("postgres, {NODES} nodes, batches of 500"), median(three.clone()), "/s")
            .beside("one node", median(one.clone()))
            .target(Target::RatioAtLeast(0.8))
            .detail("three", three.into_iter().map(rounded).collect::<Vec<_>>())
            .detail("one", one.into_iter().map(rounded).collect::<Vec<_>>());
    bench.report.add([figure]);
    Ok(())
}
