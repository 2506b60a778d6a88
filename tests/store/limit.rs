//! The rate limit of a webhook, which all nodes share.

use encrata_webhooks_server::store::Want;
use sqlx::Connection as _;

use crate::base::{Base, LEASE, T, batch, claim, limited_webhook, record, webhook, workspace};

/// Deliveries a second.
const RATE: u32 = 7;

pub(crate) async fn a_rate_is_never_exceeded_and_never_wasted(base: &Base) {
    let nodes = [base.open().await, base.open().await];
    let acme = workspace(&nodes[0], "acme").await;
    let hook = limited_webhook(&nodes[0], acme, Some(RATE)).await;
    record(&nodes[0], batch(acme, 200, T)).await;
    let rate = i64::from(RATE);
    // When, and how many.
    let mut claimed: Vec<(i64, i64)> = Vec::new();
    let (mut now_ms, mut turn) = (T, 0);
    for pause_ms in [0, 1, 5, 141, 142, 143, 500, 999, 1000, 1001, 5000, 3, 0, 286, 71, 2000].repeat(2) {
        now_ms += pause_ms;
        turn += 1;
        for rows in [3, 50] {
            let claims = claim(&nodes[turn % 2], hook, rows, now_ms).await;
            claimed.push((now_ms, i64::try_from(claims.len()).unwrap()));
        }
        let lane = nodes[turn % 2].lanes().await.unwrap().remove(0);
        assert!((1..=143).contains(&lane.due_in_ms), "all that is allowed was claimed: {lane:?}");
        let early = claim(&nodes[0], hook, 50, now_ms + lane.due_in_ms - 1).await;
        assert!(early.is_empty(), "a millisecond early");
    }
    let total: i64 = claimed.iter().map(|(_, n)| n).sum();
    for (first, (from_ms, _)) in claimed.iter().enumerate() {
        let mut sent = 0;
        for (to_ms, n) in &claimed[first..] {
            sent += n;
            // A second's worth may come at once.
            let most = rate + rate * (to_ms - from_ms) / 1000;
            assert!(sent <= most, "{sent} from {} to {}: {claimed:?}", from_ms - T, to_ms - T);
        }
    }
    assert!(total > 80, "what is allowed is used: {total}");
    // Where the lane says so, there is one more.
    let due_ms = now_ms + nodes[0].at(now_ms).lanes().await.unwrap()[0].due_in_ms;
    assert_eq!(claim(&nodes[1], hook, 50, due_ms).await.len(), 1);
}

pub(crate) async fn nodes_that_ask_at_once_share_a_rate(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    // Rates of which one takes whole milliseconds.
    let hooks = [
        limited_webhook(&store, acme, Some(8)).await,
        limited_webhook(&store, acme, Some(20)).await,
        webhook(&store, acme).await,
    ];
    record(&store, batch(acme, 100, T)).await;
    let untouched = async || match base.is_postgres() {
        true => {
            let row = format!(
                "select xmin::text::bigint + xmax::text::bigint from webhooks where id = '{}'",
                hooks[2]
            );
            base.number(&row).await
        }
        false => base.number(&format!("select paced_ms from webhooks where id = '{}'", hooks[2])).await,
    };
    let before = untouched().await;
    // All are at it before any of them has claimed.
    let lock = if base.is_postgres() { Some(base.lock_queue().await) } else { None };
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = base.open().await;
        let mut wanted = hooks.map(|webhook_id| Want { webhook_id, rows: 6, is_limited: true });
        if n % 2 == 0 {
            wanted.reverse();
        }
        nodes.spawn(async move { store.at(T).claim(&wanted, LEASE).await.unwrap() });
    }
    if let Some(lock) = lock {
        base.until_waiting(8, "Lock").await;
        lock.close().await.unwrap();
    }
    let claims: Vec<_> = nodes.join_all().await.into_iter().flatten().collect();
    let of = |hook| claims.iter().filter(|claim| claim.webhook_id == hook).count();
    assert_eq!(hooks.map(of), [8, 20, 48]);
    assert_eq!(untouched().await, before, "the row of one without a limit was locked or written");
}
