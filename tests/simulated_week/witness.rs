//! Who sees every call the simulated switch is asked for, and holds it against
//! what was promised: with a table, a calendar and counts of its own.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Mutex;

use canvass::switch::simulator::Record;
use tokio::time::Instant;

use super::places::{Clock, Wall, day_of};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

/// Digits of a telephone number.
pub(crate) type Digits = u64;

/// What may be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Breach {
    /// Before eight or after nine at the callee's.
    Law,
    /// Outside the hours of the campaign, or on its holiday.
    Hours,
    /// More attempts at a number in 24 hours than the campaign may make.
    Frequency,
    /// After the callee opted out.
    OptedOut,
    /// The same call again, or a number that is in a call.
    Twice,
    /// More attempts than the campaign makes at one contact.
    Attempts,
    /// More calls from one of our numbers than its daily cap.
    DailyCap,
    /// From one of our numbers too soon after the last.
    CoolDown,
    /// From one of our numbers that rests.
    Rest,
    /// Somebody who is on no list, or from a number that is in no pool.
    Stranger,
}

/// Whose clock counts for a campaign's hours.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    Callee,
    Fixed(Clock),
}

/// What a campaign promises.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    /// The numbers it shows; no other campaign does.
    pub(crate) pool: Vec<Digits>,
    pub(crate) whose: Whose,
    /// Weekdays from Monday, 0, and seconds since midnight; none: the law's.
    pub(crate) slots: Vec<(usize, i64, i64)>,
    /// Year, month, day.
    pub(crate) holiday: Option<(i64, usize, i64)>,
    /// Attempts at a number in 24 hours, whoever makes them.
    pub(crate) in_24_hours: usize,
    /// Calls to one contact.
    pub(crate) attempts: u32,
    /// Calls from one of its numbers in 24 hours, by full hours.
    pub(crate) daily_cap: u32,
    /// Microseconds between two calls from one of its numbers.
    pub(crate) cool_down: i64,
}

impl Promise {
    /// Whether it may call at this moment of a wall clock.
    fn is_open(&self, wall: Wall) -> bool {
        let holiday = self.holiday.is_some_and(|(year, month, day)| day_of(year, month, day) == wall.day);
        let slot =
            |(day, start, end): &(usize, i64, i64)| *day == wall.weekday() && (*start..*end).contains(&wall.second);
        self.slots.is_empty() || (!holiday && self.slots.iter().any(slot))
    }
}

/// Whether the law lets somebody be called at this moment of their clock.
fn is_legal(wall: Wall) -> bool {
    (8 * 3_600..21 * 3_600).contains(&wall.second)
}

/// A call as it was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) number: Digits,
    /// Which campaign made it.
    pub(crate) campaign: usize,
}

/// What it has seen.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) calls: Vec<Seen>,
    pub(crate) breaches: BTreeMap<Breach, Vec<String>>,
    /// Whoever may be called no more, and since when.
    pub(crate) opted_out: HashMap<Digits, i64>,
    /// Those who did so by a key.
    pub(crate) by_key: usize,
    /// Times of the attempts at each number.
    attempts: HashMap<Digits, Vec<(i64, usize)>>,
    ids: HashMap<String, Digits>,
    in_call: HashSet<Digits>,
    /// By number of ours: when it was shown in the last day.
    shown: HashMap<Digits, VecDeque<i64>>,
}

/// Sees every call.
#[derive(Debug)]
pub(crate) struct Witness {
    /// What time it is, microseconds since 1970, at which moment.
    began: (i64, Instant),
    people: HashMap<Digits, Vec<Clock>>,
    promises: Vec<Promise>,
    /// Our numbers that rest, and until when.
    resting: HashMap<Digits, i64>,
    notes: Mutex<Notes>,
}

/// The digits of a number however it is written.
pub(crate) fn digits(text: &str) -> Digits {
    text.chars().filter_map(|c| c.to_digit(10)).fold(0, |all, digit| all * 10 + u64::from(digit))
}

