//! The switches of this node: which are usable, how full they are, how fast
//! each may be used, and which one carries the next call.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::congestion::{Change, Congestion, Gate};
use super::handle::{TrunkFlow, TrunkState};
use super::measured::TrunkCalls;
use super::pace::Pace;
use crate::campaign::{Settings, TransferTo};
use crate::switch::{Parties, TrunkTemplate};

/// What the operator says of a switch.
#[derive(Clone, Debug)]
pub struct SwitchLimits {
    /// Its name.
    pub name: String,
    /// Calls in progress at once, at most.
    pub max_channels: u32,
    /// Calls started a second, at most (0: no limit).
    pub max_calls_per_second: f64,
    /// Its trunks by name.
    pub trunks: BTreeMap<String, TrunkTemplate>,
    /// The trunk of campaigns that name none.
    pub default_trunk: String,
    /// Whom calls can be transferred to on it.
    pub parties: Parties,
}

/// One trunk of one switch.
#[derive(Clone, Debug)]
struct Trunk {
    template: TrunkTemplate,
    congestion: Congestion,
    pace: Pace,
    planned: u32,
    ended: TrunkCalls,
}

/// One switch.
#[derive(Clone, Debug)]
pub(super) struct Member {
    limits: SwitchLimits,
    trunks: BTreeMap<String, Trunk>,
    pace: Pace,
    /// Connected, and its calls from before are reconciled.
    ready: bool,
    in_progress: u32,
    planned: u32,
}

/// What is told of a switch, but for its connection.
#[derive(Clone, Debug)]
pub(super) struct MemberState {
    pub(super) name: String,
    pub(super) ready: bool,
    pub(super) calls: u32,
    pub(super) max_channels: u32,
    pub(super) max_calls_per_second: f64,
    pub(super) default_trunk: String,
    pub(super) trunks: Vec<TrunkState>,
}

/// The place a call is planned for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Index of the switch.
    pub(super) switch: usize,
    /// Name of the trunk on it.
    pub(super) trunk: String,
}

/// Where, or when, a campaign's next call can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// Here, now.
    Place(Place),
    /// Nowhere before this time.
    NotBefore(Instant),
    /// Every switch that could is full, or a probe is out: a call's end decides.
    Full,
    /// No switch that could is connected.
    NoneReady,
    /// No switch has the trunk, or the switch is not known.
    NoSuchTrunk,
}

/// Starts this close ahead are planned now: a claim takes about as long.
const AHEAD: Duration = Duration::from_millis(5);

/// All switches of this node.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    members: Vec<Member>,
}

impl Fleet {
    pub(super) fn new(switches: Vec<SwitchLimits>, now: Instant) -> Self {
        Self { members: switches.into_iter().map(|limits| Member::new(limits, now)).collect() }
    }

    /// Takes over changed limits of the switches it has. Trunks that stay keep
    /// what is known of their congestion. Gives the names it does not have.
    pub(super) fn update(&mut self, limits: Vec<SwitchLimits>, now: Instant) -> Vec<String> {
        let mut unknown = Vec::new();
        for fresh in limits {
            match self.members.iter_mut().find(|member| member.limits.name == fresh.name) {
                Some(member) => member.update(fresh, now),
                None => unknown.push(fresh.name),
            }
        }
        unknown
    }

