//! The loop that owns the engine's state. Everything that happens reaches it
//! as [`News`]; after each handful it plans a round and sends the claims off.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::congestion::Change;
use super::context::{Context, Line, Link, Stats};
use super::fleet::{Fleet, Pick, Place, SwitchLimits};
use super::ledger::Ledger;
use super::media::MediaFolder;
use super::news::News;
use super::plan::plan;
use super::poller::Poller;
use super::roster::{Roster, SUSPICIOUS, Supply};
use super::runner::{Job, instant_of};
use super::{recovery, runner};
use crate::call::{CallId, Outcome, Plan};
use crate::campaign::{CampaignId, CampaignStatus, Settings};
use crate::clock::Clock;
use crate::number::PhoneNumber;
use crate::store::{Campaign, ClaimResult, DialingLock, PlannedCall, Remaining, StatusChange, Store, StoreError};
use crate::switch::simulator::play_length;
use crate::switch::{LinkEvent, LinkEvents, Switch};

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
    /// Where prompts lie.
    pub media: MediaFolder,
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
    /// How long running calls may go on after [`Engine::drain`].
    pub drain: Duration,
    /// Limits and trunks of the switches, by their names.
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
    task: JoinHandle<()>,
}

/// After running calls were hung up, their ends get this long to arrive.
const HANG_UP_GRACE: Duration = Duration::from_secs(15);
/// On the way out the database gets this long to take what is unwritten.
const FLUSH_GRACE: Duration = Duration::from_secs(10);
/// News handled between two rounds of planning, at most.
const BATCH: usize = 512;

impl Engine {
    /// Takes the right to dial, settles what a daemon before left open, and
    /// starts dialing.
    pub async fn start(options: Options) -> Result<Self, EngineError> {
        let lock = options.store.dialing_lock(&options.owner).await?;
        let (news, inbox) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let stats = options.stats.clone();
        let state = State::new(options, lock, news.clone(), wake.clone()).await?;
        let task = tokio::spawn(state.run(inbox));
        Ok(Self { news, wake, stats, task })
    }

    /// Looks for changed campaigns now instead of within a second.
    pub fn wake(&self) {
        self.wake.notify_one();
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

    /// Ends when the engine has.
    pub async fn finished(&mut self) {
        if let Err(error) = (&mut self.task).await
            && error.is_panic()
        {
            tracing::error!(%error, "the dialing engine broke");
        }
    }
}

/// What became of the wish to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    /// No new calls; running ones are hung up at this time.
    Draining(Instant),
    /// Running calls were hung up; over at this time in any case.
    HangingUp(Instant),
}

struct State {
    store: Store,
    context: Arc<Context>,
    writer: JoinHandle<DialingLock>,
    roster: Roster,
    fleet: Fleet,
    links: Vec<watch::Sender<Link>>,
    /// Calls found open at the start and not settled yet, by switch.
    recovering: Vec<usize>,
    places: HashMap<CallId, Place>,
    calls: HashSet<CallId>,
    shared: HashMap<CampaignId, Arc<Settings>>,
    lengths: HashMap<String, Option<Duration>>,
    outbound_limit: u32,
    media: MediaFolder,
    drain: Duration,
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    database_away: bool,
    ending: Ending,
    again_at: Option<Instant>,
}

