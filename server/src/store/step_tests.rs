//! The hot statements look at nothing that is none of their business: the steps that SQLite's virtual machine takes are
//! counted, with and without a hundred thousand rows of others. What the planners of both databases say is held by the
//! store suite.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use encrata_webhooks::EventKind;
use sqlx::{AssertSqlSafe, Executor as _, SqliteConnection, SqlitePool};

use super::db::{Db, Tx};
use super::queue::{CLAIM, LANES};
use super::{Clock, DatabaseUrl, Finish, Finished, Store, Want};
use crate::model::delivery::{Attempt, Next, Verdict};
use crate::model::event::{Idempotency, NewBatch, NewEvent};
use crate::model::ids::{EventId, WebhookId, WorkspaceId};
use crate::model::outcome::Outcome;

const LANE_COUNT: usize = 64;
const DEAD_ROWS: usize = 100_000;
/// Long enough that nothing lapses.
const LEASE: Duration = Duration::from_secs(30);

async fn store(home: &tempfile::TempDir) -> Store {
    let url: DatabaseUrl = format!("sqlite:{}", home.path().join("test.db").display()).parse().unwrap();
    Store::open(&url).await.unwrap()
}

fn writer(store: &Store) -> &SqlitePool {
    match &store.db {
        Db::Sqlite { writer, .. } => writer,
        Db::Postgres(_) => unreachable!("it was opened as a file"),
    }
}

async fn run(store: &Store, text: String) {
    writer(store).execute(AssertSqlSafe(text)).await.unwrap();
}

/// One active webhook per lane with four deliveries each, and one more whose receiver is dead.
async fn fill(store: &Store, dead_rows: usize) {
    let lanes = format!(
        "insert into workspaces (id, name, created_ms) values ('w', 'w', 0);
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {last})
         insert into webhooks (workspace_id, id, url, description, created_by, created_ms, updated_ms, secret)
         select 'w', printf('hook-%03d', n), 'https://example.com/', '', '', 0, 0, x'00' from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {rows})
         insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
         select 'w', printf('hook-%03d', 1 + (n - 1) % {LANE_COUNT}), printf('d-%06d', n), 'e', 't', 0, n from i;",
        last = LANE_COUNT + 1,
        rows = LANE_COUNT * 4,
    );
    run(store, lanes).await;
    if dead_rows > 0 {
        // Due before all others, so that whoever goes by time meets them first.
        let dead = format!(
            "with recursive i (n) as (select 1 union all select n + 1 from i where n < {dead_rows})
             insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
             select 'w', printf('hook-%03d', {dead}), printf('x-%06d', n), 'e', 't', 0, -n from i;",
            dead = LANE_COUNT + 1,
        );
        run(store, dead).await;
    }
}

/// Counts the steps of the virtual machine.
async fn counting(connection: &mut SqliteConnection) -> Arc<AtomicU64> {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    connection.lock_handle().await.unwrap().set_progress_handler(1, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    });
    steps
}

