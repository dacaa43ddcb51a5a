//! The one writer: claims, answers and settlements of all calls go to the
//! database through here, many in one transaction.
//!
//! While a commit runs, what arrives waits for the next one: a lone call is
//! written at once, a thousand a second in groups. When the database is away
//! the same batch is tried again until it is back; nothing is dropped, and as
//! claims wait too, no new call is placed meanwhile.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::news::News;
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::clock::Clock;
use crate::store::{Claim, ClaimResult, DialingLock, LedgerBatch, PlannedCall, Settlement, Store, StoreError};

/// Items of one transaction, at most.
const GROUP: usize = 256;
/// Pauses between tries while the database is away.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Something to be written.
#[derive(Debug)]
enum Item {
    Answered(CallId, Timestamp),
    Settle(Settlement),
    Claim(Claim),
}

/// Hands items to the writer; never waits. Cheap to clone. The writer ends
/// when every clone is dropped and everything is written.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    items: mpsc::UnboundedSender<Item>,
}

impl Ledger {
    /// Starts the writer.
    pub(super) fn start(
        store: Store,
        lock: DialingLock,
        clock: Clock,
        news: mpsc::UnboundedSender<News>,
    ) -> (Self, JoinHandle<DialingLock>) {
        let (items, inbox) = mpsc::unbounded_channel();
        let writer = Writer { store, lock, clock, news };
        (Self { items }, tokio::spawn(writer.run(inbox)))
    }

    /// A call was answered and goes on.
    pub(super) fn answered(&self, call: CallId, at: Timestamp) {
        self.send(Item::Answered(call, at));
    }

    /// A call ended.
    pub(super) fn settle(&self, settlement: Settlement) {
        self.send(Item::Settle(settlement));
    }

    /// Targets are wanted; [`News::Claimed`] answers.
    pub(super) fn claim(&self, claim: Claim) {
        self.send(Item::Claim(claim));
    }

    fn send(&self, item: Item) {
        if self.items.send(item).is_err() {
            // Only after the writer was stopped by force, on the way out.
            tracing::warn!("the ledger is closed: a call's end is found again after the next start");
        }
    }
}

