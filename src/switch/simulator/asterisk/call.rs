//! What requests may know of a simulated call, and how they reach its task.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::wire::{self, Channel, Dialplan, Party};
use crate::switch::simulator::{Answer, Journal, Record, Speech};

/// What `POST /channels` asked for.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) id: String,
    pub(super) endpoint: String,
    /// The number in the endpoint.
    pub(super) number: String,
    pub(super) app: String,
    pub(super) app_args: Option<String>,
    /// Number of the caller ID.
    pub(super) caller_id: String,
    /// How long it may ring.
    pub(super) timeout: Option<Duration>,
    /// How long the channel may live.
    pub(super) absolute: Option<Duration>,
    pub(super) variables: serde_json::Map<String, serde_json::Value>,
}

/// What a request asks of a call's task.
#[derive(Debug)]
pub(super) enum Command {
    Hangup,
    Play {
        id: String,
        media: Vec<String>,
    },
    StopPlayback {
        id: String,
    },
    /// Record what the callee says.
    Record {
        name: String,
        max: Option<Duration>,
        silence: Option<Duration>,
        any_key_ends: bool,
    },
    /// Stop that.
    StopRecording {
        name: String,
    },
    /// To the dialplan.
    Continue {
        context: String,
    },
    /// `TIMEOUT(absolute)`, from now on.
    EndAfter(Duration),
}

/// What others may know of a call.
#[derive(Debug)]
pub(super) struct Call {
    placed: Placed,
    name: String,
    dialstring: String,
    protocol_id: String,
    created: String,
    app_data: String,
    stage: AtomicU8,
    commands: mpsc::UnboundedSender<Command>,
    /// It was placed for the sake of another, which is there already.
    is_leg: bool,
    /// Once answered: when, and by whom.
    answered: OnceLock<(Instant, Answer)>,
    /// How often the callee was asked to speak.
    replies: AtomicU64,
    /// Set after it was placed.
    set: Mutex<HashMap<String, String>>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
pub(super) enum Stage {
    Down,
    Ringing,
    /// Answered, but not in its application any more, or not yet.
    Up,
    /// In its application: it can be played to.
    Stasis,
}

impl Call {
    pub(super) fn new(placed: Placed, sequence: u64, is_leg: bool) -> (Self, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let dialstring = placed.endpoint.split_once('/').map_or("", |(_, rest)| rest).to_owned();
        let trunk = dialstring.split_once('@').map_or("carrier", |(_, trunk)| trunk);
        let app_data = match &placed.app_args {
            Some(args) => format!("{},{args}", placed.app),
            None => placed.app.clone(),
        };
        let call = Self {
            name: format!("PJSIP/{trunk}-{sequence:08x}"),
            dialstring,
            protocol_id: uuid::Uuid::new_v4().to_string(),
            created: wire::timestamp(),
            app_data,
            stage: AtomicU8::new(Stage::Down as u8),
            commands,
            is_leg,
            answered: OnceLock::new(),
            replies: AtomicU64::new(0),
            set: Mutex::default(),
            placed,
        };
        (call, receiver)
    }

    pub(super) fn id(&self) -> &str {
        &self.placed.id
    }

    pub(super) fn app(&self) -> &str {
        &self.placed.app
    }

    /// What the client asked for.
    pub(super) fn placed(&self) -> &Placed {
        &self.placed
    }

    /// What was dialed: the endpoint without its technology.
    pub(super) fn dialstring(&self) -> &str {
        &self.dialstring
    }

    /// A variable of the channel.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        set.or_else(|| self.placed.variables.get(name)?.as_str().map(str::to_owned))
    }

    /// Sets a variable.
    pub(super) fn set_variable(&self, name: String, value: String) {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
    }

    /// It is answered now.
    pub(super) fn answer(&self, answer: &Answer) {
        // Once: a call is answered by one callee.
        let _ = self.answered.set((Instant::now(), answer.clone()));
    }

    /// How long it has been answered, in real time, and by whom.
    pub(super) fn answered(&self) -> Option<(Duration, &Answer)> {
        self.answered.get().map(|(at, answer)| (at.elapsed(), answer))
    }

    /// What the callee says when asked to speak; none before the answer. A
    /// machine just goes on.
    pub(super) fn reply(&self) -> Option<Speech> {
        let (_, answer) = self.answered.get()?;
        (!answer.machine).then(|| answer.reply(self.replies.fetch_add(1, Ordering::Relaxed)))
    }

    /// Whether it was placed for the sake of another call.
    pub(super) fn is_leg(&self) -> bool {
        self.is_leg
    }

    /// Whether commands such as play are taken.
    pub(super) fn is_in_stasis(&self) -> bool {
        self.stage() == Stage::Stasis
    }

    /// Hands a command to its task; `false` if the call is over.
    pub(super) fn command(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }

    /// To be called before the client is answered.
    pub(super) fn note_originate(&self, journal: &Journal) {
        let (call, number) = (self.placed.id.clone(), self.placed.number.clone());
        journal.note(if self.is_leg {
            Record::Leg { leg: call, number }
        } else {
            Record::Originate { call, number, caller_id: self.placed.caller_id.clone() }
        });
    }

    /// As it is now.
    pub(super) fn channel(&self) -> Channel<'_> {
        let stage = self.stage();
        let party = Party { name: "", number: &self.placed.caller_id };
        let (app_name, app_data) = match stage {
            Stage::Stasis => ("Stasis", self.app_data.as_str()),
            Stage::Down | Stage::Ringing | Stage::Up => ("AppDial2", "(Outgoing Line)"),
        };
        Channel {
            id: &self.placed.id,
            name: &self.name,
            state: match stage {
                Stage::Down => "Down",
                Stage::Ringing => "Ringing",
                Stage::Up | Stage::Stasis => "Up",
            },
            protocol_id: &self.protocol_id,
            caller: party,
            connected: party,
            accountcode: "",
            dialplan: Dialplan { context: "from-carrier", exten: "s", priority: 1, app_name, app_data },
            creationtime: &self.created,
            language: "en",
        }
    }

    fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Down,
            1 => Stage::Ringing,
            2 => Stage::Up,
            _ => Stage::Stasis,
        }
    }

    /// Goes on to a stage.
    pub(super) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }
}
