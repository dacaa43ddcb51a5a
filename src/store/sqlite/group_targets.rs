//! Members of groups become targets of campaigns.

use jiff::Timestamp;

use super::campaigns::status;
use super::rows::micros;
use super::targets::write_tally;
use super::{Durability, Sqlite};
use crate::campaign::{Action, CampaignId, TargetStatus};
use crate::contact::ContactGroupId;
use crate::store::book::{GroupStep, GroupTargets};
use crate::store::ledger::TallyMoves;
use crate::store::{StoreError, text};

const STEP: &str = "SELECT max(id), count(*) FROM (
    SELECT id FROM contact_group_members WHERE group_id = ?1 AND id > ?2 ORDER BY id LIMIT +?3)";

const DIAL: &str = "INSERT INTO campaign_contacts (campaign_id, contact_id, number, status, due_at, updated_at)
    SELECT ?1, m.contact_id, m.number, 'pending', ?2, ?2
    FROM contact_group_members AS m
    WHERE m.group_id = ?3 AND m.id > ?4 AND m.id <= ?5
    ORDER BY m.id
    ON CONFLICT (campaign_id, number) DO NOTHING";

const BARRED: &str = "SELECT count(*) FROM contact_group_members AS m
    WHERE m.group_id = ?1 AND m.id > ?2 AND m.id <= ?3
        AND EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = m.number)";

impl Sqlite {
    /// One step of [`Store::dial_group`](crate::store::Store::dial_group).
    pub(in crate::store) async fn dial_some_of_group(
        &self,
        campaign: CampaignId,
        group: ContactGroupId,
        after: i64,
        limit: u32,
        now: Timestamp,
    ) -> Result<GroupStep, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let Some(status) = status(&mut transaction, campaign).await? else { return Ok(GroupStep::NoCampaign) };
        if !status.allows(Action::Edit) {
            return Ok(GroupStep::Conflict(status));
        }
        let (last, members): (Option<i64>, i64) =
            sqlx::query_as(STEP).bind(group.0).bind(after).bind(i64::from(limit)).fetch_one(&mut *transaction).await?;
        let Some(last) = last else { return Ok(GroupStep::End) };
        let done = sqlx::query(DIAL)
            .bind(campaign.0)
            .bind(micros(now))
            .bind(group.0)
            .bind(after)
            .bind(last)
            .execute(&mut *transaction)
            .await?;
        let barred: i64 =
            sqlx::query_scalar(BARRED).bind(group.0).bind(after).bind(last).fetch_one(&mut *transaction).await?;
        let added = done.rows_affected();
        let mut moves = TallyMoves::default();
        moves.added(campaign, TargetStatus::Pending, text::stored(added));
        write_tally(&mut transaction, &moves).await?;
        transaction.commit().await?;
        let duplicates = text::size(members).saturating_sub(added);
        Ok(GroupStep::More(GroupTargets { added, duplicates, do_not_call: text::size(barred) }, last))
    }
}
