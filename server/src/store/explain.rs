//! What the database does for the hot statements: for the tests that hold each to its index, on both databases.

use super::arrivals::{ARRIVED, CONTENTS, SENT_SINCE};
use super::attempts::{FIRST, LATER_STATUS};
use super::deliveries::{BODIES, FAILED, NEVER_SENT, PENDING, SENT, SUCCEEDED};
use super::finish::{DONE, FAILING, GONE, HEALTHY, RECOVERED, RETRY, SLOW};
use super::housekeeping::{
    ERASE_ATTEMPTS, ERASE_DELIVERIES, ERASE_EVENTS, ERASE_QUEUE, FORGET, OLD_DELIVERIES, OLD_EVENTS,
};
use super::newest::{HEADS_NEVER_SENT, HEADS_PENDING, HEADS_SENT};
use super::notices::{DUE, NEWEST, NOTE, TAKE};
use super::pace::{LIMITS, USE_UP};
use super::queue::{CLAIM, LANES, RELEASE, TARGETS};
use super::record::{KEYS, KNOWN_KEYS, SUBSCRIBED};
use super::resend::{
    COUNT_ATTEMPTS, EVENTS_SINCE, FAILED_SINCE, MAKE_DUE, MAKE_PENDING, QUEUE, QUEUE_MISSED, SENT_MEANWHILE,
    WEBHOOK_OF,
};
use super::sample::COUNT;
use super::sessions::{SESSION, TOUCH};
use super::statement::{Query, Statement, sql};
use super::stats::{ADD, ERASE_STATS, HOURS, OLD_STATS, STANDINGS, SUMS};
use super::{Store, StoreError};

impl Store {
    /// The plan of each hot statement when it is given so many rows, a line per step, after the statement's name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    #[doc(hidden)]
    pub async fn plans(&self, rows: usize) -> Result<Vec<(&'static str, String)>, StoreError> {
        let mut plans = Vec::new();
        for (name, query) in hot(rows) {
            plans.push((name, query.plan(&self.db).await?));
        }
        Ok(plans)
    }
}

/// The hot statements, each called with a parameter of its kind.
fn hot(rows: usize) -> Vec<(&'static str, Query<'static>)> {
    let given = |statement: &'static Statement, query: Query<'static>| {
        let mut given = statement.rows();
        (0..rows).for_each(|_| given.push_any());
        query.bind_rows(given)
    };
    let now = || crate::clock::now_ms();
    let page = |statement: &'static Statement| {
        let of = statement.query().bind("w").bind("h").bind("z").bind("a").bind(None::<&str>);
        of.bind(50)
    };
    let heads = |statement: &'static Statement| {
        let of = statement.query().bind("w").bind("h").bind(None::<&str>).bind(None::<&str>);
        of.bind(50).bind(1000)
    };
    vec![
        ("lanes", LANES.query().bind(now())),
        ("limits", given(&LIMITS, LIMITS.query().bind(now()))),
        ("claim", given(&CLAIM, CLAIM.query().bind(now()).bind(30_000).bind("owner").bind(4))),
        ("use up", given(&USE_UP, USE_UP.query())),
        ("bodies", given(&BODIES, BODIES.query())),
        ("targets", given(&TARGETS, TARGETS.query())),
        ("release", given(&RELEASE, RELEASE.query().bind(now()).bind("owner"))),
        ("retry", given(&RETRY, RETRY.query().bind(now()).bind("owner"))),
        ("done", given(&DONE, DONE.query().bind("owner"))),
        ("first attempt", given(&FIRST, FIRST.query())),
        ("later status", given(&LATER_STATUS, LATER_STATUS.query())),
        ("healthy", given(&HEALTHY, HEALTHY.query())),
        ("recovered", given(&RECOVERED, RECOVERED.query())),
        ("failing", given(&FAILING, FAILING.query().bind(now()).bind(5).bind("why"))),
        ("slow", given(&SLOW, SLOW.query().bind(now()))),
        ("gone", given(&GONE, GONE.query().bind(now()).bind("why"))),
        ("subscribed", given(&SUBSCRIBED, SUBSCRIBED.query().bind(now()))),
        ("keys", given(&KEYS, KEYS.query().bind(now()))),
        ("known keys", given(&KNOWN_KEYS, KNOWN_KEYS.query())),
        ("failed since", sql(FAILED_SINCE).bind("w").bind("h").bind("a").bind(1000)),
        ("events since", sql(EVENTS_SINCE).bind("w").bind("h").bind("a").bind(1000)),
        ("queue missed", given(&QUEUE_MISSED, QUEUE_MISSED.query().bind(now()))),
        ("sent meanwhile", given(&SENT_MEANWHILE, SENT_MEANWHILE.query())),
        ("queue", given(&QUEUE, QUEUE.query().bind(now()))),
        ("make due", given(&MAKE_DUE, MAKE_DUE.query().bind(now()))),
        ("count attempts", given(&COUNT_ATTEMPTS, COUNT_ATTEMPTS.query())),
        ("make pending", given(&MAKE_PENDING, MAKE_PENDING.query())),
        ("sent", page(&SENT)),
        ("succeeded", page(&SUCCEEDED)),
        ("failed", page(&FAILED)),
        ("pending", page(&PENDING)),
        ("never sent", page(&NEVER_SENT)),
        ("old deliveries", sql(OLD_DELIVERIES).bind("w").bind("h").bind("z")),
        ("count", sql(COUNT).bind("w").bind("h").bind("a").bind(20_000)),
        ("old events", sql(OLD_EVENTS).bind("w").bind("z")),
        ("erase queue", sql(ERASE_QUEUE).bind("w").bind("h").bind("z").bind(1000)),
        ("erase deliveries", sql(ERASE_DELIVERIES).bind("w").bind("h").bind("z").bind(1000)),
        ("erase attempts", sql(ERASE_ATTEMPTS).bind("w").bind("h").bind("z").bind(1000)),
        ("erase events", sql(ERASE_EVENTS).bind("w").bind("z").bind(1000)),
        ("forget", sql(FORGET).bind(now()).bind(1000)),
        ("heads sent", heads(&HEADS_SENT)),
        ("heads pending", heads(&HEADS_PENDING)),
        ("heads never sent", heads(&HEADS_NEVER_SENT)),
        ("add stats", given(&ADD, ADD.query())),
        ("sums", SUMS.query().bind("w").bind(None::<&str>).bind(60).bind(1).bind(now())),
        ("hours", HOURS.query().bind("w").bind(1)),
        ("standings", STANDINGS.query().bind("w").bind(1000)),
        ("old stats", sql(OLD_STATS).bind("w").bind("h").bind(1).bind(1)),
        ("erase stats", sql(ERASE_STATS).bind("w").bind("h").bind(60).bind(1).bind(1000)),
        ("session", SESSION.query().bind(b"t".as_slice()).bind(now()).bind(1)),
        ("touch", TOUCH.query().bind(b"t".as_slice()).bind(now())),
        ("arrived", given(&ARRIVED, ARRIVED.query().bind("w").bind("a").bind(50))),
        ("sent since", given(&SENT_SINCE, SENT_SINCE.query().bind("w").bind("a").bind(50))),
        ("contents", given(&CONTENTS, CONTENTS.query().bind("w"))),
        ("note", given(&NOTE, NOTE.query().bind(now()))),
        ("notices", NEWEST.query().bind("w").bind(50)),
        ("due notice", DUE.query().bind(now()).bind(1)),
        ("take notice", TAKE.query().bind(now()).bind(1).bind(1)),
        ("webhook of", WEBHOOK_OF.query().bind("w1").bind("5")),
    ]
}
