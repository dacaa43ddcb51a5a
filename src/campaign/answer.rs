//! What a campaign does when somebody answers, as users write it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::FieldError;
use crate::audio::amd::Params;
use crate::number::PhoneNumber;
use crate::switch::PartyTemplate;

/// What happens when a machine answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Voicemail {
    /// Hang up, or leave a message.
    pub action: VoicemailAction,
    /// The message: an entry as in `prompts`.
    pub prompt: Option<String>,
}

/// What is done with a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoicemailAction {
    /// Hang up at once.
    #[default]
    HangUp,
    /// Wait for the beep, play the message, hang up.
    LeaveMessage,
}

/// How machines are told from people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Amd {
    /// Who listens.
    pub mode: AmdMode,
    /// Whom to treat somebody as who cannot be told: `human` or `machine`.
    pub unsure: Unsure,
    /// Milliseconds until a decision, at most; then: unsure. 1,000 to 30,000;
    /// none: 7,000.
    pub max_ms: Option<u32>,
    /// Milliseconds of silence before the first word; then: unsure.
    pub initial_silence_ms: Option<u32>,
    /// Milliseconds of greeting, pauses included, that are a machine's.
    pub greeting_ms: Option<u32>,
    /// Milliseconds of silence after which a greeting is over: person or machine,
    /// whatever is likely; where neither is, it is listened to further.
    pub after_greeting_silence_ms: Option<u32>,
    /// Milliseconds of silence that it takes at least to say it is a person.
    pub after_word_silence_ms: Option<u32>,
    /// How sure the detector must be that it is a person to say so before the
    /// silence is long, in per cent. Less is sooner, and takes more machines
    /// for people. 50 to 100; none: 99.
    pub certainty: Option<u8>,
    /// Seconds to wait for the beep, from the decision; then the message is
    /// left without one. 1 to 120; none: 30.
    pub beep_seconds: Option<u32>,
}

/// Who listens for machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmdMode {
    /// Nobody: whoever answers is a person.
    #[default]
    Off,
    /// The daemon's own detector, on either switch.
    Builtin,
    /// The switch's own: Asterisk's `AMD()` (needs `dialplan/`), FreeSWITCH's
    /// `avmd` (hears the beep only).
    Switch,
}

/// Whom somebody is treated as who cannot be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unsure {
    /// A person.
    #[default]
    Human,
    /// A machine.
    Machine,
}

/// A key that connects the callee with somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferSetting {
    /// The key: `0`–`9`, `*` or `#`.
    pub digit: char,
    /// Whom: `{ extension = "100" }`, `{ queue = "sales" }` or
    /// `{ number = "+15550001111" }`.
    pub to: TransferTo,
    /// What they see: `own` (the caller ID of the call) or `callee`.
    #[serde(default)]
    pub caller_id: TransferCallerId,
    /// Seconds they may ring. 5 to 120.
    #[serde(default = "TransferSetting::ring_seconds")]
    pub ring_seconds: u32,
    /// Seconds both may talk. 60 to 14,400.
    #[serde(default = "TransferSetting::max_seconds")]
    pub max_seconds: u32,
    /// What the callee hears before: an entry as in `prompts`.
    #[serde(default)]
    pub prompt: Option<String>,
    /// What the callee hears if nobody could be reached.
    #[serde(default)]
    pub failed_prompt: Option<String>,
}

/// Whom a call is transferred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferTo {
    /// An extension of the switch, by its `extension_endpoint`.
    Extension(String),
    /// A queue of the switch, by its `queue_endpoint`.
    Queue(String),
    /// A number, through the campaign's trunk.
    Number(PhoneNumber),
}

/// What the party a call is transferred to sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferCallerId {
    /// The caller ID of the call: one of our numbers.
    #[default]
    Own,
    /// The callee's number.
    Callee,
}

/// The keys a callee may press to opt out or to be transferred.
pub(super) const KEYS: &str = "0123456789*#";

impl TransferSetting {
    fn ring_seconds() -> u32 {
        30
    }

    fn max_seconds() -> u32 {
        3_600
    }

    pub(super) fn check(&self, errors: &mut Vec<FieldError>) {
        let mut wrong = |field, message: String| errors.push(FieldError { field, message });
        if !KEYS.contains(self.digit) {
            wrong("transfer.digit", format!("is {:?}, must be 0 to 9, * or #", self.digit));
        }
        if !(5..=120).contains(&self.ring_seconds) {
            wrong("transfer.ring_seconds", format!("is {}, must be from 5 to 120", self.ring_seconds));
        }
        if !(60..=14_400).contains(&self.max_seconds) {
            wrong("transfer.max_seconds", format!("is {}, must be from 60 to 14400", self.max_seconds));
        }
        let name = match &self.to {
            TransferTo::Extension(name) | TransferTo::Queue(name) => name,
            TransferTo::Number(_) => return,
        };
        // It becomes part of an endpoint: nothing there may end it.
        if name.is_empty() || name.len() > 64 || !name.chars().all(PartyTemplate::allows) {
            let message = format!("is {name:?}, must have 1 to 64 letters, digits or + - _ .");
            wrong("transfer.to", message);
        }
    }
}

impl Amd {
    /// The detector's settings.
    pub fn params(&self) -> Params {
        let default = Params::default();
        Params {
            total_analysis_time: self.max_ms.unwrap_or(default.total_analysis_time),
            initial_silence: self.initial_silence_ms.unwrap_or(default.initial_silence),
            greeting: self.greeting_ms.unwrap_or(default.greeting),
            after_greeting_silence: self.after_greeting_silence_ms.unwrap_or(default.after_greeting_silence),
            after_word_silence: self.after_word_silence_ms.unwrap_or(default.after_word_silence),
            certainty: self.certainty.unwrap_or(default.certainty),
            ..default
        }
    }

    /// How long the beep is waited for.
    pub fn beep_wait(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.beep_seconds.unwrap_or(30).into())
    }

    pub(super) fn check(&self, errors: &mut Vec<FieldError>) {
        let max = self.max_ms.unwrap_or(7_000);
        if !(1_000..=30_000).contains(&max) {
            let message = format!("is {max}, must be from 1000 to 30000");
            errors.push(FieldError { field: "amd.max_ms", message });
        }
        let beep = self.beep_seconds.unwrap_or(30);
        if !(1..=120).contains(&beep) {
            let message = format!("is {beep}, must be from 1 to 120");
            errors.push(FieldError { field: "amd.beep_seconds", message });
        }
        if let Err(error) = self.params().check() {
            errors.push(FieldError { field: "amd", message: error.to_string() });
        }
    }
}

impl Voicemail {
    pub(super) fn check(&self, amd: &Amd, errors: &mut Vec<FieldError>) {
        let mut wrong = |field, message: &str| errors.push(FieldError { field, message: message.to_owned() });
        match (self.action, &self.prompt) {
            (VoicemailAction::LeaveMessage, None) => wrong("voicemail.prompt", "is missing: what is the message?"),
            (VoicemailAction::LeaveMessage, Some(_)) if amd.mode == AmdMode::Off => {
                wrong("amd.mode", "is off: no machine would be noticed to leave the message on");
            }
            (VoicemailAction::HangUp, Some(_)) => {
                wrong("voicemail.action", "is hang_up though there is a message: leave_message plays it");
            }
            (VoicemailAction::LeaveMessage, Some(_)) | (VoicemailAction::HangUp, None) => {}
        }
    }
}
