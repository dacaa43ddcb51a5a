//! What others in the process ask of a running engine.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};

use super::news::News;
use crate::live::Feed;

/// The way to a running engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    news: mpsc::UnboundedSender<News>,
    wake: Arc<Notify>,
    feed: Feed,
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
}

/// How a switch is at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchState {
    /// Its name.
    pub name: String,
    /// Whether the connection to it is up.
    pub connected: bool,
    /// Whether it gets calls: it is connected, and every call of a daemon
    /// before is settled.
    pub ready: bool,
    /// Calls on it or on their way to it.
    pub calls: u32,
    /// Calls it may carry at once.
    pub max_channels: u32,
}

impl Handle {
    pub(super) fn new(news: mpsc::UnboundedSender<News>, wake: Arc<Notify>, feed: Feed) -> Self {
        Self { news, wake, feed }
    }

    /// What happens, as it happens.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Has the engine look for changed campaigns now instead of within a second.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// How the switches are, in the order of the configuration.
    pub async fn switches(&self) -> Result<Vec<SwitchState>, EngineGone> {
        self.ask(Question::Switches).await
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Question) -> Result<T, EngineGone> {
        let (answer, answered) = oneshot::channel();
        self.news.send(News::Asked(question(answer))).map_err(|_| EngineGone)?;
        answered.await.map_err(|_| EngineGone)
    }
}
