//! FreeSWITCH, by its event socket in inbound mode.
//!
//! | layer | does |
//! |---|---|
//! | [`codec`], [`event`] | bytes → frames → events |
//! | `command` | the only place where text for the switch is made |
//! | `handshake`, `connection` | log in; own the socket, pipeline commands |
//! | `calls`, `hangup` | what events mean for our calls |
//! | `listen`, `raw_audio` | what a callee says, frame by frame |
//! | `supervisor` | keep connected, carry events to calls |

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use super::{
    CallEvents, CommandError, EventCounts, LinkEvents, Listening, Originate, OriginateError, Presence, Recording, Take,
    Transfer,
};
use crate::call::CallId;

mod calls;
pub mod codec;
mod command;
mod connection;
pub mod event;
mod handshake;
mod hangup;
mod listen;
mod raw_audio;
mod supervisor;

pub use listen::AudioPorts;

use calls::Unready;
use command::{Command, UnsafeText};
use connection::{Lost, Reply};
use event::Event;
use supervisor::{Shared, Supervisor};

/// An answer not here by then is not waited for any longer. FreeSWITCH answers
/// in microseconds, but a `show channels` before ours may take its time.
const REPLY_TIMEOUT: Duration = Duration::from_secs(10);

/// What commands say of a channel that does not exist: most, `sendmsg` and
/// `uuid_record`.
const GONE: [&str; 3] = ["No such channel", "invalid session id", "Cannot locate session"];

/// How to reach a FreeSWITCH.
#[derive(Clone, Debug)]
pub struct Options {
    /// Host and port of mod_event_socket.
    pub address: String,
    /// Its password.
    pub password: SecretString,
    /// This node's name: marks our channels on the switch. Safe alphabet only.
    pub node: String,
}

/// A FreeSWITCH. Cheap to clone; the connection is closed with the last one.
#[derive(Clone, Debug)]
pub struct FreeSwitch {
    shared: Arc<Shared>,
    _close_with_last: Arc<DropGuard>,
}

impl FreeSwitch {
    /// Begins to connect, and connects again whenever the connection is lost.
    /// Must be called within a tokio runtime.
    pub fn start(options: Options) -> (Self, LinkEvents) {
        Self::start_with(options, AudioPorts::default())
    }

