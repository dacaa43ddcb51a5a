//! What can happen.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::number::PhoneNumber;
use crate::store::{Tally, TargetId};

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum EventKind {
    /// A call was claimed: it is in the database and is about to be placed.
    #[serde(rename = "call.created")]
    CallCreated,
    /// The callee's phone rings.
    #[serde(rename = "call.ringing")]
    CallRinging,
    /// The call was answered, by a person or a machine.
    #[serde(rename = "call.answered")]
    CallAnswered,
    /// The call is over, and its outcome is in the database.
    #[serde(rename = "call.ended")]
    CallEnded,
    /// The campaign is new, or in another state.
    #[serde(rename = "campaign.status")]
    CampaignStatus,
    /// The campaign's name or settings were changed.
    #[serde(rename = "campaign.changed")]
    CampaignChanged,
    /// The campaign's figures changed; once a second at most.
    #[serde(rename = "campaign.progress")]
    CampaignProgress,
    /// The campaign is gone.
    #[serde(rename = "campaign.deleted")]
    CampaignDeleted,
}

/// A word that is no kind of event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown event \"{0}\"")]
pub struct UnknownKind(String);

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::CallCreated,
        Self::CallRinging,
        Self::CallAnswered,
        Self::CallEnded,
        Self::CampaignStatus,
        Self::CampaignChanged,
        Self::CampaignProgress,
        Self::CampaignDeleted,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallCreated => "call.created",
            Self::CallRinging => "call.ringing",
            Self::CallAnswered => "call.answered",
            Self::CallEnded => "call.ended",
            Self::CampaignStatus => "campaign.status",
            Self::CampaignChanged => "campaign.changed",
            Self::CampaignProgress => "campaign.progress",
            Self::CampaignDeleted => "campaign.deleted",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// What happened. Small, and without memory of its own where it happens often.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// See [`EventKind::CallCreated`].
    CallCreated {
        /// The call.
        call: CallId,
        /// Whose.
        contact: TargetId,
        /// Whom it calls.
        number: PhoneNumber,
        /// The caller ID shown.
        caller_id: PhoneNumber,
        /// Which attempt it is, from 1.
        attempt: u32,
    },
    /// See [`EventKind::CallRinging`].
    CallRinging {
        /// The call.
        call: CallId,
        /// Whose.
        contact: TargetId,
    },
    /// See [`EventKind::CallAnswered`].
    CallAnswered {
        /// The call.
        call: CallId,
        /// Whose.
        contact: TargetId,
    },
    /// See [`EventKind::CallEnded`].
    CallEnded {
        /// The call.
        call: CallId,
        /// Whose.
        contact: TargetId,
        /// How it ended.
        outcome: Outcome,
        /// Where the contact stands now.
        status: TargetStatus,
        /// Milliseconds from answer to end; none: it was not answered.
        talk_ms: Option<u64>,
    },
    /// See [`EventKind::CampaignStatus`].
    CampaignStatus {
        /// The state it is in now.
        status: CampaignStatus,
        /// Why, where a person should know.
        reason: Option<Arc<str>>,
    },
    /// See [`EventKind::CampaignChanged`].
    CampaignChanged,
    /// See [`EventKind::CampaignProgress`].
    CampaignProgress {
        /// The state it is in.
        status: CampaignStatus,
        /// Its figures.
        tally: Arc<Tally>,
    },
    /// See [`EventKind::CampaignDeleted`].
    CampaignDeleted,
}

impl Happened {
    /// Which kind it is.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::CallCreated { .. } => EventKind::CallCreated,
            Self::CallRinging { .. } => EventKind::CallRinging,
            Self::CallAnswered { .. } => EventKind::CallAnswered,
            Self::CallEnded { .. } => EventKind::CallEnded,
            Self::CampaignStatus { .. } => EventKind::CampaignStatus,
            Self::CampaignChanged => EventKind::CampaignChanged,
            Self::CampaignProgress { .. } => EventKind::CampaignProgress,
            Self::CampaignDeleted => EventKind::CampaignDeleted,
        }
    }
}

/// Something that happened, in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// In which campaign.
    pub campaign: CampaignId,
    /// What.
    pub happened: Happened,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.as_str().into()));
        }
        assert!("call".parse::<EventKind>().is_err());
    }

    /// Tens of thousands are kept.
    #[test]
    fn an_event_is_small() {
        assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
    }
}
