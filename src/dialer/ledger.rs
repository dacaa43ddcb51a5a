//! The one writer: claims, answers and settlements of all calls go to the
//! database through here, many in one transaction.
//!
//! While a commit runs, what arrives waits for the next one: a lone call is
//! written at once, a thousand a second in groups. When the database is away
//! the same batch is tried again until it is back; nothing is dropped, and as
//! claims wait too, no new call is placed meanwhile.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::news::News;
use super::stats::Stats;
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::clock::Clock;
use crate::live::{Feed, Happened};
use crate::store::{
    CallAnswer, Claim, ClaimResult, DialingLock, DoNotCall, LedgerBatch, Renewed, Settlement, Store, StoreError,
};

/// Items of one transaction, at most.
const GROUP: usize = 256;
/// How often the right to dial is looked at while nothing is wrong.
const RENEW: Duration = Duration::from_secs(2);
/// How often ends that the database refused are offered again.
const OFFER_AGAIN: Duration = Duration::from_secs(10);
/// Pauses between tries while the database is away.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Something to be written.
#[derive(Debug)]
enum Item {
    Answered(CallId, Timestamp),
    Given(CallAnswer),
    OptOut(DoNotCall),
    Settle(Box<Settlement>),
    Claim(Claim, Instant),
}

/// Hands items to the writer; never waits. Cheap to clone. The writer ends
/// when every clone is dropped and everything is written.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    items: mpsc::UnboundedSender<Item>,
    closing: Arc<AtomicBool>,
    stats: Arc<Stats>,
}

impl Ledger {
    /// Starts the writer.
    pub(super) fn start(
        store: Store,
        lock: DialingLock,
        clock: Clock,
        news: mpsc::UnboundedSender<News>,
        feed: Feed,
        stats: Arc<Stats>,
    ) -> (Self, JoinHandle<Ends>) {
        let (items, inbox) = mpsc::unbounded_channel();
        let closing = Arc::new(AtomicBool::new(false));
        let refused = LedgerBatch::default();
        let writer = Writer { store, lock, clock, news, feed, stats: stats.clone(), closing: closing.clone(), refused };
        (Self { items, closing, stats }, tokio::spawn(writer.run(inbox)))
    }

    /// A call was answered and goes on.
    pub(super) fn answered(&self, call: CallId, at: Timestamp) {
        self.send(Item::Answered(call, at));
    }

    /// A question was answered.
    pub(super) fn given(&self, answer: CallAnswer) {
        self.send(Item::Given(answer));
    }

    /// A number is not to be called again.
    pub(super) fn opt_out(&self, entry: DoNotCall) {
        self.send(Item::OptOut(entry));
    }

    /// A call ended.
    pub(super) fn settle(&self, settlement: Settlement) {
        self.send(Item::Settle(Box::new(settlement)));
    }

    /// The engine is about to end: claims that wait are wanted no more, only
    /// ends are written.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Targets are wanted; [`News::Claimed`] answers.
    pub(super) fn claim(&self, claim: Claim) {
        self.send(Item::Claim(claim, Instant::now()));
    }

    fn send(&self, item: Item) {
        if self.items.send(item).is_ok() {
            self.stats.ledger().on_queued();
        } else {
            // Only after the writer was stopped by force, on the way out.
            tracing::warn!("the ledger is closed: a call's end is found again after the next start");
        }
    }
}

/// What became of the ends of calls when the writer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Every one is in the database.
    AllWritten,
    /// The database refused so many to the last.
    Refused(usize),
}

