//! What webhooks are told of, and what is said.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::{ContextV7, Uuid};

use crate::call::{Given, GivenAnswer, Outcome};
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::number::PhoneNumber;
use crate::store::{CallRow, Campaign, DoNotCall, Tally};

/// What a webhook can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    /// A call was answered, by a person or a machine, and goes on.
    #[serde(rename = "call.answered")]
    CallAnswered,
    /// A call is over, answered or not.
    #[serde(rename = "call.ended")]
    CallEnded,
    /// A call is over in which a survey was answered to its end.
    #[serde(rename = "survey.completed")]
    SurveyCompleted,
    /// A campaign is to start later.
    #[serde(rename = "campaign.scheduled")]
    CampaignScheduled,
    /// A campaign runs for the first time.
    #[serde(rename = "campaign.started")]
    CampaignStarted,
    /// A campaign places no calls for now; `reason` says why if no person did it.
    #[serde(rename = "campaign.paused")]
    CampaignPaused,
    /// A paused campaign goes on.
    #[serde(rename = "campaign.resumed")]
    CampaignResumed,
    /// Nobody is left to call.
    #[serde(rename = "campaign.completed")]
    CampaignCompleted,
    /// A campaign was stopped for good.
    #[serde(rename = "campaign.cancelled")]
    CampaignCancelled,
    /// A campaign cannot go on.
    #[serde(rename = "campaign.failed")]
    CampaignFailed,
    /// A number was put on the do-not-call list.
    #[serde(rename = "dnc.added")]
    DncAdded,
    /// Sent only when somebody asks for a test.
    #[serde(rename = "webhook.test")]
    Test,
}

/// A word that is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown event \"{0}\"")]
pub struct UnknownEvent(String);

impl EventType {
    /// Every event, the test last.
    pub const ALL: [Self; 12] = [
        Self::CallAnswered,
        Self::CallEnded,
        Self::SurveyCompleted,
        Self::CampaignScheduled,
        Self::CampaignStarted,
        Self::CampaignPaused,
        Self::CampaignResumed,
        Self::CampaignCompleted,
        Self::CampaignCancelled,
        Self::CampaignFailed,
        Self::DncAdded,
        Self::Test,
    ];

    /// Its name, everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallAnswered => "call.answered",
            Self::CallEnded => "call.ended",
            Self::SurveyCompleted => "survey.completed",
            Self::CampaignScheduled => "campaign.scheduled",
            Self::CampaignStarted => "campaign.started",
            Self::CampaignPaused => "campaign.paused",
            Self::CampaignResumed => "campaign.resumed",
            Self::CampaignCompleted => "campaign.completed",
            Self::CampaignCancelled => "campaign.cancelled",
            Self::CampaignFailed => "campaign.failed",
            Self::DncAdded => "dnc.added",
            Self::Test => "webhook.test",
        }
    }

    /// What to tell of a campaign that came into a state; none: nothing.
    /// `ran`: it has run before.
    pub fn of_status(to: CampaignStatus, ran: bool) -> Option<Self> {
        match to {
            CampaignStatus::Draft => None,
            CampaignStatus::Scheduled => Some(Self::CampaignScheduled),
            CampaignStatus::Running if ran => Some(Self::CampaignResumed),
            CampaignStatus::Running => Some(Self::CampaignStarted),
            CampaignStatus::Paused => Some(Self::CampaignPaused),
            CampaignStatus::Completed => Some(Self::CampaignCompleted),
            CampaignStatus::Cancelled => Some(Self::CampaignCancelled),
            CampaignStatus::Failed => Some(Self::CampaignFailed),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        Self::ALL.into_iter().find(|event| event.as_str() == text).ok_or_else(|| UnknownEvent(text.to_owned()))
    }
}

/// An event's id: a UUIDv7 of the time of the event, the same for every webhook
/// that is told of it and in every delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl EventId {
    /// A fresh id, of something that happened then.
    pub fn at(at: Timestamp) -> Self {
        let seconds = u64::try_from(at.as_second()).unwrap_or(0);
        let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
        // Without a counter: ids of one instant are in no order.
        let context = ContextV7::new();
        Self(Uuid::new_v7(uuid::Timestamp::from_unix(&context, seconds, nanos)))
    }

    /// Before every id of that instant or later.
    pub fn before(at: Timestamp) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0) & 0xffff_ffff_ffff;
        Self(Uuid::from_u128(u128::from(millis) << 80))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// The body of a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryBody)]
