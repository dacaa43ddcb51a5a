//! Whoever waits because of a rule is looked at again once other rules hold: a
//! campaign's hours, or the organization's rules, may be others now.

use std::collections::hash_map::Entry;
use std::time::Duration;

use tokio::sync::mpsc;

use super::state::State;
use crate::campaign::CampaignId;
use crate::dialer::news::News;
use crate::dialer::roster::Supply;
use crate::store::{Store, TargetId};

/// How soon a step is tried again that the database refused.
const AGAIN: Duration = Duration::from_secs(1);

impl State {
    /// Has those of a campaign who wait asked about anew, step by step beside
    /// everything else: there may be a million of them.
    pub(super) fn release(&mut self, campaign: CampaignId) {
        match self.releasing.entry(campaign) {
            // Some may have been put off behind it.
            Entry::Occupied(mut again) => drop(again.insert(true)),
            Entry::Vacant(none) => {
                none.insert(false);
                tokio::spawn(release(self.store.clone(), campaign, self.context.news.clone()));
            }
        }
    }

    pub(super) fn on_released(&mut self, campaign: CampaignId, targets: u64, done: bool) {
        if targets > 0
            && let Some(entry) = self.roster.get_mut(campaign)
        {
            entry.supply = Supply::Unknown;
        }
        if done && self.releasing.remove(&campaign) == Some(true) {
            self.release(campaign);
        }
    }
}

async fn release(store: Store, campaign: CampaignId, news: mpsc::UnboundedSender<News>) {
    let mut after: Option<TargetId> = None;
    let mut released = 0;
    loop {
        let (targets, done) = match store.release_held(campaign, after).await {
            Ok(Some(step)) => {
                after = Some(step.last);
                released += step.targets;
                (step.targets, false)
            }
            Ok(None) => (0, true),
            Err(error) => {
                tracing::warn!(%campaign, %error, "those who wait because of a rule are asked about later");
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => continue,
                    () = news.closed() => return,
                }
            }
        };
        if news.send(News::Released { campaign, targets, done }).is_err() {
            return;
        }
        if done {
            break;
        }
    }
    if released > 0 {
        tracing::info!(%campaign, targets = released, "rules were asked again about those who wait");
    }
}
