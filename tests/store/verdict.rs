//! What attempts say of their webhooks: slower, off, on again.

use encrata_webhooks_server::model::delivery::{Next, Verdict};
use encrata_webhooks_server::model::ids::{WebhookId, WorkspaceId};
use encrata_webhooks_server::model::webhook::Webhook;
use encrata_webhooks_server::store::{Change, Finish};

use crate::base::{
    Base, DISABLE_AFTER, Handle, T, batch, claim, claim_one, ended, finish, judged, record, webhook,
    workspace,
};

const DISABLE_MS: i64 = DISABLE_AFTER.as_secs() as i64 * 1000;

/// One attempt at this time, that says this.
async fn attempt(store: &Handle, hook: WebhookId, now_ms: i64, verdict: Verdict) {
    let claim = claim(store, hook, 1, now_ms).await.remove(0);
    let next = if verdict == Verdict::Healthy { Next::Succeeded } else { Next::Failed };
    let end = Finish { verdict, ..ended(claim, 500, next) };
    store.finish(&[end], DISABLE_AFTER).await.unwrap();
}

async fn read(store: &Handle, acme: WorkspaceId, hook: WebhookId) -> Webhook {
    store.webhook(acme, hook).await.unwrap().unwrap()
}

async fn switch_on(store: &Handle, acme: WorkspaceId, hook: WebhookId) {
    let on = Change { is_active: Some(true), ..Change::default() };
    assert!(store.change_webhook(acme, hook, &on, T).await.unwrap());
}

pub(crate) async fn one_slow_answer_keeps_the_whole_lane_closed(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (slow, other) = (webhook(&store, acme).await, webhook(&store, acme).await);
    record(&store, batch(acme, 9, T)).await;
    let waiting = || base.number("select cast(sum(next_ms) as bigint) from queue where owner is null");
    let mut claims = claim(&store, slow, 3, T).await;
    let before = waiting().await;
    let says = async |claim, after_ms| {
        let end = judged(claim, Verdict::Slow { after_ms });
        store.at(T).finish(&[end], DISABLE_AFTER).await.unwrap();
    };
    let opens = async |at_ms: i64| {
        let lanes = store.at(T).lanes().await.unwrap();
        let lane = lanes.iter().find(|lane| lane.webhook_id == slow).unwrap();
        assert_eq!(lane.due_in_ms, at_ms - T);
        assert!(claim(&store, slow, 1, at_ms - 1).await.is_empty());
        let claimed = claim(&store, slow, 1, at_ms).await;
        assert_eq!(claimed.len(), 1);
        store.at(T).release(&claimed).await.unwrap();
    };
    says(claims.remove(0), 5000).await;
    opens(T + 5000).await;
    // The shorter of two does not count, the longer does.
    says(claims.remove(0), 1000).await;
    opens(T + 5000).await;
    says(claims.remove(0), 9000).await;
    opens(T + 9000).await;
    assert_eq!(waiting().await, before, "no row that waits was touched");
    assert_eq!(claim(&store, other, 10, T).await.len(), 9, "another webhook was slowed");
}

pub(crate) async fn what_is_gone_is_switched_off_and_says_why(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (gone, other) = (webhook(&store, acme).await, webhook(&store, acme).await);
    record(&store, batch(acme, 2, T)).await;
    attempt(&store, gone, T + 7, Verdict::Gone).await;
    let off = read(&store, acme, gone).await;
    let disabled = off.disabled.unwrap();
    assert!(!off.is_active && disabled.at_ms == T + 7 && disabled.reason.contains("410"), "{disabled:?}");
    let lanes = store.lanes().await.unwrap();
    assert_eq!(lanes.iter().map(|lane| lane.webhook_id).collect::<Vec<_>>(), [other]);
    assert!(claim(&store, gone, 10, T + 7).await.is_empty());
    assert!(read(&store, acme, other).await.is_active);
    switch_on(&store, acme, gone).await;
    let on = read(&store, acme, gone).await;
    assert!(on.is_active && on.disabled.is_none() && on.failing_since_ms.is_none(), "{on:?}");
    claim_one(&store, gone, T + 7).await;
}

