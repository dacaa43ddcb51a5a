//! API keys.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::access::{ApiKey, ApiKeyId};
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{Listed, Page};
use crate::store::{StoreError, text};

/// The columns of a key, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, shown, sha256, role, scopes, created_by, created_at, updated_at, expires_at, revoked_at,
                 last_used_at
             FROM api_keys ",
            $rest
        )
    };
}

/// Those that are valid at `?2`, or are not, as `?1` says; null: all.
macro_rules! valid {
    () => {
        "WHERE (?1 IS NULL OR ?1 = (revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)))"
    };
}

impl Sqlite {
    /// See [`Store::add_api_key`](crate::store::Store::add_api_key).
    pub async fn add_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO api_keys (id, name, shown, sha256, role, scopes, created_at, updated_at, expires_at, created_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .bind(key.id.0)
        .bind(text::clean(&key.name))
        .bind(&key.shown)
        .bind(key.sha256.as_slice())
        .bind(key.role.as_str())
        .bind(super::rows::json(&key.scopes)?)
        .bind(micros(key.created_at))
.bind(micros(key.updated_at))
        .bind(key.expires_at.map(micros))
.bind(text::clean_option(key.created_by.as_ref()))
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
        let row = sqlx::query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2), updated_at = max(?2, updated_at + 1) WHERE id = ?1 RETURNING 1")
            .bind(id.0)
            .bind(micros(now))
            .fetch_optional(&mut *transaction)
            .await?;
        let known = row.map(|row| row.try_get::<i64, _>(0)).transpose()?.is_some();
        transaction.commit().await?;
        Ok(known)
    }

    /// See [`Store::api_key_page`](crate::store::Store::api_key_page).
    pub async fn api_key_page(
        &self,
        active: Option<bool>,
        now: Timestamp,
        page: Page,
    ) -> Result<Listed<ApiKey>, StoreError> {
        let mut reader = self.reader().await?;
        let total: i64 = sqlx::query_scalar(concat!("SELECT count(*) FROM api_keys ", valid!()))
            .bind(active)
            .bind(micros(now))
            .fetch_one(reader.connection()?)
            .await?;
        let found: Vec<SqliteRow> =
            sqlx::query(concat!(select!(""), valid!(), " ORDER BY created_at, id LIMIT +?3 OFFSET ?4"))
                .bind(active)
                .bind(micros(now))
                .bind(i64::from(page.limit))
                .bind(text::stored(page.offset))
                .fetch_all(reader.connection()?)
                .await?;
        let items = found.iter().map(ListedRow::api_key).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::edit_api_key`](crate::store::Store::edit_api_key).
    pub async fn edit_api_key(
        &self,
        id: ApiKeyId,
        name: &str,
        expires_at: Option<Timestamp>,
        if_version: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE api_keys SET name = ?2, expires_at = ?3, updated_at = max(?4, updated_at + 1)
             WHERE id = ?1 AND updated_at = ?5",
        )
        .bind(id.0)
        .bind(text::clean(name))
        .bind(expires_at.map(micros))
        .bind(micros(now))
        .bind(micros(if_version))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
