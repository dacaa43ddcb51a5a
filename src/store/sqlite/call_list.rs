//! Pages of a campaign's calls, and how long they lasted.

use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{self, micros};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{CallMetrics, CallQuery, CallSort, Listed, Page};
use crate::store::model::CallRow;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

const COLUMNS: &str = "SELECT c.id, c.caller_id, c.switch, c.target_id, c.number, k.name, c.attempt, c.created_at,
        c.ringing_at, c.answered_at, c.ended_at, c.outcome, c.cause, c.sip, c.detail, c.detected,
        c.detected_reason, c.detected_ms, c.message_left, c.survey, c.opted_out, c.transfer, c.recording, t.status,
        c.placed_at, c.trunk, c.opted_out_at, c.transfer_at, c.transferred_at, r.disposition, r.sentiment, r.summary,
        r.extracted_data
    FROM calls AS c
    JOIN campaign_contacts AS t ON t.id = c.target_id
    JOIN contacts AS k ON k.id = t.contact_id
    LEFT JOIN call_results AS r ON r.call_id = c.id";

const METRICS: &str = "SELECT count(*) AS talked, avg(ended_at - answered_at) / 1000000.0 AS average,
        max(ended_at - answered_at) / 1000000.0 AS longest, min(ended_at - answered_at) / 1000000.0 AS shortest
    FROM calls
    WHERE campaign_id = ?1 AND answered_at IS NOT NULL AND ended_at IS NOT NULL";

impl Sqlite {
    /// See [`Store::call_page`](crate::store::Store::call_page).
    pub async fn call_page(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        page: Page,
    ) -> Result<Listed<CallRow>, StoreError> {
        let mut reader = self.reader().await?;
        let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT count(*) FROM calls AS c");
        filter(&mut count, campaign, query)?;
        let total: i64 = count.build_query_scalar().fetch_one(reader.connection()?).await?;
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        filter(&mut list, campaign, query)?;
        let way = if query.descending { " DESC" } else { "" };
        match query.sort {
            CallSort::CreatedAt => list.push(" ORDER BY c.id").push(way),
            CallSort::EndedAt => list.push(" ORDER BY c.ended_at").push(way).push(" NULLS LAST, c.id").push(way),
            CallSort::Talk => {
                list.push(" ORDER BY c.ended_at - c.answered_at").push(way).push(" NULLS LAST, c.id").push(way)
            }
            CallSort::Outcome => list.push(" ORDER BY c.outcome").push(way).push(" NULLS LAST, c.id").push(way),
        };
        list.push(" LIMIT ").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().map(StoredRow::call_row).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::calls_after`](crate::store::Store::calls_after).
    pub async fn calls_after(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        let mut reader = self.reader().await?;
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        filter(&mut list, campaign, query)?;
        if let Some(after) = after {
            list.push(" AND c.id > ").push_bind(after.0);
        }
        list.push(" ORDER BY c.id LIMIT ").push_bind(i64::from(limit));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::call_row).collect()
    }

    /// See [`Store::call_metrics`](crate::store::Store::call_metrics).
    pub async fn call_metrics(&self, campaign: CampaignId) -> Result<CallMetrics, StoreError> {
        let mut reader = self.reader().await?;
        let row: SqliteRow = sqlx::query(METRICS).bind(campaign.0).fetch_one(reader.connection()?).await?;
        row.call_metrics()
    }
}

fn filter(
    to: &mut sqlx::QueryBuilder<sqlx::Sqlite>,
    campaign: CampaignId,
    query: &CallQuery,
) -> Result<(), StoreError> {
    to.push(" WHERE c.campaign_id = ").push_bind(campaign.0);
    if !query.outcomes.is_empty() {
        to.push(" AND c.outcome IN (SELECT value FROM json_each(").push_bind(rows::json(&query.outcomes)?).push("))");
    }
    match query.in_progress {
        Some(true) => to.push(" AND c.ended_at IS NULL"),
        Some(false) => to.push(" AND c.ended_at IS NOT NULL"),
        None => to,
    };
    if let Some(number) = query.number {
        to.push(" AND c.number = ").push_bind(number.to_string());
    }
    if let Some(caller) = query.caller_id {
        to.push(" AND c.caller_id = ").push_bind(caller.to_string());
    }
    if let Some(target) = query.target {
        to.push(" AND c.target_id = ").push_bind(target.0);
    }
    if let Some(from) = query.from {
        to.push(" AND c.created_at >= ").push_bind(micros(from));
    }
    if let Some(until) = query.until {
        to.push(" AND c.created_at < ").push_bind(micros(until));
    }
    Ok(())
}
