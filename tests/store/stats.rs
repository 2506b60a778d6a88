//! Counts of attempts, and the newest deliveries at a glance.

use encrata_webhooks_server::model::delivery::{Next, Status};
use encrata_webhooks_server::model::stats::Tally;
use encrata_webhooks_server::store::{Filter, Minute, Step};

use crate::base::{Base, DISABLE_AFTER, T, batch, claim, ended, record, webhook, workspace};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;
const ALWAYS: (i64, i64) = (0, i64::MAX);

/// One of everything, and answers of that class.
fn tally(class: usize, last_ms: i64, status: Status) -> Tally {
    let mut tally = Tally { delivered: 1, failed: 2, retried: 3, ..Tally::default() };
    tally.answers[class] = 4;
    tally.last = Some((last_ms, status));
    tally
}

pub(crate) async fn counts_add_up_by_minute_and_by_hour(base: &Base) {
    let store = base.open().await;
    let (acme, other) = (workspace(&store, "acme").await, workspace(&store, "other").await);
    let (hook, second) = (webhook(&store, acme).await, webhook(&store, acme).await);
    let others = webhook(&store, other).await;
    let hour = T - T % HOUR;
    let at = |of, at_ms, class| -> Minute { ((acme, of, at_ms), tally(class, at_ms, Status::Success)) };
    store.add_stats(&[at(hook, hour, 0), at(hook, hour + MINUTE, 15), at(second, hour, 7)]).await.unwrap();
    store.add_stats(&[at(hook, hour, 0), at(hook, hour + HOUR, 3)]).await.unwrap();
    store.add_stats(&[((other, others, hour), tally(1, hour, Status::Failed))]).await.unwrap();
    store.add_stats(&[]).await.unwrap();

    let counts = async |of, step, range| {
        let mut found = store.stats(acme, of, step, range).await.unwrap();
        found.sort_by_key(|(start, _)| *start);
        found
            .into_iter()
            .map(|(start, tally)| ((start - hour) / MINUTE, tally.delivered, tally.failed, tally.retried))
            .collect::<Vec<_>>()
    };
    let minutes = counts(Some(hook), Step::Minute, ALWAYS).await;
    assert_eq!(minutes, [(0, 2, 4, 6), (1, 1, 2, 3), (60, 1, 2, 3)]);
    assert_eq!(counts(Some(hook), Step::Hour, ALWAYS).await, [(0, 3, 6, 9), (60, 1, 2, 3)]);
    assert_eq!(counts(None, Step::Hour, ALWAYS).await, [(0, 4, 8, 12), (60, 1, 2, 3)]);
    assert_eq!(counts(None, Step::Minute, (hour + 1, hour + HOUR)).await, [(1, 1, 2, 3)]);
    let of_hour = store.stats(acme, Some(hook), Step::Hour, (hour, hour + 1)).await.unwrap().remove(0).1;
    assert_eq!((of_hour.answers[0], of_hour.answers[15], of_hour.answers.iter().sum::<i64>()), (8, 4, 12));
    assert!(store.stats(acme, Some(others), Step::Hour, ALWAYS).await.unwrap().is_empty(), "another's");
}

pub(crate) async fn counts_of_a_deleted_webhook_are_dropped(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (gone, hook) = (webhook(&store, acme).await, webhook(&store, acme).await);
    store.delete_webhook(acme, gone).await.unwrap();
    let one = tally(0, T, Status::Success);
    store.add_stats(&[((acme, gone, T), one), ((acme, hook, T), one)]).await.unwrap();
    assert_eq!(base.number("select count(*) from stats").await, 2);
    assert_eq!(store.standings(acme).await.unwrap().len(), 1);
}

