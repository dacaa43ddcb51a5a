//! What the dialer needs of a PBX, and the two that provide it.
//!
//! An adapter keeps one connection to its switch alive for as long as it
//! lives, sends commands and turns the switch's events into [`CallEvent`]s of
//! one call and [`LinkEvent`]s of the connection. Layers never mix: codec
//! (bytes ↔ frames) → connection (owns the socket) → adapter (wire ↔ domain).

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::audio::amd::Answer;
use crate::call::{CallId, Cause, SipStatus};
use crate::number::PhoneNumber;

pub mod asterisk;
pub mod freeswitch;
mod listening;
mod party;
mod registry;
pub mod simulator;
mod trunk;

pub use listening::Listening;
pub use party::{Parties, PartyError, PartyTemplate};
pub use registry::{CallEvents, EventCounts, Registry};
pub use trunk::{TrunkError, TrunkTemplate};

/// A call to be placed.
#[derive(Clone, Debug)]
pub struct Originate {
    /// Its id, which becomes the channel's id on the switch.
    pub call: CallId,
    /// The trunk's endpoint with the number filled in.
    pub endpoint: String,
    /// Whom we call.
    pub number: PhoneNumber,
    /// What the callee sees.
    pub caller_id: PhoneNumber,
    /// How long it may ring before the switch gives up.
    pub ring_timeout: Duration,
    /// How long the channel may live from answer, even if we are dead by then.
    pub max_call: Duration,
}

/// Something that happened on one call's channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEvent {
    /// The callee's phone rings, or early media plays.
    Ringing,
    /// The call was answered, and the channel is ready for commands.
    Answered,
    /// The callee pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Dtmf {
        /// The key.
        digit: char,
    },
    /// What [`Switch::play`] started has ended, by itself or stopped.
    PlaybackFinished {
        /// Why nothing, or not all of it, was played.
        failure: Option<String>,
    },
    /// What [`Switch::record`] started has ended: by itself, or stopped.
    RecordingFinished {
        /// The recording's name.
        name: String,
        /// Why there is none, or not all of it.
        failure: Option<String>,
    },
    /// What [`Switch::detect`] found out.
    Detected {
        /// Who answered.
        answer: Answer,
        /// The switch's own words.
        reason: String,
    },
    /// What [`Switch::transfer`] came to.
    Transfer(TransferEvent),
    /// The channel is gone. Always the last event of a call.
    HungUp(HungUp),
}

/// What a transfer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferEvent {
    /// The other party answered, and both hear each other.
    Connected,
    /// The other party could not be reached; the callee is still there, and
    /// the channel takes commands again.
    Failed(HungUp),
    /// Both were connected, and the other party hung up; the callee is still
    /// there.
    Ended,
}

/// Whom a call is connected with.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The id of the other party's channel: a fresh one.
    pub leg: CallId,
    /// The other party, as an endpoint of this switch.
    pub endpoint: String,
    /// What the other party sees.
    pub caller_id: PhoneNumber,
    /// How long it may ring.
    pub ring_timeout: Duration,
    /// How long the other party's channel may live from its answer, even if we
    /// are dead by then.
    pub max: Duration,
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its name: letters, digits and `-`, unique. The file is `<name>.wav`.
    pub name: String,
    /// The folder of recordings as FreeSWITCH sees it. Asterisk has its own;
    /// see [`Switch::fetch_recording`].
    pub folder: String,
    /// What of the call.
    pub take: Take,
}

/// What of a call is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// Both sides, until the call ends or it is stopped. Prompts go on as if
    /// nothing was recorded.
    Call,
    /// What the callee says, until a silence, a key, or the longest time.
    /// Nothing plays meanwhile.
    Speech {
        /// The longest time.
        max: Duration,
        /// So long a silence ends it.
        silence: Duration,
    },
}

