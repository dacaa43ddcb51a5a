//! Connecting the callee with somebody else.

use std::time::Duration;

use jiff::Timestamp;

use super::playing::Part;
use super::{Action, GRACE, Machine, Phase, State, after, words};
use crate::call::TransferState;
use crate::switch::{HungUp, TransferEvent};

/// After a failed transfer the callee hears of it, however long the call was.
const LAST_WORDS: Duration = Duration::from_secs(30);

impl Machine {
    /// What comes before it was heard: rings the other party.
    pub(super) fn transfer(&mut self, now: Timestamp) {
        let Some(key) = &self.plan.script.transfer else { return self.hang_up(now) };
        let wake = after(now, key.ring_timeout.saturating_add(GRACE));
        // Whoever is rung for them now gets the time to answer.
        self.limit = self.limit.max(wake);
        self.todo.push(Action::Transfer);
        self.enter(Phase::Transferring, wake);
    }

    pub(super) fn on_transfer(&mut self, now: Timestamp, event: TransferEvent) {
        match (self.state, event) {
            (State::Up(Phase::Transferring), TransferEvent::Connected) => {
                self.facts.talk.transfer = Some(TransferState::Connected);
                self.facts.talk.transferred_at = Some(now);
                self.limit = after(now, self.longest_transfer());
                self.enter(Phase::Connected, Timestamp::MAX);
            }
            (State::Up(Phase::Transferring), TransferEvent::Failed(end)) => {
                self.facts.talk.transfer = Some(TransferState::Failed);
                self.remark(&format!("the transfer failed: {}", why(&end)));
                // It may have been thought to be connected.
                self.limit = self.limit.min(self.limit_alone().max(after(now, LAST_WORDS)));
                let opted_out = self.facts.talk.opted_out;
                self.begin(now, if opted_out { Part::OptedOut } else { Part::TransferFailed });
            }
            (State::Up(Phase::Transferring), TransferEvent::Ended) => {
                // That they were connected was missed.
                self.facts.talk.transfer = Some(TransferState::Connected);
                self.hang_up(now);
            }
            (State::Up(Phase::Connected), TransferEvent::Failed(_) | TransferEvent::Ended) => self.hang_up(now),
            (State::Up(Phase::Connected), TransferEvent::Connected) => {}
            (
                State::Up(
                    Phase::Detecting { .. }
                    | Phase::AwaitingBeep
                    | Phase::Playing(_)
                    | Phase::AwaitingKey(_)
                    | Phase::Speaking(_),
                )
                | State::Dialing
                | State::Ringing
                | State::Ending
                | State::Settled,
                _,
            ) => {}
        }
    }

    /// What became of the transfer may have been missed: should both be
    /// talking, they are not cut off.
    pub(super) fn on_transfer_unheard(&mut self, now: Timestamp) {
        self.limit = after(now, self.longest_transfer());
        self.wake = self.limit;
    }

    /// Nothing was told of the transfer, and it is time.
    pub(super) fn on_no_transfer(&mut self, now: Timestamp) {
        self.remark("nothing was heard of the transfer");
        self.hang_up(now);
    }

    /// When the call would end without a transfer.
    fn limit_alone(&self) -> Timestamp {
        self.facts.answered_at.map_or(Timestamp::MAX, |at| after(at, self.plan.max_call))
    }

    fn longest_transfer(&self) -> Duration {
        self.plan.script.transfer.as_ref().map_or(Duration::ZERO, |key| key.max)
    }
}

/// Why nobody could be reached, in words.
fn why(end: &HungUp) -> String {
    match (&end.detail, end.cause) {
        (Some(detail), _) => words(detail).to_owned(),
        (None, Some(cause)) => cause.freeswitch_name().map_or_else(|| format!("cause {}", cause.0), str::to_owned),
        (None, None) if end.ring_timeout => "nobody answered".into(),
        (None, None) => "no reason given".into(),
    }
}
