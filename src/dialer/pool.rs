//! Which caller ID the next call of a campaign shows.

use std::collections::HashMap;

use jiff::Timestamp;

use super::caller_ids::{CallerIds, Room};
use crate::campaign::{PoolStrategy, Settings};
use crate::number::PhoneNumber;
use crate::store::Near;

/// A campaign's caller IDs, and whose turn it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    strategy: PoolStrategy,
    members: Vec<PhoneNumber>,
    /// Calls of this campaign at once from one number, at most.
    most: Option<u32>,
    next: usize,
    /// Calls of this campaign that show each number, the planned ones too.
    used: HashMap<PhoneNumber, u32>,
}

/// More calls than a claim ever has.
const MOST_LENT: u32 = 100_000;

/// What a pool has for the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// This number.
    Number(PhoneNumber),
    /// Nothing before this time, unless a call ends.
    NotBefore(Timestamp),
    /// Nothing before a call ends.
    AfterAnEnd,
}

impl Pool {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut pool = Self::default();
        pool.update(settings);
        pool
    }

    /// Takes over changed members, going on where the turn was.
    pub(super) fn update(&mut self, settings: &Settings) {
        self.most = settings.max_calls_per_number;
        if settings.number_pool != self.members || settings.pool_strategy != self.strategy {
            self.members.clone_from(&settings.number_pool);
            self.strategy = settings.pool_strategy;
            self.next %= self.members.len().max(1);
        }
    }

    /// Whether no member may ever be shown, as things are; inactive and unknown
    /// ones are skipped.
    pub(super) fn is_empty(&self, ids: &CallerIds) -> bool {
        !self.members.iter().any(|number| ids.is_active(*number))
    }

    /// The caller ID of the next call, which is held until [`Self::release`].
    pub(super) fn draw(&mut self, ids: &mut CallerIds, now: Timestamp) -> Drawn {
        let mut soonest: Option<Timestamp> = None;
        let mut best: Option<(usize, PhoneNumber)> = None;
        for step in 0..self.members.len() {
            let at = (self.next + step) % self.members.len();
            let number = self.members[at];
            match self.room(number, ids, now) {
                Room::Now(_) => match self.strategy {
                    // Before it is known who is called, its turn decides.
                    PoolStrategy::RoundRobin | PoolStrategy::LocalPresence => {
                        best = Some((at, number));
                        break;
                    }
                    PoolStrategy::LeastRecentlyUsed => {
                        if best.is_none_or(|(_, other)| ids.recency(number) < ids.recency(other)) {
                            best = Some((at, number));
                        }
                    }
                },
                Room::From(from) => soonest = Some(soonest.map_or(from, |other| other.min(from))),
                Room::AfterAnEnd => {}
            }
        }
        match (best, soonest) {
            (Some((at, number)), _) => {
                self.next = (at + 1) % self.members.len();
                self.hold(number, ids);
                Drawn::Number(number)
            }
            (None, Some(from)) => Drawn::NotBefore(from),
            (None, None) => Drawn::AfterAnEnd,
        }
    }

    /// For a strategy that looks at who is called: the members that may be
    /// shown instead of the drawn ones. What is promised of a limited number is
    /// held until [`Self::take_back`].
    pub(super) fn lend(&mut self, ids: &mut CallerIds, now: Timestamp) -> Vec<Near> {
        match self.strategy {
            PoolStrategy::RoundRobin | PoolStrategy::LeastRecentlyUsed => return Vec::new(),
            PoolStrategy::LocalPresence => {}
        }
        let mut near = Vec::new();
        for number in &self.members {
            let (Room::Now(room), Some(area)) = (self.room(*number, ids, now), ids.area(*number)) else { continue };
            // What follows adds up: not to the end of the numbers.
            let room = room.min(MOST_LENT);
            let held = self.most.is_some() || ids.is_limited(*number);
            if held {
                ids.hold(*number, room);
                *self.used.entry(*number).or_default() += room;
            }
            near.push(Near { number: *number, area, room, held });
        }
        near
    }

    /// What was lent is free again, but for what is used.
    pub(super) fn take_back(&mut self, lent: &[Near], ids: &mut CallerIds) {
        for near in lent.iter().filter(|near| near.held) {
            ids.release(near.number, near.room);
            self.ended(near.number, near.room);
        }
    }

    /// A planned call may show this number.
    fn hold(&mut self, number: PhoneNumber, ids: &mut CallerIds) {
        *self.used.entry(number).or_default() += 1;
        ids.hold(number, 1);
    }

    /// It does not, or it does and is counted from now on.
    pub(super) fn release(&mut self, number: PhoneNumber, ids: &mut CallerIds) {
        self.ended(number, 1);
        ids.release(number, 1);
    }

    /// A call of this campaign shows this number from now on.
    pub(super) fn started(&mut self, number: PhoneNumber) {
        *self.used.entry(number).or_default() += 1;
    }

    /// So many calls do no longer.
    pub(super) fn ended(&mut self, number: PhoneNumber, calls: u32) {
        if let Some(used) = self.used.get_mut(&number) {
            *used = used.saturating_sub(calls);
        }
    }

    fn room(&self, number: PhoneNumber, ids: &CallerIds, now: Timestamp) -> Room {
        let own = self.most.map_or(u32::MAX, |most| most.saturating_sub(self.used.get(&number).copied().unwrap_or(0)));
        match ids.room(number, now) {
            Room::Now(_) if own == 0 => Room::AfterAnEnd,
            Room::Now(room) => Room::Now(room.min(own)),
            other @ (Room::From(_) | Room::AfterAnEnd) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallId;
    use crate::caller_id::Limits;
    use crate::dialer::caller_ids::Shown;
    use crate::store::OwnNumber;
    use jiff::SignedDuration;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn number(n: u32) -> PhoneNumber {
        PhoneNumber::from_e164(&format!("+1555000{n:04}")).expect("a number")
    }

    fn ids(known: &[u32], limits: Limits) -> CallerIds {
        let mut ids = CallerIds::default();
        let shown = |n: &u32| Shown { own: OwnNumber { limits, ..OwnNumber::new(number(*n)) }, before: None };
        ids.update(known.iter().map(shown).collect());
        ids
    }

    fn pool(members: u32, strategy: PoolStrategy) -> Pool {
        let number_pool = (0..members).map(number).collect();
        Pool::new(&Settings { number_pool, pool_strategy: strategy, ..Settings::default() })
    }

    /// Draws, and places the call at once.
    fn call(pool: &mut Pool, ids: &mut CallerIds, now: Timestamp) -> Drawn {
        let drawn = pool.draw(ids, now);
        if let Drawn::Number(number) = drawn {
            pool.release(number, ids);
            pool.started(number);
            ids.start(CallId::new(), number, now);
        }
        drawn
    }

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn takes_turns_and_skips_what_may_not_be_used() {
        let mut ids = ids(&[0, 1, 3], Limits::default());
        let mut pool = pool(4, PoolStrategy::RoundRobin);
        let drawn: Vec<_> = (0..6).map(|_| call(&mut pool, &mut ids, START)).collect();
        assert_eq!(drawn, [0, 1, 3, 0, 1, 3].map(|n| Drawn::Number(number(n))));
    }

    #[test]
    fn a_change_keeps_the_turn_and_an_empty_pool_gives_nothing() {
        let mut ids = ids(&[0, 1, 2], Limits::default());
        let mut pool = pool(3, PoolStrategy::RoundRobin);
        call(&mut pool, &mut ids, START);
        pool.update(&Settings { number_pool: (0..2).map(number).collect(), ..Settings::default() });
        assert_eq!(call(&mut pool, &mut ids, START), Drawn::Number(number(1)));
        assert!(!pool.is_empty(&ids));
        pool.update(&Settings { number_pool: vec![number(9)], ..Settings::default() });
        assert!(pool.is_empty(&ids));
        assert_eq!(call(&mut pool, &mut ids, START), Drawn::AfterAnEnd);
    }

    #[test]
    fn the_one_used_longest_ago_whoever_used_it() {
        let mut ids = ids(&[0, 1, 2], Limits::default());
        let mut pool = pool(3, PoolStrategy::LeastRecentlyUsed);
        ids.start(CallId::new(), number(0), at(5));
        ids.start(CallId::new(), number(1), at(3));
        let drawn: Vec<_> = (10..14).map(|second| call(&mut pool, &mut ids, at(second))).collect();
        assert_eq!(drawn, [2, 1, 0, 2].map(|n| Drawn::Number(number(n))));
    }

    #[test]
    fn a_burst_is_spread_though_no_call_has_started_yet() {
        let mut ids = ids(&[0, 1, 2], Limits::default());
        let mut pool = pool(3, PoolStrategy::LeastRecentlyUsed);
        (0..3).for_each(|n| ids.start(CallId::new(), number(n), at(n.into())));
        let drawn: Vec<_> = (0..4).map(|_| pool.draw(&mut ids, at(9))).collect();
        assert_eq!(drawn, [0, 1, 2, 0].map(|n| Drawn::Number(number(n))));
    }

    #[test]
    fn who_has_no_room_is_passed_over_and_the_soonest_is_told() {
        let limits = Limits { cool_down_seconds: Some(30), ..Limits::default() };
        let mut ids = ids(&[0, 1], limits);
        let mut pool = pool(2, PoolStrategy::RoundRobin);
        assert_eq!(call(&mut pool, &mut ids, at(0)), Drawn::Number(number(0)));
        assert_eq!(call(&mut pool, &mut ids, at(10)), Drawn::Number(number(1)));
        assert_eq!(call(&mut pool, &mut ids, at(20)), Drawn::NotBefore(at(30)));
        assert_eq!(call(&mut pool, &mut ids, at(30)), Drawn::Number(number(0)));
    }

    #[test]
    fn a_campaign_shows_a_number_in_no_more_calls_than_it_may() {
        let mut ids = ids(&[0, 1], Limits::default());
        let mut pool = pool(2, PoolStrategy::RoundRobin);
        pool.most = Some(2);
        let drawn: Vec<_> = (0..5).map(|_| call(&mut pool, &mut ids, START)).collect();
        assert_eq!(drawn[..4], [0, 1, 0, 1].map(|n| Drawn::Number(number(n))));
        assert_eq!(drawn[4], Drawn::AfterAnEnd);
        pool.ended(number(1), 1);
        assert_eq!(call(&mut pool, &mut ids, START), Drawn::Number(number(1)));
    }

    #[test]
    fn what_is_lent_is_nobody_elses_until_it_is_back() {
        let limits = Limits { max_concurrent: Some(3), ..Limits::default() };
        let mut ids = ids(&[0], limits);
        let mut pool = pool(1, PoolStrategy::LocalPresence);
        let mut other = pool.clone();
        assert_eq!(pool.draw(&mut ids, START), Drawn::Number(number(0)));
        let lent = pool.lend(&mut ids, START);
        assert_eq!(lent.iter().map(|near| near.room).collect::<Vec<_>>(), [2]);
        assert_eq!(other.draw(&mut ids, START), Drawn::AfterAnEnd);
        pool.release(number(0), &mut ids);
        pool.take_back(&lent, &mut ids);
        assert_eq!(ids.room(number(0), START), Room::Now(3));
        assert_eq!(pool.used[&number(0)], 0);
        assert_eq!(super::Pool::default().lend(&mut ids, START), []);
    }
}
