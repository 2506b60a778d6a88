//! PostgreSQL: what nodes owe each other, and what the database server may do to them.

use std::sync::Arc;

use encrata_webhooks_server::clock::now_ms;
use encrata_webhooks_server::model::delivery::{Next, Status};
use encrata_webhooks_server::store::{CreateError, Finished, StoreError, Want};
use encrata_webhooks_tests::{PATIENCE, Postgres};
use sqlx::Connection as _;
use tokio::sync::Notify;

use crate::base::{
    Base, DISABLE_AFTER, LEASE, LEASE_MS, Room, T, aged_batch, batch, claim, claim_one, deliveries, ended,
    finish, keyed, new_webhook, record, record_group, under, webhook, workspace,
};

const HOUR: i64 = 3_600_000;

/// The clock of the database is an hour ahead of this process.
pub(crate) async fn leases_go_by_the_clock_of_the_database(base: &Base) {
    base.prefer_public().await;
    base.execute(
        "create function statement_timestamp() returns timestamptz language sql as
         $$ select pg_catalog.statement_timestamp() + interval '1 hour' $$",
    )
    .await;
    let nodes = [base.open_with_its_own_clock().await, base.open_with_its_own_clock().await];
    let acme = workspace(&nodes[0], "acme").await;
    let hook = webhook(&nodes[0], acme).await;
    // Accepted in the future, if it went by the process that accepted it.
    let mut room = Room { places: 1, ..Room::default() };
    let began = now_ms();
    let warm =
        nodes[0].record(&[batch(acme, 3, T + 20 * 365 * 24 * HOUR)], LEASE, &mut room).await.unwrap().claims;
    let want = [Want { webhook_id: hook, rows: 1, is_limited: false }];
    let claimed = nodes[1].claim(&want, LEASE).await.unwrap();
    assert_eq!((warm.len(), claimed.len()), (1, 1));
    let retried = nodes[1].claim(&want, LEASE).await.unwrap().remove(0);
    finish_now(&nodes[1], retried, Next::Retry { after_ms: LEASE_MS }).await;
    let ended = now_ms();
    for which in ["min(next_ms)", "max(next_ms)"] {
        let end = base.number(&format!("select {which} from queue")).await;
        let by_the_database = began + HOUR + LEASE_MS..=ended + HOUR + LEASE_MS;
        assert!(by_the_database.contains(&end), "{which} is {} ms ahead", end - began);
    }
    let lane = nodes[0].lanes().await.unwrap().remove(0);
    assert!((0..=LEASE_MS).contains(&lane.due_in_ms), "{lane:?}");
    // On this process, a lease ends when it has lasted, whatever any clock says.
    let left = claimed[0].lease_end.saturating_duration_since(std::time::Instant::now());
    assert!(left <= LEASE && left > LEASE / 2, "{left:?}");
}

async fn finish_now(
    store: &encrata_webhooks_server::store::Store,
    claim: encrata_webhooks_server::model::delivery::Claim,
    next: Next,
) {
    let finished = store.finish(&[ended(claim, 500, next)], DISABLE_AFTER).await.unwrap();
    assert_eq!(finished, [Finished::Written]);
}

/// A group that got in another's way is recorded in the end, and what it leased on the way is not leased twice.
pub(crate) async fn a_collision_is_tried_again(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    // A sequence keeps counting through what is rolled back.
    base.execute(
        "create sequence tries;
         create function collide() returns trigger language plpgsql as $$ begin
            case nextval('tries')
                when 1 then raise 'serialization' using errcode = '40001';
                when 2 then raise 'deadlock' using errcode = '40P01';
                else return null;
            end case; end $$;
         create trigger collide after insert on queue for each statement execute function collide()",
    )
    .await;
    let mut room = Room { places: 1, ..Room::default() };
    let recorded = store.at(T).record(&[batch(acme, 2, T)], LEASE, &mut room).await.unwrap();
    assert_eq!((room.started_over, room.asked.len(), recorded.claims.len()), (2, 2, 1));
    assert_eq!(deliveries(&store, acme, hook).await.len(), 2);
    // Not for ever.
    base.execute("alter sequence tries maxvalue 2 restart 1 cycle").await;
    assert!(record_group(&store, &[batch(acme, 1, T)]).await.is_err());
    assert_eq!(deliveries(&store, acme, hook).await.len(), 2);
}

