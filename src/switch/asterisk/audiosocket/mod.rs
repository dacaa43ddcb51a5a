//! Asterisk's AudioSocket: the sound of a channel over TCP, to a listener of
//! ours. Each connection begins with the UUID that was asked for.
//!
//! Layers: `codec` (bytes ↔ messages), `server` (owns the listener and the
//! connections nobody has claimed yet), `pump` (messages → frames, by the
//! clock).

mod codec;
mod pump;
mod server;

use std::net::SocketAddr;

pub(super) use pump::pump;
pub(super) use server::{Expected, Server, Sound};

/// How Asterisk reaches us with the sound of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioOptions {
    /// Where to listen. None: any port of 127.0.0.1 if ARI is there, else of
    /// the address from which ARI is reached.
    pub bind: Option<SocketAddr>,
    /// `HOST:PORT` under which Asterisk reaches that, where it is not the same.
    pub advertise: Option<String>,
}
