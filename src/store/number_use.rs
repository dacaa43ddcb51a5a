//! What is asked of a database about the use of our numbers.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{NumberHour, Store, StoreError};
use crate::caller_id::{Figures, Hour, hour_of};
use crate::number::PhoneNumber;

/// Full hours of a day: the current one and those before.
const DAY: Hour = 24;

/// How calls from one of our numbers went in the last 24 full hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberDay {
    /// What was counted.
    pub figures: Figures,
    /// When the last of the calls was started.
    pub last_at: Option<Timestamp>,
}

impl NumberDay {
    fn add(&mut self, hour: &NumberHour) {
        self.figures += hour.figures;
        self.last_at = self.last_at.max(hour.last_at);
    }
}

impl Store {
    /// How calls from our numbers went, by hour from `since` on, in order of
    /// hour and number. Numbers that are ours no longer may be among them.
    pub async fn number_hours(&self, since: Hour) -> Result<Vec<NumberHour>, StoreError> {
        on_engine!(self, db => db.number_hours(since).await)
    }

    /// How calls from our numbers went in the last 24 full hours; numbers without
    /// a call are left out.
    pub async fn number_days(&self, now: Timestamp) -> Result<HashMap<PhoneNumber, NumberDay>, StoreError> {
        let mut days: HashMap<PhoneNumber, NumberDay> = HashMap::new();
        for hour in self.number_hours(hour_of(now) - DAY + 1).await? {
            days.entry(hour.number).or_default().add(&hour);
        }
        Ok(days)
    }

    /// The same of some numbers. Reads no other's hours.
    pub async fn days_of_numbers(
        &self,
        numbers: &[PhoneNumber],
        now: Timestamp,
    ) -> Result<HashMap<PhoneNumber, NumberDay>, StoreError> {
        let last = hour_of(now);
        let hours: Vec<Hour> = (last - DAY + 1..=last).collect();
        let mut days: HashMap<PhoneNumber, NumberDay> = HashMap::new();
        for hour in on_engine!(self, db => db.hours_of_numbers(numbers, &hours).await)? {
            days.entry(hour.number).or_default().add(&hour);
        }
        Ok(days)
    }

    /// Forgets the figures of hours before this one.
    pub async fn forget_number_hours(&self, before: Hour) -> Result<(), StoreError> {
        on_engine!(self, db => db.forget_number_hours(before).await)
    }

    /// A number rests until an instant, and is judged from then on by what comes
    /// after; an instant that has passed ends its rest. `false`: it is not ours.
    pub async fn rest_number(&self, number: PhoneNumber, until: Timestamp, reason: &str) -> Result<bool, StoreError> {
        on_engine!(self, db => db.rest_number(number, until, reason).await)
    }
}
