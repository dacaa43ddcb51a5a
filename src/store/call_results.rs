//! One call with everything known of it, and what is said about it afterwards.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::StoreError;
use super::model::{CallRow, TargetId};
use crate::call::{CallId, Completion, GivenAnswer, Outcome, Transcript};
use crate::campaign::CampaignId;
use crate::number::PhoneNumber;

/// What was said about a call afterwards, as far as lists show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallResults {
    /// What came of it, in a word or two.
    pub disposition: Option<String>,
    /// How the callee felt, as the agent says.
    pub sentiment: Option<String>,
    /// What was said, in short.
    pub summary: Option<String>,
    /// What the agent learnt.
    pub extracted_data: Option<Map<String, Value>>,
}

/// A call in a list over all campaigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignCall {
    /// Its campaign.
    pub campaign: CampaignId,
    /// The campaign's name.
    pub campaign_name: String,
    /// The call.
    pub row: CallRow,
}

/// One call, with everything known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallDetail {
    /// The call and its campaign.
    pub call: CampaignCall,
    /// What was answered, in the order it was given.
    pub answers: Vec<GivenAnswer>,
    /// Whether it had a recording that was removed since.
    pub recording_removed: bool,
    /// What a person noted.
    pub notes: Option<String>,
    /// The version of disposition and notes: no two changes share one.
    pub version: Timestamp,
    /// Whether the agent was told not to call again.
    pub opt_out: bool,
    /// Whether the agent reached its aim.
    pub successful: Option<bool>,
    /// Why the agent says it ended.
    pub ended_reason: Option<String>,
    /// How long the agent says it lasted, in milliseconds.
    pub agent_ms: Option<u64>,
    /// What was said.
    pub transcript: Option<Transcript>,
    /// Every disposition it had, oldest first; the last hundred.
    pub dispositions: Vec<DispositionChange>,
    /// When each completion was received, oldest first.
    pub completions: Vec<Timestamp>,
}

/// A disposition a call had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispositionChange {
    /// What it became; none: none.
    pub disposition: Option<String>,
    /// Who said so.
    pub by: SaidBy,
    /// When.
    pub at: Timestamp,
}

/// Who said something about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidBy {
    /// A person, through the API.
    Person,
    /// An agent, by a completion.
    Agent,
}

impl SaidBy {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Person, Self::Agent];

    /// Its name in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Agent => "agent",
        }
    }
}

/// Which calls of all campaigns: the newest come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSearch {
    /// Only those of this campaign.
    pub campaign: Option<CampaignId>,
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
    /// Only those that come after this one in the list.
    pub before: Option<CallId>,
}

/// What a person changes about a call. None: it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallEdit {
    /// What the disposition becomes.
    pub disposition: Option<Option<String>>,
    /// What the notes become.
    pub notes: Option<Option<String>>,
    /// Only if this is still the version.
    pub if_version: Option<Timestamp>,
}

/// What came of a [`CallEdit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallEdited {
    /// It was made.
    Yes,
    /// Somebody else changed it first.
    Stale,
    /// There is no such call.
    NotFound,
}

/// What came of a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// It is kept, and what it says counts.
    Yes,
    /// The same was received before: nothing changed.
    Again,
    /// The call has as many as are kept.
    TooMany,
    /// There is no such call.
    NotFound,
}

/// Completions of one call, at most.
pub(super) const MOST_COMPLETIONS: i64 = 50;

/// Dispositions of one call that are remembered.
pub(super) const DISPOSITIONS_KEPT: i64 = 100;

/// Disposition and notes of a call, as they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) disposition: Option<String>,
    pub(super) by: Option<SaidBy>,
    pub(super) notes: Option<String>,
    pub(super) version: Timestamp,
}

