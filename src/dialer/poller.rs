//! Looks into the database for campaigns to run. Other processes (the command
//! line) write there too, so it looks once a second, and at once when asked.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};

use super::news::News;
use crate::campaign::{CampaignId, CampaignStatus};
use crate::clock::Clock;
use crate::media::MediaFolder;
use crate::number::PhoneNumber;
use crate::store::{Campaign, StatusChange, Store, StoreError};

const INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct Poller {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) media: MediaFolder,
    pub(super) only: Option<CampaignId>,
    pub(super) wake: Arc<Notify>,
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl Poller {
    /// Runs until the engine is gone.
    pub(super) async fn run(self) {
        loop {
            match self.look().await {
                Ok((running, active)) => {
                    if self.news.send(News::Campaigns { running, active }).is_err() {
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

    async fn look(&self) -> Result<(Vec<Campaign>, HashSet<PhoneNumber>), StoreError> {
        let now = self.clock.now();
        let mut running = Vec::new();
        for campaign in self.store.active_campaigns().await? {
            if self.only.is_some_and(|only| only != campaign.id) {
                continue;
            }
            match campaign.status {
                CampaignStatus::Running => running.extend(self.with_prompts(campaign, now).await?),
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
        if running.is_empty() {
            return Ok((running, HashSet::new()));
        }
        let numbers = self.store.numbers().await?;
        let active = numbers.into_iter().filter(|own| own.active).map(|own| own.number).collect();
        Ok((running, active))
    }

    /// The campaign with the files of its prompts in place of their names. If
    /// something is missing the campaign is paused: nobody is called to hear
    /// nothing.
    async fn with_prompts(&self, mut campaign: Campaign, now: Timestamp) -> Result<Option<Campaign>, StoreError> {
        let found = self.media.look_up(&self.store, &campaign.settings.prompts).await?;
        if found.missing.is_empty() {
            campaign.settings.prompts = found.paths;
            return Ok(Some(campaign));
        }
        let reason = format!("a prompt is missing: {}", found.missing.join("; "));
        tracing::error!(campaign = %campaign.id, name = %campaign.name, "paused: {reason}");
        let change = StatusChange {
            to: CampaignStatus::Paused,
            from: vec![CampaignStatus::Running],
            reason: Some(reason),
            scheduled_at: None,
        };
        // Not dialed either way; the others are.
        if let Err(error) = self.store.change_status(campaign.id, &change, now).await {
            tracing::warn!(campaign = %campaign.id, %error, "could not be paused");
        }
        Ok(None)
    }
}

fn is_due(campaign: &Campaign, now: Timestamp) -> bool {
    campaign.scheduled_at.is_none_or(|at| at <= now)
}