    /// The switch of this name.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.limits.name == name)
    }

    pub(super) fn name(&self, switch: usize) -> &str {
        &self.members[switch].limits.name
    }

    /// The endpoint template of a place.
    pub(super) fn template(&self, place: &Place) -> Option<&TrunkTemplate> {
        self.members.get(place.switch)?.trunks.get(&place.trunk).map(|trunk| &trunk.template)
    }

    /// How a switch is, for people.
    pub(super) fn state(&self, switch: usize, now: Instant, wall: Timestamp) -> MemberState {
        let member = &self.members[switch];
        let trunk = |(name, trunk): (&String, &Trunk)| TrunkState {
            name: name.clone(),
            calls_per_second: trunk.congestion.rate(),
            flow: trunk.flow(now, wall),
        };
        MemberState {
            name: member.limits.name.clone(),
            ready: member.ready,
            calls: member.load(),
            max_channels: member.limits.max_channels,
            max_calls_per_second: member.limits.max_calls_per_second,
            default_trunk: member.limits.default_trunk.clone(),
            trunks: member.trunks.iter().map(trunk).collect(),
        }
    }

    /// Calls that ended on each of a switch's trunks, in the order of its state.
    pub(super) fn trunk_calls(&self, switch: usize) -> Vec<TrunkCalls> {
        self.members[switch].trunks.values().map(|trunk| trunk.ended).collect()
    }

    /// Where a campaign's calls at this place are transferred to.
    pub(super) fn party(&self, place: &Place, to: &TransferTo) -> Option<String> {
        let parties = &self.members.get(place.switch)?.limits.parties;
        match to {
            TransferTo::Extension(name) => Some(parties.extension.fill(name)),
            TransferTo::Queue(name) => Some(parties.queue.fill(name)),
            TransferTo::Number(number) => self.template(place).map(|trunk| trunk.fill(*number)),
        }
    }

    pub(super) fn set_ready(&mut self, switch: usize, ready: bool) {
        self.members[switch].ready = ready;
    }

    pub(super) fn any_ready(&self) -> bool {
        self.members.iter().any(|member| member.ready)
    }

    /// The least loaded switch that may start a call of this campaign now.
    pub(super) fn pick(&self, settings: &Settings, now: Instant) -> Pick {
        let mut best: Option<(f64, Place)> = None;
        let mut soonest: Option<Instant> = None;
        let (mut known, mut ready) = (false, false);
        for (switch, member) in self.members.iter().enumerate() {
            if settings.switch.as_ref().is_some_and(|name| *name != member.limits.name) {
                continue;
            }
            let trunk_name = settings.trunk.as_ref().unwrap_or(&member.limits.default_trunk);
            let Some(trunk) = member.trunks.get(trunk_name) else { continue };
            known = true;
            if !member.ready {
                continue;
            }
            ready = true;
            if member.load() >= member.limits.max_channels {
                continue;
            }
            let at = match trunk.congestion.gate(now) {
                Gate::Probing => continue,
                Gate::ClosedUntil(until) => until,
                Gate::Open => member.pace.ready_at(now, member.planned).max(trunk.pace.ready_at(now, trunk.planned)),
            };
            if at > now + AHEAD {
                soonest = Some(soonest.map_or(at, |other| other.min(at)));
                continue;
            }
            let load = f64::from(member.load()) / f64::from(member.limits.max_channels.max(1));
            if best.as_ref().is_none_or(|(least, _)| load < *least) {
                best = Some((load, Place { switch, trunk: trunk_name.clone() }));
            }
        }
        match (best, soonest) {
            (Some((_, place)), _) => Pick::Place(place),
            (None, Some(at)) => Pick::NotBefore(at),
            (None, None) if !known => Pick::NoSuchTrunk,
            (None, None) if !ready => Pick::NoneReady,
            (None, None) => Pick::Full,
        }
    }

    /// A call is planned for this place: its slot is taken.
    pub(super) fn plan(&mut self, place: &Place, now: Instant) {
        let member = &mut self.members[place.switch];
        member.planned += 1;
        if let Some(trunk) = member.trunks.get_mut(&place.trunk) {
            trunk.planned += 1;
            trunk.congestion.on_start(now);
        }
    }

    /// No target was found for a planned call.
    pub(super) fn release(&mut self, place: &Place, now: Instant) {
        // Planned a moment ago: as good as now.
        let member = &mut self.members[place.switch];
        member.planned = member.planned.saturating_sub(1);
        if let Some(trunk) = member.trunks.get_mut(&place.trunk) {
            trunk.planned = trunk.planned.saturating_sub(1);
            trunk.congestion.on_unused(now, now);
        }
    }

    /// A planned call has its target; gives the time from which it may start.
    pub(super) fn start(&mut self, place: &Place, now: Instant) -> Instant {
        let member = &mut self.members[place.switch];
        member.planned = member.planned.saturating_sub(1);
        member.in_progress += 1;
        let mut at = member.pace.take(now);
        if let Some(trunk) = member.trunks.get_mut(&place.trunk) {
            trunk.planned = trunk.planned.saturating_sub(1);
            at = at.max(trunk.pace.take(now));
        }
        at
    }

    /// A call found after a restart takes up a channel too.
    pub(super) fn adopt(&mut self, switch: usize) {
        self.members[switch].in_progress += 1;
    }

    /// A call that was started at `started` is over. `congested`: none when it
    /// says nothing of the trunk.
    pub(super) fn end(
        &mut self,
        place: &Place,
        congested: Option<bool>,
        started: Instant,
        now: Instant,
    ) -> Option<Change> {
        let member = &mut self.members[place.switch];
        member.in_progress = member.in_progress.saturating_sub(1);
        let trunk = member.trunks.get_mut(&place.trunk)?;
        trunk.ended.count(congested);
        let Some(congested) = congested else {
            trunk.congestion.on_unused(started, now);
            return None;
        };
        let change = trunk.congestion.on_end(congested, started, now);
        trunk.ended.trips += u64::from(matches!(change, Some(Change::Tripped(_))));
        trunk.pace.set_rate(trunk.congestion.rate());
        change
    }

    /// A call that was adopted is over.
    pub(super) fn end_adopted(&mut self, switch: usize) {
        let member = &mut self.members[switch];
        member.in_progress = member.in_progress.saturating_sub(1);
    }
}

