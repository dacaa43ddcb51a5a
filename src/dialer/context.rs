//! What every call's task shares.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::ledger::Ledger;

use super::news::News;
use super::recordings::Recordings;
use super::spool::Spool;
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::live::Feed;
use crate::media::Sounds;
use crate::store::Store;
use crate::switch::Switch;

/// The state of the connection to a switch, as calls see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// Commands can be sent.
    pub(super) up: bool,
    /// Counts the moments from which on events may have been missed.
    pub(super) epoch: u64,
}

/// A switch and the state of the connection to it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) switch: Switch,
    pub(super) link: watch::Receiver<Link>,
}

/// What every call's task shares.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) news: mpsc::UnboundedSender<News>,
    pub(super) lines: Vec<Line>,
    /// Set when calls in progress are to be hung up.
    pub(super) stop: watch::Receiver<bool>,
    pub(super) stats: Arc<Stats>,
    pub(super) recordings: Recordings,
    pub(super) spool: Spool,
    pub(super) sounds: Sounds,
    /// The rules in force.
    pub(super) organization: watch::Receiver<Arc<Organization>>,
    pub(super) store: Store,
    pub(super) feed: Feed,
}

/// Counters of a running engine, for progress bars and benchmarks.
#[derive(Debug, Default)]
pub struct Stats {
    started: AtomicU64,
    ended: AtomicU64,
    answered: AtomicU64,
    turnaround: Option<Mutex<Turnaround>>,
}

#[derive(Debug, Default)]
struct Turnaround {
    freed: VecDeque<Instant>,
    samples: Vec<Duration>,
}

impl Stats {
    /// Counters that also measure the time from a freed slot to the next
    /// originate. For benchmarks: the samples are kept in memory.
    pub fn with_turnaround() -> Self {
        Self { turnaround: Some(Mutex::default()), ..Self::default() }
    }

    /// Calls handed to a switch.
    pub fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// Calls that are over.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Calls that were answered.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Calls between start and end.
    pub fn in_progress(&self) -> u64 {
        self.started().saturating_sub(self.ended())
    }

    /// The times from a freed slot to the next originate, as measured.
    pub fn turnaround(&self) -> Vec<Duration> {
        self.with_turn(|turn| turn.samples.clone()).unwrap_or_default()
    }

    pub(super) fn on_start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
        self.with_turn(|turn| {
            if let Some(freed) = turn.freed.pop_front() {
                turn.samples.push(freed.elapsed());
            }
        });
    }

    pub(super) fn on_answer(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn on_end(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.with_turn(|turn| turn.freed.push_back(Instant::now()));
    }

    fn with_turn<T>(&self, act: impl FnOnce(&mut Turnaround) -> T) -> Option<T> {
        let turn = self.turnaround.as_ref()?;
        Some(act(&mut turn.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