/// The steps of listing the lanes, and of claiming four deliveries of each of these.
async fn steps(dead_rows: usize, wanted: std::ops::RangeInclusive<usize>) -> (u64, u64) {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home).await;
    fill(&store, dead_rows).await;
    let mut tx = store.db.write().await.unwrap();
    let Tx::Sqlite(connection, _) = &mut tx else { unreachable!("it was opened as a file") };
    let steps = counting(connection).await;
    let lanes = LANES.query().bind(1_000_000_i64).all(&mut tx).await.unwrap();
    assert_eq!(lanes.len(), LANE_COUNT + usize::from(dead_rows > 0));
    let listing = steps.swap(0, Ordering::Relaxed);
    let mut rows = CLAIM.rows();
    let count = wanted.clone().count();
    for n in wanted {
        rows.push([format!("hook-{n:03}").into()]);
    }
    let claim = CLAIM.query().bind(1_000_000_i64).bind(1_000_000_i64).bind("owner").bind(4);
    let claimed = claim.bind_rows(rows).all(&mut tx).await.unwrap();
    assert_eq!(claimed.len(), count * 4);
    (listing, steps.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_hundred_thousand_rows_of_one_dead_lane_are_not_touched() {
    let (listing_alone, claiming_alone) = steps(0, 1..=LANE_COUNT).await;
    let (listing, claiming) = steps(DEAD_ROWS, 1..=LANE_COUNT).await;
    assert!(
        listing_alone > 100 && claiming_alone > 1000,
        "steps are counted: {listing_alone}, {claiming_alone}"
    );
    // One lane more to list; the claim has nothing to do with it.
    assert!(
        listing <= listing_alone * 11 / 10,
        "listing took {listing} steps, {listing_alone} without the dead lane"
    );
    assert!(claiming <= claiming_alone * 11 / 10, "claiming took {claiming} steps, {claiming_alone} without");
}

/// A receiver that was away for a day has a long lane: each claim must cost what it takes of it, not what is in it.
#[tokio::test]
async fn a_claim_of_a_long_lane_costs_what_it_takes_of_it() {
    let long = LANE_COUNT + 1;
    let (_, short) = steps(10, long..=long).await;
    let (_, claiming) = steps(DEAD_ROWS, long..=long).await;
    assert!(claiming <= short * 2, "claiming took {claiming} steps, {short} of a lane of ten");
}

/// Steps of both writers while `work` runs on the store.
async fn steps_of<T>(store: &Store, work: impl Future<Output = T>) -> (T, u64) {
    // Each is one connection: what is set on it now counts whatever the store does with it.
    let Db::Sqlite { writer, light, .. } = &store.db else { unreachable!("it was opened as a file") };
    let counted = [
        counting(&mut writer.acquire().await.unwrap()).await,
        counting(&mut light.acquire().await.unwrap()).await,
    ];
    let result = work.await;
    (result, counted.iter().map(|steps| steps.load(Ordering::Relaxed)).sum())
}

/// The walk of ten events beside so many finished ones: record, claim, finish with a retry, claim, finish, and
/// sending again.
async fn walk(history: usize) -> Vec<u64> {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home).await;
    let (now, workspace_id) = (1_800_000_000_000, WorkspaceId::new(1));
    let store = store.with_clock(Clock::Given(Arc::new(AtomicI64::new(now))));
    let webhook_id = WebhookId::new(1);
    let fill = format!(
        "insert into workspaces (id, name, created_ms) values ('{workspace_id}', 'w', 0);
         insert into webhooks (workspace_id, id, url, description, created_by, created_ms, updated_ms, secret)
         values ('{workspace_id}', '{webhook_id}', 'https://example.com/', '', '{webhook_id}', 0, 0, x'00');
         insert into subscriptions values ('{workspace_id}', 'credits.low', '{webhook_id}', 0);
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into events select '{workspace_id}', printf('a%07d', n), 'credits.low', x'00', 0, null from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into deliveries select '{workspace_id}', '{webhook_id}', printf('0%07d', n), printf('a%07d', n),
            'credits.low', 0, 'success', 2, 0, 0, 200, null, null, 0 from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into attempts select '{workspace_id}', '{webhook_id}', printf('0%07d', n), 2, 0, 0, 200, null, null from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into idempotency select '{workspace_id}', printf('k%07d', n), x'00', '[]', 0 from i;",
    );
    run(&store, fill).await;

    let event = || NewEvent {
        id: EventId::new(now),
        kind: EventKind::CreditsLow,
        body: b"{}"[..].into(),
        traceparent: None,
    };
    let idempotency = Some(Idempotency::new("key".into(), [b"what".as_slice()]));
    let batch =
        NewBatch { workspace_id, events: (0..10).map(|_| event()).collect(), idempotency, now_ms: now };
    let want = [Want { webhook_id, rows: 10, is_limited: false }];
    let mut all = Vec::new();
    let (recorded, steps) = steps_of(&store, store.record(&[batch], LEASE, &mut ())).await;
    assert!(recorded.unwrap().answers[0].is_ok());
    all.push(steps);
    let mut id = None;
    for next in [Next::Retry { after_ms: 0 }, Next::Failed] {
        let (claims, steps) = steps_of(&store, store.claim(&want, LEASE)).await;
        all.push(steps);
        let claims = claims.unwrap();
        assert_eq!(claims.len(), 10);
        id = Some(claims[0].delivery_id);
        let outcome = || Outcome::Answered { status: 500, body: Vec::new(), retry_after_s: None };
        let group: Vec<Finish> = claims
            .into_iter()
            .map(|claim| Finish {
                claim,
                attempt: Attempt::new(0, 0, outcome()),
                next,
                verdict: Verdict::Failing,
            })
            .collect();
        let (finished, steps) = steps_of(&store, store.finish(&group, LEASE)).await;
        assert_eq!(finished.unwrap(), [Finished::Written; 10]);
        all.push(steps);
    }
    let (resent, steps) = steps_of(&store, store.resend(workspace_id, webhook_id, id.unwrap())).await;
    resent.unwrap();
    all.push(steps);
    let (resent, steps) = steps_of(&store, store.resend_failed(workspace_id, webhook_id, now)).await;
    assert_eq!(resent.unwrap(), 9);
    all.push(steps);
    all
}

#[tokio::test]
async fn no_step_of_the_walk_looks_at_history() {
    let (young, old) = (walk(10).await, walk(30_000).await);
    for (n, (young, old)) in young.iter().zip(&old).enumerate() {
        assert!(*young > 100, "steps are counted: {young}");
        assert!(
            *old <= young * 3 / 2 + 200,
            "step {n} of the walk took {old} steps, {young} without history"
        );
    }
}