/// How a channel ended, as the switch tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HungUp {
    /// Its cause.
    pub cause: Option<Cause>,
    /// The SIP response that ended it, where there was one.
    pub sip: Option<SipStatus>,
    /// The switch itself gave up because the ring time-out was reached.
    pub ring_timeout: bool,
    /// The switch says the call had been answered.
    pub answered: bool,
    /// In words, where there is more to say than the cause does.
    pub detail: Option<String>,
}

/// Something that happened to the connection to a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Connected and ready. Calls from before must be reconciled.
    Up {
        /// Counts the connections of this adapter, from 1.
        epoch: u64,
    },
    /// The connection is lost; the adapter tries again by itself.
    Down {
        /// Why, for the operator.
        reason: String,
    },
    /// Events may have been missed while the connection stayed up.
    Gap,
    /// A channel with our mark exists, but no call of ours waits for it.
    Orphan(CallId),
}

/// What a switch says of a call it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// No such channel.
    Gone,
    /// The channel exists, not answered yet.
    Dialing,
    /// The channel exists and was answered.
    Up,
}

/// Why a call could not be placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginateError {
    /// Nothing was sent: the call may be placed again, here or elsewhere.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The switch refused: no channel exists and none will.
    #[error("refused by the switch: {detail}")]
    Refused {
        /// Its cause, as far as it gave one.
        cause: Option<Cause>,
        /// Its words.
        detail: String,
    },
    /// It was sent, and nobody knows whether the switch got it: the call must
    /// be looked for before anything else is done.
    #[error("fate unknown: {0}")]
    Unknown(String),
}

/// Why a command about an existing call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No connection to the switch, or it broke before the answer came.
    #[error("no connection to the switch: {0}")]
    Disconnected(String),
    /// The switch has no such channel: its end was, or will be, reported.
    #[error("no such channel")]
    NoSuchChannel,
    /// The switch understood and refused.
    #[error("refused by the switch: {0}")]
    Refused(String),
}

/// What a switch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchKind {
    /// FreeSWITCH, by its event socket.
    Freeswitch,
    /// Asterisk, by ARI.
    Asterisk,
}

/// Where connection events of a switch arrive.
pub type LinkEvents = mpsc::UnboundedReceiver<LinkEvent>;

/// A FreeSWITCH or an Asterisk. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Switch {
    /// FreeSWITCH, by its event socket.
    FreeSwitch(freeswitch::FreeSwitch),
    /// Asterisk, by ARI.
    Asterisk(asterisk::Asterisk),
}

impl Switch {
    /// Which of the two it is.
    pub fn kind(&self) -> SwitchKind {
        match self {
            Self::FreeSwitch(_) => SwitchKind::Freeswitch,
            Self::Asterisk(_) => SwitchKind::Asterisk,
        }
    }

    /// Whether commands can be sent now.
    pub fn is_up(&self) -> bool {
        match self {
            Self::FreeSwitch(switch) => switch.is_up(),
            Self::Asterisk(switch) => switch.is_up(),
        }
    }

    /// The events of its calls, since the adapter started.
    pub fn events(&self) -> EventCounts {
        match self {
            Self::FreeSwitch(switch) => switch.events(),
            Self::Asterisk(switch) => switch.events(),
        }
    }

    /// Places a call. Its events arrive from the moment the command is
    /// written; `Ok` means the switch took the command, no more.
    pub async fn originate(&self, call: &Originate) -> Result<CallEvents, OriginateError> {
        match self {
            Self::FreeSwitch(switch) => switch.originate(call).await,
            Self::Asterisk(switch) => switch.originate(call).await,
        }
    }

    /// Receives the events of a call that was placed before a restart.
    pub fn attach(&self, call: CallId) -> CallEvents {
        match self {
            Self::FreeSwitch(switch) => switch.attach(call),
            Self::Asterisk(switch) => switch.attach(call),
        }
    }

