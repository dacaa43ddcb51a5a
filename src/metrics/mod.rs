//! What is measured, for Prometheus: in the OpenMetrics text format.
//!
//! | file | one idea |
//! |---|---|
//! | `family` | families of metrics, as the format wants them |
//! | `engine`, `ledger`, `switches` | what the dialing engine counts, and how it is |
//! | `reading` | what is asked of the database, and how often |
//! | `campaigns`, `caller_ids` | what it told |
//! | `http` | requests to the HTTP API |
//! | `process` | this process, as the system sees it |
//!
//! Whoever measures counts in atomics of its own and waits for nobody; what is
//! a state is asked when somebody scrapes. A part that does not answer in time
//! is left out, and said to be: metrics are wanted most when something is away.
//! `docs/metrics.md` lists every metric; a test compares.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::time::{Instant, timeout};

use crate::caller_id::Watch;
use crate::clock::Clock;
use crate::dialer::{EngineMeasured, Handle, Stats};
use crate::store::Store;
use family::Page;
use reading::{Reader, Reading};

mod caller_ids;
mod campaigns;
mod engine;
mod family;
mod http;
mod ledger;
mod process;
mod reading;
mod switches;

pub(crate) use http::Http;

/// The media type of what is served.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How old what the database told may be, usually.
pub const REFRESH: Duration = Duration::from_secs(15);

/// Numbers of ours that have metrics of their own, usually.
pub const CALLER_IDS: u32 = 500;

/// How long the engine may take to answer. Prometheus gives up after ten seconds.
const ENGINE_PATIENCE: Duration = Duration::from_secs(2);

/// What is needed to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept.
    pub store: Store,
    /// The wall time.
    pub clock: Clock,
    /// How caller IDs are watched.
    pub watch: Watch,
    /// Numbers of ours that have metrics of their own, at most.
    pub caller_ids: usize,
    /// How old what the database told may be.
    pub refresh: Duration,
}

impl Options {
    /// As usual.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, watch: Watch::default(), caller_ids: CALLER_IDS as usize, refresh: REFRESH }
    }
}

/// Everything that is measured in this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    reader: Reader,
    http: Arc<Http>,
    engine: OnceLock<Handle>,
}

/// All that is known at one moment.
#[derive(Debug)]
struct Snapshot {
    at: jiff::Timestamp,
    caller_ids: usize,
    stats: Option<Arc<Stats>>,
    engine: Option<EngineMeasured>,
    /// How long the engine's answer took.
    lag: Duration,
    reading: Reading,
    http: Arc<Http>,
}

impl Metrics {
    /// Measures from now on.
    pub fn new(options: Options) -> Self {
        let reader = Reader::new(options.clone());
        Self(Arc::new(Shared { options, reader, http: Arc::default(), engine: OnceLock::new() }))
    }

    /// There is an engine. The first one counts.
    pub fn watch(&self, engine: Handle) {
        let _ = self.0.engine.set(engine);
    }

    /// Requests to the HTTP API.
    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    /// All of it, as [`CONTENT_TYPE`] says. Ends within some ten seconds,
    /// whoever does not answer.
    ///
    /// # Errors
    ///
    /// If a metric cannot be written, which is a fault of ours.
    pub async fn exposition(&self) -> Result<String, fmt::Error> {
        let snapshot = Box::pin(self.snapshot()).await;
        let mut registry = Registry::default();
        registry.register_collector(Box::new(snapshot));
        let mut text = String::with_capacity(32 * 1024);
        encode(&mut text, &registry)?;
        Ok(text)
    }

    async fn snapshot(&self) -> Snapshot {
        let asked_at = Instant::now();
        let engine = match self.0.engine.get() {
            Some(engine) => timeout(ENGINE_PATIENCE, engine.measured()).await.ok().and_then(Result::ok),
            None => None,
        };
        let lag = asked_at.elapsed();
        let reading = self.0.reader.read().await;
        Snapshot {
            at: self.0.options.clock.now(),
            caller_ids: self.0.options.caller_ids,
            stats: self.0.engine.get().map(|engine| engine.stats().clone()),
            engine,
            lag,
            reading,
            http: self.0.http.clone(),
        }
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::new(encoder);
        engine::write(&mut page, self.stats.as_deref(), self.engine.as_ref(), self.lag)?;
        ledger::write(&mut page, self.stats.as_deref().map(Stats::ledger), self.engine.as_ref())?;
        let switches = self.engine.as_ref().map_or(&[][..], |engine| &engine.switches);
        switches::write(&mut page, switches)?;
        self.reading.write(&mut page)?;
        campaigns::write(&mut page, self.reading.campaigns.as_deref())?;
        caller_ids::write(&mut page, self.reading.caller_ids.as_deref(), self.caller_ids, self.at)?;
        self.http.write(&mut page)?;
        process::write(&mut page)
    }
}
