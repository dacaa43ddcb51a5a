use jiff::civil::date;

use super::*;
use crate::number::zones::zone;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn window(name: &str, weekly: Weekly) -> Window {
    Window { zone: zone(name).expect("a zone"), weekly: Arc::new(weekly) }
}

/// Hours every day, as `HH:MM`.
fn daily(name: &str, start: &str, end: &str) -> Window {
    window(name, Weekly::daily(minutes(start), minutes(end)))
}

fn minutes(text: &str) -> u16 {
    let (hours, minutes) = text.split_once(':').expect("a time");
    hours.parse::<u16>().expect("hours") * 60 + minutes.parse::<u16>().expect("minutes")
}

#[track_caller]
fn opens(windows: &[Window], now: &str, then: &str) {
    assert_eq!(next_opening(windows, at(now)), Some(at(then)), "from {now}");
}

#[test]
fn hours_of_a_day() {
    let new_york = [daily("America/New_York", "08:00", "21:00")];
    opens(&new_york, "2026-01-15T12:59:59.999999Z", "2026-01-15T13:00:00Z");
    opens(&new_york, "2026-01-15T13:00:00Z", "2026-01-15T13:00:00Z");
    opens(&new_york, "2026-01-16T01:59:59.5Z", "2026-01-16T01:59:59.5Z");
    opens(&new_york, "2026-01-16T02:00:00Z", "2026-01-16T13:00:00Z");
    assert_eq!(closes_at(&new_york, at("2026-01-15T13:00:00Z")), Some(at("2026-01-16T02:00:00Z")));
}

#[test]
fn zones_with_half_hours() {
    opens(&[daily("Asia/Kolkata", "08:00", "21:00")], "2026-05-01T00:00:00Z", "2026-05-01T02:30:00Z");
    opens(&[daily("Asia/Kathmandu", "08:00", "21:00")], "2026-05-01T00:00:00Z", "2026-05-01T02:15:00Z");
    // Half an hour of daylight-saving time, from 2026-10-04 on.
    let lord_howe = [daily("Australia/Lord_Howe", "08:00", "21:00")];
    opens(&lord_howe, "2026-10-02T20:00:00Z", "2026-10-02T21:30:00Z");
    opens(&lord_howe, "2026-10-03T20:00:00Z", "2026-10-03T21:00:00Z");
}

/// 2026-03-08 in New York: 02:00 to 03:00 does not exist.
#[test]
fn an_hour_that_is_skipped() {
    let zone = "America/New_York";
    // 02:30 is never shown; the first open second is 03:00 local.
    opens(&[daily(zone, "02:30", "04:00")], "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z");
    // All of it is skipped: the next day, under the new offset.
    opens(&[daily(zone, "02:15", "02:45")], "2026-03-08T06:00:00Z", "2026-03-09T06:15:00Z");
    // It ends within: it closes when the clock jumps.
    assert_eq!(
        closes_at(&[daily(zone, "01:00", "02:30")], at("2026-03-08T06:30:00Z")),
        Some(at("2026-03-08T07:00:00Z"))
    );
    // Saturday's 21:00 and Sunday's 08:00 are ten hours apart.
    opens(&[daily(zone, "08:00", "21:00")], "2026-03-08T02:00:00Z", "2026-03-08T12:00:00Z");
}

/// 2026-11-01 in New York: 01:00 to 02:00 comes twice.
#[test]
fn an_hour_that_comes_twice() {
    let zone = "America/New_York";
    let early = [daily(zone, "01:15", "01:30")];
    opens(&early, "2026-11-01T04:00:00Z", "2026-11-01T05:15:00Z");
    opens(&early, "2026-11-01T05:30:00Z", "2026-11-01T06:15:00Z");
    assert_eq!(closes_at(&early, at("2026-11-01T05:15:00Z")), Some(at("2026-11-01T05:30:00Z")));
    // Open until 01:30, then again from the second 01:00.
    let night = [daily(zone, "00:00", "01:30")];
    opens(&night, "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z");
    opens(&[daily(zone, "08:00", "21:00")], "2026-11-01T06:00:00Z", "2026-11-01T13:00:00Z");
}

