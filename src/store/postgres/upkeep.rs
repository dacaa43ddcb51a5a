//! What is tidied up behind everybody.

use jiff::Timestamp;
use sqlx::{Connection, Row};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::campaign::CampaignId;
use crate::store::listing::Draft;
use crate::store::rows::StoredRow;
use crate::store::text;

/// Requests that are over for good.
pub(super) const FORGET: &str = "DELETE FROM idempotency WHERE (caller, key) IN (
        SELECT caller, key FROM idempotency WHERE started_at < $1 LIMIT $2)";

/// Since when decisions are kept: the table refuses to lose later ones.
const KEPT: &str = "INSERT INTO decisions_kept (one, since) VALUES (1, $1)
    ON CONFLICT (one) DO UPDATE SET since = excluded.since";

/// Decisions that were kept long enough.
const FORGET_DECISIONS: &str = "DELETE FROM decisions WHERE id IN (
        SELECT id FROM decisions WHERE at < $1 ORDER BY at LIMIT $2)";

/// Requests that were never answered.
pub(super) const ABANDON: &str = "DELETE FROM idempotency WHERE (caller, key) IN (
        SELECT caller, key FROM idempotency WHERE status IS NULL AND started_at < $1 LIMIT $2)";

/// Campaigns nobody works on.
pub(super) const UNFINISHED: &str = "SELECT id FROM campaigns
    WHERE unfinished_since IS NOT NULL AND unfinished_since < $1 ORDER BY unfinished_since LIMIT 100";

/// Recordings that are to go.
pub(super) const TO_DELETE: &str = "SELECT name, added_at FROM recordings_to_delete
    WHERE due_at <= $1 ORDER BY due_at LIMIT $2";

impl Postgres {
    /// See [`Store::begin_copy`](crate::store::Store::begin_copy).
    pub async fn begin_copy(&self, draft: &Draft, now: Timestamp) -> Result<(), StoreError> {
        let settings = text::settings_json(&draft.settings)?;
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query(
                "INSERT INTO campaigns (id, name, name_folded, status, reason, settings, scheduled_at, created_at,
                     updated_at, unfinished_since)
                 VALUES ($1, $2, $3, 'cancelled', 'a copy that is being made', $4, $5, $6, $6, $6)",
            )
            .bind(draft.id.0)
            .bind(text::clean(&draft.name))
            .bind(text::folded(&draft.name))
            .bind(settings)
            .bind(draft.scheduled_at.map(at))
            .bind(at(now))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::finish_copy`](crate::store::Store::finish_copy).
    pub async fn finish_copy(&self, id: CampaignId, now: Timestamp) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "UPDATE campaigns SET status = 'draft', reason = NULL, unfinished_since = NULL, finished_at = NULL,
                     updated_at = greatest($2, updated_at + interval '1 microsecond')
                 WHERE id = $1 AND unfinished_since IS NOT NULL AND finished_at IS NULL",
            )
            .bind(id.0)
            .bind(at(now))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::unfinished_campaigns`](crate::store::Store::unfinished_campaigns).
    pub async fn unfinished_campaigns(&self, before: Timestamp) -> Result<Vec<CampaignId>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(UNFINISHED).bind(at(before)).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(|row| row.campaign_id("id")).collect()
        })
        .await
    }

    /// See [`Store::recordings_to_delete`](crate::store::Store::recordings_to_delete).
    pub async fn recordings_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found =
                sqlx::query(TO_DELETE).bind(at(now)).bind(i64::from(limit)).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(|row| Ok((row.try_get("name")?, row.instant("added_at")?))).collect()
        })
        .await
    }

    /// See [`Store::recordings_deleted`](crate::store::Store::recordings_deleted).
    pub async fn recordings_deleted(&self, gone: &[String], later: &[(String, Timestamp)]) -> Result<(), StoreError> {
        let (names, times): (Vec<_>, Vec<_>) = later.iter().map(|(name, due)| (name.as_str(), at(*due))).unzip();
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query("DELETE FROM recordings_to_delete WHERE name = ANY($1)")
                .bind(gone)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "UPDATE recordings_to_delete AS r SET due_at = j.due_at
                 FROM UNNEST($1::text[], $2::timestamptz[]) AS j (name, due_at) WHERE r.name = j.name",
            )
            .bind(names)
            .bind(times)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// One step of [`Store::forget_decisions`](crate::store::Store::forget_decisions).
    pub async fn forget_some_decisions(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query(KEPT).bind(at(before)).execute(&mut *transaction).await?;
            let query = sqlx::query(FORGET_DECISIONS).bind(at(before)).bind(i64::from(limit));
            let gone = query.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            session.keep();
            Ok(gone)
        })
        .await
    }

    /// One step of [`Store::forget_idempotent`](crate::store::Store::forget_idempotent).
    pub async fn forget_some_idempotent(
        &self,
        abandoned_before: Timestamp,
        forgotten_before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut most = 0;
            for (sql, before) in [(FORGET, forgotten_before), (ABANDON, abandoned_before)] {
                let query = sqlx::query(sql).bind(at(before)).bind(i64::from(limit));
                most = query.execute(session.connection()).await?.rows_affected().max(most);
            }
            session.keep();
            Ok(most)
        })
        .await
    }
}
