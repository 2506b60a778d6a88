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
        "failed since",
        &[
            "SEARCH deliveries USING COVERING INDEX deliveries_failed (workspace_id=? AND webhook_id=? AND id>?)",
        ],
        &["using deliveries_failed on deliveries"],
    ),
];
/// Many rows of everything; no statistics.
const FILL: &str = "
    insert into workspaces (id, name, created_ms) select 'w' || n, 'w' || n, 0 from generate_series(1, 50) n;
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
    for rows in [1, 1000] {
        check(base, &store.plans(rows).await.unwrap());
    }
    if base.is_postgres() {
        base.execute("analyze").await;
        check(base, &store.plans(100).await.unwrap());
    }
}

fn check(base: &Base, plans: &[(&str, String)]) {
    for (name, plan) in plans {
        if base.is_postgres() { postgres_seeks(name, plan) } else { sqlite_seeks(name, plan) }
    }
    for (name, sqlite, postgres) in SEEKS {
        let (_, plan) =
            plans.iter().find(|(of, _)| of == name).unwrap_or_else(|| panic!("no plan of {name}"));
        for seek in if base.is_postgres() { *postgres } else { *sqlite } {
            assert!(plan.contains(seek), "no '{seek}' in the plan of {name}:\n{plan}");
        }
    }
}

/// Every step over one of our own tables is a seek.
fn sqlite_seeks(name: &str, plan: &str) {
    for line in plan.lines().filter(|line| line.starts_with("SCAN")) {
        let scanned = line.split(' ').nth(1).unwrap();
        // Parameters given as JSON, and rows of the statement's own making.
        assert!(
            ["json_each", "r", "lane", "due", "head", "part", "CONSTANT"].contains(&scanned),
            "{line}\nin the plan of {name}:\n{plan}"
        );
    }
}

/// No table is read as it lies, and no index from end to end.
fn postgres_seeks(name: &str, plan: &str) {
    let lines: Vec<&str> = plan.lines().map(str::trim).collect();
    for (n, line) in lines.iter().enumerate() {
        for slow in ["Seq Scan", "Bitmap", "Hash Join", "Merge Join"] {
            assert!(!line.contains(slow), "{line}\nin the plan of {name}:\n{plan}");
        }
        // The smallest of all is the first of an index: newer versions need no condition for it.
        let is_first = n > 0 && lines[n - 1] == "->  Limit" && line.ends_with("using queue_lanes on queue");
        if !is_first && (line.contains("Index Scan") || line.contains("Index Only Scan")) {
            let next = lines.get(n + 1).unwrap_or(&"");
            assert!(next.starts_with("Index Cond"), "{line}\nin the plan of {name}:\n{plan}");
        }
    }
}
