//! Workspaces.

use super::row::Row;
use super::statement::sql;
use super::{Store, StoreError, Tx};
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

/// What [`workspace`] reads, by name: a table may get columns from a newer version while this one runs.
macro_rules! columns {
    () => {
        "id, name, email, plan, credits_remaining"
    };
}

impl Store {
    /// Whether there is such a workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Option<Workspace>, StoreError> {
        let row = sql(concat!("select ", columns!(), " from workspaces where id = $1"))
            .bind(id)
            .optional(&self.db)
            .await?;
        row.as_ref().map(workspace).transpose()
    }

    /// Every workspace, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        let rows =
            sql(concat!("select ", columns!(), " from workspaces order by name")).all(&self.db).await?;
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
        let mut tx = self.db.write().await?;
        let row = sql(concat!(
            "update workspaces set email = coalesce($2, email), plan = coalesce($3, plan),
             credits_remaining = coalesce($4, credits_remaining) where name = $1 returning ",
            columns!()
        ))
        .bind(name)
        .bind(email)
        .bind(plan)
        .bind(credits_remaining)
        .optional(&mut tx)
        .await?;
        let changed = row.as_ref().map(workspace).transpose()?;
        tx.commit().await?;
        Ok(changed)
    }
}

/// The workspace of that name, made when it is new.
pub(super) async fn find_or_make(tx: &mut Tx, name: &str, now_ms: i64) -> Result<WorkspaceId, StoreError> {
    sql("insert into workspaces (id, name, created_ms) values ($1, $2, $3) on conflict do nothing")
        .bind(WorkspaceId::new(now_ms))
        .bind(name)
        .bind(now_ms)
        .execute(tx)
        .await?;
    let row = sql("select id from workspaces where name = $1").bind(name).one(&mut *tx).await?;
    row.parse("id")
}

fn workspace(row: &Row) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: row.parse("id")?,
        name: row.text("name")?.to_owned(),
        email: row.text("email")?.to_owned(),
        plan: row.text("plan")?.to_owned(),
        credits_remaining: row.int("credits_remaining")?,
    })
}
