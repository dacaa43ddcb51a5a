//! What the store takes and gives: plain data, the same for both engines.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use super::call_results::CallResults;
use crate::call::{CallFacts, CallId, GivenAnswer, Outcome};
use crate::caller_id::{Figures, Hour, Limits, hour_of};
use crate::campaign::{AfterCall, CampaignId, CampaignStatus, Settings, TargetStatus};
use crate::compliance::{Force, Rule, Rules};
use crate::media::MediaId;
use crate::number::{Area, PhoneNumber};
use crate::survey::{Survey, SurveyId};

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// One file, made if it is not there.
    Sqlite(PathBuf),
    /// A `postgres://` URL. May hold a password.
    Postgres(SecretString),
}

/// The row id of a target (table `campaign_contacts`); ids grow in order of
/// upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId(pub i64);

/// A campaign as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Its name, not necessarily unique.
    pub name: String,
    /// Where it is in its life.
    pub status: CampaignStatus,
    /// Why it is where it is, where a person should know: the fault that
    /// failed it, the rule that paused it.
    pub reason: Option<String>,
    /// Its settings.
    pub settings: Settings,
    /// When a scheduled campaign is to start.
    pub scheduled_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it reached a final state.
    pub finished_at: Option<Timestamp>,
    /// The one call that is made although rules forbid it, if it is a test call
    /// that was forced.
    pub forced: Option<Force>,
}

/// A change of a campaign's state.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// The new state.
    pub to: CampaignStatus,
    /// The states from which the change is allowed.
    pub from: Vec<CampaignStatus>,
    /// Stored with it; replaces the last one.
    pub reason: Option<String>,
    /// Stored when the new state is `scheduled`.
    pub scheduled_at: Option<Timestamp>,
}

impl StatusChange {
    /// The time to store; none keeps the one stored.
    pub(super) fn new_schedule(&self) -> Option<Timestamp> {
        self.scheduled_at.filter(|_| self.to == CampaignStatus::Scheduled)
    }
}

/// What came of a [`StatusChange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was made.
    Yes,
    /// The campaign is in a state it is not allowed from.
    Conflict(CampaignStatus),
    /// There is no such campaign.
    NotFound,
}

/// How many of a list's contacts became targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// New targets.
    pub added: u64,
    /// Positions, in the slice given, of numbers the campaign already had or
    /// that stood earlier in the slice.
    pub duplicates: Vec<usize>,
}

/// One row of a campaign's tally: kept up to date in the same transaction as
/// what it counts, so that reading it costs nothing however long the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Targets by status; statuses without a target are left out.
    pub targets: Vec<(TargetStatus, u64)>,
    /// Ended calls by outcome; outcomes without a call are left out.
    pub outcomes: Vec<(Outcome, u64)>,
}

impl Tally {
    /// All targets.
    pub fn total(&self) -> u64 {
        self.targets.iter().map(|(_, n)| n).sum()
    }

    /// Targets of this status.
    pub fn target(&self, status: TargetStatus) -> u64 {
        self.targets.iter().find(|(s, _)| *s == status).map_or(0, |(_, n)| *n)
    }

    /// Ended calls of this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().find(|(o, _)| *o == outcome).map_or(0, |(_, n)| *n)
    }

    /// Targets in a call, which are as many as calls that go on.
    pub fn in_call(&self) -> u64 {
        self.target(TargetStatus::Calling) + self.target(TargetStatus::Connected)
    }

    /// All ended calls.
    pub fn calls(&self) -> u64 {
        self.outcomes.iter().map(|(_, n)| n).sum()
    }
}

/// What is still to be done in a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// The earliest time a target is due; none: no target waits.
    pub next_due: Option<Timestamp>,
    /// Whether any target is in a call.
    pub in_call: bool,
}

/// A call chosen for whichever target is claimed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCall {
    /// Its id, chosen before the transaction, so that a claim whose commit was
    /// in doubt can be recognized.
    pub call: CallId,
    /// The caller ID to show.
    pub caller_id: PhoneNumber,
    /// The name of the switch that is to carry it.
    pub switch: String,
}

/// A number that calls of a claim may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// The number.
    pub number: PhoneNumber,
    /// Where it says it is.
    pub area: Area,
    /// For how many calls, besides those it is planned for.
    pub room: u32,
    /// Whether nobody else is given this room meanwhile.
    pub held: bool,
}

