//! Any real FreeSWITCH, named by the environment, and called parties behind its
//! trunk that play the table of `asterisk/callee.rs` by the number's last two
//! digits. What it must be set up with is in docs/testing.md.
//!
//! | variable | |
//! |---|---|
//! | `CANVASS_TEST_FREESWITCH` | host:port of its event socket |
//! | `CANVASS_TEST_FREESWITCH_PASSWORD` | of the event socket; `ClueCon` if not set |
//! | `CANVASS_TEST_FREESWITCH_TRUNK` | endpoint to the called parties, with `{number}` or `{digits}` |
//! | `CANVASS_TEST_FREESWITCH_DEAD_TRUNK` | the same, where nobody listens; without it one test is skipped |
//! | `CANVASS_TEST_FREESWITCH_MEDIA` | our `media` folder as FreeSWITCH sees it; the same path if not set |

#![allow(dead_code)] // not every test binary uses all of it

use std::sync::Arc;
use std::time::Duration;

use canvass::call::{Action, CallId, Machine, Outcome, Plan, Report, Script, Sound, Step};
use canvass::number::PhoneNumber;
use canvass::switch::freeswitch::{FreeSwitch, Options};
use canvass::switch::{CallEvent, CallEvents, CommandError, LinkEvent, LinkEvents, Originate, TrunkTemplate};
use jiff::Timestamp;
use tokio::time::timeout;

use super::need::{self, Need};

#[allow(dead_code)] // Asterisk's tests use the rest
#[path = "asterisk/callee.rs"]
mod callee;
pub(crate) use callee::Callee;

/// Nothing here takes that long; a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(45);

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it happens soon")
}

/// What the environment says of the FreeSWITCH to be used.
pub(crate) struct Real {
    address: String,
    password: String,
    trunk: TrunkTemplate,
    dead_trunk: Option<TrunkTemplate>,
    media: String,
}

impl Real {
    /// `None`, and a line in the test log, where no FreeSWITCH is named.
    pub(crate) fn named(test: &str) -> Option<Self> {
        let Some(address) = variable("CANVASS_TEST_FREESWITCH") else {
            need::skip(Need::FreeSwitch, test);
            return None;
        };
        let trunk = variable("CANVASS_TEST_FREESWITCH_TRUNK").expect("CANVASS_TEST_FREESWITCH_TRUNK goes with it");
        let template = |text: String| text.parse().unwrap_or_else(|error| panic!("{error}"));
        need::ran(Need::FreeSwitch, test);
        Some(Self {
            address,
            password: variable("CANVASS_TEST_FREESWITCH_PASSWORD").unwrap_or_else(|| "ClueCon".into()),
            trunk: template(trunk),
            dead_trunk: variable("CANVASS_TEST_FREESWITCH_DEAD_TRUNK").map(template),
            media: variable("CANVASS_TEST_FREESWITCH_MEDIA")
                .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/media").into()),
        })
    }

    /// The same, with a trunk that leads nowhere.
    pub(crate) fn with_dead_trunk(test: &str) -> Option<(Self, TrunkTemplate)> {
        if variable("CANVASS_TEST_FREESWITCH_DEAD_TRUNK").is_none() {
            need::skip(Need::FreeSwitch, test);
            return None;
        }
        let real = Self::named(test)?;
        let dead = real.dead_trunk.clone()?;
        Some((real, dead))
    }

    /// How this FreeSWITCH is reached.
    pub(crate) fn options(&self, node: &str) -> Options {
        Options { address: self.address.clone(), password: self.password.clone().into(), node: node.into() }
    }

    /// A connection of a node of its own.
    pub(crate) async fn connect(&self, node: &str) -> (FreeSwitch, LinkEvents) {
        let (switch, mut links) = FreeSwitch::start(self.options(node));
        assert_eq!(soon(links.recv()).await, Some(LinkEvent::Up { epoch: 1 }));
        (switch, links)
    }

    /// The endpoint template to the called parties.
    pub(crate) fn trunk(&self) -> String {
        self.trunk.to_string()
    }

    /// Whether the end of a call has a SIP status.
    pub(crate) fn is_sip(&self) -> bool {
        self.trunk.to_string().starts_with("sofia/")
    }

    /// The prompt of the demo.
    pub(crate) fn prompt(&self) -> String {
        format!("{}/demo-prompt.wav", self.media)
    }

    /// A call to one of these called parties.
    pub(crate) fn order(&self, callee: Callee, index: u32) -> Originate {
        order(&self.trunk, &callee.number(index))
    }
}

