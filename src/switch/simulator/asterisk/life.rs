//! One simulated call: a task that dials, rings, talks and ends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::call::{Call, Command, Stage};
use super::wire::{self, Event, Playback};
use super::world::World;
use crate::switch::simulator::{Answer, Callee, Record, Then};

/// How a call ended.
struct End {
    cause: u16,
    tech_cause: Option<u16>,
    answered: bool,
}

impl End {
    fn before_answer(cause: u16, tech_cause: Option<u16>) -> Self {
        Self { cause, tech_cause, answered: false }
    }

    fn after_answer(cause: u16) -> Self {
        Self { cause, tech_cause: None, answered: true }
    }
}

/// A call's life, from the first `Dial` to `ChannelDestroyed`.
pub(super) async fn live(world: Arc<World>, call: Arc<Call>, commands: mpsc::UnboundedReceiver<Command>) {
    let callee = world.callees().call(&call.placed().number);
    let mut line = Line { world, call, commands, started: Instant::now(), queue: VecDeque::new(), playing: None };
    let end = line.dial(callee).await;
    line.end(&end);
}

struct Line {
    world: Arc<World>,
    call: Arc<Call>,
    commands: mpsc::UnboundedReceiver<Command>,
    started: Instant,
    queue: VecDeque<Queued>,
    /// The queue's first plays until then.
    playing: Option<Playing>,
}

struct Queued {
    id: String,
    media: Vec<String>,
}

struct Playing {
    at: usize,
    until: Instant,
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
                    Some(Command::StopPlayback { .. }) | None => {}
                },
                () = until_or_never(until) => return false,
            }
        }
    }

    async fn answer(&mut self, answer: &Answer) -> End {
        let journal = self.world.journal();
        journal.note(Record::Answer { call: self.call.id().to_owned() });
        self.call.enter(Stage::Up);
        self.send(&Event::ChannelStateChange { channel: self.call.channel() });
        self.send_dial("ANSWER");
        if !self.world.is_heard(self.call.app()) {
            // Nobody drives it: Asterisk drops it.
            return End::after_answer(16);
        }
        self.call.enter(Stage::Stasis);
        let args = self.call.placed().app_args.as_deref().map_or_else(Vec::new, |args| args.split(',').collect());
        self.send(&Event::StasisStart { args, channel: self.call.channel() });
        let end = self.talk(answer).await;
        self.cut_playbacks();
        self.send(&Event::StasisEnd { channel: self.call.channel() });
        self.call.enter(Stage::Up);
        end
    }

    async fn talk(&mut self, answer: &Answer) -> End {
        let answered = Instant::now();
        let hangs_up = answered + answer.talk;
        let mut presses = answer.key.map(|(after, key)| (answered + after, key));
        let cut_off = self.call.placed().absolute.and_then(|after| self.after(after));
        loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Hangup) => {
                        self.send_hangup_by_us();
                        return End::after_answer(16);
                    }
                    Some(Command::Play { id, media }) => self.play(id, media).await,
                    Some(Command::StopPlayback { id }) => self.stop_playback(&id).await,
                    None => {}
                },
                () = until_or_never(self.playing.as_ref().map(|playing| playing.until)) => self.next_sound().await,
                () = until_or_never(presses.map(|(at, _)| at)) => {
                    if let Some((_, key)) = presses.take() {
                        let digit = key.to_string();
                        let channel = self.call.channel();
                        self.send(&Event::ChannelDtmfReceived { digit: &digit, duration_ms: 120, channel });
                    }
                }
                () = sleep_until(hangs_up) => {
                    let channel = self.call.channel();
                    self.send(&Event::ChannelHangupRequest { cause: 16, tech_cause: None, soft: None, channel });
                    return End::after_answer(16);
                }
                () = until_or_never(cut_off) => return End::after_answer(0),
            }
        }
    }

    async fn play(&mut self, id: String, media: Vec<String>) {
        self.queue.push_back(Queued { id, media });
        if self.playing.is_none() {
            self.start(0, "PlaybackStarted").await;
        }
    }

    /// Plays the first of the queue from its `at`-th sound; what cannot be
    /// played is skipped, unless it is the last: then all "failed".
    async fn start(&mut self, mut at: usize, mut event: &str) {
        loop {
            let Some(queued) = self.queue.front() else {
                self.playing = None;
                return;
            };
            if event == "PlaybackContinuing" {
                self.send_playback(queued, at.saturating_sub(1), "continuing");
            }
            self.send_playback(queued, at, "playing");
            let uri = queued.media.get(at).map_or("", String::as_str);
            if let Some(length) = self.world.sounds().length(uri).await {
                let until = Instant::now() + self.world.callees().mix().scaled(length);
                self.playing = Some(Playing { at, until });
                return;
            }
            if at + 1 < queued.media.len() {
                (at, event) = (at + 1, "PlaybackContinuing");
            } else {
                self.finish_first("failed");
                (at, event) = (0, "PlaybackStarted");
            }
        }
    }

    async fn next_sound(&mut self) {
        let Some(Playing { at, .. }) = self.playing.take() else { return };
        if self.queue.front().is_some_and(|queued| at + 1 < queued.media.len()) {
            self.start(at + 1, "PlaybackContinuing").await;
        } else {
            self.finish_first("done");
            self.start(0, "PlaybackStarted").await;
        }
    }

    async fn stop_playback(&mut self, id: &str) {
        if self.queue.front().is_some_and(|queued| queued.id == id) {
            self.playing = None;
            self.finish_first("done");
            self.start(0, "PlaybackStarted").await;
        } else if let Some(at) = self.queue.iter().position(|queued| queued.id == id)
            && let Some(queued) = self.queue.remove(at)
        {
            self.world.end_playback(id);
            self.send_playback(&queued, 0, "done");
        }
    }

    fn finish_first(&mut self, state: &'static str) {
        if let Some(queued) = self.queue.pop_front() {
            self.world.end_playback(&queued.id);
            self.send_playback(&queued, queued.media.len().saturating_sub(1), state);
        }
    }

    fn cut_playbacks(&mut self) {
        self.playing = None;
        while !self.queue.is_empty() {
            self.finish_first("failed");
        }
    }

    fn send_playback(&self, queued: &Queued, at: usize, state: &'static str) {
        let target_uri = format!("channel:{}", self.call.id());
        let uri = |at: usize| queued.media.get(at).map(String::as_str);
        let playback = Playback {
            id: &queued.id,
            media_uri: uri(at).unwrap_or_default(),
            next_media_uri: uri(at + 1).filter(|_| state == "playing" || state == "continuing"),
            target_uri: &target_uri,
            language: "en",
            state,
        };
        self.send(&match state {
            "playing" => Event::PlaybackStarted { playback },
            "continuing" => Event::PlaybackContinuing { playback },
            _ => Event::PlaybackFinished { playback },
        });
    }

    fn send_dial(&self, dialstatus: &'static str) {
        let peer = self.call.channel();
        self.send(&Event::Dial { dialstatus, forward: "", dialstring: self.call.dialstring(), peer });
    }

    fn send_hangup_by_us(&self) {
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

    fn send(&self, event: &Event<'_>) {
        self.world.send(self.call.app(), event);
    }

    /// An instant this much simulated time after the call's beginning.
    fn after(&self, time: Duration) -> Option<Instant> {
        self.started.checked_add(self.world.callees().mix().scaled(time))
    }
}

async fn until_or_never(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
