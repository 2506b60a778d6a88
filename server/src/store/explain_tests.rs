//! The hot statements do what they were written for: seeks over the intended index, whatever else is in the tables.
//!
//! Two kinds of proof, neither of them by time: the planner's own words, and the steps that SQLite's virtual machine
//! takes with and without a hundred thousand rows that are none of the statement's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encrata_webhooks::EventKind;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqliteConnection};

use super::attempts::LATER_STATUS;
use super::deliveries::{FAILED, NEVER_SENT, PENDING, SENT, SUCCEEDED};
use super::queue::{BODIES, CLAIM, FINISH_FINAL, FINISH_RETRY, LANES, RELEASE, TARGETS};
use super::record::{KNOWN_KEYS, SUBSCRIBED};
use super::resend::FAILED_SINCE;
use super::{DatabaseUrl, Finish, Finished, Store, Want};
use crate::model::delivery::{Attempt, Next};
use crate::model::event::{Idempotency, NewBatch, NewEvent};
use crate::model::ids::{EventId, WebhookId, WorkspaceId};
use crate::model::outcome::Outcome;

const LANE_COUNT: usize = 64;
const DEAD_ROWS: usize = 100_000;

async fn store(home: &tempfile::TempDir) -> Store {
    let url: DatabaseUrl = format!("sqlite:{}", home.path().join("test.db").display()).parse().unwrap();
    Store::open(&url).await.unwrap()
}

/// What SQLite says it will do, a line per step.
async fn plan(store: &Store, statement: &str) -> String {
    let rows = sqlx::query(AssertSqlSafe(format!("explain query plan {statement}")))
        .fetch_all(&store.writer)
        .await
        .unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get::<String, _>("detail")).collect();
    lines.join("\n")
}

/// Every step over one of our own tables is a seek.
fn assert_no_scan(statement: &str, plan: &str) {
    for line in plan.lines().filter(|line| line.starts_with("SCAN")) {
        let scanned = line.split(' ').nth(1).unwrap();
        // Parameters given as JSON, and rows of the statement's own making.
        assert!(
            ["lane", "done", "due", "head", "asked", "CONSTANT"].contains(&scanned),
            "{line}\nin\n{plan}\nof\n{statement}"
        );
    }
}

const HISTORY: &[&str] = &[
    "SEARCH d USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id>? AND id<?)",
    "SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)",
];
const WAITING: &[&str] = &[
    "SEARCH q USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id>? AND id<?)",
    "SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)",
];

#[tokio::test]
async fn hot_statements_seek_over_the_intended_index() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home).await;
    for (statement, seeks) in [
        (
            LANES,
            &["SEARCH q USING COVERING INDEX queue_lanes (webhook_id>?)", "INDEX webhooks_by_id (id=?)"][..],
        ),
        (
            CLAIM,
            &[
                "SEARCH w USING INDEX webhooks_by_id (id=?)",
                "SEARCH q USING COVERING INDEX queue_lanes (webhook_id=? AND next_ms<?)",
                "SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)",
            ],
        ),
        (FINISH_RETRY, &["SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)"]),
        (
            FINISH_FINAL,
            &[
                "SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)",
                "SEARCH held USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)",
            ],
        ),
        (RELEASE, &["SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)"]),
        (LATER_STATUS, &["SEARCH deliveries USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)"]),
        (BODIES, &["SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)"]),
        (TARGETS, &["SEARCH w USING PRIMARY KEY (workspace_id=? AND id=?)"]),
        (KNOWN_KEYS, &["SEARCH i USING PRIMARY KEY (workspace_id=? AND key=?)"]),
        (
            SUBSCRIBED,
            &[
                "SEARCH s USING PRIMARY KEY (workspace_id=? AND event_type=?)",
                "SEARCH w USING PRIMARY KEY (workspace_id=? AND id=?)",
            ],
        ),
        (SENT, HISTORY),
        (SUCCEEDED, HISTORY),
        (FAILED, HISTORY),
        (
            FAILED_SINCE,
            &[
                "SEARCH deliveries USING COVERING INDEX deliveries_failed (workspace_id=? AND webhook_id=? AND id>?)",
            ],
        ),
        (PENDING, WAITING),
        (NEVER_SENT, WAITING),
    ] {
        let plan = plan(&store, statement).await;
        for seek in seeks {
            assert!(plan.contains(seek), "no '{seek}' in\n{plan}\nof\n{statement}");
        }
        assert_no_scan(statement, &plan);
    }
}