impl Trunk {
    fn flow(&self, now: Instant, wall: Timestamp) -> TrunkFlow {
        match self.congestion.gate(now) {
            Gate::Probing => TrunkFlow::Probing,
            Gate::ClosedUntil(until) => {
                let wait = SignedDuration::try_from(until.saturating_duration_since(now)).unwrap_or_default();
                TrunkFlow::ClosedUntil(wall.checked_add(wait).unwrap_or(wall))
            }
            Gate::Open if self.congestion.is_slowed() => TrunkFlow::Slow,
            Gate::Open => TrunkFlow::Open,
        }
    }

    fn new(template: TrunkTemplate, rate: f64, now: Instant) -> Self {
        Self {
            template,
            congestion: Congestion::new(rate, now),
            pace: Pace::per_second(rate),
            planned: 0,
            ended: TrunkCalls::default(),
        }
    }
}

impl Member {
    fn new(limits: SwitchLimits, now: Instant) -> Self {
        let rate = limits.max_calls_per_second;
        let trunks =
            limits.trunks.iter().map(|(name, template)| (name.clone(), Trunk::new(template.clone(), rate, now)));
        Self {
            trunks: trunks.collect(),
            pace: Pace::per_second(rate),
            limits,
            ready: false,
            in_progress: 0,
            planned: 0,
        }
    }

    fn update(&mut self, limits: SwitchLimits, now: Instant) {
        let rate = limits.max_calls_per_second;
        let same_rate = self.limits.max_calls_per_second == rate;
        self.trunks.retain(|name, _| limits.trunks.contains_key(name));
        for (name, template) in &limits.trunks {
            match self.trunks.get_mut(name) {
                Some(trunk) if same_rate => trunk.template = template.clone(),
                Some(trunk) => {
                    let (planned, ended) = (trunk.planned, trunk.ended);
                    *trunk = Trunk { planned, ended, ..Trunk::new(template.clone(), rate, now) };
                }
                None => {
                    self.trunks.insert(name.clone(), Trunk::new(template.clone(), rate, now));
                }
            }
        }
        self.pace.set_rate(rate);
        self.limits = limits;
    }

