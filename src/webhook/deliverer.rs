//! The task that sends what is due.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use tokio::sync::watch;
use tokio::task::{Id, JoinHandle, JoinSet};
use tokio::time::Instant;

use super::send::{Outcome, client, send};
use super::{FAILS_FOR, Next, WebhookId, after_failure};
use crate::clock::Clock;
use crate::guard::Guard;
use crate::store::telling::{Delivery, Then, Tried, Webhook};
use crate::store::{Store, StoreError};

/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked for what was kept long enough.
const SWEEP: Duration = Duration::from_secs(3_600);
/// So long is kept what was told.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Deliveries of one webhook taken at a time.
const BATCH: u32 = 16;
/// Of those, so many are sent at once.
const AT_ONCE: usize = 4;
/// A delivery that is taken is nobody else's for so long: longer than all of a
/// batch may take. If we die meanwhile it is sent again after that.
const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// How long deliveries under way may take at the end.
const LAST: Duration = Duration::from_secs(12);

/// What a deliverer needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where deliveries are.
    pub store: Store,
    /// The wall time.
    pub clock: Clock,
    /// Where it may connect to.
    pub guard: Guard,
}

/// The task that sends what is due. Each webhook has a worker of its own, so
/// that one whose receiver is slow or dead keeps no other waiting.
#[derive(Debug)]
pub struct Deliverer {
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Why a deliverer does not start.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client for webhooks: {0}")]
pub struct NoClient(#[from] reqwest::Error);

impl Deliverer {
    /// Sends from now on.
    pub fn start(options: Options) -> Result<Self, NoClient> {
        let (ending, ended) = watch::channel(false);
        let work = Work { client: client(options.guard)?, options, ended };
        Ok(Self { ending, task: tokio::spawn(work.run()) })
    }

    /// Begins no more deliveries; those under way go on for twelve seconds at
    /// most. What is not sent is sent after the next start.
    pub async fn stop(mut self) {
        let _ = self.ending.send(true);
        if tokio::time::timeout(LAST, &mut self.task).await.is_err() {
            tracing::warn!("some webhooks did not answer in time: they are told again after the next start");
            self.task.abort();
        }
    }
}

#[derive(Clone)]
struct Work {
    options: Options,
    client: Client,
    ended: watch::Receiver<bool>,
}

impl Work {
    async fn run(self) {
        let mut workers = JoinSet::new();
        let mut busy: HashMap<Id, WebhookId> = HashMap::new();
        let mut sweep_at = Instant::now();
        let mut away = false;
        let mut ended = self.ended.clone();
        loop {
            while let Some(done) = workers.try_join_next_with_id() {
                busy.remove(&done.map_or_else(|error| error.id(), |(id, ())| id));
            }
            if Instant::now() >= sweep_at {
                sweep_at = Instant::now() + SWEEP;
                self.sweep().await;
            }
            let now = self.options.clock.now();
            match self.options.store.webhooks_due(now).await {
                Ok(due) => {
                    away = false;
                    let at_work: HashSet<_> = busy.values().copied().collect();
                    for webhook in due.into_iter().filter(|webhook| !at_work.contains(&webhook.id)) {
                        let id = webhook.id;
                        let worker = workers.spawn(self.clone().serve(webhook));
                        busy.insert(worker.id(), id);
                    }
                }
                Err(error) if !std::mem::replace(&mut away, true) => {
                    tracing::warn!(%error, "could not look for what webhooks are to be told");
                }
                Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                // Its sender gone is an end too.
                _ = ended.wait_for(|ending| *ending) => break,
            }
        }
        while workers.join_next().await.is_some() {}
    }

    /// Sends what is due to one webhook, until nothing is, or it fails.
    async fn serve(self, mut webhook: Webhook) {
        let mut failing = webhook.failing_since.is_some();
        loop {
            if *self.ended.borrow() {
                return;
            }
            // One that fails is asked with one event at a time whether it is
            // there again: the others keep their tries.
            let limit = if failing { 1 } else { BATCH };
            match self.batch(&webhook, limit).await {
                Ok(Batch::Taken) => {
                    failing = false;
                    // It may lead elsewhere by now, or have another secret.
                    match self.options.store.webhook(webhook.id).await {
                        Ok(Some(now)) if now.active => webhook = now,
                        Ok(Some(_) | None) | Err(_) => return,
                    }
                }
                Ok(Batch::Empty | Batch::Failed) => return,
                Err(error) => {
                    tracing::warn!(webhook = %webhook.id, %error, "could not tell a webhook");
                    return;
                }
            }
        }
    }

    async fn batch(&self, webhook: &Webhook, limit: u32) -> Result<Batch, StoreError> {
        let Options { store, clock, .. } = &self.options;
        let now = clock.now();
        let until = now.checked_add(LEASE).unwrap_or(now);
        let taken = store.take_deliveries(webhook.id, limit, now, until).await?;
        if taken.is_empty() {
            return Ok(Batch::Empty);
        }
        let mut gone = false;
        let mut tries = Vec::with_capacity(taken.len());
        let mut sent = stream::iter(taken).map(|delivery| self.send(webhook, delivery)).buffer_unordered(AT_ONCE);
        while let Some((tried, is_gone)) = sent.next().await {
            gone |= is_gone;
            tries.push(tried);
        }
        drop(sent);
        let failed = tries.iter().any(|tried| tried.then != Then::Done);
        let hopeless = clock.now().checked_sub(FAILS_FOR).unwrap_or(Timestamp::MIN);
        let gone = gone.then_some("the receiver answered 410: it is gone for good");
        if store.note_tries(webhook.id, &tries, hopeless, gone).await? {
            tracing::warn!(webhook = %webhook.id, "a webhook was switched off: nothing was taken for too long");
        }
        Ok(if failed { Batch::Failed } else { Batch::Taken })
    }

    async fn send(&self, webhook: &Webhook, delivery: Delivery) -> (Tried, bool) {
        let outcome = send(&self.client, self.options.guard, webhook, &delivery, self.options.clock.now()).await;
        let (gone, at) = (outcome.is_gone(), self.options.clock.now());
        let Outcome { code, error, ms } = outcome;
        let then = match &error {
            None => Then::Done,
            Some(error) => {
                tracing::debug!(webhook = %webhook.id, event = %delivery.event_id, ?code, %error, "not taken");
                match after_failure(delivery.attempts, at, fastrand::f64()) {
                    Next::At(at) => Then::Again(at),
                    Next::GiveUp => Then::GivenUp,
                }
            }
        };
        (Tried { event_id: delivery.event_id, at, code, error, ms, then }, gone)
    }

    /// Removes what was kept long enough.
    async fn sweep(&self) {
        let Ok(before) = self.options.clock.now().checked_sub(KEPT) else { return };
        loop {
            match self.options.store.sweep_deliveries(before).await {
                Ok(0) => return,
                Ok(deliveries) => tracing::debug!(deliveries, "deliveries were kept long enough: removed"),
                Err(error) => {
                    tracing::warn!(%error, "deliveries kept long enough could not be removed");
                    return;
                }
            }
            if *self.ended.borrow() {
                return;
            }
        }
    }
}

/// What came of a batch.
enum Batch {
    /// Nothing was due.
    Empty,
    /// All of it was taken.
    Taken,
    /// Some of it was not.
    Failed,
}