/// Outcomes too: two nodes may judge the same webhooks, each in the order in which the other does not.
pub(crate) async fn a_collision_of_outcomes_is_tried_again(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    base.execute(
        "create sequence tries;
         create table fault as select '40P01' as code, 4 as times;
         create function collide() returns trigger language plpgsql as $$ begin
            if nextval('tries') <= (select times from fault)
            then raise 'collision' using errcode = (select code from fault); end if; return null; end $$;
         create trigger collide after insert on deliveries for each statement execute function collide()",
    )
    .await;
    let claim = claim_one(&store, hook, T).await;
    assert_eq!(finish(&store, claim, 200, Next::Succeeded).await, Finished::Written);

    record(&store, batch(acme, 1, T)).await;
    // One that never ends is an error in the end, and what is none is one at once.
    let end = [ended(claim_one(&store, hook, T).await, 200, Next::Succeeded)];
    for (code, tries) in [("40P01", 5), ("23514", 1)] {
        base.execute(&format!("update fault set code = '{code}', times = 100")).await;
        base.execute("select setval('tries', 1, false)").await;
        store.finish(&end, DISABLE_AFTER).await.unwrap_err();
        assert_eq!(base.number("select last_value from tries").await, tries, "{code}");
    }
    base.execute("update fault set times = 0").await;
    assert_eq!(store.finish(&end, DISABLE_AFTER).await.unwrap(), [Finished::Written]);
}

/// Two nodes that get the same requests again, each in its own order, wait for each other's keys in one order.
pub(crate) async fn the_same_keys_in_another_order_do_not_deadlock(base: &Base) {
    let (one, other) = (base.open().await, base.open().await);
    let acme = workspace(&one, "acme").await;
    for round in 0..5 {
        let group = |order: &mut dyn Iterator<Item = i64>| -> Vec<_> {
            order.map(|n| keyed(batch(acme, 1, T), &format!("{round}-{n}"), "the same")).collect()
        };
        let (up, down) = (group(&mut (0..1000)), group(&mut (0..1000).rev()));
        let (mut room, mut room_of_other) = (Room::default(), Room::default());
        let (recorded, again) = tokio::join!(
            one.at(T).record(&up, LEASE, &mut room),
            other.at(T).record(&down, LEASE, &mut room_of_other)
        );
        assert!(recorded.unwrap().answers.iter().chain(&again.unwrap().answers).all(Result::is_ok));
        assert_eq!((room.started_over, room_of_other.started_over), (0, 0), "they waited for each other");
    }
    assert_eq!(
        base.number("select count(*) from events where event_type = 'lookup.completed'").await,
        5 * 1000
    );
}

pub(crate) async fn a_signal_is_heard_by_the_others(base: &Base) {
    let (store, other) = (base.open().await, base.open().await);
    let heard = Arc::new(Notify::new());
    let (hears, listener) = (Arc::clone(&heard), other.clone());
    let listening = tokio::spawn(async move {
        loop {
            let _ = listener.listen(|| hears.notify_one()).await;
        }
    });
    let is_heard = async || tokio::time::timeout(PATIENCE, heard.notified()).await.unwrap();
    // Once it listens, for what was said before.
    is_heard().await;
    for _ in 0..3 {
        store.notify().await.unwrap();
        is_heard().await;
    }
    // A connection that breaks counts as a signal, for some may be lost; then it listens again.
    base.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query ilike 'listen%'",
    )
    .await;
    for _ in 0..2 {
        is_heard().await;
        store.notify().await.unwrap();
    }
    listening.abort();
}

/// A resend that comes while the outcome is being written must not make a second delivery of it, which could never
/// be written.
pub(crate) async fn a_resend_beside_an_outcome_goes_on_from_it(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    finish(&store, claim_one(&store, hook, T).await, 500, Next::Retry { after_ms: 0 }).await;
    let second = claim_one(&store, hook, T).await;
    let id = second.delivery_id;
    // The outcome waits for the webhook's row, when it has let the delivery go.
    let mut held = base.connect().await;
    sqlx::raw_sql("begin; select 1 from webhooks for update").execute(&mut held).await.unwrap();
    let (finishing, resending) = (store.clone(), base.open().await);
    let finishing = tokio::spawn(async move { finish(&finishing, second, 200, Next::Succeeded).await });
    base.until_waiting(1, "Lock").await;
    let resending = tokio::spawn(async move { resending.resend(acme, hook, id).await.unwrap() });
    base.until_waiting(2, "Lock").await;
    sqlx::raw_sql("rollback").execute(&mut held).await.unwrap();
    assert_eq!(finishing.await.unwrap(), Finished::Written);
    assert!(resending.await.unwrap());
    let third = claim_one(&store, hook, T).await;
    assert_eq!(third.attempts, 2);
    assert_eq!(finish(&store, third, 200, Next::Succeeded).await, Finished::Written);
    let delivery = deliveries(&store, acme, hook).await.remove(0);
    assert_eq!((delivery.status, delivery.attempts.len()), (Status::Success, 3));
}

