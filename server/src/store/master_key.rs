//! The check value by which a wrong master key is noticed at start, not at the first delivery; and changing that key,
//! in steps that may be broken off anywhere.
//!
//! `settings` has the check value of the key that new secrets are sealed under, and while a rekey goes on that of the key
//! before it as well. Every transaction that keeps a sealed secret looks at the first of them ([`is_under`]), so nothing
//! comes under the old key any more once the rekey has begun.

use super::statement::{Statement, sql};
use super::{Store, StoreError, Tx};
use crate::model::ids::{WebhookId, WorkspaceId};
use crate::vault::{Sealed, VaultError};

/// How many webhooks one transaction of a rekey seals anew.
const WEBHOOKS: i64 = 100;

/// The check values of the keys that this database's secrets are under.
#[derive(Debug, Clone)]
pub struct KeyChecks {
    /// Of the key that new secrets are sealed under; none before the first start.
    pub current: Option<Sealed>,
    /// Of the key before it, while a rekey is not finished.
    pub old: Option<Sealed>,
}

/// What one step of a rekey did.
#[derive(Debug)]
pub struct Resealed {
    /// The last webhook that it looked at: where the next step begins. None when there was none left.
    pub last: Option<(WorkspaceId, WebhookId)>,
    /// How many secrets it sealed anew.
    pub secrets: usize,
    /// Webhooks with a secret that opens under neither key. They were left as they are.
    pub closed: Vec<WebhookId>,
}

impl Store {
    /// The check values of the keys that this database's secrets are under.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn master_key_checks(&self) -> Result<KeyChecks, StoreError> {
        let rows = sql(
            "select name, value from settings where name in ('master_key_check', 'old_master_key_check')",
        )
        .all(&self.db)
        .await?;
        let mut checks = KeyChecks { current: None, old: None };
        for row in rows {
            let check = Some(Sealed::from_bytes(row.bytes("value")?.to_vec()));
            match row.text("name")? {
                "master_key_check" => checks.current = check,
                _ => checks.old = check,
            }
        }
        Ok(checks)
    }

    /// Keeps the check value, unless there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn set_master_key_check(&self, check: &Sealed) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        sql("insert into settings (name, value) values ('master_key_check', $1) on conflict do nothing")
            .bind(check.as_bytes())
            .execute(&mut tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Begins a rekey: from here on, new secrets come under the key with the check value `new`. Answers whether the
    /// database was still under the key with the check value `old`, and no other rekey went on.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn begin_rekey(&self, old: &Sealed, new: &Sealed) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let changed = sql("update settings set value = $2 where name = 'master_key_check' and value = $1")
            .bind(old.as_bytes())
            .bind(new.as_bytes())
            .execute(&mut tx)
            .await?;
        let noted = sql(
            "insert into settings (name, value) values ('old_master_key_check', $1) on conflict do nothing",
        )
        .bind(old.as_bytes())
        .execute(&mut tx)
        .await?;
        if (changed, noted) != (1, 1) {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// One step of a rekey: seals the secrets of the next webhooks anew, also of those that are deleted and wait to be
    /// erased. `reseal` answers what to keep instead, or none for what is under the new key already.
    ///
    /// # Errors
    ///
    /// [`StoreError`], and then the step left nothing behind.
    pub async fn reseal_after(
        &self,
        after: Option<(WorkspaceId, WebhookId)>,
        reseal: impl Fn(WorkspaceId, WebhookId, &Sealed) -> Result<Option<Sealed>, VaultError>,
    ) -> Result<Resealed, StoreError> {
        let (workspace_id, id) = after.map_or((String::new(), String::new()), |(workspace_id, id)| {
            (workspace_id.to_string(), id.to_string())
        });
        let mut tx = self.db.write().await?;
        let rows = NEXT.query().bind(workspace_id).bind(id).bind(WEBHOOKS).all(&mut tx).await?;
        let mut done = Resealed { last: None, secrets: 0, closed: Vec::new() };
        for row in rows {
            let (workspace_id, id) = (row.parse("workspace_id")?, row.parse("id")?);
            done.last = Some((workspace_id, id));
            let anew = |sealed: &[u8]| reseal(workspace_id, id, &Sealed::from_bytes(sealed.to_vec()));
            let previous = row.maybe_bytes("previous_secret")?.map(&anew).transpose();
            let (Ok(current), Ok(previous)) = (anew(row.bytes("secret")?), previous) else {
                done.closed.push(id);
                continue;
            };
            let previous = previous.flatten();
            let secrets = usize::from(current.is_some()) + usize::from(previous.is_some());
            if secrets > 0 {
                sql("update webhooks set secret = coalesce($3, secret), previous_secret = coalesce($4, previous_secret)
                     where workspace_id = $1 and id = $2")
                .bind(workspace_id)
                .bind(id)
                .bind(current.as_ref().map(Sealed::as_bytes))
                .bind(previous.as_ref().map(Sealed::as_bytes))
                .execute(&mut tx)
                .await?;
                done.secrets += secrets;
            }
        }
        tx.commit().await?;
        Ok(done)
    }

    /// Ends a rekey: nothing is under the old key any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn finish_rekey(&self) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        sql("delete from settings where name = 'old_master_key_check'").execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether the database is under the key with this check value, until the end of the transaction: a rekey begins before it
/// or after it.
pub(super) async fn is_under(tx: &mut Tx, check: &Sealed) -> Result<(), StoreError> {
    let current = CURRENT.query().optional(tx).await?;
    match current {
        Some(row) if row.bytes("value")? == check.as_bytes() => Ok(()),
        _ => Err(StoreError::MasterKeyChanged),
    }
}

static CURRENT: Statement =
    Statement::new("select value from settings where name = 'master_key_check' {postgres: for share}");

/// $1 workspace, $2 webhook after which, $3 how many.
static NEXT: Statement = Statement::new(
    "select workspace_id, id, secret, previous_secret from webhooks where (workspace_id, id) > ($1, $2)
     order by workspace_id, id limit $3 {postgres: for update}",
);
