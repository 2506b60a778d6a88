//! The check value by which a wrong master key is noticed at start, not at the first delivery.

use super::statement::sql;
use super::{Store, StoreError};
use crate::vault::Sealed;

impl Store {
    /// The check value of the key that this database is sealed under; none before the first start.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub async fn master_key_check(&self) -> Result<Option<Sealed>, StoreError> {
        let row =
            sql("select value from settings where name = 'master_key_check'").optional(&self.db).await?;
        row.map(|row| Ok(Sealed::from_bytes(row.bytes("value")?.to_vec()))).transpose()
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
}
