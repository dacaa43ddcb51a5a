//! What a callee says, by `unicast`: FreeSWITCH sends it to a UDP port of ours.
//!
//! It binds a port of its own that we name, and says `+OK` whether that works
//! or not; so the first datagram is the answer. Without one the channel parks
//! anew before another port is tried: a second unicast over a first one that
//! works would leave the first's port bound for ever (seen on 1.10.12).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::FreeSwitch;
use super::command::Command;
use super::raw_audio::RawAudio;
use crate::call::CallId;
use crate::switch::{CommandError, Listening};

/// Ports that are tried before listening is given up.
const TRIES: u32 = 3;

/// The first datagram comes within two or three packets of the callee's codec.
const FIRST_SOUND: Duration = Duration::from_millis(600);

/// A channel parks anew within a packet of its codec, if nothing is wrong.
const PARKING: Duration = Duration::from_secs(2);

/// Frames that wait for a slow listener; more are lost. Five seconds.
const WAITING: usize = 250;

/// More than any datagram of audio has: 60 ms at 48 kHz.
const LONGEST: usize = 8 * 1024;

/// The ports FreeSWITCH binds, on its own machine, to send us what callees say:
/// the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioPorts(pub u16, pub u16);

impl Default for AudioPorts {
    /// 21000 to 21999: beside the RTP ports of a stock FreeSWITCH.
    fn default() -> Self {
        Self(21_000, 21_999)
    }
}

/// Deals the ports out in turn. A channel keeps its port until it ends or parks
/// anew.
#[derive(Debug)]
pub(super) struct Ports {
    range: AudioPorts,
    next: AtomicU32,
}

impl Ports {
    /// Begins anywhere, so that two daemons seldom try the same.
    pub(super) fn new(range: AudioPorts) -> Self {
        Self { range, next: AtomicU32::new(fastrand::u32(..)) }
    }

    fn next(&self) -> u16 {
        let AudioPorts(first, last) = self.range;
        let count = u32::from(last.saturating_sub(first)) + 1;
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % count;
        first.saturating_add(turn as u16)
    }
}

/// See [`FreeSwitch::listen`].
pub(super) async fn listen(switch: &FreeSwitch, call: CallId) -> Result<Listening, CommandError> {
    let route = switch.shared.route().ok_or_else(|| {
        let words = "raw audio needs a connection over IPv4";
        if switch.is_up() { CommandError::Refused(words.to_owned()) } else { super::not_connected() }
    })?;
    let refused = |error: std::io::Error| CommandError::Refused(format!("no port for raw audio: {error}"));
    let socket = UdpSocket::bind((route.ours, 0)).await.map_err(refused)?;
    let ours = (route.ours, socket.local_addr().map_err(refused)?.port());
    let mut buffer = vec![0; LONGEST];
    for _ in 0..TRIES {
        let (rate, parked) = switch.shared.calls().raw_audio(call).ok_or(CommandError::NoSuchChannel)?;
        let mut audio = RawAudio::new(rate).map_err(|error| CommandError::Refused(error.to_string()))?;
        if let Some(parked) = parked {
            park_anew(switch, call, parked).await?;
        }
        let theirs = (route.theirs, switch.shared.ports.next());
        switch.shared.calls().spend_raw_audio(call);
        switch.tell_channel(Command::unicast(call, theirs, ours)).await?;
        let Some(length) = first_sound(&socket, theirs, &mut buffer).await else { continue };
        let (sender, frames) = mpsc::channel(WAITING);
        audio.push(&buffer[..length], |frame| _ = sender.try_send(frame.clone()));
        let end = switch.shared.closing.child_token();
        if !switch.shared.calls().listening(call, end.clone().drop_guard()) {
            return Err(CommandError::NoSuchChannel);
        }
        let guard = end.clone().drop_guard();
        let receiving = async move { receive(&socket, theirs, buffer, audio, &sender).await };
        switch.shared.tasks.spawn(async move { end.run_until_cancelled(receiving).await });
        return Ok(Listening::new(frames, guard));
    }
    Err(CommandError::Refused(format!(
        "no audio came from {} ports of the switch: are they free there, and does UDP get through to {}?",
        TRIES, route.ours
    )))
}

