//! Targets one by one: pages of them, and what a person does to one.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, micros};
use super::targets::write_tally;
use super::{Durability, Sqlite};
use crate::campaign::{CampaignId, TargetAction, TargetChange};
use crate::store::ledger::TallyMoves;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{Listed, Page, TargetChanged, TargetQuery, TargetRow, TargetSort};
use crate::store::model::TargetId;
use crate::store::{StoreError, text};

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
    WHERE t.id = ?1 AND t.campaign_id = ?2";

impl Sqlite {
    /// See [`Store::target_page`](crate::store::Store::target_page).
    pub async fn target_page(
        &self,
        campaign: CampaignId,
        query: &TargetQuery,
        page: Page,
    ) -> Result<Listed<TargetRow>, StoreError> {
        let tallied = query.tallied(&self.tally(campaign).await?);
        let mut reader = self.reader().await?;
        let total = match tallied {
            Some(total) => total,
            None => {
                let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT count(*) FROM campaign_contacts AS t");
                filter(&mut count, campaign, query)?;
                text::size(count.build_query_scalar().fetch_one(reader.connection()?).await?)
            }
        };
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        filter(&mut list, campaign, query)?;
        let way = if query.descending { " DESC" } else { "" };
        match query.sort {
            TargetSort::Added => list.push(" ORDER BY t.id").push(way),
            TargetSort::UpdatedAt => list.push(" ORDER BY t.updated_at").push(way).push(", t.id").push(way),
            TargetSort::Attempts => list.push(" ORDER BY t.attempts").push(way).push(", t.id").push(way),
        };
        list.push(" LIMIT +").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().map(ListedRow::target_row).collect::<Result<_, _>>()?;
        Ok(Listed { items, total })
    }

    /// See [`Store::target`](crate::store::Store::target).
    pub async fn target(&self, campaign: CampaignId, target: TargetId) -> Result<Option<TargetRow>, StoreError> {
        let mut reader = self.reader().await?;
        let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        query.push(" WHERE t.id = ").push_bind(target.0).push(" AND t.campaign_id = ").push_bind(campaign.0);
        let row = query.build().fetch_optional(reader.connection()?).await?;
        row.as_ref().map(ListedRow::target_row).transpose()
    }

    /// See [`Store::change_target`](crate::store::Store::change_target).
    pub async fn change_target(
        &self,
        campaign: CampaignId,
        target: TargetId,
        action: TargetAction,
        now: Timestamp,
    ) -> Result<TargetChanged, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let row = sqlx::query(FACTS).bind(target.0).bind(campaign.0).fetch_optional(&mut *transaction).await?;
        let Some(facts) = row.as_ref().map(ListedRow::target_facts).transpose()? else {
            return Ok(TargetChanged::NotFound);
        };
        let change = match action.decide(facts) {
            Ok(change) => change,
            Err(refusal) => {
                return Ok(TargetChanged::Refused { action, refusal, allowed: TargetAction::allowed(facts) });
            }
        };
        let mut moves = TallyMoves::default();
        let set = "UPDATE campaign_contacts SET status = ?2, due_at = ?3, updated_at = ?4 WHERE id = ?1";
        let query = match change {
            TargetChange::Due(status) | TargetChange::Settled(status) => {
                moves.moved(campaign, facts.status, status);
                let due = matches!(change, TargetChange::Due(_)).then(|| micros(now));
                sqlx::query(set).bind(target.0).bind(status.as_str()).bind(due).bind(micros(now))
            }
            TargetChange::Gone => {
                moves.added(campaign, facts.status, -1);
                sqlx::query("DELETE FROM campaign_contacts WHERE id = ?1").bind(target.0)
            }
        };
        query.execute(&mut *transaction).await?;
        write_tally(&mut transaction, &moves).await?;
        transaction.commit().await?;
        Ok(TargetChanged::Yes)
    }
}

fn filter(
    to: &mut sqlx::QueryBuilder<sqlx::Sqlite>,
    campaign: CampaignId,
    query: &TargetQuery,
) -> Result<(), StoreError> {
    to.push(" WHERE t.campaign_id = ").push_bind(campaign.0);
    if !query.statuses.is_empty() {
        to.push(" AND t.status IN (SELECT value FROM json_each(").push_bind(rows::json(&query.statuses)?).push("))");
    }
    if let Some(number) = query.number {
        to.push(" AND t.number = ").push_bind(number.to_string());
    }
    Ok(())
}
