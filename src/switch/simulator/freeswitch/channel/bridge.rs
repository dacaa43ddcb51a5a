//! Two channels connected by `uuid_bridge`.
//!
//! Only one channel is locked at a time: each learns of the other's end by a
//! task of its own.

use super::super::encode::line;
use super::super::event::EventKind;
use super::life::By;
use super::schedule::Due;
use super::{Channel, Phase, State};
use crate::call::Cause;

const NORMAL_CLEARING: Cause = Cause(16);

impl Channel {
    /// Stops parking, to be connected with another; `false` if it does not park.
    pub(in crate::switch::simulator::freeswitch) fn leave_park(&self, other: &str) -> bool {
        let state = &mut *self.lock();
        if state.phase != Phase::Up || state.partner.is_some() {
            return false;
        }
        let Some(id) = state.park.take() else { return false };
        state.partner = Some(other.to_owned());
        state.unicast = None;
        // It counts only while the channel parks.
        state.schedule.cancel_all(|due| matches!(due, Due::ParkTimeout(_)));
        self.abandon(state, "break");
        self.tell(state, EventKind::Unpark);
        self.complete(state, "park", "", "_none_", &id);
        true
    }

    /// Tells that both hear each other.
    pub(in crate::switch::simulator::freeswitch) fn tell_bridged(&self, other: &str) {
        self.tell_of_bridge(&self.lock(), EventKind::Bridge, other);
    }

    fn tell_of_bridge(&self, state: &State, kind: EventKind, other: &str) {
        self.core.hub.publish(kind, |out| {
            line(out, "Bridge-A-Unique-ID", &self.uuid);
            line(out, "Bridge-B-Unique-ID", other);
            state.basic_lines(out);
            line(out, "Other-Type", "originatee");
            line(out, "Other-Leg-Unique-ID", other);
            out.extend_from_slice(state.variables.lines());
        });
    }

    /// The other one is gone: parks anew if it is to, else hangs up.
    pub(in crate::switch::simulator::freeswitch) fn left_alone(&self) {
        let state = &mut *self.lock();
        let Some(other) = state.partner.clone() else { return };
        if state.phase == Phase::Up {
            if state.variables.get("park_after_bridge").as_deref() == Some("true") {
                self.tell_of_bridge(state, EventKind::Unbridge, &other);
                self.start_park(state);
            } else {
                self.hang_up(state, NORMAL_CLEARING, By::Us);
            }
        }
        self.wake.notify_one();
    }

    /// This one hangs up: the other will learn of it.
    pub(super) fn leave_partner(&self, state: &mut State) {
        let Some(other) = state.partner.take().and_then(|other| self.core.find(&other)) else { return };
        self.core.tasks.spawn(async move { other.left_alone() });
    }
}
