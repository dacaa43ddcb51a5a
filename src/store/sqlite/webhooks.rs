//! Webhooks and their deliveries.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::store::telling::{Delivery, DeliveryStatus, Then, Tried, Webhook, WebhookEdit, WebhookEdited};
use crate::store::telling_rows::TellingRow;
use crate::store::{StoreError, text};
use crate::webhook::{EventId, EventType, SigningSecret, WebhookId};

/// The columns of a webhook, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, url, description, events, active, secret, old_secret, old_secret_until, created_at,
                 updated_at, failing_since, disabled_reason
             FROM webhooks AS w ",
            $rest
        )
    };
}

/// The columns of a delivery.
macro_rules! delivery {
    () => {
        "event_id, event, data, created_at, status, attempts, next_at, last_at, last_code, last_error, last_ms"
    };
}

pub(super) const TAKE: &str = concat!(
    "UPDATE webhook_deliveries SET attempts = attempts + 1, next_at = ?4
    WHERE webhook_id = ?1 AND event_id IN (
        SELECT event_id FROM webhook_deliveries INDEXED BY webhook_deliveries_due
        WHERE webhook_id = ?1 AND next_at <= ?2
            AND EXISTS (SELECT 1 FROM webhooks AS w WHERE w.id = ?1 AND w.active = 1)
        ORDER BY next_at LIMIT +?3)
    RETURNING ",
    delivery!()
);

const NOTE: &str = "UPDATE webhook_deliveries SET
        status = j.value ->> 1, next_at = j.value ->> 2, last_at = j.value ->> 3, last_code = j.value ->> 4,
        last_error = j.value ->> 5, last_ms = j.value ->> 6
    FROM json_each(?2) AS j
    WHERE webhook_id = ?1 AND event_id = unhex(j.value ->> 0)";

const SWEEP: &str = "DELETE FROM webhook_deliveries WHERE (webhook_id, event_id) IN (
        SELECT d.webhook_id, d.event_id FROM webhooks AS w
        CROSS JOIN webhook_deliveries AS d ON d.webhook_id = w.id AND d.event_id < ?1
        LIMIT +?2)";

