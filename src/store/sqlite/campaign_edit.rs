//! Drafts, edits, copies and the end of campaigns.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::campaigns::status;
use super::rows::{self, micros};
use super::targets::write_tally;
use super::{Durability, Sqlite};
use crate::campaign::{Action, CampaignId, CampaignStatus, TargetStatus};
use crate::store::ledger::TallyMoves;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{
    CampaignEdit, CampaignQuery, CampaignSort, Copied, Draft, Edited, Listed, Page, Versioned,
};
use crate::store::model::{Changed, TargetId};
use crate::store::{StoreError, text};

const COLUMNS: &str =
    "SELECT id, name, status, reason, settings, scheduled_at, created_at, started_at, finished_at, forced, updated_at
    FROM campaigns";

const COPY: &str = "INSERT INTO campaign_contacts (campaign_id, contact_id, number, status, due_at, updated_at)
    SELECT ?1, t.contact_id, t.number, 'pending', ?2, ?2
    FROM campaign_contacts AS t
    WHERE t.campaign_id = ?3 AND t.id > ?4 AND t.id <= ?5
        AND (?6 IS NULL OR (
            t.status IN (SELECT value FROM json_each(?6))
            AND (t.due_at IS NULL OR ?7)
            AND NOT EXISTS (SELECT 1 FROM calls AS c WHERE c.target_id = t.id AND c.outcome = 'answered')))
    ORDER BY t.id
    ON CONFLICT (campaign_id, number) DO NOTHING";

/// The first targets of a campaign.
macro_rules! first_targets {
    ($before:literal, $after:literal) => {
        concat!($before, "(SELECT id FROM campaign_contacts WHERE campaign_id = ?1 ORDER BY id LIMIT +?2)", $after)
    };
}

/// What was recorded of their calls, and of answers in these.
const DOOM_CALLS: &str = first_targets!(
    "INSERT INTO recordings_to_delete (name, added_at, due_at)
     SELECT recording, ?3, ?3 FROM calls WHERE recording IS NOT NULL AND target_id IN ",
    " ON CONFLICT (name) DO NOTHING"
);
const DOOM_ANSWERS: &str = first_targets!(
    "INSERT INTO recordings_to_delete (name, added_at, due_at)
     SELECT a.recording, ?3, ?3 FROM calls AS c JOIN answers AS a ON a.call_id = c.id
     WHERE a.recording IS NOT NULL AND c.target_id IN ",
    " ON CONFLICT (name) DO NOTHING"
);
const DELETE: &str = first_targets!("DELETE FROM campaign_contacts WHERE id IN ", "");

