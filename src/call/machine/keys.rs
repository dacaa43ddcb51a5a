//! What the callee's keys do.

use std::time::Duration;

use jiff::Timestamp;

use super::playing::Part;
use super::steps::Next;
use super::{Action, Machine, Phase, State, after};
use crate::call::{Detection, Step, StepIndex, TransferState};

/// The same key again within this time is one press: a double click takes up to
/// half a second, and a key may be told twice, in the sound and beside it.
const DOUBLE_PRESS: Duration = Duration::from_millis(500);

impl Machine {
    /// A key was pressed. A–D are on no phone people have.
    pub(super) fn on_key(&mut self, now: Timestamp, digit: char) {
        if !matches!(digit, '0'..='9' | '*' | '#') {
            return;
        }
        let script = &self.plan.script;
        if script.opt_out.as_ref().is_some_and(|key| key.digit == digit) {
            self.on_opt_out(now);
        } else if script.transfer.as_ref().is_some_and(|key| key.digit == digit) {
            self.on_transfer_key(now);
        } else {
            self.on_other_key(now, digit);
        }
    }

    /// Once for a call: the number goes on the list before anything else.
    fn on_opt_out(&mut self, now: Timestamp) {
        let heard = match self.state {
            // What they press now is for whom they talk with.
            State::Up(phase) => phase != Phase::Connected,
            // It was pressed while we hung up.
            State::Ending => self.is_answered() && !self.was_transferred(),
            State::Dialing | State::Ringing | State::Settled => false,
        };
        if !heard || self.facts.talk.opted_out {
            return;
        }
        self.facts.talk.opted_out = true;
        self.facts.talk.opted_out_at = Some(now);
        self.todo.push(Action::OptOut);
        self.on_person(now);
        self.leave(now, Next::Part(Part::OptedOut));
    }

    /// Once for a call, too.
    fn on_transfer_key(&mut self, now: Timestamp) {
        let State::Up(_) = self.state else { return };
        if self.facts.talk.opted_out || self.facts.talk.transfer.is_some() {
            return;
        }
        self.facts.talk.transfer = Some(TransferState::Tried);
        self.facts.talk.transfer_at = Some(now);
        self.on_person(now);
        self.leave(now, Next::Part(Part::BeforeTransfer));
    }

    fn on_other_key(&mut self, now: Timestamp, digit: char) {
        let State::Up(phase) = self.state else { return };
        match phase {
            // It answers nothing: nothing was asked yet.
            Phase::Detecting { then: None } | Phase::AwaitingBeep => {
                self.on_person(now);
                self.leave(now, Next::Step(0));
            }
            Phase::Detecting { then: Some(_) } | Phase::Transferring | Phase::Connected => {}
            Phase::Playing(playing) => match playing.part {
                Part::Step(step) => self.on_key_in_prompt(now, step, digit, playing.stopped),
                // Another wrong one changes nothing: it is asked again anyway.
                Part::Invalid(step) => {
                    self.on_answer(now, step, digit, playing.stopped);
                }
                Part::Message | Part::OptedOut | Part::BeforeTransfer | Part::TransferFailed => {}
            },
            Phase::AwaitingKey(step) => {
                self.talk.pressed = true;
                if !self.on_answer(now, step, digit, None) {
                    self.leave(now, Next::Wrong(step));
                }
            }
            Phase::Speaking(_) => {
                self.talk.pressed = true;
                self.stop_recording(now, None);
            }
        }
    }

    /// A key while a step's own sounds play, or are being stopped for `stopped`.
    fn on_key_in_prompt(&mut self, now: Timestamp, step: StepIndex, digit: char, stopped: Option<Next>) {
        self.talk.pressed = true;
        let script = self.plan.script.clone();
        match script.steps.get(step) {
            Some(Step::Play { barge_in: true, next, .. }) if stopped.is_none() => self.leave(now, Next::Step(*next)),
            Some(Step::Ask(_)) if self.is_double_press(now, digit) => {}
            Some(Step::Ask(_)) => {
                if !self.on_answer(now, step, digit, stopped) && stopped.is_none() {
                    self.leave(now, Next::Wrong(step));
                }
            }
            Some(Step::Speak(_)) if stopped.is_none() => self.leave(now, Next::Speak(step)),
            Some(Step::Play { .. } | Step::Speak(_) | Step::Complete { .. } | Step::HangUp) | None => {}
        }
    }

    /// Whether a key during a question is still the answer to the one before:
    /// of the new one nothing was heard yet.
    fn is_double_press(&self, now: Timestamp, digit: char) -> bool {
        self.talk.answered.is_some_and(|(key, at)| key == digit && now < after(at, DOUBLE_PRESS))
    }

    /// Stops what is done and goes on with `next`. What is already being
    /// stopped is followed by `next` instead.
    pub(super) fn leave(&mut self, now: Timestamp, next: Next) {
        let State::Up(phase) = self.state else { return };
        match phase {
            Phase::Detecting { .. } if self.talk.detecting && self.takes_no_command() => {
                self.state = State::Up(Phase::Detecting { then: Some(next) });
            }
            Phase::Detecting { .. } | Phase::AwaitingBeep => {
                self.stop_detecting();
                self.proceed(now, next);
            }
            Phase::Playing(playing) => self.stop_playback(now, playing, next),
            Phase::AwaitingKey(_) => self.proceed(now, next),
            Phase::Speaking(_) => self.stop_recording(now, Some(next)),
            // Its end is told, then the call goes on.
            Phase::Transferring | Phase::Connected => {}
        }
    }

    /// Whether the switch takes no command while it finds out who answered.
    fn takes_no_command(&self) -> bool {
        match self.plan.script.detection {
            Detection::Switch { waits, .. } => waits,
            Detection::Off | Detection::Builtin(_) => false,
        }
    }
}
