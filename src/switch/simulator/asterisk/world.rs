//! What the simulated Asterisk knows: its channels, playbacks and applications.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Options;
use super::bridges::Bridges;
use super::call::{Call, Command, Placed};
use super::extra::Extra;
use super::life;
use super::recordings::Recordings;
use super::sounds::Sounds;
use super::wire::{self, Event, Recording};
use crate::switch::simulator::{Callees, Journal, Record, Speech};

/// Where an event socket takes what it is to send.
pub(super) type Outbox = mpsc::UnboundedSender<Utf8Bytes>;

/// Shared by all connections and calls.
#[derive(Debug)]
pub(super) struct World {
    callees: Callees,
    journal: Journal,
    sounds: Sounds,
    calls: Mutex<HashMap<String, Arc<Call>>>,
    extras: Mutex<HashMap<String, Arc<Extra>>>,
    bridges: Bridges,
    recordings: Recordings,
    contexts: Vec<String>,
    /// Which call each playback belongs to.
    playbacks: Mutex<HashMap<String, String>>,
    /// The event socket of each application, by a number of its own.
    sockets: Mutex<HashMap<String, (u64, Outbox)>>,
    sequence: AtomicU64,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl World {
    pub(super) fn new(options: &Options, tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self {
            callees: Callees::new(options.mix.clone()),
            journal: options.journal.clone(),
            sounds: Sounds::default(),
            calls: Mutex::default(),
            extras: Mutex::default(),
            bridges: Bridges::default(),
            recordings: Recordings::default(),
            contexts: options.contexts.clone(),
            playbacks: Mutex::default(),
            sockets: Mutex::default(),
            sequence: AtomicU64::new(0),
            tasks,
            stop,
        }
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) fn callees(&self) -> &Callees {
        &self.callees
    }

    pub(super) fn sounds(&self) -> &Sounds {
        &self.sounds
    }

    /// A number never given before.
    pub(super) fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// How many channels exist.
    pub(super) fn len(&self) -> usize {
        lock(&self.calls).len()
    }

    pub(super) fn bridges(&self) -> &Bridges {
        &self.bridges
    }

    pub(super) fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    /// Whether the dialplan has this context.
    pub(super) fn has_context(&self, name: &str) -> bool {
        self.contexts.iter().any(|context| context == name)
    }

    /// A channel that is no call, by its id.
    pub(super) fn extra(&self, id: &str) -> Option<Arc<Extra>> {
        lock(&self.extras).get(id).cloned()
    }

    /// Every channel that is no call.
    pub(super) fn extras(&self) -> Vec<Arc<Extra>> {
        lock(&self.extras).values().cloned().collect()
    }

    /// A token that is cancelled when everything ends.
    pub(super) fn stop_token(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Runs something until everything ends.
    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(future));
    }

    /// A channel that is no call begins; none if its id is in use.
    pub(super) fn add_extra(&self, extra: Extra) -> Option<Arc<Extra>> {
        let extra = Arc::new(extra);
        if self.call(&extra.id).is_some() {
            return None;
        }
        let mut extras = lock(&self.extras);
        if extras.contains_key(&extra.id) {
            return None;
        }
        extras.insert(extra.id.clone(), Arc::clone(&extra));
        Some(extra)
    }

    /// A channel that is no call ends, with its recording.
    pub(super) fn end_extra(&self, extra: &Extra, cause: u16) {
        if lock(&self.extras).remove(&extra.id).is_none() {
            return;
        }
        extra.stop.cancel();
        self.finish_recording(extra);
        self.leave(&extra.id);
        let channel = || extra.channel();
        self.send(&extra.app, &Event::StasisEnd { channel: channel() });
        let cause_txt = wire::cause_text(cause);
        self.send(&extra.app, &Event::ChannelDestroyed { cause, cause_txt, tech_cause: None, channel: channel() });
    }

    /// The recording of what a snoop hears ends.
    pub(super) fn finish_recording(&self, extra: &Extra) {
        let (Some((name, length)), Some(call)) = (extra.take_recording(), extra.hears()) else { return };
        let length = length.mul_f64(self.callees.mix().speed);
        if self.recordings.finish(&name, length) {
            let target_uri = format!("channel:{}", extra.id);
            let duration = Some(length.as_secs());
            let recording = Recording { name: &name, format: "wav", state: "done", target_uri: &target_uri, duration };
            self.send(call.app(), &Event::RecordingFinished { recording });
        }
    }

    /// What a call says from now on, in simulated time.
    pub(super) fn speech(&self, call: &Call) -> Option<Speech> {
        let (since_answer, answer) = call.answered()?;
        let mut speech = answer.speech();
        speech.skip_to(since_answer.mul_f64(self.callees.mix().speed));
        Some(speech)
    }

    /// Channels are put in a bridge.
    pub(super) fn join(&self, bridge: &str, channels: &[&str]) -> bool {
        let Some(inside) = self.bridges.add(bridge, channels) else { return false };
        let calls: Vec<_> = inside.iter().filter_map(|id| self.call(id)).collect();
        let is_new = |call: &&Arc<Call>| channels.contains(&call.id());
        if let (Some(leg), Some(call)) = (calls.iter().find(|call| call.is_leg()), calls.iter().find(|c| !c.is_leg()))
            && calls.iter().any(|call| is_new(&call))
        {
            let (call, leg) = (call.id().to_owned(), leg.id().to_owned());
            self.journal.note(Record::Bridge { call, leg });
        }
        self.feed(&inside);
        true
    }

