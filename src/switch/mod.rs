//! What the dialer needs of a PBX, and the two that provide it.
//!
//! An adapter keeps one connection to its switch alive for as long as it
//! lives, sends commands and turns the switch's events into [`CallEvent`]s of
//! one call and [`LinkEvent`]s of the connection. Layers never mix: codec
//! (bytes ↔ frames) → connection (owns the socket) → adapter (wire ↔ domain).

use std::time::Duration;

use tokio::sync::mpsc;

use crate::call::{CallId, Cause, SipStatus};
use crate::number::PhoneNumber;

pub mod asterisk;
pub mod freeswitch;
mod registry;
pub mod simulator;
mod trunk;

pub use registry::{CallEvents, Registry};
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
    /// The channel is gone. Always the last event of a call.
    HungUp(HungUp),
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
    /// Whether commands can be sent now.
    pub fn is_up(&self) -> bool {
        match self {
            Self::FreeSwitch(switch) => switch.is_up(),
            Self::Asterisk(switch) => switch.is_up(),
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
