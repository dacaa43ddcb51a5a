//! `canvass serve`: the daemon.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::app;
use super::signals::Ends;
use crate::config::Config;
use crate::dialer::{Engine, Options, Stats};
use crate::store::Store;

pub(super) async fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), false).await?;
    anyhow::ensure!(
        !app.config.switches.is_empty(),
        "no switch is configured: nothing could be dialed (see `canvass doctor`)"
    );
    let mut ends = Ends::listen()?;
    let options = Options { clock: app.clock, ..options(&app.config, app.store.clone()) };
    let mut engine = Engine::start(options).await?;
    tracing::info!(database = app.store.engine(), switches = app.config.switches.len(), "canvass is ready");
    tokio::select! {
        () = ends.next() => engine.drain(),
        () = engine.finished() => anyhow::bail!("the dialing engine ended unexpectedly"),
    }
    tokio::select! {
        () = engine.finished() => {}
        () = ends.next() => {
            tracing::warn!("second signal: ending at once; open calls are settled at the next start");
            return Ok(ExitCode::FAILURE);
        }
    }
    app.store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// An engine as the configuration wants it, for every campaign.
pub(super) fn options(config: &Config, store: Store) -> Options {
    Options {
        store,
        clock: crate::clock::Clock::system(),
        switches: config.connect_switches(),
        outbound_limit: config.organization.outbound_rate_limit,
        media: config.media_folder(),
        drain: Duration::from_secs(config.dialer.drain_seconds.into()),
        only: None,
        owner: format!("{} (process {})", config.node.name, std::process::id()),
        stats: Arc::new(Stats::default()),
    }
}
