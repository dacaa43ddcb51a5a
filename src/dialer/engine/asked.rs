//! Answers to what others in the process ask.

use super::state::State;
use crate::call::CallId;
use crate::dialer::handle::{HangUp, Question, SwitchState};

impl State {
    pub(super) fn on_asked(&mut self, question: Question) {
        match question {
            // Whoever asked may have gone.
            Question::Switches(answer) => drop(answer.send(self.switches())),
            Question::HangUp(call, answer) => drop(answer.send(self.hang_up(call))),
        }
    }

    fn hang_up(&mut self, call: CallId) -> HangUp {
        if let Some(asked) = self.calls.get(&call) {
            tracing::info!(%call, "to be hung up, as asked");
            asked.cancel();
        } else if self.places.contains_key(&call) {
            // Its claim may be in the database already: it is not placed.
            self.unwanted.insert(call);
        } else {
            return HangUp::NotInProgress;
        }
        HangUp::Asked
    }

    fn switches(&self) -> Vec<SwitchState> {
        let states = self.links.iter().enumerate();
        states.map(|(switch, link)| self.fleet.state(switch, link.borrow().up)).collect()
    }
}
