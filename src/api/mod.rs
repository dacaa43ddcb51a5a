//! The HTTP API.
//!
//! | file | one idea |
//! |---|---|
//! | `router` | all routes, and the layers around them |
//! | `problem` | what is said when something is not done (RFC 9457) |
//! | `read` | from JSON and queries to requests, with every fault at once |
//! | `extract` | paths, queries, bodies, versions, as handlers take them |
//! | `auth` | who asks, and what they may |
//! | `throttle` | how often |
//! | `idempotency` | a request that comes again is answered as before |
//! | `page` | parts of lists |
//! | `flat` | descriptions of objects that two structs make together |
//! | `openapi`, `reference` | the description of all this, for programs and for people |
//! | the rest | one resource each; handlers only translate |
//!
//! The API writes to the store, as the command line does, and then has the
//! engine look; what only the engine knows it asks its [`Handle`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::access::ApiKeyId;
use crate::clock::Clock;
use crate::compliance::Organization;
use crate::dialer::Handle;
use crate::media::Sounds;
use crate::number::NumberRules;
use crate::store::Store;

mod api_keys;
mod audit_numbers;
mod auth;
mod campaign_contacts;
mod campaign_fields;
mod campaign_life;
mod campaign_report;
mod campaign_runs;
mod campaign_upload;
mod campaign_watch;
mod campaigns;
mod dnc;
mod extract;
mod flat;
mod health;
mod idempotency;
mod openapi;
mod page;
mod phone_numbers;
mod problem;
mod read;
mod reference;
mod router;
mod throttle;

pub use openapi::document;

/// How long requests that are being answered may take after [`Server::stop`].
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// What the API needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything is kept.
    pub store: Store,
    /// The wall time.
    pub clock: Clock,
    /// Where sounds are, and how they get to the switches.
    pub sounds: Sounds,
    /// How numbers are read.
    pub rules: NumberRules,
    /// The switches there are.
    pub switches: Vec<KnownSwitch>,
    /// Its limits.
    pub limits: Limits,
    /// The organization's rules.
    pub compliance: Arc<Organization>,
    /// The engine beside it; none: nothing dials here.
    pub engine: Option<Handle>,
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
    /// Requests a second of one key, in the long run.
    pub requests_per_second: f64,
    /// Requests of one key at once.
    pub burst: u32,
    /// Wrong keys a minute from one address.
    pub failures_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            upload_bytes: 5 * 1024 * 1024,
            requests_per_second: 200.0,
            burst: 400,
            failures_per_minute: 20,
        }
    }
}

/// What handlers share. Cheap to clone.
#[derive(Clone, Debug)]
struct Api(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    requests: throttle::Throttle<ApiKeyId>,
    failures: throttle::Throttle<std::net::IpAddr>,
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

    /// Something changed that the engine should see.
    fn changed(&self) {
        if let Some(engine) = &self.engine {
            engine.wake();
        }
    }
}

/// A running API.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ending: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Answers on a listener from now on.
    pub fn start(listener: TcpListener, options: Options) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (ending, mut end) = watch::channel(false);
        let limits = options.limits;
        let shared = Shared {
            requests: throttle::Throttle::new(limits.requests_per_second, limits.burst),
            failures: throttle::Throttle::new(f64::from(limits.failures_per_minute) / 60.0, limits.failures_per_minute),
            ending: end.clone(),
            options,
        };
        let service = router::router(Api(Arc::new(shared))).into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            let ended = async move {
                // Its sender gone is an end too.
                let _ = end.wait_for(|ending| *ending).await;
            };
            axum::serve(listener, service).with_graceful_shutdown(ended).await
        });
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