/// The same of what was missed, as it seemed.
pub(crate) async fn what_is_sent_just_now_was_not_missed(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    // So that a success is news of it.
    record(&store, batch(acme, 2, T)).await;
    let mut claims = claim(&store, hook, 2, T).await;
    finish(&store, claims.remove(0), 500, Next::Failed).await;
    store.at(T).release(&claims).await.unwrap();
    let sending = claim_one(&store, hook, T).await;
    let mut held = base.connect().await;
    sqlx::raw_sql("begin; select 1 from webhooks for update").execute(&mut held).await.unwrap();
    let (finishing, asking) = (store.clone(), base.open().await);
    let finishing = tokio::spawn(async move { finish(&finishing, sending, 200, Next::Succeeded).await });
    base.until_waiting(1, "Lock").await;
    let asking = tokio::spawn(async move { asking.send_missed(acme, hook, 0).await.unwrap() });
    base.until_waiting(2, "Lock").await;
    sqlx::raw_sql("rollback").execute(&mut held).await.unwrap();
    assert_eq!(finishing.await.unwrap(), Finished::Written);
    assert_eq!(asking.await.unwrap(), 0);
    assert!(claim(&store, hook, 10, T).await.is_empty());
}

/// The server commits, and the connection breaks before it can say so.
pub(crate) async fn a_commit_whose_answer_is_lost_is_found_out(_: &Base) {
    let postgres = Postgres::start().unwrap();
    let base = Base::at(postgres.new_database().await);
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    // A commit is on disk, and waits for a standby that there is not.
    postgres.configure(&[("synchronous_standby_names", "nobody")]).unwrap();
    postgres.reload();
    let (recording, event) = (store.clone(), keyed(batch(acme, 1, T), "k", "same"));
    let again = event.clone();
    let recording = tokio::spawn(async move { record_group(&recording, &[event]).await });
    base.until_waiting(1, "SyncRep").await;
    base.execute("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'").await;
    postgres.configure(&[("synchronous_standby_names", "")]).unwrap();
    postgres.reload();
    let answers = recording.await.unwrap().unwrap();
    assert!(answers[0].is_ok());
    assert_eq!(deliveries(&store, acme, hook).await.len(), 1);
    // Its key stands for it.
    let before = record_group(&store, &[again]).await.unwrap();
    assert!(matches!(before[0], Ok(encrata_webhooks_server::store::Recorded::Before(_))), "{before:?}");

    // One that did not happen is not answered as kept: the same break, before the commit.
    base.execute(
        "create function go() returns trigger language plpgsql as $$ begin
            perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
         create constraint trigger go after insert on events deferrable initially deferred
         for each row execute function go()",
    )
    .await;
    assert!(record_group(&store, &[batch(acme, 1, T)]).await.is_err());
    assert_eq!(deliveries(&store, acme, hook).await.len(), 1);
}

