//! Rows of webhooks, deliveries and the audit log: once for both engines.

use sqlx::{ColumnIndex, Decode, Type};
use uuid::Uuid;

use super::rows::StoredRow;
use super::telling::{AuditEntry, AuditRecord, Delivery, DeliveryStatus, Webhook};
use super::{CallRow, StoreError, text};
use crate::call::GivenAnswer;
use crate::webhook::{CallTold, EventId, SigningSecret, WebhookId};

/// A row of either engine about what is told.
pub(super) trait TellingRow: StoredRow
where
    for<'c> &'c str: ColumnIndex<Self>,
    for<'r> &'r str: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> String: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Uuid: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> i64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> bool: Decode<'r, Self::Database> + Type<Self::Database>,
{
    fn webhook(&self) -> Result<Webhook, StoreError> {
        let events = serde_json::from_value(self.json("events")?);
        let old: Option<String> = self.try_get("old_secret")?;
        let until = self.instant_option("old_secret_until")?;
        Ok(Webhook {
            id: WebhookId(self.try_get("id")?),
            url: self.try_get("url")?,
            description: self.try_get("description")?,
            events: events.map_err(|error| StoreError::unreadable("webhooks.events", error))?,
            active: self.try_get("active")?,
            secret: SigningSecret::kept(self.try_get("secret")?),
            old_secret: old.map(SigningSecret::kept).zip(until),
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
            failing_since: self.instant_option("failing_since")?,
            disabled_reason: self.try_get("disabled_reason")?,
        })
    }

    fn delivery(&self) -> Result<Delivery, StoreError> {
        let status: &str = self.try_get("status")?;
        let known = DeliveryStatus::ALL.into_iter().find(|known| known.as_str() == status);
        let ms: Option<Self::Int> = self.try_get("last_ms")?;
        Ok(Delivery {
            event_id: EventId(self.try_get("event_id")?),
            event: self.word("event")?,
            data: self.json("data")?,
            created_at: self.instant("created_at")?,
            status: known.ok_or_else(|| StoreError::unreadable("webhook_deliveries.status", status))?,
            attempts: self.count("attempts")?,
            next_at: self.instant_option("next_at")?,
            last_at: self.instant_option("last_at")?,
            last_code: self.code("last_code", "webhook_deliveries.last_code")?,
            last_error: self.try_get("last_error")?,
            last_ms: ms.map(|ms| text::count(ms.into())),
        })
    }

    /// A call, and all there is to tell of it but its answers.
    fn call_told(&self) -> Result<impl FnOnce(Vec<GivenAnswer>) -> CallTold + use<Self>, StoreError> {
        let row: CallRow = self.call_row()?;
        let (campaign, name) = (self.campaign_id("campaign_id")?, self.try_get("campaign_name")?);
        let variables = self.json("variables")?;
        Ok(move |answers| CallTold::of(row, campaign, name, variables, answers))
    }

    fn audit_record(&self) -> Result<AuditRecord, StoreError> {
        Ok(AuditRecord {
            id: self.try_get("id")?,
            entry: AuditEntry {
                at: self.instant("at")?,
                actor: self.try_get("actor")?,
                action: self.try_get("action")?,
                subject_kind: self.try_get("subject_kind")?,
                subject_id: self.try_get("subject_id")?,
                ip: self.try_get("ip")?,
                request_id: self.try_get("request_id")?,
                details: self.json("details")?,
            },
        })
    }
}

impl TellingRow for sqlx::sqlite::SqliteRow {}
impl TellingRow for sqlx::postgres::PgRow {}