    /// What sends, in a bridge with what hears, sends what is heard.
    fn feed(&self, inside: &[String]) {
        let extras: Vec<_> = inside.iter().filter_map(|id| self.extra(id)).collect();
        let heard = extras.iter().find_map(|extra| extra.hears());
        for extra in &extras {
            extra.feed(heard.cloned());
        }
    }

    /// A channel is gone, and so it is from its bridge.
    fn leave(&self, channel: &str) {
        let left = self.bridges.leave(channel);
        if !left.is_empty() {
            self.feed(&left);
        }
    }

    /// A bridge is deleted; `false` if there is none.
    pub(super) fn delete_bridge(&self, id: &str) -> bool {
        let Some(inside) = self.bridges.delete(id) else { return false };
        for extra in inside.iter().filter_map(|id| self.extra(id)) {
            extra.feed(None);
        }
        true
    }

    /// A channel by its id.
    pub(super) fn call(&self, id: &str) -> Option<Arc<Call>> {
        lock(&self.calls).get(id).cloned()
    }

    /// Every channel.
    pub(super) fn calls(&self) -> Vec<Arc<Call>> {
        lock(&self.calls).values().cloned().collect()
    }

    /// Places a call, unless its id is in use.
    pub(super) fn place(self: &Arc<Self>, placed: Placed) -> Option<Arc<Call>> {
        // Named after a call that is there already: for the sake of that.
        let is_leg = lock(&self.calls)
            .keys()
            .any(|other| placed.id.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('-')));
        let (call, commands) = Call::new(placed, self.next(), is_leg);
        let call = Arc::new(call);
        {
            let mut calls = lock(&self.calls);
            if calls.contains_key(call.id()) {
                return None;
            }
            calls.insert(call.id().to_owned(), Arc::clone(&call));
        }
        call.note_originate(&self.journal);
        let life = life::live(Arc::clone(self), Arc::clone(&call), commands);
        self.spawn(life);
        Some(call)
    }

    /// A channel is gone.
    pub(super) fn remove(&self, call: &Call) {
        lock(&self.calls).remove(call.id());
        self.leave(call.id());
        // What hears a call ends with it.
        for extra in self.extras().iter().filter(|extra| extra.hears().is_some_and(|heard| heard.id() == call.id())) {
            self.end_extra(extra, 16);
        }
    }

    /// Starts or queues a playback; `false` if the channel is gone.
    pub(super) fn play(&self, call: &Call, id: String, media: Vec<String>) -> bool {
        lock(&self.playbacks).insert(id.clone(), call.id().to_owned());
        let taken = call.command(Command::Play { id: id.clone(), media });
        if !taken {
            self.end_playback(&id);
        }
        taken
    }

    /// The channel a playback belongs to, while it lasts.
    pub(super) fn playback(&self, id: &str) -> Option<Arc<Call>> {
        let call = lock(&self.playbacks).get(id).cloned()?;
        self.call(&call)
    }

    /// A playback is over.
    pub(super) fn end_playback(&self, id: &str) {
        lock(&self.playbacks).remove(id);
    }

    /// Gives an application to a new event socket; an earlier one is told.
    pub(super) fn connect(&self, app: &str, socket: u64, outbox: Outbox) {
        let before = lock(&self.sockets).insert(app.to_owned(), (socket, outbox));
        if let Some((_, before)) = before {
            let _ = before.send(wire::text(&Event::ApplicationReplaced, app).into());
        }
    }

    /// An event socket has closed.
    pub(super) fn disconnect(&self, socket: u64) {
        lock(&self.sockets).retain(|_, (id, _)| *id != socket);
    }

    /// Forgets all event sockets at once.
    pub(super) fn forget_sockets(&self) {
        lock(&self.sockets).clear();
    }

    /// Whether somebody hears the events of this application.
    pub(super) fn is_heard(&self, app: &str) -> bool {
        lock(&self.sockets).get(app).is_some_and(|(_, outbox)| !outbox.is_closed())
    }

    /// Sends an event to its application. Without a socket it is lost.
    pub(super) fn send(&self, app: &str, event: &Event<'_>) {
        // Written before the lock is taken again: many calls send at a time.
        let Some(outbox) = lock(&self.sockets).get(app).map(|(_, outbox)| outbox.clone()) else { return };
        let _ = outbox.send(wire::text(event, app).into());
    }

    /// The applications that exist: those with a socket or a channel.
    pub(super) fn apps(&self) -> BTreeSet<String> {
        let mut apps: BTreeSet<_> = lock(&self.sockets).keys().cloned().collect();
        apps.extend(lock(&self.calls).values().map(|call| call.app().to_owned()));
        apps.extend(lock(&self.extras).values().map(|extra| extra.app.clone()));
        apps
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        lock(&self.calls).clear();
        lock(&self.extras).clear();
        self.bridges.clear();
        self.recordings.clear();
        lock(&self.playbacks).clear();
        self.forget_sockets();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere cannot leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
