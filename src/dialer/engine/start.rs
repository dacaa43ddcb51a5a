//! The state at the start, and the calls that a daemon before left open.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ending::Ending;
use super::links::{LinkHistory, forward};
use super::state::State;
use super::{EngineError, Options};
use crate::call::CallId;
use crate::campaign::{CampaignId, Settings};
use crate::dialer::caller_ids::CallerIds;
use crate::dialer::context::{Context, Line, Link};
use crate::dialer::daily::{Daily, Sum};
use crate::dialer::fleet::Fleet;
use crate::dialer::health::Health;
use crate::dialer::ledger::Ledger;
use crate::dialer::news::News;
use crate::dialer::poller::Poller;
use crate::dialer::recordings::Recordings;
use crate::dialer::recovery;
use crate::dialer::roster::Roster;
use crate::dialer::shown::shown;
use crate::dialer::spool::Spool;
use crate::dialer::upkeep::Upkeep;
use crate::live::Feed;
use crate::store::{DialingLock, OpenCall, Store, StoreError};

impl State {
    pub(super) async fn new(
        options: Options,
        lock: DialingLock,
        news: mpsc::UnboundedSender<News>,
        wake: Arc<Notify>,
        feed: Feed,
    ) -> Result<Self, EngineError> {
        let (ledger, writer) = Ledger::start(
            options.store.clone(),
            lock,
            options.clock,
            news.clone(),
            feed.clone(),
            options.stats.clone(),
        );
        let (stop, stopped) = watch::channel(false);
        let spool = Spool::in_folder(&options.recordings.local);
        spool.take_in(&options.store).await?;
        let now = Instant::now();
        let mut lines = Vec::new();
        let mut links = Vec::new();
        let mut limits = Vec::new();
        let by_name = options.switches.iter().map(|setup| (setup.limits.name.clone(), setup.switch.clone()));
        let by_name: HashMap<_, _> = by_name.collect();
        for (index, setup) in options.switches.into_iter().enumerate() {
            let (link, watched) = watch::channel(Link::default());
            lines.push(Line { switch: setup.switch, link: watched });
            links.push(link);
            limits.push(setup.limits);
            tokio::spawn(forward(index, setup.events, news.clone()));
        }
        let (keep_recordings, keep) = watch::channel(options.keep_recordings);
        let histories = vec![LinkHistory::new(options.clock.now()); links.len()];
        let (organization, compliance) = watch::channel(options.compliance.clone());
        let context = Arc::new(Context {
            clock: options.clock,
            ledger,
            news: news.clone(),
            lines,
            stop: stopped,
            stats: options.stats,
            recordings: Recordings::new(options.recordings.clone()),
            spool,
            sounds: options.sounds.clone(),
            organization: compliance.clone(),
            store: options.store.clone(),
            feed,
        });
        let sum = Sum::of(&options.store, options.compliance.budget(), options.clock.now()).await?;
        let mut state = Self {
            recovering: vec![0; links.len()],
            lost: HashSet::new(),
            store: options.store.clone(),
            context,
            writer,
            roster: Roster::default(),
            caller_ids: CallerIds::default(),
            fleet: Fleet::new(limits, now),
            links,
            places: HashMap::new(),
            calls: HashMap::new(),
            unwanted: HashSet::new(),
            prepared: HashMap::new(),
            go: HashMap::new(),
            outbound_limit: options.outbound_limit,
            organization,
            budget: Daily::new(sum),
            releasing: HashMap::new(),
            drain: options.drain,
            keep_recordings,
            histories,
            wake: wake.clone(),
            stop,
            database_away: false,
            ending: Ending::No,
            again_at: None,
        };
        let mut numbers = HashSet::new();
        state.caller_ids.update(shown(&state.store, &mut numbers, options.clock.now()).await?);
        let open = open_calls(&state.store).await?;
        state.recover(open);
        let known = HashMap::new();
        let (recordings, store, now) = (state.context.recordings.clone(), state.store.clone(), options.clock.now());
        tokio::spawn(async move { recordings.go_on(&store, &by_name, now).await });
        let upkeep = Upkeep {
            store: options.store.clone(),
            clock: options.clock,
            folder: options.recordings.local.clone(),
            keep,
            organization: compliance.clone(),
            news: news.clone(),
        };
        tokio::spawn(upkeep.run());
        let health =
            Health { store: options.store.clone(), clock: options.clock, watch: options.watch, news: news.clone() };
        tokio::spawn(health.run());
        let sounds = options.sounds;
        let poller = Poller {
            store: options.store,
            clock: options.clock,
            sounds,
            compliance,
            known,
            numbers,
            unreadable: HashSet::new(),
            only: options.only,
            wake,
            news,
        };
        tokio::spawn(poller.run());
        Ok(state)
    }

    /// Starts a task for each call that is open though nobody here runs it.
    pub(super) fn recover(&mut self, open: Vec<(OpenCall, Arc<Settings>)>) {
        let known = |call: &CallId| self.calls.contains_key(call) || self.places.contains_key(call);
        let strange: Vec<_> = open.into_iter().filter(|(call, _)| !known(&call.planned.call)).collect();
        if !strange.is_empty() {
            tracing::warn!(calls = strange.len(), "a daemon before left calls open: settling them first");
        }
        for (call, settings) in strange {
            let switches = match self.fleet.index(&call.planned.switch) {
                Some(index) => vec![index],
                // Its section was renamed or removed: whoever is there is asked.
                None => (0..self.links.len()).collect(),
            };
            let mut lines = Vec::new();
            for index in switches {
                self.recovering[index] += 1;
                self.fleet.adopt(index);
                self.update_ready(index);
                lines.push((index, self.context.lines[index].clone()));
            }
            self.lost.insert(call.planned.call);
            // Being hung up is all that becomes of it anyway.
            self.calls.insert(call.planned.call, CancellationToken::new());
            self.caller_ids.adopt(call.planned.call, call.planned.caller_id);
            tokio::spawn(recovery::recover(self.context.clone(), call, settings, lines));
        }
    }

    /// Looks for open calls in the database; [`News::Open`] answers.
    pub(super) fn look_for_open_calls(&self) {
        let (store, news) = (self.store.clone(), self.context.news.clone());
        tokio::spawn(async move {
            match open_calls(&store).await {
                Ok(open) => drop(news.send(News::Open(open))),
                Err(error) => tracing::warn!(%error, "could not look for open calls"),
            }
        });
    }
}

/// Every call without an end, with its campaign's settings.
async fn open_calls(store: &Store) -> Result<Vec<(OpenCall, Arc<Settings>)>, StoreError> {
    let mut settings: HashMap<CampaignId, Arc<Settings>> = HashMap::new();
    let mut list = Vec::new();
    for call in store.open_calls().await? {
        let known = match settings.entry(call.campaign) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(unknown) => {
                let campaign = match store.campaign(call.campaign).await {
                    // Its calls are settled by the usual rules.
                    Err(error @ StoreError::Unreadable { .. }) => {
                        tracing::error!(campaign = %call.campaign, %error, "cannot be read");
                        None
                    }
                    read => read?,
                };
                unknown.insert(Arc::new(campaign.map(|found| found.settings).unwrap_or_default())).clone()
            }
        };
        list.push((call, known));
    }
    Ok(list)
}
