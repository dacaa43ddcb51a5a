//! SIGTERM, Ctrl-C and SIGHUP.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The ways of asking a process to end.
pub(super) struct Ends {
    term: Signal,
    int: Signal,
    /// In the foreground a closed terminal ends a command too.
    hangup: Option<Signal>,
}

impl Ends {
    /// Listens from now on; the signals no longer kill the process.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())?, hangup: None })
    }

    /// As [`Self::listen`], and to the end of the terminal.
    pub(super) fn listen_foreground() -> std::io::Result<Self> {
        Ok(Self { hangup: Some(signal(SignalKind::hangup())?), ..Self::listen()? })
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
            () = received(self.hangup.as_mut()) => {}
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    let heard = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending().await
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
        received(Some(&mut self.0)).await
    }
}
