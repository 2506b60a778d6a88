//! What happened to webhooks is noticed, once, and told by one node at a time.

use std::time::Duration;

use encrata_webhooks_server::model::delivery::{Next, Verdict};
use encrata_webhooks_server::model::ids::{WebhookId, WorkspaceId};
use encrata_webhooks_server::model::notice::NoticeKind::{Disabled, Recovered};
use encrata_webhooks_server::model::notice::{Notice, NoticeKind};
use encrata_webhooks_server::store::{Change, Finish};

use crate::base::{Base, DISABLE_AFTER, Handle, T, batch, claim, ended, judged, record, webhook, workspace};

const LEASE: Duration = Duration::from_secs(30);
const LEASE_MS: i64 = 30_000;
const DAY: i64 = 86_400_000;

async fn kinds(store: &Handle, acme: WorkspaceId) -> Vec<(NoticeKind, i64)> {
    store.notices(acme).await.unwrap().iter().map(|notice| (notice.kind, notice.created_ms)).collect()
}

/// The ends of so many attempts at this time, that say this.
async fn attempts(store: &Handle, hook: WebhookId, now_ms: i64, verdicts: &[Verdict]) -> Vec<Finish> {
    let claims = claim(store, hook, verdicts.len(), now_ms).await;
    assert_eq!(claims.len(), verdicts.len());
    claims.into_iter().zip(verdicts).map(|(claim, verdict)| judged(claim, *verdict)).collect()
}

async fn attempt(store: &Handle, hook: WebhookId, now_ms: i64, verdict: Verdict) {
    let ends = attempts(store, hook, now_ms, &[verdict]).await;
    store.at(now_ms).finish(&ends, DISABLE_AFTER).await.unwrap();
}

async fn switch_on(store: &Handle, acme: WorkspaceId, hook: WebhookId) {
    let on = Change { is_active: Some(true), ..Change::default() };
    assert!(store.change_webhook(acme, hook, &on, T).await.unwrap());
}

pub(crate) async fn what_is_switched_off_and_works_again_is_noticed_once(base: &Base) {
    let store = base.open().await;
    let (acme, other) = (workspace(&store, "acme").await, workspace(&store, "other").await);
    let (gone, fails) = (webhook(&store, acme).await, webhook(&store, acme).await);
    record(&store, batch(acme, 9, T)).await;

    // A success that was under way when it was switched off is no recovery.
    let mut under_way = attempts(&store, gone, T, &[Verdict::Gone, Verdict::Healthy, Verdict::Healthy]).await;
    store.at(T + 1).finish(&[under_way.remove(0)], DISABLE_AFTER).await.unwrap();
    store.at(T + 2).finish(&[under_way.remove(0)], DISABLE_AFTER).await.unwrap();
    let notices = store.notices(acme).await.unwrap();
    let Notice { webhook_id, kind, reason, created_ms, .. } = &notices[0];
    assert_eq!((notices.len(), *webhook_id, *kind, *created_ms), (1, gone, Disabled, T + 1));
    assert!(reason.as_deref().unwrap().contains("410"), "{notices:?}");
    switch_on(&store, acme, gone).await;
    attempt(&store, gone, T + 3, Verdict::Failing).await;
    assert_eq!(kinds(&store, acme).await.len(), 1, "it is on, but does not work");
    for at_ms in [T + 4, T + 5] {
        attempt(&store, gone, at_ms, Verdict::Healthy).await;
        assert_eq!(kinds(&store, acme).await, [(Recovered, T + 4), (Disabled, T + 1)]);
    }

    // A failure that ends by itself is none; one that is too long is.
    attempt(&store, fails, T, Verdict::Failing).await;
    attempt(&store, fails, T, Verdict::Healthy).await;
    let ms = i64::try_from(DISABLE_AFTER.as_millis()).unwrap();
    attempt(&store, fails, T, Verdict::Failing).await;
    attempt(&store, fails, T + ms, Verdict::Failing).await;
    switch_on(&store, acme, fails).await;
    attempt(&store, fails, T + ms + 1, Verdict::Healthy).await;
    assert_eq!(kinds(&store, acme).await[..2], [(Recovered, T + ms + 1), (Disabled, T + ms)]);
    assert!(kinds(&store, other).await.is_empty(), "another workspace's are its own");

    // Whoever deletes a webhook hears no more of it.
    store.at(T).delete_webhook(acme, gone).await.unwrap();
    assert_eq!(kinds(&store, acme).await.len(), 2);
    while store.at(T + DAY).erase_deleted().await.unwrap() {}
    assert_eq!(base.number("select count(*) from notices").await, 2);
}

