//! The hot statements do what they were written for: each seeks over the intended index, whatever else is in the
//! tables and whatever the planner believes of them.

use crate::base::Base;

/// A statement, and what its plan must say on SQLite and on PostgreSQL.
const SEEKS: &[(&str, &[&str], &[&str])] = &[
    (
        "lanes",
        &["SEARCH q USING COVERING INDEX queue_lanes (webhook_id>?)", "INDEX webhooks_by_id (id=?)"],
        &["Index Only Scan using queue_lanes on queue", "Index Scan using webhooks_by_id on webhooks w"],
    ),
    (
        "claim",
        &[
            "SEARCH w USING INDEX webhooks_by_id (id=?)",
            "SEARCH q USING COVERING INDEX queue_lanes (webhook_id=? AND next_ms<?)",
            "SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)",
        ],
        &["Index Scan using queue_lanes on queue q", "Index Scan using queue_pkey on queue"],
    ),
    (
        "retry",
        &["SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)"],
        &["Index Scan using queue_pkey on queue"],
    ),
    (
        "done",
        &[
            "SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)",
            "SEARCH held USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)",
        ],
        &["Index Scan using queue_pkey on queue"],
    ),
    (
        "release",
        &["SEARCH queue USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)"],
        &["Index Scan using queue_pkey on queue"],
    ),
    (
        "later status",
        &["SEARCH deliveries USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id=?)"],
        &["Index Scan using deliveries_pkey on deliveries"],
    ),
    (
        "bodies",
        &["SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)"],
        &["Index Scan using events_pkey on events e"],
    ),
    (
        "count",
        &["SEARCH queue USING PRIMARY KEY ((workspace_id,webhook_id,id)>(?,?,?))"],
        &["using queue_pkey on queue", "Index Cond: (ROW("],
    ),
    ("targets", &["SEARCH w USING PRIMARY KEY (workspace_id=? AND id=?)"], &["on webhooks w", "Index Cond"]),
    (
        "known keys",
        &["SEARCH i USING PRIMARY KEY (workspace_id=? AND key=?)"],
        &["Index Scan using idempotency_pkey on idempotency i"],
    ),
    (
        "subscribed",
        &[
            "SEARCH s USING PRIMARY KEY (workspace_id=? AND event_type=?)",
            "SEARCH w USING PRIMARY KEY (workspace_id=? AND id=?)",
        ],
        &["on subscriptions s", "on webhooks w"],
    ),
    (
        "sent",
        HISTORY,
        &["Index Scan Backward using deliveries_pkey on deliveries d", "using events_pkey on events e"],
    ),
    ("succeeded", HISTORY, &["Index Scan Backward using deliveries_pkey on deliveries d"]),
    ("failed", HISTORY, &["Index Scan Backward using deliveries_"]),
    ("pending", WAITING, &["Index Scan Backward using queue_pkey on queue q"]),
    ("never sent", WAITING, &["Index Scan Backward using queue_pkey on queue q"]),
    (
        "add stats",
        &["SEARCH w USING PRIMARY KEY (workspace_id=? AND id=?)"],
        &["on webhooks w", "Index Cond"],
    ),
    (
        "sums",
        &[
            "SEARCH s USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND step_s=? AND start_ms>? AND start_ms<?)",
        ],
        &["Index Scan using stats_pkey on stats"],
    ),
    (
        "hours",
        &["SEARCH s USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND step_s=? AND start_ms>?)"],
        &["Index Scan using stats_pkey on stats"],
    ),
    (
        "standings",
        &[
            "SEARCH s USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND step_s=?)",
            "SEARCH q USING PRIMARY KEY (workspace_id=? AND webhook_id=?)",
        ],
        &["Index Scan Backward using stats_pkey on stats", "using queue_pkey on queue q"],
    ),
    (
        "heads sent",
        &["SEARCH d USING PRIMARY KEY (workspace_id=? AND webhook_id=?)"],
        &["Index Scan Backward using deliveries_pkey on deliveries d"],
    ),
    (
        "heads pending",
        &["SEARCH q USING PRIMARY KEY (workspace_id=? AND webhook_id=?)"],
        &["Index Scan Backward using queue_pkey on queue q"],
    ),
    (
        "arrived",
        &["SEARCH a USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id>?)"],
        &["Index Scan using queue_pkey on queue a"],
    ),
    (
        "sent since",
        &["SEARCH a USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id>?)"],
        &["Index Scan using deliveries_pkey on deliveries a"],
    ),
    (
        "contents",
        &["SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)"],
        &["Index Scan using events_pkey on events e"],
    ),
    (
        "due notice",
        &["SEARCH notices USING INDEX notices_due (next_ms<?)"],
        &["using notices_due on notices"],
    ),
    (
        "notices",
        &[
            "SEARCH n USING PRIMARY KEY (workspace_id=?)",
            "SEARCH w USING PRIMARY KEY (workspace_id=? AND id=?)",
        ],
        &["Index Scan Backward using notices_pkey on notices n"],
    ),
    (
        "session",
        &[
            "SEARCH s USING PRIMARY KEY (token_hash=?)",
            "SEARCH k USING PRIMARY KEY (workspace_id=? AND id=?)",
        ],
        &["Index Scan using sessions_pkey on sessions s", "Index Scan using api_keys_pkey on api_keys"],
    ),
    (
        "failed since",
        &[
            "SEARCH deliveries USING COVERING INDEX deliveries_failed (workspace_id=? AND webhook_id=? AND id>?)",
        ],
        &["using deliveries_failed on deliveries"],
    ),
];
/// Many rows of everything; no statistics.
const FILL: &str = "
    insert into workspaces (id, name, created_ms) select 'w' || n, 'w' || n, 0 from generate_series(1, 50) n
        on conflict do nothing;
    insert into webhooks (workspace_id, id, url, description, created_by, created_ms, updated_ms, secret)
        select 'w' || n % 50 + 1, 'h' || n, '', '', '', 0, 0, '' from generate_series(1, 5000) n;
    insert into subscriptions select 'w' || n % 50 + 1, 'e', 'h' || n, 0 from generate_series(1, 5000) n;
    insert into events (workspace_id, id, event_type, body, created_ms)
        select 'w1', n, 'e', '', 0 from generate_series(1, 20000) n;
    insert into queue (workspace_id, webhook_id, id, event_id, event_type, created_ms, next_ms)
        select 'w1', 'h1', n, n, 'e', 0, n from generate_series(1, 20000) n;
    insert into deliveries (workspace_id, webhook_id, id, event_id, event_type, created_ms, status, attempts, started_ms,
        duration_ms) select 'w1', 'h1', n, n, 'e', 0, 'failed', 2, 0, 0 from generate_series(1, 20000) n;
    insert into attempts (workspace_id, webhook_id, delivery_id, number, started_ms, duration_ms)
        select 'w1', 'h1', n, 2, 0, 0 from generate_series(1, 20000) n;
    insert into stats select 'w1', 'h' || n % 50, 60, n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'success'
        from generate_series(1, 20000) n;
    insert into notices (workspace_id, id, webhook_id, kind, created_ms, attempts, next_ms)
        select 'w' || n % 50 + 1, n, 'h' || n % 5000 + 5000 * (1 - sign(n % 5000)), 'webhook.disabled', 0, 0, n
        from generate_series(1, 20000) n;
    insert into idempotency select 'w1', n, '', '', 0 from generate_series(1, 20000) n;";
