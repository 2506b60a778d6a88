//! Counts of attempts, per webhook and minute and per webhook and hour.

use std::collections::BTreeMap;

use super::row::{Row, unreadable};
use super::rows::{Column, int, text};
use super::statement::{Statement, sql};
use super::{Store, StoreError, Tx};
use crate::model::delivery::Status;
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::model::stats::{CLASSES, Tally};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
/// How many rows of a webhook one transaction erases.
const ROWS: i64 = 500;
/// How many deliveries are counted as waiting at most, per webhook.
pub const MOST_WAITING: i64 = 1000;

/// A webhook's counts of one minute, by its beginning in milliseconds since the Unix epoch.
pub type Minute = ((WorkspaceId, WebhookId, i64), Tally);

/// How fine counts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// By the minute, for two days.
    Minute,
    /// By the hour, for as long as history.
    Hour,
}

impl Step {
    fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }
}

/// Where a webhook stands.
#[derive(Debug)]
pub struct Standing {
    /// Which.
    pub webhook_id: WebhookId,
    /// Its last attempt, if it is still known.
    pub last: Option<(i64, Status)>,
    /// How many deliveries wait for it, up to [`MOST_WAITING`].
    pub waiting: i64,
}

impl Store {
    /// Adds counts, in a transaction that may be lost in a crash. What is of a deleted webhook is dropped.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; then nothing was added.
    pub async fn add_stats(&self, minutes: &[Minute]) -> Result<(), StoreError> {
        // In one order on every node, so that no two wait for each other.
        let mut sums: BTreeMap<(WorkspaceId, WebhookId, Step, i64), Tally> = BTreeMap::new();
        for ((workspace_id, webhook_id, start_ms), tally) in minutes {
            for (step, start_ms) in
                [(Step::Minute, *start_ms), (Step::Hour, start_ms - start_ms.rem_euclid(HOUR_MS))]
            {
                sums.entry((*workspace_id, *webhook_id, step, start_ms)).or_default().add(tally);
            }
        }
        let mut rows = ADD.rows();
        for ((workspace_id, webhook_id, step, start_ms), tally) in sums {
            let (last_ms, last) = tally.last.unwrap_or((start_ms, Status::Pending));
            let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15] =
                tally.answers.map(Into::into);
            rows.push([
                workspace_id.into(),
                webhook_id.into(),
                step.seconds().into(),
                start_ms.into(),
                tally.delivered.into(),
                tally.failed.into(),
                tally.retried.into(),
                a0,
                a1,
                a2,
                a3,
                a4,
                a5,
                a6,
                a7,
                a8,
                a9,
                a10,
                a11,
                a12,
                a13,
                a14,
                a15,
                last_ms.into(),
                last.as_str().into(),
            ]);
        }
        let mut tx = self.db.write_lightly().await?;
        ADD.query().bind_rows(rows).execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Counts of a workspace, or of one of its webhooks, from one time on and before another: by the beginning of each
    /// step, where there is any.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn stats(
        &self,
        workspace_id: WorkspaceId,
        webhook_id: Option<WebhookId>,
        step: Step,
        (since_ms, until_ms): (i64, i64),
    ) -> Result<Vec<(i64, Tally)>, StoreError> {
        let webhook_id = webhook_id.map(|id| id.to_string());
        let query = SUMS.query().bind(workspace_id).bind(webhook_id.as_deref()).bind(step.seconds());
        let rows = query.bind(since_ms).bind(until_ms).all(&self.db).await?;
        rows.iter().map(|row| Ok((row.int("start_ms")?, tally(row)?))).collect()
    }

    /// Counts of each webhook of a workspace by the hour, from `since_ms` on, without answer times.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn hours(
        &self,
        workspace_id: WorkspaceId,
        since_ms: i64,
    ) -> Result<Vec<(WebhookId, i64, Tally)>, StoreError> {
        let rows = HOURS.query().bind(workspace_id).bind(since_ms).all(&self.db).await?;
        let hour = |row: &Row| {
            let counts = Tally {
                delivered: row.int("delivered")?,
                failed: row.int("failed")?,
                retried: row.int("retried")?,
                ..Tally::default()
            };
            Ok((row.parse("id")?, row.int("start_ms")?, counts))
        };
        rows.iter().map(hour).collect()
    }

    /// Where each webhook of a workspace stands, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn standings(&self, workspace_id: WorkspaceId) -> Result<Vec<Standing>, StoreError> {
        let rows = STANDINGS.query().bind(workspace_id).bind(MOST_WAITING).all(&self.db).await?;
        let standing = |row: &Row| {
            let last = row.maybe_int("last_ms")?.zip(row.maybe_text("last_status")?);
            Ok(Standing {
                webhook_id: row.parse("id")?,
                last: last.map(|(ms, text)| status(text).map(|status| (ms, status))).transpose()?,
                waiting: row.int("waiting")?,
            })
        };
        rows.iter().map(standing).collect::<Result<_, StoreError>>()
    }

    /// Erases a webhook's counts by the minute from before one time, and those by the hour from before another. Answers
    /// whether there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn expire_stats(
        &self,
        webhook: (WorkspaceId, WebhookId),
        minutes_before_ms: i64,
        hours_before_ms: i64,
    ) -> Result<bool, StoreError> {
        let old =
            sql(OLD_STATS).bind(webhook.0).bind(webhook.1).bind(minutes_before_ms).bind(hours_before_ms);
        if !old.one(&self.db).await?.flag("is_any")? {
            return Ok(false);
        }
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let erased = erase_stats(&mut tx, webhook, minutes_before_ms, hours_before_ms).await?;
        tx.commit().await?;
        Ok(erased > 0)
    }
}