/// An empty variable is as good as none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// A call over this trunk.
pub(crate) fn order(trunk: &TrunkTemplate, number: &str) -> Originate {
    let number = PhoneNumber::from_e164(number).expect("a number");
    Originate {
        call: CallId::new(),
        endpoint: trunk.fill(number),
        number,
        caller_id: PhoneNumber::from_e164("+15550000001").expect("a number"),
        ring_timeout: Duration::from_secs(30),
        max_call: Duration::from_secs(60),
    }
}

/// A call on its way.
pub(crate) struct Call {
    switch: FreeSwitch,
    pub(crate) id: CallId,
    events: CallEvents,
    machine: Machine,
    /// Whether what the machine wants is done.
    driven: bool,
    /// All that was told of it so far.
    told: Vec<CallEvent>,
    report: Option<Report>,
}

impl Call {
    /// Places it and lets the machine steer it as the dialer does: on answer
    /// the prompt is played, then it is hung up.
    pub(crate) async fn place(switch: &FreeSwitch, order: &Originate, prompt: String) -> Self {
        let events = soon(switch.originate(order)).await.expect("FreeSWITCH takes the command");
        Self::of(switch, order, prompt, events, true)
    }

    /// Places it and leaves it alone: the test steers it.
    pub(crate) async fn leave(switch: &FreeSwitch, order: &Originate) -> Self {
        let events = soon(switch.originate(order)).await.expect("FreeSWITCH takes the command");
        Self::of(switch, order, String::new(), events, false)
    }

    /// Places it and waits for the answer; the test steers it from then on.
    pub(crate) async fn answered(switch: &FreeSwitch, order: &Originate) -> Self {
        let mut call = Self::leave(switch, order).await;
        call.until(&CallEvent::Answered).await;
        call
    }

    /// One that another node or process has placed.
    pub(crate) fn attach(switch: &FreeSwitch, order: &Originate) -> Self {
        Self::of(switch, order, String::new(), switch.attach(order.call), false)
    }

    fn of(switch: &FreeSwitch, order: &Originate, prompt: String, events: CallEvents, driven: bool) -> Self {
        let sounds = vec![Sound { file: prompt, length: None }];
        let steps = vec![Step::Play { sounds, barge_in: false, next: 1 }, Step::HangUp];
        let plan = Plan {
            call: order.call,
            script: Arc::new(Script { steps, ..Script::default() }),
            ring_timeout: order.ring_timeout,
            max_call: order.max_call,
        };
        let machine = Machine::new(plan, Timestamp::now());
        Self { switch: switch.clone(), id: order.call, events, machine, driven, told: Vec::new(), report: None }
    }

    /// The next event, and what the dialer does about it.
    pub(crate) async fn next(&mut self) -> CallEvent {
        let event = soon(self.events.recv()).await.expect("nobody else listens");
        self.told.push(event.clone());
        let actions = self.machine.on_event(Timestamp::now(), event.clone());
        self.carry_out(actions).await;
        event
    }

    /// Goes on until this event.
    pub(crate) async fn until(&mut self, want: &CallEvent) {
        while self.next().await != *want {
            assert!(self.report.is_none(), "over before {want:?}: {:?}", self.told);
        }
    }

    /// Goes on to the end; what was told of the call and what comes of it.
    pub(crate) async fn end(mut self) -> (Vec<CallEvent>, Report) {
        loop {
            if let Some(report) = self.report.take() {
                assert_eq!(self.events.try_recv(), None, "nothing is told after the end");
                return (self.told, report);
            }
            self.next().await;
        }
    }

    /// We take it back.
    pub(crate) async fn stop(&mut self) {
        self.machine.on_stop(Timestamp::now(), "stopped");
        assert_eq!(soon(self.switch.hang_up(self.id)).await, Ok(()));
    }

    /// We take back a call that was answered; that is how it counts.
    pub(crate) async fn stop_answered(mut self) {
        self.stop().await;
        assert_eq!(self.end().await.1.outcome, Outcome::Answered);
    }

    async fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Play(_) | Action::HangUp if !self.driven => {}
                Action::Play(file) => self.allow_gone(soon(self.switch.play(self.id, &file)).await),
                Action::HangUp => self.allow_gone(soon(self.switch.hang_up(self.id)).await),
                Action::NoteAnswer(_) => {}
                Action::Settle(report) => self.report = Some(*report),
                other => panic!("a script of one prompt does not {other:?}"),
            }
        }
    }

    /// The callee may have been faster.
    fn allow_gone(&self, done: Result<(), CommandError>) {
        assert!(matches!(done, Ok(()) | Err(CommandError::NoSuchChannel)), "{done:?} after {:?}", self.told);
    }
}
