//! Asterisk, by ARI: REST and one event WebSocket.
//!
//! Layers: `event` reads the JSON of events, `rest`, `link` and `audiosocket`
//! own the connections, `calls`, `track`, `attached` and `answer` say what
//! events and answers mean for a call, and [`Asterisk`] offers it all to the
//! dialer, one file a kind of command.
//!
//! What Asterisk does was tried with 22.10 and 16.28:
//! - Events can be ahead of the answer to the request that caused them.
//! - A channel is subscribed to its application from the moment it is
//!   originated, and stays so while our event socket is away; but nothing is
//!   queued, and a call answered meanwhile is dropped.
//! - `TIMEOUT(absolute)` counts from the channel's creation, ringing included.
//! - A channel in Stasis sends no RTP unless it plays something; a playback
//!   ends the silence that was asked for before it.
//! - What hears a channel (a snoop) ends with it, with its recording done; what
//!   else was made for a call (external media, bridges, the other party of a
//!   transfer) stays until it is deleted.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{CallEvents, CommandError, EventCounts, LinkEvent, LinkEvents, Originate, OriginateError, Presence};
use crate::call::CallId;

mod answer;
mod attached;
mod audiosocket;
pub(in crate::switch) mod basic;
mod calls;
mod detection;
mod event;
mod fetch;
mod link;
mod listening;
#[cfg(test)]
mod observed;
mod part;
mod recording;
mod rest;
mod tidy;
mod track;
mod transfer;

pub use audiosocket::AudioOptions;
pub use detection::AMD_CONTEXT;

use answer::{EXISTS, check, done, placed};
use calls::Calls;
use rest::{Rest, RestError};

/// How to reach an Asterisk.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base URL of ARI, such as `http://127.0.0.1:8088/ari`.
    pub url: String,
    /// User of ari.conf.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// This node's name: the Stasis application is `canvass-<node>`. Each
    /// process needs its own, or it takes the events of another.
    pub node: String,
    /// Where in the dialplan `AMD()` is run: [`AMD_CONTEXT`] as a rule.
    pub amd_context: String,
    /// How the sound of calls reaches us.
    pub audio: AudioOptions,
}

impl Default for Options {
    /// Nothing but what is as a rule the same everywhere.
    fn default() -> Self {
        Self {
            url: String::new(),
            user: String::new(),
            password: SecretString::default(),
            node: String::new(),
            amd_context: AMD_CONTEXT.to_owned(),
            audio: AudioOptions::default(),
        }
    }
}

/// An Asterisk. Cheap to clone; the connection ends with the last clone.
#[derive(Clone, Debug)]
pub struct Asterisk {
    core: Arc<Core>,
    link: Arc<LinkTask>,
}

/// What requests and the event socket's task share.
struct Core {
    rest: Result<Rest, String>,
    app: String,
    node: String,
    calls: Calls,
    up: AtomicBool,
    amd: detection::Dialplan,
    audio: audiosocket::Server,
    /// Calls that begin to be listened to, at once.
    listens: Semaphore,
}

#[derive(Debug)]
struct LinkTask {
    stop: CancellationToken,
    _stops_when_dropped: DropGuard,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Beyond ringing and talking, a channel may live this long before Asterisk
/// itself ends it: the daemon, if it lives, always comes first.
const MARGIN: Duration = Duration::from_secs(30);
/// Nothing may play for this long before silence is asked for.
const IDLE_BEFORE_SILENCE: Duration = Duration::from_millis(500);
/// How long [`Asterisk::close`] waits for the socket's task.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

impl Asterisk {
    /// Starts to connect, and goes on trying until [`Self::close`]. What is
    /// wrong with the options, or with the connection, is told as
    /// [`LinkEvent::Down`]. To be called within a tokio runtime.
    pub fn start(options: Options) -> (Self, LinkEvents) {
        let (sender, events) = mpsc::unbounded_channel();
        let app = app_name(&options.node);
        let (rest, address) = match clients(&options, &app) {
            Ok((rest, address)) => (Ok(rest), Some(address)),
            Err(reason) => {
                let _ = sender.send(LinkEvent::Down { reason: reason.clone() });
                (Err(reason), None)
            }
        };
        let core = Arc::new(Core {
            rest,
            app,
            node: options.node,
            calls: Calls::default(),
            up: AtomicBool::new(false),
            amd: detection::Dialplan::new(options.amd_context),
            audio: audiosocket::Server::new(options.audio, host(&options.url)),
            listens: Semaphore::new(listening::AT_ONCE),
        });
        let stop = CancellationToken::new();
        let task = address.map(|address| tokio::spawn(link::keep(Arc::clone(&core), address, sender, stop.clone())));
        let link = LinkTask { stop: stop.clone(), _stops_when_dropped: stop.drop_guard(), task: Mutex::new(task) };
        (Self { core, link: Arc::new(link) }, events)
    }

