//! Changes of campaigns, whoever made them (the API, the command line, the
//! engine), and their figures. It looks into the database once a second, and
//! at once when asked.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::ring::Filter;
use super::{Event, EventKind, Feed, Happened, Part, Reader};
use crate::campaign::{CampaignId, CampaignStatus};
use crate::clock::Clock;
use crate::store::{CampaignVersion, Store, StoreError, Tally};

/// How often it is looked; a campaign's figures are told no more often.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often all campaigns are looked at, not only those changed of late.
const EVERYTHING: Duration = Duration::from_secs(30);
/// Versions are wall times of whoever made the change: so much earlier than
/// the newest one known, a change may come late.
const LATE: SignedDuration = SignedDuration::from_secs(60);
/// Campaigns whose figures are looked at without a sign that they changed.
const UNASKED: usize = 200;

/// What was last seen of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    status: CampaignStatus,
    version: Timestamp,
}

/// Tells a feed of changes in the database.
#[derive(Debug)]
pub(crate) struct Observer {
    feed: Feed,
    store: Store,
    clock: Clock,
    calls: Reader,
    seen: HashMap<CampaignId, Seen>,
    /// All campaigns were looked at once: what is new from now on, is new.
    settled: bool,
    everything_at: Instant,
    told: HashMap<CampaignId, Tally>,
    dirty: HashSet<CampaignId>,
}

impl Observer {
    pub(crate) fn new(feed: Feed, store: Store, clock: Clock) -> Self {
        let kinds = vec![
            EventKind::CallCreated,
            EventKind::CallAnswered,
            EventKind::CallEnded,
            EventKind::CampaignStatus,
            EventKind::CampaignDeleted,
        ];
        let calls = feed.unseen(Filter { campaign: None, kinds });
        Self {
            feed,
            store,
            clock,
            calls,
            seen: HashMap::new(),
            settled: false,
            everything_at: Instant::now(),
            told: HashMap::new(),
            dirty: HashSet::new(),
        }
    }

    /// Runs until the end.
    pub(crate) async fn run(mut self, mut ended: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let feed = self.feed.clone();
        loop {
            let figures = tokio::select! {
                _ = tick.tick() => true,
                () = feed.asked_to_look() => false,
                // Its sender gone is an end too.
                _ = ended.wait_for(|ending| *ending) => return,
            };
            if let Err(error) = self.look(figures).await {
                // The ledger says so too, and louder.
                tracing::debug!(%error, "could not look for changes of campaigns");
            }
        }
    }

    async fn look(&mut self, figures: bool) -> Result<(), StoreError> {
        let everything = !self.settled || Instant::now() >= self.everything_at;
        let newest = self.seen.values().map(|seen| seen.version).max();
        let since = newest.and_then(|at| at.checked_sub(LATE).ok()).filter(|_| !everything);
        // Not the least instant there is: Postgres knows none that early.
        let found = self.store.campaigns_since(since.unwrap_or(Timestamp::UNIX_EPOCH)).await?;
        if everything {
            self.forget_all_but(&found);
            self.everything_at = Instant::now() + EVERYTHING;
        }
        self.compare(found);
        self.settled = true;
        self.hear();
        if figures && self.feed.has_readers() {
            self.tell_figures().await?;
        }
        Ok(())
    }

    fn forget_all_but(&mut self, found: &[CampaignVersion]) {
        let there: HashSet<_> = found.iter().map(|campaign| campaign.id).collect();
        let gone: Vec<_> = self.seen.keys().filter(|id| !there.contains(id)).copied().collect();
        for id in gone {
            self.seen.remove(&id);
            self.told.remove(&id);
            self.feed.publish(self.clock.now(), id, Happened::CampaignDeleted);
        }
    }

    fn compare(&mut self, found: Vec<CampaignVersion>) {
        for CampaignVersion { id, status, reason, updated_at } in found {
            let now = Seen { status, version: updated_at };
            let before = self.seen.insert(id, now);
            if !self.settled || before == Some(now) {
                continue;
            }
            let happened = match before {
                Some(before) if before.status == status => Happened::CampaignChanged,
                Some(_) | None => Happened::CampaignStatus { status, reason: reason.map(Into::into) },
            };
            self.feed.publish(self.clock.now(), id, happened);
        }
    }

    /// Which campaigns have other figures now.
    fn hear(&mut self) {
        loop {
            match self.calls.take() {
                Part::Events(events) if events.is_empty() => return,
                Part::Events(events) => events.iter().for_each(|event| self.hear_of(event)),
                // Many calls: of all that are dialed.
                Part::Missed => self.dirty.extend(self.dialed()),
            }
        }
    }

    fn hear_of(&mut self, event: &Event) {
        if event.happened == Happened::CampaignDeleted {
            self.seen.remove(&event.campaign);
            self.told.remove(&event.campaign);
            self.dirty.remove(&event.campaign);
        } else {
            self.dirty.insert(event.campaign);
        }
    }

    fn dialed(&self) -> Vec<CampaignId> {
        let dialed = |seen: &Seen| match seen.status {
            CampaignStatus::Scheduled | CampaignStatus::Running | CampaignStatus::Paused => true,
            CampaignStatus::Draft | CampaignStatus::Completed | CampaignStatus::Cancelled | CampaignStatus::Failed => {
                false
            }
        };
        self.seen.iter().filter(|(_, seen)| dialed(seen)).map(|(id, _)| *id).collect()
    }

    async fn tell_figures(&mut self) -> Result<(), StoreError> {
        let mut campaigns = std::mem::take(&mut self.dirty);
        campaigns.extend(self.feed.touched());
        // The command line adds contacts without a word to us.
        campaigns.extend(self.dialed().into_iter().take(UNASKED));
        for id in campaigns {
            let Some(Seen { status, .. }) = self.seen.get(&id).copied() else { continue };
            let tally = self.store.tally(id).await?;
            if self.told.get(&id) == Some(&tally) {
                continue;
            }
            self.told.insert(id, tally.clone());
            let progress = Happened::CampaignProgress { status, tally: tally.into() };
            self.feed.publish(self.clock.now(), id, progress);
        }
        Ok(())
    }
}
