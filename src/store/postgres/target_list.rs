//! Targets one by one: pages of them, and what a person does to one.

use jiff::Timestamp;
use sqlx::{Connection, QueryBuilder};

use super::rows::at;
use super::session::{OPERATION, within};
use super::targets::write_tally;
use super::{Postgres, StoreError, campaigns};
use crate::campaign::{CampaignId, TargetAction, TargetChange};
use crate::store::ledger::TallyMoves;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{Listed, Page, TargetChanged, TargetQuery, TargetRow, TargetSort};
use crate::store::model::TargetId;
use crate::store::text;

const COLUMNS: &str = "SELECT t.id, t.number, k.name, k.email, k.company, k.notes, k.timezone, k.consent, k.variables,
        t.status, t.attempts, t.due_at, t.last_outcome, t.last_call_id, t.updated_at, c.answered_at, c.ended_at,
        c.detail
    FROM campaign_contacts AS t
    JOIN contacts AS k ON k.id = t.contact_id
    LEFT JOIN calls AS c ON c.id = t.last_call_id";

const FACTS: &str = "SELECT t.status, t.due_at IS NOT NULL AS waits, p.status AS campaign_status,
        EXISTS (SELECT 1 FROM calls AS c WHERE c.target_id = t.id) AS called
    FROM campaign_contacts AS t
    JOIN campaigns AS p ON p.id = t.campaign_id
    WHERE t.id = $1 AND t.campaign_id = $2
    FOR UPDATE OF t";

impl Postgres {
    /// See [`Store::target_page`](crate::store::Store::target_page).
    pub async fn target_page(
        &self,
        campaign: CampaignId,
        query: &TargetQuery,
        page: Page,
    ) -> Result<Listed<TargetRow>, StoreError> {
        let tallied = query.tallied(&self.tally(campaign).await?);
        within(OPERATION, async {
            let mut session = self.session().await?;
            let total = match tallied {
                Some(total) => total,
                None => {
                    let mut count = QueryBuilder::<sqlx::Postgres>::new("SELECT count(*) FROM campaign_contacts AS t");
                    filter(&mut count, campaign, query);
                    text::size(count.build_query_scalar().fetch_one(session.connection()).await?)
                }
            };
            let mut list = QueryBuilder::<sqlx::Postgres>::new(COLUMNS);
            filter(&mut list, campaign, query);
            let way = if query.descending { " DESC" } else { "" };
            match query.sort {
                TargetSort::Added => list.push(" ORDER BY t.id").push(way),
                TargetSort::UpdatedAt => list.push(" ORDER BY t.updated_at").push(way).push(", t.id").push(way),
                TargetSort::Attempts => list.push(" ORDER BY t.attempts").push(way).push(", t.id").push(way),
            };
            list.push(" LIMIT ").push_bind(i64::from(page.limit));
            list.push(" OFFSET ").push_bind(text::stored(page.offset));
            let found = list.build().fetch_all(session.connection()).await?;
            session.keep();
            let items = found.iter().map(ListedRow::target_row).collect::<Result<_, _>>()?;
            Ok(Listed { items, total })
        })
        .await
    }

    /// See [`Store::target`](crate::store::Store::target).
    pub async fn target(&self, campaign: CampaignId, target: TargetId) -> Result<Option<TargetRow>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut query = QueryBuilder::<sqlx::Postgres>::new(COLUMNS);
            query.push(" WHERE t.id = ").push_bind(target.0).push(" AND t.campaign_id = ").push_bind(campaign.0);
            let row = query.build().fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(ListedRow::target_row).transpose()
        })
        .await
    }

    /// See [`Store::change_target`](crate::store::Store::change_target).
    pub async fn change_target(
        &self,
        campaign: CampaignId,
        target: TargetId,
        action: TargetAction,
        now: Timestamp,
    ) -> Result<TargetChanged, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            // First, so that it holds what the facts say.
            campaigns::held(&mut transaction, campaign).await?;
            let row = sqlx::query(FACTS).bind(target.0).bind(campaign.0).fetch_optional(&mut *transaction).await?;
            let facts = row.as_ref().map(ListedRow::target_facts).transpose()?;
            let changed = match facts.map(|facts| (facts, action.decide(facts))) {
                None => TargetChanged::NotFound,
                Some((facts, Err(refusal))) => {
                    TargetChanged::Refused { action, refusal, allowed: TargetAction::allowed(facts) }
                }
                Some((facts, Ok(change))) => {
                    let mut moves = TallyMoves::default();
                    let set = "UPDATE campaign_contacts SET status = $2, due_at = $3, updated_at = $4 WHERE id = $1";
                    let query = match change {
                        TargetChange::Due(status) | TargetChange::Settled(status) => {
                            moves.moved(campaign, facts.status, status);
                            let due = matches!(change, TargetChange::Due(_)).then(|| at(now));
                            sqlx::query(set).bind(target.0).bind(status.as_str()).bind(due).bind(at(now))
                        }
                        TargetChange::Gone => {
                            moves.added(campaign, facts.status, -1);
                            sqlx::query("DELETE FROM campaign_contacts WHERE id = $1").bind(target.0)
                        }
                    };
                    query.execute(&mut *transaction).await?;
                    write_tally(&mut transaction, &moves).await?;
                    TargetChanged::Yes
                }
            };
            transaction.commit().await?;
            session.keep();
            Ok(changed)
        })
        .await
    }
}

fn filter(to: &mut QueryBuilder<sqlx::Postgres>, campaign: CampaignId, query: &TargetQuery) {
    to.push(" WHERE t.campaign_id = ").push_bind(campaign.0);
    if !query.statuses.is_empty() {
        let statuses: Vec<_> = query.statuses.iter().map(|status| status.as_str()).collect();
        to.push(" AND t.status = ANY(").push_bind(statuses).push(")");
    }
    if let Some(number) = query.number {
        to.push(" AND t.number = ").push_bind(number.to_string());
    }
}
