//! One call as a state machine: the channel's events and the passing of time
//! go in, what to do next comes out. No I/O; `now` is an argument.
//!
//! ```text
//! dialing ─▶ ringing ─▶ up ─▶ ending ─▶ settled
//!
//!                 ┌─ person ─▶ step: play ─▶ … ─▶ hang up
//! up: detecting ──┤              ask: play ─▶ awaiting a key ─▶ step
//!                 │              speak: play ─▶ speaking ─▶ step
//!                 └─ machine ─▶ awaiting the beep ─▶ play the message ─▶ hang up
//!
//! opt-out key, from anywhere:   (stop) ─▶ note it ─▶ play the confirmation ─▶ hang up
//! transfer key, from anywhere:  (stop) ─▶ play ─▶ transferring ─▶ connected ─▶ hang up
//!                                                      └─ failed ─▶ play ─▶ hang up
//! ```
//!
//! Whatever happens, a machine ends: each state has a deadline, and the last
//! one settles the call with what is known. One thing is done at a time: who
//! listens is stopped before anything plays, and what plays is stopped, and its
//! end waited for, before the next.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::playing::Playing;
use self::speaking::{Speaking, Speech};
use self::steps::Next;
use super::{
    CallFacts, CallId, End, GivenAnswer, Outcome, Report, Script, StepIndex, SurveyState, TransferState, classify,
};
use crate::switch::{CallEvent, Take};

mod detecting;
mod keys;
mod playing;
mod speaking;
mod steps;
mod transferring;

#[cfg(test)]
mod tests;

/// What a call is to do and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The call; recordings are named after it.
    pub call: CallId,
    /// What happens after answer.
    pub script: Arc<Script>,
    /// How long it may ring. The switch enforces it; the machine checks.
    pub ring_timeout: Duration,
    /// How long it may last from answer, unless it is transferred.
    pub max_call: Duration,
}

/// What the shell is to do for the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Play this file to the callee.
    Play(String),
    /// Stop what plays.
    StopPlayback,
    /// Find out who answered, as the script says. The answer comes by
    /// [`Machine::on_verdict`], [`Machine::on_beep`], [`Machine::on_deaf`], or
    /// as an event of the switch.
    Detect,
    /// Nobody needs to listen any more.
    StopDetecting,
    /// Record the call, or what the callee says.
    Record {
        /// The recording's name.
        name: String,
        /// What of the call.
        take: Take,
    },
    /// Stop this recording.
    StopRecording {
        /// The recording's name.
        name: String,
        /// What of the call.
        take: Take,
    },
    /// Connect the callee with whom the script's transfer key names.
    Transfer,
    /// Hang up the channel.
    HangUp,
    /// Note in the database that the call was answered.
    NoteAnswer(Timestamp),
    /// Note in the database what was answered to a question.
    Note(GivenAnswer),
    /// Put the callee's number on the do-not-call list, now.
    OptOut,
    /// The call is over: commit this and forget it.
    Settle(Box<Report>),
}

/// Beyond its own time-out, the switch gets this long to report the end.
const GRACE: Duration = Duration::from_secs(10);
/// What was stopped is waited for so long before the call goes on without.
const STOP_WAIT: Duration = Duration::from_secs(2);
/// What is said about a call grows no longer than about this, in bytes.
const DETAIL_LENGTH: usize = 500;
/// A switch's own words are cut to this, in bytes.
const WORDS_LENGTH: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Dialing,
    Ringing,
    Up(Phase),
    Ending,
    Settled,
}

/// What an answered call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Who answered is being found out.
    Detecting {
        /// A person pressed a key, but the switch takes no command yet: what
        /// follows.
        then: Option<Next>,
    },
    /// A machine answered: its beep is waited for.
    AwaitingBeep,
    /// Something plays, or is being stopped.
    Playing(Playing),
    /// A question was asked: its answer is waited for.
    AwaitingKey(StepIndex),
    /// The callee speaks, or the recording of it is being stopped.
    Speaking(Speaking),
    /// Somebody else is being rung.
    Transferring,
    /// The callee talks with somebody else.
    Connected,
}

/// The state of one call.
#[derive(Clone, Debug)]
pub struct Machine {
    plan: Plan,
    state: State,
    facts: CallFacts,
    /// So long the state is waited in.
    wake: Timestamp,
    /// The call is hung up then, whatever it does.
    limit: Timestamp,
    we_hung_up: bool,
    /// How the call is settled if it was answered.
    if_answered: Outcome,
    talk: Talk,
    /// What is to be done, as far as it is decided.
    todo: Vec<Action>,
}

