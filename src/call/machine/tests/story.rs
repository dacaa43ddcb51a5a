//! A call, told event by event; what the machine does is told back in words.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::{Action, Machine, Plan};
use crate::audio::amd::{Answer, Reason, Verdict};
use crate::call::{CallId, Cause, Given, GivenAnswer, Report, Script, Sound, compile};
use crate::campaign::Settings;
use crate::number::PhoneNumber;
use crate::survey::Survey;
use crate::switch::{CallEvent, HungUp, TransferEvent};

/// Every sound takes so long, but one whose name begins with `?`: nobody knows
/// how long that is.
pub(super) const LENGTH: u64 = 10;
pub(super) const RING: u64 = 30;
pub(super) const MAX_CALL: u64 = 300;

/// A survey with a branch, a question by speaking and all that may go wrong.
const SURVEY: &str = r##"{
    "closing": ["thanks"],
    "questions": [
        {"id": "owner", "prompts": ["owner"], "invalid": ["wrong"], "timeout_seconds": 5, "retries": 1,
         "no_answer": "end",
         "choices": [{"digit": "1", "label": "Yes"}, {"digit": "2", "label": "No", "next": "why"},
                     {"digit": "*", "label": "Enough", "next": "end"}]},
        {"id": "score", "prompts": ["score", "scale"], "retries": 0,
         "choices": [{"digit": "1", "label": "Good", "next": "end"}, {"digit": "#", "label": "Bad"}]},
        {"id": "why", "prompts": ["why"], "spoken": {"max_seconds": 30, "silence_seconds": 3}, "no_answer": "owner"}
    ]
}"##;

#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) machine: Machine,
    pub(super) now: Timestamp,
    call: CallId,
    /// All that was done so far.
    pub(super) log: Vec<Action>,
}

/// Settings, as a user writes them.
pub(super) fn settings(json: &str) -> Settings {
    let settings: Settings = serde_json::from_str(json).expect("settings");
    settings.check().expect("sound settings");
    settings
}

pub(super) fn the_survey() -> Survey {
    serde_json::from_str(SURVEY).expect("a survey")
}

pub(super) fn script(settings: &Settings, survey: Option<&Survey>, switch_waits: bool) -> Script {
    let sound = |entry: &str| {
        let length = (!entry.starts_with('?')).then_some(Duration::from_secs(LENGTH));
        Some(Sound { file: entry.to_owned(), length })
    };
    let agent = ("PJSIP/100".to_owned(), PhoneNumber::from_e164("+15550000001").expect("a number"));
    compile(settings, survey, sound, Some(agent), switch_waits).expect("a script")
}

impl Story {
    pub(super) fn of(script: Script) -> Self {
        let now = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let call = CallId::new();
        let plan = Plan {
            call,
            script: Arc::new(script),
            ring_timeout: Duration::from_secs(RING),
            max_call: Duration::from_secs(MAX_CALL),
        };
        Self { machine: Machine::new(plan, now), now, call, log: Vec::new() }
    }

    /// A call that plays prompts, if any.
    pub(super) fn with(json: &str) -> Self {
        Self::of(script(&settings(json), None, true))
    }

