//! The launch of a campaign.

use jiff::Timestamp;

use super::rows::micros;
use super::{Durability, Sqlite, told};
use crate::campaign::{Action, CampaignId, CampaignStatus};
use crate::store::StoreError;
use crate::store::listing::{CampaignLaunch, Edited};
use crate::store::rows::StoredRow;

impl Sqlite {
    /// See [`Store::launch_campaign`](crate::store::Store::launch_campaign).
    pub async fn launch_campaign(
        &self,
        id: CampaignId,
        launch: &CampaignLaunch,
        now: Timestamp,
    ) -> Result<Edited, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let row = sqlx::query("SELECT status, updated_at FROM campaigns WHERE id = ?1")
            .bind(id.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(Edited::NotFound) };
        let (status, version): (CampaignStatus, Timestamp) = (row.word("status")?, row.instant("updated_at")?);
        if !status.allows(Action::Launch) {
            return Ok(Edited::Conflict(status));
        }
        if micros(launch.version) != micros(version) {
            return Ok(Edited::Stale);
        }
        sqlx::query(
            "UPDATE campaigns SET status = ?2, reason = NULL, scheduled_at = coalesce(?3, scheduled_at),
                 settings = CASE WHEN ?4 IS NULL THEN settings ELSE json_set(settings, '$.max_concurrent', ?4) END,
                 started_at = CASE WHEN ?2 = 'running' THEN coalesce(started_at, ?5) ELSE started_at END,
                 updated_at = max(?5, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(launch.status().as_str())
        .bind(launch.scheduled_at.map(micros))
        .bind(launch.max_concurrent)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        told::campaign(&mut transaction, id, launch.status(), status == CampaignStatus::Paused, now).await?;
        transaction.commit().await?;
        Ok(Edited::Yes)
    }
}
