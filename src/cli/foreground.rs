//! One campaign in the foreground, with a progress bar: `run` and `demo`.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::signals::Ends;
use super::summary::Summary;
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::dialer::{Engine, Options};
use crate::store::{Store, Tally};

/// How often the bar is brought up to date.
const REFRESH: Duration = Duration::from_millis(200);

/// What to tell the person who waits.
pub(super) enum Ended {
    /// The campaign stopped by itself.
    Campaign(Summary),
    /// It was interrupted; calls in progress were brought to an end.
    Interrupted(Summary),
    /// It was interrupted twice.
    Abandoned,
}

/// Dials until the campaign is no longer running, or until a signal.
pub(super) async fn dial(options: Options, campaign: CampaignId) -> anyhow::Result<Ended> {
    let store = options.store.clone();
    let mut ends = Ends::listen()?;
    let start = Instant::now();
    let mut engine = Engine::start(Options { only: Some(campaign), ..options }).await?;
    let bar = progress_bar();
    let mut interrupted = false;
    loop {
        tokio::select! {
            () = ends.next() => {
                interrupted = true;
                break;
            }
            () = engine.finished() => anyhow::bail!("the dialing engine ended unexpectedly"),
            () = tokio::time::sleep(REFRESH) => {}
        }
        // A database that is away for a moment is the engine's business.
        if let Ok((tally, status)) = look(&store, campaign).await {
            show(&bar, &tally, &engine);
            if status != CampaignStatus::Running {
                break;
            }
        }
    }
    let took = start.elapsed();
    engine.drain();
    if interrupted {
        bar.println("Waiting for the calls in progress; once more to leave at once.");
    }
    tokio::select! {
        () = engine.finished() => {}
        () = ends.next() => {
            bar.abandon();
            return Ok(Ended::Abandoned);
        }
    }
    let (tally, status) = look(&store, campaign).await?;
    show(&bar, &tally, &engine);
    bar.finish_and_clear();
    let reason = store.campaign(campaign).await?.and_then(|campaign| campaign.reason);
    let summary = Summary { tally, status, reason, took };
    Ok(if interrupted { Ended::Interrupted(summary) } else { Ended::Campaign(summary) })
}

async fn look(store: &Store, campaign: CampaignId) -> anyhow::Result<(Tally, CampaignStatus)> {
    let tally = store.tally(campaign).await?;
    let status = store.campaign(campaign).await?.map_or(CampaignStatus::Failed, |campaign| campaign.status);
    Ok((tally, status))
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template = "{elapsed_precise} [{bar:40}] {pos}/{len} contacts reached or tried  {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn show(bar: &ProgressBar, tally: &Tally, engine: &Engine) {
    let waiting = tally.target(TargetStatus::Pending)
        + tally.target(TargetStatus::Calling)
        + tally.target(TargetStatus::Connected);
    bar.set_length(tally.total());
    bar.set_position(tally.total() - waiting);
    let stats = engine.stats();
    bar.set_message(format!("{} in progress, {} answered", stats.in_progress(), stats.answered()));
}
