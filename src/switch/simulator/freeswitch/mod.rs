//! A fake FreeSWITCH: the event socket over TCP.
//!
//! It answers as FreeSWITCH 1.10.12 was recorded to answer, and the calls it
//! places are answered, or not, by simulated callees. Times a client gives
//! (ring time-out, park time-out, `sched_hangup`) are simulated time: the mix's
//! `speed` divides them.
//!
//! Where it differs: one endpoint of an originate string is called, recordings
//! hold what the callee said and not what was played, the `record` application
//! is not there (clients use `uuid_record`), events are plain only, and an
//! extension leads nowhere.
//!
//! | module | holds |
//! |---|---|
//! | `wire`, `session`, `outlet` | a client's connection: requests in, replies and events out |
//! | `event`, `hub`, `encode` | events, rendered once for all who want them |
//! | `api`, `reports` | the commands of `api` and `bgapi` |
//! | `originate`, `separate`, `expand`, `endpoint` | what an originate string means |
//! | `core`, `channel`, `variables` | the calls |

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, ToSocketAddrs};

use self::core::Core;
use super::{CalleeMix, Journal};

mod api;
mod channel;
mod core;
mod encode;
mod endpoint;
mod event;
mod expand;
mod hub;
mod originate;
mod outlet;
mod reports;
mod separate;
mod session;
mod variables;
mod wire;

pub use originate::{OriginateFault, ParsedOriginate, parse_originate};

/// How often the real one tells that it lives.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// What a simulated FreeSWITCH is like.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who answers its calls.
    pub mix: CalleeMix,
    /// The event socket's password.
    pub password: String,
    /// Where its calls are noted.
    pub journal: Journal,
    /// The gateways that exist; none: any name will do.
    pub gateways: Option<Vec<String>>,
    /// Gateways that exist and are down.
    pub down_gateways: Vec<String>,
    /// How many calls it carries at a time.
    pub max_sessions: usize,
    /// Whether mod_avmd is loaded: it is not in a stock FreeSWITCH.
    pub avmd: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mix: CalleeMix::default(),
            password: "ClueCon".to_owned(),
            journal: Journal::default(),
            gateways: None,
            down_gateways: Vec::new(),
            max_sessions: 5_000,
            avmd: false,
        }
    }
}

/// A running fake FreeSWITCH. It ends when this is dropped, or with
/// [`FreeSwitchSimulator::stop`].
#[derive(Debug)]
pub struct FreeSwitchSimulator {
    address: SocketAddr,
    core: Arc<Core>,
}

impl FreeSwitchSimulator {
    /// Listens for clients.
    pub async fn start(listen: impl ToSocketAddrs, options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let core = Arc::new(Core::new(options));
        core.tasks.spawn(accept(listener, core.clone()));
        core.tasks.spawn(beat(core.clone()));
        Ok(Self { address, core })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked to do, and how each call ended.
    pub fn journal(&self) -> &Journal {
        &self.core.options.journal
    }

    /// The channels it has now.
    pub fn calls_in_progress(&self) -> usize {
        self.core.count()
    }

    /// Cuts every client off, as a network fault would. Calls go on.
    pub fn drop_connections(&self) {
        self.core.hub.cut_all();
    }

    /// Stops listening and ends everything, calls included.
    pub async fn stop(self) {
        self.core.stop.cancel();
        self.core.tasks.close();
        self.core.tasks.wait().await;
    }
}

impl Drop for FreeSwitchSimulator {
    fn drop(&mut self) {
        self.core.stop.cancel();
        // Channels hold their switch, and the switch its channels.
        self.core.forget_all();
    }
}

async fn accept(listener: TcpListener, core: Arc<Core>) {
    loop {
        tokio::select! {
            () = core.stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => _ = core.tasks.spawn(session::serve(core.clone(), stream)),
                // Out of file descriptors, most likely: some may be freed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn beat(core: Arc<Core>) {
    loop {
        tokio::select! {
            () = core.stop.cancelled() => return,
            () = tokio::time::sleep(HEARTBEAT) => reports::heartbeat(&core),
        }
    }
}