impl Sqlite {
    /// See [`Store::add_webhook`](crate::store::Store::add_webhook).
    pub async fn add_webhook(&self, webhook: &Webhook, most: u32) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO webhooks (id, url, description, events, active, secret, created_at, updated_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7 WHERE (SELECT count(*) FROM webhooks) < ?8",
        )
        .bind(webhook.id.0)
        .bind(text::clean(&webhook.url))
        .bind(text::clean_option(webhook.description.as_ref()))
        .bind(rows::json(&webhook.events)?)
        .bind(webhook.active)
        .bind(webhook.secret.expose())
        .bind(micros(webhook.created_at))
        .bind(most)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::webhooks`](crate::store::Store::webhooks).
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> =
            sqlx::query(select!("ORDER BY created_at, id")).fetch_all(reader.connection()?).await?;
        found.iter().map(TellingRow::webhook).collect()
    }

    /// See [`Store::webhook`](crate::store::Store::webhook).
    pub async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(select!("WHERE id = ?1")).bind(id.0).fetch_optional(reader.connection()?).await?;
        row.as_ref().map(TellingRow::webhook).transpose()
    }

    /// See [`Store::edit_webhook`](crate::store::Store::edit_webhook).
    pub async fn edit_webhook(
        &self,
        id: WebhookId,
        edit: &WebhookEdit,
        now: Timestamp,
    ) -> Result<WebhookEdited, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let found: Option<i64> = sqlx::query_scalar("SELECT updated_at FROM webhooks WHERE id = ?1")
            .bind(id.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(version) = found else { return Ok(WebhookEdited::NotFound) };
        if edit.if_version.is_some_and(|known| micros(known) != version) {
            return Ok(WebhookEdited::Stale);
        }
        sqlx::query(
            "UPDATE webhooks SET url = ?2, description = ?3, events = ?4, active = ?5,
                 failing_since = CASE WHEN ?5 AND NOT active THEN NULL ELSE failing_since END,
                 disabled_reason = CASE WHEN ?5 AND NOT active THEN NULL ELSE disabled_reason END,
                 updated_at = max(?6, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(text::clean(&edit.url))
        .bind(text::clean_option(edit.description.as_ref()))
        .bind(rows::json(&edit.events)?)
        .bind(edit.active)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(WebhookEdited::Yes)
    }

    /// See [`Store::rotate_webhook_secret`](crate::store::Store::rotate_webhook_secret).
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookId,
        secret: &SigningSecret,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE webhooks SET old_secret = secret, old_secret_until = ?3, secret = ?2,
                 updated_at = max(?4, updated_at + 1)
             WHERE id = ?1",
        )
        .bind(id.0)
        .bind(secret.expose())
        .bind(micros(until))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// The first step of [`Store::remove_webhook`](crate::store::Store::remove_webhook):
    /// from here on it is told nothing.
    pub async fn silence_webhook(&self, id: WebhookId, now: Timestamp) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let sql = "UPDATE webhooks SET active = 0, disabled_reason = 'being removed',
            updated_at = max(?2, updated_at + 1) WHERE id = ?1";
        let done = sqlx::query(sql).bind(id.0).bind(micros(now)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// A further step; `true`: it is gone.
    pub async fn remove_some_of_webhook(&self, id: WebhookId, limit: u32) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "DELETE FROM webhook_deliveries WHERE webhook_id = ?1 AND event_id IN (
                SELECT event_id FROM webhook_deliveries WHERE webhook_id = ?1 LIMIT +?2)",
        )
        .bind(id.0)
        .bind(limit)
        .execute(&mut *transaction)
        .await?;
        let empty = done.rows_affected() < u64::from(limit);
        if empty {
            sqlx::query("DELETE FROM webhooks WHERE id = ?1").bind(id.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(empty)
    }

    /// See [`Store::deliveries`](crate::store::Store::deliveries).
    pub async fn deliveries(
        &self,
        webhook: WebhookId,
        status: Option<DeliveryStatus>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(concat!("SELECT ", delivery!()));
        list.push(" FROM webhook_deliveries WHERE webhook_id = ").push_bind(webhook.0);
        if let Some(status) = status {
            list.push(" AND status = ").push_bind(status.as_str());
        }
        if let Some(before) = before {
            list.push(" AND event_id < ").push_bind(before.0);
        }
        list.push(" ORDER BY event_id DESC LIMIT +").push_bind(limit);
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        found.iter().map(TellingRow::delivery).collect()
    }

    /// See [`Store::delivery`](crate::store::Store::delivery).
    pub async fn delivery(&self, webhook: WebhookId, event: EventId) -> Result<Option<Delivery>, StoreError> {
        let mut reader = self.reader().await?;
        let sql = concat!("SELECT ", delivery!(), " FROM webhook_deliveries WHERE webhook_id = ?1 AND event_id = ?2");
        let row = sqlx::query(sql).bind(webhook.0).bind(event.0).fetch_optional(reader.connection()?).await?;
        row.as_ref().map(TellingRow::delivery).transpose()
    }

    /// See [`Store::add_test_delivery`](crate::store::Store::add_test_delivery).
    pub async fn add_test_delivery(
        &self,
        webhook: WebhookId,
        event: EventId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO webhook_deliveries (webhook_id, event_id, event, data, created_at, status, next_at)
             SELECT id, ?2, ?3, '{}', ?4, 'pending', ?4 FROM webhooks WHERE id = ?1 AND active = 1",
        )
        .bind(webhook.0)
        .bind(event.0)
        .bind(EventType::Test.as_str())
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::replay_delivery`](crate::store::Store::replay_delivery).
    pub async fn replay_delivery(
        &self,
        webhook: WebhookId,
        event: EventId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "UPDATE webhook_deliveries SET status = 'pending', attempts = 0, next_at = ?3
             WHERE webhook_id = ?1 AND event_id = ?2",
        )
        .bind(webhook.0)
        .bind(event.0)
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::webhooks_due`](crate::store::Store::webhooks_due).
    pub async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<Webhook>, StoreError> {
        let mut reader = self.reader().await?;
        let sql = select!(
            "WHERE active = 1 AND EXISTS (
                SELECT 1 FROM webhook_deliveries AS d WHERE d.webhook_id = w.id AND d.next_at <= ?1)"
        );
        let found: Vec<SqliteRow> = sqlx::query(sql).bind(micros(now)).fetch_all(reader.connection()?).await?;
        found.iter().map(TellingRow::webhook).collect()
    }

    /// See [`Store::take_deliveries`](crate::store::Store::take_deliveries).
    pub async fn take_deliveries(
        &self,
        webhook: WebhookId,
        limit: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut writer = self.writer().await;
        // What a power cut undoes is sent once more.
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let found: Vec<SqliteRow> = sqlx::query(TAKE)
            .bind(webhook.0)
            .bind(micros(now))
            .bind(limit)
            .bind(micros(until))
            .fetch_all(&mut *transaction)
            .await?;
        transaction.commit().await?;
        found.iter().map(TellingRow::delivery).collect()
    }

    /// See [`Store::note_tries`](crate::store::Store::note_tries).
    pub async fn note_tries(
        &self,
        webhook: WebhookId,
        tries: &[Tried],
        hopeless_since: Timestamp,
        gone: Option<&str>,
    ) -> Result<bool, StoreError> {
        let lines: Vec<_> = tries
            .iter()
            .map(|tried| {
                let (status, next_at) = tried.then.standing();
                let error = text::clean_option(tried.error.as_ref());
                let id = rows::hex(tried.event_id.0);
                (id, status.as_str(), next_at.map(micros), micros(tried.at), tried.code, error, tried.ms)
            })
            .collect();
        let well = tries.iter().any(|tried| tried.then == Then::Done);
        let failed_at = tries.iter().filter(|tried| tried.then != Then::Done).map(|tried| micros(tried.at)).min();
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        sqlx::query(NOTE).bind(webhook.0).bind(rows::json(&lines)?).execute(&mut *transaction).await?;
        if well {
            sqlx::query("UPDATE webhooks SET failing_since = NULL WHERE id = ?1 AND failing_since IS NOT NULL")
                .bind(webhook.0)
                .execute(&mut *transaction)
                .await?;
        } else if failed_at.is_some() {
            sqlx::query("UPDATE webhooks SET failing_since = ?2 WHERE id = ?1 AND failing_since IS NULL")
                .bind(webhook.0)
                .bind(failed_at)
                .execute(&mut *transaction)
                .await?;
        }
        let off = sqlx::query(
            "UPDATE webhooks SET active = 0, disabled_reason = coalesce(?3, 'nothing was taken for three days')
             WHERE id = ?1 AND active = 1 AND (?3 IS NOT NULL OR failing_since < ?2)",
        )
        .bind(webhook.0)
        .bind(micros(hopeless_since))
        .bind(gone)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(off.rows_affected() > 0)
    }

    /// A step of [`Store::sweep_deliveries`](crate::store::Store::sweep_deliveries).
    pub async fn sweep_deliveries(&self, before: EventId, limit: u32) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let done = sqlx::query(SWEEP).bind(before.0).bind(limit).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}
