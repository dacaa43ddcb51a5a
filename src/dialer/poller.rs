//! Looks into the database for campaigns to run. Other processes (the command
//! line) write there too, so it looks once a second, and at once when asked.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};

use super::caller_ids::Shown;
use super::news::News;
use super::prepared::{Prepared, Unready};
use super::shown::shown;
use crate::campaign::{CampaignId, CampaignStatus, HOURS_NEVER_OPEN, LaunchHours};
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::control::first_opening;
use crate::media::Sounds;
use crate::number::PhoneNumber;
use crate::store::{Campaign, StatusChange, Store, StoreError};

const INTERVAL: Duration = Duration::from_secs(1);

/// The campaigns to dial, and our numbers.
type Running = (Vec<(CampaignId, Arc<Prepared>)>, Vec<Shown>);

pub(super) struct Poller {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) sounds: Sounds,
    /// The organization's rules; they may change.
    pub(super) compliance: watch::Receiver<Arc<Organization>>,
    /// What was found at the last look.
    pub(super) known: HashMap<CampaignId, Arc<Prepared>>,
    /// The numbers whose last day the engine was told.
    pub(super) numbers: HashSet<PhoneNumber>,
    /// Those that could not be read then: told once.
    pub(super) unreadable: HashSet<CampaignId>,
    pub(super) only: Option<CampaignId>,
    pub(super) wake: Arc<Notify>,
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl Poller {
    /// Runs until the engine is gone.
    pub(super) async fn run(mut self) {
        loop {
            match self.look().await {
                Ok((running, numbers)) => {
                    if self.news.send(News::Campaigns { running, numbers }).is_err() {
                        return;
                    }
                }
                // The ledger says so too, and louder.
                Err(error @ StoreError::Away(_)) => tracing::debug!(%error, "could not look for campaigns"),
                Err(error) => tracing::error!(%error, "could not look for campaigns: none is dialed"),
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.wake.notified() => {}
                () = self.news.closed() => return,
            }
        }
    }

    async fn look(&mut self) -> Result<Running, StoreError> {
        let now = self.clock.now();
        // One for the whole look: what changes meanwhile counts at the next.
        let organization = self.compliance.borrow_and_update().clone();
        let mut running = Vec::new();
        let active = self.store.active_campaigns().await?;
        for (campaign, error) in &active.unreadable {
            if !self.unreadable.contains(campaign) {
                tracing::error!(%campaign, %error, "cannot be read: not dialed, the others are");
            }
        }
        self.unreadable = active.unreadable.iter().map(|(campaign, _)| *campaign).collect();
        for campaign in active.campaigns {
            if self.only.is_some_and(|only| only != campaign.id) {
                continue;
            }
            match campaign.status {
                CampaignStatus::Running => {
                    running.extend(self.prepare(campaign, &organization, now).await?);
                }
                CampaignStatus::Scheduled if is_due(&campaign, now) => {
                    let change = StatusChange {
                        to: CampaignStatus::Running,
                        from: vec![CampaignStatus::Scheduled],
                        reason: None,
                        scheduled_at: None,
                    };
                    match self.store.change_status(campaign.id, &change, now).await {
                        Ok(_) => {
                            tracing::info!(campaign = %campaign.id, name = %campaign.name, "scheduled start");
                            self.wake.notify_one();
                        }
                        Err(error) => tracing::warn!(campaign = %campaign.id, %error, "could not start as scheduled"),
                    }
                }
                CampaignStatus::Scheduled
                | CampaignStatus::Draft
                | CampaignStatus::Paused
                | CampaignStatus::Completed
                | CampaignStatus::Cancelled
                | CampaignStatus::Failed => {}
            }
        }
        self.known = running.iter().cloned().collect();
        if running.is_empty() {
            self.numbers.clear();
            return Ok((running, Vec::new()));
        }
        let numbers = shown(&self.store, &mut self.numbers, now).await?;
        Ok((running, numbers))
    }

    /// The campaign with all its calls need. If something is missing it is
    /// paused: nobody is called to hear nothing.
    async fn prepare(
        &mut self,
        campaign: Campaign,
        organization: &Arc<Organization>,
        now: Timestamp,
    ) -> Result<Option<(CampaignId, Arc<Prepared>)>, StoreError> {
        let Campaign { id, settings, forced, .. } = campaign;
        let ready = match Prepared::new(settings, forced, organization, &self.sounds, &self.store).await {
            // The same one as before, if nothing changed: calls share it.
            Ok(prepared) => match self.known.remove(&id).filter(|known| **known == prepared) {
                Some(known) => Ok(known),
                None => self.with_hours(id, prepared, now).await,
            },
            Err(unready) => Err(unready),
        };
        let reason = match ready {
            Ok(prepared) => return Ok(Some((id, prepared))),
            Err(Unready::Store(error @ (StoreError::Away(_) | StoreError::InUse(_)))) => return Err(error),
            // The others are dialed.
            Err(Unready::Store(error)) => {
                tracing::error!(campaign = %id, name = %campaign.name, %error, "cannot be read: not dialed");
                return Ok(None);
            }
            Err(Unready::Pause(reason)) => reason,
        };
        tracing::error!(campaign = %id, name = %campaign.name, "paused: {reason}");
        let change = StatusChange {
            to: CampaignStatus::Paused,
            from: vec![CampaignStatus::Running],
            reason: Some(reason),
            scheduled_at: None,
        };
        // Not dialed either way; the others are.
        if let Err(error) = self.store.change_status(id, &change, now).await {
            tracing::warn!(campaign = %id, %error, "could not be paused");
        }
        Ok(None)
    }

    /// What is new about a campaign is not dialed if its hours never open: those
    /// who wait would be skipped one after the other.
    async fn with_hours(
        &self,
        campaign: CampaignId,
        prepared: Prepared,
        now: Timestamp,
    ) -> Result<Arc<Prepared>, Unready> {
        match first_opening(&self.store, &prepared.rules, campaign, now).await? {
            LaunchHours::Never => Err(Unready::Pause(HOURS_NEVER_OPEN.to_owned())),
            LaunchHours::Unknown | LaunchHours::Open | LaunchHours::OpensAt(_) => Ok(Arc::new(prepared)),
        }
    }
}

fn is_due(campaign: &Campaign, now: Timestamp) -> bool {
    campaign.scheduled_at.is_none_or(|at| at <= now)
}
