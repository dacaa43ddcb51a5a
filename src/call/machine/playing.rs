//! Sounds, one after the other, and how they are stopped.

use std::time::Duration;

use jiff::Timestamp;

use super::steps::Next;
use super::{Action, Machine, Phase, STOP_WAIT, State, after, words};
use crate::call::{Script, Sound, Step, StepIndex};

/// Beyond its length, a playback's end is waited for so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// A playback ends no earlier than this before its length.
const EARLY: Duration = Duration::from_millis(500);
/// So many failures one after the other, and nothing works.
const MOST_FAILURES: u32 = 32;

/// Which of the script's lists of sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What this step plays or asks.
    Step(StepIndex),
    /// What follows a wrong key.
    Invalid(StepIndex),
    /// The message for a machine.
    Message,
    /// What confirms the opt-out.
    OptedOut,
    /// What comes before a transfer.
    BeforeTransfer,
    /// What follows a failed one.
    TransferFailed,
}

/// A list being played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Playing {
    pub(super) part: Part,
    /// Which sound of the list; how many have ended.
    at: usize,
    /// How many of them failed.
    failed: usize,
    /// Since when this one plays.
    since: Timestamp,
    /// It is being stopped: what follows.
    pub(super) stopped: Option<Next>,
}

/// Ends of playbacks do not say whose they are. After a stop the end of the
/// one before may be told while the next one plays already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stray {
    /// All ends were told.
    #[default]
    None,
    /// An end was told, but maybe by the refusal of the stop.
    Possible,
    /// An end was not waited for any longer.
    Owed,
}

impl Machine {
    /// Plays a list from its start.
    pub(super) fn begin(&mut self, now: Timestamp, part: Part) {
        self.play(now, Playing { part, at: 0, failed: 0, since: now, stopped: None });
    }

    /// Plays the sound at which the list stands, or goes on after the last.
    fn play(&mut self, now: Timestamp, playing: Playing) {
        let script = self.plan.script.clone();
        let Some(sound) = sounds(&script, playing.part).get(playing.at) else {
            return self.on_list_finished(now, playing);
        };
        self.todo.push(Action::Play(sound.file.clone()));
        let wake = sound.length.map_or(Timestamp::MAX, |length| after(now, length.saturating_add(PATIENCE)));
        self.enter(Phase::Playing(Playing { since: now, ..playing }), wake);
    }

    /// The switch says that what played has ended.
    pub(super) fn on_played(&mut self, now: Timestamp, failure: Option<&str>) {
        let State::Up(Phase::Playing(playing)) = self.state else { return };
        if let Some(next) = playing.stopped {
            self.talk.stray = Stray::Possible;
            return self.proceed(now, next);
        }
        let stray = std::mem::take(&mut self.talk.stray);
        if self.is_stray(now, stray, playing, failure.is_some()) {
            // Should it have been its own end after all, no other comes.
            let length = self.length(playing).unwrap_or_default();
            self.wake = self.wake.min(after(playing.since, length.saturating_add(EARLY)));
            return;
        }
        match failure {
            Some(reason) => {
                if !std::mem::replace(&mut self.talk.failure_told, true) {
                    self.remark(&format!("playback failed: {}", words(reason)));
                }
                if self.is_hopeless() {
                    return self.hang_up(now);
                }
            }
            None => self.talk.failures = 0,
        }
        let failed = playing.failed + usize::from(failure.is_some());
        self.play(now, Playing { at: playing.at + 1, failed, ..playing });
    }

    fn is_stray(&self, now: Timestamp, stray: Stray, playing: Playing, failed: bool) -> bool {
        let early = self.length(playing).is_some_and(|length| now < after(playing.since, length.saturating_sub(EARLY)));
        match stray {
            Stray::None => false,
            Stray::Possible => early && !failed,
            Stray::Owed => early,
        }
    }

    /// The end of what plays was not told, and it is time.
    pub(super) fn on_no_end(&mut self, now: Timestamp, playing: Playing) {
        self.talk.stray = Stray::Owed;
        match playing.stopped {
            Some(next) => self.proceed(now, next),
            None => self.play(now, Playing { at: playing.at + 1, ..playing }),
        }
    }

    /// Stops what plays; `next` follows once it has ended.
    pub(super) fn stop_playback(&mut self, now: Timestamp, playing: Playing, next: Next) {
        let wake = match playing.stopped {
            Some(_) => self.wake,
            None => {
                self.todo.push(Action::StopPlayback);
                after(now, STOP_WAIT)
            }
        };
        self.enter(Phase::Playing(Playing { stopped: Some(next), ..playing }), wake);
    }

    fn on_list_finished(&mut self, now: Timestamp, playing: Playing) {
        match playing.part {
            Part::Step(step) => {
                let unheard = playing.at > 0 && playing.failed == playing.at;
                self.on_step_played(now, step, unheard);
            }
            Part::Invalid(step) => self.ask(now, step),
            Part::Message => {
                self.facts.talk.message_left = playing.at > 0 && playing.failed == 0;
                self.hang_up(now);
            }
            Part::BeforeTransfer => self.transfer(now),
            Part::OptedOut | Part::TransferFailed => self.hang_up(now),
        }
    }

    /// One more failure: whether so much has failed that nothing works.
    pub(super) fn is_hopeless(&mut self) -> bool {
        self.talk.failures = self.talk.failures.saturating_add(1);
        self.talk.failures >= MOST_FAILURES
    }

    /// How long what plays takes, where that is known.
    pub(super) fn length(&self, playing: Playing) -> Option<Duration> {
        sounds(&self.plan.script, playing.part).get(playing.at)?.length
    }
}

fn sounds(script: &Script, part: Part) -> &[Sound] {
    match part {
        Part::Step(step) => match script.steps.get(step) {
            Some(Step::Play { sounds, .. }) => sounds,
            Some(Step::Ask(ask)) => &ask.prompt,
            Some(Step::Speak(speak)) => &speak.prompt,
            Some(Step::Complete { .. } | Step::HangUp) | None => &[],
        },
        Part::Invalid(step) => match script.steps.get(step) {
            Some(Step::Ask(ask)) => &ask.invalid,
            Some(Step::Play { .. } | Step::Speak(_) | Step::Complete { .. } | Step::HangUp) | None => &[],
        },
        Part::Message => &script.message,
        Part::OptedOut => script.opt_out.as_ref().map_or(&[], |key| &key.confirm),
        Part::BeforeTransfer => script.transfer.as_ref().map_or(&[], |key| &key.before),
        Part::TransferFailed => script.transfer.as_ref().map_or(&[], |key| &key.failed),
    }
}
