//! The way out: running calls end or are hung up, and all is written.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::state::State;
use crate::dialer::ledger::Ends;
use crate::switch::Switch;

/// After running calls were hung up, their ends get this long to arrive.
const HANG_UP_GRACE: Duration = Duration::from_secs(15);
/// On the way out the database gets this long to take what is unwritten.
const FLUSH_GRACE: Duration = Duration::from_secs(10);

/// What became of the wish to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    No,
    /// No new calls; running ones are hung up at this time.
    Draining(Instant),
    /// Running calls were hung up; over at this time in any case.
    HangingUp(Instant),
}

impl State {
    pub(super) fn on_drain(&mut self) {
        match self.ending {
            Ending::No => {
                tracing::info!(in_progress = self.context.stats.in_progress(), "no new calls; running ones go on");
                self.ending = Ending::Draining(Instant::now() + self.drain);
                for (_, go) in self.go.drain() {
                    go.store(false, Ordering::Relaxed);
                }
            }
            Ending::Draining(_) | Ending::HangingUp(_) => {}
        }
    }

    pub(super) fn on_time(&mut self) {
        let now = Instant::now();
        match self.ending {
            Ending::No => {}
            Ending::Draining(until) if now < until => {}
            Ending::Draining(_) => {
                tracing::info!(calls = self.calls.len(), "hanging up the calls still in progress");
                self.stop.send_replace(true);
                self.ending = Ending::HangingUp(now + HANG_UP_GRACE);
            }
            Ending::HangingUp(_) => {}
        }
    }

    pub(super) fn is_over(&self) -> bool {
        // Calls from before that cannot be asked for are left to the next start.
        let idle = self.calls.len() <= self.lost.len() && self.places.is_empty();
        match self.ending {
            Ending::No => false,
            Ending::Draining(_) => idle,
            Ending::HangingUp(until) => idle || Instant::now() >= until,
        }
    }

    /// Waits until everything is written, then lets go of the switches and the
    /// right to dial.
    pub(super) async fn close(self) -> bool {
        let Self { context, writer, stop, links, .. } = self;
        let switches: Vec<Switch> = context.lines.iter().map(|line| line.switch.clone()).collect();
        // Calls from before that are still asked for stop asking.
        stop.send_replace(true);
        context.ledger.close();
        let (recordings, spool) = (context.recordings.clone(), context.spool.clone());
        // The writer ends when the last ledger handle is gone.
        drop((context, stop, links));
        let written = match tokio::time::timeout(FLUSH_GRACE, writer).await {
            Ok(Ok(Ends::AllWritten)) => true,
            Ok(Ok(Ends::Refused(_)) | Err(_)) | Err(_) => false,
        };
        if written {
            spool.clear().await;
            tracing::info!("all calls are settled and written");
        } else {
            tracing::error!("not every call's end is in the database: the next start settles the rest");
        }
        recordings.finish().await;
        for switch in switches {
            switch.close().await;
        }
        written
    }
}
