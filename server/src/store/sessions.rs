//! Sessions of the page.

use super::api_keys::{api_key, key_columns};
use super::statement::{Statement, sql};
use super::{Store, StoreError, Tx};
use crate::duration::ms;
use crate::model::api_key::{ApiKey, KeyHash};
use crate::model::ids::{KeyId, WorkspaceId};
use crate::model::session::{IDLE, LIFETIME, MAX_PER_KEY, Session};

/// How many that have ended one transaction erases.
const ROWS: i64 = 500;

impl Store {
    /// Keeps a new session of a key. Answers when it ends, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn create_session(&self, token: &KeyHash, key: &ApiKey) -> Result<i64, StoreError> {
        let mut tx = self.db.write().await?;
        let row = CREATE
            .query()
            .bind(token.as_bytes())
            .bind(key.workspace_id)
            .bind(key.id)
            .bind(&self.clock)
            .bind(ms(LIFETIME))
            .one(&mut tx)
            .await?;
        sql(END_OLDEST).bind(key.workspace_id).bind(key.id).bind(MAX_PER_KEY).execute(&mut tx).await?;
        tx.commit().await?;
        row.int("expires_ms")
    }

    /// The session with this token's hash, if it goes on and its key is active.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn session(&self, token: &KeyHash) -> Result<Option<Session>, StoreError> {
        let found = SESSION.query().bind(token.as_bytes()).bind(&self.clock).bind(ms(IDLE));
        let Some(row) = found.optional(&self.db).await? else { return Ok(None) };
        Ok(Some(Session {
            key: api_key(&row)?,
            expires_ms: row.int("expires_ms")?,
            idle_ms: row.int("idle_ms")?,
        }))
    }

    /// Notes that a session is used now.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn touch_session(&self, token: &KeyHash) -> Result<(), StoreError> {
        let mut tx = self.db.write_lightly().await?;
        TOUCH.query().bind(token.as_bytes()).bind(&self.clock).execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a session, if there is one with this token's hash.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn end_session(&self, token: &KeyHash) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        sql("delete from sessions where token_hash = $1").bind(token.as_bytes()).execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }

    /// Erases sessions that have ended. Answers whether there may be more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn forget_sessions(&self) -> Result<bool, StoreError> {
        if ENDED.query().bind(&self.clock).optional(&self.db).await?.is_none() {
            return Ok(false);
        }
        let Some(mut tx) = self.keep_house().await? else { return Ok(false) };
        let forgotten = FORGET_SESSIONS.query().bind(&self.clock).bind(ROWS).execute(&mut tx).await?;
        tx.commit().await?;
        Ok(forgotten > 0)
    }
}

/// Ends all sessions of a key.
pub(super) async fn end_sessions(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    key_id: KeyId,
) -> Result<(), StoreError> {
    let end = sql("delete from sessions where workspace_id = $1 and key_id = $2");
    end.bind(workspace_id).bind(key_id).execute(tx).await?;
    Ok(())
}

/// $1 hash, $2 workspace, $3 key, $4 now, $5 how long it lasts.
static CREATE: Statement = Statement::new(
    "insert into sessions (token_hash, workspace_id, key_id, created_ms, used_ms, expires_ms)
     values ($1, $2, $3, now($4), now($4), now($4) + $5) returning expires_ms",
);

/// $1 workspace, $2 key, $3 how many stay.
const END_OLDEST: &str = "
    delete from sessions where workspace_id = $1 and key_id = $2 and created_ms <= coalesce((
        select created_ms from sessions where workspace_id = $1 and key_id = $2
        order by created_ms desc limit 1 offset $3
    ), -1)";

/// $1 hash, $2 now, $3 how long it may go unused. The end stands in a sum, so that no plan goes by the index of ends.
pub(super) static SESSION: Statement = Statement::new(concat!(
    "select ",
    key_columns!(),
    ", s.expires_ms, now($2) - s.used_ms as idle_ms from sessions s
     {seek api_keys k on k.workspace_id = s.workspace_id and k.id = s.key_id}
     where s.token_hash = $1 and s.expires_ms - now($2) > 0 and s.used_ms > now($2) - $3 and k.is_active = 1",
));

/// $1 hash, $2 now.
pub(super) static TOUCH: Statement =
    Statement::new("update sessions set used_ms = now($2) where token_hash = $1");

/// $1 now.
static ENDED: Statement =
    Statement::new("select 1 as is_any from sessions where expires_ms <= now($1) limit 1");

/// $1 now, $2 so many.
static FORGET_SESSIONS: Statement = Statement::new(
    "delete from sessions where expires_ms <= coalesce((
        select expires_ms from sessions where expires_ms <= now($1) order by expires_ms limit 1 offset $2 - 1
     ), now($1))",
);
