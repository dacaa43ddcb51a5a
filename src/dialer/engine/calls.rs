//! Calls: from a claim to a task of its own, and what its end means.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ending::Ending;
use super::state::State;
use crate::call::{CallId, Outcome};
use crate::campaign::{CampaignId, CampaignStatus, Settings, TransferCallerId};
use crate::dialer::congestion::Change;
use crate::dialer::fleet::Place;
use crate::dialer::roster::{Entry, MUTE, SUSPICIOUS, Supply};
use crate::dialer::runner::{self, Job};
use crate::number::PhoneNumber;
use crate::store::{Claim, ClaimResult, Claimed};

impl State {
    pub(super) fn on_claimed(&mut self, requested: Claim, result: ClaimResult) {
        let now = Instant::now();
        let campaign = requested.campaign;
        self.free_caller_ids(&requested);
        // Put off by rules that hold no more.
        let outdated = |entry: &mut Entry| entry.rules != requested.rules;
        if result.waiting > 0 && self.roster.get_mut(campaign).is_some_and(outdated) {
            self.release(campaign);
        }
        let requested = requested.calls;
        let wanted = requested.len();
        for number in &result.do_not_call {
            tracing::info!(%campaign, %number, "not called: on the do-not-call list");
        }
        for (number, rule) in &result.blocked {
            tracing::info!(%campaign, %number, %rule, "not called");
        }
        if result.waiting > 0 {
            tracing::debug!(%campaign, contacts = result.waiting, "not called now: they wait for their hours");
        }
        self.budget.placed(result.claimed.len());
        if result.not_running {
            self.halt(campaign);
        } else if result.claimed.len() < wanted {
            if let Some(entry) = self.roster.get_mut(campaign) {
                entry.supply = Supply::Empty;
            }
            self.look(campaign);
        }
        let claimed: HashSet<CallId> = result.claimed.iter().map(|claimed| claimed.planned.call).collect();
        for unused in requested.iter().filter(|planned| !claimed.contains(&planned.call)) {
            self.unwanted.remove(&unused.call);
            if let Some(place) = self.places.remove(&unused.call) {
                self.fleet.release(&place, now);
            }
            if let Some(entry) = self.roster.get_mut(campaign) {
                entry.release();
            }
        }
        // The commit may have taken long: what was decided meanwhile counts.
        let take_back = if self.ending != Ending::No {
            Some("the daemon is going down")
        } else if !self.roster.is_running(campaign) {
            Some("the campaign was stopped")
        } else {
            None
        };
        for claimed in result.claimed {
            let call = claimed.planned.call;
            let (Some(place), Some(entry)) = (self.places.remove(&call), self.roster.get_mut(campaign)) else {
                // Not reached: a place and an entry are kept for each planned
                // call. If it were, the row is found open at the next start.
                tracing::error!(%call, "a claimed call has no place");
                continue;
            };
            let start_at = self.fleet.start(&place, now).max(entry.start(now));
            let caller_id = claimed.planned.caller_id;
            entry.pool.started(caller_id);
            self.caller_ids.start(call, caller_id, self.context.clock.now());
            let Some(prepared) = self.prepared.get(&campaign).cloned() else {
                // Not reached: kept for as long as the entry is.
                tracing::error!(%call, "a claimed call has no campaign");
                continue;
            };
            let template = self.fleet.template(&place);
            let take_back = if template.is_none() { Some("its trunk was removed") } else { take_back };
            let asked = CancellationToken::new();
            if self.unwanted.remove(&call) {
                asked.cancel();
            }
            let endpoint = template.map(|template| template.fill(claimed.number)).unwrap_or_default();
            let transfer = self.transfer_of(&prepared.settings, &place, &claimed);
            let go = self.go.entry(campaign).or_insert_with(|| Arc::new(AtomicBool::new(true))).clone();
            let job = Job {
                campaign,
                prepared,
                claimed,
                place,
                endpoint,
                transfer,
                planned_at: now,
                start_at,
                take_back,
                go,
                asked: asked.clone(),
            };
            self.calls.insert(call, asked);
            tokio::spawn(runner::run(self.context.clone(), job));
        }
    }

