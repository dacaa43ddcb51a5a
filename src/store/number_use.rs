//! What is asked of a database about the use of our numbers.

use jiff::Timestamp;

use super::{NumberHour, Store, StoreError};
use crate::caller_id::Hour;
use crate::number::PhoneNumber;

impl Store {
    /// How calls from our numbers went, by hour from `since` on, in order of
    /// hour and number. Numbers that are ours no longer may be among them.
    pub async fn number_hours(&self, since: Hour) -> Result<Vec<NumberHour>, StoreError> {
        on_engine!(self, db => db.number_hours(since).await)
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
