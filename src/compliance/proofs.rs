//! No call is ever allowed outside a window. What is open is worked out here a
//! second time, another way: by the wall clock that the tz library shows for an
//! instant, minute by minute of the week.

use std::sync::Arc;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::campaign::{CallingHours, Day, Settings, Slot, TimeOfDay};

/// Every zone of the bundled database.
fn zones() -> Vec<(String, TimeZone)> {
    let bundled = TimeZoneDatabase::bundled();
    let names = bundled.available().map(|name| name.as_str().to_owned());
    // Two that are never taken at their word: see `own_zones`.
    let names = names.filter(|name| !matches!(name.as_str(), "EST" | "MST"));
    names.filter_map(|name| Some((name.clone(), super::zone(&name)?))).collect()
}

fn time(minutes: u16) -> TimeOfDay {
    format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().expect("a time")
}

/// Day of the week from Monday, and the minute of the day, on the wall.
fn wall(zone: &TimeZone, at: Timestamp) -> (i8, i16, jiff::civil::Date) {
    let local = at.to_zoned(zone.clone());
    let weekday = local.weekday().to_monday_zero_offset();
    (weekday, i16::from(local.hour()) * 60 + i16::from(local.minute()), local.date())
}

/// Whether the law's hours are open, on the wall clock.
fn is_legal(zone: &TimeZone, at: Timestamp) -> bool {
    let (_, minute, _) = wall(zone, at);
    (8 * 60..21 * 60).contains(&minute)
}

/// Whether one of the slots is open, on the wall clock.
fn is_in(hours: &CallingHours, zone: &TimeZone, at: Timestamp) -> bool {
    let (weekday, minute, date) = wall(zone, at);
    let closed = |date| hours.holidays.contains(&date);
    hours.slots.iter().any(|slot| {
        let (start, end) = (slot.start.minutes() as i16, slot.end.minutes() as i16);
        let day = slot.day.index() as i8;
        if start < end {
            return weekday == day && (start..end).contains(&minute) && !closed(date);
        }
        let evening = weekday == day && minute >= start && !closed(date);
        let morning = weekday == (day + 1) % 7 && minute < end;
        let begun = date.yesterday().is_ok_and(|before| !closed(before));
        evening || (morning && begun && !closed(date))
    })
}

const DAYS: [Day; 7] =
    [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let slot = (0usize..7, 0u16..1_440, 1u16..1_440).prop_map(|(day, start, length)| {
        let end = (start + length) % 1_440;
        Slot { day: DAYS[day], start: time(start), end: time(if end == 0 { 1_440 } else { end }) }
    });
    proptest::collection::vec(slot, 0..6)
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("an instant")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Random zones, slots, holidays and instants, many of them at a change of
    /// the zone's offset.
    #[test]
    fn no_call_outside_a_window(
        own in 0usize..10_000,
        fixed in proptest::option::of(0usize..10_000),
        slots in slots(),
        holidays in proptest::collection::vec(0i64..60, 0..3),
        second in 0i64..315_360_000,
        at_change in proptest::option::of(-7_200i64..7_200),
    ) {
        let zones = zones();
        let (name, own) = &zones[own % zones.len()];
        let mut now = start() + SignedDuration::from_secs(second);
        if let (Some(off), Some(change)) = (at_change, own.following(now).next()) {
            now = change.timestamp() + SignedDuration::from_secs(off);
        }
        let today = now.to_zoned(own.clone()).date();
        let holidays = holidays.into_iter().filter_map(|days| today.checked_add(SignedDuration::from_hours(24 * days)).ok());
        let timezone = fixed.map_or_else(|| CallingHours::RECIPIENT.to_owned(), |n| zones[n % zones.len()].0.clone());
        let clock = super::zone(&timezone).unwrap_or_else(|| own.clone());
        let hours = CallingHours { timezone, slots, holidays: holidays.collect() };
        let settings = Settings { calling_hours: Some(hours.clone()), ..Settings::default() };
        let rules = Rules::new(Arc::new(Organization::default()), &settings);
        let number = "+12125550123".parse().expect("a number");
        let target = Target { number, timezone: Some(name), consent: None };
        let open = |at: Timestamp| is_legal(own, at) && is_in(&hours, &clock, at);
        let at = whereabouts(&target, &rules);
        match decide(&target, &at, &Facts::default(), &rules, now) {
            Decision::Forced { .. } => panic!("nobody forces a call"),
            Decision::Allow { until } => {
                prop_assert!(open(now), "{name} {now}");
                // Open to the last second, closed then.
                if let Some(until) = until {
                    prop_assert!(until > now && open(until - SignedDuration::from_secs(1)) && !open(until));
                }
            }
            Decision::Block { until: Some(until), .. } => {
                prop_assert!(!open(now) && until > now && open(until), "{name} {now} {until}");
                prop_assert!(!open(until - SignedDuration::from_secs(1)), "{name} {now} {until}: not exact");
                // Nothing was missed in between.
                let step = (until.as_second() - now.as_second()).max(500) / 500;
                let missed = (1..500).map(|n| now + SignedDuration::from_secs(n * step)).find(|at| *at < until && open(*at));
                prop_assert_eq!(missed, None);
            }
            Decision::Block { until: None, .. } => {
                let missed = (0..2_000).map(|n| now + SignedDuration::from_mins(n * 15)).find(|at| open(*at));
                prop_assert_eq!(missed, None);
            }
        }
    }
}

