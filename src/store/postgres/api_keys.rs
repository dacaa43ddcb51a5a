//! API keys.

use jiff::Timestamp;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::access::{ApiKey, ApiKeyId};
use crate::store::listed_rows::ListedRow;
use crate::store::text;

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

impl Postgres {
    /// See [`Store::add_api_key`](crate::store::Store::add_api_key).
    pub async fn add_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query(
                "INSERT INTO api_keys (id, name, shown, sha256, role, scopes, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(key.id.0)
            .bind(text::clean(&key.name))
            .bind(&key.shown)
            .bind(key.sha256.as_slice())
            .bind(key.role.as_str())
            .bind(sqlx::types::Json(&key.scopes))
            .bind(at(key.created_at))
            .bind(key.expires_at.map(at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::api_keys`](crate::store::Store::api_keys).
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(select!("ORDER BY created_at, id")).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(ListedRow::api_key).collect()
        })
        .await
    }

    /// See [`Store::api_key`](crate::store::Store::api_key).
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(select!("WHERE id = $1")).bind(id.0).fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(ListedRow::api_key).transpose()
        })
        .await
    }

    /// See [`Store::api_keys_shown_as`](crate::store::Store::api_keys_shown_as).
    pub async fn api_keys_shown_as(&self, shown: &str) -> Result<Vec<ApiKey>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(select!("WHERE shown = $1")).bind(shown).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(ListedRow::api_key).collect()
        })
        .await
    }

    /// See [`Store::touch_api_key`](crate::store::Store::touch_api_key).
    pub async fn touch_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1")
                .bind(id.0)
                .bind(at(now))
                .execute(session.connection())
                .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::revoke_api_key`](crate::store::Store::revoke_api_key).
    pub async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1")
                .bind(id.0)
                .bind(at(now))
                .execute(session.connection())
                .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }
}