/// What was accepted is on disk whatever the server's default is; a claim needs no disk.
pub(crate) async fn a_session_brings_its_own_settings(base: &Base) {
    base.execute(
        "do $$ begin
            execute format('alter database %I set synchronous_commit = off', current_database());
            execute format('alter database %I set enable_seqscan = on', current_database());
            execute format('alter database %I set backend_flush_after = 0', current_database());
         end $$",
    )
    .await;
    let store = base.open().await;
    base.execute(
        "create table seen (what text, setting text, value text);
         create function look() returns trigger language plpgsql as $$ begin
            insert into seen select tg_table_name || ' ' || tg_op, name, current_setting(name)
            from unnest(array['synchronous_commit', 'enable_seqscan', 'backend_flush_after', 'plan_cache_mode', 'statement_timeout',
                              'idle_in_transaction_session_timeout']) name; return null; end $$;
         create trigger look after insert or update or delete on queue for each statement execute function look();
         create trigger look after insert or update or delete on deliveries for each statement execute function look();
         create trigger look after insert on events for each statement execute function look()",
    )
    .await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, batch(acme, 1, T)).await;
    finish(&store, claim_one(&store, hook, T).await, 200, Next::Succeeded).await;
    let seen = async |what: &str, setting: &str, value: &str| {
        let query = format!(
            "select count(*) * min((value = '{value}')::int) from seen where what = '{what}' and setting = '{setting}'"
        );
        assert_ne!(base.number(&query).await, 0, "{what}: {setting} is not {value}");
    };
    for what in ["events INSERT", "queue INSERT", "queue DELETE", "deliveries INSERT"] {
        seen(what, "synchronous_commit", "on").await;
        seen(what, "backend_flush_after", "256kB").await;
    }
    seen("queue UPDATE", "synchronous_commit", "off").await;
    for (setting, value) in [
        ("enable_seqscan", "off"),
        ("plan_cache_mode", "force_custom_plan"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "20s"),
    ] {
        seen("queue INSERT", setting, value).await;
    }
}

/// The tables that turn over are vacuumed by their own measure: the defaults wait for a fifth of a table to die.
pub(crate) async fn autovacuum_goes_by_the_tables_own_settings(base: &Base) {
    let _store = base.open().await;
    for (table, settings) in [
        (
            "queue",
            &["autovacuum_vacuum_scale_factor=0.01", "autovacuum_vacuum_cost_delay=0", "fillfactor=80"][..],
        ),
        ("webhooks", &["autovacuum_vacuum_scale_factor=0.05", "fillfactor=50"]),
        ("events", &["autovacuum_vacuum_scale_factor=0.02", "autovacuum_vacuum_insert_scale_factor=0.05"]),
        (
            "deliveries",
            &["autovacuum_vacuum_scale_factor=0.02", "autovacuum_vacuum_insert_scale_factor=0.05"],
        ),
        ("attempts", &["autovacuum_vacuum_scale_factor=0.02", "autovacuum_vacuum_insert_scale_factor=0.05"]),
        ("idempotency", &["autovacuum_vacuum_scale_factor=0.02"]),
    ] {
        for setting in settings {
            let query = format!(
                "select count(*) from pg_class where oid = '{table}'::regclass and '{setting}' = any(reloptions)"
            );
            assert_eq!(base.number(&query).await, 1, "{table}: {setting}");
        }
    }
}

/// Nodes share the work of keeping house by leaving it to whoever is at it.
pub(crate) async fn only_one_node_keeps_house(base: &Base) {
    let store = base.open().await;
    let acme = workspace(&store, "acme").await;
    let hook = webhook(&store, acme).await;
    record(&store, aged_batch(acme, 1, T - HOUR)).await;
    let mut other = base.connect().await;
    sqlx::raw_sql("begin; select pg_advisory_xact_lock(7311200417)").execute(&mut other).await.unwrap();
    assert!(!store.expire_deliveries((acme, hook), T).await.unwrap());
    assert!(!store.expire_events(acme, T).await.unwrap());
    assert_eq!(deliveries(&store, acme, hook).await.len(), 1);
    sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
    assert!(store.expire_deliveries((acme, hook), T).await.unwrap());
}

/// Whoever keeps a secret and whoever replaces the key wait for each other.
pub(crate) async fn a_secret_is_kept_before_the_key_is_replaced_or_not_at_all(base: &Base) {
    let store = base.open().await;
    let workspace_id = workspace(&store, "one").await;
    webhook(&store, workspace_id).await;
    let mut replacing = base.connect().await;
    let replace = "begin; update settings set value = '\\x02' where name = 'master_key_check'";
    sqlx::raw_sql(replace).execute(&mut replacing).await.unwrap();
    let other = store.clone();
    let keeping = tokio::spawn(async move {
        other.create_webhook(&new_webhook(workspace_id, None), u32::MAX, &under()).await
    });
    base.until_waiting(1, "Lock").await;
    sqlx::raw_sql("commit").execute(&mut replacing).await.unwrap();
    let refused = keeping.await.unwrap();
    assert!(matches!(refused, Err(CreateError::Store(StoreError::MasterKeyChanged))), "{refused:?}");
    replacing.close().await.unwrap();
}