pub(crate) async fn a_lost_lease_notices_nothing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    let ends = attempts(&store, hook, T, &[Verdict::Gone]).await;
    for _ in 0..2 {
        store.at(T).finish(&ends, DISABLE_AFTER).await.unwrap();
    }
    assert_eq!(kinds(&store, acme).await, [(Disabled, T)]);
    let late = claim(&store, hook, 1, T).await;
    assert!(late.is_empty(), "it is finished");
    let unheld: Vec<Finish> = ends.into_iter().map(|end| ended(end.claim, 410, Next::Failed)).collect();
    store.at(T).finish(&unheld, DISABLE_AFTER).await.unwrap();
    assert_eq!(kinds(&store, acme).await, [(Disabled, T)]);
}

pub(crate) async fn a_notice_is_sent_by_one_node_until_it_arrived(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hooks = [webhook(&store, acme).await, webhook(&store, acme).await];
    record(&store, batch(acme, 1, T)).await;
    for (at_ms, hook) in (T..).zip(hooks) {
        attempt(&store, hook, at_ms, Verdict::Gone).await;
    }
    let due = async |at_ms| store.at(at_ms).due_notice(LEASE).await.unwrap();
    assert!(due(T - 1).await.is_none());
    let (first, second) = (due(T + 5).await.unwrap(), due(T + 5).await.unwrap());
    assert_eq!([first.notice.webhook_id, second.notice.webhook_id], hooks, "the oldest first");
    assert_eq!((&*first.workspace, first.attempts), ("acme", 0));
    assert!(due(T + 5 + LEASE_MS - 1).await.is_none(), "they are leased");
    store.put_off_notice(&second.notice, None).await.unwrap();

    // Who took it has died.
    let again = due(T + 5 + LEASE_MS).await.unwrap();
    assert_eq!((again.notice.id, again.attempts), (first.notice.id, 1));
    store.at(T + 100).put_off_notice(&again.notice, Some(2 * DAY)).await.unwrap();
    assert!(due(T + 99 + 2 * DAY).await.is_none());
    let again = due(T + 100 + 2 * DAY).await.unwrap();
    assert_eq!(
        (again.notice.id, again.attempts),
        (first.notice.id, 2),
        "one that was tried goes on for long"
    );
    store.put_off_notice(&again.notice, None).await.unwrap();
    assert!(due(T + 100 * DAY).await.is_none());
    assert_eq!(kinds(&store, acme).await.len(), 2, "what was sent can be read");
}

pub(crate) async fn old_notices_are_not_sent_and_go_at_last(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    attempt(&store, hook, T, Verdict::Gone).await;
    assert!(store.at(T + DAY).due_notice(LEASE).await.unwrap().is_none(), "an address was named only now");
    assert!(store.at(T + DAY - 1).due_notice(LEASE).await.unwrap().is_some());
    // Its id is no older than this process, and may be as new as any that a test beside this one made.
    let (before, after) = (encrata_webhooks_server::clock::now_ms() - DAY, T + 10_000 * DAY);
    assert!(!store.expire_notices(acme, before).await.unwrap());
    assert_eq!(kinds(&store, acme).await.len(), 1);
    assert!(store.expire_notices(acme, after).await.unwrap());
    assert!(!store.expire_notices(acme, after).await.unwrap());
    assert!(kinds(&store, acme).await.is_empty());
}