    /// Plays a file (as the switch knows it) to an answered call; ends with
    /// [`CallEvent::PlaybackFinished`].
    pub async fn play(&self, call: CallId, file: &str) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.play(call, file).await,
            Self::Asterisk(switch) => switch.play(call, file).await,
        }
    }

    /// Stops what plays; [`CallEvent::PlaybackFinished`] follows.
    pub async fn stop_playback(&self, call: CallId) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.stop_playback(call).await,
            Self::Asterisk(switch) => switch.stop_playback(call).await,
        }
    }

    /// Starts to record; ends with [`CallEvent::RecordingFinished`].
    pub async fn record(&self, call: CallId, recording: &Recording) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.record(call, recording).await,
            Self::Asterisk(switch) => switch.record(call, recording).await,
        }
    }

    /// Stops a recording; [`CallEvent::RecordingFinished`] follows.
    pub async fn stop_recording(&self, call: CallId, recording: &Recording) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.stop_recording(call, recording).await,
            Self::Asterisk(switch) => switch.stop_recording(call, recording).await,
        }
    }

    /// Brings a finished recording to `folder`, as `<name>.wav`, unless the
    /// switch put it there itself. Asterisk's own copy is deleted.
    pub async fn fetch_recording(&self, name: &str, folder: &Path) -> Result<(), CommandError> {
        match self {
            // It wrote into the folder, which both see.
            Self::FreeSwitch(_) => Ok(()),
            Self::Asterisk(switch) => switch.fetch_recording(name, folder).await,
        }
    }

    /// Rings somebody else and connects both; [`CallEvent::Transfer`] tells.
    /// Should the callee hang up, the other party's channel is ended too.
    pub async fn transfer(&self, call: CallId, transfer: &Transfer) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.transfer(call, transfer).await,
            Self::Asterisk(switch) => switch.transfer(call, transfer).await,
        }
    }

    /// Listens to what the callee says. Nothing may play meanwhile; a playback
    /// ends it.
    pub async fn listen(&self, call: CallId) -> Result<Listening, CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.listen(call).await,
            Self::Asterisk(switch) => switch.listen(call).await,
        }
    }

    /// Stops listening, before anything else is done with the call.
    pub async fn stop_listening(&self, call: CallId) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.stop_listening(call).await,
            Self::Asterisk(switch) => switch.stop_listening(call).await,
        }
    }

    /// Has the switch find out who answered; [`CallEvent::Detected`] tells.
    /// Asterisk runs `AMD()` in the dialplan and takes no other command until
    /// then. FreeSWITCH's `avmd` listens for a beep beside whatever plays.
    pub async fn detect(&self, call: CallId) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.detect(call).await,
            Self::Asterisk(switch) => switch.detect(call).await,
        }
    }

    /// Hangs the channel up; [`CallEvent::HungUp`] follows.
    pub async fn hang_up(&self, call: CallId) -> Result<(), CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.hang_up(call).await,
            Self::Asterisk(switch) => switch.hang_up(call).await,
        }
    }

    /// Asks for one call, exactly.
    pub async fn presence(&self, call: CallId) -> Result<Presence, CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.presence(call).await,
            Self::Asterisk(switch) => switch.presence(call).await,
        }
    }

    /// Every channel on the switch that carries our mark.
    pub async fn live_calls(&self) -> Result<Vec<CallId>, CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.live_calls().await,
            Self::Asterisk(switch) => switch.live_calls().await,
        }
    }

    /// Product and version, for `doctor` and the log.
    pub async fn version(&self) -> Result<String, CommandError> {
        match self {
            Self::FreeSwitch(switch) => switch.version().await,
            Self::Asterisk(switch) => switch.version().await,
        }
    }

    /// Closes the connection and stops reconnecting.
    pub async fn close(&self) {
        match self {
            Self::FreeSwitch(switch) => switch.close().await,
            Self::Asterisk(switch) => switch.close().await,
        }
    }
}
