//! A call that is, or may be, on the switch: its events, the time, and what
//! becomes of the connection go into its machine.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::listening::{Ear, Sounded, frame};
use super::{ANSWER_TIMEOUT, Job, SECOND_LOOK, instant_of};
use crate::call::{Action, CallId, Machine, Report, Script};
use crate::clock::Clock;
use crate::dialer::context::{Context, Line, Link};
use crate::live::Happened;
use crate::switch::{CallEvent, CallEvents, CommandError, Presence};

/// A call that is, or may be, on the switch.
pub(super) struct Live<'a> {
    pub(super) context: &'a Context,
    pub(super) job: &'a Job,
    pub(super) script: Arc<Script>,
    /// The call's own: a step of the machine's clock must not end it.
    pub(super) clock: Clock,
    pub(super) line: Line,
    pub(super) call: CallId,
    pub(super) machine: Machine,
    pub(super) events: CallEvents,
    /// The epoch of the connection up to which nothing was missed.
    pub(super) epoch: u64,
    /// When to ask the switch whether the channel is there.
    pub(super) look_at: Option<Instant>,
    /// The switch was asked once and had no such channel.
    pub(super) missing: bool,
    /// Our detector, while it listens.
    pub(super) ear: Option<Ear>,
    pub(super) sounds: Sounded,
    /// Whoever watches knows that it rings.
    pub(super) rang: bool,
    /// By then the channel has ended, whatever became of us: time-outs on the
    /// switch see to that.
    pub(super) outlives: Instant,
}

impl Live<'_> {
    /// Runs to the call's end; none if the daemon goes down while the switch
    /// is out of reach and the channel may still live.
    pub(super) async fn run(&mut self) -> Option<Report> {
        let mut stop = self.context.stop.clone();
        let mut link = self.line.link.clone();
        loop {
            let now = self.clock.now();
            let up = link.borrow().up;
            let mut deadline = self.machine.deadline().map_or(Instant::now(), |at| instant_of(at, now));
            if self.machine.is_ending() {
                if !up && *stop.borrow() {
                    return None;
                }
                // An end is never made up: as long as the channel may live the
                // switch is asked for it, and the call goes on.
                deadline = deadline.max(self.outlives);
            }
            let look_at = self.look_at.filter(|_| up);
            let actions = tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Some(event) => {
                        if let CallEvent::PlaybackFinished { failure } = &event {
                            self.sounds.on_played(failure.as_deref());
                        }
                        if event == CallEvent::Ringing && !std::mem::replace(&mut self.rang, true) {
                            self.tell(Happened::CallRinging { call: self.call, contact: self.job.claimed.target });
                        }
                        self.machine.on_event(self.clock.now(), event)
                    }
                    // Another task took this call over; it cannot be heard any more.
                    None => self.machine.on_vanished(self.clock.now()),
                },
                frame = frame(&mut self.ear) => self.hear(frame),
                () = changed(&mut link) => {
                    let current = *link.borrow_and_update();
                    if current.up && current.epoch != self.epoch {
                        self.epoch = current.epoch;
                        self.look_at = Some(Instant::now());
                    }
                    Vec::new()
                }
                () = stopped(&mut stop), if !self.machine.is_ending() => {
                    self.machine.on_stop(self.clock.now(), "the daemon went down")
                }
                () = self.job.asked.cancelled(), if !self.machine.is_ending() => {
                    self.machine.on_stop(self.clock.now(), super::ASKED)
                }
                () = tokio::time::sleep_until(look_at.unwrap_or(deadline)), if look_at.is_some() => self.look().await,
                () = tokio::time::sleep_until(deadline) => self.machine.on_deadline(self.clock.now()),
            };
            if let Some(report) = self.perform(actions).await {
                return Some(report);
            }
        }
    }

    /// Whoever watches is told.
    pub(super) fn tell(&self, happened: Happened) {
        self.context.feed.publish(self.context.clock.now(), self.job.campaign, happened);
    }

    /// Asks the switch whether the channel is there, and draws the conclusion.
    async fn look(&mut self) -> Vec<Action> {
        self.look_at = None;
        let answer = answered(self.line.switch.presence(self.call)).await;
        let now = self.clock.now();
        match answer {
            Ok(Presence::Gone) if self.missing => self.machine.on_vanished(now),
            Ok(Presence::Gone) => {
                self.missing = true;
                self.look_at = Some(Instant::now() + SECOND_LOOK);
                Vec::new()
            }
            Ok(Presence::Up) if self.machine.is_ending() && !self.machine.is_answered() => {
                // Its answer was missed while we gave it up.
                self.missing = false;
                let mut actions = self.machine.on_event(now, CallEvent::Answered);
                actions.push(Action::HangUp);
                actions
            }
            Ok(_) if self.machine.is_ending() => {
                self.missing = false;
                vec![Action::HangUp]
            }
            Ok(Presence::Dialing) => {
                self.missing = false;
                Vec::new()
            }
            Ok(Presence::Up) if self.machine.is_answered() => {
                self.missing = false;
                self.machine.on_gap(now);
                Vec::new()
            }
            Ok(Presence::Up) => {
                self.missing = false;
                self.machine.on_event(now, CallEvent::Answered)
            }
            Err(_) => {
                self.look_at = Some(Instant::now() + SECOND_LOOK);
                Vec::new()
            }
        }
    }
}

/// Ends when the connection to the switch has changed.
async fn changed(link: &mut watch::Receiver<Link>) {
    if link.changed().await.is_err() {
        // The engine is gone: it never changes again.
        std::future::pending().await
    }
}

/// Ends when calls in progress are to be hung up.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // The engine is gone without a word: nothing will ask us to stop.
        std::future::pending().await
    }
}

/// Waits for a switch's answer, but not for ever. Not an `async fn`, which
/// would hold the command twice: this is most of what a call in progress costs.
pub(super) fn answered<T>(
    command: impl Future<Output = Result<T, CommandError>>,
) -> impl Future<Output = Result<T, CommandError>> {
    let command = tokio::time::timeout(ANSWER_TIMEOUT, command);
    async { command.await.unwrap_or_else(|_| Err(CommandError::Disconnected("no answer in time".into()))) }
}
