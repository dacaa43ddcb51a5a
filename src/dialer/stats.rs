//! Counters of a running engine: atomic, so that nobody waits to be counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::ledger_stats::LedgerStats;

/// Counters of a running engine, for progress bars, benchmarks and metrics.
#[derive(Debug, Default)]
pub struct Stats {
    started: AtomicU64,
    ended: AtomicU64,
    answered: AtomicU64,
    ledger: LedgerStats,
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
        // In this order: who starts and ends in between must not be missing.
        let ended = self.ended();
        self.started().saturating_sub(ended)
    }

    /// What was written to the database, and how long that took.
    pub fn ledger(&self) -> &LedgerStats {
        &self.ledger
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
