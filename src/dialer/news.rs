//! What the engine's parts tell the engine.

use std::sync::Arc;

use tokio::time::Instant;

use super::caller_ids::Shown;
use super::daily::Sum;
use super::engine::Limits;
use super::fleet::Place;
use super::handle::Question;
use super::prepared::Prepared;
use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, Settings};
use crate::store::{Claim, ClaimResult, OpenCall, Remaining};
use crate::switch::LinkEvent;

/// A message to the engine.
#[derive(Debug)]
pub(super) enum News {
    /// The ledger has committed a claim.
    Claimed {
        /// What was asked for.
        requested: Claim,
        /// What came of it.
        result: ClaimResult,
    },
    /// The ledger has committed ends of calls of these campaigns.
    Settled(Vec<CampaignId>),
    /// The database went away, or is back.
    DatabaseAway(bool),
    /// A call is over; its end is on its way to the ledger.
    Ended {
        /// The call.
        call: CallId,
        /// Whose.
        campaign: CampaignId,
        /// Where it went.
        place: Place,
        /// How it ended; none: it is not settled, the next start does that.
        outcome: Option<Outcome>,
        /// It could not be sent to the switch.
        unsent: bool,
        /// Why the callee heard nothing, or was not heard, though they
        /// should have been.
        mute: Option<String>,
        /// What it cost, in millionths.
        cost: u64,
        /// When it was started.
        started: Instant,
    },
    /// Calls may be open in the database that no task of ours knows.
    LookForOpenCalls,
    /// Calls that are open in the database, with their campaigns' settings.
    Open(Vec<(OpenCall, Arc<Settings>)>),
    /// A call from before the start is settled.
    Recovered {
        /// The call.
        call: CallId,
        /// The indexes of the switches that were asked.
        switches: Vec<usize>,
        /// What it cost, in millionths.
        cost: u64,
    },
    /// Some of a campaign who waited because of a rule do not any more.
    Released {
        /// Which campaign.
        campaign: CampaignId,
        /// How many.
        targets: u64,
        /// These were the last.
        done: bool,
    },
    /// What the day used so far was summed up.
    Summed(Box<Sum>),
    /// The connection to a switch changed.
    Link {
        /// The index of the switch.
        switch: usize,
        /// What happened.
        event: LinkEvent,
    },
    /// What the database says should run.
    Campaigns {
        /// Running campaigns.
        running: Vec<(CampaignId, Arc<Prepared>)>,
        /// Our numbers.
        numbers: Vec<Shown>,
    },
    /// A call was not placed for want of something its campaign names.
    Unplayable {
        /// Which campaign.
        campaign: CampaignId,
        /// What is missing, for its operator.
        reason: String,
    },
    /// What is left to do in a campaign; none: the database did not answer.
    Remaining {
        /// Which.
        campaign: CampaignId,
        /// What is left.
        remaining: Option<Remaining>,
    },
    /// Somebody in the process wants to know or have something.
    Asked(Question),
    /// The limits were changed.
    Limits(Limits),
    /// Start no more calls; end when the running ones have.
    Drain,
}
