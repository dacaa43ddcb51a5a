//! Keeps one connection to the switch alive and carries its events to calls.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Options;
use super::calls::{Calls, Effect};
use super::codec::Decoder;
use super::command::Command;
use super::connection::{self, Handle};
use super::event::Event;
use super::handshake::{self, HandshakeError};
use super::listen::{AudioPorts, Ports};
use crate::switch::{CallEvent, LinkEvent, Registry};

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The pause where only the operator can mend it: each try is logged by the
/// switch, and may be counted against us.
const OPERATOR_PAUSE: Duration = Duration::from_secs(20);

/// A connection that held so long was a good one: the pauses start over.
const STABLE_AFTER: Duration = Duration::from_secs(5);

/// How often overdue events are looked for.
const TICK: Duration = Duration::from_millis(500);

/// What the handles of one switch share with the task that serves it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) registry: Registry,
    pub(super) closing: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) ports: Ports,
    calls: Mutex<Calls>,
    link: Mutex<Option<(Handle, Option<Route>)>>,
}

/// The addresses of a connection's two ends, by which audio goes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) ours: Ipv4Addr,
    pub(super) theirs: Ipv4Addr,
}

impl Route {
    /// None over IPv6: FreeSWITCH sends raw audio by IPv4 only.
    fn of(stream: &tokio::net::TcpStream) -> Option<Self> {
        let v4 = |ip: IpAddr| match ip.to_canonical() {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(ip) => ip.is_loopback().then_some(Ipv4Addr::LOCALHOST),
        };
        Some(Self { ours: v4(stream.local_addr().ok()?.ip())?, theirs: v4(stream.peer_addr().ok()?.ip())? })
    }
}

impl Shared {
    pub(super) fn new(options: Options, ports: AudioPorts) -> Self {
        let calls = Mutex::new(Calls::new(options.node.clone()));
        Self {
            options,
            registry: Registry::default(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            ports: Ports::new(ports),
            calls,
            link: Mutex::default(),
        }
    }

    /// The connection, if there is one.
    pub(super) fn link(&self) -> Option<Handle> {
        self.lock_link().as_ref().map(|(link, _)| link.clone())
    }

    /// The addresses of the connection, if there is one and it is of IPv4.
    pub(super) fn route(&self) -> Option<Route> {
        self.lock_link().as_ref().and_then(|(_, route)| *route)
    }

    /// The calls. The lock is held for moments only, never across an await.
    pub(super) fn calls(&self) -> MutexGuard<'_, Calls> {
        // A panic elsewhere cannot leave the map half changed.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_link(&self) -> MutexGuard<'_, Option<(Handle, Option<Route>)>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task behind a [`super::FreeSwitch`].
pub(super) struct Supervisor<'a> {
    shared: &'a Shared,
    events: mpsc::UnboundedSender<LinkEvent>,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(shared: &'a Shared, events: mpsc::UnboundedSender<LinkEvent>) -> Self {
        Self { shared, events }
    }

    /// Serves until closed.
    pub(super) async fn run(self) {
        tokio::select! {
            () = self.stay_connected() => {}
            () = self.watch_overdue() => {}
        }
    }

    /// Connects again and again; returns when closing.
    async fn stay_connected(&self) {
        let mut epoch = 0;
        let mut told = None;
        let mut pauses = pauses();
        loop {
            let attempt = tokio::select! {
                attempt = self.establish() => attempt,
                () = self.shared.closing.cancelled() => return,
            };
            let pause = match attempt {
                Ok((stream, decoder)) => {
                    epoch += 1;
                    let since = Instant::now();
                    let reason = self.serve(stream, decoder, epoch).await;
                    self.down(&reason);
                    told = Some(reason);
                    if since.elapsed() >= STABLE_AFTER {
                        pauses = self::pauses();
                    }
                    pauses.next()
                }
                Err(error) => {
                    let reason = error.to_string();
                    // One report for a switch that stays away, not one a try.
                    if told.as_ref() != Some(&reason) {
                        self.down(&reason);
                        told = Some(reason);
                    }
                    if error.needs_operator() { Some(OPERATOR_PAUSE) } else { pauses.next() }
                }
            };
            tokio::select! {
                () = sleep(pause.unwrap_or(LONGEST_PAUSE)) => {}
                () = self.shared.closing.cancelled() => return,
            }
        }
    }

    async fn establish(&self) -> Result<(tokio::net::TcpStream, Decoder), HandshakeError> {
        let Options { address, password, node: _ } = &self.shared.options;
        let mut stream = handshake::connect(address).await?;
        let mut decoder = Decoder::new();
        handshake::greet(&mut stream, &mut decoder, password).await?;
        Ok((stream, decoder))
    }

    /// Serves one connection to its end; returns why it ended.
    async fn serve(&self, stream: tokio::net::TcpStream, decoder: Decoder, epoch: u64) -> String {
        let (handle, requests) = connection::queue();
        *self.shared.lock_link() = Some((handle.clone(), Route::of(&stream)));
        {
            let mut calls = self.shared.calls();
            let effects = calls.on_connected();
            self.carry_out(effects);
        }
        tracing::info!(switch = self.shared.options.address, epoch, "connected to FreeSWITCH");
        self.tell(LinkEvent::Up { epoch });
        let on_event = |event: Event| self.on_event(&event);
        let serving = connection::run(stream.into_split(), decoder, requests, &self.shared.closing, on_event);
        let checking = async {
            self.check_legs(&handle).await;
            std::future::pending().await
        };
        let ended = tokio::select! {
            ended = serving => ended,
            never = checking => never,
        };
        *self.shared.lock_link() = None;
        ended.to_string()
    }

    /// The end of a conversation may have been missed while there was no
    /// connection.
    async fn check_legs(&self, link: &Handle) {
        let legs = self.shared.calls().connected_legs();
        for leg in legs {
            let gone = link.send(Command::exists(leg.0)).await.is_ok_and(|reply| reply.text() == "false");
            if gone {
                let mut calls = self.shared.calls();
                let effects = calls.on_leg_vanished(leg);
                self.carry_out(effects);
            }
        }
    }

    /// Looks for events that should have come; never returns.
    async fn watch_overdue(&self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = ticks.tick().await;
            let mut calls = self.shared.calls();
            let effects = calls.on_tick(now, |call| self.shared.registry.contains(call));
            self.carry_out(effects);
        }
    }

