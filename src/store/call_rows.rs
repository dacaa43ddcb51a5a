//! Rows about single calls and agents, to what the rest of the program knows:
//! once for both engines.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{ColumnIndex, Decode, Type};
use uuid::Uuid;

use super::call_results::{CallDetail, CampaignCall, DispositionChange, Noted, SaidBy};
use super::rows::StoredRow;
use super::{StoreError, text};
use crate::agent::{Agent, AgentFields, AgentId, Protocol, Secrets};
use crate::call::{Completion, GivenAnswer};

/// A row of either engine that tells of one call, or of an agent.
pub(super) trait SingleCallRow: StoredRow
where
    for<'c> &'c str: ColumnIndex<Self>,
    for<'r> &'r str: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> String: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Uuid: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> i64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> bool: Decode<'r, Self::Database> + Type<Self::Database>,
{
    fn campaign_call(&self) -> Result<CampaignCall, StoreError> {
        Ok(CampaignCall {
            campaign: self.campaign_id("campaign_id")?,
            campaign_name: self.try_get("campaign_name")?,
            row: self.call_row()?,
        })
    }

    /// A call without its answers, dispositions and completions.
    fn call_detail(&self, answers: Vec<GivenAnswer>) -> Result<CallDetail, StoreError> {
        let agent_ms: Option<i64> = self.try_get("agent_ms")?;
        // Read as a completion is: the same shape.
        let transcript = match self.json_option("transcript")? {
            None => None,
            Some(stored) => {
                serde_json::from_value::<Completion>(serde_json::json!({ "transcript": stored }))
                    .map_err(|error| StoreError::unreadable("call_results.transcript", error))?
                    .transcript
            }
        };
        Ok(CallDetail {
            call: self.campaign_call()?,
            answers,
            recording_removed: self.try_get("recording_removed")?,
            notes: self.try_get("notes")?,
            version: self.instant("version")?,
            opt_out: self.try_get::<Option<bool>, _>("agent_opt_out")?.unwrap_or_default(),
            successful: self.try_get("successful")?,
            ended_reason: self.try_get("ended_reason")?,
            agent_ms: agent_ms.map(text::size),
            transcript,
            dispositions: Vec::new(),
            completions: Vec::new(),
        })
    }

    fn noted(&self) -> Result<Noted, StoreError> {
        Ok(Noted {
            disposition: self.try_get("disposition")?,
            by: self.one_of("disposition_by", "call_results.disposition_by", SaidBy::ALL, SaidBy::as_str)?,
            notes: self.try_get("notes")?,
            version: self.instant("edited_at")?,
        })
    }

    fn agent(&self) -> Result<Agent, StoreError> {
        let protocol = self.one_of("protocol", "agents.protocol", Protocol::ALL, Protocol::as_str)?;
        let texts = |column: &'static str, what: &'static str| -> Result<BTreeMap<String, String>, StoreError> {
            // Nothing of what stands there: it may be a secret.
            serde_json::from_value(self.json(column)?)
                .map_err(|_| StoreError::unreadable(what, "not an object of texts"))
        };
        Ok(Agent {
            id: AgentId(self.try_get("id")?),
            fields: AgentFields {
                name: self.try_get("name")?,
                url: self.try_get("url")?,
                protocol: protocol.unwrap_or_default(),
                headers: Secrets::new(texts("headers", "agents.headers")?),
                prompt: self.try_get("prompt")?,
                first_message: self.try_get("first_message")?,
                variables: texts("variables", "agents.variables")?,
                max_concurrent_calls: self.count("max_concurrent_calls")?,
                fallback_prompt: self.try_get("fallback_prompt")?,
            },
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
        })
    }

    fn disposition_change(&self) -> Result<DispositionChange, StoreError> {
        let by = self.one_of("said_by", "call_dispositions.said_by", SaidBy::ALL, SaidBy::as_str)?;
        Ok(DispositionChange {
            disposition: self.try_get("disposition")?,
            by: by.ok_or_else(|| StoreError::unreadable("call_dispositions.said_by", "nothing"))?,
            at: self.instant("said_at")?,
        })
    }
}

impl SingleCallRow for sqlx::sqlite::SqliteRow {}
impl SingleCallRow for sqlx::postgres::PgRow {}

/// A value as JSON for a column.
pub(super) fn stored<T: serde::Serialize>(value: &T) -> Result<Value, StoreError> {
    let mut json =
        serde_json::to_value(value).map_err(|error| StoreError::Refused(sqlx::Error::Encode(error.into())))?;
    text::clean_json(&mut json);
    Ok(json)
}
