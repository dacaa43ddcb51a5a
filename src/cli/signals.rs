//! SIGTERM, Ctrl-C and SIGHUP.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both ways of asking a process to end.
pub(super) struct Ends {
    term: Signal,
    int: Signal,
}

impl Ends {
    /// Listens from now on; the signals no longer kill the process.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

/// The wish to read the configuration again.
pub(super) struct Reload(Signal);

impl Reload {
    /// Listens from now on; the signal no longer kills the process.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}