pub(crate) async fn counts_go_when_they_are_old(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (hook, other) = (webhook(&store, acme).await, webhook(&store, acme).await);
    let one = tally(0, 0, Status::Success);
    let minutes: Vec<Minute> = (0..1200).map(|n| ((acme, hook, n * MINUTE), one)).collect();
    store.add_stats(&minutes).await.unwrap();
    store.add_stats(&[((acme, other, 0), one)]).await.unwrap();
    let rows = async |step: i64| {
        base.number(&format!("select count(*) from stats where step_s = {step} and webhook_id = '{hook}'"))
            .await
    };
    assert_eq!((rows(60).await, rows(3600).await), (1200, 20));
    let expire = async || store.expire_stats((acme, hook), 1100 * MINUTE, 5 * HOUR).await.unwrap();
    assert!(expire().await);
    assert_eq!(rows(60).await, 700, "in steps");
    assert!(expire().await && expire().await && !expire().await);
    assert_eq!((rows(60).await, rows(3600).await), (100, 15));
    assert!(!store.expire_stats((acme, hook), 0, i64::MIN).await.unwrap());
    assert_eq!(base.number(&format!("select count(*) from stats where webhook_id = '{other}'")).await, 2);
}

pub(crate) async fn a_webhook_at_a_glance(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let standing = async || store.standings(acme).await.unwrap().remove(0);
    assert_eq!((standing().await.last, standing().await.waiting), (None, 0));
    record(&store, batch(acme, 900, T)).await;
    record(&store, batch(acme, 300, T + 1)).await;
    let hour = T - T % HOUR;
    let add = async |at_ms, last_ms, status| {
        store.add_stats(&[((acme, hook, at_ms), tally(0, last_ms, status))]).await.unwrap();
    };
    add(hour, hour + 50, Status::Failed).await;
    add(hour, hour + 40, Status::Success).await;
    assert_eq!(
        standing().await.last,
        Some((hour + 50, Status::Failed)),
        "what ended last, not what came last"
    );
    add(hour, hour + 60, Status::Pending).await;
    assert_eq!(standing().await.last, Some((hour + 60, Status::Pending)));
    add(hour - HOUR, hour - 10, Status::Success).await;
    assert_eq!(standing().await.last, Some((hour + 60, Status::Pending)));
    assert_eq!(standing().await.waiting, 1000, "it is enough to know that it is many");
    let hours = store.hours(acme, hour).await.unwrap();
    assert_eq!(hours.len(), 1);
    assert_eq!((hours[0].0, hours[0].1, hours[0].2.retried), (hook, hour, 9));
}

pub(crate) async fn the_newest_are_seen_without_their_bodies(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 6, T)).await;
    let mut ends = Vec::new();
    for (n, claimed) in claim(&store, hook, 4, T).await.into_iter().enumerate() {
        let next = [Next::Succeeded, Next::Failed, Next::Retry { after_ms: 9 }, Next::Failed][n];
        ends.push(ended(claimed, if n == 0 { 200 } else { 500 }, next));
    }
    store.finish(&ends, DISABLE_AFTER).await.unwrap();
    for status in [None, Some(Status::Pending), Some(Status::Success), Some(Status::Failed)] {
        for limit in [2, 50] {
            let filter = Filter { status, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit };
            let heads = store.newest(acme, hook, &filter).await.unwrap();
            let listed = store.deliveries(acme, hook, &filter).await.unwrap().deliveries;
            let seen: Vec<_> = heads.iter().map(|head| (head.id, head.status, head.attempts)).collect();
            let like: Vec<_> =
                listed.iter().map(|one| (one.id, one.status, one.attempts.len() as i64)).collect();
            assert_eq!(seen, like, "{status:?}, {limit}");
            assert!(heads.iter().all(|head| head.next_ms.is_some() == (head.status == Status::Pending)));
            let (newest, oldest) = (heads[0].id, heads[heads.len() - 1].id);
            let between = store.deliveries_between(acme, hook, &filter, (oldest, newest)).await.unwrap();
            let between: Vec<_> = between.deliveries.iter().map(|delivery| delivery.id).collect();
            assert_eq!(between, heads.iter().map(|head| head.id).collect::<Vec<_>>());
        }
    }
    let filter =
        Filter { status: None, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit: 50 };
    let before = store.newest(acme, hook, &filter).await.unwrap();
    let claimed = claim(&store, hook, 1, T + 5).await;
    let after = store.newest(acme, hook, &filter).await.unwrap();
    let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    assert_eq!(changed.len(), 1, "what is being sent looks another");
    assert_eq!(changed[0].0.id, claimed[0].delivery_id);
    let event = Some(encrata_webhooks::EventKind::CreditsLow);
    assert!(store.newest(acme, hook, &Filter { event, ..filter }).await.unwrap().is_empty());
}
