//! The loop that owns the engine's state: after each handful of news it plans
//! a round and sends the claims off.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ending::Ending;
use super::links::LinkHistory;
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::compliance::{Budget, Organization};
use crate::dialer::caller_ids::CallerIds;
use crate::dialer::context::{Context, Link};
use crate::dialer::daily::{Daily, Left, Sum};
use crate::dialer::fleet::{Fleet, Place};
use crate::dialer::ledger::Ends;
use crate::dialer::news::News;
use crate::dialer::plan::plan;
use crate::dialer::prepared::Prepared;
use crate::dialer::roster::Roster;
use crate::dialer::runner::instant_of;
use crate::store::Store;

/// With nothing left to spend today, the clock is looked at this often.
const BUDGET_LOOK: Duration = Duration::from_secs(60);
/// How soon a day is summed up again after the database refused.
const SUM_AGAIN: Duration = Duration::from_secs(1);
/// News handled between two rounds of planning, at most.
const BATCH: usize = 512;

/// All the engine knows; the files beside this one react to one kind of news each.
pub(super) struct State {
    pub(super) store: Store,
    pub(super) context: Arc<Context>,
    pub(super) writer: JoinHandle<Ends>,
    pub(super) roster: Roster,
    pub(super) caller_ids: CallerIds,
    pub(super) fleet: Fleet,
    pub(super) links: Vec<watch::Sender<Link>>,
    /// Calls found open at the start and not settled yet, by switch.
    pub(super) recovering: Vec<usize>,
    /// The same calls, each once: one may be looked for on several switches.
    pub(super) lost: HashSet<CallId>,
    pub(super) places: HashMap<CallId, Place>,
    /// Calls with a task of their own; cancelled: they are to be hung up.
    pub(super) calls: HashMap<CallId, CancellationToken>,
    /// Calls that are planned, and not to be placed after all.
    pub(super) unwanted: HashSet<CallId>,
    pub(super) prepared: HashMap<CampaignId, Arc<Prepared>>,
    /// Whether calls that are claimed and not placed yet may still be, by
    /// campaign.
    pub(super) go: HashMap<CampaignId, Arc<AtomicBool>>,
    pub(super) outbound_limit: u32,
    /// The organization's rules, for those who prepare campaigns.
    pub(super) organization: watch::Sender<Arc<Organization>>,
    /// What this day's calls may be, and were so far.
    pub(super) budget: Daily,
    /// Campaigns whose waiting targets are being released; `true`: once more
    /// after that.
    pub(super) releasing: HashMap<CampaignId, bool>,
    pub(super) drain: Duration,
    pub(super) keep_recordings: watch::Sender<Option<Duration>>,
    /// Since when each switch is connected or not, and what went wrong last.
    pub(super) histories: Vec<LinkHistory>,
    pub(super) wake: Arc<Notify>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) database_away: bool,
    pub(super) ending: Ending,
    pub(super) again_at: Option<Instant>,
}

impl State {
    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<News>) -> bool {
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
        self.close().await
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Claimed { requested, result } => self.on_claimed(requested, result),
            News::Settled(campaigns) => {
                for campaign in campaigns {
                    self.look_if_idle(campaign);
                }
            }
            News::DatabaseAway(away) => self.database_away = away,
            News::Ended { call, campaign, place, outcome, unsent, mute, cost, started } => {
                self.budget.spend(cost);
                self.on_ended(call, campaign, &place, outcome, unsent, started);
                self.on_heard(campaign, outcome, mute);
            }
            News::Recovered { call, switches, cost } => {
                self.budget.spend(cost);
                self.on_recovered(call, switches);
            }
            News::Released { campaign, targets, done } => self.on_released(campaign, targets, done),
            News::Summed(sum) => self.budget.counted(&sum),
            News::LookForOpenCalls => self.look_for_open_calls(),
            News::Open(open) => self.recover(open),
            News::Link { switch, event } => self.on_link(switch, event),
            News::Unplayable { campaign, reason } => self.on_unplayable(campaign, reason),
            News::Campaigns { running, numbers } => self.on_campaigns(running, numbers),
            News::Remaining { campaign, remaining } => self.on_remaining(campaign, remaining),
            News::Asked(question) => self.on_asked(question),
            News::Limits(limits) => {
                self.outbound_limit = limits.outbound_limit;
                self.drain = limits.drain;
                self.keep_recordings.send_replace(limits.keep_recordings);
                if let Some(compliance) = limits.compliance {
                    self.budget.set(compliance.budget(), self.context.clock.now());
                    if self
                        .organization
                        .send_if_modified(|now| std::mem::replace(now, compliance.clone()) != compliance)
                    {
                        self.wake.notify_one();
                    }
                }
                for name in self.fleet.update(limits.switches, Instant::now()) {
                    tracing::warn!(switch = %name, "a new switch is used from the next start on");
                }
            }
            News::Drain => self.on_drain(),
        }
    }

    fn plan(&mut self) {
        self.again_at = None;
        if self.ending != Ending::No || self.database_away || !self.fleet.any_ready() {
            return;
        }
        let taken = u32::try_from(self.calls.len() + self.places.len()).unwrap_or(u32::MAX);
        let free = self.outbound_limit.saturating_sub(taken);
        let (now, wall) = (Instant::now(), self.context.clock.now());
        let planned = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let left = self.budget.left(planned, wall);
        if let Some(budget) = self.budget.count_wanted() {
            self.sum_up(budget);
        }
        let free = match left {
            Left::Calls(left) => free.min(left),
            Left::NotBefore(tomorrow) => {
                self.again_at = Some(instant_of(tomorrow, wall).min(now + BUDGET_LOOK));
                return;
            }
            // The sum is news.
            Left::Unknown => return,
        };
        let round = plan(&mut self.roster, &mut self.fleet, &mut self.caller_ids, free, now, wall);
        self.places.extend(round.places);
        self.again_at = round.again_at;
        for claim in round.claims {
            self.context.ledger.claim(claim);
        }
    }

    /// Has the day summed up, however often the database must be asked.
    fn sum_up(&self, budget: Budget) {
        let (store, news, clock) = (self.store.clone(), self.context.news.clone(), self.context.clock);
        tokio::spawn(async move {
            let sum = loop {
                match Sum::of(&store, &budget, clock.now()).await {
                    Ok(sum) => break sum,
                    Err(error) => tracing::warn!(%error, "nothing is dialed until the day's calls are summed up"),
                }
                tokio::select! {
                    () = tokio::time::sleep(SUM_AGAIN) => {}
                    () = news.closed() => return,
                }
            };
            let _ = news.send(News::Summed(Box::new(sum)));
        });
    }

    /// When something is to be done even if nothing happens.
    fn next_wake(&self) -> Option<Instant> {
        let ending = match self.ending {
            Ending::No => None,
            Ending::Draining(at) | Ending::HangingUp(at) => Some(at),
        };
        let wall = self.context.clock.now();
        let due = self.roster.running().filter_map(|(_, entry)| entry.waits_until());
        let due = due.filter(|at| *at > wall).map(|at| instant_of(at, wall));
        due.chain(ending).chain(self.again_at).min()
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