/// A wish to claim due targets of one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The campaign; if it is not `running` in the database, nothing is claimed.
    pub campaign: CampaignId,
    /// The calls to place: at most as many targets are claimed.
    pub calls: Vec<PlannedCall>,
    /// Numbers that may be shown instead of the planned ones, where they look
    /// nearer to a target; empty: each call shows the planned one.
    pub nearby: Vec<Near>,
    /// What decides which of the targets may be called now.
    pub rules: Arc<Rules>,
}

/// A target claimed: its call row is written, its status is `calling`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The call, with its caller ID and switch.
    pub planned: PlannedCall,
    /// The target.
    pub target: TargetId,
    /// Whom to call.
    pub number: PhoneNumber,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Congested calls the target had before.
    pub congestions: u32,
    /// It may be placed before this instant, not later: then its hours are
    /// over. None: at least for days.
    pub allowed_until: Option<Timestamp>,
    /// It is placed although the number is on the do-not-call list: an
    /// administrator forced it.
    pub despite_opt_out: bool,
}

/// What a [`Claim`] brought. Fewer calls than wished do not mean that nobody is
/// due any more (others may be claiming at the same time, or a long part of the
/// list must not be called): [`Remaining`] knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimResult {
    /// The targets claimed, in order of dialing.
    pub claimed: Vec<Claimed>,
    /// Targets that were due but stand on the do-not-call list; they are
    /// settled as `do_not_call`.
    pub do_not_call: Vec<PhoneNumber>,
    /// Targets that were due, but that another rule forbids to call for good;
    /// they are settled as `skipped`.
    pub blocked: Vec<(PhoneNumber, Rule)>,
    /// Targets that were due, but may be called later only; they are due then.
    pub waiting: usize,
    /// The campaign is no longer `running`.
    pub not_running: bool,
}

/// A call that has ended, and what becomes of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The call.
    pub call: CallId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its target.
    pub target: TargetId,
    /// How it ended.
    pub outcome: Outcome,
    /// Times and codes; `ended_at` is set.
    pub facts: CallFacts,
    /// The target's state from now on.
    pub after: AfterCall,
}

/// One transaction of the ledger. Applied in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerBatch {
    /// Calls that were answered and go on: target `connected`.
    pub answered: Vec<(CallId, Timestamp)>,
    /// Answers to questions, as they are given. One that is there already
    /// (same call and position) stays as it is.
    pub answers: Vec<CallAnswer>,
    /// Numbers whose owners opted out. They go on the do-not-call list before
    /// the batch's claims are looked at.
    pub opt_outs: Vec<DoNotCall>,
    /// Calls that ended. One that is already ended is left as it is, so a
    /// batch may be committed again when its first commit was in doubt.
    pub settlements: Vec<Settlement>,
    /// Targets wanted. A claim whose calls exist already gives those again.
    pub claims: Vec<Claim>,
}

/// An answer given in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAnswer {
    /// The call.
    pub call: CallId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its target.
    pub target: TargetId,
    /// The answer.
    pub answer: GivenAnswer,
}

/// A call without an end, found after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCall {
    /// The call, with its caller ID and switch.
    pub planned: PlannedCall,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its target.
    pub target: TargetId,
    /// Whom it calls.
    pub number: PhoneNumber,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// Congested calls the target had before.
    pub congestions: u32,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When it was answered, if it was and that was noted.
    pub answered_at: Option<Timestamp>,
}

/// A row of a campaign's report: one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// The call.
    pub call: CallId,
    /// The target.
    pub target: TargetId,
    /// Whom it called.
    pub number: PhoneNumber,
    /// The contact's name.
    pub name: Option<String>,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// The caller ID shown.
    pub caller_id: PhoneNumber,
    /// The switch that carried it.
    pub switch: String,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// How it ended; none while it goes on.
    pub outcome: Option<Outcome>,
    /// Times and codes.
    pub facts: CallFacts,
    /// What was said about it afterwards.
    pub results: CallResults,
    /// The target's status now.
    pub target_status: TargetStatus,
}

/// A call with what was answered in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyedCall {
    /// The call.
    pub row: CallRow,
    /// Its answers, in the order they were given.
    pub answers: Vec<GivenAnswer>,
}