#[test]
fn over_midnight() {
    let mut weekly = Weekly::default();
    // Friday 22:00 to Saturday 02:00.
    weekly.add(4, minutes("22:00"), minutes("02:00"));
    let berlin = [window("Europe/Berlin", weekly.clone())];
    opens(&berlin, "2026-06-05T12:00:00Z", "2026-06-05T20:00:00Z");
    assert!(all_open(&berlin, at("2026-06-05T23:59:59Z")), "01:59:59 on Saturday");
    opens(&berlin, "2026-06-06T00:00:00Z", "2026-06-12T20:00:00Z");
    assert_eq!(closes_at(&berlin, at("2026-06-05T20:00:00Z")), Some(at("2026-06-06T00:00:00Z")));
    // A holiday on Friday: what begins then does not, also not after midnight.
    weekly.close(date(2026, 6, 5));
    opens(&[window("Europe/Berlin", weekly.clone())], "2026-06-05T12:00:00Z", "2026-06-12T20:00:00Z");
    // One on Saturday: it ends at midnight.
    let mut saturday = Weekly::default();
    saturday.add(4, minutes("22:00"), minutes("02:00"));
    saturday.close(date(2026, 6, 6));
    let closed = [window("Europe/Berlin", saturday)];
    assert_eq!(closes_at(&closed, at("2026-06-05T20:00:00Z")), Some(at("2026-06-05T22:00:00Z")));
}

#[test]
fn several_slots_and_whole_days() {
    let mut weekly = Weekly::default();
    weekly.add(0, minutes("09:00"), minutes("12:00"));
    weekly.add(0, minutes("13:00"), minutes("24:00"));
    weekly.add(1, 0, minutes("24:00"));
    let utc = [window("UTC", weekly)];
    // 2026-06-01 is a Monday.
    opens(&utc, "2026-06-01T00:00:00Z", "2026-06-01T09:00:00Z");
    opens(&utc, "2026-06-01T12:00:00Z", "2026-06-01T13:00:00Z");
    assert_eq!(closes_at(&utc, at("2026-06-01T13:00:00Z")), Some(at("2026-06-03T00:00:00Z")));
    assert_eq!(closes_at(&[daily("UTC", "00:00", "24:00")], at("2026-06-01T13:00:00Z")), None, "never");
    opens(&[daily("UTC", "00:00", "00:00")], "2026-06-01T13:00:00Z", "2026-06-01T13:00:00Z");
}

#[test]
fn all_windows_at_once() {
    let both = [daily("America/New_York", "08:00", "21:00"), daily("America/Los_Angeles", "08:00", "21:00")];
    opens(&both, "2026-06-01T12:00:00Z", "2026-06-01T15:00:00Z");
    opens(&both, "2026-06-02T01:00:00Z", "2026-06-02T15:00:00Z");
    assert_eq!(closes_at(&both, at("2026-06-01T15:00:00Z")), Some(at("2026-06-02T01:00:00Z")));
    // Sydney's evening is London's morning for an hour, in part of the year.
    let apart = [daily("Australia/Sydney", "17:30", "18:30"), daily("Europe/London", "08:00", "09:00")];
    opens(&apart, "2026-01-01T00:00:00Z", "2026-03-29T07:00:00Z");
    let never = [daily("Pacific/Kiritimati", "08:00", "09:00"), daily("Pacific/Honolulu", "12:00", "13:00")];
    assert_eq!(next_opening(&never, at("2026-01-01T00:00:00Z")), None);
    assert_eq!(next_opening(&[window("UTC", Weekly::default())], at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn days_begin_where_somebody_is() {
    let zone = zone("America/New_York").expect("a zone");
    assert_eq!(midnight(&zone, at("2026-03-08T20:00:00Z")), Some(at("2026-03-08T05:00:00Z")));
    assert_eq!(next_midnight(&zone, at("2026-03-08T20:00:00Z")), Some(at("2026-03-09T04:00:00Z")));
}
