//! `canvass campaign watch`: a campaign's progress, as another process makes it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::summary::Summary;
use super::survey_results;
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::store::{Store, Tally};

const INTERVAL: Duration = Duration::from_secs(1);

/// Prints a line whenever something has changed, and the closing table when
/// the campaign no longer runs. Status 0: it is completed.
pub(super) async fn watch(store: &Store, id: CampaignId) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    let mut last = String::new();
    loop {
        let campaign = store.campaign(id).await?.context("the campaign was deleted")?;
        let tally = store.tally(id).await?;
        let line = line(&tally, campaign.status);
        if line != last {
            println!("{line}");
            last = line;
        }
        if !matches!(campaign.status, CampaignStatus::Running | CampaignStatus::Scheduled) {
            let took = match (campaign.started_at, campaign.finished_at) {
                (Some(from), Some(to)) => Duration::try_from(to.duration_since(from)).unwrap_or_default(),
                _ => start.elapsed(),
            };
            let results = survey_results::if_asked(store, &campaign).await?;
            let summary = Summary { tally, status: campaign.status, reason: campaign.reason, took, results };
            println!("{}", summary.table());
            return Ok(if summary.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn line(tally: &Tally, status: CampaignStatus) -> String {
    let target = |status| tally.target(status);
    format!(
        "{status}: {} of {} pending, {} calling, {} connected, {} completed, {} calls",
        target(TargetStatus::Pending),
        tally.total(),
        target(TargetStatus::Calling),
        target(TargetStatus::Connected),
        target(TargetStatus::Completed),
        tally.calls(),
    )
}