pub struct Envelope {
    /// The event's id: who gets it twice, knows it by this.
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub event: EventType,
    /// When.
    pub created_at: Timestamp,
    /// What there is to say: a `WebhookCall`, `WebhookCampaign` or
    /// `WebhookDoNotCall`; of a test, nothing.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// What is told of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookCall)]
pub struct CallTold {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub call_id: crate::call::CallId,
    /// Its campaign.
    pub campaign_id: CampaignId,
    /// The campaign's name.
    pub campaign_name: String,
    /// Whom it called.
    pub contact: ContactTold,
    /// Which attempt it was, from 1.
    #[schema(example = 1)]
    pub attempt: u32,
    /// The caller ID shown.
    pub caller_id: PhoneNumber,
    /// The switch that carried it.
    pub switch: String,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When the phone began to ring.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended; none: it goes on.
    pub ended_at: Option<Timestamp>,
    /// Seconds from answer to end.
    #[schema(example = 42.5)]
    pub talk_seconds: Option<f64>,
    /// How it ended; none: it goes on.
    pub outcome: Option<Outcome>,
    /// The switch's cause (Q.850).
    #[schema(example = 16)]
    pub cause: Option<u16>,
    /// The SIP response that ended it.
    #[schema(example = 486)]
    pub sip_status: Option<u16>,
    /// In words, where there is more to say.
    pub detail: Option<String>,
    /// Who answered, as detected: `human`, `machine`, `unsure`, `fax` or `sit`.
    pub detected: Option<String>,
    /// The message was left on a machine, to its end.
    pub message_left: bool,
    /// How far the survey got: `partial` or `complete`.
    pub survey: Option<String>,
    /// What was answered so far.
    pub answers: Vec<AnswerTold>,
    /// The callee pressed the opt-out key.
    pub opted_out: bool,
    /// How the transfer went: `tried`, `connected` or `failed`.
    pub transfer: Option<String>,
    /// The name of its recording.
    pub recording: Option<String>,
}

/// What is told of the contact of a call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookContact)]
pub struct ContactTold {
    /// Its id in the campaign.
    #[schema(example = 17)]
    pub id: i64,
    /// Its number.
    pub phone_number: PhoneNumber,
    /// Its name.
    pub name: Option<String>,
    /// Where it stands now.
    pub status: TargetStatus,
    /// The other columns of its list.
    #[schema(value_type = Object)]
    pub variables: Value,
}

/// An answer to a question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookAnswer)]
pub struct AnswerTold {
    /// The question's name in its survey.
    pub question: String,
    /// How it was given: `key`, `speech` or `nothing`.
    #[schema(example = "key")]
    pub given: String,
    /// The key pressed.
    #[schema(example = "1")]
    pub digit: Option<String>,
    /// What that key means.
    #[schema(example = "yes")]
    pub label: Option<String>,
    /// The name of the recording of a spoken answer.
    pub recording: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What is told of a campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookCampaign)]
pub struct CampaignTold {
    /// Its id.
    pub campaign_id: CampaignId,
    /// Its name.
    pub name: String,
    /// The state it is in now.
    pub status: CampaignStatus,
    /// Why, where a person should know.
    pub reason: Option<String>,
    /// When it is to start, or was.
    pub scheduled_at: Option<Timestamp>,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it ended for good.
    pub finished_at: Option<Timestamp>,
    /// Its contacts by status; statuses nobody is in are left out.
    pub contacts: BTreeMap<String, u64>,
    /// Its ended calls by outcome; outcomes no call had are left out.
    pub calls: BTreeMap<String, u64>,
}

/// What is told of an entry of the do-not-call list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDoNotCall)]
pub struct DncTold {
    /// The number that is never called.
    pub phone_number: PhoneNumber,
    /// Why.
    pub reason: Option<String>,
    /// Where the wish came from: `key`, `api`, `import`, `manual`, …
    #[schema(example = "key")]
    pub source: String,
    /// Since when.
    pub added_at: Timestamp,
}