    /// The same, with other ports for raw audio.
    pub fn start_with(options: Options, audio: AudioPorts) -> (Self, LinkEvents) {
        let (events, link_events) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(options, audio));
        let served = Arc::clone(&shared);
        shared.tasks.spawn(async move { Supervisor::new(&served, events).run().await });
        shared.tasks.close();
        let guard = Arc::new(shared.closing.clone().drop_guard());
        (Self { shared, _close_with_last: guard }, link_events)
    }

    /// Whether commands can be sent now.
    pub fn is_up(&self) -> bool {
        self.shared.link().is_some()
    }

    /// The events of its calls, since it started.
    pub fn events(&self) -> EventCounts {
        self.shared.registry.counts()
    }

    /// Places a call (`bgapi originate … &park()`). Its events arrive from the
    /// moment the command is written; `Ok` means FreeSWITCH took the command.
    ///
    /// # Errors
    ///
    /// A text outside the safe alphabet is `Refused`: sending it again, here or
    /// elsewhere, would be no better.
    pub async fn originate(&self, call: &Originate) -> Result<CallEvents, OriginateError> {
        let command = Command::originate(call, &self.shared.options.node)
            .map_err(|error| OriginateError::Refused { cause: None, detail: error.to_string() })?;
        let link = self.shared.link().ok_or_else(|| OriginateError::NotSent("not connected".into()))?;
        let events = self.shared.registry.register(call.call);
        self.shared.calls().originate(call.call);
        match timeout(REPLY_TIMEOUT, link.send(command)).await {
            Ok(Ok(reply)) => match reply.refusal() {
                None => Ok(events),
                Some(words) => {
                    self.shared.calls().forget(call.call);
                    Err(OriginateError::Refused { cause: None, detail: words.to_owned() })
                }
            },
            Ok(Err(Lost { sent: false, reason })) => {
                self.shared.calls().forget(call.call);
                Err(OriginateError::NotSent(reason))
            }
            Ok(Err(Lost { sent: true, reason })) => Err(OriginateError::Unknown(reason)),
            Err(_) => Err(OriginateError::Unknown(no_answer())),
        }
    }

    /// Receives the events of a call that was placed before a restart.
    pub fn attach(&self, call: CallId) -> CallEvents {
        let events = self.shared.registry.register(call);
        self.shared.calls().attach(call);
        events
    }

    /// Plays a file to an answered call.
    pub async fn play(&self, call: CallId, file: &str) -> Result<(), CommandError> {
        let playback = Uuid::now_v7();
        let command = Command::play(call, playback, file).map_err(unsafe_text)?;
        if !self.shared.calls().start_playback(call, playback) {
            return Err(CommandError::NoSuchChannel);
        }
        let played = self.tell_channel(command).await;
        if played.is_err() {
            self.shared.calls().cancel_playback(call, playback);
        }
        played
    }

    /// Stops what plays.
    pub async fn stop_playback(&self, call: CallId) -> Result<(), CommandError> {
        self.shared.calls().stop_playback(call, Instant::now());
        self.tell_channel(Command::stop_playback(call)).await
    }

    /// Starts to record; see [`super::Switch::record`].
    pub async fn record(&self, call: CallId, recording: &Recording) -> Result<(), CommandError> {
        let file = file_of(recording);
        let command = Command::record(call, &file, recording.take).map_err(unsafe_text)?;
        let until_key = matches!(recording.take, Take::Speech { .. });
        if !self.shared.calls().start_recording(call, &recording.name, &file, until_key) {
            return Err(CommandError::NoSuchChannel);
        }
        let begun = self.tell_channel(command).await;
        if begun.is_err() {
            self.shared.calls().cancel_recording(call, &recording.name);
        }
        begun.map_err(|error| match error {
            CommandError::Refused(words) => {
                CommandError::Refused(format!("{words}: FreeSWITCH cannot write {file}, or the call has no audio"))
            }
            CommandError::Disconnected(_) | CommandError::NoSuchChannel => error,
        })
    }

    /// Stops a recording.
    pub async fn stop_recording(&self, call: CallId, recording: &Recording) -> Result<(), CommandError> {
        let command = Command::stop_recording(call, &file_of(recording)).map_err(unsafe_text)?;
        let known = self.shared.calls().stop_recording(call, &recording.name, Instant::now());
        match self.tell_channel(command).await {
            // It ended by itself, and that was told or will be.
            Err(CommandError::Refused(_)) if known => Ok(()),
            stopped => stopped,
        }
    }

    /// Connects the call with somebody else; see [`super::Switch::transfer`].
    pub async fn transfer(&self, call: CallId, transfer: &Transfer) -> Result<(), CommandError> {
        let leg = transfer.leg;
        let ring = Command::leg(call, transfer, &self.shared.options.node).map_err(unsafe_text)?;
        self.shared.calls().start_transfer(call, leg).map_err(|unready| match unready {
            Unready::NoCall => CommandError::NoSuchChannel,
            Unready::Busy => CommandError::Refused("the call is being transferred already".to_owned()),
        })?;
        let rung = async {
            // The limit of a call is none of a conversation.
            self.tell_channel(Command::stay_after_bridge(call)).await?;
            self.send(Command::unlimit(call));
            self.tell_channel(Command::limit(call, transfer)).await?;
            self.tell_channel(ring).await
        };
        let rung = rung.await;
        if rung.is_err() {
            self.shared.calls().cancel_transfer(call, leg);
        }
        rung
    }

    /// Listens to the callee; see [`super::Switch::listen`].
    ///
    /// # Errors
    ///
    /// `Refused` where no audio arrives: the ports may be taken on the switch's
    /// machine, or a firewall may be in the way.
    pub async fn listen(&self, call: CallId) -> Result<Listening, CommandError> {
        // Kept off the caller's future: it holds a buffer.
        Box::pin(listen::listen(self, call)).await
    }

    /// Stops listening. The channel parks anew: that gives the port of its raw
    /// audio back, and nobody can speak into the call through it any more.
    pub async fn stop_listening(&self, call: CallId) -> Result<(), CommandError> {
        if !self.shared.calls().stop_listening(call) {
            return Err(CommandError::NoSuchChannel);
        }
        Box::pin(listen::release(self, call)).await
    }

    /// Has mod_avmd listen for a beep; see [`super::Switch::detect`]. It tells of
    /// one as soon as it has begun.
    ///
    /// # Errors
    ///
    /// `Refused` without the module.
    pub async fn detect(&self, call: CallId) -> Result<(), CommandError> {
        if self.ask(Command::has_avmd()).await?.text() != "true" {
            return Err(CommandError::Refused("mod_avmd is not loaded".to_owned()));
        }
        if !self.shared.calls().detect(call, true) {
            return Err(CommandError::NoSuchChannel);
        }
        let begun = self.tell_channel(Command::listen_for_beep(call)).await;
        if begun.is_err() {
            self.shared.calls().detect(call, false);
        }
        begun
    }

    /// Hangs the channel up. A channel that FreeSWITCH is about to make is hung
    /// up when it shows up.
    pub async fn hang_up(&self, call: CallId) -> Result<(), CommandError> {
        let doomed = self.shared.calls().doom(call);
        match self.tell_channel(Command::kill(call.0)).await {
            Err(CommandError::NoSuchChannel) if doomed => Ok(()),
            hung_up => hung_up,
        }
    }

    /// Asks for one call, exactly.
    pub async fn presence(&self, call: CallId) -> Result<Presence, CommandError> {
        match self.ask_channel(Command::dump(call)).await {
            Ok(dump) => {
                let channel = Event::new(dump.0.into_bytes().into());
                Ok(if hangup::was_answered(&channel) || channel.raw("Answer-State") == Some(b"answered") {
                    Presence::Up
                } else {
                    Presence::Dialing
                })
            }
            Err(CommandError::NoSuchChannel) => Ok(Presence::Gone),
            Err(error @ (CommandError::Disconnected(_) | CommandError::Refused(_))) => Err(error),
        }
    }

    /// Every channel on the switch that carries our mark.
    ///
    /// FreeSWITCH keeps the list in a database it writes with a delay, and
    /// without variables: a channel a moment old may be missing, and each id
    /// that looks like ours (UUIDv7, which FreeSWITCH never makes) is asked for
    /// its mark. [`Self::presence`] has neither flaw.
    pub async fn live_calls(&self) -> Result<Vec<CallId>, CommandError> {
        let list = self.ask(Command::channels()).await?;
        let channels: Channels = serde_json::from_str(&list.0)
            .map_err(|error| CommandError::Refused(format!("unreadable list of channels: {error}")))?;
        let candidates = channels.rows.into_iter().filter_map(|row| Uuid::try_parse(&row.uuid?).ok());
        let ids: Vec<_> = candidates.filter(|id| id.get_version_num() == 7).collect();
        let marks = self.ask_of_all(&ids, Command::mark_of).await?;
        let (ours, others): (Vec<_>, Vec<_>) =
            marks.into_iter().partition(|(_, mark)| *mark == self.shared.options.node);
        let others: Vec<_> = others.into_iter().map(|(id, _)| id).collect();
        for (leg, mark) in self.ask_of_all(&others, Command::leg_mark_of).await? {
            self.end_if_stray(CallId(leg), &mark).await?;
        }
        Ok(ours.into_iter().map(|(id, _)| CallId(id)).collect())
    }

    /// Asks the same of many channels at once: the answers come in one go. Of a
    /// channel that has gone meanwhile it is a refusal.
    async fn ask_of_all(&self, ids: &[Uuid], ask: fn(Uuid) -> Command) -> Result<Vec<(Uuid, String)>, CommandError> {
        let asked: Vec<_> = ids.iter().map(|id| (*id, self.shared.link().map(|link| link.send(ask(*id))))).collect();
        let mut answers = Vec::with_capacity(asked.len());
        for (id, answer) in asked {
            let answer = await_reply(answer.ok_or_else(not_connected)?).await?;
            answers.push((id, answer.text().to_owned()));
        }
        Ok(answers)
    }

    /// Ends the other party of a call that is gone: nobody else would before its
    /// own time-outs do.
    async fn end_if_stray(&self, leg: CallId, mark: &str) -> Result<(), CommandError> {
        let call = {
            let calls = self.shared.calls();
            calls.call_of_leg_mark(mark).filter(|_| !calls.is_leg(leg))
        };
        if let Some(call) = call
            && self.ask(Command::exists(call.0)).await?.text() == "false"
        {
            self.send(Command::kill(leg.0));
        }
        Ok(())
    }

    /// Product and version, for `doctor` and the log.
    pub async fn version(&self) -> Result<String, CommandError> {
        let reply = self.ask(Command::version()).await?;
        Ok(reply.text().to_owned())
    }

    /// Closes the connection and stops reconnecting.
    pub async fn close(&self) {
        self.shared.closing.cancel();
        self.shared.tasks.wait().await;
    }

    async fn tell_channel(&self, command: Command) -> Result<(), CommandError> {
        self.ask_channel(command).await.map(|_| ())
    }

    /// Asks something about one channel.
    async fn ask_channel(&self, command: Command) -> Result<Reply, CommandError> {
        let reply = self.ask(command).await?;
        match reply.refusal() {
            None => Ok(reply),
            Some(words) if GONE.iter().any(|gone| words.contains(gone)) => Err(CommandError::NoSuchChannel),
            Some(words) => Err(CommandError::Refused(words.to_owned())),
        }
    }

    /// Sends a command whose answer does not matter.
    fn send(&self, command: Command) {
        if let Some(link) = self.shared.link() {
            link.tell(command);
        }
    }

    async fn ask(&self, command: Command) -> Result<Reply, CommandError> {
        let link = self.shared.link().ok_or_else(not_connected)?;
        await_reply(link.send(command)).await
    }
}

async fn await_reply(answer: impl Future<Output = Result<Reply, Lost>>) -> Result<Reply, CommandError> {
    match timeout(REPLY_TIMEOUT, answer).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(lost)) => Err(CommandError::Disconnected(lost.reason)),
        Err(_) => Err(CommandError::Disconnected(no_answer())),
    }
}

/// Where a recording goes, as FreeSWITCH sees it.
fn file_of(recording: &Recording) -> String {
    format!("{}/{}.wav", recording.folder.trim_end_matches('/'), recording.name)
}

fn unsafe_text(error: UnsafeText) -> CommandError {
    CommandError::Refused(error.to_string())
}

fn not_connected() -> CommandError {
    CommandError::Disconnected("not connected".into())
}

fn no_answer() -> String {
    format!("no answer within {} seconds", REPLY_TIMEOUT.as_secs())
}

/// What `show channels as json` says; `rows` is absent when there are none.
#[derive(Deserialize)]
struct Channels {
    #[serde(default)]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    uuid: Option<String>,
}
