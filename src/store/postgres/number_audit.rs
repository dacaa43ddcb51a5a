//! Why numbers were called, or not; who waits because of a rule.

use jiff::Timestamp;

use super::ledger::HISTORY;
use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::compliance::{Force, PastCall};
use crate::number::PhoneNumber;
use crate::store::TargetId;
use crate::store::audit::{AuditContact, AuditDecision, PaidCall, RemovedCall, first_id};
use crate::store::audit_rows::AuditRow;
use crate::store::rows::StoredRow;

/// A number in every campaign's list: there are far fewer campaigns than
/// contacts.
const CONTACTS: &str =
    "SELECT p.id AS campaign_id, p.name AS campaign, k.name, k.timezone, k.consent, k.created_at, t.status, t.attempts
    FROM campaigns AS p
    CROSS JOIN LATERAL (SELECT contact_id, status, attempts FROM campaign_contacts AS t
        WHERE t.campaign_id = p.id AND t.number = $1) AS t
    JOIN contacts AS k ON k.id = t.contact_id
    ORDER BY k.id";

const DECISIONS: &str = "SELECT at, campaign_id, call_id, verdict, rule, facts
    FROM decisions WHERE number = $1 ORDER BY id DESC LIMIT $2";

const CALLS: &str = "SELECT id, campaign_id, caller_id, created_at, answered_at, ended_at, outcome, opted_out, decision
    FROM calls WHERE number = $1 ORDER BY created_at DESC LIMIT $2";

const RELEASE: &str = "UPDATE campaign_contacts SET
        due_at = CASE WHEN due_at > held_since THEN held_since ELSE due_at END, held_since = NULL
    WHERE id IN (SELECT id FROM campaign_contacts
        WHERE campaign_id = $1 AND held_since IS NOT NULL AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE)
    RETURNING id";

const PAID: &str = "SELECT id, number, created_at, answered_at, ended_at
    FROM calls WHERE id > $1 AND (created_at >= $2 OR ended_at >= $2) ORDER BY id LIMIT $3";

const FORCE: &str = "UPDATE campaigns SET forced = $2 WHERE id = $1 AND status = 'draft'";

const REMOVED: &str = "SELECT id, at, call_id, number, facts FROM decisions
    WHERE at >= $1 AND call_id IS NOT NULL AND id > $2 ORDER BY id LIMIT $3";

impl Postgres {
    pub(in crate::store) async fn contacts_with(&self, number: PhoneNumber) -> Result<Vec<AuditContact>, StoreError> {
        let found = self.rows_of(sqlx::query(CONTACTS).bind(number.to_string())).await?;
        found.iter().map(AuditRow::audit_contact).collect()
    }

    pub(in crate::store) async fn decisions_on(
        &self,
        number: PhoneNumber,
        limit: u32,
    ) -> Result<Vec<AuditDecision>, StoreError> {
        let query = sqlx::query(DECISIONS).bind(number.to_string()).bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(AuditRow::decision).collect()
    }

    pub(in crate::store) async fn decided_calls(
        &self,
        number: PhoneNumber,
        limit: u32,
    ) -> Result<Vec<AuditDecision>, StoreError> {
        let query = sqlx::query(CALLS).bind(number.to_string()).bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(AuditRow::decided_call).collect()
    }

    pub(in crate::store) async fn past_calls(
        &self,
        number: PhoneNumber,
        since: Timestamp,
    ) -> Result<Vec<PastCall>, StoreError> {
        let query = sqlx::query(HISTORY).bind(vec![number.to_string()]).bind(at(since));
        let found = self.rows_of(query).await?;
        found.iter().map(|row| row.past_call().map(|(_, call)| call)).collect()
    }

    pub(in crate::store) async fn force_call(&self, campaign: CampaignId, force: &Force) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let query = sqlx::query(FORCE).bind(campaign.0).bind(sqlx::types::Json(force));
            let done = query.execute(session.connection()).await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    pub(in crate::store) async fn release_held(
        &self,
        campaign: CampaignId,
        after: Option<TargetId>,
        limit: u32,
    ) -> Result<Vec<TargetId>, StoreError> {
        let query = sqlx::query(RELEASE)
            .bind(campaign.0)
            .bind(after.map_or(i64::MIN, |target| target.0))
            .bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(|row| row.target_id("id")).collect()
    }

    pub(in crate::store) async fn paid_calls(
        &self,
        since: Timestamp,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<PaidCall>, StoreError> {
        let query = sqlx::query(PAID)
            .bind(after.map_or_else(|| first_id(since), |call| call.0))
            .bind(at(since))
            .bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(AuditRow::paid_call).collect()
    }

    pub(in crate::store) async fn removed_calls(
        &self,
        placed: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RemovedCall>, StoreError> {
        let query = sqlx::query(REMOVED).bind(at(placed)).bind(after).bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(AuditRow::removed_call).collect()
    }
}
