//! The calls of one adapter: who listens to them and what is remembered.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::event::{Event, Kind};
use super::track::{Meaning, Track};
use crate::call::CallId;
use crate::switch::{CallEvent, CallEvents, Registry};

/// The calls of one adapter.
#[derive(Debug, Default)]
pub(super) struct Calls {
    registry: Registry,
    tracks: Mutex<HashMap<CallId, Track>>,
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
}

impl Calls {
    /// Starts listening to a call that is about to be placed.
    pub(super) fn place(&self, call: CallId, ring_timeout: Duration) -> CallEvents {
        // Registered first: `sweep` forgets what is not.
        let events = self.registry.register(call);
        self.lock().entry(call).or_insert_with(|| Track::placed(ring_timeout, Instant::now()));
        events
    }

    /// Starts listening to a call that exists already.
    pub(super) fn find(&self, call: CallId) -> CallEvents {
        let events = self.registry.register(call);
        self.lock().entry(call).or_insert_with(|| Track::found(Instant::now()));
        events
    }

    /// Forgets a call that was never placed.
    pub(super) fn forget(&self, call: CallId) {
        self.lock().remove(&call);
    }

    /// Whether events show that Asterisk has, or had, this call.
    pub(super) fn is_seen(&self, call: CallId) -> bool {
        // A call that is gone from the map has been told its end.
        self.lock().get(&call).is_none_or(Track::is_seen)
    }

    /// Looks at what is remembered of a call, or changes it.
    pub(super) fn with<T>(&self, call: CallId, look: impl FnOnce(&mut Track) -> T) -> Option<T> {
        self.lock().get_mut(&call).map(look)
    }

    /// Takes an event to its call.
    pub(super) fn on_event(&self, event: &Event<'_>) -> Effect {
        let Some(call) = event.call else { return Effect::None };
        let mut tracks = self.lock();
        let Some(track) = tracks.get_mut(&call) else {
            let answered = event.kind == Kind::StasisStart && !self.registry.contains(call);
            return if answered { Effect::Orphan(call) } else { Effect::None };
        };
        match track.on_event(event, Instant::now()) {
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
                tracks.remove(&call);
                self.registry.deliver(call, CallEvent::HungUp(end));
                Effect::None
            }
        }
    }

    /// Events may have been missed.
    pub(super) fn missed_events(&self) {
        self.lock().values_mut().for_each(Track::missed_events);
    }

    /// Forgets calls that nobody listens to any more: their end was missed.
    pub(super) fn sweep(&self) {
        self.lock().retain(|call, _| self.registry.contains(*call));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallId, Track>> {
        // A panic elsewhere cannot leave the map half changed.
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::switch::HungUp;
    use crate::switch::asterisk::event::ChannelState;

    const RING: Duration = Duration::from_secs(30);

    fn event(call: CallId, kind: Kind<'_>) -> Event<'_> {
        Event { call: Some(call), state: ChannelState::Other, kind }
    }

    fn destroyed(call: CallId) -> Event<'static> {
        event(call, Kind::Destroyed { cause: Some(17), sip: None })
    }

    #[tokio::test]
    async fn the_end_is_told_once_and_forgotten() {
        let calls = Calls::default();
        let call = CallId::new();
        let mut events = calls.place(call, RING);
        assert!(!calls.is_seen(call));
        calls.on_event(&event(call, Kind::DialBegan));
        assert!(calls.is_seen(call));
        calls.on_event(&event(call, Kind::HangupRequest));
        calls.on_event(&destroyed(call));
        calls.on_event(&destroyed(call));
        assert!(matches!(events.recv().await, Some(CallEvent::HungUp(HungUp { answered: false, .. }))));
        assert_eq!(events.try_recv(), None);
        assert!(calls.lock().is_empty() && calls.is_seen(call));
    }

    #[test]
    fn an_answered_channel_nobody_waits_for_is_an_orphan() {
        let calls = Calls::default();
        let call = CallId::new();
        assert_eq!(calls.on_event(&destroyed(call)), Effect::None);
        assert_eq!(calls.on_event(&event(call, Kind::StasisStart)), Effect::Orphan(call));
        drop(calls.place(call, RING));
        assert_eq!(calls.on_event(&event(call, Kind::StasisStart)), Effect::Orphan(call), "given up by its task");
        let _events = calls.find(CallId::new());
        assert_eq!(calls.on_event(&Event { call: None, ..event(call, Kind::StasisStart) }), Effect::None);
    }

    #[test]
    fn what_nobody_listens_to_is_swept() {
        let calls = Calls::default();
        let (kept, dropped) = (CallId::new(), CallId::new());
        let events = calls.place(kept, RING);
        drop(calls.place(dropped, RING));
        calls.sweep();
        assert_eq!(calls.lock().keys().collect::<Vec<_>>(), [&kept]);
        drop(events);
        calls.sweep();
        assert!(calls.lock().is_empty());
    }

    #[test]
    fn a_listener_that_comes_later_keeps_what_is_known() {
        let calls = Calls::default();
        let call = CallId::new();
        let first = calls.place(call, RING);
        calls.on_event(&event(call, Kind::DialAnswered));
        let mut second = calls.find(call);
        drop(first);
        calls.on_event(&destroyed(call));
        assert!(matches!(second.try_recv(), Some(CallEvent::HungUp(HungUp { answered: true, .. }))));
    }
}