struct Writer {
    store: Store,
    lock: DialingLock,
    clock: Clock,
    news: mpsc::UnboundedSender<News>,
    feed: Feed,
    stats: Arc<Stats>,
    closing: Arc<AtomicBool>,
    /// What the database refused. It is never given up: it goes into the
    /// next batch after a while, and there are no more than calls in progress.
    refused: LedgerBatch,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Item>) -> Ends {
        let mut group = Vec::with_capacity(GROUP);
        let mut claims = Vec::new();
        let mut renew = tokio::time::interval(RENEW);
        let mut offer = tokio::time::interval(OFFER_AGAIN);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        offer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                count = inbox.recv_many(&mut group, GROUP) => {
                    if count == 0 {
                        break;
                    }
                    claims.extend(group.iter().filter_map(Item::asked_at));
                    let batch = gather(group.drain(..), self.closing.load(Ordering::Relaxed));
                    self.write(batch).await;
                    self.stats.ledger().on_taken(count);
                    for asked_at in claims.drain(..) {
                        self.stats.ledger().on_claim(asked_at.elapsed());
                    }
                }
                _ = renew.tick() => {
                    // A session may end without any commit failing.
                    let held = self.commit_until_done(&LedgerBatch::default(), true).await;
                    if let Err(error) = held {
                        tracing::warn!(%error, "could not look at the right to dial");
                    }
                }
                _ = offer.tick(), if size(&self.refused) > 0 => self.offer_again().await,
            }
        }
        self.offer_again().await;
        match size(&self.refused) {
            0 => Ends::AllWritten,
            refused => Ends::Refused(refused),
        }
    }

    async fn offer_again(&mut self) {
        let batch = std::mem::take(&mut self.refused);
        if size(&batch) > 0 {
            self.write(batch).await;
            self.stats.ledger().set_refused(size(&self.refused));
        }
    }

    async fn write(&mut self, batch: LedgerBatch) {
        match self.commit_until_done(&batch, false).await {
            Ok(results) => self.tell(batch, results),
            Err(error) if size(&batch) > 1 => {
                // One bad item must not hold up the rest.
                tracing::warn!(%error, "a batch was refused; writing its items one by one");
                for single in singles(batch) {
                    match self.commit_until_done(&single, false).await {
                        Ok(results) => self.tell(single, results),
                        Err(error) => self.give_up(single, &error),
                    }
                }
            }
            Err(error) => self.give_up(batch, &error),
        }
    }

    /// Commits, trying again for as long as the database is away. The same
    /// call ids go in each time, so a commit in doubt is never made twice.
    ///
    /// The right to dial is looked at first after each failure, or if `renew`.
    async fn commit_until_done(&mut self, batch: &LedgerBatch, renew: bool) -> Result<Vec<ClaimResult>, StoreError> {
        let mut pause = FIRST_PAUSE;
        let mut away = false;
        loop {
            let error = match self.try_commit(batch, away || renew).await {
                Ok(results) => {
                    if away {
                        tracing::info!("the database is back");
                        let _ = self.news.send(News::DatabaseAway(false));
                    }
                    return Ok(results);
                }
                Err(error) => error,
            };
            self.stats.ledger().on_failure();
            match error {
                StoreError::Away(_) | StoreError::InUse(_) => {
                    if !away {
                        tracing::warn!(%error, waiting = size(batch), "dialing stops until the database is back");
                        let _ = self.news.send(News::DatabaseAway(true));
                        away = true;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                refused @ (StoreError::Refused(_) | StoreError::Unreadable { .. } | StoreError::Migration(_)) => {
                    if away {
                        let _ = self.news.send(News::DatabaseAway(false));
                    }
                    return Err(refused);
                }
            }
        }
    }

    async fn try_commit(&mut self, batch: &LedgerBatch, renew: bool) -> Result<Vec<ClaimResult>, StoreError> {
        // Another daemon may have taken over meanwhile: then nothing of ours
        // may be claimed. And it may have died since, with calls open.
        if renew && self.lock.renew().await? == Renewed::TakenAgain {
            let _ = self.news.send(News::LookForOpenCalls);
        }
        if size(batch) == 0 {
            return Ok(Vec::new());
        }
        let begun = Instant::now();
        let results = self.store.commit(batch, self.clock.now()).await?;
        self.stats.ledger().on_commit(begun.elapsed());
        Ok(results)
    }

    fn tell(&self, batch: LedgerBatch, results: Vec<ClaimResult>) {
        self.stats.ledger().on_written(&batch, &results);
        self.feed.publish_all(self.clock.now(), happened(&batch, &results));
        if !batch.settlements.is_empty() {
            let campaigns: HashSet<_> = batch.settlements.iter().map(|settlement| settlement.campaign).collect();
            let _ = self.news.send(News::Settled(campaigns.into_iter().collect()));
        }
        for (claim, result) in batch.claims.into_iter().zip(results) {
            let _ = self.news.send(News::Claimed { requested: claim, result });
        }
    }

    fn give_up(&mut self, batch: LedgerBatch, error: &StoreError) {
        for (call, _) in &batch.answered {
            tracing::error!(%call, %error, "the database refuses to note an answer");
        }
        for settlement in batch.settlements {
            tracing::error!(call = %settlement.call, ?settlement, %error, "the database refuses a call's end: kept");
            self.refused.settlements.push(settlement);
        }
        for answer in batch.answers {
            tracing::error!(call = %answer.call, ?answer, %error, "the database refuses an answer to a question: kept");
            self.refused.answers.push(answer);
        }
        for entry in batch.opt_outs {
            tracing::error!(number = %entry.number, %error, "the database refuses an opt-out: kept");
            self.refused.opt_outs.push(entry);
        }
        for claim in batch.claims {
            tracing::error!(campaign = %claim.campaign, %error, "the database refuses a claim");
            let result = ClaimResult { not_running: true, ..ClaimResult::default() };
            let _ = self.news.send(News::Claimed { requested: claim, result });
        }
        self.stats.ledger().set_refused(size(&self.refused));
    }
}

impl Item {
    /// When a claim was asked for.
    fn asked_at(&self) -> Option<Instant> {
        match self {
            Self::Claim(_, at) => Some(*at),
            Self::Answered(..) | Self::Given(_) | Self::OptOut(_) | Self::Settle(_) => None,
        }
    }
}

/// What a batch that is committed means to whoever watches.
fn happened<'a>(
    batch: &'a LedgerBatch,
    results: &'a [ClaimResult],
) -> impl Iterator<Item = (CampaignId, Happened)> + use<'a> {
    let ended = batch.settlements.iter().map(|settlement| {
        let talk = settlement.facts.answered_at.zip(settlement.facts.ended_at);
        let talk_ms = talk.map(|(from, to)| u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0));
        let Settlement { call, target, outcome, after, .. } = settlement;
        let (call, contact, outcome, status) = (*call, *target, *outcome, after.status);
        (settlement.campaign, Happened::CallEnded { call, contact, outcome, status, talk_ms })
    });
    let created = batch.claims.iter().zip(results).flat_map(|(claim, result)| {
        result.claimed.iter().map(|claimed| {
            let created = Happened::CallCreated {
                call: claimed.planned.call,
                contact: claimed.target,
                number: claimed.number,
                caller_id: claimed.planned.caller_id,
                attempt: claimed.attempt,
            };
            (claim.campaign, created)
        })
    });
    ended.chain(created)
}

