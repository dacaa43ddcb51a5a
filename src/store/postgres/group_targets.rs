//! Members of groups become targets of campaigns.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::targets::{TAKE_TURNS, write_tally};
use super::{Postgres, StoreError};
use crate::campaign::{Action, CampaignId, CampaignStatus, TargetStatus};
use crate::contact::ContactGroupId;
use crate::store::book::{GroupStep, GroupTargets};
use crate::store::ledger::TallyMoves;
use crate::store::rows::StoredRow;
use crate::store::text;

const STEP: &str = "SELECT max(id), count(*) FROM (
    SELECT id FROM contact_group_members WHERE group_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS step";

/// The locks are those of the foreign key, taken early: a contact that is just
/// being removed is waited for, and passed over.
const DIAL: &str = "INSERT INTO campaign_contacts (campaign_id, contact_id, number, status, due_at, updated_at)
    SELECT $1, m.contact_id, m.number, 'pending', $2, $2
    FROM contact_group_members AS m
    JOIN contacts AS c ON c.id = m.contact_id
    WHERE m.group_id = $3 AND m.id > $4 AND m.id <= $5 AND c.saved
    ORDER BY m.id
    FOR KEY SHARE OF c
    ON CONFLICT (campaign_id, number) DO NOTHING";

const BARRED: &str = "SELECT count(*) FROM contact_group_members AS m
    WHERE m.group_id = $1 AND m.id > $2 AND m.id <= $3
        AND EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = m.number)";

impl Postgres {
    /// One step of [`Store::dial_group`](crate::store::Store::dial_group).
    pub(in crate::store) async fn dial_some_of_group(
        &self,
        campaign: CampaignId,
        group: ContactGroupId,
        after: i64,
        limit: u32,
        now: Timestamp,
    ) -> Result<GroupStep, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query(TAKE_TURNS).bind(campaign.to_string()).execute(&mut *transaction).await?;
            // Nobody launches it before the transaction ends.
            let row = sqlx::query("SELECT status FROM campaigns WHERE id = $1 FOR SHARE")
                .bind(campaign.0)
                .fetch_optional(&mut *transaction)
                .await?;
            let status: Option<CampaignStatus> = row.map(|row| row.word("status")).transpose()?;
            let step = match status {
                None => GroupStep::NoCampaign,
                Some(status) if !status.allows(Action::Edit) => GroupStep::Conflict(status),
                Some(_) => dial(&mut transaction, campaign, group, after, limit, now).await?,
            };
            transaction.commit().await?;
            session.keep();
            Ok(step)
        })
        .await
    }
}

async fn dial(
    connection: &mut PgConnection,
    campaign: CampaignId,
    group: ContactGroupId,
    after: i64,
    limit: u32,
    now: Timestamp,
) -> Result<GroupStep, StoreError> {
    let (last, members): (Option<i64>, i64) =
        sqlx::query_as(STEP).bind(group.0).bind(after).bind(i64::from(limit)).fetch_one(&mut *connection).await?;
    let Some(last) = last else { return Ok(GroupStep::End) };
    let done = sqlx::query(DIAL)
        .bind(campaign.0)
        .bind(at(now))
        .bind(group.0)
        .bind(after)
        .bind(last)
        .execute(&mut *connection)
        .await?;
    let barred: i64 =
        sqlx::query_scalar(BARRED).bind(group.0).bind(after).bind(last).fetch_one(&mut *connection).await?;
    let added = done.rows_affected();
    let mut moves = TallyMoves::default();
    moves.added(campaign, TargetStatus::Pending, text::stored(added));
    write_tally(connection, &moves).await?;
    let duplicates = text::size(members).saturating_sub(added);
    Ok(GroupStep::More(GroupTargets { added, duplicates, do_not_call: text::size(barred) }, last))
}
