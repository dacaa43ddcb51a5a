//! What the API asks of a database: pages, edits, copies, keys.

use jiff::Timestamp;
use uuid::Uuid;

use super::listing::{
    Begun, COUNTED, CallMetrics, CallQuery, CallSort, CampaignEdit, CampaignLaunch, CampaignQuery, ContactsAdded,
    Copied, Draft, Edited, KeptAnswer, Listed, Page, TargetChanged, TargetQuery, TargetRow, Versioned,
};
use super::{CallRow, Changed, NumberRow, OwnNumber, Store, StoreError, TargetId};
use crate::access::{ApiKey, ApiKeyId};
use crate::call::CallId;
use crate::campaign::{CampaignId, TargetAction};
use crate::contact::NewContact;
use crate::number::PhoneNumber;

/// Targets copied or deleted in one transaction: the ledger waits no longer
/// than that.
const STEP: u32 = 2_000;

impl Store {
    // --- campaigns, one by one -------------------------------------------

    /// Stores a new draft. A planned start is kept with it.
    pub async fn add_draft(&self, draft: &Draft, now: Timestamp) -> Result<(), StoreError> {
        on_engine!(self, db => db.add_draft(draft, now).await)
    }

    /// A campaign and its version.
    pub async fn versioned_campaign(&self, id: CampaignId) -> Result<Option<Versioned>, StoreError> {
        on_engine!(self, db => db.versioned_campaign(id).await)
    }

    /// A page of campaigns.
    pub async fn campaign_page(&self, query: &CampaignQuery, page: Page) -> Result<Listed<Versioned>, StoreError> {
        on_engine!(self, db => db.campaign_page(query, page).await)
    }

    /// Changes name, settings and planned start of a campaign if its state
    /// allows [`Action::Edit`](crate::campaign::Action::Edit), and its version
    /// is the one the edit was made from. Versions only grow.
    pub async fn edit_campaign(
        &self,
        id: CampaignId,
        edit: &CampaignEdit,
        now: Timestamp,
    ) -> Result<Edited, StoreError> {
        on_engine!(self, db => db.edit_campaign(id, edit, now).await)
    }

    /// Starts a campaign, or has it start later, if its state allows
    /// [`Action::Launch`](crate::campaign::Action::Launch) and its version is
    /// the one the launch was checked on. Of its settings nothing else changes.
    pub async fn launch_campaign(
        &self,
        id: CampaignId,
        launch: &CampaignLaunch,
        now: Timestamp,
    ) -> Result<Edited, StoreError> {
        on_engine!(self, db => db.launch_campaign(id, launch, now).await)
    }

