//! Who answered: a person goes the script's steps, a machine hears the message.

use std::time::Duration;

use jiff::Timestamp;

use super::playing::Part;
use super::steps::Next;
use super::{Action, Machine, Phase, State, after, words};
use crate::audio::amd::{Answer, Reason, Verdict};
use crate::audio::tones::Sit;
use crate::call::{Detected, Detection, Outcome};

/// Beyond the time of its analysis, our own detector gets this long: the sound
/// of a call may come late, or not at all.
const VERDICT_MARGIN: Duration = Duration::from_secs(3);

impl Machine {
    /// Our detector knows who answered.
    pub fn on_verdict(&mut self, now: Timestamp, verdict: Verdict) -> Vec<Action> {
        if self.is_finding_out() {
            if verdict.reason == Reason::BusyTone {
                // Nobody is there to leave a message with.
                self.found(now, verdict.answer, verdict.reason.as_str());
                self.if_answered = Outcome::Voicemail;
                self.hang_up(now);
            } else {
                self.conclude(now, verdict.answer, verdict.reason.as_str());
            }
        }
        self.done()
    }

    /// Our detector has heard the machine's beep; it is over now.
    pub fn on_beep(&mut self, now: Timestamp) -> Vec<Action> {
        if self.state == State::Up(Phase::AwaitingBeep) {
            self.leave(now, Next::Part(Part::Message));
        }
        self.done()
    }

    /// Nobody can listen, or not any longer.
    pub fn on_deaf(&mut self, now: Timestamp, why: &str) -> Vec<Action> {
        match self.state {
            State::Up(Phase::Detecting { then }) => {
                // What was to be waited for does not come.
                match then {
                    Some(next) => {
                        self.stop_detecting();
                        self.leave(now, next);
                    }
                    None => self.conclude(now, Answer::Unsure, &format!("nobody could listen: {why}")),
                }
            }
            State::Up(Phase::AwaitingBeep) => self.remark(&format!("nobody could listen for the beep: {}", words(why))),
            State::Up(Phase::Playing(_) | Phase::AwaitingKey(_) | Phase::Speaking(_)) if self.talk.detecting => {
                self.talk.detecting = false;
                self.remark(&format!("nobody could listen for a machine: {}", words(why)));
            }
            State::Up(
                Phase::Playing(_) | Phase::AwaitingKey(_) | Phase::Speaking(_) | Phase::Transferring | Phase::Connected,
            )
            | State::Dialing
            | State::Ringing
            | State::Ending
            | State::Settled => {}
        }
        self.done()
    }

    /// The call was answered: finds out by whom, if that is wanted.
    pub(super) fn detect(&mut self, now: Timestamp) {
        let wait = match &self.plan.script.detection {
            Detection::Off => None,
            Detection::Builtin(params) => {
                Some(Duration::from_millis(params.total_analysis_time.into()) + VERDICT_MARGIN)
            }
            Detection::Switch { waits: true, max } => Some(*max),
            Detection::Switch { waits: false, .. } => {
                self.begin_detecting();
                None
            }
        };
        match wait {
            Some(wait) => {
                self.begin_detecting();
                self.enter(Phase::Detecting { then: None }, after(now, wait));
            }
            None => self.go_to(now, 0),
        }
    }

    fn begin_detecting(&mut self) {
        self.talk.detecting = true;
        self.todo.push(Action::Detect);
    }

    /// Who listens is told to stop, once.
    pub(super) fn stop_detecting(&mut self) {
        if std::mem::take(&mut self.talk.detecting) {
            self.todo.push(Action::StopDetecting);
        }
    }

    /// The switch tells who answered.
    pub(super) fn on_detected(&mut self, now: Timestamp, answer: Answer, reason: &str) {
        match self.plan.script.detection {
            Detection::Switch { .. } if self.talk.detecting => {}
            Detection::Off | Detection::Builtin(_) | Detection::Switch { .. } => return,
        }
        match self.state {
            State::Up(Phase::Detecting { then }) => {
                self.talk.detecting = false;
                match then {
                    Some(next) => self.leave(now, next),
                    None => self.conclude(now, answer, reason),
                }
            }
            // It listens beside what plays. Who presses keys is no machine,
            // though the sound of a key is much like a beep.
            State::Up(Phase::Playing(_) | Phase::AwaitingKey(_) | Phase::Speaking(_)) if !self.talk.pressed => {
                match answer {
                    Answer::Human | Answer::Unsure => self.found(now, answer, reason),
                    Answer::Machine | Answer::Fax(_) | Answer::Sit(_) => {
                        self.talk.detecting = false;
                        self.conclude(now, answer, reason);
                    }
                }
            }
            State::Up(
                Phase::AwaitingBeep
                | Phase::Playing(_)
                | Phase::AwaitingKey(_)
                | Phase::Speaking(_)
                | Phase::Transferring
                | Phase::Connected,
            )
            | State::Dialing
            | State::Ringing
            | State::Ending
            | State::Settled => {}
        }
    }