pub(crate) async fn failing_for_too_long_switches_off_and_one_success_begins_anew(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 20, T)).await;
    let state = async || {
        let hook = read(&store, acme, hook).await;
        (hook.is_active, hook.failing_since_ms, hook.disabled.map(|disabled| disabled.at_ms))
    };
    attempt(&store, hook, T + 1, Verdict::Failing).await;
    assert_eq!(state().await, (true, Some(T + 1), None));
    attempt(&store, hook, T + DISABLE_MS, Verdict::Failing).await;
    assert_eq!(state().await, (true, Some(T + 1), None), "a millisecond is left");
    attempt(&store, hook, T + DISABLE_MS, Verdict::Healthy).await;
    assert_eq!(state().await, (true, None, None));
    let again = T + DISABLE_MS + 5;
    attempt(&store, hook, again, Verdict::Slow { after_ms: 1 }).await;
    attempt(&store, hook, again + DISABLE_MS - 1, Verdict::Failing).await;
    assert_eq!(state().await, (true, Some(again), None));
    attempt(&store, hook, again + DISABLE_MS, Verdict::Failing).await;
    assert_eq!(state().await, (false, Some(again), Some(again + DISABLE_MS)));
    let reason = read(&store, acme, hook).await.disabled.unwrap().reason;
    assert!(reason.contains("too long"), "{reason}");
    assert!(claim(&store, hook, 1, again + DISABLE_MS).await.is_empty());
    switch_on(&store, acme, hook).await;
    assert_eq!(state().await, (true, None, None));
    attempt(&store, hook, again + DISABLE_MS, Verdict::Failing).await;
    assert_eq!(state().await, (true, Some(again + DISABLE_MS), None), "it has its time again");
}

pub(crate) async fn switched_on_again_it_is_not_slow_any_more(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 2, T)).await;
    attempt(&store, hook, T, Verdict::Slow { after_ms: 1_000_000 }).await;
    assert!(claim(&store, hook, 1, T).await.is_empty());
    switch_on(&store, acme, hook).await;
    let claim = claim_one(&store, hook, T).await;
    assert_eq!(claim.target.failing_since_ms, None);
}

/// Of what ends together, one success is enough, whatever order they stand in.
pub(crate) async fn a_group_with_a_success_is_a_success(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 4, T)).await;
    attempt(&store, hook, T, Verdict::Failing).await;
    let mut claims = claim(&store, hook, 3, T + DISABLE_MS).await;
    let last = claims.remove(2);
    let group = [
        judged(claims.remove(0), Verdict::Failing),
        ended(claims.remove(0), 200, Next::Succeeded),
        judged(last, Verdict::Failing),
    ];
    store.finish(&group, DISABLE_AFTER).await.unwrap();
    let hook = read(&store, acme, hook).await;
    assert!(hook.is_active && hook.failing_since_ms.is_none(), "{hook:?}");
}

/// A success counts, also when it was claimed before the failure that it follows.
pub(crate) async fn a_success_ends_a_failure_that_it_did_not_know_of(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 2, T)).await;
    let mut claims = claim(&store, hook, 2, T).await;
    assert!(claims.iter().all(|claim| claim.target.failing_since_ms.is_none()));
    let failed = judged(claims.remove(0), Verdict::Failing);
    store.finish(&[failed], DISABLE_AFTER).await.unwrap();
    assert!(read(&store, acme, hook).await.failing_since_ms.is_some());
    finish(&store, claims.remove(0), 200, Next::Succeeded).await;
    assert_eq!(read(&store, acme, hook).await.failing_since_ms, None);
}

/// Nothing that a loser of its lease says counts.
pub(crate) async fn who_lost_the_lease_judges_nothing(base: &Base) {
    let (slow, quick) = (base.open().await, base.open().await);
    let acme = workspace(&slow, "acme").await;
    let hook = webhook(&slow, acme).await;
    record(&slow, batch(acme, 1, T)).await;
    let lost = claim_one(&slow, hook, T).await;
    let taken = claim_one(&quick, hook, T + crate::base::LEASE_MS).await;
    slow.finish(&[judged(lost, Verdict::Gone)], DISABLE_AFTER).await.unwrap();
    let found = read(&slow, acme, hook).await;
    assert!(found.is_active && found.failing_since_ms.is_none(), "{found:?}");
    finish(&quick, taken, 200, Next::Succeeded).await;
}