    /// A call with the survey, an intro, and both keys.
    pub(super) fn survey() -> Self {
        let json = r#"{"prompts": ["intro", "more"], "opt_out_prompt": "gone",
            "transfer": {"digit": "0", "to": {"extension": "100"}, "prompt": "hold", "failed_prompt": "sorry"}}"#;
        Self::of(script(&settings(json), Some(&the_survey()), true))
    }

    /// The same, answered, at its first question.
    pub(super) fn at_owner() -> Self {
        let mut story = Self::survey();
        story.answer();
        story.played();
        assert_eq!(story.played(), ["play owner"]);
        story
    }

    /// The same, with the spoken question asked.
    pub(super) fn at_why() -> Self {
        let mut story = Self::at_owner();
        story.played();
        assert_eq!(story.key('2'), ["note 1 owner: 2 No", "play why"]);
        story
    }

    pub(super) fn tell(&mut self, actions: Vec<Action>) -> Vec<String> {
        let told = actions.iter().map(|action| self.words(action)).collect();
        self.log.extend(actions);
        told
    }

    fn words(&self, action: &Action) -> String {
        let name = |name: &str| name.replace(&self.call.to_string(), "CALL");
        match action {
            Action::Play(file) => format!("play {file}"),
            Action::StopPlayback => "stop".into(),
            Action::Detect => "listen".into(),
            Action::StopDetecting => "stop listening".into(),
            Action::Record { name: of, .. } => format!("record {}", name(of)),
            Action::StopRecording { name: of, .. } => format!("stop recording {}", name(of)),
            Action::Transfer => "transfer".into(),
            Action::HangUp => "hang up".into(),
            Action::NoteAnswer(_) => "answered".into(),
            Action::Note(GivenAnswer { question, position, given, .. }) => match given {
                Given::Key { digit, label } => format!("note {position} {question}: {digit} {label}"),
                Given::Speech { recording } => format!("note {position} {question}: speech {}", name(recording)),
                Given::Nothing => format!("note {position} {question}: nothing"),
            },
            Action::OptOut => "opt out".into(),
            Action::Settle(report) => format!("settle {}", report.outcome),
        }
    }

    pub(super) fn event(&mut self, event: CallEvent) -> Vec<String> {
        let actions = self.machine.on_event(self.now, event);
        self.tell(actions)
    }

    pub(super) fn answer(&mut self) -> Vec<String> {
        self.event(CallEvent::Ringing);
        self.pass(4);
        self.event(CallEvent::Answered)
    }

    pub(super) fn key(&mut self, digit: char) -> Vec<String> {
        self.event(CallEvent::Dtmf { digit })
    }

    /// What plays takes as long as it is, and ends.
    pub(super) fn played(&mut self) -> Vec<String> {
        assert_eq!(self.pass(LENGTH), [""; 0]);
        self.event(CallEvent::PlaybackFinished { failure: None })
    }

    /// The end of what was stopped is told.
    pub(super) fn stopped(&mut self) -> Vec<String> {
        self.event(CallEvent::PlaybackFinished { failure: None })
    }

    pub(super) fn unplayable(&mut self) -> Vec<String> {
        self.event(CallEvent::PlaybackFinished { failure: Some("no such file".into()) })
    }

    /// A recording ends by itself, or is stopped.
    pub(super) fn recorded(&mut self, name: &str) -> Vec<String> {
        let name = name.replace("CALL", &self.call.to_string());
        self.event(CallEvent::RecordingFinished { name, failure: None })
    }

    pub(super) fn not_recorded(&mut self, name: &str) -> Vec<String> {
        let name = name.replace("CALL", &self.call.to_string());
        self.event(CallEvent::RecordingFinished { name, failure: Some("disk full".into()) })
    }

    pub(super) fn verdict(&mut self, answer: Answer, reason: Reason) -> Vec<String> {
        let actions = self.machine.on_verdict(self.now, Verdict { answer, reason, at_ms: 0 });
        self.tell(actions)
    }

    pub(super) fn beep(&mut self) -> Vec<String> {
        let actions = self.machine.on_beep(self.now);
        self.tell(actions)
    }

    pub(super) fn deaf(&mut self) -> Vec<String> {
        let actions = self.machine.on_deaf(self.now, "no port is free");
        self.tell(actions)
    }

    pub(super) fn detected(&mut self, answer: Answer) -> Vec<String> {
        self.event(CallEvent::Detected { answer, reason: "LONGGREETING-1500".into() })
    }

    pub(super) fn transfer(&mut self, event: TransferEvent) -> Vec<String> {
        self.event(CallEvent::Transfer(event))
    }

    pub(super) fn stop(&mut self) -> Vec<String> {
        let actions = self.machine.on_stop(self.now, "going down");
        self.tell(actions)
    }

    pub(super) fn vanish(&mut self) -> Vec<String> {
        let actions = self.machine.on_vanished(self.now);
        self.tell(actions)
    }

    /// Seconds pass; every deadline on the way is kept.
    pub(super) fn pass(&mut self, seconds: u64) -> Vec<String> {
        let until = self.now + Duration::from_secs(seconds);
        let mut told = Vec::new();
        while let Some(deadline) = self.machine.deadline().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            let actions = self.machine.on_deadline(self.now);
            told.extend(self.tell(actions));
        }
        self.now = until;
        told
    }

    /// The channel is gone.
    pub(super) fn hung_up(&mut self, cause: u16) -> Report {
        let end = HungUp { cause: Some(Cause(cause)), ..HungUp::default() };
        self.event(CallEvent::HungUp(end));
        self.report()
    }

    pub(super) fn script(&self) -> &Script {
        &self.machine.plan.script
    }

    /// The name of the recording of the call.
    pub(super) fn recording_name(&self) -> String {
        self.call.to_string()
    }

    /// What the call was settled with.
    pub(super) fn report(&self) -> Report {
        let settled = self.log.iter().filter_map(|action| match action {
            Action::Settle(report) => Some(report),
            _ => None,
        });
        let reports: Vec<_> = settled.collect();
        assert_eq!(reports.len(), 1, "settled once: {:?}", self.log);
        assert_eq!(self.machine.deadline(), None, "settled is settled");
        reports[0].as_ref().clone()
    }

    /// The answers noted, in short.
    pub(super) fn answers(&self) -> Vec<String> {
        let notes = self.log.iter().filter(|action| matches!(action, Action::Note(_)));
        notes.map(|action| self.words(action)).collect()
    }
}
