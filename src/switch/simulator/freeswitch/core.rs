//! What the connections and the channels of one simulated switch share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::Options;
use super::channel::{Channel, Names, Plan, Waiter};
use super::encode::{encode, line};
use super::endpoint::Endpoint;
use super::event::EventKind;
use super::hub::Hub;
use super::originate::{ParsedOriginate, parse_originate};
use crate::clock::Clock;
use crate::switch::simulator::{Callees, Record, Then};

/// What our adapter marks the other party of a call with: no call of its own.
const LEG_MARK: &str = "canvass_leg";

/// The switch.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) options: Options,
    pub(super) hub: Hub,
    /// Ends every task.
    pub(super) stop: CancellationToken,
    /// Every task.
    pub(super) tasks: TaskTracker,
    /// When it started, in microseconds since 1970.
    pub(super) started: i64,
    callees: Callees,
    channels: Mutex<HashMap<String, Arc<Channel>>>,
    sessions: AtomicI64,
}

/// An originate command, decided but not begun.
#[derive(Debug)]
pub(super) enum Prepared {
    /// A call, noted in the journal.
    Call(Arc<Channel>),
    /// The gateway does not exist: only the end of a channel is heard of.
    NoGateway(String),
    /// Nothing happens but this reply.
    Refused(String),
}

impl Core {
    /// A switch without channels.
    pub(super) fn new(options: Options) -> Self {
        let hub = Hub::new(Clock::system());
        Self {
            callees: Callees::new(options.mix.clone()),
            started: hub.now(),
            hub,
            options,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            channels: Mutex::default(),
            sessions: AtomicI64::new(0),
        }
    }

    /// Simulated time as real time.
    pub(super) fn scaled(&self, time: Duration) -> Duration {
        self.options.mix.scaled(time)
    }

    /// The simulated time since then; none before.
    pub(super) fn simulated(&self, since: Option<Instant>) -> Duration {
        since.map_or(Duration::ZERO, |since| since.elapsed().mul_f64(self.options.mix.speed.max(1e-9)))
    }

    /// The channel with this id.
    pub(super) fn find(&self, uuid: &str) -> Option<Arc<Channel>> {
        self.lock().get(uuid).cloned()
    }

    /// Every channel, oldest first.
    pub(super) fn channels(&self) -> Vec<Arc<Channel>> {
        let mut channels: Vec<_> = self.lock().values().cloned().collect();
        channels.sort_by_cached_key(|channel| channel.summary().created);
        channels
    }

    /// How many channels there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many there ever were.
    pub(super) fn sessions(&self) -> i64 {
        self.sessions.load(Ordering::Relaxed)
    }

    /// A channel is gone.
    pub(super) fn forget(&self, uuid: &str) {
        self.lock().remove(uuid);
    }

    /// Lets go of every channel, to end what they share.
    pub(super) fn forget_all(&self) {
        self.lock().clear();
    }

    /// Whether a gateway exists and is up; none if it does not exist.
    pub(super) fn gateway(&self, name: &str) -> Option<bool> {
        let down = self.options.down_gateways.iter().any(|gateway| gateway == name);
        let known = self.options.gateways.as_ref().is_none_or(|known| known.iter().any(|gateway| gateway == name));
        (known || down).then_some(!down)
    }

    /// Decides what an originate command does, and notes the call. Of several
    /// endpoints only the first is called.
    pub(super) fn prepare(self: &Arc<Self>, command: &str) -> Prepared {
        let parsed = match parse_originate(command) {
            Ok(parsed) => parsed,
            Err(fault) => return Prepared::Refused(fault.reply().to_owned()),
        };
        let chosen = parsed.variable("origination_uuid").filter(|uuid| !uuid.is_empty()).map(str::to_owned);
        let (gateway, number, channel) = match Endpoint::read(&parsed.endpoint) {
            Endpoint::Callee { gateway, number, channel } => (gateway, number, channel),
            Endpoint::Fails(cause) => {
                return Prepared::Refused(format!(
                    "-ERR {}\n",
                    cause.freeswitch_name().unwrap_or("NORMAL_UNSPECIFIED")
                ));
            }
        };
        let up = match &gateway {
            Some(gateway) => match self.gateway(gateway) {
                Some(up) => up,
                None => return Prepared::NoGateway(chosen.unwrap_or_else(fresh)),
            },
            None => true,
        };
        let names = Names {
            channel,
            number,
            caller_id: parsed.variable("origination_caller_id_number").unwrap_or("0000000000").to_owned(),
            gateway: gateway.unwrap_or_default(),
            session: self.sessions.fetch_add(1, Ordering::Relaxed) + 1,
        };
        self.place(chosen, names, up, &parsed)
    }

