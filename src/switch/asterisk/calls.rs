//! The calls of one adapter: who listens to them and what is remembered.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::attached::{Attached, Phase, Turn};
use super::event::{Event, Kind};
use super::part::Part;
use super::track::{Meaning, Track};
use crate::call::CallId;
use crate::switch::{CallEvent, CallEvents, EventCounts, HungUp, Registry, TransferEvent};

/// The calls of one adapter.
#[derive(Debug, Default)]
pub(super) struct Calls {
    registry: Registry,
    calls: Mutex<HashMap<CallId, Call>>,
    /// Made by a process before us: to go with the call.
    strays: Mutex<HashMap<CallId, Vec<Part>>>,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) track: Track,
    pub(super) attached: Attached,
}

/// What is to be done after an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// The channel sends no audio by itself: see that it sends silence.
    Idle(CallId),
    /// A channel of ours that nobody listens to has been answered.
    Orphan(CallId),
    /// Nobody needs these any more.
    Remove(Vec<Part>),
    /// The other party has answered: connect both.
    Connect(Part),
    /// The other party is gone: make the callee's channel ours again, then tell
    /// this.
    Release(Part, TransferEvent),
}

impl From<Track> for Call {
    fn from(track: Track) -> Self {
        Self { track, attached: Attached::default() }
    }
}

impl Calls {
    /// Starts listening to a call that is about to be placed.
    pub(super) fn place(&self, call: CallId, ring_timeout: Duration) -> CallEvents {
        // Registered first: `sweep` forgets what is not.
        let events = self.registry.register(call);
        self.lock().entry(call).or_insert_with(|| Track::placed(ring_timeout, Instant::now()).into());
        events
    }

    /// The events of all calls so far.
    pub(super) fn events(&self) -> EventCounts {
        self.registry.counts()
    }

    /// Starts listening to a call that exists already.
    pub(super) fn find(&self, call: CallId) -> CallEvents {
        let events = self.registry.register(call);
        self.lock().entry(call).or_insert_with(|| Track::found(Instant::now()).into());
        events
    }

    /// Forgets a call that was never placed.
    pub(super) fn forget(&self, call: CallId) {
        self.lock().remove(&call);
    }

    /// Whether events show that Asterisk has, or had, this call.
    pub(super) fn is_seen(&self, call: CallId) -> bool {
        // A call that is gone from the map has been told its end.
        self.lock().get(&call).is_none_or(|call| call.track.is_seen())
    }

    /// Looks at what is remembered of a call, or changes it.
    pub(super) fn with<T>(&self, call: CallId, look: impl FnOnce(&mut Call) -> T) -> Option<T> {
        self.lock().get_mut(&call).map(look)
    }

    /// Whether the channel can send audio, but nothing plays and nobody else
    /// is on the line.
    pub(super) fn is_idle(&self, call: CallId) -> bool {
        self.lock().get(&call).is_some_and(|call| call.track.is_idle() && !call.attached.is_transferred())
    }

    /// Tells something of a call that has not ended.
    pub(super) fn tell(&self, call: CallId, event: CallEvent) {
        self.tell_if(call, |_| true, event);
    }

    /// The same, if it is true of the call at that moment.
    pub(super) fn tell_if(&self, call: CallId, is_true: impl FnOnce(&mut Call) -> bool, event: CallEvent) -> bool {
        let mut calls = self.lock();
        // With the lock held: nothing is told after the end.
        let told = calls.get_mut(&call).is_some_and(is_true);
        if told {
            self.registry.deliver(call, event);
        }
        told
    }

    /// Takes an event to its call.
    pub(super) fn on_event(&self, event: &Event<'_>) -> Effect {
        match (event.call, event.part) {
            (Some(call), _) => self.on_call_event(call, event),
            (None, Some(part)) => self.on_part_event(part, event),
            (None, None) => Effect::None,
        }
    }

    fn on_call_event(&self, call: CallId, event: &Event<'_>) -> Effect {
        let mut calls = self.lock();
        let Some(known) = calls.get_mut(&call) else {
            return match event.kind {
                Kind::StasisStart if !self.registry.contains(call) => Effect::Orphan(call),
                Kind::Destroyed { .. } => removal(self.strays_of(call)),
                _ => Effect::None,
            };
        };
        if let Kind::RecordingFinished { name, failure } = &event.kind {
            if known.attached.recorded(name).is_none() {
                return Effect::None;
            }
            self.registry.deliver(call, recording_finished(name, failure.as_deref()));
            return Effect::Idle(call);
        }
        match known.track.on_event(event, Instant::now()) {
            Meaning::Nothing => Effect::None,
            Meaning::Tell(tell) => {
                self.registry.deliver(call, tell);
                Effect::None
            }
            Meaning::TellIdle(tell) => {
                let orphan = tell == CallEvent::Answered && !self.registry.contains(call);
                self.registry.deliver(call, tell);
                if orphan { Effect::Orphan(call) } else { Effect::Idle(call) }
            }
            Meaning::End(end) => {
                let (recordings, mut parts) = calls.remove(&call).map(|call| call.attached.end()).unwrap_or_default();
                parts.extend(self.strays_of(call));
                for name in recordings {
                    // What hears a call ends with it, be it a moment later.
                    self.registry.deliver(call, recording_finished(&name, None));
                }
                self.registry.deliver(call, CallEvent::HungUp(end));
                removal(parts)
            }
        }
    }

