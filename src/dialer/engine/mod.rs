//! The engine: what starts, steers and ends it from outside. Everything that
//! happens reaches the loop inside as [`News`].

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::fleet::SwitchLimits;
use super::handle::Handle;
use super::news::News;
use super::stats::Stats;
use crate::caller_id::Watch;
use crate::campaign::CampaignId;
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::live::Feed;
use crate::media::{MediaFolder, Sounds};
use crate::store::{Store, StoreError};
use crate::switch::{LinkEvents, Switch};
use state::State;

mod asked;
mod calls;
mod campaigns;
mod ending;
mod links;
mod release;
mod start;
mod state;

/// A switch and what may be done with it.
#[derive(Debug)]
pub struct SwitchSetup {
    /// Its limits and trunks.
    pub limits: SwitchLimits,
    /// Its adapter.
    pub switch: Switch,
    /// Where the adapter reports its connection.
    pub events: LinkEvents,
}

/// What an engine is made of.
#[derive(Debug)]
pub struct Options {
    /// Where everything is kept.
    pub store: Store,
    /// The wall time.
    pub clock: Clock,
    /// The switches.
    pub switches: Vec<SwitchSetup>,
    /// Calls in progress at once over all campaigns, at most.
    pub outbound_limit: u32,
    /// The organization's rules: whom no campaign may call, and when.
    pub compliance: Arc<Organization>,
    /// Where sounds are, and how they get to the switches.
    pub sounds: Sounds,
    /// Where recordings lie.
    pub recordings: MediaFolder,
    /// How long they are kept; none: for ever.
    pub keep_recordings: Option<Duration>,
    /// How caller IDs are watched.
    pub watch: Watch,
    /// How long running calls may go on after [`Engine::drain`].
    pub drain: Duration,
    /// The only campaign to run; none: every one the database says.
    pub only: Option<CampaignId>,
    /// Shown to another process that wants to dial from the same database.
    pub owner: String,
    /// Counters to use.
    pub stats: Arc<Stats>,
}

/// What may be changed while an engine runs.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Calls in progress at once over all campaigns, at most.
    pub outbound_limit: u32,
    /// The organization's rules; none: as they are.
    pub compliance: Option<Arc<Organization>>,
    /// How long running calls may go on after [`Engine::drain`].
    pub drain: Duration,
    /// How long recordings are kept; none: for ever. Looked at once an hour.
    pub keep_recordings: Option<Duration>,
    /// Limits and trunks of switches, by their names; those not among them
    /// keep theirs.
    pub switches: Vec<SwitchLimits>,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    news: mpsc::UnboundedSender<News>,
    wake: Arc<Notify>,
    stats: Arc<Stats>,
    feed: Feed,
    task: JoinHandle<bool>,
}

impl Engine {
    /// Takes the right to dial, settles what a daemon before left open, and
    /// starts dialing.
    pub async fn start(options: Options) -> Result<Self, EngineError> {
        let lock = options.store.dialing_lock(&options.owner).await?;
        let (news, inbox) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let stats = options.stats.clone();
        let feed = Feed::default();
        let state = State::new(options, lock, news.clone(), wake.clone(), feed.clone()).await?;
        let task = tokio::spawn(state.run(inbox));
        Ok(Self { news, wake, stats, feed, task })
    }

    /// The way to it, for others in the process.
    pub fn handle(&self) -> Handle {
        Handle::new(self.news.clone(), self.wake.clone(), self.feed.clone(), self.stats.clone())
    }

    /// Its counters.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Uses these limits from now on. Calls in progress are not touched.
    pub fn set_limits(&self, limits: Limits) {
        let _ = self.news.send(News::Limits(limits));
    }

    /// Starts no more calls. Running ones may go on for the drain time, then
    /// they are hung up; [`Self::finished`] ends when everything is written.
    pub fn drain(&self) {
        let _ = self.news.send(News::Drain);
    }

    /// Ends when the engine has; `false`: not every call's end could be written,
    /// the next start settles the rest.
    pub async fn finished(&mut self) -> bool {
        match (&mut self.task).await {
            Ok(written) => written,
            Err(error) => {
                tracing::error!(%error, "the dialing engine broke");
                false
            }
        }
    }
}
