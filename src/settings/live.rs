//! The settings in force, shared by all who go by them.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, MutexGuard};

use super::{Configured, General, Overrides};

/// The settings in force. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: RwLock<Parts>,
    turn: Mutex<()>,
}

#[derive(Debug)]
struct Parts {
    configured: Configured,
    overrides: Overrides,
}

/// The right to change them, until dropped: what is stored, what is in force
/// here, and what the engine is told stay in the same order.
#[derive(Debug)]
pub struct Turn<'a> {
    live: &'a Live,
    _turn: MutexGuard<'a, ()>,
}

impl Live {
    /// What a configuration and a database say.
    pub fn new(configured: Configured, overrides: Overrides) -> Self {
        let parts = RwLock::new(Parts { configured, overrides });
        Self(Arc::new(Inner { parts, turn: Mutex::default() }))
    }

    /// What is in force.
    pub fn general(&self) -> General {
        self.read(|parts| parts.overrides.over(&parts.configured.general))
    }

    /// What the configuration says.
    pub fn configured(&self) -> Configured {
        self.read(|parts| parts.configured.clone())
    }

    /// Waits for the right to change them.
    pub async fn turn(&self) -> Turn<'_> {
        Turn { live: self, _turn: self.0.turn.lock().await }
    }

    fn read<T>(&self, look: impl FnOnce(&Parts) -> T) -> T {
        look(&self.0.parts.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// The configuration was read again.
    pub fn configure(&self, configured: Configured) {
        self.write().configured = configured;
    }

    /// What the database says; `false`: it said so before.
    pub fn set(&self, overrides: &Overrides) -> bool {
        let mut parts = self.write();
        let other = parts.overrides != *overrides;
        parts.overrides.clone_from(overrides);
        other
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Parts> {
        self.live.0.parts.write().unwrap_or_else(PoisonError::into_inner)
    }
}
