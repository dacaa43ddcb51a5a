//! One campaign in the foreground, with a progress bar: `run` and `demo`.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::signals::Ends;
use super::summary::Summary;
use super::survey_results;
use crate::campaign::{CampaignId, CampaignStatus, TargetStatus};
use crate::clock::Clock;
use crate::control::{self, ControlError};
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

/// Dials until the campaign is no longer running, or until a signal. `launch`
/// starts the campaign, once the right to dial is ours: a daemon that has it
/// would pick the campaign up.
pub(super) async fn dial(
    options: Options,
    campaign: CampaignId,
    launch: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Ended> {
    let store = options.store.clone();
    let mut ends = Ends::listen_foreground()?;
    let mut engine = Engine::start(Options { only: Some(campaign), ..options }).await?;
    if let Err(error) = launch.await {
        engine.drain();
        engine.finished().await;
        return Err(error);
    }
    engine.handle().wake();
    let start = Instant::now();
    let bar = progress_bar();
    let mut interrupted = false;
    loop {
        tokio::select! {
            () = ends.next() => {
                interrupted = true;
                break;
            }
            _ = engine.finished() => anyhow::bail!("the dialing engine ended unexpectedly"),
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
    // Paused or cancelled elsewhere: calls in progress go on to their end.
    while !interrupted && in_progress(&store, campaign).await {
        tokio::select! {
            () = ends.next() => interrupted = true,
            () = tokio::time::sleep(REFRESH) => {}
        }
    }
    let took = start.elapsed();
    engine.drain();
    if interrupted {
        bar.println("Waiting for the calls in progress; once more to leave at once.");
    }
    tokio::select! {
        _ = engine.finished() => {}
        () = ends.next() => {
            bar.abandon();
            return Ok(Ended::Abandoned);
        }
    }
    if interrupted {
        // Not to be picked up unasked by a daemon; the same command goes on.
        match control::pause(&store, campaign, Clock::system().now()).await {
            Ok(()) | Err(ControlError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (tally, status) = look(&store, campaign).await?;
    show(&bar, &tally, &engine);
    bar.finish_and_clear();
    let stored = store.campaign(campaign).await?;
    let results = match &stored {
        Some(campaign) => survey_results::if_asked(&store, campaign).await?,
        None => None,
    };
    let reason = stored.and_then(|campaign| campaign.reason);
    let summary = Summary { tally, status, reason, took, results };
    Ok(if interrupted { Ended::Interrupted(summary) } else { Ended::Campaign(summary) })
}

/// Whether a call of the campaign goes on, as far as the database answers.
async fn in_progress(store: &Store, campaign: CampaignId) -> bool {
    store.remaining(campaign).await.map_or(true, |remaining| remaining.in_call)
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