impl CallTold {
    /// What there is to tell.
    pub(crate) fn of(
        row: CallRow,
        campaign: CampaignId,
        campaign_name: String,
        variables: Value,
        answers: Vec<GivenAnswer>,
    ) -> Self {
        let (facts, talk) = (row.facts.clone(), row.facts.talk);
        let talk_seconds = facts.answered_at.zip(facts.ended_at).map(|(from, to)| to.duration_since(from));
        Self {
            call_id: row.call,
            campaign_id: campaign,
            campaign_name,
            contact: ContactTold {
                id: row.target.0,
                phone_number: row.number,
                name: row.name,
                status: row.target_status,
                variables,
            },
            attempt: row.attempt,
            caller_id: row.caller_id,
            switch: row.switch,
            created_at: row.created_at,
            ringing_at: facts.ringing_at,
            answered_at: facts.answered_at,
            ended_at: facts.ended_at,
            talk_seconds: talk_seconds.map(|talk| talk.as_secs_f64().max(0.0)),
            outcome: row.outcome,
            cause: facts.cause.map(|cause| cause.0),
            sip_status: facts.sip.map(|sip| sip.0),
            detail: facts.detail,
            detected: talk.detected.map(|detected| detected.answer),
            message_left: talk.message_left,
            survey: talk.survey.map(|state| state.as_str().to_owned()),
            answers: answers.into_iter().map(AnswerTold::of).collect(),
            opted_out: talk.opted_out,
            transfer: talk.transfer.map(|state| state.as_str().to_owned()),
            recording: talk.recording,
        }
    }
}

impl AnswerTold {
    fn of(answer: GivenAnswer) -> Self {
        let (given, digit, label, recording) = match answer.given {
            Given::Key { digit, label } => ("key", Some(digit.to_string()), Some(label), None),
            Given::Speech { recording } => ("speech", None, None, Some(recording).filter(|name| !name.is_empty())),
            Given::Nothing => ("nothing", None, None, None),
        };
        Self { question: answer.question, given: given.to_owned(), digit, label, recording, at: answer.at }
    }
}

impl CampaignTold {
    /// What there is to tell.
    pub(crate) fn of(campaign: Campaign, tally: &Tally) -> Self {
        Self {
            campaign_id: campaign.id,
            name: campaign.name,
            status: campaign.status,
            reason: campaign.reason,
            scheduled_at: campaign.scheduled_at,
            started_at: campaign.started_at,
            finished_at: campaign.finished_at,
            contacts: tally.targets.iter().map(|(status, n)| (status.to_string(), *n)).collect(),
            calls: tally.outcomes.iter().map(|(outcome, n)| (outcome.to_string(), *n)).collect(),
        }
    }
}

impl From<&DoNotCall> for DncTold {
    fn from(entry: &DoNotCall) -> Self {
        Self {
            phone_number: entry.number,
            reason: entry.reason.clone(),
            source: entry.source.clone(),
            added_at: entry.added_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for event in EventType::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
            assert_eq!(serde_json::to_value(event).ok(), Some(event.as_str().into()));
        }
        assert!("call.lost".parse::<EventType>().is_err());
    }

    #[test]
    fn ids_are_in_order_of_time() {
        let at: Timestamp = "2026-03-01T09:00:00.123Z".parse().expect("an instant");
        let later: Timestamp = "2026-03-01T09:00:00.124Z".parse().expect("an instant");
        let (id, next) = (EventId::at(at), EventId::at(later));
        assert_eq!(id.0.get_version_num(), 7);
        assert!(EventId::before(at) < id && id < EventId::before(later) && EventId::before(later) < next);
        assert_ne!(EventId::at(at), EventId::at(at));
        let _ = EventId::at(Timestamp::MIN);
    }

    #[test]
    fn a_state_has_its_event() {
        use CampaignStatus as S;
        assert_eq!(EventType::of_status(S::Running, false), Some(EventType::CampaignStarted));
        assert_eq!(EventType::of_status(S::Running, true), Some(EventType::CampaignResumed));
        assert_eq!(EventType::of_status(S::Draft, true), None);
    }
}
