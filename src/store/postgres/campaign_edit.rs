//! Drafts, edits, copies and the end of campaigns.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, QueryBuilder, Row};

use super::rows::at;
use super::session::{OPERATION, within};
use super::targets::write_tally;
use super::{Postgres, StoreError, campaigns};
use crate::campaign::{Action, CampaignId, CampaignStatus, TargetStatus};
use crate::store::ledger::TallyMoves;
use crate::store::listed_rows::ListedRow;
use crate::store::listing::{
    CampaignEdit, CampaignQuery, CampaignSort, Copied, Draft, Edited, Listed, Page, Versioned,
};
use crate::store::model::{Changed, TargetId};
use crate::store::rows::StoredRow;
use crate::store::text;

const COLUMNS: &str =
    "SELECT id, name, status, reason, settings, scheduled_at, created_at, started_at, finished_at, forced, updated_at
    FROM campaigns";

const COPY: &str = "INSERT INTO campaign_contacts (campaign_id, contact_id, number, status, due_at, updated_at)
    SELECT $1, t.contact_id, t.number, 'pending', $2, $2
    FROM campaign_contacts AS t
    WHERE t.campaign_id = $3 AND t.id > $4 AND t.id <= $5
        AND ($6::text[] IS NULL OR (
            t.status = ANY($6)
            AND (t.due_at IS NULL OR $7)
            AND NOT EXISTS (SELECT 1 FROM calls AS c WHERE c.target_id = t.id AND c.outcome = 'answered')))
    ORDER BY t.id
    ON CONFLICT (campaign_id, number) DO NOTHING";

/// The first targets of a campaign.
macro_rules! first_targets {
    ($before:literal, $after:literal) => {
        concat!($before, "(SELECT id FROM campaign_contacts WHERE campaign_id = $1 ORDER BY id LIMIT $2)", $after)
    };
}

/// What was recorded of their calls, and of answers in these.
const DOOM_CALLS: &str = first_targets!(
    "INSERT INTO recordings_to_delete (name, added_at, due_at)
     SELECT recording, $3, $3 FROM calls WHERE recording IS NOT NULL AND target_id IN ",
    " ON CONFLICT (name) DO NOTHING"
);
const DOOM_ANSWERS: &str = first_targets!(
    "INSERT INTO recordings_to_delete (name, added_at, due_at)
     SELECT a.recording, $3, $3 FROM calls AS c JOIN answers AS a ON a.call_id = c.id
     WHERE a.recording IS NOT NULL AND c.target_id IN ",
    " ON CONFLICT (name) DO NOTHING"
);
const DELETE: &str = first_targets!("DELETE FROM campaign_contacts WHERE id IN ", "");

