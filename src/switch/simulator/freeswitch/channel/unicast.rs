//! Raw audio over UDP, as `sendmsg … unicast` gives it: 20 ms of L16 at 8 kHz
//! a datagram, both ways, on loopback only.
//!
//! The simulated callee says what its [`Speech`] says, as fast as the mix's
//! `speed`; after it has heard something, it gives that back first.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::wire::Request;
use super::{Channel, Phase};
use crate::audio::frame::{FRAME_MS, Frame};
use crate::switch::simulator::Speech;

/// 20 ms of 16-bit samples at 8 kHz.
const FRAME: usize = 320;
/// The clock is looked at so often at most.
const SHORTEST_TICK: Duration = Duration::from_millis(2);
/// Datagrams in a row at most: more at once would be lost on the way.
const BURST: u32 = 64;

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
        // Another socket over the first one is bound and never served.
        state.used_ports.push(port);
        if state.unicast.is_some() {
            return;
        }
        let Ok(socket) = bind(ports.local) else { return };
        let end = self.core.stop.child_token();
        state.unicast = Some(Unicast { _ends_with: end.clone().drop_guard() });
        if let Some(speech) = state.speech_from(self.core.simulated(state.answered)) {
            let frame = self.core.scaled(Duration::from_millis(FRAME_MS.into()));
            self.core.tasks.spawn(exchange(socket, ports.remote, speech, frame, end));
        }
    }
}

fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// `each` is the real time a frame takes.
async fn exchange(socket: UdpSocket, remote: SocketAddr, mut speech: Speech, each: Duration, end: CancellationToken) {
    let each = each.max(Duration::from_micros(1));
    let mut tick = tokio::time::interval(each.max(SHORTEST_TICK));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (began, mut sent) = (Instant::now(), 0.0);
    let mut heard = None;
    let mut datagram = [0; FRAME];
    loop {
        tokio::select! {
            () = end.cancelled() => return,
            received = socket.recv_from(&mut datagram) => {
                if received.is_ok_and(|(len, from)| len == FRAME && from.ip().is_loopback()) {
                    heard = Some(datagram);
                }
            }
            _ = tick.tick() => {
                let due = began.elapsed().div_duration_f64(each);
                for _ in 0..BURST {
                    if sent > due {
                        break;
                    }
                    sent += 1.0;
                    let frame = heard.take().unwrap_or_else(|| bytes(&speech.frame()));
                    // Nobody listens yet, or no more: audio is not repeated.
                    let _ = socket.send_to(&frame, remote).await;
                }
            }
        }
    }
}

fn bytes(frame: &Frame) -> [u8; FRAME] {
    let mut bytes = [0; FRAME];
    for (two, sample) in bytes.chunks_exact_mut(2).zip(frame.samples()) {
        two.copy_from_slice(&sample.to_le_bytes());
    }
    bytes
}