/// Gives the port of a channel's raw audio back.
pub(super) async fn release(switch: &FreeSwitch, call: CallId) -> Result<(), CommandError> {
    let spent = switch.shared.calls().raw_audio(call);
    match spent.ok_or(CommandError::NoSuchChannel)? {
        (_, Some(parked)) => park_anew(switch, call, parked).await,
        (_, None) => Ok(()),
    }
}

async fn park_anew(switch: &FreeSwitch, call: CallId, parked: oneshot::Receiver<()>) -> Result<(), CommandError> {
    switch.tell_channel(Command::park_anew(call)).await?;
    match timeout(PARKING, parked).await {
        Ok(Ok(())) => Ok(()),
        // Nobody is left who could tell: the call is over.
        Ok(Err(_)) => Err(CommandError::NoSuchChannel),
        Err(_) => Err(CommandError::Refused("the channel did not park anew".to_owned())),
    }
}

/// Waits for the first datagram; its length.
async fn first_sound(socket: &UdpSocket, theirs: (Ipv4Addr, u16), buffer: &mut [u8]) -> Option<usize> {
    let late = Instant::now() + FIRST_SOUND;
    while let Ok(received) = timeout_at(late, socket.recv_from(buffer)).await {
        if let Some(length) = genuine(received, theirs) {
            return Some(length);
        }
    }
    None
}

/// Goes on until it is cancelled, or nobody listens.
async fn receive(
    socket: &UdpSocket,
    theirs: (Ipv4Addr, u16),
    mut buffer: Vec<u8>,
    mut audio: RawAudio,
    frames: &mpsc::Sender<crate::audio::frame::Frame>,
) {
    while !frames.is_closed() {
        let received = socket.recv_from(&mut buffer).await;
        if let Some(length) = genuine(received, theirs) {
            // A listener that is too slow loses frames; it never holds us up.
            audio.push(&buffer[..length], |frame| _ = frames.try_send(frame.clone()));
        }
    }
}

/// The length of a datagram, if the switch sent it from the port we named.
fn genuine(received: std::io::Result<(usize, SocketAddr)>, theirs: (Ipv4Addr, u16)) -> Option<usize> {
    // An error of a UDP socket is about one datagram.
    received.ok().filter(|(_, from)| *from == SocketAddr::from(theirs)).map(|(length, _)| length)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ports_come_in_turn_and_from_the_range_alone() {
        let ports = Ports::new(AudioPorts(21_000, 21_004));
        let dealt: Vec<_> = (0..10).map(|_| ports.next()).collect();
        assert_eq!(dealt[..5], dealt[5..]);
        assert_eq!(dealt.iter().copied().collect::<HashSet<_>>(), (21_000..=21_004).collect());
        assert_eq!(Ports::new(AudioPorts(u16::MAX, u16::MAX)).next(), u16::MAX);
        assert_eq!(Ports::new(AudioPorts(9, 3)).next(), 9, "a range the wrong way round is one port");
    }

    #[test]
    fn only_what_comes_from_the_named_port_is_taken() {
        let theirs = (Ipv4Addr::LOCALHOST, 21_000);
        let from = |text: &str| Ok((320, text.parse().expect("an address")));
        assert_eq!(genuine(from("127.0.0.1:21000"), theirs), Some(320));
        assert_eq!(genuine(from("127.0.0.1:21001"), theirs), None);
        assert_eq!(genuine(from("127.0.0.2:21000"), theirs), None);
        assert_eq!(genuine(Err(std::io::ErrorKind::ConnectionRefused.into()), theirs), None);
    }
}
