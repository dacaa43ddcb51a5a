//! The launch of a campaign.

use jiff::Timestamp;
use sqlx::Connection;

use super::rows::{at, int};
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, told};
use crate::campaign::{Action, CampaignId, CampaignStatus};
use crate::store::listing::{CampaignLaunch, Edited};
use crate::store::rows::StoredRow;

impl Postgres {
    /// See [`Store::launch_campaign`](crate::store::Store::launch_campaign).
    pub async fn launch_campaign(
        &self,
        id: CampaignId,
        launch: &CampaignLaunch,
        now: Timestamp,
    ) -> Result<Edited, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let row = sqlx::query("SELECT status, updated_at FROM campaigns WHERE id = $1 FOR UPDATE")
                .bind(id.0)
                .fetch_optional(&mut *transaction)
                .await?;
            let launched = match row {
                None => Edited::NotFound,
                Some(row) => {
                    let (status, version): (CampaignStatus, Timestamp) =
                        (row.word("status")?, row.instant("updated_at")?);
                    if !status.allows(Action::Launch) {
                        Edited::Conflict(status)
                    } else if launch.version.as_microsecond() != version.as_microsecond() {
                        Edited::Stale
                    } else {
                        sqlx::query(
                            "UPDATE campaigns SET status = $2, reason = NULL, scheduled_at = coalesce($3, scheduled_at),
                                 settings = CASE WHEN $4::int IS NULL THEN settings
                                     ELSE jsonb_set(settings, '{max_concurrent}', to_jsonb($4::int)) END,
                                 started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, $5)
                                     ELSE started_at END,
                                 updated_at = greatest($5, updated_at + interval '1 microsecond')
                             WHERE id = $1",
                        )
                        .bind(id.0)
                        .bind(launch.status().as_str())
                        .bind(launch.scheduled_at.map(at))
                        .bind(launch.max_concurrent.map(int))
                        .bind(at(now))
                        .execute(&mut *transaction)
                        .await?;
                        let ran = status == CampaignStatus::Paused;
                        told::campaign(&mut transaction, id, launch.status(), ran, now).await?;
                        Edited::Yes
                    }
                }
            };
            transaction.commit().await?;
            session.keep();
            Ok(launched)
        })
        .await
    }
}