impl Noted {
    /// What they become when a person edits them.
    pub(super) fn edited(&self, edit: &CallEdit, now: Timestamp) -> Self {
        let (disposition, by) = match &edit.disposition {
            Some(said) => (said.clone(), said.as_ref().map(|_| SaidBy::Person)),
            None => (self.disposition.clone(), self.by),
        };
        let notes = edit.notes.clone().unwrap_or_else(|| self.notes.clone());
        self.changed(disposition, by, notes, now)
    }

    /// What they become when an agent says something. A person knows better.
    pub(super) fn completed(&self, completion: &Completion, now: Timestamp) -> Self {
        match (&completion.disposition, self.by) {
            (Some(said), None | Some(SaidBy::Agent)) => {
                self.changed(Some(said.clone()), Some(SaidBy::Agent), self.notes.clone(), now)
            }
            (Some(_), Some(SaidBy::Person)) | (None, _) => self.clone(),
        }
    }

    fn changed(&self, disposition: Option<String>, by: Option<SaidBy>, notes: Option<String>, now: Timestamp) -> Self {
        let new = Self { disposition, by, notes, version: self.version };
        if new == *self {
            return new;
        }
        // Versions only grow, even within one microsecond.
        let next = self.version.as_microsecond().saturating_add(1).max(now.as_microsecond());
        Self { version: Timestamp::from_microsecond(next).unwrap_or(now), ..new }
    }
}

/// What an agent says is kept in whole milliseconds.
pub(super) fn millis(seconds: f64) -> i64 {
    // In range: checked where it comes in, and this cast saturates.
    (seconds * 1_000.0).round() as i64
}

/// Why a number is on the do-not-call list.
pub(super) fn opt_out_reason(call: CallId) -> String {
    format!("told the agent in call {call}")
}

/// An object back from its column.
pub(super) fn object(what: &'static str, json: Value) -> Result<Map<String, Value>, StoreError> {
    match json {
        Value::Object(fields) => Ok(fields),
        other => Err(StoreError::unreadable(what, other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn noted(disposition: Option<&str>, by: Option<SaidBy>) -> Noted {
        let version = at("2026-03-01T09:00:00Z");
        Noted { disposition: disposition.map(str::to_owned), by, notes: None, version }
    }

    fn said(disposition: &str) -> Completion {
        Completion { disposition: Some(disposition.into()), ..Completion::default() }
    }

    #[test]
    fn what_a_person_says_no_agent_changes() {
        let now = at("2026-03-01T10:00:00Z");
        let fresh = noted(None, None);
        let by_agent = fresh.completed(&said("callback"), now);
        assert_eq!((by_agent.disposition.as_deref(), by_agent.by), (Some("callback"), Some(SaidBy::Agent)));
        assert_eq!(by_agent.completed(&said("sold"), now).disposition.as_deref(), Some("sold"));
        let edit = CallEdit { disposition: Some(Some("not interested".into())), ..CallEdit::default() };
        let by_person = by_agent.edited(&edit, now);
        assert_eq!(by_person.completed(&said("sold"), now), by_person);
        // Cleared, it is anybody's again.
        let cleared = by_person.edited(&CallEdit { disposition: Some(None), ..CallEdit::default() }, now);
        assert_eq!((cleared.disposition.clone(), cleared.by), (None, None));
        assert_eq!(cleared.completed(&said("sold"), now).disposition.as_deref(), Some("sold"));
    }

    #[test]
    fn versions_grow_with_changes_and_only_then() {
        let early = at("2026-03-01T08:00:00Z");
        let before = noted(Some("a"), Some(SaidBy::Person));
        assert_eq!(before.edited(&CallEdit::default(), early), before);
        let edit = CallEdit { notes: Some(Some("x".into())), ..CallEdit::default() };
        let after = before.edited(&edit, early);
        assert!(after.version > before.version);
        assert!(after.edited(&CallEdit { notes: Some(None), ..CallEdit::default() }, early).version > after.version);
    }

    #[test]
    fn seconds_become_milliseconds() {
        assert_eq!(millis(42.5004), 42_500);
        assert_eq!(millis(f64::NAN), 0);
    }
}
