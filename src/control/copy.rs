//! New drafts made of campaigns there are.

use jiff::Timestamp;

use super::{ControlError, known};
use crate::campaign::{Action, CampaignId, TargetStatus};
use crate::store::listing::{Copied, Draft};
use crate::store::{Campaign, Store};

/// A new draft and how many contacts it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The draft.
    pub id: CampaignId,
    /// Its contacts, all pending.
    pub contacts: u64,
}

/// Makes a draft with the same settings and contacts, all pending. `name`: or
/// else the old one and "(copy)".
pub async fn duplicate(
    store: &Store,
    id: CampaignId,
    name: Option<String>,
    now: Timestamp,
) -> Result<Copy, ControlError> {
    let source = known(store, id).await?;
    let name = name.unwrap_or_else(|| format!("{} (copy)", source.name));
    let made = copy(store, &source, name, &Copied::All, now).await?;
    finish(store, made, now).await
}

/// Makes a draft with the same settings and those contacts that are in one of
/// `statuses`, were never answered by a person, and that the campaign itself
/// will not call again. [`ControlError::NobodyLeft`]: there is none.
pub async fn redial(
    store: &Store,
    id: CampaignId,
    name: Option<String>,
    statuses: Vec<TargetStatus>,
    now: Timestamp,
) -> Result<Copy, ControlError> {
    let source = known(store, id).await?;
    if !source.status.allows(Action::Redial) {
        return Err(ControlError::Conflict { action: Action::Redial, status: source.status });
    }
    let name = name.unwrap_or_else(|| format!("{} (redial)", source.name));
    let made = copy(store, &source, name, &Copied::Unreached(statuses), now).await?;
    if made.contacts == 0 {
        store.delete_campaign(made.id, now).await?;
        return Err(ControlError::NobodyLeft);
    }
    finish(store, made, now).await
}

/// Now it is there as a whole.
async fn finish(store: &Store, made: Copy, now: Timestamp) -> Result<Copy, ControlError> {
    if store.finish_copy(made.id, now).await? { Ok(made) } else { Err(ControlError::NotFound(made.id.to_string())) }
}

async fn copy(
    store: &Store,
    source: &Campaign,
    name: String,
    which: &Copied,
    now: Timestamp,
) -> Result<Copy, ControlError> {
    let id = CampaignId::new();
    let mut settings = source.settings.clone();
    if matches!(which, Copied::Unreached(_)) {
        // Launching would bring back those who are left out.
        settings.contact_group_ids.clear();
    }
    let draft = Draft { id, name, settings, scheduled_at: None };
    store.begin_copy(&draft, now).await?;
    match store.copy_targets(source.id, id, which, now).await {
        Ok(contacts) => Ok(Copy { id, contacts }),
        Err(error) => {
            // Half a copy is worse than none.
            if let Err(left) = store.delete_campaign(id, now).await {
                tracing::warn!(campaign = %id, error = %left, "half a copy of a campaign could not be removed");
            }
            Err(error.into())
        }
    }
}