impl Sqlite {
    /// See [`Store::add_draft`](crate::store::Store::add_draft).
    pub async fn add_draft(&self, draft: &Draft, now: Timestamp) -> Result<(), StoreError> {
        let settings = text::settings_json(&draft.settings)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO campaigns (id, name, name_folded, status, settings, scheduled_at, created_at, updated_at)
             VALUES (?1, ?2, ?6, 'draft', ?3, ?4, ?5, ?5)",
        )
        .bind(draft.id.0)
        .bind(text::clean(&draft.name))
        .bind(settings)
        .bind(draft.scheduled_at.map(micros))
        .bind(micros(now))
        .bind(text::folded(&draft.name))
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::versioned_campaign`](crate::store::Store::versioned_campaign).
    pub async fn versioned_campaign(&self, id: CampaignId) -> Result<Option<Versioned>, StoreError> {
        let mut reader = self.reader().await?;
        let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        query.push(" WHERE id = ").push_bind(id.0);
        let row = query.build().fetch_optional(reader.connection()?).await?;
        row.as_ref().map(ListedRow::versioned).transpose()
    }

    /// See [`Store::campaign_page`](crate::store::Store::campaign_page).
    pub async fn campaign_page(&self, query: &CampaignQuery, page: Page) -> Result<Listed<Versioned>, StoreError> {
        let mut reader = self.reader().await?;
        let mut count = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT count(*) FROM campaigns");
        filter(&mut count, query)?;
        let total: i64 = count.build_query_scalar().fetch_one(reader.connection()?).await?;
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(COLUMNS);
        filter(&mut list, query)?;
        let way = if query.descending { " DESC" } else { "" };
        list.push(match query.sort {
            CampaignSort::CreatedAt => " ORDER BY created_at",
            CampaignSort::UpdatedAt => " ORDER BY updated_at",
            CampaignSort::Name => " ORDER BY name",
            CampaignSort::Status => " ORDER BY status",
        });
        list.push(way).push(", id").push(way);
        list.push(" LIMIT +").push_bind(i64::from(page.limit));
        list.push(" OFFSET ").push_bind(text::stored(page.offset));
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        let items = found.iter().filter_map(ListedRow::versioned_if_readable).collect();
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::edit_campaign`](crate::store::Store::edit_campaign).
    pub async fn edit_campaign(
        &self,
        id: CampaignId,
        edit: &CampaignEdit,
        now: Timestamp,
    ) -> Result<Edited, StoreError> {
        let settings = text::settings_json(&edit.settings)?.to_string();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let row = sqlx::query("SELECT status, updated_at FROM campaigns WHERE id = ?1")
            .bind(id.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else { return Ok(Edited::NotFound) };
        let (status, version): (CampaignStatus, i64) = {
            use crate::store::rows::StoredRow;
            (row.word("status")?, row.try_get("updated_at")?)
        };
        if edit.if_version.is_some_and(|known| micros(known) != version) {
            return Ok(Edited::Stale);
        }
        if !status.allows(Action::Edit) {
            return Ok(Edited::Conflict(status));
        }
        sqlx::query(
            "UPDATE campaigns SET name = ?2, name_folded = ?6, settings = ?3, scheduled_at = ?4, updated_at = max(?5, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(text::clean(&edit.name))
        .bind(settings)
        .bind(edit.scheduled_at.map(micros))
        .bind(micros(now))
        .bind(text::folded(&edit.name))
.execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Edited::Yes)
    }

    /// One step of [`Store::copy_targets`](crate::store::Store::copy_targets):
    /// gives the last target looked at, none at the end.
    pub async fn copy_some_targets(
        &self,
        from: CampaignId,
        to: CampaignId,
        which: &Copied,
        after: TargetId,
        limit: u32,
        now: Timestamp,
    ) -> Result<(u64, Option<TargetId>), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let last: Option<i64> = sqlx::query_scalar(
            "SELECT max(id) FROM (SELECT id FROM campaign_contacts WHERE campaign_id = ?1 AND id > ?2
                ORDER BY id LIMIT +?3)",
        )
        .bind(from.0)
        .bind(after.0)
        .bind(i64::from(limit))
        .fetch_one(&mut *transaction)
        .await?;
        let Some(last) = last else { return Ok((0, None)) };
        let over = status(&mut transaction, from).await?.is_none_or(CampaignStatus::is_final);
        let statuses = match which {
            Copied::All => None,
            Copied::Unreached(statuses) => Some(rows::json(statuses)?),
        };
        let done = sqlx::query(COPY)
            .bind(to.0)
            .bind(micros(now))
            .bind(from.0)
            .bind(after.0)
            .bind(last)
            .bind(statuses)
            .bind(over)
            .execute(&mut *transaction)
            .await?;
        let copied = done.rows_affected();
        let mut moves = TallyMoves::default();
        moves.added(to, TargetStatus::Pending, text::stored(copied));
        write_tally(&mut transaction, &moves).await?;
        transaction.commit().await?;
        Ok((copied, Some(TargetId(last))))
    }

    /// The first step of [`Store::delete_campaign`](crate::store::Store::delete_campaign):
    /// from here on nobody can launch it.
    pub async fn condemn_campaign(&self, id: CampaignId, now: Timestamp) -> Result<Changed, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(status) = status(&mut transaction, id).await? else { return Ok(Changed::NotFound) };
        if !status.allows(Action::Delete) {
            return Ok(Changed::Conflict(status));
        }
        let condemned = "UPDATE campaigns SET
                status = CASE WHEN status = 'draft' THEN 'cancelled' ELSE status END, reason = 'being deleted',
                finished_at = coalesce(finished_at, ?2), unfinished_since = coalesce(unfinished_since, ?2),
                updated_at = max(?2, updated_at + 1)
            WHERE id = ?1";
        sqlx::query(condemned).bind(id.0).bind(micros(now)).execute(&mut *transaction).await?;
        let in_call: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM campaign_contacts
                WHERE campaign_id = ?1 AND status IN ('calling', 'connected'))",
        )
        .bind(id.0)
        .fetch_one(&mut *transaction)
        .await?;
        if in_call {
            return Ok(Changed::Conflict(status));
        }
        transaction.commit().await?;
        Ok(Changed::Yes)
    }

    /// A further step: takes out some targets with their calls, noting their
    /// recordings, and at the end the campaign; `true`: it is gone.
    pub async fn delete_some_of_campaign(
        &self,
        id: CampaignId,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        for sql in [DOOM_CALLS, DOOM_ANSWERS] {
            let query = sqlx::query(sql).bind(id.0).bind(i64::from(limit)).bind(micros(now));
            query.execute(&mut *transaction).await?;
        }
        let done = sqlx::query(DELETE).bind(id.0).bind(i64::from(limit)).execute(&mut *transaction).await?;
        let empty = done.rows_affected() < u64::from(limit);
        if empty {
            sqlx::query("DELETE FROM campaigns WHERE id = ?1").bind(id.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(empty)
    }
}

fn filter(to: &mut sqlx::QueryBuilder<sqlx::Sqlite>, query: &CampaignQuery) -> Result<(), StoreError> {
    to.push(" WHERE unfinished_since IS NULL");
    if !query.statuses.is_empty() {
        to.push(" AND status IN (SELECT value FROM json_each(").push_bind(rows::json(&query.statuses)?).push("))");
    }
    if let Some(name) = &query.name {
        to.push(" AND instr(coalesce(name_folded, lower(name)), ").push_bind(text::folded(name)).push(") > 0");
    }
    Ok(())
}