impl Witness {
    pub(crate) fn new(
        began: i64,
        people: HashMap<Digits, Vec<Clock>>,
        promises: Vec<Promise>,
        resting: HashMap<Digits, i64>,
    ) -> Self {
        Self { began: (began, Instant::now()), people, promises, resting, notes: Mutex::default() }
    }

    /// Microseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        let (time, since) = self.began;
        time + i64::try_from(since.elapsed().as_micros()).expect("a week")
    }

    pub(crate) fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().expect("no panic while looking")
    }

    /// Whoever has this number is not to be called from now on.
    pub(crate) fn opted_out(&self, number: Digits) {
        let now = self.now();
        self.notes().opted_out.entry(number).or_insert(now);
    }

    /// Something happened on the switch.
    pub(crate) fn see(&self, record: &Record) {
        match record {
            Record::Originate { call, number, caller_id } => self.on_call(call, digits(number), digits(caller_id)),
            Record::Key { call, key: '9' } => {
                let number = self.notes().ids.get(call).copied().expect("a key in a call");
                self.opted_out(number);
                self.notes().by_key += 1;
            }
            Record::End { call, .. } => {
                let mut notes = self.notes();
                if let Some(number) = notes.ids.get(call).copied() {
                    notes.in_call.remove(&number);
                }
            }
            Record::Answer { .. }
            | Record::Key { .. }
            | Record::Message { .. }
            | Record::Leg { .. }
            | Record::Bridge { .. } => {}
        }
    }

    fn on_call(&self, call: &str, number: Digits, shown: Digits) {
        let at = self.now();
        let mut notes = self.notes();
        let mut breaches = Vec::new();
        if notes.ids.insert(call.to_owned(), number).is_some() || !notes.in_call.insert(number) {
            breaches.push(Breach::Twice);
        }
        if notes.opted_out.get(&number).is_some_and(|since| *since <= at) {
            breaches.push(Breach::OptedOut);
        }
        if self.resting.get(&shown).is_some_and(|until| at < *until) {
            breaches.push(Breach::Rest);
        }
        let campaign = self.promises.iter().position(|promise| promise.pool.contains(&shown));
        let (Some(campaign), Some(clocks)) = (campaign, self.people.get(&number)) else {
            notes.breaches.entry(Breach::Stranger).or_default().push(format!("{number} from {shown}"));
            return;
        };
        let promise = &self.promises[campaign];
        let walls: Vec<_> = clocks.iter().map(|clock| clock.wall(at.div_euclid(SECOND))).collect();
        if !walls.iter().all(|wall| is_legal(*wall)) {
            breaches.push(Breach::Law);
        }
        let open = match &promise.whose {
            Whose::Callee => walls.iter().all(|wall| promise.is_open(*wall)),
            Whose::Fixed(clock) => promise.is_open(clock.wall(at.div_euclid(SECOND))),
        };
        if !open {
            breaches.push(Breach::Hours);
        }
        let attempts = notes.attempts.entry(number).or_default();
        attempts.push((at, campaign));
        let day_before = at - 24 * HOUR;
        if attempts.iter().filter(|(time, _)| *time > day_before).count() > promise.in_24_hours {
            breaches.push(Breach::Frequency);
        }
        if attempts.iter().filter(|(_, other)| *other == campaign).count() > promise.attempts as usize {
            breaches.push(Breach::Attempts);
        }
        let uses = notes.shown.entry(shown).or_default();
        let oldest = at.div_euclid(HOUR) - 23;
        while uses.front().is_some_and(|first| first.div_euclid(HOUR) < oldest) {
            uses.pop_front();
        }
        if uses.back().is_some_and(|last| at - last < promise.cool_down) {
            breaches.push(Breach::CoolDown);
        }
        uses.push_back(at);
        if uses.len() > promise.daily_cap as usize {
            breaches.push(Breach::DailyCap);
        }
        notes.calls.push(Seen { at, number, campaign });
        for breach in breaches {
            let line =
                format!("{number} by campaign {campaign} from {shown} at {} s, on their clocks {walls:?}", at / SECOND);
            notes.breaches.entry(breach).or_default().push(line);
        }
    }
}
