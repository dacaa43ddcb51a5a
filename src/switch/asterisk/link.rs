//! The event WebSocket: one task keeps it open for as long as the adapter
//! lives and hands every event on without waiting for anybody.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;

use super::Core;
use super::calls::Effect;
use super::event::{Event, Kind};
use crate::switch::LinkEvent;

/// The handshake takes at most this long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Asterisk is pinged this often …
const PING_EVERY: Duration = Duration::from_secs(10);
/// … and taken for dead when nothing came for this long.
const SILENT_FOR: Duration = Duration::from_secs(25);
/// A ping must be out within this time.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// First and longest pause before the next try.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// The pause where only an operator can help.
const SLOW_RETRY: Duration = Duration::from_secs(30);
/// The pause after another process took our place: coming back takes it from
/// that one, which is right only if it is gone by then.
const REPLACED_RETRY: Duration = Duration::from_secs(60);
/// Far above any event: a channel's variables and a long dialplan path.
const MAX_EVENT: usize = 4 * 1024 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Where and how to connect.
pub(super) struct Address {
    url: Url,
    authorization: HeaderValue,
}

impl Address {
    /// The events of `app` at the ARI of this base URL.
    pub(super) fn new(base: &Url, app: &str, authorization: HeaderValue) -> Result<Self, String> {
        let scheme = match base.scheme() {
            "http" => "ws",
            "https" => "wss",
            other => return Err(format!("the URL must begin with http:// or https://, not {other}://")),
        };
        let text = format!("{}/events", base.as_str().trim_end_matches('/'));
        let mut url: Url = text.parse().map_err(|error| format!("not a URL: {error}"))?;
        if url.set_scheme(scheme).is_err() {
            return Err("not a URL of a server".into());
        }
        url.query_pairs_mut().append_pair("app", app).append_pair("subscribeAll", "false");
        Ok(Self { url, authorization })
    }
}

/// Why a connection ended or could not be made.
struct Broken {
    reason: String,
    retry: Retry,
}

/// When to try again.
#[derive(Clone, Copy)]
enum Retry {
    /// Soon, and less often each time.
    BackOff,
    /// After this pause.
    After(Duration),
}

impl Broken {
    fn soon(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retry: Retry::BackOff }
    }
}

/// Keeps the connection until `stop`.
pub(super) async fn keep(
    core: Arc<Core>,
    address: Address,
    events: UnboundedSender<LinkEvent>,
    stop: CancellationToken,
) {
    let mut link = Link { core, events, epoch: 0, told: None };
    let mut pause = BACK_OFF.0;
    loop {
        let epoch = link.epoch;
        let once = stop.run_until_cancelled(Box::pin(link.once(&address))).await;
        link.core.set_up(false);
        let Some(broken) = once else { return };
        if link.epoch > epoch {
            pause = BACK_OFF.0;
        }
        link.down(broken.reason);
        let wait = match broken.retry {
            Retry::After(wait) => wait,
            Retry::BackOff => {
                let wait = pause.mul_f64(0.75 + fastrand::f64() / 2.0);
                pause = (pause * 2).min(BACK_OFF.1);
                wait
            }
        };
        if stop.run_until_cancelled(sleep(wait)).await.is_none() {
            return;
        }
    }
}

struct Link {
    core: Arc<Core>,
    events: UnboundedSender<LinkEvent>,
    epoch: u64,
    /// The reason told last, while the connection is down.
    told: Option<String>,
}

impl Link {
    /// One connection, from its beginning to its end.
    async fn once(&mut self, address: &Address) -> Broken {
        let mut socket = match connect(address).await {
            Ok(socket) => socket,
            Err(broken) => return broken,
        };
        self.epoch += 1;
        self.told = None;
        // Nothing was queued for us while we were away.
        self.core.calls().missed_events();
        self.core.forget_dialplan();
        self.core.set_up(true);
        self.tell(LinkEvent::Up { epoch: self.epoch });
        tokio::spawn(Core::tidy(Arc::clone(&self.core)));
        self.read(&mut socket).await
    }

