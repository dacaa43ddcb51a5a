//! What the callee at the other end does while the call is up: speaks, presses
//! keys, and keeps messages.

use std::time::Duration;

use tokio::time::Instant;

use super::super::encode::line;
use super::super::event::{BEEP, EventKind};
use super::schedule::Due;
use super::{Channel, Phase, State};
use crate::switch::simulator::{Answer, Record, Speech, Then};

/// How long mod_avmd takes to be sure, and less than any of our beeps is long.
const BEEP_HEARD_BEFORE_END: Duration = Duration::from_millis(240);

impl State {
    /// How the callee answered, if so.
    pub(super) fn answer(&self) -> Option<&Answer> {
        match &self.plan.then {
            Then::Answer(answer) => Some(answer),
            Then::Busy | Then::NoAnswer | Then::Reject | Then::Invalid | Then::Congestion => None,
        }
    }

    /// What the callee says from this simulated time after the answer on.
    pub(super) fn speech_from(&self, since_answer: Duration) -> Option<Speech> {
        let mut speech = self.answer()?.speech();
        speech.skip_to(since_answer);
        Some(speech)
    }

    /// Whether the beep of a machine is over; none for a person.
    pub(super) fn is_after_beep(&self, since_answer: Duration) -> Option<bool> {
        let ends = self.answer()?.speech().beep_ends()?;
        Some(since_answer >= ends)
    }
}

impl Channel {
    /// A key of the callee.
    pub(super) fn press(&self, state: &State, key: char) {
        self.core.options.journal.note(Record::Key { call: self.uuid.clone(), key });
        self.core.hub.publish(EventKind::Dtmf, |out| {
            state.basic_lines(out);
            line(out, "DTMF-Digit", key.encode_utf8(&mut [0; 4]));
            line(out, "DTMF-Duration", "2000");
            line(out, "DTMF-Source", "RTP");
        });
    }

    /// A sound has ended, by itself or not: a machine has kept it, a person may
    /// press a key.
    pub(super) fn heard(&self, state: &mut State, file: &str, after_beep: Option<bool>, complete: bool) {
        if let Some(after_beep) = after_beep {
            let complete = complete && state.phase == Phase::Up;
            let (call, file) = (self.uuid.clone(), file.to_owned());
            self.core.options.journal.note(Record::Message { call, file, after_beep, complete });
        }
        let nth = state.prompts;
        state.prompts += 1;
        if let Some((after, key)) = state.answer().and_then(|answer| answer.key_after_prompt(nth))
            && state.phase == Phase::Up
        {
            state.schedule.add(Instant::now() + after, Due::PromptKey(key));
        }
    }

    /// `avmd_start`: the beep is heard shortly after it has begun, if it is still
    /// to come.
    pub(super) fn listen_for_beep(&self, state: &mut State) {
        let Some(ends) = state.answer().and_then(|answer| answer.speech().beep_ends()) else { return };
        let heard = ends.saturating_sub(BEEP_HEARD_BEFORE_END);
        if let Some(left) = heard.checked_sub(self.core.simulated(state.answered)) {
            state.schedule.add(Instant::now() + self.core.scaled(left), Due::Beep);
        }
    }

    /// The module tells it, and the channel once more.
    pub(super) fn hear_beep(&self, state: &State) {
        for full in [false, true] {
            self.core.hub.publish(EventKind::Beep, |out| {
                line(out, "Event-Subclass", BEEP);
                if full {
                    state.full_lines(out);
                } else {
                    line(out, "Unique-ID", &self.uuid);
                }
                line(out, "Call-command", "avmd");
                line(out, "Beep-Status", "DETECTED");
            });
        }
    }
}
