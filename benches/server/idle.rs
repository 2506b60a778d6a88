//! A server that has nothing to do: how soon it is ready, and what it takes.

use std::time::Duration;

use crate::deployment::Deployment;
use crate::report::{Figure, Target};
use crate::stats::{median, rounded};
use crate::store::Store;
use crate::{Bench, Failure};

/// How long a server is left alone before its memory is read: it looks at its queue a few times.
const SETTLED: Duration = Duration::from_secs(3);

/// Measures several starts, on new databases and on ones that exist.
pub(crate) async fn run(bench: &mut Bench, store: Store) -> Result<(), Failure> {
    let (mut fresh, mut again, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.options.size(5, 1) {
        let mut deployment = Deployment::start(bench, store, 1, &[]).await?;
        fresh.push(deployment.nodes[0].ready_after.as_secs_f64() * 1000.0);
        tokio::time::sleep(if bench.options.quick { SETTLED / 10 } else { SETTLED }).await;
        memory.push(deployment.memory()?.now_mib);
        deployment.stop().await?;
        again.push(deployment.add_node().await?.ready_after.as_secs_f64() * 1000.0);
        deployment.stop().await?;
    }
    let rounds = |rounds: &[f64]| rounds.iter().copied().map(rounded).collect::<Vec<_>>();
    let figure = |what: &str, values: &[f64], unit, most| {
        Figure::new("idle", format!("{}, {what}", store.name()), median(values.to_vec()), unit)
            .target(Target::AtMost(most))
            .detail("rounds", rounds(values))
    };
    let figures = [
        figure("from start to healthy, new database", &fresh, "ms", 200.0),
        figure("from start to healthy, existing database", &again, "ms", 200.0),
        figure("resident memory", &memory, "MiB", 25.0),
    ];
    bench.report.add(figures);
    Ok(())
}
