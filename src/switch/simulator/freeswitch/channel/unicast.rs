//! Raw audio over UDP, as `sendmsg … unicast` gives it: 20 ms of L16 at 8 kHz
//! a datagram, both ways, on loopback only.
//!
//! The simulated callee gives back what it hears, and else a faint noise.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::wire::Request;
use super::{Channel, Phase};

/// 20 ms of 16-bit samples at 8 kHz.
const FRAME: usize = 320;

/// Audio that flows until this is dropped.
#[derive(Debug)]
pub(super) struct Unicast {
    _ends_with: DropGuard,
}

/// Between which addresses audio goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::switch::simulator::freeswitch) struct Ports {
    /// What the switch binds.
    local: SocketAddr,
    /// Where the client listens.
    remote: SocketAddr,
}

impl Ports {
    /// Reads the headers of a unicast message. Only loopback is served.
    pub(in crate::switch::simulator::freeswitch) fn read(message: &Request) -> Option<Self> {
        let address = |ip: &str, port: &str| {
            let ip = message.header(ip).unwrap_or("127.0.0.1").parse().ok()?;
            let port = message.header(port)?.parse().ok()?;
            Some(SocketAddr::new(ip, port)).filter(|address| address.ip().is_loopback())
        };
        Some(Self { local: address("local-ip", "local-port")?, remote: address("remote-ip", "remote-port")? })
    }
}

impl Channel {
    /// Starts raw audio, if the channel can have it now.
    pub(in crate::switch::simulator::freeswitch) fn unicast(&self, ports: Ports) {
        let mut state = self.lock();
        let parked = state.phase == Phase::Up && state.park.is_some() && state.plays.is_empty();
        let port = ports.local.port();
        if !parked || state.audio_lost || state.used_ports.contains(&port) {
            return;
        }
        let end = self.core.stop.child_token();
        state.used_ports.push(port);
        state.unicast = Some(Unicast { _ends_with: end.clone().drop_guard() });
        self.core.tasks.spawn(exchange(ports, end));
    }
}

async fn exchange(ports: Ports, end: CancellationToken) {
    let Ok(socket) = UdpSocket::bind(ports.local).await else { return };
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut heard = None;
    let mut datagram = [0; FRAME];
    let mut noise = fastrand::Rng::with_seed(u64::from(ports.local.port()));
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            received = socket.recv_from(&mut datagram) => {
                if received.is_ok_and(|(len, from)| len == FRAME && from.ip().is_loopback()) {
                    heard = Some(datagram);
                }
            }
            _ = tick.tick() => {
                let frame = heard.take().unwrap_or_else(|| faint(&mut noise));
                // Nobody listens yet, or no more: audio is not repeated.
                let _ = socket.send_to(&frame, ports.remote).await;
            }
        }
    }
}

/// Samples between -8 and 8: a line that is open and quiet.
fn faint(noise: &mut fastrand::Rng) -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    for sample in frame.chunks_exact_mut(2) {
        sample.copy_from_slice(&noise.i16(-8..=8).to_le_bytes());
    }
    frame
}
