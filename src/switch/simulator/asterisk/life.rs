//! One simulated call: a task that dials, rings, talks (`talk`, `playing`) and
//! ends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::call::{Call, Command, Stage};
use super::playing::{Playing, Queued};
use super::talk::Recording;
use super::wire::{self, Event};
use super::world::World;
use crate::switch::simulator::{Callee, Record, Then};

/// How a call ended.
pub(super) struct End {
    cause: u16,
    tech_cause: Option<u16>,
    answered: bool,
}

impl End {
    pub(super) fn before_answer(cause: u16, tech_cause: Option<u16>) -> Self {
        Self { cause, tech_cause, answered: false }
    }

    pub(super) fn after_answer(cause: u16) -> Self {
        Self { cause, tech_cause: None, answered: true }
    }
}

/// A call's life, from the first `Dial` to `ChannelDestroyed`.
pub(super) async fn live(world: Arc<World>, call: Arc<Call>, commands: mpsc::UnboundedReceiver<Command>) {
    let callee = world.callees().call(&call.placed().number);
    let mut line = Line {
        world,
        call,
        commands,
        started: Instant::now(),
        queue: VecDeque::new(),
        playing: None,
        recording: None,
        prompts: 0,
        key: None,
    };
    let end = line.dial(callee).await;
    line.end(&end);
}

pub(super) struct Line {
    pub(super) world: Arc<World>,
    pub(super) call: Arc<Call>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    started: Instant,
    pub(super) queue: VecDeque<Queued>,
    /// The queue's first plays until then.
    pub(super) playing: Option<Playing>,
    /// What the callee says is recorded.
    pub(super) recording: Option<Recording>,
    /// Sounds that have ended.
    pub(super) prompts: u32,
    /// The key that is about to be pressed.
    pub(super) key: Option<(Instant, char)>,
}

impl Line {
    async fn dial(&mut self, callee: Callee) -> End {
        self.send_dial("");
        let answer = match callee.then {
            Then::Invalid => return self.refuse(1, 404, "NOANSWER"),
            Then::Congestion => return self.refuse(34, 503, "CONGESTION"),
            Then::Busy | Then::Reject | Then::NoAnswer | Then::Answer(_) => callee.then,
        };
        self.call.enter(Stage::Ringing);
        self.send(&Event::ChannelStateChange { channel: self.call.channel() });
        self.send_dial("RINGING");
        let gives_up = [self.call.placed().timeout, self.call.placed().absolute].into_iter().flatten().min();
        let gives_up = gives_up.and_then(|after| self.after(after));
        let reacts = (answer != Then::NoAnswer).then(|| self.started + callee.ring);
        let timed_out = match (reacts, gives_up) {
            (Some(reacts), Some(gives_up)) => gives_up < reacts,
            (reacts, _) => reacts.is_none(),
        };
        if self.hung_up_before(if timed_out { gives_up } else { reacts }).await {
            self.send_hangup_by_us();
            self.send_dial("NOANSWER");
            return End::before_answer(16, None);
        }
        if timed_out {
            return End::before_answer(19, Some(480));
        }
        match answer {
            Then::Busy => self.refuse(17, 486, "BUSY"),
            Then::Answer(answer) => self.answer(&answer).await,
            Then::Reject | Then::NoAnswer | Then::Invalid | Then::Congestion => self.refuse(21, 603, "NOANSWER"),
        }
    }

    fn refuse(&self, cause: u16, sip: u16, dialstatus: &'static str) -> End {
        let channel = self.call.channel();
        self.send(&Event::ChannelHangupRequest { cause, tech_cause: Some(sip), soft: None, channel });
        self.send_dial(dialstatus);
        End::before_answer(cause, Some(sip))
    }

    /// Waits; `true` if a hang-up was asked for meanwhile.
    async fn hung_up_before(&mut self, until: Option<Instant>) -> bool {
        loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Hangup) => return true,
                    Some(Command::Play { id, .. }) => self.world.end_playback(&id),
                    Some(
                        Command::StopPlayback { .. }
                        | Command::Record { .. }
                        | Command::StopRecording { .. }
                        | Command::Continue { .. }
                        | Command::EndAfter(_),
                    )
                    | None => {}
                },
                () = until_or_never(until) => return false,
            }
        }
    }

    pub(super) fn send_dial(&self, dialstatus: &'static str) {
        let peer = self.call.channel();
        self.send(&Event::Dial { dialstatus, forward: "", dialstring: self.call.dialstring(), peer });
    }

    pub(super) fn send_hangup_by_us(&self) {
        let channel = self.call.channel();
        self.send(&Event::ChannelHangupRequest { cause: 32, tech_cause: None, soft: Some(true), channel });
    }

    fn end(&mut self, end: &End) {
        self.world.remove(&self.call);
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Play { id, .. } = command {
                self.world.end_playback(&id);
            }
        }
        self.world.journal().note(Record::End {
            call: self.call.id().to_owned(),
            answered: end.answered,
            cause: end.cause,
        });
        let (cause, tech_cause) = (end.cause, end.tech_cause);
        let channel = self.call.channel();
        self.send(&Event::ChannelDestroyed { cause, cause_txt: wire::cause_text(cause), tech_cause, channel });
    }

    pub(super) fn send(&self, event: &Event<'_>) {
        self.world.send(self.call.app(), event);
    }

    /// An instant this much simulated time after the call's beginning.
    pub(super) fn after(&self, time: Duration) -> Option<Instant> {
        self.started.checked_add(self.world.callees().mix().scaled(time))
    }
}

pub(super) async fn until_or_never(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
