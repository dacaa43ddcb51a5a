//! Channels that are no calls: those that hear a call (snoops), and those that
//! send what they are given to somewhere else (external media).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::wire::{self, Channel, Dialplan, Party};

/// Such a channel.
#[derive(Debug)]
pub(super) struct Extra {
    pub(super) id: String,
    pub(super) app: String,
    pub(super) kind: Kind,
    name: String,
    created: String,
    app_data: String,
    /// The recording of it, and since when.
    recording: Mutex<Option<(String, Instant)>>,
    /// Ends what it does.
    pub(super) stop: CancellationToken,
}

/// What it is for.
#[derive(Debug)]
pub(super) enum Kind {
    /// It hears this call.
    Snoop(Arc<Call>),
    /// It sends what the call says that is heard in the same bridge.
    Media(watch::Sender<Option<Arc<Call>>>),
}

impl Extra {
    pub(super) fn new(id: String, app: String, name: String, kind: Kind, stop: CancellationToken) -> Self {
        let app_data = app.clone();
        Self { id, app, kind, name, created: wire::timestamp(), app_data, recording: Mutex::default(), stop }
    }

    /// The call it hears.
    pub(super) fn hears(&self) -> Option<&Arc<Call>> {
        match &self.kind {
            Kind::Snoop(call) => Some(call),
            Kind::Media(_) => None,
        }
    }

    /// Gives it a call's words to send, or takes them away.
    pub(super) fn feed(&self, call: Option<Arc<Call>>) {
        match &self.kind {
            Kind::Snoop(_) => {}
            Kind::Media(feed) => drop(feed.send_replace(call)),
        }
    }

    /// Its recording begins.
    pub(super) fn record(&self, name: &str) {
        *self.recording() = Some((name.to_owned(), Instant::now()));
    }

    /// Its recording, which ends, and how long it was.
    pub(super) fn take_recording(&self) -> Option<(String, Duration)> {
        self.recording().take().map(|(name, since)| (name, since.elapsed()))
    }

    /// Whether this is its recording.
    pub(super) fn is_recorded_as(&self, name: &str) -> bool {
        self.recording().as_ref().is_some_and(|(recorded, _)| recorded == name)
    }

    fn recording(&self) -> MutexGuard<'_, Option<(String, Instant)>> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it is.
    pub(super) fn channel(&self) -> Channel<'_> {
        let nobody = Party { name: "", number: "" };
        Channel {
            id: &self.id,
            name: &self.name,
            state: "Up",
            protocol_id: "",
            caller: nobody,
            connected: nobody,
            accountcode: "",
            dialplan: Dialplan {
                context: "default",
                exten: "s",
                priority: 1,
                app_name: "Stasis",
                app_data: &self.app_data,
            },
            creationtime: &self.created,
            language: "en",
        }
    }
}
