//! Answers to what others in the process ask.

use super::state::State;
use crate::dialer::handle::{Question, SwitchState};

impl State {
    pub(super) fn on_asked(&self, question: Question) {
        match question {
            // Whoever asked may have gone.
            Question::Switches(answer) => drop(answer.send(self.switches())),
        }
    }

    fn switches(&self) -> Vec<SwitchState> {
        let states = self.links.iter().enumerate();
        states.map(|(switch, link)| self.fleet.state(switch, link.borrow().up)).collect()
    }
}
