//! The other parties of calls: who is rung when a callee asks for a person.
//!
//! ```text
//! originate ──park──▶ bridging ──CHANNEL_BRIDGE──▶ connected ──ends──▶ Ended, once the callee parks
//!     └────────── ends, or the job fails ─────────▶ Failed
//! ```
//!
//! Their channels carry a mark of their own, so that none is taken for a call.

use std::time::Duration;

use tokio::time::Instant;

use super::{Calls, Effect, Event, Job, Track, hangup, id_of};
use crate::call::CallId;
use crate::switch::{CallEvent, HungUp, TransferEvent};

/// [`super::super::command::LEG_MARK`] as events carry it.
const LEG_MARK_HEADER: &str = "variable_canvass_leg";

/// After a failed job, how long the channel's own end may take to arrive.
const END_GRACE: Duration = Duration::from_secs(1);

/// How long a callee may take to park again after the other party hung up.
const PARK_GRACE: Duration = Duration::from_secs(5);

/// The other party of a call, until its end.
#[derive(Debug)]
pub(super) struct Leg {
    call: CallId,
    job: Job,
    /// Any event of its channel has arrived.
    seen: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It rings, or will.
    Ringing,
    /// It answered and is being connected.
    Bridging,
    /// Both hear each other.
    Connected,
    /// It hung up; the callee is on its way back since then.
    Leaving(Instant),
    /// The callee is gone: it goes as soon as it shows up.
    Doomed,
}

impl Calls {
    /// Somebody is about to be rung for a call.
    pub(in super::super) fn start_transfer(&mut self, call: CallId, leg: CallId) -> Result<(), Unready> {
        let track = self.tracks.get_mut(&call).ok_or(Unready::NoCall)?;
        if track.leg.is_some() {
            return Err(Unready::Busy);
        }
        track.leg = Some(leg);
        let ringing = Leg { call, job: Job::Running, seen: false, stage: Stage::Ringing };
        self.legs.insert(leg, ringing);
        Ok(())
    }

    /// Nobody was rung after all.
    pub(in super::super) fn cancel_transfer(&mut self, call: CallId, leg: CallId) {
        self.legs.remove(&leg);
        self.free(call, leg);
    }

    /// Whether a channel is a call's other party we know of.
    pub(in super::super) fn is_leg(&self, leg: CallId) -> bool {
        self.legs.contains_key(&leg)
    }

    /// The other parties that are connected.
    pub(in super::super) fn connected_legs(&self) -> Vec<CallId> {
        let connected = self.legs.iter().filter(|(_, leg)| leg.stage == Stage::Connected);
        connected.map(|(leg, _)| *leg).collect()
    }

    /// The switch was asked and has no such other party any more.
    pub(in super::super) fn on_leg_vanished(&mut self, leg: CallId) -> Vec<Effect> {
        match self.legs.remove(&leg) {
            Some(Leg { call, stage: Stage::Connected | Stage::Leaving(_), .. }) => {
                self.tell(call, leg, TransferEvent::Ended)
            }
            Some(_) | None => Vec::new(),
        }
    }

    /// The call the mark of somebody's other party names, if it is of this node.
    pub(in super::super) fn call_of_leg_mark(&self, mark: &str) -> Option<CallId> {
        let (node, call) = mark.rsplit_once('/')?;
        call.parse().ok().filter(|_| node == self.node)
    }

    /// Whether an event is of the other party of a call nobody waits for.
    pub(super) fn is_stray_leg(&self, event: &Event) -> bool {
        let call = event.get(LEG_MARK_HEADER).and_then(|mark| self.call_of_leg_mark(&mark));
        call.is_some_and(|call| !self.tracks.contains_key(&call))
    }

    /// After a break, how far the ringing has come is not known: it is given up.
    pub(super) fn give_up_unconnected(&mut self) -> Vec<Effect> {
        let lost: Vec<_> = self.legs.extract_if(|_, leg| leg.stage != Stage::Connected).collect();
        let mut effects = Vec::new();
        for (id, leg) in lost {
            effects.push(Effect::Kill(id.0));
            effects.extend(match leg.stage {
                Stage::Ringing | Stage::Bridging => {
                    let detail = Some("the connection to the switch broke meanwhile".to_owned());
                    self.tell(leg.call, id, TransferEvent::Failed(HungUp { detail, ..HungUp::default() }))
                }
                Stage::Leaving(_) => self.tell(leg.call, id, TransferEvent::Ended),
                Stage::Connected | Stage::Doomed => Vec::new(),
            });
        }
        effects
    }

    pub(super) fn on_leg(&mut self, id: CallId, event: &Event) -> Vec<Effect> {
        let Some(leg) = self.legs.get_mut(&id) else { return Vec::new() };
        leg.seen = true;
        match leg.stage {
            Stage::Doomed => vec![Effect::Kill(id.0)],
            Stage::Ringing if event.name() == b"CHANNEL_PARK" => {
                leg.stage = Stage::Bridging;
                vec![Effect::Bridge(leg.call, id)]
            }
            Stage::Ringing | Stage::Bridging | Stage::Connected | Stage::Leaving(_) => Vec::new(),
        }
    }

