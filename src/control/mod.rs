//! A campaign's life: the actions of a person on a stored campaign. What the
//! command line and the API both do.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::campaign::{
    Action, CampaignId, CampaignStatus, HOURS_NEVER_OPEN, LaunchFacts, LaunchHours, LaunchReport, Settings,
    check_launch, no_agents_yet,
};
use crate::compliance::{Organization, Rules};
use crate::contact::{ContactFields, placeholders, unknown_placeholders};
use crate::media::Sounds;
use crate::store::listing::{CampaignLaunch, Edited, Versioned};
use crate::store::{Campaign, Changed, StatusChange, Store, StoreError};
use crate::survey::{Survey, taken_keys};

/// How often a launch is tried while others change the campaign.
const LAUNCHES: u32 = 5;

/// Contacts looked at for the columns of a list.
const LOOKED_AT: u32 = 100;

mod copy;
mod groups;
mod hours;
mod number_edit;
mod own_numbers;
mod test_call;

pub use copy::{Copy, duplicate, redial};
pub use groups::dial_group;
use groups::{contacts, take_in_groups};
pub(crate) use hours::first_opening;
pub use hours::waiting_until;
pub use number_edit::{NumberEdited, edit_number};
pub use own_numbers::{NumbersError, import_numbers};
pub use test_call::{Forbidden, LONGEST_REASON, LONGEST_TEXT, TestCall, TestCallPlaced, Wish, test_call, words};

/// Why an action was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such campaign.
    #[error("there is no campaign {0}")]
    NotFound(String),
    /// Several campaigns have that name.
    #[error("several campaigns are called \"{0}\": name one by its id")]
    Ambiguous(String),
    /// The campaign's state forbids it.
    #[error("cannot {action} a campaign that is {status}; allowed now: {}", list(*status))]
    Conflict {
        /// What was asked.
        action: Action,
        /// The state it is in.
        status: CampaignStatus,
    },
    /// It may not start; every reason.
    #[error("the campaign cannot start:\n  {}", .0.join("\n  "))]
    Refused(Vec<String>),
    /// A rule forbids the call.
    #[error("{0}")]
    Forbidden(Forbidden),
    /// It was changed again and again while it was checked: try once more.
    #[error("the campaign is being changed by others just now: try again")]
    Restless,
    /// A copy would have no contacts: nobody fits what was asked.
    #[error("nobody is left to redial: no contact in one of those states was never reached")]
    NobodyLeft,
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(status: CampaignStatus) -> String {
    status.allowed_actions().iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ")
}

/// How to launch.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Start then instead of now.
    pub scheduled_at: Option<Timestamp>,
    /// Use this limit from now on.
    pub max_concurrent: Option<u32>,
    /// Switches that are reachable and have the campaign's trunk, if somebody
    /// looked.
    pub usable_switches: Option<usize>,
    /// The organization's rules, to see whether its hours ever open; none:
    /// nobody looks.
    pub organization: Option<Arc<Organization>>,
}

/// Finds a campaign by its id or by its name, if only one has it.
pub async fn find(store: &Store, reference: &str) -> Result<Campaign, ControlError> {
    if let Ok(id) = reference.parse::<CampaignId>() {
        return store.campaign(id).await?.ok_or_else(|| ControlError::NotFound(reference.to_owned()));
    }
    let mut named = store.campaigns().await?.into_iter().filter(|campaign| campaign.name == reference);
    match (named.next(), named.next()) {
        (Some(campaign), None) => Ok(campaign),
        (None, _) => Err(ControlError::NotFound(format!("\"{reference}\""))),
        (Some(_), Some(_)) => Err(ControlError::Ambiguous(reference.to_owned())),
    }
}

