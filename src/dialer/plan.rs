//! One round of planning: who may start how many calls, and where.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::caller_ids::CallerIds;
use super::fleet::{Fleet, Pick, Place};
use super::pool::Drawn;
use super::roster::Roster;
use crate::call::CallId;
use crate::campaign::CampaignId;
use crate::store::{Claim, PlannedCall};

/// What a round of planning came to.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The claims to be made, one per campaign.
    pub(super) claims: Vec<Claim>,
    /// The places of the planned calls.
    pub(super) places: HashMap<CallId, Place>,
    /// When to plan again, if nothing else happens before.
    pub(super) again_at: Option<Instant>,
}

/// At most so many calls are planned for one campaign in one round, so that a
/// claim's transaction stays short.
const CLAIM_LIMIT: usize = 128;

/// Plans until nobody can or wants more. `free` is what the organization's
/// limit leaves.
pub(super) fn plan(
    roster: &mut Roster,
    fleet: &mut Fleet,
    ids: &mut CallerIds,
    mut free: u32,
    now: Instant,
    wall: Timestamp,
) -> Round {
    let mut round = Round::default();
    let mut claims: HashMap<CampaignId, Vec<PlannedCall>> = HashMap::new();
    let mut turn = roster.round();
    while free > 0 && !turn.is_empty() {
        // One call each, then the next turn: a huge campaign starves nobody.
        turn.retain(|id| {
            if free == 0 {
                return false;
            }
            let planned = claims.entry(*id).or_default();
            if planned.len() >= CLAIM_LIMIT {
                round.again_at = Some(now);
                return false;
            }
            let Some(entry) = roster.get_mut(*id) else { return false };
            if !entry.wants(wall) {
                return false;
            }
            let at = entry.ready_at(now);
            if at > now {
                round.wake(at);
                return false;
            }
            let place = match fleet.pick(&entry.settings, now) {
                Pick::Place(place) => place,
                Pick::NotBefore(at) => {
                    round.wake(at);
                    return false;
                }
                Pick::Full | Pick::NoneReady | Pick::NoSuchTrunk => return false,
            };
            let caller_id = match entry.pool.draw(ids, wall) {
                Drawn::Number(number) => number,
                Drawn::NotBefore(from) => {
                    round.wake(now + Duration::try_from(from.duration_since(wall)).unwrap_or(Duration::ZERO));
                    return false;
                }
                Drawn::AfterAnEnd => return false,
            };
            let call = CallId::new();
            entry.planned += 1;
            fleet.plan(&place, now);
            free -= 1;
            planned.push(PlannedCall { call, caller_id, switch: fleet.name(place.switch).to_owned() });
            round.places.insert(call, place);
            true
        });
    }
    round.claims = claims
        .into_iter()
        .filter(|(_, calls)| !calls.is_empty())
        .filter_map(|(campaign, calls)| {
            let entry = roster.get_mut(campaign)?;
            let (nearby, rules) = (entry.pool.lend(ids, wall), entry.rules.clone());
            Some(Claim { campaign, calls, nearby, rules })
        })
        .collect();
    round
}