/// Erases [`ROWS`] rows of each step at most. Answers how many it were.
pub(super) async fn erase_stats(
    tx: &mut Tx,
    webhook: (WorkspaceId, WebhookId),
    minutes_before_ms: i64,
    hours_before_ms: i64,
) -> Result<u64, StoreError> {
    let mut erased = 0;
    for (step, before_ms) in [(Step::Minute, minutes_before_ms), (Step::Hour, hours_before_ms)] {
        let erase = sql(ERASE_STATS).bind(webhook.0).bind(webhook.1).bind(step.seconds());
        erased += erase.bind(before_ms).bind(ROWS).execute(tx).await?;
    }
    Ok(erased)
}

fn tally(row: &Row) -> Result<Tally, StoreError> {
    let mut answers = [0; CLASSES];
    for (answers, column) in answers.iter_mut().zip(ANSWERS) {
        *answers = row.int(column)?;
    }
    Ok(Tally {
        delivered: row.int("delivered")?,
        failed: row.int("failed")?,
        retried: row.int("retried")?,
        answers,
        last: None,
    })
}

fn status(text: &str) -> Result<Status, StoreError> {
    Status::parse(text).ok_or_else(|| unreadable("last_status", &text))
}

/// Says something of each class of answer times.
macro_rules! classes {
    ($each:ident) => {
        concat!(
            $each!("a0"),
            $each!("a1"),
            $each!("a2"),
            $each!("a3"),
            $each!("a4"),
            $each!("a5"),
            $each!("a6"),
            $each!("a7"),
            $each!("a8"),
            $each!("a9"),
            $each!("a10"),
            $each!("a11"),
            $each!("a12"),
            $each!("a13"),
            $each!("a14"),
            $each!("a15")
        )
    };
}

macro_rules! column {
    ($name:literal) => {
        concat!($name, ", ")
    };
}

macro_rules! given {
    ($name:literal) => {
        concat!("r.", $name, ", ")
    };
}

macro_rules! more {
    ($name:literal) => {
        concat!($name, " = stats.", $name, " + excluded.", $name, ", ")
    };
}

macro_rules! sum {
    ($name:literal) => {
        concat!("cast(sum(s.", $name, ") as bigint) as ", $name, ", ")
    };
}

const ANSWERS: [&str; CLASSES] =
    ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15"];

const COLUMNS: &[Column] = &[
    text("workspace_id"),
    text("webhook_id"),
    int("step_s"),
    int("start_ms"),
    int("delivered"),
    int("failed"),
    int("retried"),
    int("a0"),
    int("a1"),
    int("a2"),
    int("a3"),
    int("a4"),
    int("a5"),
    int("a6"),
    int("a7"),
    int("a8"),
    int("a9"),
    int("a10"),
    int("a11"),
    int("a12"),
    int("a13"),
    int("a14"),
    int("a15"),
    int("last_ms"),
    text("last_status"),
];

