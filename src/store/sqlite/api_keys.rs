//! API keys.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::access::{ApiKey, ApiKeyId};
use crate::store::listed_rows::ListedRow;
use crate::store::{StoreError, text};

/// The columns of a key, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, shown, sha256, role, scopes, created_at, expires_at, revoked_at, last_used_at
             FROM api_keys ",
            $rest
        )
    };
}

impl Sqlite {
    /// See [`Store::add_api_key`](crate::store::Store::add_api_key).
    pub async fn add_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO api_keys (id, name, shown, sha256, role, scopes, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(key.id.0)
        .bind(text::clean(&key.name))
        .bind(&key.shown)
        .bind(key.sha256.as_slice())
        .bind(key.role.as_str())
        .bind(super::rows::json(&key.scopes)?)
        .bind(micros(key.created_at))
        .bind(key.expires_at.map(micros))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::api_keys`](crate::store::Store::api_keys).
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(select!("ORDER BY created_at, id")).fetch_all(reader.connection()?).await?;
        found.iter().map(ListedRow::api_key).collect()
    }

    /// See [`Store::api_key`](crate::store::Store::api_key).
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(select!("WHERE id = ?1")).bind(id.0).fetch_optional(reader.connection()?).await?;
        row.as_ref().map(ListedRow::api_key).transpose()
    }

    /// See [`Store::api_keys_shown_as`](crate::store::Store::api_keys_shown_as).
    pub async fn api_keys_shown_as(&self, shown: &str) -> Result<Vec<ApiKey>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(select!("WHERE shown = ?1")).bind(shown).fetch_all(reader.connection()?).await?;
        found.iter().map(ListedRow::api_key).collect()
    }

    /// See [`Store::touch_api_key`](crate::store::Store::touch_api_key).
    pub async fn touch_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        // Not worth waiting for the disk.
        let mut transaction = writer.begin(Durability::Bulk).await?;
        sqlx::query("UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1")
            .bind(id.0)
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::revoke_api_key`](crate::store::Store::revoke_api_key).
    pub async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let row = sqlx::query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1 RETURNING 1")
            .bind(id.0)
            .bind(micros(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let known = row.map(|row| row.try_get::<i64, _>(0)).transpose()?.is_some();
        transaction.commit().await?;
        Ok(known)
    }
}