/// What an answered call has to remember.
#[derive(Clone, Debug, Default)]
struct Talk {
    /// Somebody was told to listen, and not yet told to stop.
    detecting: bool,
    /// The callee pressed a key: it is a person.
    pressed: bool,
    /// How often the question may still be asked again.
    tries_left: u8,
    /// Answers noted so far.
    answers: u16,
    /// The key that answered last, and when.
    answered: Option<(char, Timestamp)>,
    /// How far the survey was before the question that is being asked: so far
    /// it is if nobody hears that.
    survey_before: Option<SurveyState>,
    /// A spoken answer that is not noted yet.
    speech: Option<Speech>,
    /// Playbacks and recordings that failed, one after the other.
    failures: u32,
    /// A failed playback is told about.
    failure_told: bool,
    /// The end of a playback was not waited for any longer; it may yet be told.
    end_owed: bool,
}

impl Machine {
    /// A call about to be placed at `now`.
    pub fn new(plan: Plan, now: Timestamp) -> Self {
        let wake = after(now, plan.ring_timeout + GRACE);
        Self {
            plan,
            state: State::Dialing,
            facts: CallFacts::default(),
            wake,
            limit: Timestamp::MAX,
            we_hung_up: false,
            if_answered: Outcome::Answered,
            talk: Talk::default(),
            todo: Vec::new(),
        }
    }

    /// When [`Self::on_deadline`] is to be called; none once settled.
    pub fn deadline(&self) -> Option<Timestamp> {
        (self.state != State::Settled).then(|| self.wake.min(self.limit))
    }

    /// Whether the call was answered.
    pub fn is_answered(&self) -> bool {
        self.facts.answered_at.is_some()
    }

    /// Whether we asked for the call's end and wait for it.
    pub fn is_ending(&self) -> bool {
        self.state == State::Ending
    }

    /// Something happened on the channel.
    pub fn on_event(&mut self, now: Timestamp, event: CallEvent) -> Vec<Action> {
        if self.state == State::Settled {
            return Vec::new();
        }
        match event {
            CallEvent::Ringing => self.on_ringing(now),
            CallEvent::Answered => self.on_answered(now),
            CallEvent::Dtmf { digit } => self.on_key(now, digit),
            CallEvent::PlaybackFinished { failure } => self.on_played(now, failure.as_deref()),
            CallEvent::RecordingFinished { name, failure } => self.on_recorded(now, &name, failure.as_deref()),
            CallEvent::Detected { answer, reason } => self.on_detected(now, answer, &reason),
            CallEvent::Transfer(event) => self.on_transfer(now, event),
            CallEvent::HungUp(end) => {
                let ring_timeout = end.ring_timeout || (self.timed_out() && !end.answered);
                if end.answered && self.facts.answered_at.is_none() {
                    // The answer itself was missed: the end vouches for it.
                    self.facts.answered_at = Some(now);
                }
                self.facts.cause = end.cause;
                self.facts.sip = end.sip;
                if self.facts.detail.is_none() {
                    self.facts.detail = end.detail;
                }
                self.settle(now, ring_timeout);
            }
        }
        self.done()
    }