    fn on_event(&self, event: &Event) {
        // Held while delivering: nothing may be told of a call after its end.
        let mut calls = self.shared.calls();
        let effects = calls.on_event(event, Instant::now());
        self.carry_out(effects);
    }

    fn carry_out(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Deliver(call, event) => {
                    let answered = event == CallEvent::Answered;
                    if !self.shared.registry.deliver(call, event) && answered {
                        self.tell(LinkEvent::Orphan(call));
                    }
                }
                Effect::Orphan(call) => self.tell(LinkEvent::Orphan(call)),
                Effect::Kill(channel) => self.command(Command::kill(channel)),
                Effect::Break(call) => self.command(Command::stop_playback(call)),
                Effect::StopRecording(call, file) => {
                    // It went into a command before, so it will again.
                    if let Ok(command) = Command::stop_recording(call, &file) {
                        self.command(command);
                    }
                }
                Effect::Bridge(call, leg) => {
                    self.command(Command::stay_after_bridge(call));
                    self.command(Command::bridge(call, leg));
                }
                Effect::Gap => self.tell(LinkEvent::Gap),
            }
        }
    }

    /// Sends a command whose answer tells nothing that events do not.
    fn command(&self, command: Command) {
        if let Some(link) = self.shared.link() {
            link.tell(command);
        }
    }

    fn down(&self, reason: &str) {
        tracing::debug!(switch = self.shared.options.address, reason, "no connection to FreeSWITCH");
        self.tell(LinkEvent::Down { reason: reason.to_owned() });
    }

    fn tell(&self, event: LinkEvent) {
        // Whoever does not listen does not care.
        let _ = self.events.send(event);
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(SHORTEST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter()
        .build()
}
