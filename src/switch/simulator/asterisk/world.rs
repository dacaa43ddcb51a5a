//! What the simulated Asterisk knows: its channels, playbacks and applications.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Options;
use super::call::{Call, Command, Placed};
use super::life;
use super::sounds::Sounds;
use super::wire::{self, Event};
use crate::switch::simulator::{Callees, Journal};

/// Where an event socket takes what it is to send.
pub(super) type Outbox = mpsc::UnboundedSender<Utf8Bytes>;

/// Shared by all connections and calls.
#[derive(Debug)]
pub(super) struct World {
    callees: Callees,
    journal: Journal,
    sounds: Sounds,
    calls: Mutex<HashMap<String, Arc<Call>>>,
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
        let (call, commands) = Call::new(placed, self.next());
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
        self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(life));
        Some(call)
    }

    /// A channel is gone.
    pub(super) fn remove(&self, call: &Call) {
        lock(&self.calls).remove(call.id());
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
        apps
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        lock(&self.calls).clear();
        lock(&self.playbacks).clear();
        self.forget_sockets();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere cannot leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
