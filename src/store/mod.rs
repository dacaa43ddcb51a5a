//! What the rest needs of a database, on SQLite and on Postgres.
//!
//! `sqlite/` and `postgres/` hold the same files with the same functions, in
//! SQL written by hand for each engine; one conformance suite runs on both.
//! `now` is always an argument, and instants are kept to the microsecond.

use jiff::Timestamp;

use crate::call::CallId;
use crate::campaign::{CampaignId, Settings, TargetStatus};
use crate::contact::{ContactFields, NewContact};
use crate::number::PhoneNumber;
use crate::survey::Survey;

use blocks::SurveyEdit;
use listing::CallQuery;

pub mod blocks;
pub mod book;
mod book_rows;
mod call_results;
mod call_rows;
pub mod dnc;
mod fault;
mod ledger;
mod listed_rows;
pub mod listing;
mod migrations;
mod model;
pub mod people;
mod played;
mod postgres;
mod rows;
mod saving;
mod slice;
mod sqlite;
mod surveys;
mod talk;
pub mod telling;
mod telling_rows;
mod text;
mod told;

pub use agents_access::{AgentChanged, AgentRemoved};
pub use audit::{AuditCall, AuditContact, AuditDecision, NumberAudit, PaidCall, Released, RemovedCall};
pub use call_results::{
    CallDetail, CallEdit, CallEdited, CallResults, CallSearch, CampaignCall, Completed, DispositionChange, SaidBy,
};
pub use model::{
    Added, CallAnswer, CallRow, Campaign, Changed, Claim, ClaimResult, Claimed, DoNotCall, LedgerBatch, Location,
    Media, MediaRemoved, Near, NumberHour, NumberRow, OpenCall, OwnNumber, PlannedCall, RecordedCall, Remaining,
    Settlement, StatusChange, StoredSurvey, SurveyRemoved, SurveyUpdated, SurveyedCall, Tally, TargetId,
};

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or did not answer: try again later. For
    /// a write, it is not known whether it was committed.
    #[error("the database is away: {0}")]
    Away(#[source] sqlx::Error),
    /// The database refused: trying again will not help.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
    /// A value in the database that this version does not understand.
    #[error("unreadable {what} in the database: {detail}")]
    Unreadable {
        /// Table and column.
        what: &'static str,
        /// What stood there.
        detail: String,
    },
    /// The schema is newer than this program, or a migration failed.
    #[error("cannot bring the database to this version: {0}")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// Another process dials from this database.
    #[error("another canvass daemon dials from this database ({0})")]
    InUse(String),
}

/// How [`DialingLock::renew`] found the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It was ours all the time.
    StillHeld,
    /// It was lost and is ours again: another process may have dialed meanwhile.
    TakenAgain,
}

/// The right to dial from a database, held by one process at a time. Ends with
/// the process, however that ends.
#[derive(Debug)]
pub enum DialingLock {
    /// A locked file beside the database.
    Sqlite(sqlite::Lock),
    /// A session's advisory lock.
    Postgres(postgres::Lock),
}

impl DialingLock {
    /// Makes sure the lock is still ours, taking it again if the database was
    /// away. [`StoreError::InUse`]: another process has it now.
    pub async fn renew(&mut self) -> Result<Renewed, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(Renewed::StillHeld),
            Self::Postgres(lock) => lock.renew().await,
        }
    }
}

/// A database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// The embedded default.
    Sqlite(sqlite::Sqlite),
    /// For production.
    Postgres(postgres::Postgres),
}

/// Hands a call to whichever engine is in use.
macro_rules! on_engine {
    ($self:ident, $db:ident => $call:expr) => {
        match $self {
            Store::Sqlite($db) => $call,
            Store::Postgres($db) => $call,
        }
    };
}

mod agents_access;
mod audit;
mod audit_rows;
mod block_access;
mod book_access;
mod calls_access;
mod dnc_access;
mod number_use;
mod people_access;
mod resources;
mod settings_access;
mod telling_access;
mod upkeep;

pub use number_use::NumberDay;
pub use telling_access::CampaignVersion;

