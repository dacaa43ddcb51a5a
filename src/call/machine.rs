//! One call as a state machine: the channel's events and the passing of time
//! go in, what to do next comes out. No I/O; `now` is an argument.
//!
//! ```text
//! dialing ──ringing──▶ ringing ──answered──▶ up ──played──▶ ending ──hung up──▶ settled
//!    └───────────────────┴── time-out ─────────────────────▶┘
//! ```
//!
//! Whatever happens, a machine ends: each state has a deadline, and the last
//! one settles the call with what is known.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{CallFacts, CallId, End, GivenAnswer, Outcome, Report, Script, Sound, Step, classify};
use crate::audio::amd::Verdict;
use crate::switch::{CallEvent, Take};

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
    Settle(Report),
}

/// Beyond its own time-out, the switch gets this long to report the end.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Dialing,
    Ringing,
    Up,
    Ending,
    Settled,
}

/// The state of one call.
#[derive(Clone, Debug)]
pub struct Machine {
    plan: Plan,
    state: State,
    facts: CallFacts,
    deadline: Timestamp,
    we_hung_up: bool,
}

impl Machine {
    /// A call about to be placed at `now`.
    pub fn new(plan: Plan, now: Timestamp) -> Self {
        let deadline = after(now, plan.ring_timeout + GRACE);
        Self { plan, state: State::Dialing, facts: CallFacts::default(), deadline, we_hung_up: false }
    }

    /// When [`Self::on_deadline`] is to be called; none once settled.
    pub fn deadline(&self) -> Option<Timestamp> {
        (self.state != State::Settled).then_some(self.deadline)
    }

    /// Whether the call was answered.
    pub fn is_answered(&self) -> bool {
        self.facts.answered_at.is_some()
    }

