//! A million decisions of the gate about people of every area code, with random
//! hours, at random instants of ten years, half of them around a change of the
//! clocks: judged by the table and the calendar here.

use std::sync::Arc;

use canvass::campaign::{CallingHours, Settings};
use canvass::compliance::{Decision, Facts, Organization, Rule, Rules, Target, decide, whereabouts};
use jiff::Timestamp;
use serde_json::json;

use super::places::{Clock, Wall, area_codes, changes, clocks};
use super::world::number;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Names of zones, and the letters of their clocks.
const ZONES: [(&str, char); 11] = [
    ("Pacific/Guam", 'G'),
    ("Pacific/Pago_Pago", 'S'),
    ("Pacific/Honolulu", 'H'),
    ("America/Adak", 'U'),
    ("America/Anchorage", 'K'),
    ("America/Los_Angeles", 'P'),
    ("America/Denver", 'M'),
    ("America/Phoenix", 'Z'),
    ("America/Chicago", 'C'),
    ("America/New_York", 'E'),
    ("America/Puerto_Rico", 'A'),
];
const DAY: i64 = 86_400;

/// A campaign's hours as the test has them.
struct Hours {
    /// On this clock; none: on each callee's.
    fixed: Option<Clock>,
    /// Weekday, from and to, in minutes; to before from: over midnight.
    slots: Vec<(usize, i64, i64)>,
    /// Days since 1970.
    holidays: Vec<i64>,
}

impl Hours {
    fn is_open(&self, wall: Wall) -> bool {
        let closed = |day: i64| self.holidays.contains(&day);
        let minute = wall.second / 60;
        self.slots.iter().any(|(day, from, to)| {
            if from < to {
                return wall.weekday() == *day && (*from..*to).contains(&minute) && !closed(wall.day);
            }
            let evening = wall.weekday() == *day && minute >= *from;
            let morning = wall.weekday() == (day + 1) % 7 && minute < *to && !closed(wall.day - 1);
            (evening || morning) && !closed(wall.day)
        })
    }

    /// Whether somebody with these clocks may be called.
    fn allow(&self, callee: &[Clock], at: i64) -> bool {
        let legal = |clock: &Clock| (8 * 3_600..21 * 3_600).contains(&clock.wall(at).second);
        let open = match &self.fixed {
            Some(clock) => self.is_open(clock.wall(at)),
            None => callee.iter().all(|clock| self.is_open(clock.wall(at))),
        };
        open && callee.iter().all(legal)
    }
}

/// Random hours around this day, and the same as a user writes them.
fn hours(random: &mut fastrand::Rng, around: i64) -> (Hours, CallingHours) {
    let zone = random.bool().then(|| ZONES[random.usize(..ZONES.len())]);
    let slots: Vec<_> = (0..random.usize(1..8))
        .map(|_| {
            let (from, length) = (random.i64(0..1_440), random.i64(1..1_440));
            let to = (from + length) % 1_440;
            (random.usize(..7), from, if to == 0 { 1_440 } else { to })
        })
        .collect();
    let holidays: Vec<_> = (0..random.usize(..4)).map(|_| around + random.i64(-5..5)).collect();
    let clock = |minutes: &i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let date = |day: &i64| Timestamp::from_second(day * DAY).expect("a day").strftime("%Y-%m-%d").to_string();
    let slot = |(day, from, to): &(usize, i64, i64)| json!({"day": DAYS[*day], "start": clock(from), "end": clock(to)});
    let written = json!({
        "timezone": zone.map_or("recipient", |(name, _)| name),
        "slots": slots.iter().map(slot).collect::<Vec<_>>(),
        "holidays": holidays.iter().map(date).collect::<Vec<_>>(),
    });
    let hours = Hours { fixed: zone.map(|(_, letter)| Clock::of(letter)), slots, holidays };
    (hours, serde_json::from_value(written).expect("hours"))
}

/// An instant around this day, or around a change of the clocks of its year.
fn instant(random: &mut fastrand::Rng, around: i64, year: i64) -> i64 {
    if random.bool() {
        return (around - 5) * DAY + random.i64(0..10 * DAY);
    }
    let (_, letter) = ZONES[random.usize(..ZONES.len())];
    let change = changes(year)[random.usize(..2)] - Clock::of(letter).offset();
    change + if random.bool() { random.i64(-2..=2) } else { random.i64(-14 * 3_600..26 * 3_600) }
}

#[test]
fn a_million_decisions() {
    let mut random = fastrand::Rng::with_seed(3);
    let codes: Vec<_> = area_codes().into_iter().collect();
    let organization = Arc::new(Organization::default());
    let (mut allowed, mut exact, mut asked) = (0, 0, 0);
    while asked < 1_000_000 {
        let year = random.i64(2026..2036);
        let around = super::places::day_of(year, random.usize(1..=12), random.i64(1..=28));
        // Hours of a week around a change matter then.
        let around = if random.bool() { around } else { changes(year)[random.usize(..2)] / DAY };
        let (hours, written) = hours(&mut random, around);
        let settings = Settings { calling_hours: Some(written), ..Settings::default() };
        let rules = Rules::new(organization.clone(), &settings);
        for _ in 0..50 {
            let (code, letters) = &codes[random.usize(..codes.len())];
            let own = (random.u8(..4) == 0).then(|| ZONES[random.usize(..ZONES.len())]);
            let callee = own.map_or_else(|| clocks(letters), |(_, letter)| vec![Clock::of(letter)]);
            // Where the table here has one clock, so has the product's.
            let certain =
                callee.len() == 1 && (own.is_some() || !["402", "432", "531"].contains(&code.to_string().as_str()));
            let number = number(&format!("+1{code}{}", random.u32(2_120_000..9_110_000)));
            let target = Target { number, timezone: own.map(|(name, _)| name), consent: None };
            let place = whereabouts(&target, &rules);
            for _ in 0..10 {
                let now = instant(&mut random, around, year);
                let at = Timestamp::from_second(now).expect("an instant");
                let what = || format!("{number} {own:?} {at} {:?}", settings.calling_hours);
                asked += 1;
                match decide(&target, &place, &Facts::default(), &rules, at) {
                    Decision::Allow { until } => {
                        allowed += 1;
                        assert!(hours.allow(&callee, now), "{}", what());
                        let last = until.map_or(now, |until| until.as_second() - 1);
                        assert!(last >= now && hours.allow(&callee, last), "{}: until {until:?}", what());
                    }
                    Decision::Forced { .. } => panic!("{}: nobody forces a call", what()),
                    Decision::Block { rule: Rule::ServiceCode | Rule::PremiumRate, until: None } => {}
                    Decision::Block { until, .. } => {
                        exact += usize::from(certain);
                        assert!(!certain || !hours.allow(&callee, now), "{}", what());
                        if let Some(until) = until.map(Timestamp::as_second) {
                            assert!(until > now && hours.allow(&callee, until), "{}: {until}", what());
                            assert!(!certain || !hours.allow(&callee, until - 1), "{}: {until}", what());
                        }
                    }
                }
            }
        }
    }
    assert!(allowed > 80_000 && exact > 400_000, "{allowed} {exact}");
}
