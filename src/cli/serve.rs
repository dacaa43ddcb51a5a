//! `canvass serve`: the daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::app::{self, App};
use super::signals::{Ends, Reload};
use crate::api::{self, InForce, Server};
use crate::config::{Config, ConfigError, load};
use crate::dialer::{Engine, Options, Stats};
use crate::media::MediaServer;
use crate::metrics::{self, Metrics};
use crate::settings::Live;
use crate::store::Store;
use crate::store::listing::Page;
use crate::webhook::{self, Deliverer};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Dial, but offer no HTTP API.
    #[arg(long)]
    no_api: bool,
}

pub(super) async fn run(file: Option<PathBuf>, args: Args) -> anyhow::Result<ExitCode> {
    let app = app::open(file.as_deref(), false).await?;
    anyhow::ensure!(
        !app.config.switches.is_empty(),
        "no switch is configured: nothing could be dialed (see `canvass doctor`)"
    );
    let mut ends = Ends::listen()?;
    let mut reload = Reload::listen()?;
    // Kept until the last call has ended.
    let _media = media_server(&app).await?;
    let options = Options { clock: app.clock, ..options(&app.config, app.store.clone()).await? };
    // First what may fail: the engine has calls to look after once it runs.
    let offered = app.config.api.enabled && !args.no_api;
    let (in_force, known) = watch::channel(in_force(&app.config)?);
    let metrics = measure(&app);
    let offer = if offered { Some(offer(&app, known, metrics.clone()).await?) } else { None };
    let scraped = scraped(&app.config, metrics.clone()).await?;
    let deliverer = webhook::Options { store: app.store.clone(), clock: app.clock, guard: app.config.webhooks.guard() };
    let mut engine = Engine::start(options).await?;
    metrics.watch(engine.handle());
    let deliverer = Deliverer::start(deliverer)?;
    let mut api = match offer {
        Some((listener, options)) => {
            Some(Server::start(listener, api::Options { engine: Some(engine.handle()), ..options })?)
        }
        None => None,
    };
    if let Some(api) = &api {
        tracing::info!("the HTTP API is at http://{}/api, described at /api/docs", api.address());
    }
    tracing::info!(database = app.store.engine(), switches = app.config.switches.len(), "canvass is ready");
    loop {
        tokio::select! {
            () = ends.next() => break engine.drain(),
            () = reload.next() => take_over(file.as_deref(), &engine, &app.settings, &in_force).await,
            _ = engine.finished() => anyhow::bail!("the dialing engine ended unexpectedly"),
        }
    }
    let end = async {
        // Nobody is told of a state that is about to change.
        if let Some(api) = api.take() {
            api.stop().await;
        }
        let written = engine.finished().await;
        deliverer.stop().await;
        if let Some(scraped) = scraped {
            scraped.stop().await;
        }
        written
    };
    let written = tokio::select! {
        written = end => written,
        () = ends.next() => {
            tracing::warn!("second signal: ending at once; open calls are settled at the next start");
            return Ok(ExitCode::FAILURE);
        }
    };
    app.store.close().await;
    Ok(if written { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The server that switches fetch sounds from, if they are to.
pub(super) async fn media_server(app: &App) -> anyhow::Result<Option<MediaServer>> {
    let listen = app.config.media.listen;
    let server = app.config.sounds()?.serve(listen, app.clock).await;
    let server =
        server.with_context(|| format!("cannot listen on {listen} for switches that fetch sounds (media.listen)"))?;
    if let Some(server) = &server {
        tracing::info!(address = %server.address(), "switches fetch sounds here");
    }
    Ok(server)
}

/// What is measured; of the engine, from its start on.
fn measure(app: &App) -> Metrics {
    Metrics::new(metrics::Options {
        watch: app.config.caller_ids,
        caller_ids: app.config.metrics.caller_ids as usize,
        ..metrics::Options::new(app.store.clone(), app.clock)
    })
}

/// The listener that shows it without a key, if there is to be one.
async fn scraped(config: &Config, metrics: Metrics) -> anyhow::Result<Option<Server>> {
    let Some(listen) = config.metrics.listen else { return Ok(None) };
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen} for metrics (metrics.listen)"))?;
    let server = Server::start_metrics(listener, metrics)?;
    tracing::info!("metrics are at http://{}/metrics, without a key, for private addresses", server.address());
    Ok(Some(server))
}

/// What the HTTP API needs, and where it is to be.
async fn offer(
    app: &App,
    in_force: watch::Receiver<Arc<InForce>>,
    metrics: Metrics,
) -> anyhow::Result<(TcpListener, api::Options)> {
    let config = &app.config;
    let listen = &config.api.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("api.listen: cannot listen on {listen} (serve --no-api does without)"))?;
    let options = api::Options {
        store: app.store.clone(),
        clock: app.clock,
        sounds: config.sounds()?,
        settings: app.settings.clone(),
        recordings: config.recordings_folder().local,
        limits: config.api.limits(),
        uploads: config.uploads(),
        in_force,
        engine: None,
        guard: config.webhooks.guard(),
        metrics,
    };
    let page = Page { offset: 0, limit: 1 };
    let keys = app.store.api_key_page(Some(true), app.clock.now(), page).await?.total;
    if keys == 0 && !app.store.has_users().await? {
        // No key or password is made unasked: what is printed here may end in
        // a log.
        tracing::warn!(
            "nobody may use the API yet: canvass user create NAME --role admin makes a person who may, \
             canvass key create NAME --role admin a key for a program"
        );
    }
    Ok((listener, options))
}

/// What the HTTP API goes by, of what a new configuration changes.
fn in_force(config: &Config) -> Result<Arc<InForce>, ConfigError> {
    Ok(Arc::new(InForce { switches: config.known_switches(), compliance: Arc::new(config.organization_rules()?) }))
}

/// SIGHUP: limits, pace and trunks change at once; the rest with a restart.
async fn take_over(file: Option<&Path>, engine: &Engine, settings: &Live, api: &watch::Sender<Arc<InForce>>) {
    // What is wrong with it is found before any of it is taken over.
    match load(file).and_then(|config| config.limits().map(|_| config)) {
        Ok(mut config) => {
            let turn = settings.turn().await;
            turn.configure(config.configured());
            config.adopt(settings.general());
            match config.limits().and_then(|limits| Ok((limits, in_force(&config)?))) {
                Ok((limits, known)) => {
                    engine.set_limits(limits);
                    api.send_replace(known);
                    tracing::info!("the configuration was read again: limits, pace, trunks and rules are in force");
                }
                Err(error) => tracing::error!(%error, "limits and rules stay as they were"),
            }
        }
        Err(error) => tracing::error!(%error, "the configuration stays as it was"),
    }
}

/// An engine as the configuration wants it, for every campaign.
pub(super) async fn options(config: &Config, store: Store) -> anyhow::Result<Options> {
    let limits = config.limits()?;
    // Two installations may share a switch and a node name; not a database.
    let mark = format!("{}-{}", config.node.name, store.installation().await?);
    Ok(Options {
        store,
        clock: crate::clock::Clock::system(),
        switches: config.connect_switches(&mark),
        outbound_limit: limits.outbound_limit,
        compliance: Arc::new(config.organization_rules()?),
        sounds: config.sounds()?,
        recordings: config.recordings_folder(),
        keep_recordings: config.keep_recordings(),
        watch: config.caller_ids,
        drain: limits.drain,
        only: None,
        owner: format!("{} (process {})", config.node.name, std::process::id()),
        stats: Arc::new(Stats::default()),
    })
}
