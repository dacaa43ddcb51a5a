//! The state at the start, and the calls that a daemon before left open.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::ending::Ending;
use super::links::forward;
use super::state::State;
use super::{EngineError, Options};
use crate::campaign::{CampaignId, Settings};
use crate::dialer::context::{Context, Line, Link};
use crate::dialer::fleet::Fleet;
use crate::dialer::ledger::Ledger;
use crate::dialer::news::News;
use crate::dialer::poller::Poller;
use crate::dialer::recovery;
use crate::dialer::roster::Roster;
use crate::store::{DialingLock, StoreError};

impl State {
    pub(super) async fn new(
        options: Options,
        lock: DialingLock,
        news: mpsc::UnboundedSender<News>,
        wake: Arc<Notify>,
    ) -> Result<Self, EngineError> {
        let (ledger, writer) = Ledger::start(options.store.clone(), lock, options.clock, news.clone());
        let (stop, stopped) = watch::channel(false);
        let now = Instant::now();
        let mut lines = Vec::new();
        let mut links = Vec::new();
        let mut limits = Vec::new();
        for (index, setup) in options.switches.into_iter().enumerate() {
            let (link, watched) = watch::channel(Link::default());
            lines.push(Line { switch: setup.switch, link: watched });
            links.push(link);
            limits.push(setup.limits);
            tokio::spawn(forward(index, setup.events, news.clone()));
        }
        let context = Arc::new(Context {
            clock: options.clock,
            ledger,
            news: news.clone(),
            lines,
            stop: stopped,
            stats: options.stats,
        });
        let mut state = Self {
            recovering: vec![0; links.len()],
            store: options.store.clone(),
            context,
            writer,
            roster: Roster::default(),
            fleet: Fleet::new(limits, now),
            links,
            places: HashMap::new(),
            calls: HashSet::new(),
            shared: HashMap::new(),
            lengths: HashMap::new(),
            outbound_limit: options.outbound_limit,
            media: options.media,
            drain: options.drain,
            wake: wake.clone(),
            stop,
            database_away: false,
            ending: Ending::No,
            again_at: None,
        };
        state.recover().await?;
        let poller = Poller { store: options.store, clock: options.clock, only: options.only, wake, news };
        tokio::spawn(poller.run());
        Ok(state)
    }

    /// Starts a task for each call that a daemon before left open.
    async fn recover(&mut self) -> Result<(), StoreError> {
        let open = self.store.open_calls().await?;
        if !open.is_empty() {
            tracing::warn!(calls = open.len(), "the daemon before left calls open: settling them first");
        }
        let mut settings: HashMap<CampaignId, Arc<Settings>> = HashMap::new();
        for call in open {
            let known = match settings.entry(call.campaign) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(unknown) => {
                    let campaign = self.store.campaign(call.campaign).await?;
                    unknown.insert(Arc::new(campaign.map(|found| found.settings).unwrap_or_default())).clone()
                }
            };
            let switch = self.fleet.index(&call.planned.switch);
            let line = switch.map(|index| {
                self.recovering[index] += 1;
                self.fleet.adopt(index);
                (index, self.context.lines[index].clone())
            });
            self.calls.insert(call.planned.call);
            tokio::spawn(recovery::recover(self.context.clone(), call, known, line));
        }
        Ok(())
    }
}
