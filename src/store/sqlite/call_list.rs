//! Pages of a campaign's calls, and how long they lasted.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{self, micros};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{COUNTED, CallMetrics, CallQuery, CallSort, Page};
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

const METRICS: &str = "SELECT calls AS talked, total_us / 1000000.0 / calls AS average,
        longest_us / 1000000.0 AS longest, shortest_us / 1000000.0 AS shortest
    FROM campaign_talk WHERE campaign_id = ?1";

impl Sqlite {
    /// How many calls [`Store::call_page`](crate::store::Store::call_page) has
    /// on all pages, up to [`COUNTED`].
    pub async fn call_count(&self, campaign: CampaignId, query: &CallQuery) -> Result<u64, StoreError> {
        let mut reader = self.reader().await?;
        let total: i64 = count(campaign, query)?.build_query_scalar().fetch_one(reader.connection()?).await?;
        Ok(text::size(total))
    }

    /// The rows of [`Store::call_page`](crate::store::Store::call_page).
    pub async fn call_items(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        page: Page,
    ) -> Result<Vec<CallRow>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = items(campaign, query, page)?.build().fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::call_row).collect()
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
        self::after(reader.connection()?, campaign, query, after, limit).await
    }

    /// See [`Store::call_metrics`](crate::store::Store::call_metrics).
    pub async fn call_metrics(&self, campaign: CampaignId) -> Result<CallMetrics, StoreError> {
        let mut reader = self.reader().await?;
        let row: Option<SqliteRow> = sqlx::query(METRICS).bind(campaign.0).fetch_optional(reader.connection()?).await?;
        Ok(row.map(|row| row.call_metrics()).transpose()?.unwrap_or_default())
    }
}

/// Calls of a campaign that fit, after one, in order of their claims.
pub(super) async fn after(
    connection: &mut SqliteConnection,
    campaign: CampaignId,
    query: &CallQuery,
    after: Option<CallId>,
    limit: u32,
) -> Result<Vec<CallRow>, StoreError> {
    let after = match after {
        None => None,
        Some(call) => {
            let placed: Option<i64> = sqlx::query_scalar("SELECT created_at FROM calls WHERE id = ?1")
                .bind(call.0)
                .fetch_optional(&mut *connection)
                .await?;
            // Deleted meanwhile, with all the others.
            let Some(placed) = placed else { return Ok(Vec::new()) };
            Some((placed, call))
        }
    };
    let found: Vec<SqliteRow> = following(campaign, query, after, limit)?.build().fetch_all(connection).await?;
    found.iter().map(StoredRow::call_row).collect()
}

type Builder = sqlx::QueryBuilder<sqlx::Sqlite>;

/// Counts what fits, but no further than [`COUNTED`].
fn count(campaign: CampaignId, query: &CallQuery) -> Result<Builder, StoreError> {
    let mut sql = Builder::new("SELECT count(*) FROM (SELECT 1 FROM calls AS c");
    filter(&mut sql, campaign, query)?;
    sql.push(" LIMIT +").push_bind(text::stored(COUNTED)).push(")");
    Ok(sql)
}

/// A page: first the ids of its rows, so that what is before it is not joined.
fn items(campaign: CampaignId, query: &CallQuery, page: Page) -> Result<Builder, StoreError> {
    let mut sql = Builder::new(COLUMNS);
    sql.push(" WHERE c.id IN (SELECT c.id FROM calls AS c");
    filter(&mut sql, campaign, query)?;
    order(&mut sql, query);
    sql.push(" LIMIT +").push_bind(i64::from(page.limit));
    sql.push(" OFFSET ").push_bind(text::stored(page.offset)).push(")");
    order(&mut sql, query);
    Ok(sql)
}

fn following(
    campaign: CampaignId,
    query: &CallQuery,
    after: Option<(i64, CallId)>,
    limit: u32,
) -> Result<Builder, StoreError> {
    let mut sql = Builder::new(COLUMNS);
    filter(&mut sql, campaign, query)?;
    if let Some((placed, call)) = after {
        sql.push(" AND (c.created_at, c.id) > (").push_bind(placed).push(", ").push_bind(call.0).push(")");
    }
    sql.push(" ORDER BY c.created_at, c.id LIMIT +").push_bind(i64::from(limit));
    Ok(sql)
}