    /// Whether the event socket is open. Without it a call could be placed,
    /// but Asterisk would drop it when it is answered.
    pub fn is_up(&self) -> bool {
        self.core.up.load(Ordering::Acquire)
    }

    /// The events of its calls, since it started.
    pub fn events(&self) -> EventCounts {
        self.core.calls().events()
    }

    /// Places a call; see [`super::Switch::originate`].
    ///
    /// # Errors
    /// [`OriginateError::NotSent`] without an open event socket, or where
    /// Asterisk refuses our credentials; [`OriginateError::Refused`] where it
    /// cannot create the channel; [`OriginateError::Unknown`] if no answer and
    /// no event of the call has come.
    pub async fn originate(&self, call: &Originate) -> Result<CallEvents, OriginateError> {
        if !self.is_up() {
            return Err(OriginateError::NotSent("the event socket of Asterisk is not open".into()));
        }
        let rest = self.core.rest().map_err(OriginateError::NotSent)?;
        let ring = whole_seconds(call.ring_timeout);
        let body = Channel {
            endpoint: &call.endpoint,
            app: &self.core.app,
            channel_id: call.call.to_string(),
            caller_id: call.caller_id.to_string(),
            timeout: ring,
            variables: Variables {
                absolute_timeout: (ring + whole_seconds(call.max_call) + MARGIN.as_secs()).to_string(),
                node: &self.core.node,
                app: &self.core.app,
                amd_wait: "1",
            },
        };
        let events = self.core.calls.place(call.call, call.ring_timeout);
        let error = match rest.post("channels", Some(&body)).await {
            Ok(answer) => match placed(&answer) {
                Ok(()) => {
                    if answer.status == EXISTS {
                        self.core.calls.with(call.call, |call| call.track.missed_events());
                    }
                    return Ok(events);
                }
                Err(error) => error,
            },
            Err(RestError::NotSent(words)) => OriginateError::NotSent(words),
            // Events came although the answer did not: the call was placed.
            Err(RestError::NoAnswer(_)) if self.core.calls.is_seen(call.call) => return Ok(events),
            Err(RestError::NoAnswer(words)) => return Err(OriginateError::Unknown(words)),
        };
        match &error {
            OriginateError::NotSent(_) | OriginateError::Refused { .. } => self.core.calls.forget(call.call),
            OriginateError::Unknown(_) => {}
        }
        Err(error)
    }

    /// Receives the events of a call that exists already.
    pub fn attach(&self, call: CallId) -> CallEvents {
        self.core.calls.find(call)
    }

    /// Plays a file; see [`super::Switch::play`]. A path goes with or without
    /// `.wav`, an `http` URL as it is.
    ///
    /// # Errors
    /// [`CommandError::Refused`] while the call is not answered yet. A file
    /// that is missing is told by the event.
    pub async fn play(&self, call: CallId, file: &str) -> Result<(), CommandError> {
        #[derive(Serialize)]
        struct Body<'a> {
            // A list, because a comma in a single text would make one of it.
            media: [String; 1],
            #[serde(rename = "playbackId")]
            id: &'a str,
        }
        let id = Uuid::new_v4().to_string();
        let body = Body { media: [track::media_uri(file)], id: &id };
        let rest = self.core.commands()?;
        // Before it is sent: its end may be told before its beginning.
        self.core.calls.with(call, |call| call.track.plays(id.clone()));
        let result = rest.post(&format!("channels/{call}/play"), Some(&body)).await;
        let result = done(result);
        if result.is_err() {
            self.core.calls.with(call, |call| call.track.played(&id));
        }
        result
    }