    fn place(self: &Arc<Self>, chosen: Option<String>, names: Names, up: bool, parsed: &ParsedOriginate) -> Prepared {
        let mut channels = self.lock();
        if channels.len() >= self.options.max_sessions {
            return Prepared::Refused("-ERR DESTINATION_OUT_OF_ORDER\n".to_owned());
        }
        // An id in use is not refused: the channel gets another.
        let uuid = chosen.clone().filter(|uuid| !channels.contains_key(uuid)).unwrap_or_else(fresh);
        let (call, number) = (chosen.unwrap_or_else(|| uuid.clone()), names.number.clone());
        self.options.journal.note(match parsed.variable(LEG_MARK) {
            Some(_) => Record::Leg { leg: call, number },
            None => Record::Originate { call, number, caller_id: names.caller_id.clone() },
        });
        let (ring, then) = if up {
            let callee = self.callees.call(&names.number);
            (callee.ring, callee.then)
        } else {
            (Duration::ZERO, Then::Congestion)
        };
        let plan = Plan {
            ring,
            then,
            ring_timeout: self.scaled(parsed.ring_timeout),
            application: parsed.application.clone(),
            argument: parsed.argument.clone(),
        };
        let channel = Arc::new(Channel::new(self.clone(), uuid.clone(), names, parsed, plan));
        channels.insert(uuid, channel.clone());
        Prepared::Call(channel)
    }

    /// Begins what was prepared; the waiter hears how it went.
    pub(super) fn begin(self: &Arc<Self>, prepared: Prepared, waiter: Waiter, command: &str) {
        let result = match prepared {
            Prepared::Call(channel) => {
                self.tasks.spawn(channel.run(waiter, command.to_owned()));
                return;
            }
            Prepared::NoGateway(uuid) => {
                self.destroyed_at_once(&uuid);
                "-ERR INVALID_GATEWAY\n".to_owned()
            }
            Prepared::Refused(reply) => reply,
        };
        match waiter {
            Waiter::Job { job } => job_lines(&self.hub, &job, "originate", command, &result),
            Waiter::Reply(reply) => _ = reply.send(result),
        }
    }

    /// The only events of a channel that never got a gateway.
    fn destroyed_at_once(&self, uuid: &str) {
        let lines = |out: &mut Vec<u8>, state: &str| {
            let head = format!("Channel-State: {state}\nChannel-Call-State: DOWN\nChannel-State-Number: 0\n");
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(b"Channel-Name: N/A\nUnique-ID: ");
            encode(uuid, out);
            out.extend_from_slice(b"\nCall-Direction: outbound\nPresence-Call-Direction: outbound\n");
            out.extend_from_slice(b"Channel-HIT-Dialplan: false\nChannel-Call-UUID: ");
            encode(uuid, out);
            out.extend_from_slice(b"\nAnswer-State: ringing\n");
        };
        self.hub.publish(EventKind::Destroy, |out| {
            lines(out, "CS_NONE");
            out.extend_from_slice(b"variable_direction: outbound\nvariable_is_outbound: true\n");
            for name in ["uuid", "call_uuid"] {
                line(out, &format!("variable_{name}"), uuid);
            }
            out.extend_from_slice(format!("variable_session_id: {}\n", self.sessions()).as_bytes());
        });
        self.hub.publish(EventKind::State, |out| lines(out, "CS_DESTROY"));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh() -> String {
    Uuid::new_v4().to_string()
}

/// Tells how a `bgapi` command went.
pub(super) fn job_lines(hub: &Hub, job: &str, command: &str, argument: &str, result: &str) {
    api_lines(hub, command, argument);
    let lines = |out: &mut Vec<u8>| {
        line(out, "Job-UUID", job);
        line(out, "Job-Command", command);
        argument_line(out, "Job-Command-Arg", argument);
    };
    hub.publish_with(EventKind::BackgroundJob, lines, result);
}

/// Tells that a command was executed.
pub(super) fn api_lines(hub: &Hub, command: &str, argument: &str) {
    hub.publish(EventKind::Api, |out| {
        line(out, "API-Command", command);
        argument_line(out, "API-Command-Argument", argument);
    });
}

/// A command's argument, where there is one.
fn argument_line(out: &mut Vec<u8>, name: &str, argument: &str) {
    if !argument.is_empty() {
        line(out, name, argument);
    }
}
