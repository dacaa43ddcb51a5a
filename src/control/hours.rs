//! When a campaign may call: before it is launched or goes on, and while it
//! waits.

use std::sync::Arc;

use jiff::Timestamp;

use super::LOOKED_AT;
use crate::campaign::{CampaignId, CampaignStatus, LaunchHours};
use crate::compliance::{Closed, Organization, Rules, Target, whereabouts};
use crate::store::{Campaign, Store, StoreError};

/// When the first of a campaign's contacts may be called, by the hours alone.
/// Looks at some of those who wait to be called: whoever is due first.
pub(crate) async fn first_opening(
    store: &Store,
    rules: &Rules,
    campaign: CampaignId,
    now: Timestamp,
) -> Result<LaunchHours, StoreError> {
    let contacts = store.due_contacts(campaign, LOOKED_AT).await?;
    let openings = contacts.iter().map(|contact| {
        let number = contact.get("phone_number").and_then(|number| number.parse().ok())?;
        let target = Target { number, timezone: contact.get("timezone"), consent: None };
        rules.next_opening(&whereabouts(&target, rules), now)
    });
    let mut looked_at = false;
    let first = openings.inspect(|_| looked_at = true).flatten().min();
    Ok(match first {
        Some(at) if at <= now => LaunchHours::Open,
        Some(at) => LaunchHours::OpensAt(at),
        None if looked_at => LaunchHours::Never,
        None => LaunchHours::Unknown,
    })
}

/// What a running campaign waits for, if it only waits: its hours, or the first
/// of its contacts to be due.
pub async fn waiting_until(
    store: &Store,
    organization: &Arc<Organization>,
    campaign: &Campaign,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    if campaign.status != CampaignStatus::Running {
        return Ok(None);
    }
    let remaining = store.remaining(campaign.id).await?;
    let Some(due) = remaining.next_due else { return Ok(None) };
    let closed = match Rules::new(organization.clone(), &campaign.settings).closed_until(now) {
        Some(Closed::Until(at)) => Some(at),
        Some(Closed::ForGood) | None => None,
    };
    Ok(closed.max(Some(due)).filter(|at| *at > now))
}
