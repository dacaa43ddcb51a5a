//! Our numbers, as the database has them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::caller_ids::{Before, DAY, Shown};
use crate::caller_id::hour_of;
use crate::number::PhoneNumber;
use crate::store::{Store, StoreError};

/// All of them; those that are not among `known` with their last day. They are
/// known from then on.
pub(super) async fn shown(
    store: &Store,
    known: &mut HashSet<PhoneNumber>,
    now: Timestamp,
) -> Result<Vec<Shown>, StoreError> {
    let numbers = store.numbers().await?;
    let mut before: HashMap<PhoneNumber, Before> = HashMap::new();
    if numbers.iter().any(|own| !known.contains(&own.number)) {
        for hour in store.number_hours(hour_of(now) - DAY + 1).await? {
            let calls = u32::try_from(hour.figures.calls).unwrap_or(u32::MAX);
            let entry = before.entry(hour.number).or_default();
            entry.hours.push((hour.hour, calls));
            entry.last = entry.last.max(hour.last_at);
        }
    }
    let shown = numbers
        .into_iter()
        .map(|own| {
            let before = (!known.contains(&own.number)).then(|| before.remove(&own.number).unwrap_or_default());
            Shown { own, before }
        })
        .collect::<Vec<_>>();
    // One that is switched on again is told anew.
    *known = shown.iter().filter(|shown| shown.own.active).map(|shown| shown.own.number).collect();
    Ok(shown)
}
