//! Campaigns: which run, what is left of them, and when they stop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::state::State;
use crate::campaign::{CampaignId, CampaignStatus};
use crate::compliance::Closed;
use crate::dialer::caller_ids::Shown;
use crate::dialer::fleet::Pick;
use crate::dialer::news::News;
use crate::dialer::prepared::Prepared;
use crate::dialer::roster::{Entry, Supply};
use crate::store::{Remaining, StatusChange};

/// How soon a claim is tried again that found nothing though something is due.
const AGAIN: Duration = Duration::from_millis(50);
/// So many looks in a row, about one a second, that find a call which none of
/// ours is.
const STRANGE: u32 = 30;

impl State {
    pub(super) fn on_campaigns(&mut self, running: Vec<(CampaignId, Arc<Prepared>)>, numbers: Vec<Shown>) {
        let list: Vec<_> = running.iter().map(|(id, prepared)| (*id, prepared.settings.clone())).collect();
        self.caller_ids.update(numbers);
        self.roster.update(&list);
        // Claims under way need theirs even if it runs no more.
        self.go.retain(|id, go| {
            let runs = list.iter().any(|(other, _)| other == id);
            go.fetch_and(runs, Ordering::Relaxed);
            runs
        });
        let roster = &mut self.roster;
        self.prepared.retain(|id, _| roster.get_mut(*id).is_some());
        self.prepared.extend(running);
        let (now, wall) = (Instant::now(), self.context.clock.now());
        let (mut faults, mut released) = (Vec::new(), Vec::new());
        let mut quiet = Vec::new();
        for (id, _) in &list {
            let (Some(prepared), Some(entry)) = (self.prepared.get(id), self.roster.get_mut(*id)) else { continue };
            if entry.govern(&prepared.rules, wall) == Some(Closed::ForGood) {
                faults.push((*id, "its calling hours never open".to_owned()));
            }
            if entry.asks_anew() {
                released.push(*id);
            }
        }
        for (id, entry) in self.roster.running() {
            if entry.pool.is_empty(&self.caller_ids) {
                faults.push((id, "no active caller ID in number_pool".to_owned()));
            } else if self.fleet.pick(&entry.settings, now) == Pick::NoSuchTrunk {
                let trunk = entry.settings.trunk.as_deref().unwrap_or("(default)");
                let switch = entry.settings.switch.as_deref().unwrap_or("(any)");
                faults.push((id, format!("no configured switch {switch} with trunk {trunk}")));
            } else if entry.supply != Supply::Unknown {
                quiet.push(id);
            }
        }
        for id in released {
            self.release(id);
        }
        for (id, reason) in faults {
            self.change(id, CampaignStatus::Paused, Some(reason));
        }
        for id in quiet {
            self.look(id);
        }
    }

    pub(super) fn look_if_idle(&mut self, campaign: CampaignId) {
        let idle = |entry: &mut Entry| entry.is_idle() && entry.supply != Supply::Unknown;
        if self.roster.get_mut(campaign).is_some_and(idle) {
            self.look(campaign);
        }
    }

    /// Asks the database what is left to do in a campaign.
    pub(super) fn look(&mut self, campaign: CampaignId) {
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

    pub(super) fn on_remaining(&mut self, campaign: CampaignId, remaining: Option<Remaining>) {
        let running = self.roster.is_running(campaign);
        let now = self.context.clock.now();
        let Some(entry) = self.roster.get_mut(campaign) else { return };
        entry.looking = false;
        let Some(remaining) = remaining else { return };
        entry.supply = match remaining.next_due {
            // A claim just came back short though something is due: somebody
            // else holds it. Not at the speed of the database.
            Some(due) if due <= now && entry.supply == Supply::Empty => Supply::DueAt(now + AGAIN),
            Some(due) if due <= now => Supply::Unknown,
            Some(due) => Supply::DueAt(due),
            None => Supply::Empty,
        };
        // In a call, but in none of ours, again and again: one was forgotten.
        entry.strange = if remaining.in_call && entry.is_idle() { entry.strange + 1 } else { 0 };
        let forgotten = entry.strange > STRANGE;
        if forgotten {
            entry.strange = 0;
        }
        let done = remaining.next_due.is_none() && !remaining.in_call && entry.is_idle();
        if forgotten {
            self.look_for_open_calls();
        }
        if done && running {
            self.change(campaign, CampaignStatus::Completed, None);
        }
    }

    /// A campaign gets no more turns, and what is claimed is not placed.
    pub(super) fn halt(&mut self, campaign: CampaignId) {
        self.roster.stop(campaign);
        if let Some(go) = self.go.remove(&campaign) {
            go.store(false, Ordering::Relaxed);
        }
    }

    /// Ends a campaign's run in the database; it gets no more turns here.
    pub(super) fn change(&mut self, campaign: CampaignId, to: CampaignStatus, reason: Option<String>) {
        self.halt(campaign);
        match &reason {
            Some(reason) => tracing::warn!(%campaign, status = %to, %reason, "campaign stopped"),
            None => tracing::info!(%campaign, status = %to, "campaign ended"),
        }
        let change = StatusChange { to, from: vec![CampaignStatus::Running], reason, scheduled_at: None };
        let (store, now, wake) = (self.store.clone(), self.context.clock.now(), self.wake.clone());
        let feed = self.context.feed.clone();
        tokio::spawn(async move {
            if let Err(error) = store.change_status(campaign, &change, now).await {
                // The next look at the campaigns finds it running and tries again.
                tracing::warn!(%campaign, %error, "could not change the campaign's status");
            }
            feed.look();
            wake.notify_one();
        });
    }
}
