//! Who waits for which call's events.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::CallEvent;
use crate::call::CallId;

/// The calls of one adapter that somebody listens to. Cheap to clone.
///
/// Delivery never waits: a call's channel is unbounded, because a socket task
/// that waited for a consumer would lose the events of every other call.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    calls: Mutex<HashMap<CallId, mpsc::UnboundedSender<CallEvent>>>,
    /// Events that went into the channels of calls.
    delivered: AtomicU64,
    /// Events that went out of them.
    taken: AtomicU64,
}

/// Events of an adapter's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Those that were handed to their calls.
    pub delivered: u64,
    /// Of those, the ones whose calls have not looked at them yet.
    pub waiting: u64,
}

/// The events of one call, in order. Dropping it ends the registration.
#[derive(Debug)]
pub struct CallEvents {
    call: CallId,
    events: mpsc::UnboundedReceiver<CallEvent>,
    registry: Registry,
}

impl Registry {
    /// Starts listening to a call; an earlier listener hears nothing more.
    pub fn register(&self, call: CallId) -> CallEvents {
        let (sender, events) = mpsc::unbounded_channel();
        self.lock().insert(call, sender);
        CallEvents { call, events, registry: self.clone() }
    }

    /// Hands an event to its call; `false` if nobody listens.
    pub fn deliver(&self, call: CallId, event: CallEvent) -> bool {
        let delivered = self.lock().get(&call).is_some_and(|sender| sender.send(event).is_ok());
        if delivered {
            self.0.delivered.fetch_add(1, Ordering::Relaxed);
        }
        delivered
    }

    /// How many events there were, and how many wait.
    pub fn counts(&self) -> EventCounts {
        // In this order: one that is taken meanwhile must have been delivered.
        let taken = self.0.taken.load(Ordering::Relaxed);
        let delivered = self.0.delivered.load(Ordering::Relaxed);
        EventCounts { delivered, waiting: delivered.saturating_sub(taken) }
    }

    /// Whether somebody listens to this call.
    pub fn contains(&self, call: CallId) -> bool {
        self.lock().contains_key(&call)
    }

    /// How many calls are listened to.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether no call is listened to.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, mpsc::UnboundedSender<CallEvent>>> {
        // A panic elsewhere cannot leave the map half changed.
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallEvents {
    /// The next event; none once another listener took the call over.
    pub async fn recv(&mut self) -> Option<CallEvent> {
        let event = self.events.recv().await;
        self.count_taken(event.is_some().into());
        event
    }

    /// The next event, if one is there already.
    pub fn try_recv(&mut self) -> Option<CallEvent> {
        let event = self.events.try_recv().ok();
        self.count_taken(event.is_some().into());
        event
    }

    fn count_taken(&self, events: u64) {
        self.registry.0.taken.fetch_add(events, Ordering::Relaxed);
    }
}

impl Drop for CallEvents {
    fn drop(&mut self) {
        // `events` is still open here: a closed sender in the map is a later
        // listener's predecessor only if it is not ours.
        self.events.close();
        self.count_taken(self.events.len() as u64);
        let mut calls = self.registry.lock();
        if calls.get(&self.call).is_some_and(mpsc::UnboundedSender::is_closed) {
            calls.remove(&self.call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_reach_their_call_in_order_until_it_is_dropped() {
        let registry = Registry::default();
        let (one, two) = (CallId::new(), CallId::new());
        let mut events = registry.register(one);
        assert!(registry.deliver(one, CallEvent::Ringing));
        assert!(registry.deliver(one, CallEvent::Answered));
        assert!(!registry.deliver(two, CallEvent::Ringing));
        assert_eq!(events.recv().await, Some(CallEvent::Ringing));
        assert_eq!(events.recv().await, Some(CallEvent::Answered));
        assert_eq!(registry.counts(), EventCounts { delivered: 2, waiting: 0 });
        assert!(registry.deliver(one, CallEvent::Ringing));
        assert_eq!(registry.counts(), EventCounts { delivered: 3, waiting: 1 });
        drop(events);
        assert!(registry.is_empty());
        assert_eq!(registry.counts().waiting, 0, "nobody will look at it");
    }

    #[tokio::test]
    async fn a_later_listener_survives_the_drop_of_an_earlier() {
        let registry = Registry::default();
        let call = CallId::new();
        let earlier = registry.register(call);
        let mut later = registry.register(call);
        drop(earlier);
        assert!(registry.deliver(call, CallEvent::Ringing));
        assert_eq!(later.recv().await, Some(CallEvent::Ringing));
    }
}
