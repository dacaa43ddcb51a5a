//! What is asked of the store, and given, a page at a time; and the changes of
//! campaigns and targets that a person makes one by one.

use jiff::{SignedDuration, Timestamp};

use super::StoreError;
use super::model::{Added, Campaign, DoNotCall, Tally, TargetId};
use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, CampaignStatus, Settings, TargetAction, TargetRefusal, TargetStatus};
use crate::contact::NewContact;
use crate::number::PhoneNumber;

/// Calls are counted so far, where no counter knows how many fit, and sorted
/// where no index has the order: what a request costs has an end.
pub const COUNTED: u64 = 100_000;

/// How long the answer to a request with an Idempotency-Key is kept.
pub(crate) const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// After this a request that was never answered counts as broken off.
pub(crate) const REQUEST_ABANDONED: SignedDuration = SignedDuration::from_mins(10);

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows before it.
    pub offset: u64,
    /// Rows in it, at most.
    pub limit: u32,
}

/// A page and how many rows there are on all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows of the page.
    pub items: Vec<T>,
    /// Rows that fit the filters.
    pub total: u64,
}

/// A campaign and its version: the instant of its last change, which no two
/// changes share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The campaign.
    pub campaign: Campaign,
    /// When its status or settings last changed.
    pub updated_at: Timestamp,
}

/// The campaigns in `scheduled` or `running`, oldest first.
#[derive(Debug, Default)]
pub struct ActiveCampaigns {
    /// They.
    pub campaigns: Vec<Campaign>,
    /// Those that this version cannot read, and why.
    pub unreadable: Vec<(CampaignId, StoreError)>,
}

/// Which campaigns, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignQuery {
    /// Only those in one of these states; empty: any.
    pub statuses: Vec<CampaignStatus>,
    /// Only those with this in their name, whatever the case.
    pub name: Option<String>,
    /// By what they are sorted.
    pub sort: CampaignSort,
    /// The other way round.
    pub descending: bool,
}

/// What campaigns are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CampaignSort {
    /// When they were created.
    #[default]
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// Their names.
    Name,
    /// Their states.
    Status,
}

/// A draft to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: CampaignId,
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: Settings,
    /// When it is to start once it is launched.
    pub scheduled_at: Option<Timestamp>,
}

/// What a campaign's name, settings and planned start become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignEdit {
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: Settings,
    /// When it is to start once it is launched.
    pub scheduled_at: Option<Timestamp>,
    /// Only if this is still its version.
    pub if_version: Option<Timestamp>,
}

/// What came of a [`CampaignEdit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// It was made.
    Yes,
    /// The campaign is in a state that does not allow it.
    Conflict(CampaignStatus),
    /// Somebody else changed it first.
    Stale,
    /// There is no such campaign.
    NotFound,
}

/// A launch of a campaign, decided on one version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CampaignLaunch {
    /// The version it was checked on.
    pub version: Timestamp,
    /// Start then; none: now.
    pub scheduled_at: Option<Timestamp>,
    /// Calls in progress at once from now on; none: as before.
    pub max_concurrent: Option<u32>,
}

impl CampaignLaunch {
    /// What the campaign becomes.
    pub(super) fn status(&self) -> CampaignStatus {
        if self.scheduled_at.is_some() { CampaignStatus::Scheduled } else { CampaignStatus::Running }
    }
}

/// What came of adding contacts to a campaign by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactsAdded {
    /// They are there.
    Yes(Added),
    /// The campaign is in a state that does not allow it.
    Conflict(CampaignStatus),
    /// There is no such campaign.
    NotFound,
}

/// Which targets of a campaign go into a copy of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Copied {
    /// All.
    All,
    /// Those in one of these states of whom no person ever answered, and whom
    /// the campaign itself will not call again.
    Unreached(Vec<TargetStatus>),
}

/// Which targets of a campaign, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetQuery {
    /// Only those in one of these states; empty: any.
    pub statuses: Vec<TargetStatus>,
    /// Only the one with this number.
    pub number: Option<PhoneNumber>,
    /// By what they are sorted.
    pub sort: TargetSort,
    /// The other way round.
    pub descending: bool,
}

impl TargetQuery {
    /// How many targets fit, where a campaign's counters know.
    pub(super) fn tallied(&self, tally: &Tally) -> Option<u64> {
        let Self { statuses, number, sort: _, descending: _ } = self;
        if number.is_some() {
            return None;
        }
        let wanted = |status: &TargetStatus| statuses.is_empty() || statuses.contains(status);
        Some(tally.targets.iter().filter(|(status, _)| wanted(status)).map(|(_, count)| count).sum())
    }
}