    fn load(&self) -> u32 {
        self.in_progress + self.planned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(name: &str, channels: u32, rate: f64) -> SwitchLimits {
        let trunk = "sofia/gateway/carrier/{number}".parse().expect("a template");
        SwitchLimits {
            name: name.into(),
            max_channels: channels,
            max_calls_per_second: rate,
            trunks: BTreeMap::from([("carrier".to_owned(), trunk)]),
            default_trunk: "carrier".into(),
            parties: Parties::freeswitch(),
        }
    }

    fn fleet(now: Instant) -> Fleet {
        let mut fleet = Fleet::new(vec![limits("one", 2, 0.0), limits("two", 4, 0.0)], now);
        fleet.set_ready(0, true);
        fleet.set_ready(1, true);
        fleet
    }

    fn place(pick: Pick) -> Place {
        match pick {
            Pick::Place(place) => place,
            other => panic!("a place, not {other:?}"),
        }
    }

    #[test]
    fn the_least_loaded_switch_carries_the_call_until_all_are_full() {
        let now = Instant::now();
        let mut fleet = fleet(now);
        let mut carried = [0, 0];
        for _ in 0..6 {
            let place = place(fleet.pick(&Settings::default(), now));
            carried[place.switch] += 1;
            fleet.plan(&place, now);
            fleet.start(&place, now);
        }
        assert_eq!(carried, [2, 4]);
        assert_eq!(fleet.pick(&Settings::default(), now), Pick::Full);
        let freed = Place { switch: 0, trunk: "carrier".into() };
        fleet.end(&freed, Some(false), now, now);
        assert_eq!(place(fleet.pick(&Settings::default(), now)), freed);
    }

    #[test]
    fn a_campaign_may_ask_for_a_switch_or_a_trunk() {
        let now = Instant::now();
        let mut fleet = fleet(now);
        let on = |switch: &str| Settings { switch: Some(switch.into()), ..Settings::default() };
        assert_eq!(place(fleet.pick(&on("two"), now)).switch, 1);
        assert_eq!(fleet.pick(&on("three"), now), Pick::NoSuchTrunk);
        let other = Settings { trunk: Some("other".into()), ..Settings::default() };
        assert_eq!(fleet.pick(&other, now), Pick::NoSuchTrunk);
        fleet.set_ready(1, false);
        assert_eq!(fleet.pick(&on("two"), now), Pick::NoneReady);
        assert_eq!(place(fleet.pick(&Settings::default(), now)).switch, 0);
    }

    #[test]
    fn calls_per_second_hold_for_planned_calls_too() {
        let now = Instant::now();
        let mut fleet = Fleet::new(vec![limits("one", 100, 10.0)], now);
        fleet.set_ready(0, true);
        let first = place(fleet.pick(&Settings::default(), now));
        fleet.plan(&first, now);
        let next = now + Duration::from_millis(100);
        assert_eq!(fleet.pick(&Settings::default(), now), Pick::NotBefore(next));
        assert_eq!(fleet.start(&first, now), now);
        assert_eq!(fleet.pick(&Settings::default(), now), Pick::NotBefore(next));
        assert!(matches!(fleet.pick(&Settings::default(), next), Pick::Place(_)));
    }

    #[test]
    fn limits_may_change_while_calls_are_in_progress() {
        let now = Instant::now();
        let mut fleet = fleet(now);
        let first = place(fleet.pick(&Settings { switch: Some("one".into()), ..Settings::default() }, now));
        fleet.plan(&first, now);
        fleet.start(&first, now);
        let unknown = fleet.update(vec![limits("one", 1, 10.0), limits("new", 5, 0.0)], now);
        assert_eq!(unknown, ["new"]);
        let on_one = Settings { switch: Some("one".into()), ..Settings::default() };
        assert_eq!(fleet.pick(&on_one, now), Pick::Full, "the call in progress still counts");
        fleet.end(&first, Some(false), now, now);
        assert!(matches!(fleet.pick(&on_one, now + Duration::from_secs(1)), Pick::Place(_)));
        fleet.update(vec![limits("one", 1, 20.0)], now);
        assert_eq!(fleet.trunk_calls(0), [TrunkCalls { carried: 1, ..TrunkCalls::default() }], "another pace");
        let mut without = limits("one", 1, 10.0);
        without.trunks.clear();
        fleet.update(vec![without], now);
        assert_eq!(fleet.pick(&on_one, now), Pick::NoSuchTrunk);
        assert_eq!(fleet.template(&first), None);
    }

    #[test]
    fn a_tripped_trunk_gets_one_probe() {
        let now = Instant::now();
        let mut fleet = Fleet::new(vec![limits("one", 100, 0.0)], now);
        fleet.set_ready(0, true);
        let place = place(fleet.pick(&Settings::default(), now));
        for _ in 0..5 {
            fleet.plan(&place, now);
            fleet.start(&place, now);
            fleet.end(&place, Some(true), now, now);
        }
        let ended = TrunkCalls { congested: 5, trips: 1, ..TrunkCalls::default() };
        assert_eq!(fleet.trunk_calls(0), [ended]);
        let Pick::NotBefore(until) = fleet.pick(&Settings::default(), now) else { panic!("closed") };
        let wall: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let flow = |fleet: &Fleet, now| fleet.state(0, now, wall).trunks[0].flow;
        let TrunkFlow::ClosedUntil(opens) = flow(&fleet, now) else { panic!("closed") };
        assert_eq!(opens, wall + (until - now));
        assert!(matches!(fleet.pick(&Settings::default(), until), Pick::Place(_)));
        fleet.plan(&place, until);
        assert_eq!(fleet.pick(&Settings::default(), until), Pick::Full);
        assert_eq!(flow(&fleet, until), TrunkFlow::Probing);
    }
}
