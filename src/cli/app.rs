//! What most commands begin with: configuration, log, database.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use crate::config::{Config, Log, LogFormat, load};
use crate::settings::Live;
use crate::store::{Location, Store};

/// Configuration and database of a command.
pub(super) struct App {
    /// What the file and the environment say, and the database over them.
    pub(super) config: Config,
    /// What may be changed while this process runs.
    pub(super) settings: Live,
    pub(super) store: Store,
    pub(super) clock: Clock,
}

/// The configuration file to read, if any.
pub(super) fn config_file(named: Option<PathBuf>) -> Option<PathBuf> {
    let usual = ["canvass.toml", "/etc/canvass/canvass.toml"];
    named.or_else(|| usual.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// Reads the configuration and opens the database, brought to this version.
/// `level` is used if the configuration leaves the log level alone.
pub(super) async fn open(file: Option<&Path>, quiet: bool) -> anyhow::Result<App> {
    let mut config = load(file)?;
    start_log(&config.log, quiet)?;
    let store = open_store(&config).await?;
    let (overrides, _) = store.overrides().await?;
    let settings = Live::new(config.configured(), overrides);
    config.adopt(settings.general());
    Ok(App { config, settings, store, clock: Clock::system() })
}

/// The same, for what would do harm in a database made by a slip: one that is
/// not there is an error.
pub(super) async fn open_existing(file: Option<&Path>, quiet: bool) -> anyhow::Result<App> {
    if let Location::Sqlite(path) = load(file)?.location()?
        && !path.is_file()
    {
        let path = std::path::absolute(&path).unwrap_or(path);
        let from = file.map_or_else(|| "no configuration file".to_owned(), |file| file.display().to_string());
        anyhow::bail!(
            "there is no database {} (from {from}): name the right configuration with --config, \
             or make the database with `canvass migrate`",
            path.display()
        );
    }
    open(file, quiet).await
}

/// Opens the database and brings it to this version.
pub(super) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let location = config.location()?;
    let store = Store::open(&location).await.context("cannot open the database")?;
    store.migrate().await?;
    Ok(store)
}

/// Sends log lines to standard error. `quiet`: only warnings, where a person
/// watches a progress bar; `RUST_LOG` wins over everything.
pub(super) fn start_log(log: &Log, quiet: bool) -> anyhow::Result<()> {
    let level = if quiet && log.level == Log::default().level { "warn" } else { &log.level };
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => filter,
        Ok(_) | Err(_) => level.to_owned(),
    };
    let filter = EnvFilter::try_new(&filter).with_context(|| format!("log.level: \"{filter}\" is no filter"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first log.
    let _ = match log.format {
        LogFormat::Human => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}
