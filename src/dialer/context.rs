//! What every call's task shares.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::ledger::Ledger;
use super::news::News;
use super::recordings::Recordings;
use super::spool::Spool;
use super::stats::Stats;
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
