//! Applications: what a channel can be told to do.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::super::encode::line;
use super::super::event::EventKind;
use super::life::By;
use super::schedule::Due;
use super::{Channel, Phase, State};
use crate::call::Cause;

const NORMAL_CLEARING: Cause = Cause(16);
const DESTINATION_OUT_OF_ORDER: Cause = Cause(27);

/// Applications that are done at once and change nothing here.
const SILENT: &[&str] = &[
    "answer",
    "pre_answer",
    "ring_ready",
    "log",
    "info",
    "export",
    "send_dtmf",
    "send_display",
    "event",
    "start_dtmf",
];

/// An application with its argument.
#[derive(Clone, Debug)]
pub(in crate::switch::simulator::freeswitch) struct App {
    /// `playback`.
    pub(super) name: String,
    /// Its argument.
    pub(super) argument: String,
    /// The id the client gave it, or a fresh one.
    pub(super) id: String,
}

impl App {
    /// With a fresh id.
    pub(in crate::switch::simulator::freeswitch) fn new(name: &str, argument: &str) -> Self {
        Self::with_id(name, argument, None)
    }

    /// With the `Event-UUID` of a client.
    pub(in crate::switch::simulator::freeswitch) fn with_id(name: &str, argument: &str, id: Option<&str>) -> Self {
        let id = id.filter(|id| !id.is_empty()).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        Self { name: name.to_owned(), argument: argument.to_owned(), id }
    }
}

/// How a channel is parked anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::switch::simulator::freeswitch) enum Parking {
    /// `uuid_park`: by its state.
    State,
    /// `uuid_transfer … park inline`: by a dialplan of one application.
    Inline,
}

impl State {
    /// Left by a second `uuid_park`.
    fn is_forsaken(&self) -> bool {
        self.park_state && self.park.is_none()
    }

    /// Whether applications run on it now.
    fn is_served(&self) -> bool {
        self.dialplan && self.partner.is_none() && !self.is_forsaken()
    }
}

/// `+30 USER_BUSY`, as `sched_hangup` takes it.
pub(in crate::switch::simulator::freeswitch) fn delay_and_cause(text: &str) -> Option<(Duration, Cause)> {
    let mut words = text.split_whitespace();
    let seconds = words.next()?.strip_prefix('+')?.parse::<u32>().ok()?;
    let cause = words.next().and_then(|name| Cause::from_freeswitch(&name.to_uppercase())).unwrap_or(NORMAL_CLEARING);
    Some((Duration::from_secs(seconds.into()), cause))
}

