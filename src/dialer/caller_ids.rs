//! How much each of our numbers is used at this moment, over all campaigns, and
//! whether it may be used once more.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::call::CallId;
use crate::caller_id::{HOUR, Hour, Limits, hour_of};
use crate::number::{Area, PhoneNumber};
use crate::store::OwnNumber;

/// Hours in which the calls of a day count.
pub(super) const DAY: Hour = 24;

/// A number of ours that may be shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// What the operator says of it.
    pub(super) own: OwnNumber,
    /// Calls from it by hour, and the last one's start; told when the engine
    /// first hears of the number.
    pub(super) before: Option<Before>,
}

/// What was before the engine counted itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) hours: Vec<(Hour, u32)>,
    pub(super) last: Option<Timestamp>,
}

/// Whether a number may be shown once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// For so many calls, now.
    Now(u32),
    /// Not before this time.
    From(Timestamp),
    /// Once a call from it has ended.
    AfterAnEnd,
}

#[derive(Clone, Debug)]
struct Used {
    limits: Limits,
    resting_until: Option<Timestamp>,
    area: Area,
    active: bool,
    /// Calls that are planned, or could be.
    held: u32,
    in_progress: u32,
    last: Option<Timestamp>,
    /// Starts by hour, the oldest first.
    hours: VecDeque<(Hour, u32)>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct CallerIds {
    numbers: HashMap<PhoneNumber, Used>,
    calls: HashMap<CallId, PhoneNumber>,
}

impl CallerIds {
    /// Takes over what the operator says now. Numbers that may be shown no
    /// longer are known on while calls from them go on.
    pub(super) fn update(&mut self, numbers: Vec<Shown>) {
        for used in self.numbers.values_mut() {
            used.active = false;
        }
        for Shown { own, before } in numbers {
            let used = self.numbers.entry(own.number).or_insert_with(|| Used::new(&own));
            used.active = own.active;
            used.limits = own.limits;
            used.resting_until = own.resting_until;
            if let Some(before) = before.filter(|_| used.hours.is_empty()) {
                used.hours = before.hours.into();
                used.last = used.last.max(before.last);
            }
        }
        self.numbers.retain(|_, used| used.active || used.held + used.in_progress > 0);
    }

    /// Whether the operator lets it be shown at all, now or later.
    pub(super) fn is_active(&self, number: PhoneNumber) -> bool {
        self.numbers.get(&number).is_some_and(|used| used.active)
    }

    /// Whether it may be shown.
    pub(super) fn room(&self, number: PhoneNumber, now: Timestamp) -> Room {
        match self.numbers.get(&number) {
            Some(used) if used.active => used.room(now),
            Some(_) | None => Room::AfterAnEnd,
        }
    }

    /// How lately it was used: those that are planned come last, then the order
    /// of the last starts.
    pub(super) fn recency(&self, number: PhoneNumber) -> (u32, Option<Timestamp>) {
        self.numbers.get(&number).map_or((0, None), |used| (used.held, used.last))
    }

    /// Where it says it is.
    pub(super) fn area(&self, number: PhoneNumber) -> Option<Area> {
        self.numbers.get(&number).map(|used| used.area)
    }

    /// Whether anything limits its use: then what is promised is held.
    pub(super) fn is_limited(&self, number: PhoneNumber) -> bool {
        self.numbers.get(&number).is_some_and(|used| used.limits != Limits::default())
    }

    /// Calls are planned that may show it.
    pub(super) fn hold(&mut self, number: PhoneNumber, calls: u32) {
        if let Some(used) = self.numbers.get_mut(&number) {
            used.held += calls;
        }
    }

    /// They do not.
    pub(super) fn release(&mut self, number: PhoneNumber, calls: u32) {
        if let Some(used) = self.numbers.get_mut(&number) {
            used.held = used.held.saturating_sub(calls);
        }
    }

    /// A call shows it; what was held for it has been released.
    pub(super) fn start(&mut self, call: CallId, number: PhoneNumber, now: Timestamp) {
        if let Some(used) = self.numbers.get_mut(&number) {
            used.last = used.last.max(Some(now));
            used.count(hour_of(now));
        }
        self.adopt(call, number);
    }

    /// A call that was started before shows it.
    pub(super) fn adopt(&mut self, call: CallId, number: PhoneNumber) {
        // Known or not any more: its campaign counts it too.
        self.calls.insert(call, number);
        if let Some(used) = self.numbers.get_mut(&number) {
            used.in_progress += 1;
        }
    }

    /// The call is over; gives what it showed.
    pub(super) fn end(&mut self, call: CallId) -> Option<PhoneNumber> {
        let number = self.calls.remove(&call)?;
        if let Some(used) = self.numbers.get_mut(&number) {
            used.in_progress = used.in_progress.saturating_sub(1);
        }
        Some(number)
    }
}

impl Used {
    fn new(own: &OwnNumber) -> Self {
        Self {
            limits: own.limits,
            resting_until: own.resting_until,
            area: own.number.area(),
            active: own.active,
            held: 0,
            in_progress: 0,
            last: None,
            hours: VecDeque::new(),
        }
    }

    fn count(&mut self, hour: Hour) {
        match self.hours.back_mut() {
            // A clock that is set back counts into the last hour.
            Some((last, calls)) if *last >= hour => *calls = calls.saturating_add(1),
            Some(_) | None => self.hours.push_back((hour, 1)),
        }
        while self.hours.front().is_some_and(|(first, _)| *first <= hour - DAY) {
            self.hours.pop_front();
        }
    }