/// Puts items together: one claim per campaign, and no answer of a call whose
/// end is in the same batch.
/// When `closing`, nobody waits for claims any more.
fn gather(items: impl Iterator<Item = Item>, closing: bool) -> LedgerBatch {
    let mut batch = LedgerBatch::default();
    let mut claims: HashMap<CampaignId, Claim> = HashMap::new();
    let mut order = Vec::new();
    for item in items {
        match item {
            Item::Answered(call, at) => batch.answered.push((call, at)),
            Item::Given(answer) => batch.answers.push(answer),
            Item::OptOut(entry) => batch.opt_outs.push(entry),
            Item::Settle(settlement) => batch.settlements.push(*settlement),
            Item::Claim(..) if closing => {}
            Item::Claim(claim, _) => match claims.entry(claim.campaign) {
                Entry::Occupied(mut one) => {
                    let one = one.get_mut();
                    one.calls.extend(claim.calls);
                    // The newer rules hold for all of them.
                    one.rules = claim.rules;
                    one.nearby.extend(claim.nearby);
                }
                Entry::Vacant(none) => {
                    order.push(claim.campaign);
                    none.insert(claim);
                }
            },
        }
    }
    let ended: HashSet<_> = batch.settlements.iter().map(|settlement| settlement.call).collect();
    batch.answered.retain(|(call, _)| !ended.contains(call));
    batch.claims = order.into_iter().filter_map(|campaign| claims.remove(&campaign)).collect();
    batch
}