    /// Something happened on the channel.
    pub fn on_event(&mut self, now: Timestamp, event: CallEvent) -> Vec<Action> {
        if self.state == State::Settled {
            return Vec::new();
        }
        match event {
            CallEvent::Ringing => self.on_ringing(now),
            CallEvent::Answered => self.on_answered(now),
            CallEvent::Dtmf { .. }
            | CallEvent::RecordingFinished { .. }
            | CallEvent::Detected { .. }
            | CallEvent::Transfer(_) => Vec::new(),
            CallEvent::PlaybackFinished { failure } => self.on_played(now, failure),
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
                self.settle(now, ring_timeout)
            }
        }
    }

    /// Our detector knows who answered.
    pub fn on_verdict(&mut self, _now: Timestamp, _verdict: Verdict) -> Vec<Action> {
        Vec::new()
    }

    /// Our detector has heard the machine's beep; it is over now.
    pub fn on_beep(&mut self, _now: Timestamp) -> Vec<Action> {
        Vec::new()
    }

    /// Nobody can listen, or not any longer.
    pub fn on_deaf(&mut self, _now: Timestamp, _why: &str) -> Vec<Action> {
        Vec::new()
    }

    /// The deadline has passed.
    pub fn on_deadline(&mut self, now: Timestamp) -> Vec<Action> {
        if now < self.deadline {
            return Vec::new();
        }
        match self.state {
            State::Settled => Vec::new(),
            State::Dialing | State::Ringing => {
                self.facts.detail = Some("ring time-out".into());
                self.hang_up(now)
            }
            State::Up => {
                self.facts.detail = Some("the longest time of a call is reached".into());
                self.hang_up(now)
            }
            State::Ending => {
                self.facts.detail = Some("the switch never reported the end".into());
                self.settle(now, !self.is_answered())
            }
        }
    }

    /// We want the call to end: the daemon is going down, or a person asked.
    pub fn on_stop(&mut self, now: Timestamp, why: &str) -> Vec<Action> {
        match self.state {
            State::Settled | State::Ending => Vec::new(),
            State::Dialing | State::Ringing | State::Up => {
                self.we_hung_up = true;
                self.facts.detail = Some(why.to_owned());
                self.hang_up(now)
            }
        }
    }

    /// Whether we asked for the call's end and wait for it.
    pub fn is_ending(&self) -> bool {
        self.state == State::Ending
    }

    /// Events may have been missed, but the channel is still there. The end of
    /// the playback may be among them: wait for it no longer than the file
    /// takes.
    pub fn on_gap(&mut self, now: Timestamp) {
        if let (State::Up, Some(answered), Some(length)) =
            (self.state, self.facts.answered_at, self.first().and_then(|sound| sound.length))
        {
            let played = after(answered.max(now), length.min(self.plan.max_call));
            self.deadline = self.deadline.min(played);
        }
    }

    /// The switch was asked and has no such channel: it ended unseen.
    pub fn on_vanished(&mut self, now: Timestamp) -> Vec<Action> {
        if self.state == State::Settled {
            return Vec::new();
        }
        self.facts.detail = Some("the end was missed: the switch has no such channel any more".into());
        self.facts.ended_at = Some(now);
        self.state = State::Settled;
        let outcome = if self.is_answered() { Outcome::Answered } else { Outcome::Lost };
        vec![Action::Settle(Report { outcome, facts: std::mem::take(&mut self.facts) })]
    }

    fn on_ringing(&mut self, now: Timestamp) -> Vec<Action> {
        if self.facts.ringing_at.is_none() && self.facts.answered_at.is_none() {
            self.facts.ringing_at = Some(now);
        }
        if self.state == State::Dialing {
            self.state = State::Ringing;
        }
        Vec::new()
    }

    fn on_answered(&mut self, now: Timestamp) -> Vec<Action> {
        if self.is_answered() {
            return Vec::new();
        }
        self.facts.answered_at = Some(now);
        let mut actions = vec![Action::NoteAnswer(now)];
        if self.state == State::Ending {
            return actions; // already being hung up
        }
        match self.first().map(|sound| sound.file.clone()) {
            Some(file) => {
                self.state = State::Up;
                self.deadline = after(now, self.plan.max_call);
                actions.push(Action::Play(file));
            }
            None => actions.extend(self.hang_up(now)),
        }
        actions
    }

    fn first(&self) -> Option<&Sound> {
        match self.plan.script.steps.first() {
            Some(Step::Play { sounds, .. }) => sounds.first(),
            Some(Step::Ask(_) | Step::Speak(_) | Step::Complete { .. } | Step::HangUp) | None => None,
        }
    }

    fn on_played(&mut self, now: Timestamp, failure: Option<String>) -> Vec<Action> {
        if self.state != State::Up {
            return Vec::new();
        }
        if let Some(reason) = failure {
            self.facts.detail = Some(format!("playback failed: {reason}"));
        }
        self.hang_up(now)
    }

    fn hang_up(&mut self, now: Timestamp) -> Vec<Action> {
        self.state = State::Ending;
        self.deadline = after(now, GRACE);
        vec![Action::HangUp]
    }

    /// Whether it was our ring time-out that made us hang up.
    fn timed_out(&self) -> bool {
        self.state == State::Ending && !self.we_hung_up
    }

    fn settle(&mut self, now: Timestamp, ring_timeout: bool) -> Vec<Action> {
        self.state = State::Settled;
        self.facts.ended_at = Some(now);
        let outcome = classify(End {
            rang: self.facts.ringing_at.is_some(),
            answered: self.is_answered(),
            cause: self.facts.cause,
            sip: self.facts.sip,
            ring_timeout,
            we_hung_up: self.we_hung_up,
        });
        vec![Action::Settle(Report { outcome, facts: std::mem::take(&mut self.facts) })]
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Cause;
    use crate::switch::HungUp;

    struct Story {
        machine: Machine,
        now: Timestamp,
    }

    impl Story {
        fn new(prompt: Option<&str>) -> Self {
            let now = "2026-03-01T09:00:00Z".parse().expect("an instant");
            let sound = prompt.map(|file| Sound { file: file.to_owned(), length: Some(Duration::from_secs(20)) });
            let sounds = sound.into_iter().collect();
            let steps = vec![Step::Play { sounds, barge_in: false, next: 1 }, Step::HangUp];
            let plan = Plan {
                call: CallId::new(),
                script: Arc::new(Script { steps, ..Script::default() }),
                ring_timeout: Duration::from_secs(30),
                max_call: Duration::from_secs(300),
            };
            Self { machine: Machine::new(plan, now), now }
        }

        fn wait(&mut self, seconds: u64) -> Vec<Action> {
            self.now += Duration::from_secs(seconds);
            self.machine.on_deadline(self.now)
        }

        fn event(&mut self, event: CallEvent) -> Vec<Action> {
            self.machine.on_event(self.now, event)
        }

        fn hung_up(&mut self, cause: u16) -> Report {
            let end = HungUp { cause: Some(Cause(cause)), ..HungUp::default() };
            match self.event(CallEvent::HungUp(end)).as_slice() {
                [Action::Settle(report)] => report.clone(),
                other => panic!("settles, but did {other:?}"),
            }
        }
    }

    #[test]
    fn plays_to_the_end_and_hangs_up() {
        let mut story = Story::new(Some("hello"));
        story.event(CallEvent::Ringing);
        story.wait(4);
        let answered = story.event(CallEvent::Answered);
        assert_eq!(answered, [Action::NoteAnswer(story.now), Action::Play("hello".into())]);
        story.wait(9);
        assert_eq!(story.event(CallEvent::PlaybackFinished { failure: None }), [Action::HangUp]);
        let report = story.hung_up(16);
        assert_eq!(report.outcome, Outcome::Answered);
        let (rang, up, end) = (report.facts.ringing_at, report.facts.answered_at, report.facts.ended_at);
        assert!(rang < up && up < end && rang.is_some());
        assert_eq!(story.machine.deadline(), None);
    }

    #[test]
    fn nothing_to_play_hangs_up_on_answer() {
        let mut story = Story::new(None);
        assert_eq!(story.event(CallEvent::Answered), [Action::NoteAnswer(story.now), Action::HangUp]);
        assert_eq!(story.hung_up(16).outcome, Outcome::Answered);
    }

    #[test]
    fn a_callee_may_hang_up_at_any_moment() {
        for steps in 0..4 {
            let mut story = Story::new(Some("hello"));
            let events = [CallEvent::Ringing, CallEvent::Answered, CallEvent::PlaybackFinished { failure: None }];
            for event in events.into_iter().take(steps) {
                story.event(event);
            }
            let want = if steps >= 2 { Outcome::Answered } else { Outcome::Failed };
            assert_eq!(story.hung_up(16).outcome, want, "after {steps} events");
            assert_eq!(story.event(CallEvent::Answered), [], "settled is settled");
        }
    }

    #[test]
    fn a_missing_file_is_told() {
        let mut story = Story::new(Some("gone"));
        story.event(CallEvent::Answered);
        story.event(CallEvent::PlaybackFinished { failure: Some("FILE NOT FOUND".into()) });
        let report = story.hung_up(16);
        assert_eq!(report.facts.detail.as_deref(), Some("playback failed: FILE NOT FOUND"));
    }

    #[test]
    fn rings_out_though_the_switch_says_nothing() {
        let mut story = Story::new(None);
        story.event(CallEvent::Ringing);
        assert_eq!(story.wait(39), []);
        assert_eq!(story.wait(1), [Action::HangUp]);
        assert_eq!(story.hung_up(16).outcome, Outcome::NoAnswer);
    }

    #[test]
    fn an_end_never_learnt_is_settled_all_the_same() {
        let mut silent = Story::new(None);
        silent.wait(40);
        let [Action::Settle(report)] = &silent.wait(10)[..] else { panic!("settles") };
        assert_eq!(report.outcome, Outcome::NoAnswer);

        let mut up = Story::new(Some("long"));
        up.event(CallEvent::Answered);
        assert_eq!(up.wait(300), [Action::HangUp]);
        let [Action::Settle(report)] = &up.wait(10)[..] else { panic!("settles") };
        assert_eq!(report.outcome, Outcome::Answered);
    }

    #[test]
    fn stopping_cancels_what_rings_and_keeps_what_was_answered() {
        let mut ringing = Story::new(None);
        ringing.event(CallEvent::Ringing);
        assert_eq!(ringing.machine.on_stop(ringing.now, "going down"), [Action::HangUp]);
        assert_eq!(ringing.hung_up(16).outcome, Outcome::Cancelled);

        let mut up = Story::new(Some("hello"));
        up.event(CallEvent::Answered);
        up.machine.on_stop(up.now, "going down");
        assert_eq!(up.hung_up(16).outcome, Outcome::Answered);
    }

    #[test]
    fn an_answer_that_crosses_our_hang_up_counts() {
        let mut story = Story::new(Some("hello"));
        story.machine.on_stop(story.now, "going down");
        assert_eq!(story.event(CallEvent::Answered), [Action::NoteAnswer(story.now)]);
        assert_eq!(story.hung_up(16).outcome, Outcome::Answered);
    }

    #[test]
    fn after_a_gap_a_playback_is_not_waited_for_longer_than_it_takes() {
        let mut story = Story::new(Some("hello"));
        story.event(CallEvent::Answered);
        story.wait(5);
        story.machine.on_gap(story.now);
        assert_eq!(story.wait(19), []);
        assert_eq!(story.wait(1), [Action::HangUp]);
    }

    #[test]
    fn a_channel_that_vanished_is_lost_or_was_answered() {
        let mut ringing = Story::new(None);
        let [Action::Settle(report)] = &ringing.machine.on_vanished(ringing.now)[..] else { panic!("settles") };
        assert_eq!(report.outcome, Outcome::Lost);
        let mut up = Story::new(Some("hello"));
        up.event(CallEvent::Answered);
        let [Action::Settle(report)] = &up.machine.on_vanished(up.now)[..] else { panic!("settles") };
        assert_eq!(report.outcome, Outcome::Answered);
    }
}
