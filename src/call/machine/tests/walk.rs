//! Anything at any time: random walks, and what holds whatever happens.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::{Action, after};
use super::story::{LENGTH, Story, script, settings, the_survey};
use crate::audio::amd::{Answer, Reason};
use crate::audio::tones::{Fax, Sit};
use crate::call::{Detection, Outcome, Report, Script, SurveyState, TransferState};
use crate::switch::{CallEvent, HungUp, Take, TransferEvent};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Ringing,
    Answered,
    Key(char),
    Played {
        failed: bool,
    },
    Recorded {
        failed: bool,
        ours: bool,
    },
    Detected(Answer),
    Verdict(Answer, Reason),
    Beep,
    Deaf,
    Connected,
    Failed,
    Ended,
    Gap,
    /// So many milliseconds pass.
    Time(u64),
    /// Time passes up to the deadline.
    Deadline,
    Stop,
    Vanished,
    HungUp,
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Human),
        4 => Just(Answer::Machine),
        2 => Just(Answer::Unsure),
        1 => Just(Answer::Fax(Fax::Calling)),
        1 => Just(Answer::Sit(Sit::VacantCode)),
    ]
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        4 => Just(Thing::Ringing),
        12 => Just(Thing::Answered),
        30 => prop::sample::select(vec!['0', '1', '2', '7', '9', '#', '*', 'A']).prop_map(Thing::Key),
        40 => prop::bool::weighted(0.2).prop_map(|failed| Thing::Played { failed }),
        12 => any::<(bool, bool)>().prop_map(|(failed, ours)| Thing::Recorded { failed, ours }),
        8 => answer().prop_map(Thing::Detected),
        8 => (answer(), prop::sample::select(vec![Reason::Beep, Reason::BusyTone, Reason::LongGreeting]))
            .prop_map(|(answer, reason)| Thing::Verdict(answer, reason)),
        4 => Just(Thing::Beep),
        2 => Just(Thing::Deaf),
        4 => Just(Thing::Connected),
        4 => Just(Thing::Failed),
        2 => Just(Thing::Ended),
        4 => Just(Thing::Gap),
        20 => (0u64..15_000).prop_map(Thing::Time),
        12 => Just(Thing::Deadline),
        1 => Just(Thing::Stop),
        1 => Just(Thing::Vanished),
        1 => Just(Thing::HungUp),
    ]
}

