//! Which caller ID the next call shows.

use std::collections::HashSet;

use crate::campaign::PoolStrategy;
use crate::number::PhoneNumber;

/// A campaign's caller IDs, and whose turn it is.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    strategy: PoolStrategy,
    numbers: Vec<PhoneNumber>,
    next: usize,
}

impl Pool {
    /// The pool's members that may be used now; inactive and unknown ones are
    /// skipped.
    pub(super) fn new(members: &[PhoneNumber], strategy: PoolStrategy, active: &HashSet<PhoneNumber>) -> Self {
        let numbers = members.iter().copied().filter(|number| active.contains(number)).collect();
        Self { strategy, numbers, next: 0 }
    }

    /// Takes over changed members, going on where the turn was.
    pub(super) fn update(&mut self, members: &[PhoneNumber], strategy: PoolStrategy, active: &HashSet<PhoneNumber>) {
        let fresh = Self::new(members, strategy, active);
        if fresh.numbers != self.numbers || fresh.strategy != self.strategy {
            let next = self.next % fresh.numbers.len().max(1);
            *self = Self { next, ..fresh };
        }
    }

    /// Whether no number may be used.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The caller ID of the next call.
    pub(super) fn draw(&mut self) -> Option<PhoneNumber> {
        match self.strategy {
            PoolStrategy::RoundRobin => {
                let number = *self.numbers.get(self.next)?;
                self.next = (self.next + 1) % self.numbers.len();
                Some(number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: u32) -> PhoneNumber {
        PhoneNumber::from_e164(&format!("+1555000{n:04}")).expect("a number")
    }

    #[test]
    fn takes_turns_and_skips_what_may_not_be_used() {
        let members: Vec<_> = (0..4).map(number).collect();
        let active = HashSet::from([number(0), number(1), number(3)]);
        let mut pool = Pool::new(&members, PoolStrategy::RoundRobin, &active);
        let drawn: Vec<_> = (0..6).filter_map(|_| pool.draw()).collect();
        assert_eq!(drawn, [0, 1, 3, 0, 1, 3].map(number));
    }

    #[test]
    fn a_change_keeps_the_turn_and_an_empty_pool_gives_nothing() {
        let members: Vec<_> = (0..3).map(number).collect();
        let all: HashSet<_> = members.iter().copied().collect();
        let mut pool = Pool::new(&members, PoolStrategy::RoundRobin, &all);
        pool.draw();
        pool.update(&members, PoolStrategy::RoundRobin, &all);
        assert_eq!(pool.draw(), Some(number(1)));
        pool.update(&members[..1], PoolStrategy::RoundRobin, &all);
        assert_eq!(pool.draw(), Some(number(0)));
        pool.update(&members, PoolStrategy::RoundRobin, &HashSet::new());
        assert!(pool.is_empty() && pool.draw().is_none());
    }
}