/// One active webhook per lane with four deliveries each, and one more whose receiver is dead.
async fn fill(store: &Store, dead_rows: usize) {
    let mut tx = store.begin().await.unwrap();
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
    tx.execute(AssertSqlSafe(lanes)).await.unwrap();
    if dead_rows > 0 {
        // Due before all others, so that whoever goes by time meets them first.
        let dead = format!(
            "with recursive i (n) as (select 1 union all select n + 1 from i where n < {dead_rows})
             insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
             select 'w', printf('hook-%03d', {dead}), printf('x-%06d', n), 'e', 't', 0, -n from i;",
            dead = LANE_COUNT + 1,
        );
        tx.execute(AssertSqlSafe(dead)).await.unwrap();
    }
    tx.commit().await.unwrap();
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
    let mut connection = store.writer.acquire().await.unwrap();
    let steps = counting(&mut connection).await;
    let lanes = sqlx::query(LANES).fetch_all(&mut *connection).await.unwrap();
    assert_eq!(lanes.len(), LANE_COUNT + usize::from(dead_rows > 0));
    let listing = steps.swap(0, Ordering::Relaxed);
    let wanted: Vec<String> = wanted.map(|n| format!("hook-{n:03}")).collect();
    let claimed = sqlx::query(CLAIM)
        .bind(json!(wanted).to_string())
        .bind(1_000_000_i64)
        .bind(4_i64)
        .bind(2_000_000_i64)
        .bind("owner")
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    assert_eq!(claimed.len(), wanted.len() * 4);
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

/// Steps of the writer while `work` runs on the store.
async fn steps_of<T>(store: &Store, work: impl Future<Output = T>) -> (T, u64) {
    // The writer is one connection: what is set on it now counts whatever the store does with it.
    let steps = counting(&mut store.writer.acquire().await.unwrap()).await;
    let result = work.await;
    (result, steps.load(Ordering::Relaxed))
}

/// The walk of ten events beside so many finished ones: record, claim, finish with a retry, claim, finish, and
/// sending again.
async fn walk(history: usize) -> Vec<u64> {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home).await;
    let (now, workspace_id) = (1_800_000_000_000, WorkspaceId::new(1));
    let webhook_id = WebhookId::new(1);
    let fill = format!(
        "insert into workspaces (id, name, created_ms) values ('{workspace_id}', 'w', 0);
         insert into webhooks (workspace_id, id, url, description, created_by, created_ms, updated_ms, secret)
         values ('{workspace_id}', '{webhook_id}', 'https://example.com/', '', '{webhook_id}', 0, 0, x'00');
         insert into subscriptions values ('{workspace_id}', 'credits.low', '{webhook_id}', 0);
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into events select '{workspace_id}', printf('a%07d', n), 'credits.low', x'00', 0 from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into deliveries select '{workspace_id}', '{webhook_id}', printf('0%07d', n), printf('a%07d', n),
            'credits.low', 0, 'success', 2, 0, 0, 200, null, null, 0 from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into attempts select '{workspace_id}', '{webhook_id}', printf('0%07d', n), 2, 0, 0, 200, null, null from i;
         with recursive i (n) as (select 1 union all select n + 1 from i where n < {history})
         insert into idempotency select '{workspace_id}', printf('k%07d', n), x'00', '[]', 0 from i;",
    );
    let mut tx = store.begin().await.unwrap();
    tx.execute(AssertSqlSafe(fill)).await.unwrap();
    tx.commit().await.unwrap();

    let event = || NewEvent { id: EventId::new(now), kind: EventKind::CreditsLow, body: b"{}".to_vec() };
    let idempotency = Some(Idempotency::new("key".into(), [b"what".as_slice()]));
    let batch =
        NewBatch { workspace_id, events: (0..10).map(|_| event()).collect(), idempotency, now_ms: now };
    let want = [Want { webhook_id, rows: 10 }];
    let mut all = Vec::new();
    let (recorded, steps) = steps_of(&store, store.record(&[batch])).await;
    assert!(recorded.unwrap()[0].is_ok());
    all.push(steps);
    let mut id = None;
    for next in [Next::Retry { at_ms: now }, Next::Failed] {
        let (claims, steps) = steps_of(&store, store.claim(&want, now, now + 1)).await;
        all.push(steps);
        let claims = claims.unwrap();
        assert_eq!(claims.len(), 10);
        id = Some(claims[0].delivery_id);
        let outcome = || Outcome::Answered { status: 500, body: Vec::new(), retry_after_s: None };
        let group: Vec<Finish> = claims
            .into_iter()
            .map(|claim| Finish { claim, attempt: Attempt::new(0, 0, outcome()), next })
            .collect();
        let (finished, steps) = steps_of(&store, store.finish(&group)).await;
        assert_eq!(finished.unwrap(), [Finished::Written; 10]);
        all.push(steps);
    }
    let (resent, steps) = steps_of(&store, store.resend(workspace_id, webhook_id, id.unwrap(), now)).await;
    resent.unwrap();
    all.push(steps);
    let (resent, steps) = steps_of(&store, store.resend_failed(workspace_id, webhook_id, now, now)).await;
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
