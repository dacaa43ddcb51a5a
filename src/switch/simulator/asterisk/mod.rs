//! A fake Asterisk: ARI over HTTP and WebSocket.
//!
//! What it does on the wire is what Asterisk 22.10 was seen to do; whom it
//! "calls" is decided by the mix of callees. One task lives for each call.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::{CalleeMix, Journal};
use crate::switch::asterisk::AMD_CONTEXT;

mod bridges;
mod call;
mod connections;
mod events;
mod extra;
mod life;
mod media;
mod playing;
mod recordings;
mod rest;
mod sounds;
mod talk;
mod wire;
mod world;

use connections::{Connections, CuttableListener};
use world::World;

/// How the simulated Asterisk behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whom it calls.
    pub mix: CalleeMix,
    /// The user a client must name.
    pub user: String,
    /// The password a client must give.
    pub password: String,
    /// Where it is noted what was asked for and what became of it.
    pub journal: Journal,
    /// An endpoint that contains one of these cannot be called: the answer is
    /// 500 "Allocation failed", as of a trunk that is unknown or down.
    pub unknown_endpoints: Vec<String>,
    /// Contexts of the dialplan that run `AMD()` as `dialplan/asterisk` does.
    pub contexts: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mix: CalleeMix::default(),
            user: "canvass".into(),
            password: "simulated".into(),
            journal: Journal::default(),
            unknown_endpoints: Vec::new(),
            contexts: vec![AMD_CONTEXT.to_owned()],
        }
    }
}

/// A running fake Asterisk. Dropping it stops it as well.
#[derive(Debug)]
pub struct AsteriskSimulator {
    address: SocketAddr,
    world: Arc<World>,
    connections: Connections,
    stop: CancellationToken,
    tasks: TaskTracker,
    _stops_when_dropped: DropGuard,
}

impl AsteriskSimulator {
    /// Listens on this address; the base URL of its ARI is
    /// `http://<address>/ari`.
    ///
    /// # Errors
    /// If the address cannot be listened on, or the user or the password have
    /// characters that HTTP cannot carry.
    pub async fn start(listen: impl ToSocketAddrs, options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let world = Arc::new(World::new(&options, tasks.clone(), stop.clone()));
        let router = rest::router(Arc::clone(&world), &options)?;
        let connections = Connections::new(stop.clone());
        let listener = CuttableListener::new(listener, connections.clone());
        let serve = stop.clone().run_until_cancelled_owned(async move { axum::serve(listener, router).await });
        tasks.spawn(serve);
        let guard = stop.clone().drop_guard();
        Ok(Self { address, world, connections, stop, tasks, _stops_when_dropped: guard })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked for and what became of it.
    pub fn journal(&self) -> &Journal {
        self.world.journal()
    }

    /// Channels that exist now.
    pub fn calls_in_progress(&self) -> usize {
        self.world.len()
    }

    /// Cuts every connection, as a network fault does. Calls go on; a call
    /// that is answered while its application has no event socket is dropped.
    pub fn drop_connections(&self) {
        self.world.forget_sockets();
        self.connections.cut();
    }

    /// Stops listening and ends everything, as a crash does: no client is told.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.world.clear();
    }
}
