//! One call: a channel with a simulated callee at its other end.
//!
//! Commands act on a channel at once, under its lock, so that replies and
//! events come in the order of the real one; a task per channel waits for what
//! is due. Locks are taken in the order channel → [`Core`] → hub, never back.

mod apps;
mod bridge;
mod callee;
mod life;
mod lines;
mod playback;
mod recording;
mod schedule;
mod unicast;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use self::lines::{Face, Stage, Times};
use self::playback::Play;
use self::recording::Recording;
use self::schedule::Schedule;
use self::unicast::Unicast;
use super::core::Core;
use super::encode::encoded;
use super::originate::ParsedOriginate;
use super::variables::Variables;
use crate::call::Cause;
use crate::switch::simulator::Then;

pub(super) use self::apps::{App, Parking, delay_and_cause};
pub(super) use self::unicast::Ports;

/// A channel. Its task ends when the channel does.
#[derive(Debug)]
pub(super) struct Channel {
    /// Its `Unique-ID`.
    pub(super) uuid: String,
    core: Arc<Core>,
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug)]
struct State {
    face: Face,
    phase: Phase,
    stage: Stage,
    /// It reached its application; FreeSWITCH then swaps the caller's fields.
    dialplan: bool,
    cause: Option<Cause>,
    times: Times,
    variables: Variables,
    schedule: Schedule,
    plan: Plan,
    waiter: Option<Waiter>,
    /// The id of the park application, while it runs.
    park: Option<String>,
    plays: Vec<Play>,
    /// The `sleep` that runs.
    rest: Option<App>,
    /// What was sent before the channel could do it.
    queue: Vec<App>,
    recordings: Vec<Recording>,
    /// Recordings of what the callee was asked to say, so far.
    replies: u64,
    /// Sounds that were played to their end or stopped, so far.
    prompts: u32,
    /// When the callee answered.
    answered: Option<Instant>,
    /// The channel it is connected with.
    partner: Option<String>,
    /// It was parked by `uuid_park` or after a bridge: `uuid_park` then leaves it
    /// without anybody who serves it.
    park_state: bool,
    unicast: Option<Unicast>,
    /// An application ran over the raw audio, which stays away until the
    /// channel parks anew.
    audio_lost: bool,
    /// Ports raw audio was bound to: each serves once.
    used_ports: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Dialing,
    Ringing,
    Up,
    HungUp,
    Gone,
}

/// What the channel is for.
#[derive(Debug)]
pub(super) struct Plan {
    /// What the callee does, and after how long.
    pub(super) ring: Duration,
    /// What the callee does then.
    pub(super) then: Then,
    /// Scaled.
    pub(super) ring_timeout: Duration,
    /// What runs after answer; none for an extension.
    pub(super) application: Option<String>,
    /// Its argument.
    pub(super) argument: String,
}

/// Whom the channel is on behalf of.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) channel: String,
    pub(super) number: String,
    pub(super) caller_id: String,
    pub(super) gateway: String,
    pub(super) session: i64,
}

/// Who waits for the result of `originate`.
#[derive(Debug)]
pub(super) enum Waiter {
    /// `bgapi`: an event tells.
    Job {
        /// Its id.
        job: String,
    },
    /// `api`: the connection waits.
    Reply(oneshot::Sender<String>),
}

impl Channel {
    /// A channel that does nothing until [`Channel::run`].
    pub(super) fn new(core: Arc<Core>, uuid: String, names: Names, parsed: &ParsedOriginate, plan: Plan) -> Self {
        let face = Face {
            uuid: encoded(&uuid),
            channel: encoded(&names.channel),
            number: encoded(&names.number),
            caller_id: encoded(&names.caller_id),
            caller_name: parsed.variable("origination_caller_id_name").map(encoded).unwrap_or_default(),
            gateway: encoded(&names.gateway),
            session: names.session,
        };
        let mut state = State {
            face,
            phase: Phase::Dialing,
            stage: Stage { state: "CS_NONE", number: 1, call: "DOWN" },
            dialplan: false,
            cause: None,
            times: Times { start: core.hub.now(), ..Times::default() },
            variables: Variables::default(),
            schedule: Schedule::default(),
            plan,
            waiter: None,
            park: None,
            plays: Vec::new(),
            rest: None,
            queue: Vec::new(),
            recordings: Vec::new(),
            replies: 0,
            prompts: 0,
            answered: None,
            partner: None,
            park_state: false,
            unicast: None,
            audio_lost: false,
            used_ports: Vec::new(),
        };
        state.first_variables(parsed);
        Self { uuid, core, state: Mutex::new(state), wake: Notify::new() }
    }

    /// Lives until the channel is gone, or the simulator stops.
    pub(super) async fn run(self: Arc<Self>, waiter: Waiter, command: String) {
        self.lock().waiter = Some(waiter);
        self.offer();
        let stop = self.core.stop.clone();
        loop {
            let next = {
                let mut state = self.lock();
                while let Some(due) = state.schedule.pop(Instant::now()) {
                    self.happen(&mut state, due, &command);
                }
                if state.phase == Phase::Gone {
                    return;
                }
                state.schedule.next()
            };
            let due = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.wake.notified() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Hangs up. `false` if that happened already.
    pub(super) fn kill(&self, cause: Cause) -> bool {
        let mut state = self.lock();
        let ended = self.hang_up(&mut state, cause, life::By::Us);
        drop(state);
        self.wake.notify_one();
        ended
    }

    /// Hangs up after a time, scaled already.
    pub(super) fn kill_after(&self, time: Duration, cause: Cause) {
        self.lock().schedule.add(Instant::now() + time, schedule::Due::Scheduled(cause));
        self.wake.notify_one();
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.lock().variables.get(name)
    }

    /// Sets a variable.
    pub(super) fn set_variable(&self, name: &str, value: &str) {
        self.lock().variables.set(name, value);
    }

    /// All that is known, as `uuid_dump` prints it.
    pub(super) fn dump(&self) -> String {
        let mut out = Vec::new();
        self.core.hub.dump_head(&mut out);
        self.lock().dump_lines(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// What `show channels` says of it.
    pub(super) fn summary(&self) -> Summary {
        let state = self.lock();
        let plain = |text: &str| super::encode::decode(text.as_bytes());
        Summary {
            created: state.times.start,
            name: plain(&state.face.channel),
            state: state.stage.state,
            call_state: state.stage.call,
            caller_id: plain(&state.face.caller_id),
            number: plain(&state.face.number),
            application: if state.park.is_some() { "park" } else { "" },
        }
    }

    /// Takes away what `sched_hangup` set; how many there were.
    pub(super) fn forget_limits(&self) -> usize {
        self.lock().schedule.cancel_all(|due| matches!(due, schedule::Due::Scheduled(_)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One row of `show channels`.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) created: i64,
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) call_state: &'static str,
    pub(super) caller_id: String,
    pub(super) number: String,
    pub(super) application: &'static str,
}