impl Postgres {
    /// See [`Store::add_draft`](crate::store::Store::add_draft).
    pub async fn add_draft(&self, draft: &Draft, now: Timestamp) -> Result<(), StoreError> {
        let settings = text::settings_json(&draft.settings)?;
        within(OPERATION, async {
            let mut session = self.session().await?;
            sqlx::query(
                "INSERT INTO campaigns (id, name, name_folded, status, settings, scheduled_at, created_at, updated_at)
                 VALUES ($1, $2, $6, 'draft', $3, $4, $5, $5)",
            )
            .bind(draft.id.0)
            .bind(text::clean(&draft.name))
            .bind(settings)
            .bind(draft.scheduled_at.map(at))
            .bind(at(now))
            .bind(text::folded(&draft.name))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::versioned_campaign`](crate::store::Store::versioned_campaign).
    pub async fn versioned_campaign(&self, id: CampaignId) -> Result<Option<Versioned>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut query = QueryBuilder::<sqlx::Postgres>::new(COLUMNS);
            query.push(" WHERE id = ").push_bind(id.0);
            let row = query.build().fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(ListedRow::versioned).transpose()
        })
        .await
    }

    /// See [`Store::campaign_page`](crate::store::Store::campaign_page).
    pub async fn campaign_page(&self, query: &CampaignQuery, page: Page) -> Result<Listed<Versioned>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut count = QueryBuilder::<sqlx::Postgres>::new("SELECT count(*) FROM campaigns");
            filter(&mut count, query);
            let total: i64 = count.build_query_scalar().fetch_one(session.connection()).await?;
            let mut list = QueryBuilder::<sqlx::Postgres>::new(COLUMNS);
            filter(&mut list, query);
            let way = if query.descending { " DESC" } else { "" };
            list.push(match query.sort {
                CampaignSort::CreatedAt => " ORDER BY created_at",
                CampaignSort::UpdatedAt => " ORDER BY updated_at",
                CampaignSort::Name => " ORDER BY name COLLATE \"C\"",
                CampaignSort::Status => " ORDER BY status COLLATE \"C\"",
            });
            list.push(way).push(", id").push(way);
            list.push(" LIMIT ").push_bind(i64::from(page.limit));
            list.push(" OFFSET ").push_bind(text::stored(page.offset));
            let found = list.build().fetch_all(session.connection()).await?;
            session.keep();
            let items = found.iter().filter_map(ListedRow::versioned_if_readable).collect();
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }

    /// See [`Store::edit_campaign`](crate::store::Store::edit_campaign).
    pub async fn edit_campaign(
        &self,
        id: CampaignId,
        edit: &CampaignEdit,
        now: Timestamp,
    ) -> Result<Edited, StoreError> {
        let settings = text::settings_json(&edit.settings)?;
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let row = sqlx::query("SELECT status, updated_at FROM campaigns WHERE id = $1 FOR UPDATE")
                .bind(id.0)
                .fetch_optional(&mut *transaction)
                .await?;
            let Some(row) = row else {
                transaction.commit().await?;
                session.keep();
                return Ok(Edited::NotFound);
            };
            let (status, version): (CampaignStatus, Timestamp) = (row.word("status")?, row.instant("updated_at")?);
            let edited = if edit.if_version.is_some_and(|known| known.as_microsecond() != version.as_microsecond()) {
                Edited::Stale
            } else if !status.allows(Action::Edit) {
                Edited::Conflict(status)
            } else {
                sqlx::query(
                    "UPDATE campaigns SET name = $2, name_folded = $6, settings = $3, scheduled_at = $4,
                         updated_at = greatest($5, updated_at + interval '1 microsecond')
                     WHERE id = $1",
                )
                .bind(id.0)
                .bind(text::clean(&edit.name))
                .bind(&settings)
                .bind(edit.scheduled_at.map(at))
                .bind(at(now))
                .bind(text::folded(&edit.name))
                .execute(&mut *transaction)
                .await?;
                Edited::Yes
            };
            transaction.commit().await?;
            session.keep();
            Ok(edited)
        })
        .await
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
        let statuses: Option<Vec<_>> = match which {
            Copied::All => None,
            Copied::Unreached(statuses) => Some(statuses.iter().map(|status| status.as_str()).collect()),
        };
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let last: Option<i64> = sqlx::query_scalar(
                "SELECT max(id) FROM (SELECT id FROM campaign_contacts WHERE campaign_id = $1 AND id > $2
                    ORDER BY id LIMIT $3) AS step",
            )
            .bind(from.0)
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_one(&mut *transaction)
            .await?;
            let Some(last) = last else {
                transaction.commit().await?;
                session.keep();
                return Ok((0, None));
            };
            let over = campaigns::held(&mut transaction, from).await?.is_none_or(CampaignStatus::is_final);
            let done = sqlx::query(COPY)
                .bind(to.0)
                .bind(at(now))
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
            session.keep();
            Ok((copied, Some(TargetId(last))))
        })
        .await
    }

    /// The first step of [`Store::delete_campaign`](crate::store::Store::delete_campaign):
    /// from here on nobody can launch it.
    pub async fn condemn_campaign(&self, id: CampaignId, now: Timestamp) -> Result<Changed, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let changed = match status(&mut transaction, id).await? {
                None => Changed::NotFound,
                Some(status) if !status.allows(Action::Delete) => Changed::Conflict(status),
                Some(status) if in_call(&mut transaction, id).await? => Changed::Conflict(status),
                Some(_) => {
                    sqlx::query(
                        "UPDATE campaigns SET
                             status = CASE WHEN status = 'draft' THEN 'cancelled' ELSE status END,
                             reason = 'being deleted', finished_at = coalesce(finished_at, $2),
                             unfinished_since = coalesce(unfinished_since, $2),
                             updated_at = greatest($2, updated_at + interval '1 microsecond')
                         WHERE id = $1",
                    )
                    .bind(id.0)
                    .bind(at(now))
                    .execute(&mut *transaction)
                    .await?;
                    Changed::Yes
                }
            };
            transaction.commit().await?;
            session.keep();
            Ok(changed)
        })
        .await
    }

    /// A further step: takes out some targets with their calls, noting their
    /// recordings, and at the end the campaign; `true`: it is gone.
    pub async fn delete_some_of_campaign(
        &self,
        id: CampaignId,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            for sql in [DOOM_CALLS, DOOM_ANSWERS] {
                let query = sqlx::query(sql).bind(id.0).bind(i64::from(limit)).bind(at(now));
                query.execute(&mut *transaction).await?;
            }
            let done = sqlx::query(DELETE).bind(id.0).bind(i64::from(limit)).execute(&mut *transaction).await?;
            let empty = done.rows_affected() < u64::from(limit);
            if empty {
                sqlx::query("DELETE FROM campaigns WHERE id = $1").bind(id.0).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            session.keep();
            Ok(empty)
        })
        .await
    }
}

/// A campaign's status; nobody changes it before the transaction ends.
async fn status(connection: &mut PgConnection, id: CampaignId) -> Result<Option<CampaignStatus>, StoreError> {
    let row = sqlx::query("SELECT status FROM campaigns WHERE id = $1 FOR UPDATE")
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.word("status")).transpose()
}

async fn in_call(connection: &mut PgConnection, id: CampaignId) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM campaign_contacts
            WHERE campaign_id = $1 AND status IN ('calling', 'connected'))",
    );
    Ok(row.bind(id.0).fetch_one(connection).await?.try_get(0)?)
}

fn filter(to: &mut QueryBuilder<sqlx::Postgres>, query: &CampaignQuery) {
    to.push(" WHERE unfinished_since IS NULL");
    if !query.statuses.is_empty() {
        let statuses: Vec<_> = query.statuses.iter().map(|status| status.as_str()).collect();
        to.push(" AND status = ANY(").push_bind(statuses).push(")");
    }
    if let Some(name) = &query.name {
        to.push(" AND position(").push_bind(text::folded(name)).push(" IN coalesce(name_folded, lower(name))) > 0");
    }
}
