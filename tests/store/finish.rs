//! The way out: outcomes and the history.

use encrata_webhooks_server::model::delivery::{Attempt, Next, Status, Verdict};
use encrata_webhooks_server::model::outcome::{Failure, Outcome};
use encrata_webhooks_server::store::{Filter, Finish, Finished};

use crate::base::{
    Base, DISABLE_AFTER, LEASE_MS, T, batch, claim, claim_one, deliveries, ended, finish, record, webhook,
    workspace,
};

pub(crate) async fn a_group_of_mixed_outcomes_is_answered_in_order(base: &Base) {
    let (store, thief) = (base.open().await, base.open().await);
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 4, T)).await;
    // Of four claims one is lost to the thief, who hands the other three back.
    let stolen = claim(&store, hook, 4, T).await.remove(0);
    let mut others = claim(&thief, hook, 4, T + LEASE_MS).await;
    others.retain(|claim| claim.delivery_id != stolen.delivery_id);
    thief.at(T).release(&others).await.unwrap();
    let [a, b, c]: [_; 3] = claim(&store, hook, 4, T).await.try_into().unwrap();
    let (id_a, id_b, id_c, id_stolen) = (a.delivery_id, b.delivery_id, c.delivery_id, stolen.delivery_id);

    let group = [
        ended(a, 200, Next::Succeeded),
        ended(stolen, 200, Next::Succeeded),
        ended(b, 500, Next::Retry { after_ms: 77 }),
        ended(c, 410, Next::Failed),
    ];
    let finished = store.finish(&group, DISABLE_AFTER).await.unwrap();
    assert_eq!(finished, [Finished::Written, Finished::LeaseLost, Finished::Written, Finished::Written]);
    let found = deliveries(&store, acme, hook).await;
    let of = |id| found.iter().find(|delivery| delivery.id == id).unwrap();
    let state = |id| {
        let delivery = of(id);
        let status = delivery.attempts.last().and_then(|attempt| attempt.response_status);
        (delivery.status, delivery.attempts.len(), status, delivery.next_ms)
    };
    assert_eq!(state(id_a), (Status::Success, 1, Some(200), None));
    assert_eq!(state(id_b), (Status::Pending, 1, Some(500), Some(T + 77)));
    assert_eq!(state(id_c), (Status::Failed, 1, Some(410), None));
    assert_eq!(state(id_stolen), (Status::Pending, 0, None, None));
    assert!(store.finish(&[], DISABLE_AFTER).await.unwrap().is_empty());
}

pub(crate) async fn the_first_attempt_stands_with_the_delivery_and_the_others_after_it(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    for (n, status) in [500, 502, 503].into_iter().enumerate() {
        let at_ms = T + i64::try_from(n).unwrap();
        let claim = claim_one(&store, hook, at_ms).await;
        finish(&store, claim, status, Next::Retry { after_ms: 1 }).await;
    }
    let failed = claim_one(&store, hook, T + 3).await;
    let outcome = Outcome::Unanswered(Failure::Timeout { after_ms: 5000 });
    let attempt = Attempt::new(T + 3, T + 5003, outcome);
    store
        .finish(
            &[Finish { claim: failed, attempt, next: Next::Failed, verdict: Verdict::Failing }],
            DISABLE_AFTER,
        )
        .await
        .unwrap();

    let delivery = deliveries(&store, acme, hook).await.remove(0);
    assert_eq!(delivery.status, Status::Failed);
    let statuses: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.response_status).collect();
    assert_eq!(statuses, [Some(500), Some(502), Some(503), None]);
    assert_eq!(delivery.attempts[3].duration_ms, 5000);
    assert!(delivery.attempts[3].error.as_ref().unwrap().contains("5000 ms"));
    assert_eq!(base.number("select attempts from deliveries").await, 4);
    assert_eq!(base.number("select count(*) from attempts").await, 3);
    assert_eq!(base.number("select count(*) from queue").await, 0);
}

pub(crate) async fn a_step_of_the_schedule_is_used_up_by_each_retry(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    for step in 0..3 {
        let claim = claim_one(&store, hook, T).await;
        assert_eq!((claim.step, claim.attempts), (step, step));
        finish(&store, claim, 500, Next::Retry { after_ms: 0 }).await;
    }
}

pub(crate) async fn foreign_bytes_are_kept_as_they_are(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    let bodies: [&[u8]; 4] = [b"a\0b", b"\xff\xfe\xc3", b"", "\u{1F980} '\"\\".as_bytes()];
    // Four deliveries with two attempts each, in one group per round: no row harms another.
    record(&store, batch(acme, 4, T)).await;
    for (round, next) in [Next::Retry { after_ms: 0 }, Next::Succeeded].into_iter().enumerate() {
        let mut claims = claim(&store, hook, 4, T).await;
        claims.sort_by_key(|claim| claim.delivery_id);
        let group: Vec<Finish> = claims
            .into_iter()
            .zip(bodies)
            .map(|(claim, body)| {
                let outcome = Outcome::Answered { status: 200, body: body.to_vec(), retry_after_s: None };
                Finish { claim, attempt: Attempt::new(T, T, outcome), next, verdict: Verdict::Healthy }
            })
            .collect();
        let finished = store.finish(&group, DISABLE_AFTER).await.unwrap();
        assert_eq!(finished, [Finished::Written; 4], "round {round}");
    }
    for (delivery, body) in deliveries(&store, acme, hook).await.iter().rev().zip(bodies) {
        let kept: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.response_body.as_deref()).collect();
        assert_eq!(kept, [Some(body), Some(body)]);
    }
}

pub(crate) async fn what_was_never_sent_is_listed_too(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 10, T)).await;
    for (n, claim) in claim(&store, hook, 6, T).await.into_iter().enumerate() {
        match n {
            0 | 1 => finish(&store, claim, 200, Next::Succeeded).await,
            2 => finish(&store, claim, 400, Next::Failed).await,
            3 => finish(&store, claim, 500, Next::Retry { after_ms: 9 }).await,
            // Two are being sent.
            _ => continue,
        };
    }
    let count = async |status: Option<Status>| {
        let filter =
            Filter { status, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit: 100 };
        store.deliveries(acme, hook, &filter).await.unwrap().deliveries.len()
    };
    assert_eq!(count(None).await, 10);
    assert_eq!(count(Some(Status::Success)).await, 2);
    assert_eq!(count(Some(Status::Failed)).await, 1);
    assert_eq!(count(Some(Status::Pending)).await, 7);
    // Page by page, whatever the size of a page: each once, newest first.
    for limit in 1..=11 {
        let mut filter =
            Filter { status: None, event: None, since_ms: 0, until_ms: i64::MAX, before: None, limit };
        let mut seen = Vec::new();
        loop {
            let page = store.deliveries(acme, hook, &filter).await.unwrap();
            assert!(page.deliveries.len() <= limit);
            seen.extend(page.deliveries.iter().map(|delivery| delivery.id));
            match page.next {
                Some(cursor) => filter.before = Some(cursor),
                None => break,
            }
        }
        assert!(seen.len() == 10 && seen.windows(2).all(|pair| pair[0] > pair[1]), "{limit}: {seen:?}");
    }
}
