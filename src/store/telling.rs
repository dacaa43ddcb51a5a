//! Webhooks, what they are told, and the audit log, as the store keeps them.

use jiff::Timestamp;
use serde_json::Value;

use crate::webhook::{EventId, EventType, SigningSecret, WebhookId};

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where events are sent.
    pub url: String,
    /// What for, in words.
    pub description: Option<String>,
    /// What it is told of.
    pub events: Vec<EventType>,
    /// Whether it is told anything.
    pub active: bool,
    /// Signs what is sent.
    pub secret: SigningSecret,
    /// The secret before, and until when it signs too.
    pub old_secret: Option<(SigningSecret, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a person last changed it: its version.
    pub updated_at: Timestamp,
    /// The first failure since the last success.
    pub failing_since: Option<Timestamp>,
    /// Why it was switched off, if not by a person.
    pub disabled_reason: Option<String>,
}

/// A change of a webhook. What the daemon noted of its failures is forgotten.
#[derive(Clone, Debug)]
pub struct WebhookEdit {
    /// Where events are sent.
    pub url: String,
    /// What for, in words.
    pub description: Option<String>,
    /// What it is told of.
    pub events: Vec<EventType>,
    /// Whether it is told anything.
    pub active: bool,
    /// The version the change was made from; none: whichever it is.
    pub if_version: Option<Timestamp>,
}

/// What came of a [`WebhookEdit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookEdited {
    /// It is as wished.
    Yes,
    /// Somebody else changed it first.
    Stale,
    /// There is no such webhook.
    NotFound,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// It is sent, or tried again.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was tried for a day, in vain.
    GivenUp,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::GivenUp];

    /// Its name, everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }
}

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The event's id.
    pub event_id: EventId,
    /// What happened.
    pub event: EventType,
    /// What is told.
    pub data: Value,
    /// When it happened.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// When it was last tried.
    pub last_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub last_code: Option<u16>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// How long the last try took, in milliseconds.
    pub last_ms: Option<u32>,
}

/// What came of sending a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The event sent.
    pub event_id: EventId,
    /// When.
    pub at: Timestamp,
    /// The HTTP status of the answer, if there was one.
    pub code: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u32,
    /// What follows.
    pub then: Then,
}

/// What follows a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing: it was taken.
    Done,
    /// It is tried again then.
    Again(Timestamp),
    /// It is tried no more.
    GivenUp,
}

impl Then {
    /// How the delivery stands from then on.
    pub(super) fn standing(self) -> (DeliveryStatus, Option<Timestamp>) {
        match self {
            Self::Done => (DeliveryStatus::Delivered, None),
            Self::Again(at) => (DeliveryStatus::Pending, Some(at)),
            Self::GivenUp => (DeliveryStatus::GivenUp, None),
        }
    }
}

/// Something that happened, on its way to the webhooks.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) id: EventId,
    pub(super) event: EventType,
    pub(super) data: Value,
}

impl Told {
    /// As JSON; what cannot be said in JSON is told without a word.
    pub(super) fn new(event: EventType, data: &impl serde::Serialize, now: Timestamp) -> Self {
        Self { id: EventId::at(now), event, data: serde_json::to_value(data).unwrap_or_default() }
    }
}

/// Something a person or a program did, to be noted.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What: `campaigns.launch`.
    pub action: String,
    /// To what kind of thing.
    pub subject_kind: String,
    /// To which one.
    pub subject_id: Option<String>,
    /// The address it came from.
    pub ip: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// What else is known. Without secrets.
    pub details: Value,
}

/// Something that was noted.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Its number, in order of noting.
    pub id: i64,
    /// What was noted.
    pub entry: AuditEntry,
}

/// Which part of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// By whom.
    pub actor: Option<String>,
    /// What.
    pub action: Option<String>,
    /// To what kind of thing.
    pub subject_kind: Option<String>,
    /// To which one.
    pub subject_id: Option<String>,
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// From where, and which way, the audit log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFrom {
    /// From the newest record backwards.
    Newest,
    /// Backwards from before this one.
    Before(i64),
    /// Forwards from after this one; 0: from the oldest.
    After(i64),
}
