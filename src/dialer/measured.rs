//! What is measured of the engine's own state, for metrics.

use super::handle::SwitchState;
use crate::switch::EventCounts;

/// The engine at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineMeasured {
    /// Calls whose claims are on their way to the database.
    pub planned: usize,
    /// Calls with a task of their own: being placed, on a switch, or from
    /// before the start and not settled yet.
    pub calls: usize,
    /// Calls in progress at once over all campaigns, at most.
    pub outbound_limit: u32,
    /// It is about to end and starts no more calls.
    pub draining: bool,
    /// Nothing can be written: dialing stops until it can.
    pub database_away: bool,
    /// Campaigns that run.
    pub running: usize,
    /// What may be called and spent in a day; none: as much as there is.
    pub budget: Option<BudgetUse>,
    /// The switches, in the order of the configuration.
    pub switches: Vec<SwitchMeasured>,
}

/// What may be used on this day, and what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    /// Calls placed.
    pub calls: u64,
    /// Calls that may be; none: any number.
    pub most_calls: Option<u64>,
    /// Money for calls that are over, in millionths.
    pub money: u64,
    /// Money that may be spent, in millionths; none: any amount.
    pub most_money: Option<u64>,
}

/// A switch, and what happened with it since the start.
#[derive(Clone, Debug, PartialEq)]
pub struct SwitchMeasured {
    /// How it is.
    pub state: SwitchState,
    /// How often the connection was lost.
    pub disconnects: u64,
    /// How often events may have been missed while it was up.
    pub gaps: u64,
    /// The events of its calls.
    pub events: EventCounts,
    /// Calls on its trunks, in the order of `state.trunks`.
    pub trunks: Vec<TrunkCalls>,
}

/// Calls on a trunk that are over, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrunkCalls {
    /// The network took them.
    pub carried: u64,
    /// They were turned away for want of room, or could not be sent.
    pub congested: u64,
    /// They say nothing of the trunk: taken back, lost, failed otherwise.
    pub other: u64,
    /// How often it was closed for a while.
    pub trips: u64,
}

impl TrunkCalls {
    /// One more is over.
    pub(super) fn count(&mut self, congested: Option<bool>) {
        match congested {
            Some(true) => self.congested += 1,
            Some(false) => self.carried += 1,
            None => self.other += 1,
        }
    }
}