impl Round {
    fn wake(&mut self, at: Instant) {
        self.again_at = Some(self.again_at.map_or(at, |other| other.min(at)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::caller_ids::Shown;
    use super::super::fleet::SwitchLimits;
    use super::super::roster::Supply;
    use super::*;
    use crate::campaign::Settings;
    use crate::number::PhoneNumber;
    use crate::store::OwnNumber;

    struct World {
        roster: Roster,
        fleet: Fleet,
        ids: CallerIds,
        now: Instant,
        wall: Timestamp,
    }

    fn number() -> PhoneNumber {
        PhoneNumber::from_e164("+15550000001").expect("a number")
    }

    fn world(campaigns: &[(CampaignId, Settings)], channels: u32, rate: f64) -> World {
        let now = Instant::now();
        let mut roster = Roster::default();
        let campaigns: Vec<_> = campaigns
            .iter()
            .map(|(id, settings)| (*id, Settings { number_pool: vec![number()], ..settings.clone() }))
            .collect();
        roster.update(&campaigns);
        let mut ids = CallerIds::default();
        ids.update(vec![Shown { own: OwnNumber::new(number()), before: None }]);
        let trunk = "sofia/gateway/carrier/{number}".parse().expect("a template");
        let limits = SwitchLimits {
            name: "one".into(),
            max_channels: channels,
            max_calls_per_second: rate,
            trunks: BTreeMap::from([("carrier".to_owned(), trunk)]),
            default_trunk: "carrier".into(),
            parties: crate::switch::Parties::freeswitch(),
        };
        let mut fleet = Fleet::new(vec![limits], now);
        fleet.set_ready(0, true);
        World { roster, fleet, ids, now, wall: "2026-03-01T09:00:00Z".parse().expect("an instant") }
    }

    impl World {
        fn plan(&mut self, free: u32) -> HashMap<CampaignId, usize> {
            let round = plan(&mut self.roster, &mut self.fleet, &mut self.ids, free, self.now, self.wall);
            assert_eq!(round.places.len(), round.claims.iter().map(|c| c.calls.len()).sum::<usize>());
            round.claims.into_iter().map(|claim| (claim.campaign, claim.calls.len())).collect()
        }
    }

    fn wide(max_concurrent: u32) -> Settings {
        Settings { max_concurrent, ..Settings::default() }
    }

    #[test]
    fn the_smallest_limit_holds() {
        let id = CampaignId::new();
        assert_eq!(world(&[(id, wide(3))], 100, 0.0).plan(10)[&id], 3);
        assert_eq!(world(&[(id, wide(30))], 100, 0.0).plan(10)[&id], 10);
        assert_eq!(world(&[(id, wide(30))], 5, 0.0).plan(10)[&id], 5);
        assert!(world(&[(id, wide(30))], 5, 0.0).plan(0).is_empty());
    }

    #[test]
    fn a_huge_campaign_leaves_room_for_small_ones() {
        let (huge, small) = (CampaignId::new(), CampaignId::new());
        let planned = world(&[(huge, wide(1_000)), (small, wide(4))], 100, 0.0).plan(10);
        assert_eq!((planned[&huge], planned[&small]), (6, 4));
    }

    #[test]
    fn who_has_nothing_due_plans_nothing() {
        let (dry, other) = (CampaignId::new(), CampaignId::new());
        let mut world = world(&[(dry, wide(5)), (other, wide(5))], 100, 0.0);
        world.roster.get_mut(dry).expect("known").supply = Supply::Empty;
        let planned = world.plan(100);
        assert_eq!((planned.get(&dry), planned[&other]), (None, 5));
    }

    #[test]
    fn pace_lets_one_through_and_says_when_the_next() {
        let id = CampaignId::new();
        let mut slow = world(&[(id, Settings { throttle_ms: 500, ..wide(50) })], 100, 0.0);
        let round = plan(&mut slow.roster, &mut slow.fleet, &mut slow.ids, 50, slow.now, slow.wall);
        assert_eq!(round.places.len(), 1);
        assert_eq!(round.again_at, Some(slow.now + Duration::from_millis(500)));
        let mut by_switch = world(&[(id, wide(50))], 100, 10.0);
        let round =
            plan(&mut by_switch.roster, &mut by_switch.fleet, &mut by_switch.ids, 50, by_switch.now, by_switch.wall);
        assert_eq!(round.places.len(), 1);
        assert_eq!(round.again_at, Some(by_switch.now + Duration::from_millis(100)));
    }

    #[test]
    fn a_claim_stays_short_and_the_rest_follows() {
        let id = CampaignId::new();
        let mut world = world(&[(id, wide(1_000))], 1_000, 0.0);
        let round = plan(&mut world.roster, &mut world.fleet, &mut world.ids, 1_000, world.now, world.wall);
        assert_eq!((round.places.len(), round.again_at), (CLAIM_LIMIT, Some(world.now)));
        assert_eq!(world.plan(1_000)[&id], CLAIM_LIMIT);
    }
}
