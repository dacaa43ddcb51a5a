//! How many connections there are, in all and from each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::throttle::network;

/// Seats for connections. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Seats(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// In all.
    most: usize,
    /// From one address, or one network of IPv6.
    most_of_one: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

/// A connection's seat; free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    of: IpAddr,
}

impl Seats {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self(Arc::new(Inner { most, most_of_one, taken: Mutex::default() }))
    }

    /// A seat, if one is free for this address.
    pub(super) fn take(&self, address: IpAddr) -> Option<Seat> {
        let of = network(address);
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by.get(&of).copied().unwrap_or(0);
        if taken.all >= self.0.most || own >= self.0.most_of_one {
            return None;
        }
        taken.all += 1;
        taken.by.insert(of, own + 1);
        Some(Seat { seats: self.clone(), of })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by.get_mut(&self.of) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_seats_and_a_seat_is_free_again() {
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let seats = Seats::new(3, 2);
        let first = seats.take(address(1)).expect("free");
        let second = seats.take(address(1)).expect("free");
        assert!(seats.take(address(1)).is_none(), "two of one");
        let third = seats.take(address(2)).expect("free for others");
        assert!(seats.take(address(3)).is_none(), "three in all");
        drop(first);
        assert!(seats.take(address(3)).is_some());
        drop((second, third));
        assert!(seats.0.taken.lock().expect("not poisoned").by.is_empty(), "nothing is left of who is gone");
    }
}
