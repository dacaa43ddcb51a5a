//! Rows of pages, to what the rest of the program knows: once for both engines.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{ColumnIndex, Decode, Type};
use uuid::Uuid;

use super::StoreError;
use super::listing::{CallMetrics, KeptAnswer, TargetRow, Versioned};
use super::people::Credentials;
use super::rows::StoredRow;
use crate::access::{ApiKey, ApiKeyId, PasswordHash, User, UserId};
use crate::call::CallId;
use crate::campaign::TargetFacts;
use crate::contact::NewContact;
use crate::settings::Overrides;

/// A row of either engine that may hold bytes and fractions too.
pub(super) trait ListedRow: StoredRow
where
    for<'c> &'c str: ColumnIndex<Self>,
    for<'r> &'r str: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> String: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Uuid: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> i64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> f64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> bool: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Vec<u8>: Decode<'r, Self::Database> + Type<Self::Database>,
{
    fn versioned(&self) -> Result<Versioned, StoreError> {
        Ok(Versioned { campaign: self.campaign()?, updated_at: self.instant("updated_at")? })
    }

    /// One that cannot be read is told in the log and left out: the others are
    /// shown all the same.
    fn versioned_if_readable(&self) -> Option<Versioned> {
        let told = |error: &StoreError| {
            let id = self.campaign_id("id").map(|id| id.to_string()).unwrap_or_default();
            tracing::error!(campaign = id, %error, "a campaign cannot be read: it is left out of a list");
        };
        self.versioned().inspect_err(told).ok()
    }

    fn api_key(&self) -> Result<ApiKey, StoreError> {
        let sha256: Vec<u8> = self.try_get("sha256")?;
        let sha256 = sha256.try_into().map_err(|_| StoreError::unreadable("api_keys.sha256", "not 32 bytes"))?;
        let scopes = serde_json::from_value(self.json("scopes")?);
        Ok(ApiKey {
            id: ApiKeyId(self.try_get("id")?),
            name: self.try_get("name")?,
            shown: self.try_get("shown")?,
            sha256,
            role: self.word("role")?,
            scopes: scopes.map_err(|error| StoreError::unreadable("api_keys.scopes", error))?,
            created_by: self.try_get("created_by")?,
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
            expires_at: self.instant_option("expires_at")?,
            revoked_at: self.instant_option("revoked_at")?,
            last_used_at: self.instant_option("last_used_at")?,
        })
    }

    fn user(&self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId(self.try_get("id")?),
            login: self.try_get("login")?,
            name: self.try_get("name")?,
            role: self.word("role")?,
            active: self.try_get("active")?,
            must_change_password: self.try_get("must_change_password")?,
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
            last_login_at: self.instant_option("last_login_at")?,
        })
    }

    fn credentials(&self) -> Result<Credentials, StoreError> {
        Ok(Credentials { user: self.user()?, password: PasswordHash::kept(self.try_get("password")?) })
    }

    fn overrides(&self) -> Result<(Overrides, Timestamp), StoreError> {
        let overrides = serde_json::from_value(self.json("overrides")?);
        let overrides = overrides.map_err(|error| StoreError::unreadable("settings.overrides", error))?;
        Ok((overrides, self.instant("updated_at")?))
    }

    fn target_row(&self) -> Result<TargetRow, StoreError> {
        let variables = match self.json("variables")? {
            Value::Object(pairs) => pairs.into_iter().map(|(name, value)| (name, spoken(value))).collect(),
            other => return Err(StoreError::unreadable("contacts.variables", other)),
        };
        let outcome: Option<&str> = self.try_get("last_outcome")?;
        let last_call: Option<Uuid> = self.try_get("last_call_id")?;
        Ok(TargetRow {
            id: self.target_id("id")?,
            contact: NewContact {
                number: self.word("number")?,
                name: self.try_get("name")?,
                email: self.try_get("email")?,
                company: self.try_get("company")?,
                notes: self.try_get("notes")?,
                timezone: self.try_get("timezone")?,
                consent: self.try_get("consent")?,
                variables,
            },
            status: self.word("status")?,
            attempts: self.count("attempts")?,
            due_at: self.instant_option("due_at")?,
            last_outcome: outcome
                .map(|outcome| super::text::word("campaign_contacts.last_outcome", outcome))
                .transpose()?,
            last_call: last_call.map(CallId),
            answered_at: self.instant_option("answered_at")?,
            ended_at: self.instant_option("ended_at")?,
            detail: self.try_get("detail")?,
            updated_at: self.instant("updated_at")?,
        })
    }

    fn target_facts(&self) -> Result<TargetFacts, StoreError> {
        Ok(TargetFacts {
            status: self.word("status")?,
            waits: self.try_get("waits")?,
            called: self.try_get("called")?,
            campaign: self.word("campaign_status")?,
        })
    }

    fn call_metrics(&self) -> Result<CallMetrics, StoreError> {
        let talked: i64 = self.try_get("talked")?;
        Ok(CallMetrics {
            talked: super::text::size(talked),
            average: self.try_get("average")?,
            longest: self.try_get("longest")?,
            shortest: self.try_get("shortest")?,
        })
    }

    /// What was answered, if it was.
    fn kept_answer(&self) -> Result<Option<KeptAnswer>, StoreError> {
        let Some(status) = self.code("status", "idempotency.status")? else { return Ok(None) };
        let headers = serde_json::from_value(self.json("headers")?);
        Ok(Some(KeptAnswer {
            status,
            headers: headers.map_err(|error| StoreError::unreadable("idempotency.headers", error))?,
            body: self.try_get("body")?,
        }))
    }
}

impl ListedRow for sqlx::sqlite::SqliteRow {}
impl ListedRow for sqlx::postgres::PgRow {}

/// The value of a variable as text.
fn spoken(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
