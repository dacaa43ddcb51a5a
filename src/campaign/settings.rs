//! What a campaign may be told, with defaults and limits.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::KEYS;
use super::{Amd, CallingHours, FrequencyCap, RetryOn, TransferSetting, Voicemail};
use crate::agent::AgentId;
use crate::contact::ContactGroupId;
use crate::number::PhoneNumber;

/// The settings of a campaign. Stored as one JSON object, written by users in
/// a campaign file; unknown names are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Caller IDs (E.164), drawn in turn by `pool_strategy`.
    pub number_pool: Vec<PhoneNumber>,
    /// How a caller ID is drawn from the pool.
    pub pool_strategy: PoolStrategy,
    /// Calls of this campaign in progress from one caller ID at once, at most;
    /// none: no such limit. 1 to 10,000.
    pub max_calls_per_number: Option<u32>,
    /// Calls in progress at once, at most. 1 to 10,000.
    pub max_concurrent: u32,
    /// Calls started per minute, at most; none: no such limit. 1 to 600,000.
    pub calls_per_minute: Option<u32>,
    /// Pause between the starts of two calls, in milliseconds. 0 to 3,600,000.
    pub throttle_ms: u32,
    /// Further attempts after the first, by the rule of `retry_on`. 0 to 100.
    pub retry_attempts: u32,
    /// Minutes between two attempts. 0 to 43,200 (30 days).
    pub retry_delay_minutes: u32,
    /// Which outcomes are worth another attempt.
    pub retry_on: RetryOn,
    /// Seconds a call may ring before it counts as not answered. 5 to 180.
    pub ring_seconds: u32,
    /// Seconds a call may last from answer; it is hung up then. 5 to 14,400.
    pub max_call_seconds: u32,
    /// What is played to a person who answers, in sequence. Each is a sound of
    /// the media library by name or id, a file (ends in `.wav` or holds a `/`;
    /// relative to `media.folder` or absolute), or a text to be spoken,
    /// `say:Hello {{first_name}}`. At most 20; none and no survey: the call is
    /// hung up on answer.
    pub prompts: Vec<String>,
    /// The survey asked after the prompts, by name or id.
    pub survey: Option<String>,
    /// Whether a key stops the prompts and goes on with the survey.
    pub barge_in: bool,
    /// The key by which a callee opts out at any time: the number goes on the
    /// do-not-call list before the call is over. Empty: there is none.
    #[serde(with = "key")]
    pub opt_out_digit: Option<char>,
    /// What confirms the opt-out, before the call is hung up.
    pub opt_out_prompt: Option<String>,
    /// The key that connects the callee with somebody.
    pub transfer: Option<TransferSetting>,
    /// How machines are told from people.
    pub amd: Amd,
    /// What happens when a machine answers.
    pub voicemail: Voicemail,
    /// The AI agent that talks with whoever answers, by its id. A campaign with
    /// an agent cannot be launched yet.
    pub agent_id: Option<AgentId>,
    /// Whether calls are recorded, from answer to end.
    pub recording: bool,
    /// Groups of saved contacts that are called too: whoever is a member when
    /// the campaign is launched becomes a contact of it then, after those it
    /// has, unless it has the number. At most 50.
    pub contact_group_ids: Vec<ContactGroupId>,
    /// The hours in which it calls; none: at any hour the law allows.
    pub calling_hours: Option<CallingHours>,
    /// Whoever answered a call of any campaign within so many days is skipped.
    /// 0 (nobody is) to 365.
    pub skip_answered_within_days: u32,
    /// Whether numbers may be called that were called before, by this or
    /// another campaign. Without it nobody is called twice, retries included.
    pub allow_recalling: bool,
    /// How often a number may be called, counting the attempts of all
    /// campaigns; the organization's caps hold besides. At most 10.
    pub frequency_caps: Vec<FrequencyCap>,
    /// Whether only contacts are called whose `consent` says so.
    pub require_consent: bool,
    /// The name of the only switch that may carry the calls; none: any.
    pub switch: Option<String>,
    /// The name of the trunk on the switch; none: the switch's default.
    pub trunk: Option<String>,
}

/// Entries of `contact_group_ids`, at most.
pub const MOST_GROUPS: usize = 50;

/// Entries of `prompts`, at most.
const MOST_PROMPTS: usize = 20;

/// How a caller ID is drawn from a campaign's pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolStrategy {
    /// In the pool's order, one after the other.
    #[default]
    RoundRobin,
    /// The one whose last call is longest ago, whichever campaign made it.
    LeastRecentlyUsed,
    /// One of the callee's area code, else of their state, else in turn.
    LocalPresence,
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// The name of the setting.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A key that may be missing, written as text: `"9"`, or `""` for none.
mod key {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(key: &Option<char>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&key.map(String::from).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<char>, D::Error> {
        let text = Option::<String>::deserialize(from)?.unwrap_or_default();
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (key, None) => Ok(key),
            (_, Some(_)) => Err(serde::de::Error::custom(format!("opt_out_digit: {text:?} is not one key"))),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            number_pool: Vec::new(),
            pool_strategy: PoolStrategy::default(),
            max_calls_per_number: None,
            max_concurrent: 1,
            calls_per_minute: None,
            throttle_ms: 0,
            retry_attempts: 0,
            retry_delay_minutes: 60,
            retry_on: RetryOn::default(),
            ring_seconds: 30,
            max_call_seconds: 300,
            prompts: Vec::new(),
            survey: None,
            barge_in: true,
            opt_out_digit: Some('9'),
            opt_out_prompt: None,
            transfer: None,
            amd: Amd::default(),
            voicemail: Voicemail::default(),
            agent_id: None,
            recording: false,
            contact_group_ids: Vec::new(),
            calling_hours: None,
            skip_answered_within_days: 0,
            allow_recalling: true,
            frequency_caps: Vec::new(),
            require_consent: false,
            switch: None,
            trunk: None,
        }
    }
}

