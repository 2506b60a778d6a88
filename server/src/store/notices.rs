//! Notices of webhooks that were switched off, or work again: kept with what they tell of, read by admins, and given to one
//! node at a time to be sent to the operator.

use std::time::Duration;

use super::row::Row;
use super::rows::text;
use super::statement::{Statement, sql};
use super::webhooks::url;
use super::{Store, StoreError, Tx};
use crate::clock::now_ms;
use crate::duration::ms;
use crate::model::ids::{NoticeId, WebhookId, WorkspaceId};
use crate::model::notice::{DueNotice, Notice, NoticeKind};

/// How many a workspace is shown.
const SHOWN: i64 = 50;
/// How many are erased in one transaction.
const ROWS: i64 = 500;
/// How old one may be that is sent for the first time: who names an address is not told the history.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// What happened to a webhook, in the transaction in which it did.
pub(super) struct News {
    pub workspace_id: WorkspaceId,
    pub webhook_id: WebhookId,
    pub kind: NoticeKind,
    pub reason: Option<&'static str>,
}

impl Store {
    /// The newest notices of a workspace, newest first, 50 at most.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn notices(&self, workspace_id: WorkspaceId) -> Result<Vec<Notice>, StoreError> {
        let rows = NEWEST.query().bind(workspace_id).bind(SHOWN).all(&self.db).await?;
        rows.iter().map(notice).collect()
    }

    /// Takes the notice that has been due for longest, for `lease`: then it is due again, unless
    /// [`Self::put_off_notice`] said what became of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn due_notice(&self, lease: Duration) -> Result<Option<DueNotice>, StoreError> {
        // Looked for first, so that no look costs a write.
        let due = DUE.query().bind(&self.clock).bind(ms(FRESH));
        if due.optional(&self.db).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.db.write_lightly().await?;
        let take = TAKE.query().bind(&self.clock).bind(ms(FRESH)).bind(ms(lease));
        let Some(taken) = take.optional(&mut tx).await? else { return Ok(None) };
        let due = DueNotice {
            notice: notice(&taken)?,
            workspace: taken.text("workspace")?.to_owned(),
            attempts: taken.int("attempts")? - 1,
        };
        tx.commit().await?;
        Ok(Some(due))
    }

    /// A notice is due again after `after_ms`, or not any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn put_off_notice(&self, notice: &Notice, after_ms: Option<i64>) -> Result<(), StoreError> {
        let mut tx = self.db.write_lightly().await?;
        let put_off = PUT_OFF.query().bind(&self.clock).bind(notice.workspace_id).bind(notice.id);
        put_off.bind(after_ms).execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Erases notices of a workspace from before `before_ms`. Answers whether there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn expire_notices(
        &self,
        workspace_id: WorkspaceId,
        before_ms: i64,
    ) -> Result<bool, StoreError> {
        let before = NoticeId::floor(before_ms);
        let old = sql("select id from notices where workspace_id = $1 and id < $2 limit 1");
        if old.bind(workspace_id).bind(before).optional(&self.db).await?.is_none() {
            return Ok(false);
        }
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let erased = sql(ERASE_NOTICES).bind(workspace_id).bind(before).bind(ROWS).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(erased > 0)
    }

    /// Keeps notices.
    pub(super) async fn note(&self, tx: &mut Tx, news: &[News]) -> Result<(), StoreError> {
        if news.is_empty() {
            return Ok(());
        }
        let mut rows = NOTE.rows();
        for it in news {
            rows.push([
                it.workspace_id.into(),
                NoticeId::new(now_ms()).into(),
                it.webhook_id.into(),
                it.kind.as_str().into(),
                it.reason.into(),
            ]);
        }
        NOTE.query().bind(&self.clock).bind_rows(rows).execute(tx).await?;
        Ok(())
    }
}

fn notice(row: &Row) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        webhook_id: row.parse("webhook_id")?,
        url: url(row)?,
        kind: row.parse("kind")?,
        reason: row.maybe_text("reason")?.map(str::to_owned),
        created_ms: row.int("created_ms")?,
    })
}

/// $1 now.
pub(super) static NOTE: Statement = Statement::new(
    "insert into notices (workspace_id, id, webhook_id, kind, reason, created_ms, attempts, next_ms)
     select r.workspace_id, r.id, r.webhook_id, r.kind, r.reason, now($1), 0, now($1) from {rows}",
)
.with_rows(&[text("workspace_id"), text("id"), text("webhook_id"), text("kind"), text("reason")]);

/// $1 workspace, $2 so many.
pub(super) static NEWEST: Statement = Statement::new(
    "select n.id, n.workspace_id, n.webhook_id, n.kind, n.reason, n.created_ms, w.url from notices n
     {seek webhooks w on w.workspace_id = n.workspace_id and w.id = n.webhook_id}
     where n.workspace_id = $1 and w.deleted_ms is null order by n.id desc limit $2",
);

/// $1 now, $2 how old one may be that was never tried.
macro_rules! due {
    () => {
        "select workspace_id, id from notices
         where next_ms <= now($1) and (attempts > 0 or created_ms > now($1) - $2)
         order by next_ms limit 1"
    };
}

pub(super) static DUE: Statement = Statement::new(due!());

/// As [`DUE`], $3 for how long. Two nodes may find the same: the second then sees that it is not due any more.
pub(super) static TAKE: Statement = Statement::new(concat!(
    "update notices set attempts = attempts + 1, next_ms = now($1) + $3
     where (workspace_id, id) = (",
    due!(),
    ") and next_ms <= now($1)
     returning id, workspace_id, webhook_id, kind, reason, created_ms, attempts,
        (select w.url from webhooks w where w.workspace_id = notices.workspace_id and w.id = webhook_id) as url,
        (select s.name from workspaces s where s.id = notices.workspace_id) as workspace",
));

/// $1 now, $2 workspace, $3 notice, $4 when it is due again; null means never.
static PUT_OFF: Statement =
    Statement::new("update notices set next_ms = now($1) + $4 where workspace_id = $2 and id = $3");

/// $1 workspace, $2 before this id, $3 so many.
const ERASE_NOTICES: &str = "
    delete from notices where workspace_id = $1 and id in (
        select id from notices where workspace_id = $1 and id < $2 order by id limit $3
    )";
