//! How a transaction moves the figures of our numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::caller_id::{Figures, Hour, hour_of};
use crate::number::PhoneNumber;

/// Differences to add to the figures of our numbers by hour, in order of key as
/// those of [`TallyMoves`](super::TallyMoves).
#[derive(Debug, Default)]
pub(in crate::store) struct NumberMoves(BTreeMap<(PhoneNumber, Hour), (Figures, Option<Timestamp>)>);

impl NumberMoves {
    /// A call is started.
    pub(super) fn started(&mut self, number: PhoneNumber, at: Timestamp) {
        let (figures, last) = self.0.entry((number, hour_of(at))).or_default();
        *figures += Figures::STARTED;
        *last = (*last).max(Some(at));
    }

    /// A call is over.
    pub(super) fn ended(&mut self, number: PhoneNumber, at: Timestamp, figures: Figures) {
        if figures != Figures::default() {
            self.0.entry((number, hour_of(at))).or_default().0 += figures;
        }
    }

    /// What changes, in order: number, hour, what to add, the last start.
    pub(in crate::store) fn iter(&self) -> impl Iterator<Item = (PhoneNumber, Hour, Figures, Option<Timestamp>)> {
        self.0.iter().map(|((number, hour), (figures, last))| (*number, *hour, *figures, *last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_one_hour_are_one_change() {
        let number = PhoneNumber::from_e164("+12125550100").expect("a number");
        let mut moves = NumberMoves::default();
        moves.started(number, Timestamp::UNIX_EPOCH);
        moves.started(number, Timestamp::from_second(60).expect("an instant"));
        moves.ended(number, Timestamp::from_second(3_600).expect("an instant"), Figures::default());
        let all: Vec<_> = moves.iter().collect();
        let figures = Figures { calls: 2, ..Figures::default() };
        assert_eq!(all, [(number, 0, figures, Timestamp::from_second(60).ok())]);
    }
}