pub(super) static ADD: Statement = Statement::new(concat!(
    "insert into stats (workspace_id, webhook_id, step_s, start_ms, delivered, failed, retried, ",
    classes!(column),
    "last_ms, last_status)
     select r.workspace_id, r.webhook_id, r.step_s, r.start_ms, r.delivered, r.failed, r.retried, ",
    classes!(given),
    "r.last_ms, r.last_status
     from {rows} {seek webhooks w on w.workspace_id = r.workspace_id and w.id = r.webhook_id}
     where w.deleted_ms is null
     on conflict (workspace_id, webhook_id, step_s, start_ms) do update set
        delivered = stats.delivered + excluded.delivered, failed = stats.failed + excluded.failed,
        retried = stats.retried + excluded.retried, ",
    classes!(more),
    "last_status = case when excluded.last_ms >= stats.last_ms then excluded.last_status else stats.last_status end,
        last_ms = case when excluded.last_ms >= stats.last_ms then excluded.last_ms else stats.last_ms end",
))
.with_rows(COLUMNS);

/// $1 workspace, $2 webhook or null, $3 step, $4 from, $5 before.
pub(super) static SUMS: Statement = Statement::new(concat!(
    "select ",
    classes!(sum),
    "cast(sum(s.delivered) as bigint) as delivered, cast(sum(s.failed) as bigint) as failed,
        cast(sum(s.retried) as bigint) as retried, s.start_ms
     from webhooks w
     {seek stats s on s.workspace_id = w.workspace_id and s.webhook_id = w.id and s.step_s = $3
        and s.start_ms >= $4 and s.start_ms < $5}
     where w.workspace_id = $1 and (cast($2 as text) is null or w.id = $2) and w.deleted_ms is null
     group by s.start_ms",
));

/// $1 workspace, $2 from.
pub(super) static HOURS: Statement = Statement::new(
    "select w.id, s.start_ms, s.delivered, s.failed, s.retried from webhooks w
     {seek stats s on s.workspace_id = w.workspace_id and s.webhook_id = w.id and s.step_s = 3600 and s.start_ms >= $2}
     where w.workspace_id = $1 and w.deleted_ms is null",
);

macro_rules! last {
    ($column:literal) => {
        concat!(
            "(select s.",
            $column,
            " from stats s where s.workspace_id = w.workspace_id and s.webhook_id = w.id and s.step_s = 3600
              order by s.start_ms desc limit 1) as ",
            $column
        )
    };
}

/// $1 workspace, $2 how many waiting ones are counted.
pub(super) static STANDINGS: Statement = Statement::new(concat!(
    "select w.id, ",
    last!("last_ms"),
    ", ",
    last!("last_status"),
    ", (select cast(count(*) as bigint) from (
            select q.id from queue q where q.workspace_id = w.workspace_id and q.webhook_id = w.id limit $2
        ) as part) as waiting
     from webhooks w where w.workspace_id = $1 and w.deleted_ms is null order by w.id",
));

/// $1 workspace, $2 webhook, $3 before this minute, $4 before this hour.
pub(super) const OLD_STATS: &str = "
    select cast(case when
        exists (select 1 from stats where workspace_id = $1 and webhook_id = $2 and step_s = 60 and start_ms < $3)
        or exists (select 1 from stats where workspace_id = $1 and webhook_id = $2 and step_s = 3600 and start_ms < $4)
    then 1 else 0 end as bigint) as is_any";

/// $1 workspace, $2 webhook, $3 step, $4 before, $5 so many.
pub(super) const ERASE_STATS: &str = "
    delete from stats where workspace_id = $1 and webhook_id = $2 and step_s = $3 and start_ms < $4
      and start_ms <= coalesce((
        select start_ms from stats where workspace_id = $1 and webhook_id = $2 and step_s = $3 and start_ms < $4
        order by start_ms limit 1 offset $5 - 1
      ), $4)";

/// The beginning of the minute.
pub(crate) fn minute_of(ms: i64) -> i64 {
    ms - ms.rem_euclid(MINUTE_MS)
}
