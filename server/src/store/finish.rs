//! The way out: ends of attempts are written, and what they say of their webhooks.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::notices::News;
use super::row::Row;
use super::rows::{Rows, int, text};
use super::statement::Statement;
use super::{Store, StoreError, TRIES, Turn, Tx, attempts};
use crate::duration::ms;
use crate::metrics::METRICS;
use crate::model::delivery::{Attempt, Claim, Next, Verdict};
use crate::model::ids::{DeliveryId, WebhookId, WorkspaceId};
use crate::model::notice::NoticeKind;

/// The end of an attempt: what is to be written for it.
#[derive(Debug)]
pub struct Finish {
    /// The claim, given away.
    pub claim: Claim,
    /// What happened.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub next: Next,
    /// What it says of the webhook.
    pub verdict: Verdict,
}

impl Finish {
    /// Which attempt of the delivery this was; the first is 1.
    pub fn number(&self) -> i64 {
        self.claim.attempts + 1
    }

    /// What tells it from another claim of the same delivery, which a group may hold too: one lapsed, one newer.
    fn lease(&self) -> Lease {
        (self.claim.delivery_id, self.claim.epoch, self.claim.attempts)
    }
}

/// Delivery, epoch and attempts.
type Lease = (DeliveryId, i64, i64);

fn lease(row: &Row) -> Result<Lease, StoreError> {
    Ok((row.parse("id")?, row.int("epoch")?, row.int("attempts")?))
}

/// What became of a [`Finish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// It was written.
    Written,
    /// The lease had gone to somebody else, or the webhook was deleted: nothing was written.
    LeaseLost,
}

impl Store {
    /// Writes the ends of attempts, in one transaction: the attempt, the delivery's new state, the release of its
    /// lease, and what becomes of the webhook. One that fails for `disable_after` is switched off. The answers stand
    /// in the order of the group.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the transaction failed: then nothing of the group was written.
    pub async fn finish(
        &self,
        group: &[Finish],
        disable_after: Duration,
    ) -> Result<Vec<Finished>, StoreError> {
        self.finish_in(self.turn().await, group, disable_after).await
    }

    /// As [`Self::finish`], in the turn that the caller has.
    ///
    /// # Errors
    ///
    /// As [`Self::finish`].
    pub async fn finish_in(
        &self,
        turn: Turn,
        group: &[Finish],
        disable_after: Duration,
    ) -> Result<Vec<Finished>, StoreError> {
        let (mut turn, mut tries) = (turn, 1);
        loop {
            match self.try_finish(turn, group, disable_after).await {
                Err(error) if error.is_a_collision() && tries < TRIES => tries += 1,
                result => return result,
            }
            turn = self.turn().await;
        }
    }

    async fn try_finish(
        &self,
        turn: Turn,
        group: &[Finish],
        disable_after: Duration,
    ) -> Result<Vec<Finished>, StoreError> {
        let mut tx = self.db.write_in(turn).await?;
        let held = self.let_go(&mut tx, group).await?;
        let finished: Vec<Finished> = group
            .iter()
            .map(|finish| match held.contains(&finish.lease()) {
                true => Finished::Written,
                false => Finished::LeaseLost,
            })
            .collect();
        let written = || group.iter().filter(|finish| held.contains(&finish.lease()));
        attempts::write(&mut tx, written()).await?;
        let news = self.judge(&mut tx, written(), disable_after).await?;
        self.note(&mut tx, &news).await?;
        tx.commit().await?;
        news.iter().for_each(tell);
        Ok(finished)
    }

    /// Takes finished deliveries off the queue, and makes those due again that are retried. Answers which of them
    /// were still held.
    async fn let_go(&self, tx: &mut Tx, group: &[Finish]) -> Result<HashSet<Lease>, StoreError> {
        let (mut again, mut done) = (RETRY.rows(), DONE.rows());
        for Finish { claim, next, .. } in group {
            let (workspace, webhook) = (claim.workspace_id.into(), claim.webhook_id.into());
            let (id, epoch, attempts) = (claim.delivery_id.into(), claim.epoch.into(), claim.attempts.into());
            match next {
                Next::Retry { after_ms } => {
                    again.push([workspace, webhook, id, epoch, attempts, (*after_ms).into()]);
                }
                Next::Succeeded | Next::Failed => done.push([workspace, webhook, id, epoch, attempts]),
            }
        }
        let mut held = HashSet::new();
        if !again.is_empty() {
            let rows =
                RETRY.query().bind(&self.clock).bind(&*self.owner).bind_rows(again).all(&mut *tx).await?;
            for row in &rows {
                held.insert(lease(row)?);
            }
        }
        if !done.is_empty() {
            for row in &DONE.query().bind(&*self.owner).bind_rows(done).all(tx).await? {
                held.insert(lease(row)?);
            }
        }
        Ok(held)
    }