impl State {
    async fn new(
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
        let media = state.media.clone();
        let poller = Poller { store: options.store, clock: options.clock, media, only: options.only, wake, news };
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

    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<News>) {
        let mut news = Vec::with_capacity(BATCH);
        while !self.is_over() {
            let wake = self.next_wake();
            tokio::select! {
                _ = inbox.recv_many(&mut news, BATCH) => {}
                () = sleep_until(wake) => {}
            }
            for item in news.drain(..) {
                self.on_news(item);
            }
            self.on_time();
            self.plan();
        }
        self.close().await;
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Claimed { campaign, requested, result } => self.on_claimed(campaign, requested, result),
            News::Settled(campaigns) => {
                for campaign in campaigns {
                    self.look_if_idle(campaign);
                }
            }
            News::DatabaseAway(away) => self.database_away = away,
            News::Ended { call, campaign, place, outcome } => self.on_ended(call, campaign, &place, outcome),
            News::Recovered { call, switch } => {
                self.calls.remove(&call);
                if let Some(switch) = switch {
                    self.recovering[switch] = self.recovering[switch].saturating_sub(1);
                    self.fleet.end_adopted(switch);
                    self.update_ready(switch);
                }
            }
            News::Link { switch, event } => self.on_link(switch, event),
            News::Campaigns { running, active } => self.on_campaigns(running, &active),
            News::Remaining { campaign, remaining } => self.on_remaining(campaign, remaining),
            News::Limits(limits) => {
                self.outbound_limit = limits.outbound_limit;
                self.drain = limits.drain;
                for name in self.fleet.update(limits.switches, Instant::now()) {
                    tracing::warn!(switch = %name, "a new switch is used from the next start on");
                }
            }
            News::Drain => match self.ending {
                Ending::No => {
                    tracing::info!(in_progress = self.context.stats.in_progress(), "no new calls; running ones go on");
                    self.ending = Ending::Draining(Instant::now() + self.drain);
                }
                Ending::Draining(_) | Ending::HangingUp(_) => {}
            },
        }
    }

    // --- calls -----------------------------------------------------------

    fn on_claimed(&mut self, campaign: CampaignId, requested: Vec<PlannedCall>, result: ClaimResult) {
        let now = Instant::now();
        let wanted = requested.len();
        for number in &result.do_not_call {
            tracing::info!(%campaign, %number, "not called: on the do-not-call list");
        }
        if result.not_running {
            self.roster.stop(campaign);
        } else if result.claimed.len() < wanted {
            if let Some(entry) = self.roster.get_mut(campaign) {
                entry.supply = Supply::Empty;
            }
            self.look(campaign);
        }
        let claimed: HashSet<CallId> = result.claimed.iter().map(|claimed| claimed.planned.call).collect();
        for unused in requested.iter().filter(|planned| !claimed.contains(&planned.call)) {
            if let Some(place) = self.places.remove(&unused.call) {
                self.fleet.release(&place, now);
            }
            if let Some(entry) = self.roster.get_mut(campaign) {
                entry.release();
            }
        }
        // The commit may have taken long: what was decided meanwhile counts.
        let take_back = if self.ending != Ending::No {
            Some("the daemon is going down")
        } else if !self.roster.is_running(campaign) {
            Some("the campaign was stopped")
        } else {
            None
        };
        for claimed in result.claimed {
            let call = claimed.planned.call;
            let (Some(place), Some(entry)) = (self.places.remove(&call), self.roster.get_mut(campaign)) else {
                // Not reached: a place and an entry are kept for each planned
                // call. If it were, the row is found open at the next start.
                tracing::error!(%call, "a claimed call has no place");
                continue;
            };
            let start_at = self.fleet.start(&place, now).max(entry.start(now));
            let settings = match self.shared.get(&campaign) {
                Some(shared) if **shared == entry.settings => shared.clone(),
                _ => {
                    let shared = Arc::new(entry.settings.clone());
                    self.shared.insert(campaign, shared.clone());
                    shared
                }
            };
            let template = self.fleet.template(&place);
            let take_back = if template.is_none() { Some("its trunk was removed") } else { take_back };
            let endpoint = template.map(|template| template.fill(claimed.number)).unwrap_or_default();
            let plan = self.plan_of(&settings);
            let job = Job { campaign, settings, claimed, place, endpoint, plan, start_at, take_back };
            self.calls.insert(call);
            tokio::spawn(runner::run(self.context.clone(), job));
        }
    }

    fn plan_of(&mut self, settings: &Settings) -> Plan {
        let prompt = settings.prompts.first();
        let prompt_length = prompt.and_then(|prompt| {
            let media = &self.media;
            *self.lengths.entry(prompt.clone()).or_insert_with(|| play_length(&media.local(prompt)))
        });
        Plan {
            prompt: prompt.map(|prompt| self.media.on_switch(prompt)),
            prompt_length,
            ring_timeout: settings.ring_timeout(),
            max_call: settings.max_call(),
        }
    }

    fn on_ended(&mut self, call: CallId, campaign: CampaignId, place: &Place, outcome: Outcome) {
        self.calls.remove(&call);
        let now = Instant::now();
        let congested = match outcome {
            Outcome::Congestion => Some(true),
            Outcome::Answered
            | Outcome::Voicemail
            | Outcome::Busy
            | Outcome::NoAnswer
            | Outcome::Rejected
            | Outcome::InvalidNumber => Some(false),
            Outcome::Failed | Outcome::Blocked | Outcome::Cancelled | Outcome::Lost => None,
        };
        if let Some(change) = self.fleet.end(place, congested, now) {
            let (switch, trunk) = (self.fleet.name(place.switch), &place.trunk);
            match change {
                Change::Rate(rate) => tracing::info!(%switch, %trunk, calls_per_second = rate, "trunk pace changed"),
                Change::Tripped(wait) => tracing::warn!(%switch, %trunk, ?wait, "trunk congested: waiting"),
                Change::Restored => tracing::info!(%switch, %trunk, "trunk works again"),
            }
        }
        if self.roster.get_mut(campaign).is_some_and(|entry| entry.end(outcome)) && self.roster.is_running(campaign) {
            let reason = format!("{SUSPICIOUS} calls in a row failed: look at the list, the trunk and the caller IDs");
            self.change(campaign, CampaignStatus::Paused, Some(reason));
        }
    }

    // --- switches --------------------------------------------------------

    fn on_link(&mut self, switch: usize, event: LinkEvent) {
        let name = self.fleet.name(switch).to_owned();
        match event {
            LinkEvent::Up { epoch } => {
                tracing::info!(switch = %name, epoch, "connected");
                self.links[switch].send_modify(|link| *link = Link { up: true, epoch: link.epoch + 1 });
            }
            LinkEvent::Down { reason } => {
                tracing::warn!(switch = %name, %reason, "disconnected");
                self.links[switch].send_modify(|link| link.up = false);
            }
            LinkEvent::Gap => {
                tracing::warn!(switch = %name, "events may have been missed: looking at every call");
                self.links[switch].send_modify(|link| link.epoch += 1);
            }
            LinkEvent::Orphan(call) => {
                if !self.calls.contains(&call) {
                    tracing::warn!(switch = %name, %call, "a channel of ours that no call waits for: hanging up");
                    let line = self.context.lines[switch].switch.clone();
                    tokio::spawn(async move { line.hang_up(call).await });
                }
            }
        }
        self.update_ready(switch);
    }

    fn update_ready(&mut self, switch: usize) {
        let up = self.links[switch].borrow().up;
        self.fleet.set_ready(switch, up && self.recovering[switch] == 0);
    }

    // --- campaigns -------------------------------------------------------

    fn on_campaigns(&mut self, running: Vec<Campaign>, active: &HashSet<PhoneNumber>) {
        let list: Vec<_> = running.into_iter().map(|campaign| (campaign.id, campaign.settings)).collect();
        self.roster.update(&list, active);
        self.shared.retain(|id, _| list.iter().any(|(other, _)| other == id));
        let now = Instant::now();
        let mut faults = Vec::new();
        let mut quiet = Vec::new();
        for (id, entry) in self.roster.running() {
            if entry.pool.is_empty() {
                faults.push((id, "no active caller ID in number_pool".to_owned()));
            } else if self.fleet.pick(&entry.settings, now) == Pick::NoSuchTrunk {
                let trunk = entry.settings.trunk.as_deref().unwrap_or("(default)");
                let switch = entry.settings.switch.as_deref().unwrap_or("(any)");
                faults.push((id, format!("no configured switch {switch} with trunk {trunk}")));
            } else if entry.supply != Supply::Unknown {
                quiet.push(id);
            }
        }
        for (id, reason) in faults {
            self.change(id, CampaignStatus::Paused, Some(reason));
        }
        for id in quiet {
            self.look(id);
        }
    }

    fn look_if_idle(&mut self, campaign: CampaignId) {
        let idle = |entry: &mut super::roster::Entry| entry.is_idle() && entry.supply != Supply::Unknown;
        if self.roster.get_mut(campaign).is_some_and(idle) {
            self.look(campaign);
        }
    }

    /// Asks the database what is left to do in a campaign.
    fn look(&mut self, campaign: CampaignId) {
        let Some(entry) = self.roster.get_mut(campaign) else { return };
        if std::mem::replace(&mut entry.looking, true) {
            return;
        }
        let (store, news) = (self.store.clone(), self.context.news.clone());
        tokio::spawn(async move {
            let remaining = store.remaining(campaign).await.ok();
            let _ = news.send(News::Remaining { campaign, remaining });
        });
    }

    fn on_remaining(&mut self, campaign: CampaignId, remaining: Option<Remaining>) {
        let running = self.roster.is_running(campaign);
        let now = self.context.clock.now();
        let Some(entry) = self.roster.get_mut(campaign) else { return };
        entry.looking = false;
        let Some(remaining) = remaining else { return };
        entry.supply = match remaining.next_due {
            Some(due) if due <= now => Supply::Unknown,
            Some(due) => Supply::DueAt(due),
            None => Supply::Empty,
        };
        let done = remaining.next_due.is_none() && !remaining.in_call && entry.is_idle();
        if done && running {
            self.change(campaign, CampaignStatus::Completed, None);
        }
    }

    /// Ends a campaign's run in the database; it gets no more turns here.
    fn change(&mut self, campaign: CampaignId, to: CampaignStatus, reason: Option<String>) {
        self.roster.stop(campaign);
        match &reason {
            Some(reason) => tracing::warn!(%campaign, status = %to, %reason, "campaign stopped"),
            None => tracing::info!(%campaign, status = %to, "campaign ended"),
        }
        let change = StatusChange { to, from: vec![CampaignStatus::Running], reason, scheduled_at: None };
        let (store, now, wake) = (self.store.clone(), self.context.clock.now(), self.wake.clone());
        tokio::spawn(async move {
            if let Err(error) = store.change_status(campaign, &change, now).await {
                // The next look at the campaigns finds it running and tries again.
                tracing::warn!(%campaign, %error, "could not change the campaign's status");
            }
            wake.notify_one();
        });
    }

    // --- time ------------------------------------------------------------

    fn plan(&mut self) {
        self.again_at = None;
        if self.ending != Ending::No || self.database_away || !self.fleet.any_ready() {
            return;
        }
        let taken = u32::try_from(self.calls.len() + self.places.len()).unwrap_or(u32::MAX);
        let free = self.outbound_limit.saturating_sub(taken);
        let (now, wall) = (Instant::now(), self.context.clock.now());
        let round = plan(&mut self.roster, &mut self.fleet, free, now, wall);
        self.places.extend(round.places);
        self.again_at = round.again_at;
        for claim in round.claims {
            self.context.ledger.claim(claim);
        }
    }

    fn on_time(&mut self) {
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

    /// When something is to be done even if nothing happens.
    fn next_wake(&self) -> Option<Instant> {
        let ending = match self.ending {
            Ending::No => None,
            Ending::Draining(at) | Ending::HangingUp(at) => Some(at),
        };
        let wall = self.context.clock.now();
        let due = self.roster.running().filter_map(|(_, entry)| match entry.supply {
            Supply::DueAt(at) if at > wall => Some(instant_of(at, wall)),
            Supply::DueAt(_) | Supply::Unknown | Supply::Empty => None,
        });
        due.chain(ending).chain(self.again_at).min()
    }

    fn is_over(&self) -> bool {
        let idle = self.calls.is_empty() && self.places.is_empty();
        match self.ending {
            Ending::No => false,
            Ending::Draining(_) => idle,
            Ending::HangingUp(until) => idle || Instant::now() >= until,
        }
    }

    /// Waits until everything is written, then lets go of the switches and the
    /// right to dial.
    async fn close(self) {
        let Self { context, writer, stop, links, .. } = self;
        let switches: Vec<Switch> = context.lines.iter().map(|line| line.switch.clone()).collect();
        // The writer ends when the last ledger handle is gone.
        drop((context, stop, links));
        match tokio::time::timeout(FLUSH_GRACE, writer).await {
            Ok(_) => tracing::info!("all calls are settled and written"),
            Err(_) => tracing::error!("the database did not take the last calls' ends: the next start settles them"),
        }
        for switch in switches {
            switch.close().await;
        }
    }
}

/// Passes a switch's connection events on to the engine.
async fn forward(switch: usize, mut events: LinkEvents, news: mpsc::UnboundedSender<News>) {
    while let Some(event) = events.recv().await {
        if news.send(News::Link { switch, event }).is_err() {
            return;
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
