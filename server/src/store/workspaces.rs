//! Workspaces.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::rows::parse;
use super::{Store, StoreError, Write};
use crate::model::ids::WorkspaceId;

/// A workspace, and what the operator says of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, unique on this server.
    pub name: String,
    /// The account's address; empty when unset.
    pub email: String,
    /// The account's plan; empty when unset.
    pub plan: String,
    /// The account's credits.
    pub credits_remaining: i64,
}

impl Store {
    /// Whether there is such a workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Option<Workspace>, StoreError> {
        let row = sqlx::query("select * from workspaces where id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.reader)
            .await?;
        row.as_ref().map(workspace).transpose()
    }

    /// Every workspace, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        let rows = sqlx::query("select * from workspaces order by name").fetch_all(&self.reader).await?;
        rows.iter().map(workspace).collect()
    }

    /// Changes what is said of a workspace's account; `None` leaves a value as it is. Answers the
    /// workspace, or none when there is none of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn describe_workspace(
        &self,
        name: &str,
        email: Option<&str>,
        plan: Option<&str>,
        credits_remaining: Option<i64>,
    ) -> Result<Option<Workspace>, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "update workspaces set email = coalesce($2, email), plan = coalesce($3, plan),
             credits_remaining = coalesce($4, credits_remaining) where name = $1 returning *",
        )
        .bind(name)
        .bind(email)
        .bind(plan)
        .bind(credits_remaining)
        .fetch_optional(&mut *tx)
        .await?;
        let changed = row.as_ref().map(workspace).transpose()?;
        tx.commit().await?;
        Ok(changed)
    }
}

/// The workspace of that name, made when it is new.
pub(super) async fn find_or_make(tx: &mut Write, name: &str, now_ms: i64) -> Result<WorkspaceId, StoreError> {
    sqlx::query("insert into workspaces (id, name, created_ms) values ($1, $2, $3) on conflict do nothing")
        .bind(WorkspaceId::new(now_ms).to_string())
        .bind(name)
        .bind(now_ms)
        .execute(&mut **tx)
        .await?;
    let row =
        sqlx::query("select id from workspaces where name = $1").bind(name).fetch_one(&mut **tx).await?;
    parse(&row, "id")
}

fn workspace(row: &SqliteRow) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: parse(row, "id")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        plan: row.try_get("plan")?,
        credits_remaining: row.try_get("credits_remaining")?,
    })
}