    /// Writes what attempts say of their webhooks, where it is news. Answers what is worth telling.
    async fn judge(
        &self,
        tx: &mut Tx,
        finished: impl Iterator<Item = &Finish>,
        disable_after: Duration,
    ) -> Result<Vec<News>, StoreError> {
        let disable_ms = ms(disable_after);
        // By webhook, in order, so that two nodes seldom wait for each other.
        let mut said: BTreeMap<(WorkspaceId, WebhookId), Said> = BTreeMap::new();
        for finish in finished {
            let claim = &finish.claim;
            said.entry((claim.workspace_id, claim.webhook_id)).or_default().add(finish);
        }
        let (mut healthy, mut failing, mut slow, mut gone) =
            (HEALTHY.rows(), FAILING.rows(), SLOW.rows(), GONE.rows());
        for ((workspace_id, webhook_id), said) in said {
            let key = || [workspace_id.into(), webhook_id.into()];
            if said.gone {
                gone.push(key());
            } else if said.works {
                // Always: somebody may have written a failure since this was claimed.
                healthy.push(key());
            } else if said.failed {
                failing.push(key());
            }
            if said.slow_ms > 0 {
                let [workspace_id, webhook_id] = key();
                slow.push([workspace_id, webhook_id, said.slow_ms.into()]);
            }
        }
        let mut news = heal(tx, healthy).await?;
        if !failing.is_empty() {
            let failing =
                FAILING.query().bind(&self.clock).bind(disable_ms).bind(TOO_LONG).bind_rows(failing);
            for row in failing.all(&mut *tx).await? {
                if row.maybe_int("disabled_ms")?.is_some() {
                    news.push(about(&row, NoticeKind::Disabled, Some(TOO_LONG))?);
                }
            }
        }
        if !slow.is_empty() {
            SLOW.query().bind(&self.clock).bind_rows(slow).execute(tx).await?;
        }
        if !gone.is_empty() {
            for row in GONE.query().bind(&self.clock).bind(IS_GONE).bind_rows(gone).all(tx).await? {
                news.push(about(&row, NoticeKind::Disabled, Some(IS_GONE))?);
            }
        }
        Ok(news)
    }
}

/// Writes that something succeeded at webhooks. Answers which of them had been switched off.
async fn heal(tx: &mut Tx, healthy: Rows<'_>) -> Result<Vec<News>, StoreError> {
    let mut news = Vec::new();
    if healthy.is_empty() {
        return Ok(news);
    }
    let mut recovered = RECOVERED.rows();
    for row in HEALTHY.query().bind_rows(healthy).all(&mut *tx).await? {
        // What was under way when it was switched off may succeed yet.
        if row.flag("is_recovering")? && row.flag("is_active")? {
            let told = about(&row, NoticeKind::Recovered, None)?;
            recovered.push([told.workspace_id.into(), told.webhook_id.into()]);
            news.push(told);
        }
    }
    if !recovered.is_empty() {
        RECOVERED.query().bind_rows(recovered).execute(tx).await?;
    }
    Ok(news)
}

fn about(row: &Row, kind: NoticeKind, reason: Option<&'static str>) -> Result<News, StoreError> {
    Ok(News { workspace_id: row.parse("workspace_id")?, webhook_id: row.parse("id")?, kind, reason })
}

/// Logs and counts what was written: `e2e::metrics` asks for it.
fn tell(news: &News) {
    let webhook = news.webhook_id;
    match news.reason {
        Some(reason) => {
            METRICS.disabled(if reason == IS_GONE { "gone" } else { "failing" });
            tracing::warn!(%webhook, reason, "switched off");
        }
        None => tracing::info!(%webhook, "works again"),
    }
}

/// Shown as `disabled_reason`.
const TOO_LONG: &str = "nothing it was sent succeeded for too long";
const IS_GONE: &str = "it answered 410 Gone";

/// What a group says of one webhook.
#[derive(Default)]
struct Said {
    works: bool,
    failed: bool,
    slow_ms: i64,
    gone: bool,
}

impl Said {
    fn add(&mut self, finish: &Finish) {
        match finish.verdict {
            Verdict::Healthy => self.works = true,
            Verdict::Failing => self.failed = true,
            Verdict::Slow { after_ms } => {
                self.failed = true;
                self.slow_ms = self.slow_ms.max(after_ms);
            }
            Verdict::Gone => self.gone = true,
        }
    }
}

