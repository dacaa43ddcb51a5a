//! Pages of a campaign's calls, and how long they lasted.

use sqlx::{PgConnection, QueryBuilder};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{COUNTED, CallMetrics, CallQuery, CallSort, Page};
use crate::store::model::CallRow;
use crate::store::rows::StoredRow;
use crate::store::text;

const COLUMNS: &str = "SELECT c.id, c.caller_id, c.switch, c.target_id, c.number, k.name, c.attempt, c.created_at,
        c.ringing_at, c.answered_at, c.ended_at, c.outcome, c.cause, c.sip, c.detail, c.detected,
        c.detected_reason, c.detected_ms, c.message_left, c.survey, c.opted_out, c.transfer, c.recording, t.status,
        c.placed_at, c.trunk, c.opted_out_at, c.transfer_at, c.transferred_at, r.disposition, r.sentiment, r.summary,
        r.extracted_data
    FROM calls AS c
    JOIN campaign_contacts AS t ON t.id = c.target_id
    JOIN contacts AS k ON k.id = t.contact_id
    LEFT JOIN call_results AS r ON r.call_id = c.id";

const METRICS: &str = "SELECT calls AS talked, total_us::float8 / 1000000 / calls AS average,
        longest_us::float8 / 1000000 AS longest, shortest_us::float8 / 1000000 AS shortest
    FROM campaign_talk WHERE campaign_id = $1";

impl Postgres {
    /// How many calls [`Store::call_page`](crate::store::Store::call_page) has
    /// on all pages, up to [`COUNTED`].
    pub async fn call_count(&self, campaign: CampaignId, query: &CallQuery) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let total: i64 = count(campaign, query).build_query_scalar().fetch_one(session.connection()).await?;
            session.keep();
            Ok(text::size(total))
        })
        .await
    }

    /// The rows of [`Store::call_page`](crate::store::Store::call_page).
    pub async fn call_items(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        page: Page,
    ) -> Result<Vec<CallRow>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = items(campaign, query, page).build().fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::call_row).collect()
        })
        .await
    }

    /// See [`Store::calls_after`](crate::store::Store::calls_after).
    pub async fn calls_after(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let calls = self::after(session.connection(), campaign, query, after, limit).await?;
            session.keep();
            Ok(calls)
        })
        .await
    }

    /// See [`Store::call_metrics`](crate::store::Store::call_metrics).
    pub async fn call_metrics(&self, campaign: CampaignId) -> Result<CallMetrics, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(METRICS).bind(campaign.0).fetch_optional(session.connection()).await?;
            session.keep();
            Ok(row.map(|row| row.call_metrics()).transpose()?.unwrap_or_default())
        })
        .await
    }
}

/// Calls of a campaign that fit, after one, in order of their claims.
pub(super) async fn after(
    connection: &mut PgConnection,
    campaign: CampaignId,
    query: &CallQuery,
    after: Option<CallId>,
    limit: u32,
) -> Result<Vec<CallRow>, StoreError> {
    let after = match after {
        None => None,
        Some(call) => {
            let placed: Option<jiff_sqlx::Timestamp> = sqlx::query_scalar("SELECT created_at FROM calls WHERE id = $1")
                .bind(call.0)
                .fetch_optional(&mut *connection)
                .await?;
            // Deleted meanwhile, with all the others.
            let Some(placed) = placed else { return Ok(Vec::new()) };
            Some((placed, call))
        }
    };
    let found = following(campaign, query, after, limit).build().fetch_all(connection).await?;
    found.iter().map(StoredRow::call_row).collect()
}

type Builder = QueryBuilder<sqlx::Postgres>;

/// Counts what fits, but no further than [`COUNTED`].
fn count(campaign: CampaignId, query: &CallQuery) -> Builder {
    let mut sql = Builder::new("SELECT count(*) FROM (SELECT 1 FROM calls AS c");
    filter(&mut sql, campaign, query);
    sql.push(" LIMIT ").push_bind(text::stored(COUNTED)).push(") AS counted");
    sql
}

/// A page: first the ids of its rows, so that what is before it is not joined.
fn items(campaign: CampaignId, query: &CallQuery, page: Page) -> Builder {
    let mut sql = Builder::new(COLUMNS);
    sql.push(" WHERE c.id IN (SELECT c.id FROM calls AS c");
    filter(&mut sql, campaign, query);
    order(&mut sql, query);
    // Written out: the planner is to know how few they are.
    sql.push(" LIMIT ").push(page.limit);
    sql.push(" OFFSET ").push_bind(text::stored(page.offset)).push(")");
    order(&mut sql, query);
    sql
}