/// Every change of every zone's offset in ten years, around it and at the hours
/// of the law on that day and the next.
#[test]
fn every_change_of_every_zone() {
    let rules = Rules::default();
    let number = "+12125550123".parse().expect("a number");
    let end: Timestamp = "2036-01-01T00:00:00Z".parse().expect("an instant");
    let (mut changes, mut decisions) = (0, 0);
    for (name, zone) in zones() {
        let target = Target { number, timezone: Some(&name), consent: None };
        let at = whereabouts(&target, &rules);
        for change in zone.following(start()).take_while(|change| change.timestamp() < end) {
            changes += 1;
            let day = change.timestamp() - SignedDuration::from_hours(14);
            let grid = (0..38).map(|hour| day + SignedDuration::from_hours(hour));
            let edges = [-1, 0, 1].map(|off| change.timestamp() + SignedDuration::from_secs(off));
            for now in grid.chain(edges) {
                let decision = decide(&target, &at, &Facts::default(), &rules, now);
                decisions += 1;
                assert_eq!(decision.verdict() == Verdict::Allow, is_legal(&zone, now), "{name} {now}");
                if let Decision::Block { until, .. } = decision {
                    let until = until.expect("it opens every day");
                    let before = until - SignedDuration::from_secs(1);
                    assert!(is_legal(&zone, until) && !is_legal(&zone, before), "{name} {now} {until}");
                }
            }
        }
    }
    assert!(changes > 2_000 && decisions > 80_000, "{changes} changes, {decisions} decisions");
}

/// A million decisions about people in every zone, with random hours and
/// holidays, at random instants of ten years, half of them around a change of
/// the zone's offset. (`tests/simulated_week` asks as many about area codes, and
/// has a calendar of its own.)
#[test]
fn a_million_decisions() {
    let zones = zones();
    let number = "+12125550123".parse().expect("a number");
    let mut random = fastrand::Rng::with_seed(5);
    let (mut allowed, mut asked) = (0, 0);
    while asked < 1_000_000 {
        let around = start() + SignedDuration::from_secs(random.i64(0..315_360_000));
        let (fixed, clock) = &zones[random.usize(..zones.len())];
        let timezone = if random.bool() { fixed.clone() } else { CallingHours::RECIPIENT.to_owned() };
        let slots = (0..random.usize(1..12)).map(|_| {
            let (start, length) = (random.u16(0..1_440), random.u16(1..1_440));
            let end = (start + length) % 1_440;
            let day = DAYS[random.usize(..DAYS.len())];
            Slot { day, start: time(start), end: time(if end == 0 { 1_440 } else { end }) }
        });
        let slots = slots.collect();
        let day = |days: i64| (around + SignedDuration::from_hours(24 * days)).to_zoned(TimeZone::UTC).date();
        let holidays = (0..random.usize(..3)).map(|_| day(random.i64(-2..10))).collect();
        let hours = CallingHours { timezone, slots, holidays };
        let settings = Settings { calling_hours: Some(hours.clone()), ..Settings::default() };
        let rules = Rules::new(Arc::new(Organization::default()), &settings);
        for _ in 0..20 {
            let (name, own) = &zones[random.usize(..zones.len())];
            let clock = if hours.timezone == CallingHours::RECIPIENT { own } else { clock };
            let target = Target { number, timezone: Some(name), consent: None };
            let at = whereabouts(&target, &rules);
            let change = own.following(around).next().map(|change| change.timestamp());
            for _ in 0..20 {
                let now = match change.filter(|_| random.bool()) {
                    Some(change) => change + SignedDuration::from_secs(random.i64(-50_000..100_000)),
                    None => around + SignedDuration::from_secs(random.i64(0..864_000)),
                };
                asked += 1;
                let open = is_legal(own, now) && is_in(&hours, clock, now);
                let verdict = decide(&target, &at, &Facts::default(), &rules, now).verdict();
                assert_eq!(verdict == Verdict::Allow, open, "{name} {now} {hours:?}");
                allowed += u32::from(open);
            }
        }
    }
    assert!(allowed > 100_000, "{allowed}");
}