    /// What was held for a claim's calls: which of it they show is known now.
    fn free_caller_ids(&mut self, claim: &Claim) {
        let mut pool = self.roster.get_mut(claim.campaign).map(|entry| &mut entry.pool);
        for planned in &claim.calls {
            match &mut pool {
                Some(pool) => pool.release(planned.caller_id, &mut self.caller_ids),
                None => self.caller_ids.release(planned.caller_id, 1),
            }
        }
        if let Some(pool) = pool {
            pool.take_back(&claim.nearby, &mut self.caller_ids);
        }
    }

    /// Whom a call's transfer key rings, and what they see.
    fn transfer_of(&self, settings: &Settings, place: &Place, claimed: &Claimed) -> Option<(String, PhoneNumber)> {
        let transfer = settings.transfer.as_ref()?;
        let shown = match transfer.caller_id {
            TransferCallerId::Own => claimed.planned.caller_id,
            TransferCallerId::Callee => claimed.number,
        };
        Some((self.fleet.party(place, &transfer.to)?, shown))
    }

    /// After so many calls in a row in which nothing was heard, a person should
    /// look before more people are called to hear nothing.
    pub(super) fn on_heard(&mut self, campaign: CampaignId, outcome: Option<Outcome>, mute: Option<String>) {
        let talked = matches!(outcome, Some(Outcome::Answered | Outcome::Voicemail));
        let Some(entry) = self.roster.get_mut(campaign).filter(|_| talked) else { return };
        entry.mute_in_a_row = if mute.is_some() { entry.mute_in_a_row + 1 } else { 0 };
        if let Some(why) = mute.filter(|_| entry.mute_in_a_row >= MUTE)
            && self.roster.is_running(campaign)
        {
            self.change(campaign, CampaignStatus::Paused, Some(format!("{MUTE} calls in a row: {why}")));
        }
    }

    /// A call could not be placed for want of something its campaign names.
    pub(super) fn on_unplayable(&mut self, campaign: CampaignId, reason: String) {
        if self.roster.is_running(campaign) {
            self.change(campaign, CampaignStatus::Paused, Some(reason));
        }
    }

    pub(super) fn on_ended(
        &mut self,
        call: CallId,
        campaign: CampaignId,
        place: &Place,
        outcome: Option<Outcome>,
        unsent: bool,
        started: Instant,
    ) {
        self.calls.remove(&call);
        if let Some(number) = self.caller_ids.end(call)
            && let Some(entry) = self.roster.get_mut(campaign)
        {
            entry.pool.ended(number, 1);
        }
        let now = Instant::now();
        let congested = match outcome {
            // A switch that takes no command is no better than one without room.
            _ if unsent => Some(true),
            Some(Outcome::Congestion) => Some(true),
            Some(
                Outcome::Answered
                | Outcome::Voicemail
                | Outcome::Busy
                | Outcome::NoAnswer
                | Outcome::Rejected
                | Outcome::InvalidNumber,
            ) => Some(false),
            Some(Outcome::Failed | Outcome::Blocked | Outcome::Cancelled | Outcome::Lost) | None => None,
        };
        if let Some(change) = self.fleet.end(place, congested, started, now) {
            let (switch, trunk) = (self.fleet.name(place.switch), &place.trunk);
            match change {
                Change::Rate(rate) => tracing::info!(%switch, %trunk, calls_per_second = rate, "trunk pace changed"),
                Change::Tripped(wait) => tracing::warn!(%switch, %trunk, ?wait, "trunk congested: waiting"),
                Change::Restored => tracing::info!(%switch, %trunk, "trunk works again"),
            }
        }
        let outcome = outcome.unwrap_or(Outcome::Lost);
        if self.roster.get_mut(campaign).is_some_and(|entry| entry.end(outcome)) && self.roster.is_running(campaign) {
            let reason = format!("{SUSPICIOUS} calls in a row failed: look at the list, the trunk and the caller IDs");
            self.change(campaign, CampaignStatus::Paused, Some(reason));
        }
    }
}
