//! Why numbers were called, or not; who waits because of a rule.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::ledger::HISTORY;
use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::compliance::{Force, PastCall};
use crate::number::PhoneNumber;
use crate::store::audit::{AuditContact, AuditDecision, PaidCall, RemovedCall, first_id};
use crate::store::audit_rows::AuditRow;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, TargetId};

/// A number in every campaign's list: there are far fewer campaigns than
/// contacts.
const CONTACTS: &str =
    "SELECT p.id AS campaign_id, p.name AS campaign, k.name, k.timezone, k.consent, k.created_at, t.status, t.attempts
    FROM campaigns AS p
    CROSS JOIN campaign_contacts AS t ON t.campaign_id = p.id AND t.number = ?1
    CROSS JOIN contacts AS k ON k.id = t.contact_id
    ORDER BY k.id";

const DECISIONS: &str = "SELECT at, campaign_id, call_id, verdict, rule, facts
    FROM decisions WHERE number = ?1 ORDER BY id DESC LIMIT +?2";

const CALLS: &str = "SELECT id, campaign_id, caller_id, created_at, answered_at, ended_at, outcome, opted_out, decision
    FROM calls WHERE number = ?1 ORDER BY created_at DESC LIMIT +?2";

const RELEASE: &str = "UPDATE campaign_contacts SET
        due_at = CASE WHEN due_at > held_since THEN held_since ELSE due_at END, held_since = NULL
    WHERE id IN (SELECT id FROM campaign_contacts
        WHERE campaign_id = ?1 AND held_since IS NOT NULL AND id > ?2 ORDER BY id LIMIT +?3)
    RETURNING id";

const PAID: &str = "SELECT id, number, created_at, answered_at, ended_at
    FROM calls WHERE id > ?1 AND (created_at >= ?2 OR ended_at >= ?2) ORDER BY id LIMIT +?3";

const FORCE: &str = "UPDATE campaigns SET forced = ?2 WHERE id = ?1 AND status = 'draft'";

const REMOVED: &str = "SELECT id, at, call_id, number, facts FROM decisions INDEXED BY decisions_at
    WHERE at >= ?1 AND call_id IS NOT NULL AND id > ?2 ORDER BY id LIMIT +?3";

impl Sqlite {
    pub(in crate::store) async fn contacts_with(&self, number: PhoneNumber) -> Result<Vec<AuditContact>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(CONTACTS).bind(number.to_string()).fetch_all(reader.connection()?).await?;
        found.iter().map(AuditRow::audit_contact).collect()
    }

    pub(in crate::store) async fn decisions_on(
        &self,
        number: PhoneNumber,
        limit: u32,
    ) -> Result<Vec<AuditDecision>, StoreError> {
        let mut reader = self.reader().await?;
        let query = sqlx::query(DECISIONS).bind(number.to_string()).bind(limit);
        let found: Vec<SqliteRow> = query.fetch_all(reader.connection()?).await?;
        found.iter().map(AuditRow::decision).collect()
    }

    pub(in crate::store) async fn decided_calls(
        &self,
        number: PhoneNumber,
        limit: u32,
    ) -> Result<Vec<AuditDecision>, StoreError> {
        let mut reader = self.reader().await?;
        let query = sqlx::query(CALLS).bind(number.to_string()).bind(limit);
        let found: Vec<SqliteRow> = query.fetch_all(reader.connection()?).await?;
        found.iter().map(AuditRow::decided_call).collect()
    }

    pub(in crate::store) async fn past_calls(
        &self,
        number: PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<PastCall>, StoreError> {
        let mut reader = self.reader().await?;
        let query = sqlx::query(HISTORY).bind(rows::json(&[number])?).bind(micros(since));
        let found: Vec<SqliteRow> = query.fetch_all(reader.connection()?).await?;
        found.iter().map(|row| row.past_call().map(|(_, call)| call)).collect()
    }

    pub(in crate::store) async fn force_call(&self, campaign: CampaignId, force: &Force) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done =
            sqlx::query(FORCE).bind(campaign.0).bind(rows::json_object(force)?).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    pub(in crate::store) async fn release_held(
        &self,
        campaign: CampaignId,
        after: Option<TargetId>,
        limit: u32,
    ) -> Result<Vec<TargetId>, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let query = sqlx::query(RELEASE).bind(campaign.0).bind(after.map_or(i64::MIN, |target| target.0)).bind(limit);
        let found = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        found.iter().map(|row| row.target_id("id")).collect()
    }

    pub(in crate::store) async fn paid_calls(
        &self,
        since: Timestamp,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<PaidCall>, StoreError> {
        let mut reader = self.reader().await?;
        let query = sqlx::query(PAID)
            .bind(after.map_or_else(|| first_id(since), |call| call.0))
            .bind(micros(since))
            .bind(limit);
        let found: Vec<SqliteRow> = query.fetch_all(reader.connection()?).await?;
        found.iter().map(AuditRow::paid_call).collect()
    }

    pub(in crate::store) async fn removed_calls(
        &self,
        placed: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RemovedCall>, StoreError> {
        let mut reader = self.reader().await?;
        let query = sqlx::query(REMOVED).bind(micros(placed)).bind(after).bind(limit);
        let found: Vec<SqliteRow> = query.fetch_all(reader.connection()?).await?;
        found.iter().map(AuditRow::removed_call).collect()
    }
}
