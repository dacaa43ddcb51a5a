//! Campaigns.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::rows::micros;
use super::{Durability, Sqlite, told};
use crate::campaign::{Action, CampaignId, CampaignStatus, Settings};
use crate::store::listing::ActiveCampaigns;
use crate::store::model::{Campaign, Changed, StatusChange};
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// The columns of a campaign and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, status, reason, settings, scheduled_at, created_at, started_at, finished_at, forced
             FROM campaigns ",
            $rest
        )
    };
}

/// The campaigns to look after.
const ACTIVE: &str = select!("WHERE status IN ('scheduled', 'running') ORDER BY created_at, id");

impl Sqlite {
    /// See [`Store::create_campaign`](crate::store::Store::create_campaign).
    pub async fn create_campaign(
        &self,
        id: CampaignId,
        name: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let settings = text::settings_json(settings)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO campaigns (id, name, name_folded, status, settings, created_at, updated_at)
             VALUES (?1, ?2, ?5, 'draft', ?3, ?4, ?4)",
        )
        .bind(id.0)
        .bind(text::clean(name))
        .bind(settings)
        .bind(micros(now))
        .bind(text::folded(name))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::campaign`](crate::store::Store::campaign).
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(select!("WHERE id = ?1")).bind(id.0).fetch_optional(reader.connection()?).await?;
        row.as_ref().map(StoredRow::campaign).transpose()
    }

    /// See [`Store::campaigns`](crate::store::Store::campaigns).
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        self.list(select!("WHERE unfinished_since IS NULL ORDER BY created_at DESC, id DESC")).await
    }

    /// See [`Store::active_campaigns`](crate::store::Store::active_campaigns).
    pub async fn active_campaigns(&self) -> Result<ActiveCampaigns, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = sqlx::query(ACTIVE).fetch_all(reader.connection()?).await?;
        SqliteRow::active_campaigns(&found)
    }

    async fn list(&self, sql: &'static str) -> Result<Vec<Campaign>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = sqlx::query(sql).fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::campaign).collect()
    }

    /// See [`Store::change_status`](crate::store::Store::change_status).
    pub async fn change_status(
        &self,
        id: CampaignId,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(status) = status(&mut transaction, id).await? else { return Ok(Changed::NotFound) };
        if !change.from.contains(&status) {
            return Ok(Changed::Conflict(status));
        }
        if change.to == CampaignStatus::Completed && unfinished(&mut transaction, id).await? {
            return Ok(Changed::Conflict(status));
        }
        sqlx::query(
            "UPDATE campaigns SET status = ?2, reason = ?3, scheduled_at = coalesce(?4, scheduled_at),
                 started_at = CASE WHEN ?2 = 'running' THEN coalesce(started_at, ?5) ELSE started_at END,
                 finished_at = CASE WHEN ?6 THEN ?5 END, updated_at = max(?5, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(change.to.as_str())
        .bind(text::clean_option(change.reason.as_ref()))
        .bind(change.new_schedule().map(micros))
        .bind(micros(now))
        .bind(change.to.is_final())
        .execute(&mut *transaction)
        .await?;
        told::campaign(&mut transaction, id, change.to, status == CampaignStatus::Paused, now).await?;
        transaction.commit().await?;
        Ok(Changed::Yes)
    }

    /// See [`Store::set_settings`](crate::store::Store::set_settings).
    pub async fn set_settings(
        &self,
        id: CampaignId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        let settings = text::settings_json(settings)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(status) = status(&mut transaction, id).await? else { return Ok(Changed::NotFound) };
        if !status.allows(Action::Edit) {
            return Ok(Changed::Conflict(status));
        }
        sqlx::query("UPDATE campaigns SET settings = ?2, updated_at = max(?3, updated_at + 1) WHERE id = ?1")
            .bind(id.0)
            .bind(settings)
            .bind(micros(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Changed::Yes)
    }
}

/// Whether a target is still due or in a call.
async fn unfinished(connection: &mut sqlx::SqliteConnection, id: CampaignId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM campaign_contacts WHERE campaign_id = ?1 AND due_at IS NOT NULL)
            OR EXISTS (SELECT 1 FROM campaign_contacts
                WHERE campaign_id = ?1 AND status IN ('calling', 'connected'))",
    );
    Ok(found.bind(id.0).fetch_one(connection).await?)
}

/// A campaign's status; nobody changes it before the transaction ends.
pub(super) async fn status(
    connection: &mut sqlx::SqliteConnection,
    id: CampaignId,
) -> Result<Option<CampaignStatus>, StoreError> {
    let row = sqlx::query("SELECT status FROM campaigns WHERE id = ?1").bind(id.0).fetch_optional(connection).await?;
    row.map(|row| row.word("status")).transpose()
}

/// Those that are in no final state, oldest first.
pub(super) async fn not_over(connection: &mut sqlx::SqliteConnection) -> Result<Vec<Campaign>, StoreError> {
    let sql = select!("WHERE status NOT IN ('completed', 'cancelled', 'failed') ORDER BY created_at, id");
    let found = sqlx::query(sql).fetch_all(connection).await?;
    found.iter().map(StoredRow::campaign).collect()
}
