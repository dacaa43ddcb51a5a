//! Campaigns.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, told};
use crate::campaign::{Action, CampaignId, CampaignStatus, Settings};
use crate::store::listing::ActiveCampaigns;
use crate::store::model::{Campaign, Changed, StatusChange};
use crate::store::rows::StoredRow;
use crate::store::text;

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

impl Postgres {
    /// See [`Store::create_campaign`](crate::store::Store::create_campaign).
    pub async fn create_campaign(
        &self,
        id: CampaignId,
        name: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let settings = text::settings_json(settings)?;
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query(
                "INSERT INTO campaigns (id, name, name_folded, status, settings, created_at, updated_at)
                 VALUES ($1, $2, $5, 'draft', $3, $4, $4)",
            )
            .bind(id.0)
            .bind(text::clean(name))
            .bind(settings)
            .bind(at(now))
            .bind(text::folded(name))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::campaign`](crate::store::Store::campaign).
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(select!("WHERE id = $1")).bind(id.0).fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(StoredRow::campaign).transpose()
        })
        .await
    }

    /// See [`Store::campaigns`](crate::store::Store::campaigns).
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        self.list(select!("WHERE unfinished_since IS NULL ORDER BY created_at DESC, id DESC")).await
    }

    /// See [`Store::active_campaigns`](crate::store::Store::active_campaigns).
    pub async fn active_campaigns(&self) -> Result<ActiveCampaigns, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(ACTIVE).fetch_all(session.connection()).await?;
            session.keep();
            PgRow::active_campaigns(&found)
        })
        .await
    }

    async fn list(&self, sql: &'static str) -> Result<Vec<Campaign>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(sql).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::campaign).collect()
        })
        .await
    }

    /// See [`Store::change_status`](crate::store::Store::change_status).
    pub async fn change_status(
        &self,
        id: CampaignId,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        let from: Vec<_> = change.from.iter().map(|status| status.as_str()).collect();
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            // Nobody changes it meanwhile.
            let before = sqlx::query("SELECT status FROM campaigns WHERE id = $1 FOR NO KEY UPDATE")
                .bind(id.0)
                .fetch_optional(&mut *transaction)
                .await?;
            let before: Option<CampaignStatus> = before.map(|row| row.word("status")).transpose()?;
            let done = sqlx::query(
                "UPDATE campaigns SET status = $2, reason = $3, scheduled_at = coalesce($4, scheduled_at),
                     started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, $5) ELSE started_at END,
                     finished_at = CASE WHEN $6 THEN $5 END,
                     updated_at = greatest($5, updated_at + interval '1 microsecond')
                 WHERE id = $1 AND status = ANY($7)
                     AND ($2 <> 'completed' OR NOT (
                         EXISTS (SELECT 1 FROM campaign_contacts WHERE campaign_id = $1 AND due_at IS NOT NULL)
                         OR EXISTS (SELECT 1 FROM campaign_contacts
                             WHERE campaign_id = $1 AND status IN ('calling', 'connected'))))",
            )
            .bind(id.0)
            .bind(change.to.as_str())
            .bind(text::clean_option(change.reason.as_ref()))
            .bind(change.new_schedule().map(at))
            .bind(at(now))
            .bind(change.to.is_final())
            .bind(from)
            .execute(&mut *transaction)
            .await?;
            let changed = changed(&mut transaction, id, done.rows_affected()).await?;
            if changed == Changed::Yes {
                let ran = before == Some(CampaignStatus::Paused);
                told::campaign(&mut transaction, id, change.to, ran, now).await?;
            }
            transaction.commit().await?;
            session.keep();
            Ok(changed)
        })
        .await
    }

    /// See [`Store::set_settings`](crate::store::Store::set_settings).
    pub async fn set_settings(
        &self,
        id: CampaignId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        let settings = text::settings_json(settings)?;
        let from: Vec<_> = CampaignStatus::sources(Action::Edit).iter().map(|status| status.as_str()).collect();
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "UPDATE campaigns SET settings = $2,
                         updated_at = greatest($3, updated_at + interval '1 microsecond')
                     WHERE id = $1 AND status = ANY($4)",
            )
            .bind(id.0)
            .bind(settings)
            .bind(at(now))
            .bind(from)
            .execute(session.connection())
            .await?;
            let changed = changed(session.connection(), id, done.rows_affected()).await?;
            session.keep();
            Ok(changed)
        })
        .await
    }
}

/// A campaign's status, which nobody changes before the transaction ends.
/// Shared, as the ledger's own look is: the ledger holds targets when it takes
/// it, and others take targets after it, so neither may wait for the other here.
pub(super) async fn held(connection: &mut PgConnection, id: CampaignId) -> Result<Option<CampaignStatus>, StoreError> {
    let row = sqlx::query("SELECT status FROM campaigns WHERE id = $1 FOR SHARE")
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.word("status")).transpose()
}

/// What came of an update that touched so many rows, and if none, why.
async fn changed(connection: &mut PgConnection, id: CampaignId, rows: u64) -> Result<Changed, StoreError> {
    if rows > 0 {
        return Ok(Changed::Yes);
    }
    let row = sqlx::query("SELECT status FROM campaigns WHERE id = $1").bind(id.0).fetch_optional(connection).await?;
    Ok(match row {
        Some(row) => Changed::Conflict(row.word("status")?),
        None => Changed::NotFound,
    })
}

/// Those that are in no final state, oldest first.
pub(super) async fn not_over(connection: &mut PgConnection) -> Result<Vec<Campaign>, StoreError> {
    let sql = select!("WHERE status NOT IN ('completed', 'cancelled', 'failed') ORDER BY created_at, id");
    let found = sqlx::query(sql).fetch_all(connection).await?;
    found.iter().map(StoredRow::campaign).collect()
}