impl Channel {
    /// Takes an application from a client. It runs at once on a channel that
    /// parks, and later on one that does not yet.
    pub(in crate::switch::simulator::freeswitch) fn send(&self, app: App) {
        let mut state = self.lock();
        match state.phase {
            Phase::Up if state.is_served() => self.execute(&mut state, app),
            Phase::Dialing | Phase::Ringing | Phase::Up => state.queue.push(app),
            Phase::HungUp | Phase::Gone => {}
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Leaves what it does and parks anew.
    ///
    /// The second `uuid_park` in a row leaves the channel without anybody who
    /// serves it, as on the real one: until it parks by `uuid_transfer`, what it
    /// is sent waits, and its audio is not read.
    pub(in crate::switch::simulator::freeswitch) fn park(&self, parking: Parking) {
        let state = &mut *self.lock();
        if state.phase != Phase::Up || !state.dialplan {
            return;
        }
        let served = match parking {
            Parking::State => !std::mem::replace(&mut state.park_state, true),
            Parking::Inline => {
                state.park_state = false;
                true
            }
        };
        self.abandon(state, "break");
        if let Some(id) = state.park.take() {
            self.tell(state, EventKind::Unpark);
            self.complete(state, "park", "", "_none_", &id);
        }
        state.unicast = None;
        state.schedule.cancel_all(|due| matches!(due, Due::ParkTimeout(_)));
        if served {
            self.start_park(state);
        }
        self.wake.notify_one();
    }

    /// `uuid_break`: ends what plays, or all that is nested.
    pub(in crate::switch::simulator::freeswitch) fn interrupt(&self, all: bool) {
        self.break_plays(&mut self.lock(), all);
        self.wake.notify_one();
    }

    /// Runs what is queued, one after the other.
    pub(super) fn next_app(&self, state: &mut State) {
        let free = |state: &State| {
            state.phase == Phase::Up
                && state.plays.is_empty()
                && state.rest.is_none()
                && state.partner.is_none()
                && !state.is_forsaken()
        };
        while free(state) && !state.queue.is_empty() {
            let app = state.queue.remove(0);
            self.execute(state, app);
        }
        if free(state) && state.dialplan && state.park.is_none() {
            // The only application is through, and nothing holds the call.
            self.hang_up(state, NORMAL_CLEARING, By::Us);
        }
    }

    /// A `sleep` is over.
    pub(super) fn rested(&self, state: &mut State) {
        if let Some(app) = state.rest.take() {
            self.complete(state, &app.name, &app.argument, "_none_", &app.id);
        }
        self.next_app(state);
    }

    pub(super) fn execute(&self, state: &mut State, app: App) {
        state.variables.set("current_application", &app.name);
        state.variables.set("current_application_data", &app.argument);
        if app.name != "park" {
            self.core.hub.publish(EventKind::Execute, |out| {
                state.full_lines(out);
                line(out, "Application", &app.name);
                if !app.argument.is_empty() {
                    line(out, "Application-Data", &app.argument);
                }
                line(out, "Application-UUID", &app.id);
            });
        }
        match app.name.as_str() {
            "playback" => return self.start_play(state, app),
            "park" if state.park.is_none() => return self.start_park(state),
            "park" => return,
            "sleep" => {
                let time = Duration::from_millis(app.argument.trim().parse::<u32>().unwrap_or(0).into());
                state.schedule.add(Instant::now() + self.core.scaled(time), Due::Rested);
                state.rest = Some(app);
                return;
            }
            "hangup" => {
                let cause = Cause::from_freeswitch(app.argument.trim()).unwrap_or(NORMAL_CLEARING);
                self.hang_up(state, cause, By::Us);
            }
            "set" => {
                if let Some((name, value)) = app.argument.split_once('=') {
                    state.variables.set(name.trim(), value.trim());
                }
            }
            "sched_hangup" => {
                if let Some((after, cause)) = delay_and_cause(&app.argument) {
                    state.schedule.add(Instant::now() + self.core.scaled(after), Due::Scheduled(cause));
                }
            }
            "avmd_start" if self.core.options.avmd => self.listen_for_beep(state),
            silent if SILENT.contains(&silent) => {}
            _ => {
                self.hang_up(state, DESTINATION_OUT_OF_ORDER, By::Us);
                return;
            }
        }
        self.complete(state, &app.name, &app.argument, "_none_", &app.id);
    }

    /// Tells that an application is through.
    pub(super) fn complete(&self, state: &State, name: &str, argument: &str, response: &str, id: &str) {
        self.core.hub.publish(EventKind::ExecuteComplete, |out| {
            state.full_lines(out);
            line(out, "Application", name);
            if !argument.is_empty() {
                line(out, "Application-Data", argument);
            }
            line(out, "Application-Response", response);
            line(out, "Application-UUID", id);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_and_causes() {
        assert_eq!(delay_and_cause("+30 alloted"), Some((Duration::from_secs(30), NORMAL_CLEARING)));
        assert_eq!(delay_and_cause("+5 allotted_timeout"), Some((Duration::from_secs(5), Cause(602))));
        assert_eq!((delay_and_cause("30"), delay_and_cause(""), delay_and_cause("+x")), (None, None, None));
    }
}