/// Stores a new draft; the members of its pool become numbers of ours.
pub async fn create(
    store: &Store,
    name: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<CampaignId, ControlError> {
    let id = CampaignId::new();
    store.add_numbers(&settings.number_pool, now).await?;
    store.create_campaign(id, name, settings, now).await?;
    Ok(id)
}

/// Checks a campaign, takes in the members of its groups, and starts it, or has
/// it start later. The report holds warnings only.
pub async fn launch(
    store: &Store,
    sounds: &Sounds,
    id: CampaignId,
    launch: &Launch,
    now: Timestamp,
) -> Result<LaunchReport, ControlError> {
    launch_as(store, sounds, id, |_| launch.clone(), now).await
}

/// As [`launch`]; how is decided on the campaign as it is found. What somebody
/// changes while it is checked is neither lost nor left unchecked: then it is
/// checked again.
pub async fn launch_as(
    store: &Store,
    sounds: &Sounds,
    id: CampaignId,
    decide: impl Fn(&Campaign) -> Launch,
    now: Timestamp,
) -> Result<LaunchReport, ControlError> {
    for _ in 0..LAUNCHES {
        let found = store.versioned_campaign(id).await?;
        let Versioned { mut campaign, updated_at } = found.ok_or_else(|| ControlError::NotFound(id.to_string()))?;
        let refused = |status| Err(ControlError::Conflict { action: Action::Launch, status });
        if !campaign.status.allows(Action::Launch) {
            return refused(campaign.status);
        }
        let launch = decide(&campaign);
        if let Some(limit) = launch.max_concurrent {
            campaign.settings.max_concurrent = limit;
        }
        let mut facts = facts(store, sounds, &campaign, launch.usable_switches).await?;
        if let Some(organization) = &launch.organization {
            let from = launch.scheduled_at.map_or(now, |at| at.max(now));
            let rules = Rules::new(organization.clone(), &campaign.settings);
            facts.hours = first_opening(store, &rules, id, from).await?;
        }
        let report = check_launch(&campaign.settings, &facts);
        if !report.refusals.is_empty() {
            return Err(ControlError::Refused(report.refusals));
        }
        take_in_groups(store, &campaign, now).await?;
        let change = CampaignLaunch {
            version: updated_at,
            scheduled_at: launch.scheduled_at.filter(|at| *at > now),
            max_concurrent: launch.max_concurrent,
        };
        match store.launch_campaign(id, &change, now).await? {
            Edited::Yes => return Ok(report),
            Edited::Conflict(status) => return refused(status),
            Edited::NotFound => return Err(ControlError::NotFound(id.to_string())),
            Edited::Stale => {}
        }
    }
    Err(ControlError::Restless)
}

/// Places no new calls from now on.
pub async fn pause(store: &Store, id: CampaignId, now: Timestamp) -> Result<(), ControlError> {
    change(store, id, Action::Pause, CampaignStatus::Paused, now).await
}

/// Goes on where it was; one that was to start later, still does. What may have
/// changed while it was paused is looked at as at its launch: an agent, and
/// hours that never open.
pub async fn resume(
    store: &Store,
    id: CampaignId,
    organization: &Arc<Organization>,
    now: Timestamp,
) -> Result<(), ControlError> {
    let campaign = known(store, id).await?;
    let start = campaign.scheduled_at.filter(|at| *at > now && campaign.started_at.is_none());
    if campaign.status.allows(Action::Resume) {
        let mut reasons: Vec<_> = no_agents_yet(&campaign.settings).into_iter().collect();
        let rules = Rules::new(organization.clone(), &campaign.settings);
        match first_opening(store, &rules, id, start.unwrap_or(now)).await? {
            LaunchHours::Never => reasons.push(HOURS_NEVER_OPEN.to_owned()),
            LaunchHours::Unknown | LaunchHours::Open | LaunchHours::OpensAt(_) => {}
        }
        if !reasons.is_empty() {
            return Err(ControlError::Refused(reasons));
        }
    }
    let to = if start.is_some() { CampaignStatus::Scheduled } else { CampaignStatus::Running };
    change(store, id, Action::Resume, to, now).await
}

/// Stops for good.
pub async fn cancel(store: &Store, id: CampaignId, now: Timestamp) -> Result<(), ControlError> {
    change(store, id, Action::Cancel, CampaignStatus::Cancelled, now).await
}

async fn change(
    store: &Store,
    id: CampaignId,
    action: Action,
    to: CampaignStatus,
    now: Timestamp,
) -> Result<(), ControlError> {
    let change = StatusChange { to, from: CampaignStatus::sources(action), reason: None, scheduled_at: None };
    made(action, id, store.change_status(id, &change, now).await?)
}

fn made(action: Action, id: CampaignId, changed: Changed) -> Result<(), ControlError> {
    match changed {
        Changed::Yes => Ok(()),
        Changed::Conflict(status) => Err(ControlError::Conflict { action, status }),
        Changed::NotFound => Err(ControlError::NotFound(id.to_string())),
    }
}

async fn known(store: &Store, id: CampaignId) -> Result<Campaign, ControlError> {
    store.campaign(id).await?.ok_or_else(|| ControlError::NotFound(id.to_string()))
}

async fn facts(
    store: &Store,
    sounds: &Sounds,
    campaign: &Campaign,
    usable_switches: Option<usize>,
) -> Result<LaunchFacts, ControlError> {
    let settings = &campaign.settings;
    let own = store.numbers().await?;
    let (survey, survey_problems) = survey(store, settings).await?;
    let entries: Vec<_> = settings.sounds().chain(survey.iter().flat_map(Survey::sounds)).collect();
    let found = sounds.look_up(store, entries.iter().map(|(setting, entry)| (*setting, entry.as_str()))).await?;
    let (contacts, missing_groups) = contacts(store, campaign).await?;
    Ok(LaunchFacts {
        contacts,
        missing_groups,
        active_numbers: own.iter().filter(|own| own.active && settings.number_pool.contains(&own.number)).count(),
        usable_switches,
        missing_media: found.missing,
        survey_problems,
        unknown_placeholders: unknown_columns(store, campaign.id, &entries).await?,
        hours: LaunchHours::Unknown,
    })
}

/// The survey of a campaign, and what is wrong with it.
async fn survey(store: &Store, settings: &Settings) -> Result<(Option<Survey>, Vec<String>), ControlError> {
    let Some(reference) = &settings.survey else { return Ok((None, Vec::new())) };
    let Some(stored) = store.survey(reference).await? else {
        return Ok((None, vec![format!("there is none called \"{reference}\"")]));
    };
    let problems = stored.survey.check(&taken_keys(settings));
    let problems = problems.iter().map(ToString::to_string).collect();
    Ok((Some(stored.survey), problems))
}

/// The placeholders of texts that the list seems to have no column for.
async fn unknown_columns(
    store: &Store,
    campaign: CampaignId,
    entries: &[(&'static str, &String)],
) -> Result<Vec<String>, ControlError> {
    let texts: Vec<_> = entries.iter().filter_map(|(_, entry)| entry.strip_prefix("say:")).collect();
    if texts.iter().all(|text| placeholders(text).is_empty()) {
        return Ok(Vec::new());
    }
    let contacts = store.first_contacts(campaign, LOOKED_AT).await?;
    let columns: HashSet<&str> = contacts.iter().flat_map(ContactFields::names).collect();
    let mut unknown: Vec<_> =
        texts.iter().flat_map(|text| unknown_placeholders(text, columns.iter().copied())).collect();
    unknown.sort();
    unknown.dedup();
    Ok(unknown)
}