    /// Stops what plays; see [`super::Switch::stop_playback`].
    ///
    /// # Errors
    /// [`CommandError::Refused`] if nothing plays.
    pub async fn stop_playback(&self, call: CallId) -> Result<(), CommandError> {
        let Some(playing) = self.core.calls.with(call, |call| call.track.playback().map(str::to_owned)) else {
            return Err(CommandError::NoSuchChannel);
        };
        let Some(id) = playing else {
            return Err(CommandError::Refused("nothing plays".into()));
        };
        let rest = self.core.commands()?;
        match done(rest.delete(&format!("playbacks/{id}")).await) {
            // It ended by itself meanwhile.
            Err(CommandError::NoSuchChannel) => Ok(()),
            result => result,
        }
    }

    /// Hangs the channel up.
    ///
    /// # Errors
    /// [`CommandError::NoSuchChannel`] if it is gone already.
    pub async fn hang_up(&self, call: CallId) -> Result<(), CommandError> {
        let rest = self.core.commands()?;
        done(rest.delete(&format!("channels/{call}")).await)
    }

    /// Asks for one call, exactly.
    ///
    /// # Errors
    /// [`CommandError`], if Asterisk gives no answer that can be understood.
    pub async fn presence(&self, call: CallId) -> Result<Presence, CommandError> {
        #[derive(Deserialize)]
        struct Channel {
            state: String,
        }
        match self.core.ask(&format!("channels/{call}")).await {
            Ok(Channel { state }) if state == "Up" => Ok(Presence::Up),
            Ok(Channel { .. }) => Ok(Presence::Dialing),
            Err(CommandError::NoSuchChannel) => Ok(Presence::Gone),
            Err(error) => Err(error),
        }
    }

    /// Every channel of this node, ringing ones included: those subscribed to
    /// its application, which they are from the moment they are originated.
    ///
    /// # Errors
    /// [`CommandError`], if Asterisk gives no answer that can be understood.
    pub async fn live_calls(&self) -> Result<Vec<CallId>, CommandError> {
        let channels = self.core.channels().await?;
        Ok(channels.iter().filter_map(|id| event::call_id(id)).collect())
    }

    /// Product and version.
    ///
    /// # Errors
    /// [`CommandError`], if Asterisk gives no answer that can be understood.
    pub async fn version(&self) -> Result<String, CommandError> {
        #[derive(Deserialize)]
        struct Info {
            system: System,
        }
        #[derive(Deserialize)]
        struct System {
            version: String,
        }
        let info: Info = self.core.ask("asterisk/info").await?;
        Ok(format!("Asterisk {}", info.system.version))
    }

    /// Closes the event socket and stops reconnecting. Calls go on without us.
    pub async fn close(&self) {
        self.link.stop.cancel();
        let task = self.link.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && tokio::time::timeout(CLOSE_TIMEOUT, task).await.is_err()
        {
            tracing::warn!("the event socket of Asterisk did not close in time");
        }
    }

    /// Sees that a channel on which nothing plays sends silence: carriers that
    /// watch for RTP would hang up. Not at once, because as a rule something is
    /// played right away, or the call is over.
    async fn keep_audible(core: Arc<Core>, call: CallId) {
        tokio::time::sleep(IDLE_BEFORE_SILENCE).await;
        let Ok(rest) = core.rest() else { return };
        if !core.calls.is_idle(call) {
            return;
        }
        match done(rest.post(&format!("channels/{call}/silence"), None::<&()>).await) {
            Ok(()) | Err(CommandError::NoSuchChannel) => {}
            Err(error) => tracing::debug!(%call, %error, "an idle call sends no silence"),
        }
    }
}