impl Settings {
    /// Every setting that is out of range, not only the first.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut within = |field, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                let message = format!("is {value}, must be from {low} to {high}");
                errors.push(FieldError { field, message });
            }
        };
        within("max_concurrent", self.max_concurrent, 1, 10_000);
        within("max_calls_per_number", self.max_calls_per_number.unwrap_or(1), 1, 10_000);
        within("calls_per_minute", self.calls_per_minute.unwrap_or(1), 1, 600_000);
        within("throttle_ms", self.throttle_ms, 0, 3_600_000);
        within("retry_attempts", self.retry_attempts, 0, 100);
        within("retry_delay_minutes", self.retry_delay_minutes, 0, 43_200);
        within("ring_seconds", self.ring_seconds, 5, 180);
        within("max_call_seconds", self.max_call_seconds, 5, 14_400);
        within("skip_answered_within_days", self.skip_answered_within_days, 0, 365);
        if let Some(hours) = &self.calling_hours {
            hours.check(&mut errors);
        }
        if let Some(message) = FrequencyCap::check(&self.frequency_caps) {
            errors.push(FieldError { field: "frequency_caps", message });
        }
        if self.prompts.len() > MOST_PROMPTS {
            let message = format!("has {} entries, may have {MOST_PROMPTS}", self.prompts.len());
            errors.push(FieldError { field: "prompts", message });
        }
        if let Some(digit) = self.opt_out_digit.filter(|digit| !KEYS.contains(*digit)) {
            let message = format!("is {digit:?}, must be 0 to 9, * or #, or empty");
            errors.push(FieldError { field: "opt_out_digit", message });
        }
        if let Some(transfer) = &self.transfer {
            transfer.check(&mut errors);
            if self.opt_out_digit == Some(transfer.digit) {
                let message = format!("is {}, the opt-out key", transfer.digit);
                errors.push(FieldError { field: "transfer.digit", message });
            }
        }
        self.amd.check(&mut errors);
        self.voicemail.check(&self.amd, &mut errors);
        if self.contact_group_ids.len() > MOST_GROUPS {
            let message = format!("has {} entries, may have {MOST_GROUPS}", self.contact_group_ids.len());
            errors.push(FieldError { field: "contact_group_ids", message });
        }
        let mut groups = std::collections::HashSet::new();
        for group in &self.contact_group_ids {
            if !groups.insert(group) {
                errors.push(FieldError { field: "contact_group_ids", message: format!("{group} stands twice") });
            }
        }
        let mut seen = std::collections::HashSet::new();
        for number in &self.number_pool {
            if !seen.insert(number) {
                errors.push(FieldError { field: "number_pool", message: format!("{number} stands twice") });
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Every entry that names a sound, with the setting it stands in.
    pub fn sounds(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let transfer = self.transfer.as_ref();
        let prompts = self.prompts.iter().map(|prompt| ("prompts", prompt));
        prompts
            .chain(self.voicemail.prompt.iter().map(|prompt| ("voicemail.prompt", prompt)))
            .chain(self.opt_out_prompt.iter().map(|prompt| ("opt_out_prompt", prompt)))
            .chain(transfer.and_then(|to| to.prompt.as_ref()).map(|prompt| ("transfer.prompt", prompt)))
            .chain(transfer.and_then(|to| to.failed_prompt.as_ref()).map(|prompt| ("transfer.failed_prompt", prompt)))
    }

    /// How long a call may ring.
    pub fn ring_timeout(&self) -> Duration {
        Duration::from_secs(self.ring_seconds.into())
    }

    /// How long a call may last from answer.
    pub fn max_call(&self) -> Duration {
        Duration::from_secs(self.max_call_seconds.into())
    }

    /// The pause between two attempts.
    pub fn retry_delay(&self) -> Duration {
        Duration::from_secs(u64::from(self.retry_delay_minutes) * 60)
    }

    /// The least time between the starts of two calls, by throttle and pace.
    pub fn start_interval(&self) -> Duration {
        let throttle = Duration::from_millis(self.throttle_ms.into());
        let pace = self.calls_per_minute.map_or(Duration::ZERO, |n| Duration::from_secs(60) / n.max(1));
        throttle.max(pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::VoicemailAction;

    #[test]
    fn defaults_are_the_documented_ones() {
        let settings = Settings::default();
        assert_eq!((settings.max_concurrent, settings.retry_attempts, settings.retry_delay_minutes), (1, 0, 60));
        assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = Settings {
            max_concurrent: 0,
            ring_seconds: 1,
            calls_per_minute: Some(0),
            prompts: vec!["a.wav".into(); 21],
            opt_out_digit: Some('x'),
            voicemail: Voicemail { action: VoicemailAction::LeaveMessage, prompt: None },
            ..Settings::default()
        };
        let fields: Vec<_> = wrong.check().expect_err("refused").into_iter().map(|e| e.field).collect();
        assert_eq!(
            fields,
            ["max_concurrent", "calls_per_minute", "ring_seconds", "prompts", "opt_out_digit", "voicemail.prompt"]
        );
    }

    #[test]
    fn the_slower_of_throttle_and_pace_counts() {
        let settings = Settings { throttle_ms: 100, calls_per_minute: Some(60), ..Settings::default() };
        assert_eq!(settings.start_interval(), Duration::from_secs(1));
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(serde_json::from_str::<Settings>(r#"{"max_concurent": 3}"#).is_err());
    }
}