fn any_script() -> impl Strategy<Value = Script> {
    (any::<[bool; 6]>(), 0..3u8).prop_map(|([message, survey, record, unsure, waits, sounds], mode)| {
        let mode = ["off", "builtin", "switch"][usize::from(mode)];
        let voicemail =
            if message && mode != "off" { r#"{"action": "leave_message", "prompt": "message"}"# } else { "{}" };
        let unsure = if unsure { "machine" } else { "human" };
        let said = if sounds { r#""opt_out_prompt": "gone","# } else { "" };
        let held = if sounds { r#","prompt": "hold", "failed_prompt": "?sorry""# } else { "" };
        let json = format!(
            r#"{{"prompts": ["?intro", "more"], {said} "recording": {record}, "voicemail": {voicemail},
                "amd": {{"mode": "{mode}", "unsure": "{unsure}"}},
                "transfer": {{"digit": "0", "to": {{"extension": "100"}}{held}}}}}"#
        );
        let questions = the_survey();
        script(&settings(&json), survey.then_some(&questions), waits)
    })
}

/// What the channel of a real switch would be doing.
#[derive(Debug)]
struct Channel {
    /// Whether what listens and what plays exclude each other.
    exclusive: bool,
    listening: bool,
    /// What plays, and when it must have ended.
    playing: Option<Timestamp>,
    /// What records the callee's speech, and when it must have ended.
    speaking: Option<(String, Timestamp)>,
    hung_up: bool,
    counts: Counts,
    report: Option<Report>,
}

#[derive(Debug, Default)]
struct Counts {
    answers: u16,
    notes: u16,
    opt_outs: u16,
    transfers: u16,
    detects: u16,
    hang_ups: u16,
}

impl Channel {
    fn of(script: &Script) -> Self {
        let exclusive = match script.detection {
            Detection::Off | Detection::Builtin(_) => true,
            Detection::Switch { waits, .. } => waits,
        };
        Self {
            exclusive,
            listening: false,
            playing: None,
            speaking: None,
            hung_up: false,
            counts: Counts::default(),
            report: None,
        }
    }

    fn is_quiet(&self, now: Timestamp) -> bool {
        let over = |until: Timestamp| now >= until;
        self.playing.is_none_or(over) && self.speaking.as_ref().is_none_or(|(_, until)| over(*until))
    }

    /// Does what the machine says, and checks that it may be done.
    fn perform(&mut self, now: Timestamp, action: &Action) {
        assert!(self.report.is_none(), "{action:?} after the end");
        let ready = self.is_quiet(now) && !(self.exclusive && self.listening) && !self.hung_up;
        let stop_wait = after(now, Duration::from_secs(2));
        match action {
            Action::Play(file) => {
                assert!(ready, "{action:?} while {self:?}");
                let length = if file.starts_with('?') { 100_000 } else { LENGTH };
                self.playing = Some(after(now, Duration::from_secs(length)));
            }
            Action::StopPlayback => {
                // Or it has just ended, and the switch refuses.
                self.playing = self.playing.map(|until| until.min(stop_wait));
            }
            Action::Detect => {
                assert!(ready, "{action:?} while {self:?}");
                self.counts.detects += 1;
                self.listening = true;
            }
            Action::StopDetecting => {
                assert!(self.exclusive && std::mem::take(&mut self.listening), "stopped once: {self:?}");
            }
            Action::Record { take: Take::Call, .. } => assert!(!self.hung_up),
            Action::Record { name, take: Take::Speech { max, .. } } => {
                assert!(ready, "{action:?} while {self:?}");
                self.speaking = Some((name.clone(), after(now, *max + Duration::from_secs(100))));
            }
            Action::StopRecording { name, .. } => {
                let (speaking, until) = self.speaking.as_mut().expect("a recording");
                assert_eq!(speaking, name);
                *until = stop_wait.min(*until);
            }
            Action::Transfer => {
                assert!(ready, "{action:?} while {self:?}");
                self.counts.transfers += 1;
            }
            Action::HangUp => {
                self.hung_up = true;
                self.counts.hang_ups += 1;
            }
            Action::NoteAnswer(at) => {
                assert_eq!(*at, now);
                self.counts.answers += 1;
            }
            Action::Note(answer) => {
                self.counts.notes += 1;
                assert_eq!(answer.position, self.counts.notes, "in order");
            }
            Action::OptOut => self.counts.opt_outs += 1,
            Action::Settle(report) => self.report = Some(report.as_ref().clone()),
        }
        let Counts { answers, opt_outs, transfers, detects, hang_ups, .. } = self.counts;
        assert!([answers, opt_outs, transfers, detects, hang_ups].iter().all(|times| *times <= 1), "{self:?}");
    }
}

struct Walk {
    story: Story,
    channel: Channel,
}

impl Walk {
    fn new(script: Script) -> Self {
        Self { channel: Channel::of(&script), story: Story::of(script) }
    }

    fn step(&mut self, thing: Thing) {
        let before = self.story.log.len();
        match thing {
            Thing::Ringing => drop(self.story.event(CallEvent::Ringing)),
            Thing::Answered => drop(self.story.event(CallEvent::Answered)),
            Thing::Key(digit) => drop(self.story.key(digit)),
            Thing::Played { failed } => {
                self.channel.playing = None;
                drop(if failed { self.story.unplayable() } else { self.story.stopped() });
            }
            Thing::Recorded { failed, ours } => {
                let name = match &self.channel.speaking {
                    Some((name, _)) if ours => name.clone(),
                    _ => "CALL".into(),
                };
                if ours {
                    self.channel.speaking = None;
                }
                drop(if failed { self.story.not_recorded(&name) } else { self.story.recorded(&name) });
            }
            Thing::Detected(answer) => {
                if self.channel.exclusive && matches!(self.story.script().detection, Detection::Switch { .. }) {
                    // It says so once, and has stopped listening then.
                    self.channel.listening = false;
                }
                drop(self.story.detected(answer));
            }
            Thing::Verdict(answer, reason) => drop(self.story.verdict(answer, reason)),
            Thing::Beep => drop(self.story.beep()),
            Thing::Deaf => drop(self.story.deaf()),
            Thing::Connected => drop(self.story.transfer(TransferEvent::Connected)),
            Thing::Failed => drop(self.story.transfer(TransferEvent::Failed(HungUp::default()))),
            Thing::Ended => drop(self.story.transfer(TransferEvent::Ended)),
            Thing::Gap => {
                self.story.machine.on_gap(self.story.now);
                // What was missed may be the end of what plays.
                self.channel.playing =
                    self.channel.playing.map(|until| until.min(after(self.story.now, Duration::from_secs(LENGTH))));
            }
            Thing::Time(ms) => {
                let until = after(self.story.now, Duration::from_millis(ms));
                while self.story.machine.deadline().is_some_and(|deadline| deadline <= until) {
                    self.step(Thing::Deadline);
                }
                self.story.now = until;
                return;
            }
            Thing::Deadline => {
                let Some(deadline) = self.story.machine.deadline() else { return };
                self.story.now = self.story.now.max(deadline);
                let actions = self.story.machine.on_deadline(self.story.now);
                self.story.tell(actions);
                let next = self.story.machine.deadline();
                assert!(next.is_none_or(|next| next > self.story.now), "it is not called again at once");
            }
            Thing::Stop => drop(self.story.stop()),
            Thing::Vanished => drop(self.story.vanish()),
            Thing::HungUp => drop(self.story.event(CallEvent::HungUp(HungUp::default()))),
        }
        let done = self.story.log.split_off(before);
        assert!(done.len() <= 6, "{done:?}");
        for action in &done {
            self.channel.perform(self.story.now, action);
        }
        assert_eq!(self.channel.report.is_none(), self.story.machine.deadline().is_some(), "a deadline until the end");
        assert!(self.story.log.is_empty());
    }

    /// Nothing happens any more but time: it ends.
    fn end(mut self) {
        for _ in 0..2_000 {
            match self.channel.report {
                Some(_) => break,
                None => self.step(Thing::Deadline),
            }
        }
        let report = self.channel.report.expect("settled");
        let (talk, answered) = (report.facts.talk, report.facts.answered_at.is_some());
        assert!(report.facts.ended_at.is_some());
        assert_eq!(talk.opted_out, self.channel.counts.opt_outs == 1);
        assert_eq!(answered, self.channel.counts.answers == 1);
        assert!(answered || talk == Default::default(), "{talk:?}");
        assert!(!talk.message_left || report.outcome == Outcome::Voicemail);
        assert!(self.channel.counts.notes == 0 || talk.survey.is_some());
        assert!(talk.survey != Some(SurveyState::Complete) || self.channel.counts.notes > 0);
        let known = matches!(talk.transfer, Some(TransferState::Connected | TransferState::Failed));
        assert!(!known || self.channel.counts.transfers == 1);
        let answered_by = matches!(report.outcome, Outcome::Answered | Outcome::Voicemail);
        assert!(answered || !answered_by, "{}", report.outcome);
    }
}

/// A person's way to the spoken question; a walk leaves it anywhere.
fn way(steps: usize) -> impl Iterator<Item = Thing> {
    let played = Thing::Played { failed: false };
    let answered =
        [Thing::Answered, Thing::Verdict(Answer::Human, Reason::ShortGreeting), Thing::Detected(Answer::Human)];
    let asked = [played, played, played, Thing::Key('2'), played];
    answered.into_iter().chain(asked).take(steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_happens_one_thing_is_done_at_a_time_and_it_ends(
        script in any_script(),
        steps in 0..10usize,
        things in prop::collection::vec(thing(), 0..50),
    ) {
        let mut walk = Walk::new(script);
        for thing in way(steps).chain(things) {
            walk.step(thing);
        }
        walk.end();
    }
}