impl Core {
    fn calls(&self) -> &Calls {
        &self.calls
    }

    fn app(&self) -> &str {
        &self.app
    }

    fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::Release);
    }

    fn rest(&self) -> Result<&Rest, String> {
        self.rest.as_ref().map_err(Clone::clone)
    }

    /// The same, for commands.
    fn commands(&self) -> Result<&Rest, CommandError> {
        self.rest().map_err(CommandError::Disconnected)
    }

    async fn ask<T: for<'a> Deserialize<'a>>(&self, path: &str) -> Result<T, CommandError> {
        let answer = self.commands()?.get(path).await.map_err(|error| CommandError::Disconnected(error.to_string()))?;
        check(&answer)?;
        answer.json().ok_or_else(|| CommandError::Refused("an answer that cannot be understood".into()))
    }

    /// The ids of all channels subscribed to our application.
    async fn channels(&self) -> Result<Vec<String>, CommandError> {
        #[derive(Deserialize)]
        struct Application {
            channel_ids: Vec<String>,
        }
        match self.ask(&format!("applications/{}", self.app)).await {
            Ok(Application { channel_ids }) => Ok(channel_ids),
            // An application exists while a socket or a channel belongs to it.
            Err(CommandError::NoSuchChannel) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("app", &self.app).field("up", &self.up).finish_non_exhaustive()
    }
}

/// The body of `POST /channels`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Channel<'a> {
    endpoint: &'a str,
    app: &'a str,
    channel_id: String,
    caller_id: String,
    timeout: u64,
    variables: Variables<'a>,
}

/// Variables, and functions that can be set like variables.
#[derive(Serialize)]
struct Variables<'a> {
    /// Asterisk ends the channel this many seconds after its creation, even if
    /// nobody drives it any more.
    #[serde(rename = "TIMEOUT(absolute)")]
    absolute_timeout: String,
    /// Whose call it is, for people who look at Asterisk.
    #[serde(rename = "CANVASS_NODE")]
    node: &'a str,
    /// Where the dialplan brings a call back to.
    #[serde(rename = "CANVASS_APP")]
    app: &'a str,
    /// After a machine's greeting `AMD()` waits for its end: the one message
    /// that may be left must not be talked over.
    #[serde(rename = "CANVASS_AMD_WAIT")]
    amd_wait: &'a str,
}

/// Runs steps that belong together to their end, even if the caller gives up
/// in the middle.
async fn to_the_end<T: Send + 'static>(
    steps: impl Future<Output = Result<T, CommandError>> + Send + 'static,
) -> Result<T, CommandError> {
    let done = tokio::spawn(steps).await;
    done.unwrap_or_else(|error| Err(CommandError::Disconnected(error.to_string())))
}

/// Host and port of a URL.
fn host(url: &str) -> Option<(String, u16)> {
    let url: Url = url.parse().ok()?;
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((host, url.port_or_known_default()?))
}

fn clients(options: &Options, app: &str) -> Result<(Rest, link::Address), String> {
    let url: Url = options.url.parse().map_err(|error| format!("the URL of ARI is no URL: {error}"))?;
    let authorization = basic::authorization(&options.user, &options.password)
        .ok_or("the user or the password of ARI has characters that HTTP cannot carry")?;
    let address = link::Address::new(&url, app, authorization.clone())?;
    Ok((Rest::new(&url, authorization)?, address))
}

/// The Stasis application of a node. A comma would make several of it, and it
/// is part of a path.
fn app_name(node: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    format!("canvass-{}", node.chars().map(safe).collect::<String>())
}

/// Seconds, rounded up and never 0, which would mean "for ever" to Asterisk.
fn whole_seconds(time: Duration) -> u64 {
    let up = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(up).clamp(1, i32::MAX as u64 / 4)
}