impl Store {
    /// Opens the database without touching its schema.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Sqlite(path) => sqlite::Sqlite::open(path).await.map(Self::Sqlite),
            Location::Postgres(url) => postgres::Postgres::open(url).await.map(Self::Postgres),
        }
    }

    /// `"sqlite"` or `"postgres"`.
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Brings the schema to this program's version; gives the numbers of the
    /// migrations applied, none if there was nothing to do.
    pub async fn migrate(&self) -> Result<Vec<i64>, StoreError> {
        on_engine!(self, db => db.migrate().await)
    }

    /// Answers if the database does.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_engine!(self, db => db.ping().await)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        on_engine!(self, db => db.close().await)
    }

    /// Takes the right to dial from this database. `owner` is shown to
    /// whoever asks while it is held.
    pub async fn dialing_lock(&self, owner: &str) -> Result<DialingLock, StoreError> {
        match self {
            Self::Sqlite(db) => db.dialing_lock(owner).map(DialingLock::Sqlite),
            Self::Postgres(db) => db.dialing_lock(owner).await.map(DialingLock::Postgres),
        }
    }

    /// This database's id: eight hexadecimal digits, made with it.
    pub async fn installation(&self) -> Result<String, StoreError> {
        on_engine!(self, db => db.installation().await)
    }

    // --- campaigns -------------------------------------------------------

    /// Stores a new draft.
    pub async fn create_campaign(
        &self,
        id: CampaignId,
        name: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        on_engine!(self, db => db.create_campaign(id, name, settings, now).await)
    }

    /// One campaign.
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        on_engine!(self, db => db.campaign(id).await)
    }

    /// Every campaign, newest first.
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        on_engine!(self, db => db.campaigns().await)
    }

    /// The campaigns in `scheduled` or `running`, oldest first.
    pub async fn active_campaigns(&self) -> Result<listing::ActiveCampaigns, StoreError> {
        on_engine!(self, db => db.active_campaigns().await)
    }

    /// Changes a campaign's state if it is in one of `change.from`. The first
    /// change to `running` sets `started_at`; a final state sets `finished_at`.
    /// A campaign with a target due or in a call is not completed: that is a
    /// [`Changed::Conflict`] too, whatever `change.from` says.
    pub async fn change_status(
        &self,
        id: CampaignId,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        on_engine!(self, db => db.change_status(id, change, now).await)
    }

    /// Replaces a campaign's settings if its state allows [`Action::Edit`](crate::campaign::Action::Edit).
    pub async fn set_settings(
        &self,
        id: CampaignId,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        on_engine!(self, db => db.set_settings(id, settings, now).await)
    }

    // --- targets ---------------------------------------------------------

    /// Adds contacts to a campaign, each due at `now`, in the order given;
    /// numbers it already has are skipped, NULs in texts are dropped. One
    /// transaction, which a power cut may undo as a whole. Slices of 5,000 to
    /// 10,000 are fastest.
    pub async fn add_targets(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<Added, StoreError> {
        on_engine!(self, db => db.add_targets(campaign, contacts, now).await)
    }

    /// Targets by status and calls by outcome.
    pub async fn tally(&self, campaign: CampaignId) -> Result<Tally, StoreError> {
        on_engine!(self, db => db.tally(campaign).await)
    }

    /// What is still to be done in a campaign.
    pub async fn remaining(&self, campaign: CampaignId) -> Result<Remaining, StoreError> {
        on_engine!(self, db => db.remaining(campaign).await)
    }

    /// A target's status, attempts used and next due time, by its number.
    pub async fn target_by_number(
        &self,
        campaign: CampaignId,
        number: PhoneNumber,
    ) -> Result<Option<(TargetStatus, u32, Option<Timestamp>)>, StoreError> {
        on_engine!(self, db => db.target_by_number(campaign, number).await)
    }

    /// What a target's list says of the contact, for texts that are spoken.
    pub async fn contact_of(&self, target: TargetId) -> Result<Option<ContactFields>, StoreError> {
        on_engine!(self, db => db.contact_of(target).await)
    }

    /// What the list says of some of a campaign's contacts, whichever come
    /// first: to see which columns it has.
    pub async fn first_contacts(&self, campaign: CampaignId, limit: u32) -> Result<Vec<ContactFields>, StoreError> {
        on_engine!(self, db => db.first_contacts(campaign, limit).await)
    }

    /// The same of some who wait to be called, whoever is due first.
    pub async fn due_contacts(&self, campaign: CampaignId, limit: u32) -> Result<Vec<ContactFields>, StoreError> {
        on_engine!(self, db => db.due_contacts(campaign, limit).await)
    }

    // --- calls -----------------------------------------------------------

    /// Commits a batch in one transaction, as durably as the engine can; gives
    /// one result per claim, in order.
    ///
    /// After [`StoreError::Away`] it is not known whether the batch was
    /// committed: commit the same one again, as often as it takes, before any
    /// other that concerns the same calls. Nothing is applied twice.
    pub async fn commit(&self, batch: &LedgerBatch, now: Timestamp) -> Result<Vec<ClaimResult>, StoreError> {
        on_engine!(self, db => db.commit(batch, now).await)
    }

    /// Every call without an end, oldest first.
    pub async fn open_calls(&self) -> Result<Vec<OpenCall>, StoreError> {
        on_engine!(self, db => db.open_calls().await)
    }

    /// Up to `limit` calls of a campaign after `after`, in order of id, which
    /// is the order of claiming. For reports of any length.
    pub async fn calls_page(
        &self,
        campaign: CampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRow>, StoreError> {
        on_engine!(self, db => db.calls_page(campaign, after, limit).await)
    }

    /// As [`Self::calls_page`], each call with its answers. For results of any
    /// length.
    pub async fn surveyed_calls_page(
        &self,
        campaign: CampaignId,
        after: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<SurveyedCall>, StoreError> {
        self.surveyed_calls_after(campaign, &CallQuery::default(), after, limit).await
    }

    // --- recordings ------------------------------------------------------

    /// The call that a recording belongs to, by the recording's name: of the
    /// whole call or of an answer.
    pub async fn call_of_recording(&self, name: &str) -> Result<Option<CallId>, StoreError> {
        on_engine!(self, db => db.call_of_recording(name).await)
    }

    /// Up to `limit` calls that ended before an instant and have recordings,
    /// in order of id: those whose recordings were kept long enough. Without
    /// those in `except`.
    pub async fn recordings_before(
        &self,
        instant: Timestamp,
        limit: u32,
        except: &[CallId],
    ) -> Result<Vec<RecordedCall>, StoreError> {
        on_engine!(self, db => db.recordings_before(instant, limit, except).await)
    }

    /// Calls that ended from an instant on, with their recordings, up to
    /// `limit` recordings: those that may still be on their switches.
    pub async fn recordings_since(&self, instant: Timestamp, limit: u32) -> Result<Vec<RecordedCall>, StoreError> {
        on_engine!(self, db => db.recordings_since(instant, limit).await)
    }

    /// Notes that the recordings of a call are gone. Spoken answers stay
    /// answers.
    pub async fn forget_recording(&self, call: CallId) -> Result<(), StoreError> {
        on_engine!(self, db => db.forget_recording(call).await)
    }

    // --- surveys ---------------------------------------------------------

    /// Adds a survey; `false`: its name is taken, nothing was changed.
    pub async fn add_survey(&self, survey: &StoredSurvey) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_survey(survey).await)
    }

    /// A survey by its id, as it is written, or its name.
    pub async fn survey(&self, reference: &str) -> Result<Option<StoredSurvey>, StoreError> {
        on_engine!(self, db => db.survey(reference).await)
    }

    /// Every survey, by name.
    pub async fn surveys(&self) -> Result<Vec<StoredSurvey>, StoreError> {
        on_engine!(self, db => db.surveys().await)
    }

    /// Changes what a survey asks, by its id or name, unless a campaign asks it
    /// that is scheduled, running or paused.
    pub async fn update_survey(
        &self,
        reference: &str,
        survey: &Survey,
        now: Timestamp,
    ) -> Result<SurveyUpdated, StoreError> {
        let edit = SurveyEdit { name: None, survey: Some(survey.clone()), if_version: None };
        self.edit_survey(reference, &edit, now).await
    }

    /// Removes a survey, by id or name, unless a campaign asks it that is not
    /// in a final state, or one that has calls: its results need the survey.
    pub async fn remove_survey(&self, reference: &str) -> Result<SurveyRemoved, StoreError> {
        on_engine!(self, db => db.remove_survey(reference).await)
    }

    // --- own numbers -----------------------------------------------------

    /// Makes numbers known, active, without a label; known ones stay as they are.
    pub async fn add_numbers(&self, numbers: &[PhoneNumber], now: Timestamp) -> Result<(), StoreError> {
        on_engine!(self, db => db.add_numbers(numbers, now).await)
    }

    /// Every number of ours, by number.
    pub async fn numbers(&self) -> Result<Vec<OwnNumber>, StoreError> {
        on_engine!(self, db => db.numbers().await)
    }

    /// Switches a number on or off as a caller ID; `false`: not ours.
    pub async fn set_number_active(&self, number: PhoneNumber, active: bool) -> Result<bool, StoreError> {
        on_engine!(self, db => db.set_number_active(number, active).await)
    }

    // --- do-not-call -----------------------------------------------------

    /// Puts a number on the do-not-call list; an entry that is there stays, and
    /// another source is kept beside it. From then on no claim gives it.
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        on_engine!(self, db => db.add_do_not_call(entry).await)
    }

    /// Puts many numbers on the list, all or none; entries that are there stay,
    /// and other sources are kept beside them. Gives how many numbers were new. For slices of thousands, not millions.
    pub async fn add_do_not_call_many(&self, entries: &[DoNotCall]) -> Result<u64, StoreError> {
        on_engine!(self, db => db.add_do_not_call_many(entries).await)
    }

    /// The entry of a number: what named it first.
    pub async fn do_not_call(&self, number: PhoneNumber) -> Result<Option<DoNotCall>, StoreError> {
        on_engine!(self, db => db.do_not_call(number).await)
    }

    // --- media library ---------------------------------------------------

    /// Adds a sound; `false`: its name is taken, nothing was changed.
    pub async fn add_media(&self, media: &Media) -> Result<bool, StoreError> {
        on_engine!(self, db => db.add_media(media).await)
    }

    /// A sound by its id, as it is written, or its name.
    pub async fn media(&self, reference: &str) -> Result<Option<Media>, StoreError> {
        on_engine!(self, db => db.media(reference).await)
    }

    /// Every sound, by name.
    pub async fn media_list(&self) -> Result<Vec<Media>, StoreError> {
        on_engine!(self, db => db.media_list().await)
    }

    /// Removes a sound, by id or name, unless a campaign that is not in a
    /// final state plays it.
    pub async fn remove_media(&self, reference: &str) -> Result<MediaRemoved, StoreError> {
        on_engine!(self, db => db.remove_media(reference).await)
    }
}