fn following(
    campaign: CampaignId,
    query: &CallQuery,
    after: Option<(jiff_sqlx::Timestamp, CallId)>,
    limit: u32,
) -> Builder {
    let mut sql = Builder::new(COLUMNS);
    filter(&mut sql, campaign, query);
    if let Some((placed, call)) = after {
        sql.push(" AND (c.created_at, c.id) > (").push_bind(placed).push(", ").push_bind(call.0).push(")");
    }
    sql.push(" ORDER BY c.created_at, c.id LIMIT ").push_bind(i64::from(limit));
    sql
}

fn order(sql: &mut Builder, query: &CallQuery) {
    let way = if query.descending { " DESC" } else { "" };
    match query.sort {
        CallSort::CreatedAt => sql.push(" ORDER BY c.created_at").push(way).push(", c.id").push(way),
        CallSort::EndedAt => sql.push(" ORDER BY c.ended_at").push(way).push(" NULLS LAST, c.id").push(way),
        CallSort::Talk => {
            sql.push(" ORDER BY c.ended_at - c.answered_at").push(way).push(" NULLS LAST, c.id").push(way)
        }
        CallSort::Outcome => {
            sql.push(" ORDER BY c.outcome COLLATE \"C\"").push(way).push(" NULLS LAST, c.id").push(way)
        }
    };
}

fn filter(to: &mut QueryBuilder<sqlx::Postgres>, campaign: CampaignId, query: &CallQuery) {
    to.push(" WHERE c.campaign_id = ").push_bind(campaign.0);
    if !query.outcomes.is_empty() {
        let outcomes: Vec<_> = query.outcomes.iter().map(|outcome| outcome.as_str()).collect();
        to.push(" AND c.outcome = ANY(").push_bind(outcomes).push(")");
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
        to.push(" AND c.created_at >= ").push_bind(at(from));
    }
    if let Some(until) = query.until {
        to.push(" AND c.created_at < ").push_bind(at(until));
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff_sqlx::ToSqlx;

    use super::super::ledger::server;
    use super::super::ledger::tests::{FILL, plan};
    use super::*;
    use crate::number::PhoneNumber;
    use crate::store::TargetId;

    /// Nothing reads through all calls, and the usual order needs no sorting.
    #[tokio::test]
    async fn lists_and_reports_go_by_an_index() {
        let test = "store::postgres::call_list::lists_and_reports_go_by_an_index";
        let Some(database) = server::Database::create(test).await else { return };
        let store = Postgres::open(&database.url().to_owned().into()).await.expect("a store");
        store.migrate().await.expect("a schema");
        let mut session = store.session().await.expect("a session");
        let connection = session.connection();
        sqlx::raw_sql(FILL).execute(&mut *connection).await.expect("rows");
        // As it is in a real list: placed one after the other.
        let spread = "UPDATE calls SET created_at = now() + target_id * interval '1 second'; ANALYZE calls";
        sqlx::raw_sql(spread).execute(&mut *connection).await.expect("rows");
        let id = CampaignId("00000000-0000-0000-0000-000000000001".parse().expect("an id"));
        let page = Page { offset: 0, limit: 50 };
        let every = CallQuery::default;
        let range = CallQuery { from: Some(Timestamp::UNIX_EPOCH), until: Some(Timestamp::UNIX_EPOCH), ..every() };
        let number = PhoneNumber::from_e164("+15550000001");
        let (this, at) = (format!("'{}'", id.0), "now()");
        let queries = [
            (every(), "calls_placed", this.clone()),
            (CallQuery { descending: true, ..every() }, "calls_placed", this.clone()),
            (range.clone(), "calls_placed", format!("{this}, {at}, {at}")),
            (CallQuery { target: Some(TargetId(1)), ..every() }, "calls_target", format!("{this}, 1")),
            (CallQuery { number, ..every() }, "calls_target", format!("{this}, {this}, '+15550000001'")),
        ];
        for (query, index, parameters) in queries {
            let listed = items(id, &query, page);
            let steps = plan(connection, listed.sql().as_str(), &format!("{parameters}, 0")).await;
            // Of two campaigns either index will do.
            let placed = index == "calls_placed" && steps.contains("calls_newest");
            assert!((steps.contains(index) || placed) && !steps.contains("Seq Scan on calls "), "{query:?}\n{steps}");
        }
        for (query, parameters) in [(every(), this.clone()), (range, format!("{this}, {at}, {at}"))] {
            let sql = following(id, &query, Some((Timestamp::UNIX_EPOCH.to_sqlx(), CallId::new())), 50);
            let steps = plan(connection, sql.sql().as_str(), &format!("{parameters}, {at}, {this}, 50")).await;
            let placed = steps.contains("calls_placed") || steps.contains("calls_newest");
            assert!(placed && !steps.contains("Seq Scan on calls "), "{steps}");
        }
    }
}