    /// As [`Self::add_targets`], if the campaign's state allows
    /// [`Action::Edit`](crate::campaign::Action::Edit): nobody launches or
    /// cancels it before they are there.
    pub async fn add_contacts(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<ContactsAdded, StoreError> {
        on_engine!(self, db => db.add_contacts(campaign, contacts, now).await)
    }

    /// Adds targets of one campaign to another, in the same order, pending and
    /// due at `now`; gives how many. In several transactions: broken off, it
    /// leaves a part, and can be repeated.
    pub async fn copy_targets(
        &self,
        from: CampaignId,
        to: CampaignId,
        which: &Copied,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (mut copied, mut after) = (0, TargetId(i64::MIN));
        loop {
            let step = on_engine!(self, db => db.copy_some_targets(from, to, which, after, STEP, now).await);
            let (more, last) = step?;
            copied += more;
            match last {
                Some(last) => after = last,
                None => return Ok(copied),
            }
        }
    }

    /// Deletes a campaign, its targets and their calls, if its state allows
    /// [`Action::Delete`](crate::campaign::Action::Delete) and no call of it
    /// goes on. A draft is `cancelled` first, so that nobody launches what is
    /// half gone. In several transactions: broken off, it can be repeated, and is
    /// by the daemon. Its recordings are noted in
    /// [`Self::recordings_to_delete`]. Contacts stay.
    pub async fn delete_campaign(&self, id: CampaignId, now: Timestamp) -> Result<Changed, StoreError> {
        match on_engine!(self, db => db.condemn_campaign(id, now).await)? {
            Changed::Yes => {}
            refused @ (Changed::Conflict(_) | Changed::NotFound) => return Ok(refused),
        }
        while !on_engine!(self, db => db.delete_some_of_campaign(id, STEP, now).await)? {}
        Ok(Changed::Yes)
    }

    // --- targets, one by one ---------------------------------------------

    /// A page of a campaign's targets.
    pub async fn target_page(
        &self,
        campaign: CampaignId,
        query: &TargetQuery,
        page: Page,
    ) -> Result<Listed<TargetRow>, StoreError> {
        on_engine!(self, db => db.target_page(campaign, query, page).await)
    }

    /// One target of a campaign.
    pub async fn target(&self, campaign: CampaignId, target: TargetId) -> Result<Option<TargetRow>, StoreError> {
        on_engine!(self, db => db.target(campaign, target).await)
    }

    /// Does to a target what a person asks, if [`TargetAction::decide`] allows
    /// it.
    pub async fn change_target(
        &self,
        campaign: CampaignId,
        target: TargetId,
        action: TargetAction,
        now: Timestamp,
    ) -> Result<TargetChanged, StoreError> {
        on_engine!(self, db => db.change_target(campaign, target, action, now).await)
    }

    // --- calls -----------------------------------------------------------

    /// A page of a campaign's calls; none: more than [`COUNTED`] fit, and the
    /// order is one that no index has. `total` stops at [`COUNTED`] where no
    /// counter knows it.
    pub async fn call_page(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        page: Page,
    ) -> Result<Option<Listed<CallRow>>, StoreError> {
        let total = match query.tallied(&self.tally(campaign).await?) {
            Some(total) => total,
            None => on_engine!(self, db => db.call_count(campaign, query).await)?,
        };
        if query.sort != CallSort::CreatedAt && total >= COUNTED {
            return Ok(None);
        }
        let items = on_engine!(self, db => db.call_items(campaign, query, page).await)?;
        Ok(Some(Listed { items, total }))
    }

    /// Up to `limit` calls that fit the query's filters, after `after` in order
    /// of placing; the query's own order is not used. For reports of any length.
    pub async fn calls_after(
        &self,
        campaign: CampaignId,
        query: &CallQuery,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        on_engine!(self, db => db.calls_after(campaign, query, after, limit).await)
    }

    /// How long a campaign's calls lasted.
    pub async fn call_metrics(&self, campaign: CampaignId) -> Result<CallMetrics, StoreError> {
        on_engine!(self, db => db.call_metrics(campaign).await)
    }

    // --- numbers, one by one ---------------------------------------------

    /// Makes a number known; `false`: it was, and stays as it is.
    pub async fn add_number(&self, number: &OwnNumber, now: Timestamp) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_number(number, now).await)
    }

    /// A page of our numbers, by number.
    pub async fn number_page(&self, page: Page) -> Result<Listed<OwnNumber>, StoreError> {
        on_engine!(self, db => db.number_page(page).await)
    }

    /// Takes over rows of a list, no number twice: new numbers are added, those we
    /// have take over what their rows say. Gives how many are new. One
    /// transaction: a few thousand at a time.
    pub async fn take_over_numbers(&self, rows: &[NumberRow], now: Timestamp) -> Result<u64, StoreError> {
        on_engine!(self, db => db.take_over_numbers(rows, now).await)
    }

    /// One of our numbers.
    pub async fn number(&self, number: PhoneNumber) -> Result<Option<OwnNumber>, StoreError> {
        on_engine!(self, db => db.number(number).await)
    }

    /// Changes label, state and limits of a number from what they were; `false`:
    /// they are not that any more, or it is not ours.
    pub async fn change_number(&self, before: &OwnNumber, after: &OwnNumber) -> Result<bool, StoreError> {
        on_engine!(self, db => db.change_number(before, after).await)
    }

    /// Forgets a number of ours; `false`: it was not. Campaigns that name it
    /// skip it from now on.
    pub async fn remove_number(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        on_engine!(self, db => db.remove_number(number).await)
    }

    // --- API keys --------------------------------------------------------

    /// Adds a key.
    pub async fn add_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        on_engine!(self, db => db.add_api_key(key).await)
    }

    /// Every key, oldest first, those that are over too.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        on_engine!(self, db => db.api_keys().await)
    }

    /// One key.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        on_engine!(self, db => db.api_key(id).await)
    }

    /// The keys whose secrets begin with these digits: one, as a rule.
    pub async fn api_keys_shown_as(&self, shown: &str) -> Result<Vec<ApiKey>, StoreError> {
        on_engine!(self, db => db.api_keys_shown_as(shown).await)
    }

    /// Notes that a key was used.
    pub async fn touch_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        on_engine!(self, db => db.touch_api_key(id, now).await)
    }

    /// A page of the keys, oldest first: all, or only those that are, or are
    /// not, valid at `now`.
    pub async fn api_key_page(
        &self,
        active: Option<bool>,
        now: Timestamp,
        page: Page,
    ) -> Result<Listed<ApiKey>, StoreError> {
        on_engine!(self, db => db.api_key_page(active, now, page).await)
    }

    /// Changes the name of a key and when it ends, if its version is still
    /// `if_version`; `false`: it is not, or there is no such key. One that is
    /// revoked stays so.
    pub async fn edit_api_key(
        &self,
        id: ApiKeyId,
        name: &str,
        expires_at: Option<Timestamp>,
        if_version: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        on_engine!(self, db => db.edit_api_key(id, name, expires_at, if_version, now).await)
    }

    /// Ends a key; one that is ended keeps its end. `false`: there is none.
    pub async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        on_engine!(self, db => db.revoke_api_key(id, now).await)
    }

    // --- requests that come again ----------------------------------------

    /// Notes that a request of the key or user `by` is being worked on, unless it is known. One that
    /// was begun before `abandoned_before` and never answered, and one that was
    /// begun before `forgotten_before`, is not known any more.
    pub async fn begin_idempotent(
        &self,
        by: Uuid,
        key: &str,
        fingerprint: &[u8; 32],
        now: Timestamp,
        abandoned_before: Timestamp,
        forgotten_before: Timestamp,
    ) -> Result<Begun, StoreError> {
        on_engine!(self, db => db.begin_idempotent(by, key, fingerprint, now, abandoned_before, forgotten_before).await)
    }

    /// Keeps the answer of a request; none: forgets that it was begun.
    pub async fn end_idempotent(&self, by: Uuid, key: &str, answer: Option<&KeptAnswer>) -> Result<(), StoreError> {
        on_engine!(self, db => db.end_idempotent(by, key, answer).await)
    }
}