    async fn read(&mut self, socket: &mut Socket) -> Broken {
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                message = socket.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            if let Err(broken) = self.on_text(&text) {
                                return broken;
                            }
                        }
                        Some(Ok(Message::Close(_))) | None => return Broken::soon("Asterisk closed the event socket"),
                        Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                        Some(Err(error)) => return Broken::soon(format!("event socket: {error}")),
                    }
                }
                _ = ping.tick() => {
                    if heard.elapsed() > SILENT_FOR {
                        return Broken::soon(format!("Asterisk was silent for {} s", heard.elapsed().as_secs()));
                    }
                    let sent = timeout(PING_TIMEOUT, socket.send(Message::Ping(Vec::new().into()))).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return Broken::soon("Asterisk takes no data on the event socket");
                    }
                    let forgotten = self.core.calls().sweep();
                    if !forgotten.is_empty() {
                        Core::perform(&self.core, Effect::Remove(forgotten));
                    }
                }
            }
        }
    }

    fn on_text(&self, text: &str) -> Result<(), Broken> {
        let event = match Event::parse(text) {
            Ok(event) => event,
            Err(error) => {
                // It may have been the end of a call.
                tracing::warn!(%error, "an event of Asterisk was lost");
                self.core.calls().missed_events();
                self.tell(LinkEvent::Gap);
                tokio::spawn(Core::tidy(Arc::clone(&self.core)));
                return Ok(());
            }
        };
        if event.kind == Kind::ApplicationReplaced {
            return Err(Broken {
                reason: format!(
                    "another process has connected as \"{}\": give each node its own name, and run each once",
                    self.core.app()
                ),
                retry: Retry::After(REPLACED_RETRY),
            });
        }
        match self.core.calls().on_event(&event) {
            Effect::Orphan(call) => self.tell(LinkEvent::Orphan(call)),
            effect => Core::perform(&self.core, effect),
        }
        Ok(())
    }

    fn down(&mut self, reason: String) {
        if self.told.as_ref() != Some(&reason) {
            tracing::warn!(reason, "no connection to Asterisk");
            self.tell(LinkEvent::Down { reason: reason.clone() });
            self.told = Some(reason);
        }
    }

    fn tell(&self, event: LinkEvent) {
        // Nobody listens any more: the adapter is about to be closed.
        let _ = self.events.send(event);
    }
}

async fn connect(address: &Address) -> Result<Socket, Broken> {
    let mut request = address.url.as_str().into_client_request().map_err(refusal)?;
    request.headers_mut().insert(AUTHORIZATION, address.authorization.clone());
    let config = WebSocketConfig::default().max_message_size(Some(MAX_EVENT)).max_frame_size(Some(MAX_EVENT));
    match timeout(CONNECT_TIMEOUT, Box::pin(connect_async_with_config(request, Some(config), true))).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(refusal(error)),
        Err(_) => Err(Broken::soon("Asterisk does not answer")),
    }
}

fn refusal(error: Error) -> Broken {
    let slow = |reason: &str| Broken { reason: reason.to_owned(), retry: Retry::After(SLOW_RETRY) };
    match error {
        Error::Http(response) => match response.status().as_u16() {
            401 => slow("Asterisk refuses the user or the password (ari.conf)"),
            403 => slow("Asterisk forbids this user to listen to events (ari.conf)"),
            404 => slow("no ARI at this URL: are the URL and its path right, and res_ari_events loaded?"),
            status => Broken::soon(format!("Asterisk answered HTTP {status} where it should open the event socket")),
        },
        other => Broken::soon(format!("event socket: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(base: &str) -> Result<String, String> {
        let base = base.parse().expect("a URL");
        Address::new(&base, "canvass-a", HeaderValue::from_static("x")).map(|address| address.url.to_string())
    }

    #[test]
    fn the_event_socket_is_beside_the_rest_interface() {
        let plain = "ws://127.0.0.1:8088/ari/events?app=canvass-a&subscribeAll=false";
        assert_eq!(address("http://127.0.0.1:8088/ari").as_deref(), Ok(plain));
        assert_eq!(address("http://127.0.0.1:8088/ari/").as_deref(), Ok(plain));
        let secure = "wss://pbx.example/prefix/ari/events?app=canvass-a&subscribeAll=false";
        assert_eq!(address("https://pbx.example/prefix/ari").as_deref(), Ok(secure));
        assert!(address("ftp://pbx.example/ari").is_err());
    }
}
