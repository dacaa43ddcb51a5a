//! What is asked of a database about webhooks and the audit log.

use jiff::Timestamp;

use super::telling::{
    AuditEntry, AuditFrom, AuditQuery, AuditRecord, Delivery, DeliveryStatus, Tried, Webhook, WebhookEdit,
    WebhookEdited,
};
use super::{Store, StoreError};
use crate::campaign::{CampaignId, CampaignStatus};
use crate::webhook::{EventId, SigningSecret, WebhookId};

/// Deliveries removed in one transaction.
const STEP: u32 = 2_000;

impl Store {
    // --- webhooks --------------------------------------------------------

    /// Adds a webhook, unless there are `most` already; `false`: there are.
    /// From the moment this is answered it is told of everything it names.
    pub async fn add_webhook(&self, webhook: &Webhook, most: u32) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_webhook(webhook, most).await)
    }

    /// Every webhook, oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        on_engine!(self, db => db.webhooks().await)
    }

    /// One webhook.
    pub async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        on_engine!(self, db => db.webhook(id).await)
    }

    /// Changes a webhook. Versions only grow.
    pub async fn edit_webhook(
        &self,
        id: WebhookId,
        edit: &WebhookEdit,
        now: Timestamp,
    ) -> Result<WebhookEdited, StoreError> {
        on_engine!(self, db => db.edit_webhook(id, edit, now).await)
    }

    /// Gives a webhook another secret; the old one signs too until `until`.
    /// `false`: there is no such webhook.
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookId,
        secret: &SigningSecret,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.rotate_webhook_secret(id, secret, until, now).await)
    }

    /// Removes a webhook and what it was told; `false`: there is none. In
    /// several transactions: broken off, it leaves one that is told nothing,
    /// and can be repeated.
    pub async fn remove_webhook(&self, id: WebhookId, now: Timestamp) -> Result<bool, StoreError> {
        if !on_engine!(self, db => db.silence_webhook(id, now).await)? {
            return Ok(false);
        }
        while !on_engine!(self, db => db.remove_some_of_webhook(id, STEP).await)? {}
        Ok(true)
    }

    // --- deliveries ------------------------------------------------------

    /// Up to `limit` deliveries of a webhook before `before`, newest first.
    pub async fn deliveries(
        &self,
        webhook: WebhookId,
        status: Option<DeliveryStatus>,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        on_engine!(self, db => db.deliveries(webhook, status, before, limit).await)
    }

    /// One delivery.
    pub async fn delivery(&self, webhook: WebhookId, event: EventId) -> Result<Option<Delivery>, StoreError> {
        on_engine!(self, db => db.delivery(webhook, event).await)
    }

    /// Has an active webhook told of a test; `false`: there is no such webhook,
    /// or it is not active.
    pub async fn add_test_delivery(
        &self,
        webhook: WebhookId,
        event: EventId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_test_delivery(webhook, event, now).await)
    }

    /// Has a delivery sent again, whatever became of it; its tries are counted
    /// anew. `false`: there is no such delivery.
    pub async fn replay_delivery(
        &self,
        webhook: WebhookId,
        event: EventId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.replay_delivery(webhook, event, now).await)
    }

    /// Active webhooks with a delivery due at `now`.
    pub async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<Webhook>, StoreError> {
        on_engine!(self, db => db.webhooks_due(now).await)
    }

    /// Takes up to `limit` due deliveries of an active webhook, those due first
    /// before the others, and counts the try. Nobody else gets them before
    /// `until`.
    pub async fn take_deliveries(
        &self,
        webhook: WebhookId,
        limit: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        on_engine!(self, db => db.take_deliveries(webhook, limit, now, until).await)
    }

    /// Notes what came of tries. A success ends a webhook's failing; if it has
    /// failed since before `hopeless_since`, or `gone` says so, it is switched
    /// off for that reason. Gives whether it was.
    pub async fn note_tries(
        &self,
        webhook: WebhookId,
        tries: &[Tried],
        hopeless_since: Timestamp,
        gone: Option<&str>,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.note_tries(webhook, tries, hopeless_since, gone).await)
    }

    /// Removes some of the deliveries of what happened before an instant; gives
    /// how many. None: there are no more.
    pub async fn sweep_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        on_engine!(self, db => db.sweep_deliveries(EventId::before(before), STEP).await)
    }

    // --- audit -----------------------------------------------------------

    /// Notes what was done.
    pub async fn note_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        on_engine!(self, db => db.note_audit(entry).await)
    }

    /// Up to `limit` records of the audit log.
    pub async fn audit(&self, query: &AuditQuery, from: AuditFrom, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        on_engine!(self, db => db.audit(query, from, limit).await)
    }

    // --- changes ---------------------------------------------------------

    /// Every campaign that changed at an instant or later: its state, why it is
    /// in it, and its version.
    pub async fn campaigns_since(&self, since: Timestamp) -> Result<Vec<CampaignVersion>, StoreError> {
        on_engine!(self, db => db.campaigns_since(since).await)
    }
}

/// The state of a campaign at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignVersion {
    /// Which.
    pub id: CampaignId,
    /// Its state.
    pub status: CampaignStatus,
    /// Why it is in it.
    pub reason: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
}
