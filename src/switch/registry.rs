//! Who waits for which call's events.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::CallEvent;
use crate::call::CallId;

/// The calls of one adapter that somebody listens to. Cheap to clone.
///
/// Delivery never waits: a call's channel is unbounded, because a socket task
/// that waited for a consumer would lose the events of every other call.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    calls: Arc<Mutex<HashMap<CallId, mpsc::UnboundedSender<CallEvent>>>>,
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
        let calls = self.lock();
        calls.get(&call).is_some_and(|sender| sender.send(event).is_ok())
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
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallEvents {
    /// The next event; none once another listener took the call over.
    pub async fn recv(&mut self) -> Option<CallEvent> {
        self.events.recv().await
    }

    /// The next event, if one is there already.
    pub fn try_recv(&mut self) -> Option<CallEvent> {
        self.events.try_recv().ok()
    }
}

impl Drop for CallEvents {
    fn drop(&mut self) {
        // `events` is still open here: a closed sender in the map is a later
        // listener's predecessor only if it is not ours.
        self.events.close();
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
        drop(events);
        assert!(registry.is_empty());
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
