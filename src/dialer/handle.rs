//! What others in the process ask of a running engine.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot};

use super::engine::Limits;
use super::measured::EngineMeasured;
use super::news::News;
use super::stats::Stats;
use crate::call::CallId;
use crate::live::Feed;
use crate::switch::SwitchKind;

/// The way to a running engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    news: mpsc::UnboundedSender<News>,
    wake: Arc<Notify>,
    feed: Feed,
    stats: Arc<Stats>,
}

/// The engine is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the dialing engine has ended")]
pub struct EngineGone;

/// A question to the engine, and where its answer goes.
#[derive(Debug)]
pub(super) enum Question {
    /// How the switches are.
    Switches(oneshot::Sender<Vec<SwitchState>>),
    /// Hang this call up; whether it is one of ours.
    HangUp(CallId, oneshot::Sender<HangUp>),
    /// What is measured.
    Measured(oneshot::Sender<EngineMeasured>),
}

/// What came of the wish to hang a call up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUp {
    /// It is being hung up, or is not placed; its end is settled as usual.
    Asked,
    /// No call in progress has this id: it is over, or never was.
    NotInProgress,
}

/// How a switch is at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchState {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SwitchKind,
    /// Whether the connection to it is up.
    pub connected: bool,
    /// Since when it is, or is not.
    pub since: Timestamp,
    /// Why it was last not, since the engine started.
    pub last_error: Option<LinkFault>,
    /// Whether it gets calls: it is connected, and every call of a daemon
    /// before is settled.
    pub ready: bool,
    /// Calls on it or on their way to it.
    pub calls: u32,
    /// Calls it may carry at once.
    pub max_channels: u32,
    /// Calls started on it a second, at most (0: no limit).
    pub max_calls_per_second: f64,
    /// The trunk of campaigns that name none.
    pub default_trunk: String,
    /// Its trunks, by name.
    pub trunks: Vec<TrunkState>,
}

/// A connection that was lost, or was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFault {
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub reason: String,
}

/// How a trunk is at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkState {
    /// Its name.
    pub name: String,
    /// Calls started through it a second, at most, now (0: no limit).
    pub calls_per_second: f64,
    /// Whether calls go through it.
    pub flow: TrunkFlow,
}

/// Whether calls go through a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrunkFlow {
    /// As fast as they may.
    Open,
    /// Slower: too many calls were turned away.
    Slow,
    /// Not before then.
    ClosedUntil(Timestamp),
    /// One is tried, whose end decides.
    Probing,
}

impl Handle {
    pub(super) fn new(news: mpsc::UnboundedSender<News>, wake: Arc<Notify>, feed: Feed, stats: Arc<Stats>) -> Self {
        Self { news, wake, feed, stats }
    }

    /// Its counters. They stay readable when it has ended.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// What happens, as it happens.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Has the engine look for changed campaigns now instead of within a second.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Uses these limits from now on, as [`Engine::set_limits`](super::Engine::set_limits).
    pub fn set_limits(&self, limits: Limits) {
        let _ = self.news.send(News::Limits(limits));
    }

    /// How the switches are, in the order of the configuration.
    pub async fn switches(&self) -> Result<Vec<SwitchState>, EngineGone> {
        self.ask(Question::Switches).await
    }

    /// What is measured of its state, at this moment.
    pub async fn measured(&self) -> Result<EngineMeasured, EngineGone> {
        self.ask(Question::Measured).await
    }

    /// Hangs a call up: one that waits to be placed is not placed, one that
    /// rings is taken back, one that talks ends as what it was. To ask twice
    /// does no harm.
    pub async fn hang_up(&self, call: CallId) -> Result<HangUp, EngineGone> {
        self.ask(|answer| Question::HangUp(call, answer)).await
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Result<T, EngineGone> {
        let (answer, answered) = oneshot::channel();
        self.news.send(News::Asked(question(answer))).map_err(|_| EngineGone)?;
        answered.await.map_err(|_| EngineGone)
    }
}
