//! API keys. Making and revoking one publishes an event, in the same transaction.

use std::collections::HashMap;

use super::row::{Row, unreadable};
use super::sessions::end_sessions;
use super::statement::{Query, Statement, sql};
use super::webhooks::ONE_AT_A_TIME;
use super::{CreateError, Store, StoreError, Tx, record, workspaces};
use crate::model::api_key::{ApiKey, KeyHash, MAX_KEYS, PREFIX, Role};
use crate::model::event::NewBatch;
use crate::model::ids::{KeyId, WorkspaceId};

/// A key to keep.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Its id.
    pub id: KeyId,
    /// What people call it.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// What is kept instead of the key.
    pub hash: KeyHash,
    /// `...` and its last four characters.
    pub preview: String,
}

/// What [`api_key`] reads of a key `k`, by name: tables get columns from a newer version while this one runs.
macro_rules! key_columns {
    () => {
        "k.id, k.workspace_id, k.name, k.role, k.key_prefix, k.key_preview, k.created_ms, k.last_used_ms,
         k.total_requests, k.credits_used, k.credit_limit, k.is_active, k.disabled_by_admin"
    };
}
pub(super) use key_columns;

macro_rules! select_keys {
    ($which:literal) => {
        sql(concat!("select ", key_columns!(), " from api_keys k where ", $which))
    };
}

/// Two that revoke it at once must not both announce it.
static ACTIVE: Statement = Statement::new(
    "select is_active from api_keys where workspace_id = $1 and id = $2 {postgres: for update}",
);

