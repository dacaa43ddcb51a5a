//! When a campaign may call, and how often, as users write it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::FieldError;
use crate::number::zones::zone;

/// Slots of one campaign, at most.
const MOST_SLOTS: usize = 200;
/// Holidays of one campaign, at most.
const MOST_HOLIDAYS: usize = 1_000;
/// Frequency caps, at most.
const MOST_CAPS: usize = 10;

/// The hours in which a campaign calls. Legal hours hold besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallingHours {
    /// Whose clock counts: `recipient` (each contact's own; where a number may
    /// be in several zones, it must be within the hours in all of them), or a
    /// zone of the tz database such as `America/New_York`.
    #[serde(default = "CallingHours::recipient")]
    #[schema(default = "recipient", example = "America/New_York")]
    pub timezone: String,
    /// The hours, several a day if wished. Without any nobody is ever called.
    pub slots: Vec<Slot>,
    /// Days without calls, as `2026-12-25`, on the same clock.
    #[serde(default)]
    pub holidays: Vec<Date>,
}

/// Hours of one day of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The day on which it begins.
    pub day: Day,
    /// When it begins, `09:00`.
    pub start: TimeOfDay,
    /// When it ends, `17:00` (no call at 17:00:00 any more), at most `24:00`.
    /// Before `start`: on the next day.
    pub end: TimeOfDay,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    #[serde(alias = "mon")]
    Monday,
    /// Tuesday.
    #[serde(alias = "tue")]
    Tuesday,
    /// Wednesday.
    #[serde(alias = "wed")]
    Wednesday,
    /// Thursday.
    #[serde(alias = "thu")]
    Thursday,
    /// Friday.
    #[serde(alias = "fri")]
    Friday,
    /// Saturday.
    #[serde(alias = "sat")]
    Saturday,
    /// Sunday.
    #[serde(alias = "sun")]
    Sunday,
}

/// A time on the wall clock, from `00:00` to `24:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "09:00", pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
pub struct TimeOfDay(u16);

/// At most so many attempts to reach a number, of all campaigns together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyCap {
    /// Attempts, at most. 1 to 100.
    pub attempts: u32,
    /// Within so many days of 24 hours. 1 to 365.
    pub days: u32,
}

impl CallingHours {
    /// The word for each contact's own zone.
    pub const RECIPIENT: &str = "recipient";

    fn recipient() -> String {
        Self::RECIPIENT.to_owned()
    }

    pub(super) fn check(&self, errors: &mut Vec<FieldError>) {
        let mut wrong = |field, message: String| errors.push(FieldError { field, message });
        if self.timezone != Self::RECIPIENT && zone(&self.timezone).is_none() {
            let message =
                format!("is {:?}, must be {} or a zone such as America/New_York", self.timezone, Self::RECIPIENT);
            wrong("calling_hours.timezone", message);
        }
        if self.slots.len() > MOST_SLOTS {
            wrong("calling_hours.slots", format!("has {} entries, may have {MOST_SLOTS}", self.slots.len()));
        }
        for slot in &self.slots {
            if slot.start == slot.end || slot.start.0 == TimeOfDay::END {
                let message =
                    format!("{} to {} is no time at all: a whole day is 00:00 to 24:00", slot.start, slot.end);
                wrong("calling_hours.slots", message);
            }
        }
        if self.holidays.len() > MOST_HOLIDAYS {
            wrong("calling_hours.holidays", format!("has {} entries, may have {MOST_HOLIDAYS}", self.holidays.len()));
        }
    }
}

impl Day {
    /// Its place in the week, from 0 for Monday.
    pub fn index(self) -> usize {
        match self {
            Self::Monday => 0,
            Self::Tuesday => 1,
            Self::Wednesday => 2,
            Self::Thursday => 3,
            Self::Friday => 4,
            Self::Saturday => 5,
            Self::Sunday => 6,
        }
    }
}

impl TimeOfDay {
    /// Minutes of a day.
    const END: u16 = 24 * 60;

    /// Minutes from midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time: write it as 09:00, from 00:00 to 24:00");
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let part = |digits: &str| -> Option<u16> {
            let shaped = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            shaped.then(|| digits.parse().ok()).flatten()
        };
        let (hours, minutes) = (part(hours).ok_or_else(wrong)?, part(minutes).ok_or_else(wrong)?);
        let time = hours * 60 + minutes;
        if minutes < 60 && time <= Self::END { Ok(Self(time)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FrequencyCap {
    /// What is wrong with these caps, in words.
    pub(crate) fn check(caps: &[Self]) -> Option<String> {
        if caps.len() > MOST_CAPS {
            return Some(format!("has {} entries, may have {MOST_CAPS}", caps.len()));
        }
        let fits = |cap: &&Self| (1..=100).contains(&cap.attempts) && (1..=365).contains(&cap.days);
        let wrong = caps.iter().find(|cap| !fits(cap))?;
        Some(format!(
            "{} attempts in {} days: attempts must be from 1 to 100, days from 1 to 365",
            wrong.attempts, wrong.days
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Vec<String> {
        let hours: CallingHours = serde_json::from_str(json).expect("read");
        let mut errors = Vec::new();
        hours.check(&mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn hours_as_people_write_them() {
        let json = r#"{"timezone": "America/New_York", "slots": [
            {"day": "monday", "start": "09:00", "end": "12:00"}, {"day": "fri", "start": "22:00", "end": "02:00"},
            {"day": "sunday", "start": "00:00", "end": "24:00"}], "holidays": ["2026-12-25"]}"#;
        assert_eq!(faults(json), [""; 0]);
        let hours: CallingHours = serde_json::from_str(r#"{"slots": []}"#).expect("read");
        assert_eq!(hours.timezone, "recipient");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for slot in [
            r#""9:00", "end": "10:00""#,
            r#""09:60", "end": "10:00""#,
            r#""24:01", "end": "10:00""#,
            r#""x", "end": """#,
        ] {
            let json = format!(r#"{{"slots": [{{"day": "monday", "start": {slot}}}]}}"#);
            let error = serde_json::from_str::<CallingHours>(&json).expect_err("refused").to_string();
            assert!(error.contains("is no time"), "{error}");
        }
        let wrong = faults(
            r#"{"timezone": "Mars/Olympus", "slots": [{"day": "monday", "start": "09:00", "end": "09:00"},
                {"day": "monday", "start": "24:00", "end": "09:00"}]}"#,
        );
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].contains("Mars/Olympus"), "{wrong:?}");
        assert!(
            serde_json::from_str::<CallingHours>(
                r#"{"slots": [{"day": "someday", "start": "09:00", "end": "10:00"}]}"#
            )
            .is_err()
        );
    }

    #[test]
    fn caps_have_limits() {
        assert_eq!(FrequencyCap::check(&[FrequencyCap { attempts: 3, days: 7 }]), None);
        assert!(FrequencyCap::check(&[FrequencyCap { attempts: 0, days: 7 }]).is_some());
        assert!(FrequencyCap::check(&[FrequencyCap { attempts: 1, days: 366 }]).is_some());
        assert!(FrequencyCap::check(&[FrequencyCap { attempts: 1, days: 1 }; 11]).is_some());
    }
}
