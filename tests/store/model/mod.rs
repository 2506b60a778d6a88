//! Any interleaving of what nodes, publishers and admins do to a store, compared step by step with plain maps. A case
//! that fails is shrunk to the fewest steps that fail.
//!
//! `PROPTEST_CASES` says how many cases there are.

mod reference;
mod transition;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use proptest_state_machine::ReferenceStateMachine as _;
use tokio::runtime::Runtime;

use self::reference::Machine;
use self::world::World;
use crate::base::Base;

/// Steps of a case, at most.
const STEPS: usize = 60;

#[test]
fn sqlite_does_what_plain_maps_do() {
    let runtime = Runtime::new().unwrap();
    runs::<false>(&runtime, runtime.block_on(Base::sqlite()));
}

#[test]
fn postgres_does_what_plain_maps_do() {
    let runtime = Runtime::new().unwrap();
    runs::<true>(&runtime, runtime.block_on(Base::postgres()));
}

fn runs<const SHARED: bool>(runtime: &Runtime, base: Option<Base>) {
    let Some(base) = base else { return };
    let cases = std::env::var("PROPTEST_CASES").map_or(24, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let n = AtomicUsize::new(0);
    let outcome =
        runner.run(&Machine::<SHARED>::sequential_strategy(1..STEPS), |(mut state, steps, mut seen)| {
            let name = format!("case {}", n.fetch_add(1, Ordering::SeqCst));
            runtime.block_on(async {
                let mut world = World::new(&base, &name).await;
                for step in &steps {
                    if let Some(seen) = &mut seen {
                        seen.fetch_add(1, Ordering::SeqCst);
                    }
                    state = world.step::<SHARED>(state, step).await?;
                }
                world.end_well::<SHARED>(state).await
            })
        });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, (_, steps, _))) => {
            let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
            panic!("{why}\nafter these steps:\n{}", steps.join("\n"));
        }
        Err(error) => panic!("{error}"),
    }
}