/// A call that was recorded, or in which answers were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The call.
    pub call: CallId,
    /// The switch that carried it.
    pub switch: String,
    /// The names of its recordings: the call's own first.
    pub recordings: Vec<String>,
}

/// One of our numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnNumber {
    /// The number.
    pub number: PhoneNumber,
    /// What the operator calls it.
    pub label: Option<String>,
    /// Whether it may be used as a caller ID.
    pub active: bool,
    /// How much it may be used.
    pub limits: Limits,
    /// It rests until then: calls do not show it.
    pub resting_until: Option<Timestamp>,
    /// Why it rests, or did last.
    pub rest_reason: Option<String>,
    /// Its figures are judged from then on.
    pub judged_from: Option<Timestamp>,
}

impl OwnNumber {
    /// Longest label, in characters.
    pub const LONGEST_LABEL: usize = 200;

    /// A number without a label and without limits, active.
    pub fn new(number: PhoneNumber) -> Self {
        Self {
            number,
            label: None,
            active: true,
            limits: Limits::default(),
            resting_until: None,
            rest_reason: None,
            judged_from: None,
        }
    }

    /// Whether it is judged by the calls of an hour: a rest is a new beginning,
    /// and the hour in which it began says nothing.
    pub fn is_judged_by(&self, hour: Hour) -> bool {
        self.judged_from.is_none_or(|from| hour > hour_of(from))
    }
}

/// What a list says of one of our numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRow {
    /// The number.
    pub number: PhoneNumber,
    /// What the operator calls it; none: as it is.
    pub label: Option<String>,
    /// Whether it may be used as a caller ID; none: as it is, and of a new one yes.
    pub active: Option<bool>,
    /// How much it may be used; what is none stays as it is.
    pub limits: Limits,
}

/// How calls from one of our numbers went within one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberHour {
    /// The number.
    pub number: PhoneNumber,
    /// The hour, counted from 1970.
    pub hour: Hour,
    /// What was counted.
    pub figures: Figures,
    /// When the last of the calls was started.
    pub last_at: Option<Timestamp>,
}

/// An entry of the do-not-call list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoNotCall {
    /// The number.
    pub number: PhoneNumber,
    /// Why it is there.
    pub reason: Option<String>,
    /// Where the entry came from: `manual`, `import`, …
    pub source: String,
    /// Since when.
    pub added_at: Timestamp,
}

/// A sound of the media library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its id.
    pub id: MediaId,
    /// What campaigns call it; no other has this name.
    pub name: String,
    /// SHA-256 of its 16 kHz file, 64 hexadecimal digits: where its files are.
    pub sha256: String,
    /// How long it plays, in milliseconds.
    pub duration_ms: u64,
    /// What its files take on disk.
    pub bytes: u64,
    /// The name of the file it was made of.
    pub original_name: String,
    /// Its outline: the loudest moment of each of 200 equal parts, 0 to 100.
    pub waveform: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its name last changed: its version.
    pub updated_at: Timestamp,
}

/// What came of the wish to remove a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaRemoved {
    /// It is gone from the library.
    Yes {
        /// It.
        media: Media,
        /// Whether another name has the same content, so that its files stay.
        shared: bool,
    },
    /// Campaigns that are not over use it; their names.
    InUse(Vec<String>),
    /// There is no such sound.
    NotFound,
}

/// A survey as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSurvey {
    /// Its id.
    pub id: SurveyId,
    /// What campaigns call it; no other has this name.
    pub name: String,
    /// What it asks.
    pub survey: Survey,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its definition last changed.
    pub updated_at: Timestamp,
}

/// What came of the wish to change a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurveyUpdated {
    /// It is as wished.
    Yes,
    /// Campaigns ask it that have left the draft and are not over; their names.
    InUse(Vec<String>),
    /// It cannot be called otherwise: these campaigns, which are not over or
    /// have results, ask it by its name.
    Named(Vec<String>),
    /// Another survey has that name.
    NameTaken,
    /// Somebody else changed it first.
    Stale,
    /// There is no such survey.
    NotFound,
}

/// What came of the wish to remove a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurveyRemoved {
    /// It is gone.
    Yes(StoredSurvey),
    /// Campaigns that are not over ask it; their names.
    InUse(Vec<String>),
    /// Campaigns that are over have calls whose results need it; their names.
    HasResults(Vec<String>),
    /// There is no such survey.
    NotFound,
}