    fn on_part_event(&self, part: Part, event: &Event<'_>) -> Effect {
        let mut calls = self.lock();
        let Some(known) = calls.get_mut(&part.call) else {
            let useless = event.kind == Kind::StasisStart;
            return if useless { Effect::Remove(vec![part]) } else { Effect::None };
        };
        if let Kind::RecordingFinished { name, failure } = &event.kind {
            if known.attached.recorded(name).is_none() {
                return Effect::None;
            }
            self.registry.deliver(part.call, recording_finished(name, failure.as_deref()));
            return Effect::Remove(vec![part]);
        }
        match known.attached.on_event(part, event) {
            Turn::Nothing => Effect::None,
            Turn::Useless => Effect::Remove(vec![part]),
            Turn::Answered => Effect::Connect(part),
            Turn::LegEnded(phase, end) => leg_ended(part, phase, end),
        }
    }

    /// The other party was found to have answered, or to be gone, after events
    /// had been missed.
    pub(super) fn leg_found(&self, part: Part, alive: bool) -> Effect {
        let mut calls = self.lock();
        let Some(known) = calls.get_mut(&part.call) else { return Effect::None };
        // What has happened meanwhile was told.
        let Some((leg, phase)) = known.attached.doubtful_leg().filter(|(leg, _)| *leg == part) else {
            return Effect::None;
        };
        if alive {
            return if known.attached.leg_answered() == Turn::Answered { Effect::Connect(leg) } else { Effect::None };
        }
        known.attached.take_leg(leg);
        leg_ended(leg, phase, HungUp { detail: Some(MISSED.to_owned()), ..HungUp::default() })
    }

    /// Other parties of whose end, or answer, nothing may have been heard.
    pub(super) fn doubtful_legs(&self) -> Vec<Part> {
        self.lock().values().filter_map(|call| call.attached.doubtful_leg()).map(|(leg, _)| leg).collect()
    }

    /// Recordings of whose end nothing may have been heard.
    pub(super) fn doubtful_recordings(&self) -> Vec<(CallId, String)> {
        let calls = self.lock();
        let names = |(id, call): (&CallId, &Call)| {
            let id = *id;
            call.attached.doubtful_recordings().map(move |name| (id, name)).collect::<Vec<_>>()
        };
        calls.iter().flat_map(names).collect()
    }

    /// A recording was found to have ended.
    pub(super) fn recorded(&self, call: CallId, name: &str) -> Effect {
        let mut recorder = None;
        let ended = |known: &mut Call| {
            let ended = known.attached.recorded(name);
            recorder = ended.flatten();
            ended.is_some()
        };
        self.tell_if(call, ended, recording_finished(name, None));
        recorder.map_or(Effect::Idle(call), |part| Effect::Remove(vec![part]))
    }

    /// A part of a call that lives was found. If it is not ours, it is to go
    /// with the call.
    pub(super) fn adopt(&self, part: Part) {
        if self.lock().get(&part.call).is_some_and(|call| call.attached.knows(part)) {
            return;
        }
        let mut strays = self.strays.lock().unwrap_or_else(PoisonError::into_inner);
        let strays = strays.entry(part.call).or_default();
        if !strays.contains(&part) {
            strays.push(part);
        }
    }

    fn strays_of(&self, call: CallId) -> Vec<Part> {
        self.strays.lock().unwrap_or_else(PoisonError::into_inner).remove(&call).unwrap_or_default()
    }

    /// Events may have been missed.
    pub(super) fn missed_events(&self) {
        for call in self.lock().values_mut() {
            call.track.missed_events();
            call.attached.missed_events();
        }
    }

    /// Forgets calls that nobody listens to any more: their end was missed.
    /// Gives what was attached to them.
    pub(super) fn sweep(&self) -> Vec<Part> {
        let mut calls = self.lock();
        let forgotten = calls.extract_if(|call, _| !self.registry.contains(*call));
        forgotten.flat_map(|(_, call)| call.attached.end().1).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallId, Call>> {
        // A panic elsewhere cannot leave the map half changed.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a transfer is over whose end was not heard.
const MISSED: &str = "the other party's channel ended while the connection to Asterisk was lost";

fn recording_finished(name: &str, failure: Option<&str>) -> CallEvent {
    let failure = failure.map(|words| match words {
        "" => "Asterisk could not record".to_owned(),
        words => format!("Asterisk could not record: {words}"),
    });
    CallEvent::RecordingFinished { name: name.to_owned(), failure }
}

fn removal(parts: Vec<Part>) -> Effect {
    if parts.is_empty() { Effect::None } else { Effect::Remove(parts) }
}

fn leg_ended(part: Part, phase: Phase, end: HungUp) -> Effect {
    match phase {
        Phase::Ringing | Phase::Connecting => Effect::Release(part, TransferEvent::Failed(end)),
        Phase::Connected => Effect::Release(part, TransferEvent::Ended),
    }
}

#[cfg(test)]
mod tests;