    fn room(&self, now: Timestamp) -> Room {
        if let Some(until) = self.resting_until.filter(|until| *until > now) {
            return Room::From(until);
        }
        let mut room = u32::MAX;
        if let Some(most) = self.limits.max_concurrent {
            room = room.min(most.saturating_sub(self.in_progress + self.held));
        }
        if let Some(seconds) = self.limits.cool_down_seconds {
            let from = self.last.map(|last| last + SignedDuration::from_secs(seconds.into()));
            match from {
                Some(from) if from > now => return Room::From(from),
                Some(_) | None => room = room.min(1u32.saturating_sub(self.held)),
            }
        }
        if let Some(cap) = self.limits.daily_cap {
            let hour = hour_of(now);
            let counts = self.hours.iter().filter(|(at, _)| *at > hour - DAY);
            let today = counts.clone().fold(0u32, |sum, (_, calls)| sum.saturating_add(*calls));
            if today >= cap {
                // The first hour that counts no more makes room.
                let first = counts.map(|(at, _)| *at).min().unwrap_or(hour);
                return Timestamp::from_second((first + DAY) * HOUR).map_or(Room::AfterAnEnd, Room::From);
            }
            room = room.min((cap - today).saturating_sub(self.held));
        }
        if room > 0 { Room::Now(room) } else { Room::AfterAnEnd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn number() -> PhoneNumber {
        PhoneNumber::from_e164("+12125550100").expect("a number")
    }

    fn shown(limits: Limits) -> Shown {
        let own = OwnNumber { limits, ..OwnNumber::new(number()) };
        Shown { own, before: Some(Before::default()) }
    }

    fn ids(limits: Limits) -> CallerIds {
        let mut ids = CallerIds::default();
        ids.update(vec![shown(limits)]);
        ids
    }

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn without_limits_there_is_always_room() {
        let mut ids = ids(Limits::default());
        for _ in 0..1_000 {
            ids.start(CallId::new(), number(), START);
        }
        assert_eq!(ids.room(number(), START), Room::Now(u32::MAX));
        assert_eq!(ids.recency(number()), (0, Some(START)));
    }

    #[test]
    fn calls_at_once() {
        let mut ids = ids(Limits { max_concurrent: Some(2), ..Limits::default() });
        let call = CallId::new();
        ids.start(call, number(), START);
        assert_eq!(ids.room(number(), START), Room::Now(1));
        ids.hold(number(), 1);
        assert_eq!(ids.room(number(), START), Room::AfterAnEnd);
        ids.release(number(), 1);
        assert_eq!(ids.end(call), Some(number()));
        assert_eq!((ids.end(call), ids.room(number(), START)), (None, Room::Now(2)));
    }

    #[test]
    fn a_pause_between_two_starts() {
        let mut ids = ids(Limits { cool_down_seconds: Some(30), ..Limits::default() });
        assert_eq!(ids.room(number(), START), Room::Now(1));
        ids.hold(number(), 1);
        assert_eq!(ids.room(number(), START), Room::AfterAnEnd, "one is planned");
        ids.release(number(), 1);
        ids.start(CallId::new(), number(), START);
        assert_eq!(ids.room(number(), at(29)), Room::From(at(30)));
        assert_eq!(ids.room(number(), at(30)), Room::Now(1));
    }

    #[test]
    fn calls_of_a_day_counted_by_full_hours() {
        let mut ids = ids(Limits { daily_cap: Some(3), ..Limits::default() });
        for hour in [0, 0, 5] {
            ids.start(CallId::new(), number(), at(hour * HOUR + 1_800));
        }
        assert_eq!(ids.room(number(), at(6 * HOUR)), Room::From(at(24 * HOUR)));
        assert_eq!(ids.room(number(), at(24 * HOUR - 1)), Room::From(at(24 * HOUR)));
        assert_eq!(ids.room(number(), at(24 * HOUR)), Room::Now(2));
    }

    #[test]
    fn what_was_before_counts_and_is_taken_over_once() {
        let mut ids = CallerIds::default();
        let limits = Limits { daily_cap: Some(10), cool_down_seconds: Some(60), ..Limits::default() };
        let before = Before { hours: vec![(0, 9)], last: Some(at(100)) };
        let told = Shown { before: Some(before), ..shown(limits) };
        ids.update(vec![told.clone()]);
        assert_eq!(ids.room(number(), at(100)), Room::From(at(160)));
        ids.start(CallId::new(), number(), at(160));
        ids.update(vec![told]);
        assert_eq!(ids.room(number(), at(3_000)), Room::From(at(24 * HOUR)));
    }

    #[test]
    fn who_rests_or_is_switched_off_gives_no_room() {
        let mut ids = ids(Limits::default());
        let call = CallId::new();
        ids.start(call, number(), START);
        let mut resting = shown(Limits::default());
        resting.own.resting_until = Some(at(10));
        ids.update(vec![resting]);
        assert_eq!(ids.room(number(), START), Room::From(at(10)));
        assert!(ids.is_active(number()), "it returns");
        assert_eq!(ids.room(number(), at(10)), Room::Now(u32::MAX));
        ids.update(Vec::new());
        assert_eq!((ids.is_active(number()), ids.room(number(), at(10))), (false, Room::AfterAnEnd));
        assert_eq!(ids.end(call), Some(number()), "its call is still known");
    }
}
