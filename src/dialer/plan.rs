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
    use std::sync::Arc;

    use super::super::caller_ids::Shown;
    use super::super::fleet::SwitchLimits;
    use super::super::roster::Supply;
    use super::super::runner::instant_of;
    use super::*;
    use crate::campaign::Settings;
    use crate::clock::Clock;
    use crate::compliance::{Organization, Rules};
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

    /// A zone, a slot on a Sunday, an instant at which it is closed, and when it
    /// opens next.
    const OPENINGS: [(&str, &str, &str, &str, &str); 8] = [
        // An hour is skipped: what would open within it opens after it.
        ("America/New_York", "02:30", "04:00", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"),
        ("America/New_York", "09:00", "17:00", "2026-03-07T22:00:00Z", "2026-03-08T13:00:00Z"),
        // An hour comes twice: so does what opens within it.
        ("America/New_York", "01:30", "02:30", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"),
        ("America/New_York", "01:30", "02:30", "2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z"),
        ("America/New_York", "09:00", "17:00", "2026-10-31T22:00:00Z", "2026-11-01T14:00:00Z"),
        ("Asia/Kolkata", "09:00", "17:00", "2026-06-06T20:00:00Z", "2026-06-07T03:30:00Z"),
        ("Asia/Kathmandu", "09:00", "17:00", "2026-06-06T20:00:00Z", "2026-06-07T03:15:00Z"),
        // Half an hour is skipped.
        ("Australia/Lord_Howe", "02:00", "03:00", "2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z"),
    ];

    /// In virtual time: from the moment the engine would wake to the planned call.
    #[tokio::test(start_paused = true)]
    async fn the_first_call_is_planned_within_a_second_of_the_opening() {
        for (zone, start, end, closed, opening) in OPENINGS {
            let hours = format!(
                r#"{{"timezone": "{zone}", "slots": [{{"day": "sunday", "start": "{start}", "end": "{end}"}}]}}"#
            );
            let settings = Settings { calling_hours: serde_json::from_str(&hours).expect("hours"), ..wide(1) };
            let rules = Arc::new(Rules::new(Arc::new(Organization::laboratory()), &settings));
            let opening: Timestamp = opening.parse().expect("an instant");
            let clock = Clock::starting_at(closed.parse().expect("an instant"));
            let id = CampaignId::new();
            let mut world = world(&[(id, settings)], 10, 0.0);
            let entry = world.roster.get_mut(id).expect("known");
            entry.govern(&rules, clock.now());
            let wakes = entry.waits_until().expect("it is closed");
            assert_eq!(wakes, opening, "{zone} {start}");
            world.wall = clock.now();
            assert!(world.plan(10).is_empty(), "{zone} {start}");
            tokio::time::sleep_until(instant_of(wakes, clock.now())).await;
            (world.now, world.wall) = (Instant::now(), clock.now());
            let late = world.wall.duration_since(opening);
            assert!((0..1_000).contains(&late.as_millis()), "{zone} {start}: {late:?}");
            assert_eq!(world.plan(10).get(&id), Some(&1), "{zone} {start}");
        }
    }

    /// Two pools with the same only number, of which one has lent all there is.
    #[test]
    fn whoever_found_no_caller_id_has_a_turn_when_one_is_free() {
        let (near, plain) = (CampaignId::new(), CampaignId::new());
        let local = Settings { pool_strategy: crate::campaign::PoolStrategy::LocalPresence, ..wide(1) };
        let mut world = world(&[(near, local), (plain, wide(1))], 10, 0.0);
        let limits = crate::caller_id::Limits { max_concurrent: Some(2), ..Default::default() };
        world.ids.update(vec![Shown { own: OwnNumber { limits, ..OwnNumber::new(number()) }, before: None }]);
        // The other one has nobody due for now.
        world.roster.get_mut(plain).expect("known").supply = Supply::Empty;
        let round = plan(&mut world.roster, &mut world.fleet, &mut world.ids, 10, world.now, world.wall);
        let claim = round.claims.first().expect("one claim");
        assert_eq!((claim.campaign, claim.nearby[0].room), (near, 1));
        world.roster.get_mut(plain).expect("known").supply = Supply::Unknown;
        assert_eq!(world.plan(10), HashMap::new(), "the number is promised");
        // The claim is answered: nobody was due after all.
        let pool = &mut world.roster.get_mut(near).expect("known").pool;
        pool.release(number(), &mut world.ids);
        pool.take_back(&claim.nearby, &mut world.ids);
        assert_eq!(world.plan(10), HashMap::from([(plain, 1)]));
    }
}
