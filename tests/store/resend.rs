//! Sending again.

use encrata_webhooks_server::model::delivery::{Next, Status};
use encrata_webhooks_server::model::ids::EventId;
use encrata_webhooks_server::store::Finished;

use crate::base::{
    Base, DISABLE_AFTER, T, batch, claim, claim_one, deliveries, ended, finish, record, webhook, workspace,
};

pub(crate) async fn a_finished_delivery_is_queued_again(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    finish(&store, claim_one(&store, hook, T).await, 500, Next::Retry { after_ms: 0 }).await;
    let claim = claim_one(&store, hook, T).await;
    let id = claim.delivery_id;
    finish(&store, claim, 500, Next::Failed).await;
    for (n, (next, status)) in [
        (Next::Failed, Status::Failed),
        (Next::Succeeded, Status::Success),
        (Next::Succeeded, Status::Success),
    ]
    .into_iter()
    .enumerate()
    {
        store.at(T + 5).resend(acme, hook, id).await.unwrap();
        let waiting = deliveries(&store, acme, hook).await.remove(0);
        assert_eq!((waiting.status, waiting.next_ms), (Status::Pending, Some(T + 5)));
        let claim = claim_one(&store, hook, T + 5).await;
        assert_eq!((claim.delivery_id, claim.step, claim.attempts), (id, 0, i64::try_from(n).unwrap() + 2));
        assert_eq!(finish(&store, claim, 200, next).await, Finished::Written);
        let sent = deliveries(&store, acme, hook).await.remove(0);
        assert_eq!((sent.status, sent.attempts.len()), (status, n + 3));
    }
}

pub(crate) async fn a_waiting_delivery_is_due_at_once(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    let first = claim_one(&store, hook, T).await;
    let id = first.delivery_id;
    finish(&store, first, 500, Next::Retry { after_ms: 1_000_000 }).await;
    store.at(T + 5).resend(acme, hook, id).await.unwrap();
    let again = claim_one(&store, hook, T + 5).await;
    assert_eq!((again.step, again.attempts), (0, 1));
}

pub(crate) async fn a_delivery_that_is_being_sent_is_left_alone(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    let sending = claim_one(&store, hook, T).await;
    store.at(T + 5).resend(acme, hook, sending.delivery_id).await.unwrap();
    assert!(claim(&store, hook, 1, T + 5).await.is_empty());
    assert_eq!(finish(&store, sending, 200, Next::Succeeded).await, Finished::Written);
    assert_eq!(base.number("select count(*) from queue").await, 0);
}

pub(crate) async fn all_that_failed_since_a_time_are_queued_and_no_other(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let (hook, other) = (webhook(&store, acme).await, webhook(&store, acme).await);
    // New ids never go back in time, and other cases run meanwhile: these are made by hand.
    let accepted_at = |n, since_ms: i64| {
        let mut batch = batch(acme, n, since_ms);
        for (event, n) in batch.events.iter_mut().zip(0..) {
            event.id = EventId::floor(since_ms + n);
        }
        batch
    };
    let since = T + 1000;
    record(&store, accepted_at(5, since - 100)).await;
    // More than one transaction takes.
    record(&store, accepted_at(2500, since)).await;
    for lane in [hook, other] {
        let claims = claim(&store, lane, 5000, since).await;
        assert_eq!(claims.len(), 2505);
        let ends: Vec<_> = claims
            .into_iter()
            .enumerate()
            .map(|(n, claim)| match n % 5 {
                0 => ended(claim, 200, Next::Succeeded),
                _ => ended(claim, 500, Next::Failed),
            })
            .collect();
        store.finish(&ends, DISABLE_AFTER).await.unwrap();
    }
    let failed = |status: Status| {
        move |one: &&encrata_webhooks_server::model::delivery::Delivery| one.status == status
    };
    let before = deliveries(&store, acme, hook).await;
    let wanted = before.iter().filter(failed(Status::Failed)).filter(|one| one.created_ms >= since).count();
    let older = before.iter().filter(failed(Status::Failed)).count() - wanted;
    assert!(wanted > 1900 && older > 0, "{wanted} and {older}");

    let resent = store.at(since + 500).resend_failed(acme, hook, since).await.unwrap();
    assert_eq!(usize::try_from(resent).unwrap(), wanted);
    let after = deliveries(&store, acme, hook).await;
    assert_eq!(after.iter().filter(failed(Status::Pending)).count(), wanted);
    assert_eq!(after.iter().filter(failed(Status::Failed)).count(), older);
    assert_eq!(claim(&store, hook, 5000, since + 500).await.len(), wanted);
    assert!(claim(&store, other, 5000, since + 500).await.is_empty());
}

/// It works in transactions of a thousand: an error after the first would be answered 5xx after a commit.
pub(crate) async fn what_was_queued_is_told_when_the_rest_can_not_be(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    for _ in 0..3 {
        record(&store, batch(acme, 500, T)).await;
    }
    let claims = claim(&store, hook, 1500, T).await;
    let ends: Vec<_> = claims.into_iter().map(|claim| ended(claim, 500, Next::Failed)).collect();
    store.finish(&ends, DISABLE_AFTER).await.unwrap();
    base.execute(if base.is_postgres() {
        "create function refuse() returns trigger language plpgsql as $$ begin
            if (select count(*) from queue) >= 1000 then raise 'full'; end if; return new; end $$;
         create trigger limited before insert on queue for each row execute function refuse()"
    } else {
        "create trigger limited before insert on queue when (select count(*) from queue) >= 1000
         begin select raise(abort, 'full'); end"
    })
    .await;
    assert_eq!(store.at(T + 1).resend_failed(acme, hook, 0).await.unwrap(), 1000);
    assert!(
        store.at(T + 1).resend_failed(acme, hook, 0).await.is_err(),
        "nothing was queued: an error is right"
    );
    base.execute(if base.is_postgres() { "drop trigger limited on queue" } else { "drop trigger limited" })
        .await;
    assert_eq!(store.at(T + 1).resend_failed(acme, hook, 0).await.unwrap(), 500);
}
