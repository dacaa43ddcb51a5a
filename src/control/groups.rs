//! Groups of saved contacts in campaigns.

use jiff::Timestamp;

use super::ControlError;
use crate::campaign::{Action, CampaignId};
use crate::contact::ContactGroupId;
use crate::store::book::{GroupDialed, GroupTargets};
use crate::store::{Campaign, Store, StoreError};

/// Makes the members of a group contacts of a campaign; numbers it has are
/// skipped. Only while the campaign may be edited: `for_action` is what is
/// refused if not.
pub async fn dial_group(
    store: &Store,
    campaign: CampaignId,
    group: ContactGroupId,
    for_action: Action,
    now: Timestamp,
) -> Result<GroupTargets, ControlError> {
    match store.dial_group(campaign, group, now).await? {
        GroupDialed::Yes(added) => Ok(added),
        GroupDialed::Conflict(status) => Err(ControlError::Conflict { action: for_action, status }),
        GroupDialed::NoCampaign => Err(ControlError::NotFound(campaign.to_string())),
        GroupDialed::NoGroup => Err(ControlError::Refused(vec![format!("there is no contact group {group}")])),
    }
}

/// The members of a campaign's groups become its contacts, while it is not yet
/// launched: whoever launches it at the same time finds the same ones.
pub(super) async fn take_in_groups(store: &Store, campaign: &Campaign, now: Timestamp) -> Result<(), ControlError> {
    for group in &campaign.settings.contact_group_ids {
        dial_group(store, campaign.id, *group, Action::Launch, now).await?;
    }
    Ok(())
}

/// How many contacts a campaign will have once it is launched, as far as that
/// is known without comparing numbers; and the groups there are none of.
pub(super) async fn contacts(store: &Store, campaign: &Campaign) -> Result<(u64, Vec<ContactGroupId>), StoreError> {
    let own = store.tally(campaign.id).await?.total();
    let (mut members, mut missing) = (0, Vec::new());
    for id in &campaign.settings.contact_group_ids {
        match store.group(*id).await? {
            Some(group) => members += group.members,
            None => missing.push(*id),
        }
    }
    // Launched before, it has them already.
    let more = if own == 0 || campaign.started_at.is_none() { members } else { 0 };
    Ok((own + more, missing))
}