    pub(super) fn on_leg_job(&mut self, id: CallId, event: &Event, now: Instant) -> Vec<Effect> {
        let Some(leg) = self.legs.get_mut(&id) else { return Vec::new() };
        let output = event.body_text();
        let Some(channel) = output.strip_prefix("+OK") else {
            let end = hangup::from_job(&output, false);
            if leg.seen || hangup::had_channel(&end) {
                leg.job = Job::Failed(now, end);
                return Vec::new();
            }
            return self.leg_failed(id, end);
        };
        match channel.trim().parse::<CallId>() {
            Ok(other) if other != id => {
                let detail = Some(format!("the channel's id was in use; {other} was made and is hung up"));
                let mut effects = vec![Effect::Kill(other.0)];
                effects.extend(self.leg_failed(id, HungUp { detail, ..HungUp::default() }));
                effects
            }
            Ok(_) | Err(_) => {
                leg.job = Job::None;
                if leg.stage == Stage::Doomed { vec![Effect::Kill(id.0)] } else { Vec::new() }
            }
        }
    }

    pub(super) fn on_bridged(&mut self, event: &Event) -> Vec<Effect> {
        let bridged = id_of(event, "Bridge-B-Unique-ID").or_else(|| id_of(event, "Other-Leg-Unique-ID"));
        let Some(leg) = bridged.and_then(|id| self.legs.get_mut(&id)) else { return Vec::new() };
        if leg.stage != Stage::Bridging {
            return Vec::new();
        }
        leg.stage = Stage::Connected;
        let call = leg.call;
        if let Some(track) = self.tracks.get_mut(&call) {
            track.parked = false;
            track.raw.listener = None;
        }
        vec![Effect::Deliver(call, CallEvent::Transfer(TransferEvent::Connected))]
    }

    pub(super) fn on_leg_ended(&mut self, id: CallId, event: &Event, now: Instant) -> Vec<Effect> {
        let Some(leg) = self.legs.get_mut(&id) else { return Vec::new() };
        match leg.stage {
            Stage::Ringing | Stage::Bridging => {
                let end = hangup::from_event(event, false);
                self.leg_failed(id, end)
            }
            Stage::Connected if self.tracks.get(&leg.call).is_some_and(|track| !track.parked) => {
                leg.stage = Stage::Leaving(now);
                Vec::new()
            }
            Stage::Connected | Stage::Leaving(_) => self.on_leg_vanished(id),
            Stage::Doomed => {
                self.legs.remove(&id);
                Vec::new()
            }
        }
    }

    /// A callee has parked: if the other party is gone, that was the way back.
    pub(super) fn on_parked_again(&mut self, event: &Event) -> Vec<Effect> {
        let track = id_of(event, "Unique-ID").and_then(|call| self.tracks.get(&call));
        let Some(id) = track.and_then(|track| track.leg) else { return Vec::new() };
        match self.legs.get(&id) {
            Some(leg) if matches!(leg.stage, Stage::Leaving(_)) => self.on_leg_vanished(id),
            Some(_) | None => Vec::new(),
        }
    }

    /// The callee is gone, and so must the other party be.
    pub(super) fn end_leg_of(&mut self, track: &Track) -> Vec<Effect> {
        let Some((id, leg)) = track.leg.and_then(|id| Some((id, self.legs.get_mut(&id)?))) else { return Vec::new() };
        if matches!(leg.job, Job::Running) {
            // Its channel may not be there yet.
            leg.stage = Stage::Doomed;
        } else {
            self.legs.remove(&id);
        }
        vec![Effect::Kill(id.0)]
    }

    pub(super) fn overdue_legs(&mut self, now: Instant) -> Vec<Effect> {
        let overdue = |leg: &Leg| matches!(&leg.job, Job::Failed(at, _) if now >= *at + END_GRACE);
        let failed: Vec<_> = self.legs.iter().filter(|(_, leg)| overdue(leg)).map(|(id, _)| *id).collect();
        let mut effects = Vec::new();
        for id in failed {
            if let Some(Leg { job: Job::Failed(_, end), .. }) = self.legs.get(&id) {
                let end = hangup::without_channel(end.clone());
                effects.extend(self.leg_failed(id, end));
            }
        }
        let late = |leg: &Leg| matches!(leg.stage, Stage::Leaving(since) if now >= since + PARK_GRACE);
        let left: Vec<_> = self.legs.iter().filter(|(_, leg)| late(leg)).map(|(id, _)| *id).collect();
        for id in left {
            effects.push(Effect::Gap);
            effects.extend(self.on_leg_vanished(id));
        }
        effects
    }

    fn leg_failed(&mut self, id: CallId, end: HungUp) -> Vec<Effect> {
        match self.legs.remove(&id) {
            Some(Leg { stage: Stage::Doomed, .. }) | None => Vec::new(),
            Some(leg) => self.tell(leg.call, id, TransferEvent::Failed(end)),
        }
    }

    fn tell(&mut self, call: CallId, leg: CallId, event: TransferEvent) -> Vec<Effect> {
        self.free(call, leg);
        vec![Effect::Deliver(call, CallEvent::Transfer(event))]
    }

    fn free(&mut self, call: CallId, leg: CallId) {
        if let Some(track) = self.tracks.get_mut(&call)
            && track.leg == Some(leg)
        {
            track.leg = None;
        }
    }
}

/// Why nobody can be rung for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Unready {
    /// The call is over.
    NoCall,
    /// Somebody is being rung, or talked to, already.
    Busy,
}

#[cfg(test)]
mod tests;