/// What targets are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetSort {
    /// The order of upload.
    #[default]
    Added,
    /// When they last changed.
    UpdatedAt,
    /// How often they were called.
    Attempts,
}

/// A target with its contact and its last call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRow {
    /// Its id.
    pub id: TargetId,
    /// Who it is.
    pub contact: NewContact,
    /// Where it stands.
    pub status: TargetStatus,
    /// Attempts used, the one in progress included.
    pub attempts: u32,
    /// When it is to be called next; none: it is settled or in a call.
    pub due_at: Option<Timestamp>,
    /// How its last call ended.
    pub last_outcome: Option<Outcome>,
    /// Its last call.
    pub last_call: Option<CallId>,
    /// When that was answered, if it was.
    pub answered_at: Option<Timestamp>,
    /// When that ended, if it did.
    pub ended_at: Option<Timestamp>,
    /// What is to be said about that, if there is something.
    pub detail: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What came of an action on a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetChanged {
    /// It was taken.
    Yes,
    /// It may not be taken.
    Refused {
        /// What was asked.
        action: TargetAction,
        /// Why not.
        refusal: TargetRefusal,
        /// What may be done instead.
        allowed: Vec<TargetAction>,
    },
    /// The campaign has no such target.
    NotFound,
}

/// Which calls of a campaign, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallQuery {
    /// Only those that ended in one of these ways; empty: any.
    pub outcomes: Vec<Outcome>,
    /// Only those that go on, or only those that are over.
    pub in_progress: Option<bool>,
    /// Only those to this number.
    pub number: Option<PhoneNumber>,
    /// Only those from this number.
    pub caller_id: Option<PhoneNumber>,
    /// Only those to this target.
    pub target: Option<TargetId>,
    /// Only those claimed at this instant or later.
    pub from: Option<Timestamp>,
    /// Only those claimed before this instant.
    pub until: Option<Timestamp>,
    /// By what they are sorted.
    pub sort: CallSort,
    /// The other way round.
    pub descending: bool,
}

impl CallQuery {
    /// How many calls fit, where a campaign's counters know.
    pub(super) fn tallied(&self, tally: &Tally) -> Option<u64> {
        let Self { outcomes, in_progress, number, caller_id, target, from, until, sort: _, descending: _ } = self;
        if number.is_some() || caller_id.is_some() || target.is_some() || from.is_some() || until.is_some() {
            return None;
        }
        let ended = match outcomes.as_slice() {
            [] => tally.calls(),
            some => Outcome::ALL
                .iter()
                .filter(|outcome| some.contains(outcome))
                .map(|outcome| tally.outcome(*outcome))
                .sum(),
        };
        // What goes on has no outcome yet.
        let open = if outcomes.is_empty() { tally.in_call() } else { 0 };
        Some(match in_progress {
            None => ended + open,
            Some(true) => open,
            Some(false) => ended,
        })
    }
}

/// What calls are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallSort {
    /// When they were claimed.
    #[default]
    CreatedAt,
    /// When they ended; those that go on come last.
    EndedAt,
    /// How long was talked; those not answered come last.
    Talk,
    /// How they ended.
    Outcome,
}

/// How long calls lasted, from answer to end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CallMetrics {
    /// Calls that were answered and are over.
    pub talked: u64,
    /// Seconds on average; none: there was no such call.
    pub average: Option<f64>,
    /// Seconds of the longest.
    pub longest: Option<f64>,
    /// Seconds of the shortest.
    pub shortest: Option<f64>,
}

/// What a database knows of a request with an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is to be worked on, and noted as such.
    Fresh,
    /// It is being worked on.
    Running,
    /// The key was used for another request.
    Other,
    /// This was answered.
    Done(KeptAnswer),
}

/// An answer kept for the case that its request comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers: name and value.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Which part of the do-not-call list, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DncQuery {
    /// Only entries from there.
    pub source: Option<String>,
    /// Only entries with exactly this reason.
    pub reason: Option<String>,
    /// Only entries since this instant.
    pub from: Option<Timestamp>,
    /// Only entries before this instant.
    pub until: Option<Timestamp>,
    /// By what they are sorted.
    pub sort: DncSort,
    /// The other way round.
    pub descending: bool,
}

/// What the do-not-call list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DncSort {
    /// When they were put there.
    #[default]
    AddedAt,
    /// Their numbers.
    Number,
}

/// Who takes a number off the do-not-call list, and why: kept for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DncWithdrawal {
    /// The number.
    pub number: PhoneNumber,
    /// Who takes it off.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// An entry that was taken off the do-not-call list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DncRemoval {
    /// What it said.
    pub entry: DoNotCall,
    /// When it was taken off.
    pub removed_at: Timestamp,
    /// By whom.
    pub removed_by: String,
    /// Why.
    pub removed_reason: Option<String>,
}
