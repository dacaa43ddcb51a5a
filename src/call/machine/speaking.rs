//! Recordings: spoken answers, and that of the whole call.

use std::time::Duration;

use jiff::Timestamp;

use super::steps::Next;
use super::{Action, Machine, Phase, STOP_WAIT, State, after, words};
use crate::call::{Given, Outcome, Speak, Step, StepIndex};
use crate::switch::Take;

/// Beyond the longest time of an answer, its end is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer being spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Speaking {
    step: StepIndex,
    /// Its recording is being stopped.
    stopped: bool,
    /// What follows, if not what the question says.
    then: Option<Next>,
}

/// A spoken answer whose recording was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Speech {
    question: String,
    /// The recording's name.
    name: String,
    take: Take,
}

impl Machine {
    /// The question was asked: records the answer.
    pub(super) fn speak(&mut self, now: Timestamp, step: StepIndex) {
        let script = self.plan.script.clone();
        let Some(Step::Speak(Speak { question, max, silence, .. })) = script.steps.get(step) else {
            return self.hang_up(now);
        };
        let name = format!("{}-{}", self.plan.call, self.talk.answers.saturating_add(1));
        let take = Take::Speech { max: *max, silence: *silence };
        self.todo.push(Action::Record { name: name.clone(), take });
        self.talk.speech = Some(Speech { question: question.clone(), name, take });
        let speaking = Speaking { step, stopped: false, then: None };
        self.enter(Phase::Speaking(speaking), after(now, max.saturating_add(PATIENCE)));
    }

    /// Stops the recording; then follows `then`, or what the question says.
    pub(super) fn stop_recording(&mut self, now: Timestamp, then: Option<Next>) {
        let State::Up(Phase::Speaking(speaking)) = self.state else { return };
        let wake = match (&self.talk.speech, speaking.stopped) {
            (Some(Speech { name, take, .. }), false) => {
                self.todo.push(Action::StopRecording { name: name.clone(), take: *take });
                after(now, STOP_WAIT)
            }
            (Some(_), true) | (None, _) => self.wake,
        };
        let then = then.or(speaking.then);
        self.enter(Phase::Speaking(Speaking { stopped: true, then, ..speaking }), wake);
    }

    /// A recording has ended.
    pub(super) fn on_recorded(&mut self, now: Timestamp, name: &str, failure: Option<&str>) {
        if self.talk.speech.as_ref().is_some_and(|speech| speech.name == name) {
            self.note_speech(now, failure);
            if let State::Up(Phase::Speaking(speaking)) = self.state {
                self.on_spoken(now, speaking, failure.is_some());
            }
        } else if let Some(reason) = failure
            && self.facts.talk.recording.as_deref() == Some(name)
        {
            self.remark(&format!("the recording of the call failed: {}", words(reason)));
        }
    }

    /// The end of the recording was not told, and it is time.
    pub(super) fn on_no_recording(&mut self, now: Timestamp, speaking: Speaking) {
        if speaking.stopped {
            self.note_speech(now, None);
            self.on_spoken(now, speaking, false);
        } else {
            self.stop_recording(now, None);
        }
    }

    fn on_spoken(&mut self, now: Timestamp, speaking: Speaking, failed: bool) {
        if !failed {
            self.talk.failures = 0;
        } else if self.is_hopeless() {
            return self.hang_up(now);
        }
        let script = self.plan.script.clone();
        match (speaking.then, script.steps.get(speaking.step)) {
            (Some(next), _) => self.proceed(now, next),
            (None, Some(Step::Speak(speak))) => self.go_to(now, if failed { speak.no_answer } else { speak.next }),
            (None, Some(Step::Play { .. } | Step::Ask(_) | Step::Complete { .. } | Step::HangUp) | None) => {
                self.hang_up(now);
            }
        }
    }

    /// Notes the answer that is being spoken, if one is. What a machine says
    /// is none.
    pub(super) fn note_speech(&mut self, now: Timestamp, failure: Option<&str>) {
        let Some(Speech { question, name, .. }) = self.talk.speech.take() else { return };
        if self.if_answered != Outcome::Answered {
            return;
        }
        match failure {
            Some(reason) => {
                self.remark(&format!("an answer was not recorded: {}", words(reason)));
                self.note(now, &question, Given::Nothing);
            }
            None => self.note(now, &question, Given::Speech { recording: name }),
        }
    }
}
