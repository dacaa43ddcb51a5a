//! What is tidied up behind everybody.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::campaign::CampaignId;
use crate::store::listing::Draft;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// Requests that are over for good.
pub(super) const FORGET: &str = "DELETE FROM idempotency WHERE (caller, key) IN (
        SELECT caller, key FROM idempotency WHERE started_at < ?1 LIMIT +?2)";

/// Since when decisions are kept: the table refuses to lose later ones.
const KEPT: &str = "INSERT INTO decisions_kept (one, since) VALUES (1, ?1)
    ON CONFLICT (one) DO UPDATE SET since = excluded.since";

/// Decisions that were kept long enough.
pub(super) const FORGET_DECISIONS: &str = "DELETE FROM decisions WHERE id IN (
        SELECT id FROM decisions WHERE at < ?1 ORDER BY at LIMIT +?2)";

/// Requests that were never answered.
pub(super) const ABANDON: &str = "DELETE FROM idempotency WHERE (caller, key) IN (
        SELECT caller, key FROM idempotency WHERE status IS NULL AND started_at < ?1 LIMIT +?2)";

/// Campaigns nobody works on.
pub(super) const UNFINISHED: &str = "SELECT id FROM campaigns
    WHERE unfinished_since IS NOT NULL AND unfinished_since < ?1 ORDER BY unfinished_since LIMIT 100";

/// Recordings that are to go.
pub(super) const TO_DELETE: &str = "SELECT name, added_at FROM recordings_to_delete
    WHERE due_at <= ?1 ORDER BY due_at LIMIT +?2";

impl Sqlite {
    /// See [`Store::begin_copy`](crate::store::Store::begin_copy).
    pub async fn begin_copy(&self, draft: &Draft, now: Timestamp) -> Result<(), StoreError> {
        let settings = text::settings_json(&draft.settings)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO campaigns (id, name, name_folded, status, reason, settings, scheduled_at, created_at,
                 updated_at, unfinished_since)
             VALUES (?1, ?2, ?3, 'cancelled', 'a copy that is being made', ?4, ?5, ?6, ?6, ?6)",
        )
        .bind(draft.id.0)
        .bind(text::clean(&draft.name))
        .bind(text::folded(&draft.name))
        .bind(settings)
        .bind(draft.scheduled_at.map(micros))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::finish_copy`](crate::store::Store::finish_copy).
    pub async fn finish_copy(&self, id: CampaignId, now: Timestamp) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE campaigns SET status = 'draft', reason = NULL, unfinished_since = NULL, finished_at = NULL,
                 updated_at = max(?2, updated_at + 1)
             WHERE id = ?1 AND unfinished_since IS NOT NULL AND finished_at IS NULL",
        )
        .bind(id.0)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::unfinished_campaigns`](crate::store::Store::unfinished_campaigns).
    pub async fn unfinished_campaigns(&self, before: Timestamp) -> Result<Vec<CampaignId>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(UNFINISHED).bind(micros(before)).fetch_all(reader.connection()?).await?;
        found.iter().map(|row| row.campaign_id("id")).collect()
    }

    /// See [`Store::recordings_to_delete`](crate::store::Store::recordings_to_delete).
    pub async fn recordings_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(TO_DELETE).bind(micros(now)).bind(i64::from(limit)).fetch_all(reader.connection()?).await?;
        found.iter().map(|row| Ok((row.try_get("name")?, row.instant("added_at")?))).collect()
    }

    /// See [`Store::recordings_deleted`](crate::store::Store::recordings_deleted).
    pub async fn recordings_deleted(&self, gone: &[String], later: &[(String, Timestamp)]) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        sqlx::query("DELETE FROM recordings_to_delete WHERE name IN (SELECT value FROM json_each(?1))")
            .bind(rows::json(gone)?)
            .execute(&mut *transaction)
            .await?;
        let later: Vec<_> = later.iter().map(|(name, at)| (name, micros(*at))).collect();
        sqlx::query(
            "UPDATE recordings_to_delete SET due_at = j.value ->> 1 FROM jsonb_each(?1) AS j
             WHERE name = j.value ->> 0",
        )
        .bind(rows::json(&later)?)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// One step of [`Store::forget_decisions`](crate::store::Store::forget_decisions).
    pub async fn forget_some_decisions(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        sqlx::query(KEPT).bind(micros(before)).execute(&mut *transaction).await?;
        let query = sqlx::query(FORGET_DECISIONS).bind(micros(before)).bind(limit);
        let gone = query.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(gone)
    }

    /// One step of [`Store::forget_idempotent`](crate::store::Store::forget_idempotent).
    pub async fn forget_some_idempotent(
        &self,
        abandoned_before: Timestamp,
        forgotten_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let mut most = 0;
        for (sql, before) in [(FORGET, forgotten_before), (ABANDON, abandoned_before)] {
            let query = sqlx::query(sql).bind(micros(before)).bind(limit);
            most = query.execute(&mut *transaction).await?.rows_affected().max(most);
        }
        transaction.commit().await?;
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use super::super::idempotency;
    use super::*;

    /// What is looked for every minute costs nothing where there is nothing.
    #[tokio::test]
    async fn upkeep_goes_by_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        store.migrate().await.expect("a schema");
        let cases = [
            (FORGET, "INDEX idempotency_age"),
            (ABANDON, "INDEX idempotency_open"),
            (FORGET_DECISIONS, "INDEX decisions_at"),
            (UNFINISHED, "INDEX campaigns_unfinished"),
            (TO_DELETE, "INDEX recordings_to_delete_due"),
            (idempotency::EXPIRED, "PRIMARY KEY"),
        ];
        for (sql, index) in cases {
            let mut reader = store.reader().await.expect("a reader");
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let steps =
                sqlx::query(explain).fetch_all(reader.connection().expect("a connection")).await.expect("a plan");
            let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            assert!(steps.iter().any(|step| step.contains(index)), "{sql}\n{steps:#?}");
            let through = steps.iter().find(|step| step.starts_with("SCAN"));
            assert_eq!(through, None, "{sql}\n{steps:#?}");
        }
    }
}
