//! Bridges: what is in one hears each other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Every bridge there is.
#[derive(Debug, Default)]
pub(super) struct Bridges(Mutex<HashMap<String, Bridge>>);

/// One of them, as ARI shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Bridge {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) technology: &'static str,
    pub(super) bridge_type: &'static str,
    pub(super) bridge_class: &'static str,
    pub(super) creator: &'static str,
    pub(super) channels: Vec<String>,
    pub(super) creationtime: String,
    pub(super) video_mode: &'static str,
}

impl Bridge {
    /// A mixing bridge with nobody in it.
    pub(super) fn mixing(id: String, name: String) -> Self {
        Self {
            id,
            name,
            technology: "simple_bridge",
            bridge_type: "mixing",
            bridge_class: "stasis",
            creator: "Stasis",
            channels: Vec::new(),
            creationtime: super::wire::timestamp(),
            video_mode: "none",
        }
    }
}

impl Bridges {
    /// A new one; `false` if the id is in use.
    pub(super) fn make(&self, bridge: Bridge) -> bool {
        let mut bridges = self.lock();
        let is_new = !bridges.contains_key(&bridge.id);
        if is_new {
            bridges.insert(bridge.id.clone(), bridge);
        }
        is_new
    }

    /// Every one.
    pub(super) fn all(&self) -> Vec<Bridge> {
        self.lock().values().cloned().collect()
    }

    /// Whether there is one of this id.
    pub(super) fn exists(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Adds channels; gives all that are in it then.
    pub(super) fn add(&self, id: &str, channels: &[&str]) -> Option<Vec<String>> {
        let mut bridges = self.lock();
        let bridge = bridges.get_mut(id)?;
        for channel in channels {
            if !bridge.channels.iter().any(|in_it| in_it == channel) {
                bridge.channels.push((*channel).to_owned());
            }
        }
        Some(bridge.channels.clone())
    }

    /// A channel is gone; gives who was in a bridge with it.
    pub(super) fn leave(&self, channel: &str) -> Vec<String> {
        let mut left = Vec::new();
        for bridge in self.lock().values_mut() {
            if let Some(at) = bridge.channels.iter().position(|in_it| in_it == channel) {
                bridge.channels.remove(at);
                left.extend(bridge.channels.iter().cloned());
            }
        }
        left
    }

    /// Deletes one; gives who was in it.
    pub(super) fn delete(&self, id: &str) -> Option<Vec<String>> {
        self.lock().remove(id).map(|bridge| bridge.channels)
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Bridge>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_holds_channels_until_they_leave_or_it_is_deleted() {
        let bridges = Bridges::default();
        assert!(bridges.make(Bridge::mixing("b".into(), "app".into())));
        assert!(!bridges.make(Bridge::mixing("b".into(), "app".into())), "in use");
        assert_eq!(bridges.add("b", &["one", "two", "one"]), Some(vec!["one".into(), "two".into()]));
        assert_eq!(bridges.add("x", &["one"]), None);
        assert_eq!(bridges.leave("one"), ["two"]);
        assert_eq!(bridges.leave("one"), Vec::<String>::new());
        assert_eq!((bridges.delete("b"), bridges.delete("b")), (Some(vec!["two".into()]), None));
    }
}
