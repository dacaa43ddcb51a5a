//! Calls, read.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::Sqlite;
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::StoreError;
use crate::store::model::{CallRow, OpenCall};
use crate::store::rows::StoredRow;

const OPEN: &str = "SELECT c.id, c.caller_id, c.switch, c.campaign_id, c.target_id, c.number, c.attempt, t.congestions,
        c.created_at, c.answered_at
    FROM calls AS c
    JOIN campaign_contacts AS t ON t.id = c.target_id
    WHERE c.ended_at IS NULL
    ORDER BY c.created_at, c.id";

pub(super) const PAGE: &str =
    "SELECT c.id, c.caller_id, c.switch, c.target_id, c.number, k.name, c.attempt, c.created_at,
        c.ringing_at, c.answered_at, c.ended_at, c.outcome, c.cause, c.sip, c.detail, c.detected, c.detected_reason, c.detected_ms,
        c.message_left, c.survey, c.opted_out, c.transfer, c.recording, t.status,
        c.placed_at, c.trunk, c.opted_out_at, c.transfer_at, c.transferred_at, r.disposition, r.sentiment, r.summary,
        r.extracted_data
    FROM calls AS c
    JOIN campaign_contacts AS t ON t.id = c.target_id
    JOIN contacts AS k ON k.id = t.contact_id
    LEFT JOIN call_results AS r ON r.call_id = c.id
    WHERE c.campaign_id = ?1 AND c.id > ?2
    ORDER BY c.id
    LIMIT +?3";

impl Sqlite {
    /// See [`Store::open_calls`](crate::store::Store::open_calls).
    pub async fn open_calls(&self) -> Result<Vec<OpenCall>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = sqlx::query(OPEN).fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::open_call).collect()
    }

    /// See [`Store::calls_page`](crate::store::Store::calls_page).
    pub async fn calls_page(
        &self,
        campaign: CampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        let mut reader = self.reader().await?;
        page(reader.connection()?, campaign, after, limit).await
    }
}

/// Calls of a campaign after one, in order.
pub(super) async fn page(
    connection: &mut SqliteConnection,
    campaign: CampaignId,
    after: Option<CallId>,
    limit: u32,
) -> Result<Vec<CallRow>, StoreError> {
    let found: Vec<SqliteRow> = sqlx::query(PAGE)
        .bind(campaign.0)
        .bind(after.map_or(Uuid::nil(), |call| call.0))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    found.iter().map(StoredRow::call_row).collect()
}
