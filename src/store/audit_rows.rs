//! Rows of the audit log, to what the rest of the program knows: once for both
//! engines.

use serde_json::Value;
use sqlx::{ColumnIndex, Decode, Type};
use uuid::Uuid;

use super::audit::{AuditCall, AuditContact, AuditDecision, PaidCall, RemovedCall};
use super::rows::StoredRow;
use super::{StoreError, text};
use crate::call::CallId;
use crate::compliance::{Record, Verdict};

/// A row of either engine.
pub(super) trait AuditRow: StoredRow
where
    for<'c> &'c str: ColumnIndex<Self>,
    for<'r> &'r str: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> String: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Uuid: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> i64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> bool: Decode<'r, Self::Database> + Type<Self::Database>,
{
    fn audit_contact(&self) -> Result<AuditContact, StoreError> {
        Ok(AuditContact {
            campaign_id: self.campaign_id("campaign_id")?,
            campaign: self.try_get("campaign")?,
            name: self.try_get("name")?,
            timezone: self.try_get("timezone")?,
            consent: self.try_get("consent")?,
            added_at: self.instant("created_at")?,
            status: self.word("status")?,
            attempts: self.count("attempts")?,
        })
    }

    /// A row of the table of decisions. Of a call that was removed it also
    /// holds how that went.
    fn decision(&self) -> Result<AuditDecision, StoreError> {
        let facts = self.json("facts")?;
        let call: Option<Uuid> = self.try_get("call_id")?;
        let rule: Option<&str> = self.try_get("rule")?;
        let record = serde_json::from_value::<Record>(facts.clone());
        Ok(AuditDecision {
            at: self.instant("at")?,
            campaign_id: self.campaign_id("campaign_id")?,
            verdict: self.word("verdict")?,
            rule: rule.map(|rule| text::word("decisions.rule", rule)).transpose()?,
            facts: Some(record.map_err(|error| StoreError::unreadable("decisions.facts", error))?),
            call: call.map(|call| removed_call(CallId(call), &facts)),
        })
    }

    fn decided_call(&self) -> Result<AuditDecision, StoreError> {
        let outcome: Option<&str> = self.try_get("outcome")?;
        Ok(AuditDecision {
            at: self.instant("created_at")?,
            campaign_id: self.campaign_id("campaign_id")?,
            verdict: Verdict::Allow,
            rule: None,
            facts: self.record("decision")?,
            call: Some(AuditCall {
                call_id: self.call_id("id")?,
                caller_id: Some(self.word("caller_id")?),
                answered_at: self.instant_option("answered_at")?,
                ended_at: self.instant_option("ended_at")?,
                outcome: outcome.map(|outcome| text::word("calls.outcome", outcome)).transpose()?,
                opted_out: self.try_get::<Option<bool>, _>("opted_out")?.unwrap_or(false),
            }),
        })
    }

    fn paid_call(&self) -> Result<PaidCall, StoreError> {
        let talk = self.instant_option("answered_at")?.zip(self.instant_option("ended_at")?);
        Ok(PaidCall {
            call: self.call_id("id")?,
            number: self.word("number")?,
            placed_at: self.instant("created_at")?,
            talk,
        })
    }

    /// What is left of a call, as far as it cost money.
    fn removed_call(&self) -> Result<RemovedCall, StoreError> {
        let left = removed_call(self.call_id("call_id")?, &self.json("facts")?);
        let paid = PaidCall {
            call: left.call_id,
            number: self.word("number")?,
            placed_at: self.instant("at")?,
            talk: left.answered_at.zip(left.ended_at),
        };
        Ok(RemovedCall { row: self.try_get("id")?, paid })
    }
}

/// What is left of a call that was removed with its campaign.
fn removed_call(call_id: CallId, facts: &Value) -> AuditCall {
    let text = |name: &str| facts.get(name).and_then(Value::as_str);
    AuditCall {
        call_id,
        caller_id: text("caller_id").and_then(|number| number.parse().ok()),
        answered_at: text("answered_at").and_then(|at| at.parse().ok()),
        ended_at: text("ended_at").and_then(|at| at.parse().ok()),
        outcome: text("outcome").and_then(|outcome| outcome.parse().ok()),
        opted_out: false,
    }
}

impl AuditRow for sqlx::sqlite::SqliteRow {}
impl AuditRow for sqlx::postgres::PgRow {}
