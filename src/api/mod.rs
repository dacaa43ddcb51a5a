//! The HTTP API.
//!
//! | file | one idea |
//! |---|---|
//! | `router` | all routes, and the layers around them |
//! | `problem` | what is said when something is not done (RFC 9457) |
//! | `read` | from JSON and queries to requests, with every fault at once |
//! | `extract` | paths, queries, bodies, versions, as handlers take them |
//! | `auth` | who asks, and what they may |
//! | `known`, `hashing` | who was let in lately; where passwords are compared |
//! | `throttle` | how often |
//! | `listener`, `seats`, `unread` | connections: how many, and how long each may keep us waiting |
//! | `idempotency` | a request that comes again is answered as before |
//! | `noting` | what was changed is on record before it is answered |
//! | `page` | parts of lists |
//! | `flat` | descriptions of objects that two structs make together |
//! | `openapi`, `reference` | the description of all this, for programs and for people |
//! | the rest | one resource each; handlers only translate |
//!
//! The API writes to the store, as the command line does, and then has the
//! engine look; what only the engine knows it asks its [`Handle`].

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use problem::{Answer, Problem};

use crate::clock::Clock;
use crate::compliance::Organization;
use crate::dialer::Handle;
use crate::guard::Guard;
use crate::live::{Feed, Observer};
use crate::media::Sounds;
use crate::metrics::Metrics;
use crate::number::NumberRules;
use crate::settings::Live;
use crate::store::Store;
use crate::uploads::Uploads;

mod agent_fields;
mod agents;
mod api_keys;
mod audit;
mod audit_numbers;
mod auth;
mod call_body;
mod call_completion;
mod call_recording;
mod call_timeline;
mod calls;
mod campaign_contacts;
mod campaign_fields;
mod campaign_life;
mod campaign_report;
mod campaign_results;
mod campaign_runs;
mod campaign_source;
mod campaign_upload;
mod campaign_watch;
mod campaigns;
mod contact_fields;
mod contact_groups;
mod contact_members;
mod contacts;
mod dnc;
mod dnc_lists;
mod dnc_replaced;
mod events;
mod extract;
mod flat;
mod hashing;
mod health;
mod idempotency;
mod known;
mod listener;
mod me;
mod media;
mod media_fields;
mod media_upload;
mod metrics;
mod noting;
mod number_import;
mod openapi;
mod page;
mod phone_numbers;
mod problem;
pub(crate) mod range;
mod read;
mod reference;
mod router;
mod seats;
pub(crate) mod served_file;
mod sessions;
mod settings;
mod spool;
mod survey_fields;
mod surveys;
mod switches;
mod test_call;
mod throttle;
mod unread;
mod users;
mod webhook_deliveries;
mod webhooks;

pub use openapi::document;

/// How long requests that are being answered may take after [`Server::stop`].
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Unknown keys looked up each second though they come from an address with
/// too many wrong ones.
const DOUBTFUL: f64 = 20.0;
/// Sounds converted at once: each takes a processor, and calls need one too.
const CONVERSIONS: usize = 1;

/// Long readings that ask the database at once, of the four that SQLite lets
/// read: results of many calls.
const LONG_READS: usize = 2;

/// What the API needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept.
    pub store: Store,
    /// The wall time.
    pub clock: Clock,
    /// Where sounds are, and how they get to the switches.
    pub sounds: Sounds,
    /// What holds for the whole installation: how numbers are read, for one.
    pub settings: Live,
    /// The folder recordings lie in.
    pub recordings: PathBuf,
    /// What a new configuration changes.
    pub in_force: watch::Receiver<Arc<InForce>>,
    /// Its limits.
    pub limits: Limits,
    /// The lists that were uploaded.
    pub uploads: Uploads,
    /// The engine beside it; none: nothing dials here.
    pub engine: Option<Handle>,
    /// Where webhooks may lead.
    pub guard: Guard,
    /// What is measured.
    pub metrics: Metrics,
}

/// What a new configuration changes while the API runs.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The switches there are.
    pub switches: Vec<KnownSwitch>,
    /// The organization's rules.
    pub compliance: Arc<Organization>,
}

/// A switch of the configuration, as far as campaigns name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSwitch {
    /// Its name.
    pub name: String,
    /// The names of its trunks.
    pub trunks: Vec<String>,
    /// The trunk of campaigns that name none.
    pub default_trunk: Option<String>,
}