fn order(sql: &mut Builder, query: &CallQuery) {
    let way = if query.descending { " DESC" } else { "" };
    match query.sort {
        CallSort::CreatedAt => sql.push(" ORDER BY c.created_at").push(way).push(", c.id").push(way),
        CallSort::EndedAt => sql.push(" ORDER BY c.ended_at").push(way).push(" NULLS LAST, c.id").push(way),
        CallSort::Talk => {
            sql.push(" ORDER BY c.ended_at - c.answered_at").push(way).push(" NULLS LAST, c.id").push(way)
        }
        CallSort::Outcome => sql.push(" ORDER BY c.outcome").push(way).push(" NULLS LAST, c.id").push(way),
    };
}

fn filter(
    to: &mut sqlx::QueryBuilder<sqlx::Sqlite>,
    campaign: CampaignId,
    query: &CallQuery,
) -> Result<(), StoreError> {
    // The planner knows nothing of how many rows an index leaves: a plus keeps
    // it from the campaign's where another leaves fewer.
    let few = query.target.is_some() || query.number.is_some() || query.in_progress == Some(true);
    to.push(if few { " WHERE +c.campaign_id = " } else { " WHERE c.campaign_id = " }).push_bind(campaign.0);
    if !query.outcomes.is_empty() {
        to.push(" AND c.outcome IN (SELECT value FROM json_each(").push_bind(rows::json(&query.outcomes)?).push("))");
    }
    match query.in_progress {
        Some(true) => to.push(" AND c.ended_at IS NULL"),
        Some(false) => to.push(" AND c.ended_at IS NOT NULL"),
        None => to,
    };
    if let Some(number) = query.number {
        // A number is once in a campaign.
        to.push(" AND c.target_id = (SELECT n.id FROM campaign_contacts AS n WHERE n.campaign_id = ");
        to.push_bind(campaign.0).push(" AND n.number = ").push_bind(number.to_string()).push(")");
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sqlx::Row;

    use super::*;
    use crate::number::PhoneNumber;
    use crate::store::TargetId;

    async fn plan(store: &Sqlite, sql: &str) -> String {
        let mut reader = store.reader().await.expect("a reader");
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps = sqlx::query(explain).fetch_all(reader.connection().expect("a connection")).await.expect("a plan");
        steps.iter().map(|step| step.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
    }

    /// Nothing reads through all calls, and the usual order needs no sorting.
    #[tokio::test]
    async fn lists_and_reports_go_by_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        store.migrate().await.expect("a schema");
        let (id, page) = (CampaignId::new(), Page { offset: 0, limit: 50 });
        let every = CallQuery::default;
        let range = CallQuery { from: Some(Timestamp::UNIX_EPOCH), until: Some(Timestamp::UNIX_EPOCH), ..every() };
        let number = PhoneNumber::from_e164("+15550000001");
        let queries = [
            (every(), "calls_placed"),
            (CallQuery { descending: true, ..every() }, "calls_placed"),
            (range.clone(), "calls_placed"),
            (CallQuery { target: Some(TargetId(1)), ..every() }, "calls_target"),
            (CallQuery { number, ..every() }, "calls_target"),
            (CallQuery { in_progress: Some(true), ..every() }, "calls_open"),
        ];
        for (query, index) in queries {
            let listed = plan(&store, items(id, &query, page).expect("SQL").sql().as_str()).await;
            let counted = plan(&store, count(id, &query).expect("SQL").sql().as_str()).await;
            // What a counter knows is not counted.
            let known = query.tallied(&crate::store::Tally::default()).is_some();
            for steps in [Some(&listed), Some(&counted).filter(|_| !known)].into_iter().flatten() {
                assert!(steps.contains(&format!("INDEX {index}")), "{query:?}\n{steps}");
            }
        }
        let after = Some((0, CallId::new()));
        for query in [every(), range] {
            let steps = plan(&store, following(id, &query, after, 50).expect("SQL").sql().as_str()).await;
            assert!(steps.contains("INDEX calls_placed") && !steps.contains("TEMP B-TREE"), "{steps}");
        }
        let steps = plan(&store, METRICS).await;
        assert!(steps.starts_with("SEARCH campaign_talk USING PRIMARY KEY"), "{steps}");
    }
}