    /// The deadline has passed.
    pub fn on_deadline(&mut self, now: Timestamp) -> Vec<Action> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        match self.state {
            State::Settled => {}
            State::Dialing | State::Ringing => {
                self.remark("ring time-out");
                self.hang_up(now);
            }
            State::Up(phase) if now >= self.limit => {
                self.remark(match phase {
                    Phase::Connected => "the longest time of a transferred call is reached",
                    Phase::Detecting { .. }
                    | Phase::AwaitingBeep
                    | Phase::Playing(_)
                    | Phase::AwaitingKey(_)
                    | Phase::Speaking(_)
                    | Phase::Transferring => "the longest time of a call is reached",
                });
                self.hang_up(now);
            }
            State::Up(phase) => match phase {
                Phase::Detecting { then } => self.on_no_verdict(now, then),
                Phase::AwaitingBeep => self.on_no_beep(now),
                Phase::Playing(playing) => self.on_no_end(now, playing),
                Phase::AwaitingKey(step) => self.on_no_key(now, step),
                Phase::Speaking(speaking) => self.on_no_recording(now, speaking),
                Phase::Transferring => self.on_no_transfer(now),
                // Its only deadline is the limit.
                Phase::Connected => self.hang_up(now),
            },
            State::Ending => {
                self.remark("the switch never reported the end");
                self.settle(now, !self.is_answered());
            }
        }
        self.done()
    }

    /// We want the call to end: the daemon is going down, or a person asked.
    pub fn on_stop(&mut self, now: Timestamp, why: &str) -> Vec<Action> {
        match self.state {
            State::Settled | State::Ending => {}
            State::Dialing | State::Ringing | State::Up(_) => {
                self.we_hung_up = true;
                self.remark(why);
                self.hang_up(now);
            }
        }
        self.done()
    }

    /// Events may have been missed, but the channel is still there. The end of
    /// the playback may be among them: wait for it no longer than the file
    /// takes. So may be the news that a transfer is connected.
    pub fn on_gap(&mut self, now: Timestamp) {
        match self.state {
            State::Up(Phase::Playing(playing)) => {
                if let Some(length) = self.length(playing) {
                    self.wake = self.wake.min(after(now, length));
                }
            }
            State::Up(Phase::Transferring) => self.on_transfer_unheard(now),
            State::Up(
                Phase::Detecting { .. }
                | Phase::AwaitingBeep
                | Phase::AwaitingKey(_)
                | Phase::Speaking(_)
                | Phase::Connected,
            )
            | State::Dialing
            | State::Ringing
            | State::Ending
            | State::Settled => {}
        }
    }

    /// The switch was asked and has no such channel: it ended unseen.
    pub fn on_vanished(&mut self, now: Timestamp) -> Vec<Action> {
        if self.state == State::Settled {
            return Vec::new();
        }
        self.remark("the end was missed: the switch has no such channel any more");
        let outcome = if self.is_answered() { self.if_answered } else { Outcome::Lost };
        self.settle_as(now, outcome);
        self.done()
    }

    fn on_ringing(&mut self, now: Timestamp) {
        if self.facts.ringing_at.is_none() && self.facts.answered_at.is_none() {
            self.facts.ringing_at = Some(now);
        }
        if self.state == State::Dialing {
            self.state = State::Ringing;
        }
    }

    fn on_answered(&mut self, now: Timestamp) {
        if self.is_answered() {
            return;
        }
        self.facts.answered_at = Some(now);
        self.todo.push(Action::NoteAnswer(now));
        if self.state == State::Ending {
            return; // already being hung up
        }
        self.limit = after(now, self.plan.max_call);
        if self.plan.script.record {
            let name = self.plan.call.to_string();
            self.todo.push(Action::Record { name: name.clone(), take: Take::Call });
            self.facts.talk.recording = Some(name);
        }
        self.detect(now);
    }

    /// Goes on to wait, until `wake` at most.
    fn enter(&mut self, phase: Phase, wake: Timestamp) {
        self.state = State::Up(phase);
        self.wake = wake;
    }

    fn hang_up(&mut self, now: Timestamp) {
        self.state = State::Ending;
        self.wake = after(now, GRACE);
        self.limit = Timestamp::MAX;
        self.todo.push(Action::HangUp);
    }

    /// Whether it was our ring time-out that made us hang up.
    fn timed_out(&self) -> bool {
        self.state == State::Ending && !self.we_hung_up
    }

    fn settle(&mut self, now: Timestamp, ring_timeout: bool) {
        let outcome = classify(End {
            rang: self.facts.ringing_at.is_some(),
            answered: self.is_answered(),
            cause: self.facts.cause,
            sip: self.facts.sip,
            ring_timeout,
            we_hung_up: self.we_hung_up,
        });
        self.settle_as(now, if self.is_answered() { self.if_answered } else { outcome });
    }

    fn settle_as(&mut self, now: Timestamp, outcome: Outcome) {
        // Who hangs up instead of falling silent has answered, too.
        self.note_speech(now, None);
        self.state = State::Settled;
        self.facts.ended_at = Some(now);
        let report = Report { outcome, facts: std::mem::take(&mut self.facts) };
        self.todo.push(Action::Settle(Box::new(report)));
    }

    /// Whether the callee was, or may have been, connected with somebody else.
    fn was_transferred(&self) -> bool {
        self.facts.talk.transfer == Some(TransferState::Connected)
    }

    /// Something worth telling whoever looks at the call later.
    fn remark(&mut self, text: &str) {
        match &mut self.facts.detail {
            Some(detail) if detail.len() < DETAIL_LENGTH => {
                detail.push_str("; ");
                detail.push_str(text);
            }
            Some(_) => {}
            None => self.facts.detail = Some(text.to_owned()),
        }
    }

    fn done(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.todo)
    }
}

/// A text from outside, no longer than it may be.
fn words(text: &str) -> &str {
    text.get(..text.floor_char_boundary(WORDS_LENGTH)).unwrap_or(text)
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
