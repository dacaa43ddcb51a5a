//! Answers to what others in the process ask.

use tokio::time::Instant;

use super::ending::Ending;
use super::links::LinkHistory;
use super::state::State;
use crate::call::CallId;
use crate::dialer::handle::{HangUp, Question, SwitchState};
use crate::dialer::measured::{EngineMeasured, SwitchMeasured};

impl State {
    pub(super) fn on_asked(&mut self, question: Question) {
        match question {
            // Whoever asked may have gone.
            Question::Switches(answer) => drop(answer.send(self.switches())),
            Question::HangUp(call, answer) => drop(answer.send(self.hang_up(call))),
            Question::Measured(answer) => drop(answer.send(self.measured())),
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
        let (now, wall) = (Instant::now(), self.context.clock.now());
        let state = |switch: usize| {
            let LinkHistory { since, last_error, .. } = self.histories[switch].clone();
            let member = self.fleet.state(switch, now, wall);
            SwitchState {
                name: member.name,
                kind: self.context.lines[switch].switch.kind(),
                connected: self.links[switch].borrow().up,
                since,
                last_error,
                ready: member.ready,
                calls: member.calls,
                max_channels: member.max_channels,
                max_calls_per_second: member.max_calls_per_second,
                default_trunk: member.default_trunk,
                trunks: member.trunks,
            }
        };
        (0..self.links.len()).map(state).collect()
    }

    fn measured(&self) -> EngineMeasured {
        let switches = self.switches().into_iter().enumerate().map(|(switch, state)| SwitchMeasured {
            disconnects: self.histories[switch].disconnects,
            gaps: self.histories[switch].gaps,
            events: self.context.lines[switch].switch.events(),
            trunks: self.fleet.trunk_calls(switch),
            state,
        });
        EngineMeasured {
            planned: self.places.len(),
            calls: self.calls.len(),
            outbound_limit: self.outbound_limit,
            draining: self.ending != Ending::No,
            database_away: self.database_away,
            running: self.roster.running().count(),
            budget: self.budget.used(self.context.clock.now()),
            switches: switches.collect(),
        }
    }
}