    /// Nobody said who answered, and it is time.
    pub(super) fn on_no_verdict(&mut self, now: Timestamp, then: Option<Next>) {
        match then {
            Some(next) => {
                self.stop_detecting();
                self.leave(now, next);
            }
            None => self.conclude(now, Answer::Unsure, "no verdict in time"),
        }
    }

    /// The machine did not beep, and it is time.
    pub(super) fn on_no_beep(&mut self, now: Timestamp) {
        self.remark("no beep was heard: the message was begun without");
        self.leave(now, Next::Part(Part::Message));
    }

    /// A key was pressed: nobody but a person does that.
    pub(super) fn on_person(&mut self, now: Timestamp) {
        if std::mem::replace(&mut self.talk.pressed, true) {
            return;
        }
        let mistaken = match self.state {
            State::Up(Phase::Detecting { .. } | Phase::AwaitingBeep) => true,
            State::Up(Phase::Playing(playing)) => playing.part == Part::Message,
            State::Up(Phase::AwaitingKey(_) | Phase::Speaking(_) | Phase::Transferring | Phase::Connected)
            | State::Dialing
            | State::Ringing
            | State::Ending
            | State::Settled => false,
        };
        if mistaken {
            self.found(now, Answer::Human, "key");
            self.if_answered = Outcome::Answered;
        }
    }

    fn is_finding_out(&self) -> bool {
        self.state == State::Up(Phase::Detecting { then: None })
    }

    fn found(&mut self, now: Timestamp, answer: Answer, reason: &str) {
        let since = self.facts.answered_at.map_or(0, |answered| now.duration_since(answered).as_millis());
        let at_ms = u32::try_from(since.max(0)).unwrap_or(u32::MAX);
        let (answer, reason) = (answer.as_str().to_owned(), words(reason).to_owned());
        self.facts.talk.detected = Some(Detected { answer, reason, at_ms });
    }

    fn conclude(&mut self, now: Timestamp, answer: Answer, reason: &str) {
        self.found(now, answer, reason);
        match answer {
            Answer::Human => self.on_human(now),
            Answer::Unsure if self.plan.script.unsure_is_machine => self.on_machine(now),
            Answer::Unsure => self.on_human(now),
            Answer::Machine => self.on_machine(now),
            Answer::Fax(_) => {
                self.if_answered = Outcome::Voicemail;
                self.hang_up(now);
            }
            Answer::Sit(sit) => {
                // The network said so with an announcement, instead of a cause.
                let invalid = sit.number_is_invalid();
                self.if_answered = if invalid { Outcome::InvalidNumber } else { Outcome::Failed };
                self.remark(tones(sit));
                self.hang_up(now);
            }
        }
    }

    fn on_human(&mut self, now: Timestamp) {
        self.stop_detecting();
        self.leave(now, Next::Step(0));
    }

    fn on_machine(&mut self, now: Timestamp) {
        self.if_answered = Outcome::Voicemail;
        if self.plan.script.message.is_empty() {
            return self.hang_up(now);
        }
        match self.plan.script.detection {
            Detection::Builtin(_) => self.enter(Phase::AwaitingBeep, after(now, self.plan.script.beep_wait)),
            // The switch itself has waited for the end of the greeting, or it
            // was the beep it heard.
            Detection::Switch { .. } | Detection::Off => {
                self.stop_detecting();
                self.leave(now, Next::Part(Part::Message));
            }
        }
    }
}

fn tones(sit: Sit) -> &'static str {
    match sit {
        Sit::VacantCode => "special information tones: vacant code",
        Sit::Intercept => "special information tones: intercept",
        Sit::NoCircuit => "special information tones: no circuit",
        Sit::Reorder => "special information tones: reorder",
        Sit::Unspecified => "special information tones",
    }
}
