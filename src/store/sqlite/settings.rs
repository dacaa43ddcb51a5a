//! What was changed of the configuration while the daemon ran.

use jiff::Timestamp;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::settings::Overrides;
use crate::store::listed_rows::ListedRow;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

impl Sqlite {
    /// See [`Store::overrides`](crate::store::Store::overrides).
    pub async fn overrides(&self) -> Result<(Overrides, Timestamp), StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query("SELECT overrides, updated_at FROM settings WHERE id = 1")
            .fetch_one(reader.connection()?)
            .await?;
        row.overrides()
    }

    /// See [`Store::set_overrides`](crate::store::Store::set_overrides).
    pub async fn set_overrides(
        &self,
        overrides: &Overrides,
        by: &str,
        if_version: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let row = sqlx::query(
            "UPDATE settings SET overrides = ?1, updated_by = ?2, updated_at = max(?3, updated_at + 1)
             WHERE id = 1 AND updated_at = ?4 RETURNING updated_at",
        )
        .bind(rows::json_object(overrides)?)
        .bind(text::clean(by))
        .bind(micros(now))
        .bind(micros(if_version))
        .fetch_optional(&mut *transaction)
        .await?;
        let version = row.map(|row| row.instant("updated_at")).transpose()?;
        transaction.commit().await?;
        Ok(version)
    }
}