/// $1 now, $2 owner.
pub(super) static RETRY: Statement = Statement::new(
    "update queue set owner = null, attempts = queue.attempts + 1, step = step + 1, next_ms = now($1) + r.after_ms
     from {rows}
     where {probe queue.workspace_id = r.workspace_id} and queue.webhook_id = r.webhook_id and queue.id = r.id
       and queue.epoch = r.epoch and queue.attempts = r.attempts and queue.owner = $2
     returning queue.id, queue.epoch, queue.attempts - 1 as attempts",
)
.with_rows(&[
    text("workspace_id"),
    text("webhook_id"),
    text("id"),
    int("epoch"),
    int("attempts"),
    int("after_ms"),
]);

/// $1 owner.
pub(super) static DONE: Statement = Statement::each(
    "delete from queue
     where (workspace_id, webhook_id, id) in (
        select held.workspace_id, held.webhook_id, held.id
        from {rows} cross join queue held
        where held.workspace_id = r.workspace_id and held.webhook_id = r.webhook_id and held.id = r.id
          and held.epoch = r.epoch and held.attempts = r.attempts and held.owner = $1
     )
     returning id, epoch, attempts",
    "delete from queue using {rows}
     where {probe queue.workspace_id = r.workspace_id} and queue.webhook_id = r.webhook_id and queue.id = r.id
       and queue.epoch = r.epoch and queue.attempts = r.attempts and queue.owner = $1
     returning queue.id, queue.epoch, queue.attempts",
)
.with_rows(&[text("workspace_id"), text("webhook_id"), text("id"), int("epoch"), int("attempts")]);

const WEBHOOK: &[super::rows::Column] = &[text("workspace_id"), text("webhook_id")];

pub(super) static HEALTHY: Statement = Statement::new(
    "update webhooks set failing_since_ms = null from {rows}
     where {probe webhooks.workspace_id = r.workspace_id} and {probe webhooks.id = r.webhook_id}
       and (failing_since_ms is not null or is_recovering = 1)
     returning webhooks.workspace_id, webhooks.id, is_active, is_recovering",
)
.with_rows(WEBHOOK);

pub(super) static RECOVERED: Statement = Statement::new(
    "update webhooks set is_recovering = 0 from {rows}
     where {probe webhooks.workspace_id = r.workspace_id} and {probe webhooks.id = r.webhook_id}",
)
.with_rows(WEBHOOK);

/// $1 now, $2 how long a webhook may fail, $3 the reason for switching it off.
pub(super) static FAILING: Statement = Statement::new(
    "update webhooks set
        failing_since_ms = coalesce(failing_since_ms, now($1)),
        is_active = case when failing_since_ms <= now($1) - $2 then 0 else is_active end,
        disabled_ms = case when failing_since_ms <= now($1) - $2 and is_active = 1 then now($1) else disabled_ms end,
        disabled_reason = case when failing_since_ms <= now($1) - $2 and is_active = 1 then $3 else disabled_reason end,
        is_recovering = case when failing_since_ms <= now($1) - $2 and is_active = 1 then 1 else is_recovering end
     from {rows}
     where {probe webhooks.workspace_id = r.workspace_id} and {probe webhooks.id = r.webhook_id}
       and (failing_since_ms is null or (failing_since_ms <= now($1) - $2 and is_active > 0))
     returning webhooks.workspace_id, webhooks.id, disabled_ms",
)
.with_rows(WEBHOOK);

/// $1 now.
pub(super) static SLOW: Statement = Statement::new(
    "update webhooks set not_before_ms = now($1) + r.after_ms from {rows}
     where {probe webhooks.workspace_id = r.workspace_id} and {probe webhooks.id = r.webhook_id}
       and not_before_ms < now($1) + r.after_ms",
)
.with_rows(&[text("workspace_id"), text("webhook_id"), int("after_ms")]);

/// $1 now, $2 the reason for switching it off.
pub(super) static GONE: Statement = Statement::new(
    "update webhooks set is_active = 0, disabled_ms = now($1), disabled_reason = $2, is_recovering = 1,
        failing_since_ms = coalesce(failing_since_ms, now($1))
     from {rows}
     where {probe webhooks.workspace_id = r.workspace_id} and {probe webhooks.id = r.webhook_id} and is_active > 0
     returning webhooks.workspace_id, webhooks.id",
)
.with_rows(WEBHOOK);
