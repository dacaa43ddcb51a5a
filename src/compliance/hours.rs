//! When something is open: hours of the week on the wall clock of a zone, and
//! the instants at which several of those are open at once.
//!
//! Whether a call may be made at an instant is a question about the local time
//! at that instant, so daylight-saving time needs no rules of its own: between
//! two changes of a zone's offset local time runs like any clock, and at a
//! change the search goes on with the new offset. An hour that a zone skips is
//! never open in it, an hour that it repeats is open twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// How far the next opening may be. Two zones with different rules may share an
/// hour in one part of the year only.
const HORIZON: i64 = 400 * DAY;
/// What stays open longer than this has no end worth knowing.
const LONG: i64 = 8 * DAY;

/// Hours of the week in local time, and days on which they do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weekly {
    /// From Monday; each by its beginning.
    days: [Vec<Piece>; 7],
    /// Days since 1970-01-01.
    holidays: BTreeSet<i64>,
}

/// A part of one day, in seconds from midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: i64,
    end: i64,
    /// It began the evening before.
    spilled: bool,
}

impl Weekly {
    /// The same hours every day, in minutes from midnight.
    pub(crate) fn daily(start: u16, end: u16) -> Self {
        let mut weekly = Self::default();
        for day in 0..7 {
            weekly.add(day, start, end);
        }
        weekly
    }

    /// Adds hours that begin on a day (0 is Monday), in minutes from midnight.
    /// An end before the start is on the next day.
    pub(crate) fn add(&mut self, day: usize, start: u16, end: u16) {
        let (start, end) = (i64::from(start) * 60, i64::from(end) * 60);
        if start < end {
            self.put(day, Piece { start, end, spilled: false });
        } else {
            self.put(day, Piece { start, end: DAY, spilled: false });
            if end > 0 {
                self.put(day + 1, Piece { start: 0, end, spilled: true });
            }
        }
    }

    /// Closed on this date, and for what begins on it also after midnight.
    pub(crate) fn close(&mut self, date: Date) {
        self.holidays.insert(day_number(date));
    }

    fn put(&mut self, day: usize, piece: Piece) {
        if let Some(pieces) = self.days.get_mut(day % 7) {
            pieces.push(piece);
            pieces.sort_by_key(|piece| (piece.start, piece.end));
        }
    }

    /// What is open on a day, by its number, in local seconds.
    fn pieces(&self, day: i64) -> impl Iterator<Item = (i64, i64)> {
        // 1970-01-01 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let closed = self.holidays.contains(&day);
        let pieces = self.days.get(weekday).map(Vec::as_slice).unwrap_or_default();
        pieces
            .iter()
            .filter(move |piece| !(closed || piece.spilled && self.holidays.contains(&(day - 1))))
            .map(move |piece| (day * DAY + piece.start, day * DAY + piece.end))
    }

    fn is_open(&self, local: i64) -> bool {
        self.pieces(local.div_euclid(DAY)).any(|(start, end)| (start..end).contains(&local))
    }

    /// The first open second from `local` on, before `limit`.
    fn opening(&self, local: i64, limit: i64) -> Option<i64> {
        let days = local.div_euclid(DAY)..=limit.div_euclid(DAY);
        let mut open = days.flat_map(|day| self.pieces(day)).filter(|(_, end)| *end > local);
        open.next().map(|(start, _)| start.max(local)).filter(|second| *second < limit)
    }

    /// The first closed second from `local` on, before `limit`.
    fn closing(&self, mut local: i64, limit: i64) -> Option<i64> {
        while local < limit {
            let holds = |(start, end): &(i64, i64)| (*start..*end).contains(&local);
            match self.pieces(local.div_euclid(DAY)).find(holds) {
                Some((_, end)) => local = end,
                None => return Some(local),
            }
        }
        None
    }
}

fn day_number(date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until((jiff::Unit::Day, date)).map_or(0, |span| i64::from(span.get_days()))
}

/// Hours of the week in one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) zone: TimeZone,
    pub(crate) weekly: Arc<Weekly>,
}

impl Window {
    fn is_open(&self, second: i64) -> bool {
        self.weekly.is_open(second + self.offset(second))
    }

    /// The first second from this one on, before `limit`, that is open.
    fn opening(&self, second: i64, limit: i64) -> Option<i64> {
        self.search(second, limit, Weekly::opening)
    }

    /// The first second from this one on, before `limit`, that is closed.
    fn closing(&self, second: i64, limit: i64) -> Option<i64> {
        self.search(second, limit, Weekly::closing)
    }

    fn search(&self, mut second: i64, limit: i64, find: fn(&Weekly, i64, i64) -> Option<i64>) -> Option<i64> {
        while second < limit {
            let offset = self.offset(second);
            let change = self.next_change(second).unwrap_or(limit).min(limit);
            if let Some(found) = find(&self.weekly, second + offset, change + offset) {
                return Some(found - offset);
            }
            second = change;
        }
        None
    }

    fn offset(&self, second: i64) -> i64 {
        let instant = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        i64::from(self.zone.to_offset(instant).seconds())
    }

    /// When the zone's offset changes next.
    fn next_change(&self, second: i64) -> Option<i64> {
        let instant = Timestamp::from_second(second).ok()?;
        self.zone.following(instant).next().map(|change| change.timestamp().as_second())
    }
}

/// Whether all of them are open.
pub(crate) fn all_open(windows: &[Window], now: Timestamp) -> bool {
    let second = now.as_second();
    windows.iter().all(|window| window.is_open(second))
}

/// The first instant from `now` on at which all of them are open, exact to the
/// second; `now` itself if they are. None: not within a year.
pub(crate) fn next_opening(windows: &[Window], now: Timestamp) -> Option<Timestamp> {
    if all_open(windows, now) {
        return Some(now);
    }
    let mut second = now.as_second();
    let limit = second + HORIZON;
    loop {
        let before = second;
        for window in windows {
            second = window.opening(second, limit)?;
        }
        if second == before {
            return Timestamp::from_second(second).ok();
        }
    }
}

/// The first instant from `now` on at which one of them is closed; none: not
/// within a week.
pub(crate) fn closes_at(windows: &[Window], now: Timestamp) -> Option<Timestamp> {
    let limit = now.as_second() + LONG;
    let first = windows.iter().filter_map(|window| window.closing(now.as_second(), limit)).min()?;
    Timestamp::from_second(first).ok()
}

/// The beginning of the next day in a zone.
pub(crate) fn next_midnight(zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let tomorrow = now.to_zoned(zone.clone()).date().checked_add(1.day()).ok()?;
    Some(tomorrow.to_zoned(zone.clone()).ok()?.timestamp())
}

/// The beginning of the day in a zone.
pub(crate) fn midnight(zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    Some(now.to_zoned(zone.clone()).date().to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests;