/// What a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of a JSON body.
    pub body_bytes: usize,
    /// Bytes of an uploaded list.
    pub upload_bytes: u64,
    /// Bytes of a list for the do-not-call list.
    pub dnc_import_bytes: u64,
    /// Requests a second of one key, in the long run.
    pub requests_per_second: f64,
    /// Requests of one key at once.
    pub burst: u32,
    /// Wrong keys a minute from one address.
    pub failures_per_minute: u32,
    /// Connections at once.
    pub connections: u32,
    /// Connections at once from one address, or one network of IPv6.
    pub connections_of_one: u32,
    /// How long a client may keep us waiting: for the head of a request, from
    /// one part of a body to the next, with nothing to ask, without reading an
    /// answer.
    pub client_pause: Duration,
    /// How often a stream of events says that it is there, and looks whether
    /// its key still opens it.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            upload_bytes: 5 * 1024 * 1024,
            dnc_import_bytes: 64 * 1024 * 1024,
            requests_per_second: 200.0,
            burst: 400,
            failures_per_minute: 20,
            connections: 1_024,
            connections_of_one: 256,
            client_pause: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// What handlers share. Cheap to clone.
#[derive(Clone, Debug)]
struct Api(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    /// By caller.
    requests: throttle::Throttle<Uuid>,
    /// Wrong keys, by address.
    failures: throttle::Throttle<IpAddr>,
    /// Unknown keys looked up though they come from where too many were wrong.
    doubtful: throttle::Throttle<()>,
    /// Who was let in lately.
    known: known::Known,
    /// Who tries to log in.
    logins: sessions::Logins,
    /// Where passwords are hashed.
    hashing: hashing::Hashing,
    /// Sounds that may be converted at once.
    conversions: Semaphore,
    /// Steps of long reading that may go on at once: the engine reads too.
    long_reads: Semaphore,
    feed: Feed,
    streams: events::Streams,
    /// Set when the process is about to end.
    ending: watch::Receiver<bool>,
}

impl std::ops::Deref for Api {
    type Target = Options;

    fn deref(&self) -> &Options {
        &self.0.options
    }
}

impl Api {
    fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// What the configuration says now.
    fn in_force(&self) -> Arc<InForce> {
        self.in_force.borrow().clone()
    }

    /// How numbers are read now.
    fn rules(&self) -> NumberRules {
        self.settings.general().rules()
    }

    /// What happens, as it happens.
    fn feed(&self) -> &Feed {
        &self.0.feed
    }

    /// Something changed that the engine should see.
    fn changed(&self) {
        if let Some(engine) = &self.engine {
            engine.wake();
        }
    }
}

impl Shared {
    /// Does work for a processor: only so much of it at once, and to its end
    /// even if the client is gone, so that what is counted is what goes on.
    async fn converting<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Answer<T>> + Send + 'static,
    ) -> Answer<T> {
        let this = self.clone();
        let work = tokio::spawn(async move {
            // Never closed.
            let _permit = this.conversions.acquire().await;
            work.await
        });
        work.await.map_err(Problem::internal)?
    }
}

/// A running API, or a listener for metrics.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers on a listener from now on.
    pub fn start(listener: TcpListener, options: Options) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (ending, end) = watch::channel(false);
        let limits = options.limits;
        let feed = options.engine.as_ref().map_or_else(Feed::default, |engine| engine.feed().clone());
        let observer = Observer::new(feed.clone(), options.store.clone(), options.clock);
        tokio::spawn(observer.run(end.clone()));
        let shared = Shared {
            feed,
            streams: events::Streams::default(),
            requests: throttle::Throttle::new(limits.requests_per_second, limits.burst),
            failures: throttle::Throttle::new(f64::from(limits.failures_per_minute) / 60.0, limits.failures_per_minute),
            doubtful: throttle::Throttle::new(DOUBTFUL, DOUBTFUL as u32),
            known: known::Known::start(options.store.clone()),
            logins: sessions::Logins::new(limits.failures_per_minute),
            hashing: hashing::Hashing::start(),
            conversions: Semaphore::new(CONVERSIONS),
            long_reads: Semaphore::new(LONG_READS),
            ending: end.clone(),
            options,
        };
        let (uploads, store) = (shared.options.uploads.clone(), shared.options.store.clone());
        tokio::spawn(async move {
            if let Err(error) = uploads.sweep(&store).await {
                tracing::warn!(%error, "could not look for lists that belong to no upload");
            }
        });
        let router = router::router(Api(Arc::new(shared)));
        let task = tokio::spawn(listener::serve(listener, router, limits, end));
        Ok(Self { address, ending, task })
    }

    /// Shows what is measured on a listener of its own from now on, without a
    /// key, to clients on this machine and in private networks alone.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn start_metrics(listener: TcpListener, metrics: Metrics) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (ending, end) = watch::channel(false);
        let task = tokio::spawn(listener::serve(listener, metrics::router(metrics), metrics::limits(), end));
        Ok(Self { address, ending, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections; what is being answered is answered, for ten
    /// seconds at most.
    pub async fn stop(mut self) {
        let _ = self.ending.send(true);
        if tokio::time::timeout(LAST_ANSWERS, &mut self.task).await.is_err() {
            tracing::warn!("some requests were not answered in time");
            self.task.abort();
        }
    }
}
