//! Where numbers are and what time it is there: a table and a calendar of the
//! tests' own, apart from the product's and from every tz database.

use std::collections::BTreeMap;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How the clocks of a place go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Clock {
    /// Hours from UTC in winter.
    standard: i64,
    /// It goes forward in summer.
    summer: bool,
}

/// A moment on a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wall {
    /// Days since 1 January 1970.
    pub(crate) day: i64,
    /// Seconds since midnight.
    pub(crate) second: i64,
}

impl Wall {
    /// From Monday, 0.
    pub(crate) fn weekday(self) -> usize {
        weekday(self.day)
    }
}

impl Clock {
    /// Seconds from UTC in winter.
    pub(crate) fn offset(self) -> i64 {
        self.standard * HOUR
    }

    /// By the letter in the table.
    pub(crate) fn of(letter: char) -> Self {
        let (standard, summer) = match letter {
            'G' => (10, false),
            'S' => (-11, false),
            'H' => (-10, false),
            'U' => (-10, true),
            'K' => (-9, true),
            'P' => (-8, true),
            'M' => (-7, true),
            'Z' => (-7, false),
            'C' => (-6, true),
            'E' => (-5, true),
            'A' => (-4, false),
            other => panic!("no clock {other}"),
        };
        Self { standard, summer }
    }

    /// What it shows, so many seconds after 1970 began in Greenwich. Daylight-saving
    /// time as in 15 U.S.C. 260a since the Energy Policy Act of 2005: from the
    /// second Sunday of March to the first of November, at two on the clock.
    pub(crate) fn wall(self, utc: i64) -> Wall {
        let standard = utc + self.standard * HOUR;
        let [begins, ends] = changes(year_of(standard.div_euclid(DAY)));
        let local = if self.summer && (begins..ends).contains(&standard) { standard + HOUR } else { standard };
        Wall { day: local.div_euclid(DAY), second: local.rem_euclid(DAY) }
    }
}

/// When clocks that do so go forward and back in a year, by their own time in
/// winter: seconds after 1970 began there.
pub(crate) fn changes(year: i64) -> [i64; 2] {
    // Two o'clock in summer is one o'clock in winter.
    [(first_sunday(year, 3) + 7) * DAY + 2 * HOUR, first_sunday(year, 11) * DAY + HOUR]
}

/// Days from 1 January 1970 to this date.
pub(crate) fn day_of(year: i64, month: usize, day: i64) -> i64 {
    let years_before = |year: i64| year * 365 + year / 4 - year / 100 + year / 400;
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let months = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years_before(year - 1) - years_before(1969) + months[..month - 1].iter().sum::<i64>() + day - 1
}

fn year_of(day: i64) -> i64 {
    // Never too late, and from our days on at most one too early.
    let mut year = 1970 + day / 366;
    while day_of(year + 1, 1, 1) <= day {
        year += 1;
    }
    year
}

fn weekday(day: i64) -> usize {
    // 1 January 1970 was a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).expect("from 0 to 6")
}

fn first_sunday(year: i64, month: usize) -> i64 {
    let first = day_of(year, month, 1);
    first + 6 - i64::try_from(weekday(first)).expect("from 0 to 6")
}

/// Every area code in service, with the letters of its clocks.
pub(crate) fn area_codes() -> BTreeMap<u32, String> {
    let table = include_str!("../fixtures/us_area_codes.csv");
    let rows = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let mut columns = row.split(',');
        let code = columns.next().and_then(|code| code.parse().ok()).expect("an area code");
        (code, columns.nth(1).expect("clocks").to_owned())
    })
    .collect()
}

/// Every clock of these letters.
pub(crate) fn clocks(letters: &str) -> Vec<Clock> {
    letters.chars().map(Clock::of).collect()
}

#[test]
fn the_calendar_is_right() {
    assert_eq!((day_of(1970, 1, 1), day_of(2000, 3, 1), day_of(2026, 3, 8)), (0, 11_017, 20_520));
    assert_eq!(weekday(day_of(2026, 3, 8)), 6, "a Sunday");
    // As the National Institute of Standards and Technology lists them.
    for (year, march, november) in
        [(2024, 10, 3), (2025, 9, 2), (2026, 8, 1), (2027, 14, 7), (2028, 12, 5), (2029, 11, 4)]
    {
        assert_eq!(first_sunday(year, 3) + 7, day_of(year, 3, march), "{year}");
        assert_eq!(first_sunday(year, 11), day_of(year, 11, november), "{year}");
    }
}

#[test]
fn clocks_go_forward_and_back() {
    let (eastern, arizona) = (Clock::of('E'), Clock::of('Z'));
    let second = |clock: Clock, utc: i64| clock.wall(utc).second;
    let forward = day_of(2026, 3, 8) * DAY + 7 * HOUR;
    assert_eq!((second(eastern, forward - 1), second(eastern, forward)), (2 * HOUR - 1, 3 * HOUR));
    assert_eq!((second(arizona, forward - 1), second(arizona, forward)), (-1 + DAY, 0));
    let back = day_of(2026, 11, 1) * DAY + 6 * HOUR;
    assert_eq!((second(eastern, back - 1), second(eastern, back)), (2 * HOUR - 1, HOUR));
    assert_eq!(Clock::of('G').wall(day_of(2026, 3, 5) * DAY + 20 * HOUR).day, day_of(2026, 3, 6));
    assert_eq!(area_codes().len(), 375);
}