struct Writer {
    store: Store,
    lock: DialingLock,
    clock: Clock,
    news: mpsc::UnboundedSender<News>,
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Item>) -> DialingLock {
        let mut group = Vec::with_capacity(GROUP);
        while inbox.recv_many(&mut group, GROUP).await > 0 {
            let batch = gather(group.drain(..));
            self.write(batch).await;
        }
        self.lock
    }

    async fn write(&mut self, batch: LedgerBatch) {
        match self.commit_until_done(&batch).await {
            Ok(results) => self.tell(batch, results),
            Err(error) if size(&batch) > 1 => {
                // One bad item must not hold up the rest.
                tracing::warn!(%error, "a batch was refused; writing its items one by one");
                for single in singles(batch) {
                    match self.commit_until_done(&single).await {
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
    async fn commit_until_done(&mut self, batch: &LedgerBatch) -> Result<Vec<ClaimResult>, StoreError> {
        let mut pause = FIRST_PAUSE;
        let mut away = false;
        loop {
            let error = match self.try_commit(batch, away).await {
                Ok(results) => {
                    if away {
                        tracing::info!("the database is back");
                        let _ = self.news.send(News::DatabaseAway(false));
                    }
                    return Ok(results);
                }
                Err(error) => error,
            };
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
                    return Err(refused);
                }
            }
        }
    }

    async fn try_commit(&mut self, batch: &LedgerBatch, away: bool) -> Result<Vec<ClaimResult>, StoreError> {
        if away {
            // Another daemon may have taken over meanwhile: then nothing of
            // ours may be claimed.
            self.lock.renew().await?;
        }
        self.store.commit(batch, self.clock.now()).await
    }

    fn tell(&self, batch: LedgerBatch, results: Vec<ClaimResult>) {
        if !batch.settlements.is_empty() {
            let campaigns: HashSet<_> = batch.settlements.iter().map(|settlement| settlement.campaign).collect();
            let _ = self.news.send(News::Settled(campaigns.into_iter().collect()));
        }
        for (claim, result) in batch.claims.into_iter().zip(results) {
            let _ = self.news.send(News::Claimed { campaign: claim.campaign, requested: claim.calls, result });
        }
    }

    fn give_up(&self, batch: LedgerBatch, error: &StoreError) {
        for (call, _) in &batch.answered {
            tracing::error!(%call, %error, "the database refuses to note an answer");
        }
        for settlement in &batch.settlements {
            tracing::error!(call = %settlement.call, ?settlement, %error, "the database refuses a call's end");
        }
        for claim in batch.claims {
            tracing::error!(campaign = %claim.campaign, %error, "the database refuses a claim");
            let result = ClaimResult { not_running: true, ..ClaimResult::default() };
            let _ = self.news.send(News::Claimed { campaign: claim.campaign, requested: claim.calls, result });
        }
    }
}

/// Puts items together: one claim per campaign, and no answer of a call whose
/// end is in the same batch.
fn gather(items: impl Iterator<Item = Item>) -> LedgerBatch {
    let mut batch = LedgerBatch::default();
    let mut claims: HashMap<CampaignId, Vec<PlannedCall>> = HashMap::new();
    let mut order = Vec::new();
    for item in items {
        match item {
            Item::Answered(call, at) => batch.answered.push((call, at)),
            Item::Settle(settlement) => batch.settlements.push(settlement),
            Item::Claim(claim) => {
                let calls = claims.entry(claim.campaign).or_insert_with(|| {
                    order.push(claim.campaign);
                    Vec::new()
                });
                calls.extend(claim.calls);
            }
        }
    }
    let ended: HashSet<_> = batch.settlements.iter().map(|settlement| settlement.call).collect();
    batch.answered.retain(|(call, _)| !ended.contains(call));
    batch.claims = order
        .into_iter()
        .filter_map(|campaign| claims.remove(&campaign).map(|calls| Claim { campaign, calls }))
        .collect();
    batch
}

fn size(batch: &LedgerBatch) -> usize {
    batch.answered.len() + batch.settlements.len() + batch.claims.len()
}

/// The items of a batch as batches of one, in the same order.
fn singles(batch: LedgerBatch) -> Vec<LedgerBatch> {
    let LedgerBatch { answered, settlements, claims } = batch;
    let answered = answered.into_iter().map(|one| LedgerBatch { answered: vec![one], ..LedgerBatch::default() });
    let settled = settlements.into_iter().map(|one| LedgerBatch { settlements: vec![one], ..LedgerBatch::default() });
    let claimed = claims.into_iter().map(|one| LedgerBatch { claims: vec![one], ..LedgerBatch::default() });
    answered.chain(settled).chain(claimed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallFacts, Outcome};
    use crate::campaign::{AfterCall, TargetStatus};
    use crate::number::PhoneNumber;
    use crate::store::TargetId;

    fn planned() -> PlannedCall {
        let caller_id = PhoneNumber::from_e164("+15550000001").expect("a number");
        PlannedCall { call: CallId::new(), caller_id, switch: "one".into() }
    }

    fn settlement(call: CallId, campaign: CampaignId) -> Settlement {
        let after = AfterCall { status: TargetStatus::Busy, due_at: None, uses_attempt: true, congested: false };
        Settlement { call, campaign, target: TargetId(1), outcome: Outcome::Busy, facts: CallFacts::default(), after }
    }

    #[test]
    fn claims_of_a_campaign_become_one_and_ended_calls_need_no_answer() {
        let (one, two) = (CampaignId::new(), CampaignId::new());
        let (ended, going) = (CallId::new(), CallId::new());
        let at = Timestamp::UNIX_EPOCH;
        let items = vec![
            Item::Claim(Claim { campaign: one, calls: vec![planned()] }),
            Item::Answered(ended, at),
            Item::Claim(Claim { campaign: two, calls: vec![planned()] }),
            Item::Answered(going, at),
            Item::Claim(Claim { campaign: one, calls: vec![planned(), planned()] }),
            Item::Settle(settlement(ended, one)),
        ];
        let batch = gather(items.into_iter());
        assert_eq!(batch.answered, [(going, at)]);
        let claims: Vec<_> = batch.claims.iter().map(|claim| (claim.campaign, claim.calls.len())).collect();
        assert_eq!(claims, [(one, 3), (two, 1)]);
        assert_eq!((size(&batch), singles(batch).len()), (4, 4));
    }
}
