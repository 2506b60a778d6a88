//! The way in.

use encrata_webhooks_server::model::event::Accepted;
use encrata_webhooks_server::store::{Change, RecordError, Recorded};

use crate::base::{Base, T, batch, claim, deliveries, keyed, record, record_group, webhook, workspace};

const HOUR: i64 = 3_600_000;

fn new(answer: &Result<Recorded, RecordError>) -> &[Accepted] {
    match answer {
        Ok(Recorded::New(accepted)) => accepted,
        other => panic!("not recorded now: {other:?}"),
    }
}

pub(crate) async fn events_and_deliveries_are_recorded_together(base: &Base) {
    let store = base.open().await;
    let (acme, other) = (workspace(&store, "acme").await, workspace(&store, "other").await);
    let hooks = [webhook(&store, acme).await, webhook(&store, acme).await];
    let batches = [batch(acme, 2, T), batch(other, 1, T)];
    let answers = record_group(&store, &batches).await.unwrap();
    for (answer, batch) in answers.iter().zip(&batches) {
        let ids: Vec<String> = batch.events.iter().map(|event| event.id.to_string()).collect();
        assert_eq!(new(answer).iter().map(|accepted| accepted.id.clone()).collect::<Vec<_>>(), ids);
    }
    assert!(new(&answers[0]).iter().all(|accepted| accepted.deliveries == 2));
    assert_eq!(new(&answers[1])[0].deliveries, 0);
    for hook in hooks {
        let bodies: Vec<Vec<u8>> =
            deliveries(&store, acme, hook).await.into_iter().map(|one| one.body).collect();
        assert_eq!(bodies, [br#"{"n":1}"#, br#"{"n":0}"#]);
    }
}

pub(crate) async fn a_refused_request_costs_the_others_nothing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, keyed(batch(acme, 1, T), "used", "one")).await;
    let group = [
        batch(acme, 1, T),
        keyed(batch(acme, 1, T), "used", "another"),
        batch(acme, 20_001, T),
        keyed(batch(acme, 2, T), "fresh", "x"),
    ];
    let answers = record_group(&store, &group).await.unwrap();
    assert_eq!(new(&answers[0]).len(), 1);
    assert_eq!(answers[1], Err(RecordError::KeyReused));
    assert_eq!(answers[2], Err(RecordError::TooManyDeliveries { deliveries: 20_001 }));
    assert_eq!(new(&answers[3]).len(), 2);
    assert_eq!(deliveries(&store, acme, hook).await.len(), 4);
    assert_eq!(base.number("select count(*) from events where event_type = 'lookup.completed'").await, 4);
}

pub(crate) async fn a_failed_group_leaves_nothing(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    // The same event twice: what the database refuses.
    let twice = batch(acme, 1, T);
    let group = [keyed(batch(acme, 1, T), "k", "x"), twice.clone(), twice];
    assert!(record_group(&store, &group).await.is_err());
    assert!(deliveries(&store, acme, hook).await.is_empty());
    assert_eq!(base.number("select count(*) from idempotency").await, 0);
    record(&store, group[0].clone()).await;
}

pub(crate) async fn a_key_is_good_for_one_request_within_a_group(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let group = [
        keyed(batch(acme, 1, T), "k", "same"),
        keyed(batch(acme, 1, T), "k", "same"),
        keyed(batch(acme, 1, T), "k", "other"),
    ];
    let answers = record_group(&store, &group).await.unwrap();
    assert_eq!(answers[1], Ok(Recorded::Before(new(&answers[0]).to_vec())));
    assert_eq!(answers[2], Err(RecordError::KeyReused));
    assert_eq!(deliveries(&store, acme, hook).await.len(), 1);
}

pub(crate) async fn a_key_is_good_for_one_request_across_groups(base: &Base) {
    let store = base.open().await;
    let (acme, other) = (workspace(&store, "acme").await, workspace(&store, "other").await);
    let hook = webhook(&store, acme).await;
    let first = record_group(&store, &[keyed(batch(acme, 3, T), "k", "same")]).await.unwrap();
    let again = record_group(&base.open().await, &[keyed(batch(acme, 3, T + 1), "k", "same")]).await.unwrap();
    assert_eq!(again[0], Ok(Recorded::Before(new(&first[0]).to_vec())));
    let wrong = record_group(&store, &[keyed(batch(acme, 3, T), "k", "other")]).await.unwrap();
    assert_eq!(wrong[0], Err(RecordError::KeyReused));
    let elsewhere = record_group(&store, &[keyed(batch(other, 1, T), "k", "other")]).await.unwrap();
    assert_eq!(new(&elsewhere[0]).len(), 1);
    assert_eq!(deliveries(&store, acme, hook).await.len(), 3);
}

pub(crate) async fn a_key_used_by_many_at_once_records_once(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = base.open().await;
        tasks.spawn(async move {
            let mut answers = Vec::new();
            // Two keys in either order.
            for keys in [["a", "b"], ["b", "a"]] {
                let group = keys.map(|key| keyed(batch(acme, 1, T), key, "same"));
                answers.extend(record_group(&store, &group).await.unwrap());
            }
            answers.into_iter().filter(|answer| matches!(answer, Ok(Recorded::New(_)))).count()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 2);
    assert_eq!(deliveries(&store, acme, hook).await.len(), 2);
}

pub(crate) async fn a_key_is_forgotten_after_72_hours(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    record(&store, keyed(batch(acme, 1, T), "k", "one")).await;
    let at = async |now_ms: i64, what: &str| {
        record_group(&store, &[keyed(batch(acme, 1, now_ms), "k", what)]).await.unwrap().remove(0)
    };
    assert_eq!(at(T + 72 * HOUR - 1, "two").await, Err(RecordError::KeyReused));
    assert_eq!(new(&at(T + 72 * HOUR, "two").await).len(), 1);
    // It is remembered anew, also against the sweep of the old one.
    assert!(!store.forget_idempotency(T + 72 * HOUR).await.unwrap());
    assert_eq!(at(T + 73 * HOUR, "one").await, Err(RecordError::KeyReused));
    assert!(store.forget_idempotency(T + 144 * HOUR).await.unwrap());
    assert_eq!(base.number("select count(*) from idempotency").await, 0);
}

pub(crate) async fn fan_out_reads_the_subscriptions_of_the_moment(base: &Base) {
    let (store, admin) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let deliveries = async || {
        let answers = record_group(&store, &[batch(acme, 1, T)]).await.unwrap();
        new(&answers[0])[0].deliveries
    };
    assert_eq!(deliveries().await, 0);
    let hook = webhook(&admin, acme).await;
    assert_eq!(deliveries().await, 1);
    let change =
        async |change: Change<'_>| assert!(admin.change_webhook(acme, hook, &change, T).await.unwrap());
    change(Change { is_active: Some(false), ..Change::default() }).await;
    assert_eq!(deliveries().await, 0);
    change(Change { is_active: Some(true), ..Change::default() }).await;
    assert_eq!(deliveries().await, 1);
    change(Change { events: Some(&[encrata_webhooks::EventKind::CreditsLow]), ..Change::default() }).await;
    assert_eq!(deliveries().await, 0);
    change(Change { events: Some(&[encrata_webhooks::EventKind::LookupCompleted]), ..Change::default() })
        .await;
    assert_eq!(deliveries().await, 1);
    assert!(admin.delete_webhook(acme, hook).await.unwrap());
    assert_eq!(deliveries().await, 0);
    assert_eq!(claim(&store, hook, 10, T).await.len(), 0);
}