fn size(batch: &LedgerBatch) -> usize {
    batch.answered.len() + batch.answers.len() + batch.opt_outs.len() + batch.settlements.len() + batch.claims.len()
}

/// The items of a batch as batches of one, in the same order.
fn singles(batch: LedgerBatch) -> Vec<LedgerBatch> {
    let LedgerBatch { answered, answers, opt_outs, settlements, claims } = batch;
    let answered = answered.into_iter().map(|one| LedgerBatch { answered: vec![one], ..LedgerBatch::default() });
    let given = answers.into_iter().map(|one| LedgerBatch { answers: vec![one], ..LedgerBatch::default() });
    let out = opt_outs.into_iter().map(|one| LedgerBatch { opt_outs: vec![one], ..LedgerBatch::default() });
    let settled = settlements.into_iter().map(|one| LedgerBatch { settlements: vec![one], ..LedgerBatch::default() });
    let claimed = claims.into_iter().map(|one| LedgerBatch { claims: vec![one], ..LedgerBatch::default() });
    answered.chain(given).chain(out).chain(settled).chain(claimed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallFacts, Outcome};
    use crate::campaign::{AfterCall, TargetStatus};
    use crate::number::PhoneNumber;
    use crate::store::{PlannedCall, TargetId};

    fn planned() -> PlannedCall {
        let caller_id = PhoneNumber::from_e164("+15550000001").expect("a number");
        PlannedCall { call: CallId::new(), caller_id, switch: "one".into() }
    }

    fn wish(campaign: CampaignId, calls: Vec<PlannedCall>) -> Claim {
        Claim { campaign, calls, nearby: Vec::new(), rules: Arc::default() }
    }

    fn settlement(call: CallId, campaign: CampaignId) -> Settlement {
        let after = AfterCall { status: TargetStatus::Busy, due_at: None, uses_attempt: true, congested: false };
        Settlement { call, campaign, target: TargetId(1), outcome: Outcome::Busy, facts: CallFacts::default(), after }
    }

    #[test]
    fn claims_of_a_campaign_become_one_and_ended_calls_need_no_answer() {
        let (one, two) = (CampaignId::new(), CampaignId::new());
        let (ended, going) = (CallId::new(), CallId::new());
        let (at, now) = (Timestamp::UNIX_EPOCH, Instant::now());
        let items = vec![
            Item::Claim(wish(one, vec![planned()]), now),
            Item::Answered(ended, at),
            Item::Claim(wish(two, vec![planned()]), now),
            Item::Answered(going, at),
            Item::Claim(wish(one, vec![planned(), planned()]), now),
            Item::Settle(Box::new(settlement(ended, one))),
        ];
        let batch = gather(items.into_iter(), false);
        assert_eq!(batch.answered, [(going, at)]);
        let claims: Vec<_> = batch.claims.iter().map(|claim| (claim.campaign, claim.calls.len())).collect();
        assert_eq!(claims, [(one, 3), (two, 1)]);
        assert_eq!((size(&batch), singles(batch).len()), (4, 4));
        let asked = Item::Claim(wish(one, vec![planned()]), now);
        let end = Item::Settle(Box::new(settlement(ended, one)));
        let closing = gather([asked, end].into_iter(), true);
        assert_eq!((closing.claims.len(), closing.settlements.len()), (0, 1), "only ends are written");
    }
}