const HISTORY: &[&str] = &[
    "SEARCH d USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id>? AND id<?)",
    "SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)",
];
const WAITING: &[&str] = &[
    "SEARCH q USING PRIMARY KEY (workspace_id=? AND webhook_id=? AND id>? AND id<?)",
    "SEARCH e USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id=?)",
];

pub(crate) async fn hot_statements_seek_over_the_intended_index(base: &Base) {
    let store = base.open().await;
    if base.is_postgres() {
        // It plans by the size of its tables. What it knew when they were empty must not count.
        base.execute(FILL).await;
    }
    let all = async || {
        for rows in [1, 100, 1000] {
            check(base, &store.plans(rows).await.unwrap());
        }
    };
    all().await;
    if base.is_postgres() {
        base.execute("analyze").await;
        all().await;
        // The worst it can believe: a queue that was drained, and vacuumed then, and is full again.
        for table in [
            "attempts",
            "deliveries",
            "queue",
            "idempotency",
            "events",
            "subscriptions",
            "stats",
            "notices",
            "webhooks",
        ] {
            base.execute(&format!("alter table {table} set (autovacuum_enabled = off)")).await;
            base.execute(&format!("delete from {table}")).await;
            base.execute(&format!("vacuum (truncate off, analyze) {table}")).await;
        }
        base.execute(FILL).await;
        all().await;
    }
}

fn check(base: &Base, plans: &[(&str, String)]) {
    let mut wrong = String::new();
    for (name, plan) in plans {
        let of = SEEKS.iter().find(|(of, ..)| of == name);
        let (slow, seeks) = match base.is_postgres() {
            true => (postgres_slow(plan), of.map(|(_, _, postgres)| *postgres)),
            false => (sqlite_slow(plan), of.map(|(_, sqlite, _)| *sqlite)),
        };
        let missing = seeks.unwrap_or_default().iter().filter(|seek| !plan.contains(**seek));
        let missing: Vec<_> = missing.map(|seek| format!("not there: {seek}")).collect();
        for what in slow.into_iter().map(str::to_owned).chain(missing) {
            wrong.push_str(&format!("{name}: {what}\n{plan}\n\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let named = |of: &str| plans.iter().any(|(name, _)| *name == of);
    assert!(SEEKS.iter().all(|(of, ..)| named(of)), "each has its plan");
}

/// Steps over one of our own tables that are no seeks.
fn sqlite_slow(plan: &str) -> Vec<&str> {
    // Parameters given as JSON, and rows of the statement's own making.
    let few = ["json_each", "r", "lane", "due", "head", "part", "CONSTANT"];
    let is_slow =
        |line: &&str| line.starts_with("SCAN") && line.split(' ').nth(1).is_none_or(|of| !few.contains(&of));
    plan.lines().filter(is_slow).collect()
}

/// Steps that read a table as it lies, an index from end to end, or each row of one table for each of another.
fn postgres_slow(plan: &str) -> Vec<&str> {
    let lines: Vec<&str> = plan.lines().map(str::trim).collect();
    let is_slow = |n: usize| {
        let line = lines[n];
        let is_sought = lines.get(n + 1).is_some_and(|next| next.starts_with("Index Cond"));
        ["Seq Scan", "Bitmap", "Hash Join", "Merge Join", "hashed SubPlan"]
            .iter()
            .any(|slow| line.contains(slow))
            || line.starts_with("Join Filter") && line.contains(" = ")
            || (line.contains("Index Scan") || line.contains("Index Only Scan")) && !is_sought
    };
    (0..lines.len()).filter(|n| is_slow(*n)).map(|n| lines[n]).collect()
}