impl Store {
    /// The active key with this hash.
    ///
    /// How long the search takes may depend on how much of the hash it has in common with one that is there. That tells
    /// nobody anything: of a hash that a guesser can't choose it says at most whether the hash begins like another, and
    /// nothing of the key that it is the hash of. To compare what was found once more, in constant time, would be for show:
    /// the two are equal by then.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn active_key(&self, hash: &KeyHash) -> Result<Option<ApiKey>, StoreError> {
        let row =
            select_keys!("key_hash = $1 and is_active = 1").bind(hash.as_bytes()).optional(&self.db).await?;
        row.as_ref().map(api_key).transpose()
    }

    /// One key.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn key(&self, workspace_id: WorkspaceId, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        let row = select_keys!("workspace_id = $1 and id = $2")
            .bind(workspace_id)
            .bind(id)
            .optional(&self.db)
            .await?;
        row.as_ref().map(api_key).transpose()
    }

    /// A workspace's keys, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn keys(&self, workspace_id: WorkspaceId) -> Result<Vec<ApiKey>, StoreError> {
        let rows = select_keys!("workspace_id = $1 order by id").bind(workspace_id).all(&self.db).await?;
        rows.iter().map(api_key).collect()
    }

    /// Keeps a new key and publishes `announce`. Answers whether anything is to be delivered.
    ///
    /// # Errors
    ///
    /// [`CreateError`].
    pub async fn create_key(
        &self,
        workspace_id: WorkspaceId,
        key: &NewApiKey<'_>,
        announce: &NewBatch,
    ) -> Result<bool, CreateError> {
        let mut tx = self.db.write().await.map_err(StoreError::from)?;
        ONE_AT_A_TIME.query().bind(workspace_id).one(&mut tx).await?;
        let keys = sql("select count(*) as keys from api_keys where workspace_id = $1")
            .bind(workspace_id)
            .one(&mut tx)
            .await?;
        if keys.int("keys")? >= i64::from(MAX_KEYS) {
            return Err(CreateError::TooManyKeys);
        }
        insert(&mut tx, workspace_id, key, announce.now_ms).await?;
        let due = record::announce(&mut tx, self, announce).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(due)
    }

    /// As [`Self::create_key`], however many there are, in the workspace of that name, which is made when it is new.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn create_key_in(
        &self,
        workspace: &str,
        key: &NewApiKey<'_>,
        now_ms: i64,
        announce: impl FnOnce(WorkspaceId) -> Result<NewBatch, String> + Send,
    ) -> Result<WorkspaceId, StoreError> {
        let mut tx = self.db.write().await?;
        let workspace_id = workspaces::find_or_make(&mut tx, workspace, now_ms).await?;
        insert(&mut tx, workspace_id, key, now_ms).await?;
        let announce = announce(workspace_id).map_err(|why| unreadable("event", &why))?;
        record::announce(&mut tx, self, &announce).await?;
        tx.commit().await?;
        Ok(workspace_id)
    }

    /// Revokes a key (it stays listed), or deletes it, and publishes `announce` when it was active. Answers
    /// whether anything is to be delivered; none when there is no such key.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn revoke_key(
        &self,
        workspace_id: WorkspaceId,
        id: KeyId,
        permanent: bool,
        announce: &NewBatch,
    ) -> Result<Option<bool>, StoreError> {
        let mut tx = self.db.write().await?;
        let row = ACTIVE.query().bind(workspace_id).bind(id).optional(&mut tx).await?;
        let Some(row) = row else { return Ok(None) };
        let was_active = row.flag("is_active")?;
        let change = if permanent {
            "delete from api_keys where workspace_id = $1 and id = $2"
        } else {
            "update api_keys set is_active = 0, disabled_by_admin = 0 where workspace_id = $1 and id = $2"
        };
        sql(change).bind(workspace_id).bind(id).execute(&mut tx).await?;
        end_sessions(&mut tx, workspace_id, id).await?;
        let due = was_active && record::announce(&mut tx, self, announce).await?;
        tx.commit().await?;
        Ok(Some(due))
    }

    /// Names a key anew. Answers whether there is such a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn rename_key(
        &self,
        workspace_id: WorkspaceId,
        id: KeyId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let query = sql("update api_keys set name = $3 where workspace_id = $1 and id = $2");
        self.change_key(query.bind(workspace_id).bind(id).bind(name)).await
    }

    /// Switches a key on or off; off, its sessions end for good. Answers whether there is such a key, and it was not revoked: that is for good. A
    /// revoked key is one that is not active and was not switched off.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn switch_key(
        &self,
        workspace_id: WorkspaceId,
        id: KeyId,
        on: bool,
    ) -> Result<bool, StoreError> {
        let query = sql("update api_keys set is_active = $3, disabled_by_admin = 1 - $3
             where workspace_id = $1 and id = $2 and (is_active = 1 or disabled_by_admin = 1)");
        let mut tx = self.db.write().await?;
        let changed = query.bind(workspace_id).bind(id).bind(on).execute(&mut tx).await? == 1;
        if changed && !on {
            end_sessions(&mut tx, workspace_id, id).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Sets or lifts a key's credit limit. Answers whether there is such a key.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn limit_key(
        &self,
        workspace_id: WorkspaceId,
        id: KeyId,
        credit_limit: Option<i64>,
    ) -> Result<bool, StoreError> {
        let query = sql("update api_keys set credit_limit = $3 where workspace_id = $1 and id = $2");
        self.change_key(query.bind(workspace_id).bind(id).bind(credit_limit)).await
    }

    /// Adds what was counted in memory: requests and the time of the last one, by key.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn count_requests(
        &self,
        counted: &HashMap<(WorkspaceId, KeyId), (i64, i64)>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        // In one order on every node, so that no two wait for each other.
        let mut counted: Vec<_> = counted.iter().collect();
        counted.sort_unstable();
        for ((workspace_id, id), (requests, last_ms)) in counted {
            sql("update api_keys set total_requests = total_requests + $3, last_used_ms = $4
                 where workspace_id = $1 and id = $2")
            .bind(*workspace_id)
            .bind(*id)
            .bind(*requests)
            .bind(*last_ms)
            .execute(&mut tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn change_key(&self, query: Query<'_>) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let changed = query.execute(&mut tx).await? == 1;
        tx.commit().await?;
        Ok(changed)
    }
}

async fn insert(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    key: &NewApiKey<'_>,
    now_ms: i64,
) -> Result<(), StoreError> {
    sql("insert into api_keys (workspace_id, id, name, role, key_hash, key_prefix, key_preview, created_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(workspace_id)
    .bind(key.id)
    .bind(key.name)
    .bind(key.role.as_str())
    .bind(key.hash.as_bytes())
    .bind(PREFIX)
    .bind(&*key.preview)
    .bind(now_ms)
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) fn api_key(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        name: row.text("name")?.to_owned(),
        role: row.parse("role")?,
        key_prefix: row.text("key_prefix")?.to_owned(),
        key_preview: row.text("key_preview")?.to_owned(),
        created_ms: row.int("created_ms")?,
        last_used_ms: row.maybe_int("last_used_ms")?,
        total_requests: row.int("total_requests")?,
        credits_used: row.int("credits_used")?,
        credit_limit: row.maybe_int("credit_limit")?,
        is_active: row.flag("is_active")?,
        disabled_by_admin: row.flag("disabled_by_admin")?,
    })
}
