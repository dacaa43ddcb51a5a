//! The latest events, each with a number.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Event, EventKind, Happened};
use crate::campaign::CampaignId;

/// Events looked at in one go, so that nobody is kept waiting by a reader.
const LOOKED_AT: usize = 4_096;

/// Which events a reader wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) campaign: Option<CampaignId>,
    /// Empty: any.
    pub(super) kinds: Vec<EventKind>,
}

impl Filter {
    fn wants(&self, event: &Event) -> bool {
        self.campaign.is_none_or(|campaign| campaign == event.campaign)
            && (self.kinds.is_empty() || self.kinds.contains(&event.happened.kind()))
    }
}

/// What a reader got.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    /// What it wants, in order.
    pub(super) events: Vec<Event>,
    /// The last number looked at: go on after it.
    pub(super) upto: u64,
    /// What came after the number asked for is gone; nothing is given, and
    /// `upto` is the newest.
    pub(super) missed: bool,
}

/// The latest events.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Event>,
    /// The number of the newest event; 0: there was none.
    newest: u64,
    capacity: usize,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { events: VecDeque::new(), newest: 0, capacity: capacity.max(1) }
    }

    pub(super) fn push(&mut self, at: Timestamp, campaign: CampaignId, happened: Happened) {
        if self.events.len() >= self.capacity {
            self.events.pop_front();
        }
        self.newest += 1;
        self.events.push_back(Event { number: self.newest, at, campaign, happened });
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Up to `limit` events after a number.
    pub(super) fn read(&self, after: u64, filter: &Filter, limit: usize) -> Read {
        let behind = self.newest.saturating_sub(after);
        let kept = self.events.len() as u64;
        if after > self.newest || behind > kept {
            return Read { events: Vec::new(), upto: self.newest, missed: true };
        }
        let skip = usize::try_from(kept - behind).unwrap_or(usize::MAX);
        let mut read = Read { events: Vec::new(), upto: after, missed: false };
        for event in self.events.range(skip..).take(LOOKED_AT) {
            if filter.wants(event) {
                if read.events.len() == limit {
                    break;
                }
                read.events.push(event.clone());
            }
            read.upto = event.number;
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn numbers(read: &Read) -> Vec<u64> {
        read.events.iter().map(|event| event.number).collect()
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let (one, other) = (CampaignId::new(), CampaignId::new());
        let mut ring = Ring::new(4);
        assert_eq!(ring.read(0, &Filter::default(), 9), Read::default());
        for n in 0..6 {
            ring.push(NOW, if n % 2 == 0 { one } else { other }, Happened::CampaignChanged);
        }
        // 3, 4, 5 and 6 are there.
        assert_eq!(numbers(&ring.read(2, &Filter::default(), 9)), [3, 4, 5, 6]);
        assert_eq!(numbers(&ring.read(5, &Filter::default(), 9)), [6]);
        assert_eq!(ring.read(6, &Filter::default(), 9), Read { upto: 6, ..Read::default() });
        assert!(ring.read(1, &Filter::default(), 9).missed, "2 is gone");
        assert!(ring.read(7, &Filter::default(), 9).missed, "never was");
        let of_one = Filter { campaign: Some(one), kinds: Vec::new() };
        let read = ring.read(2, &of_one, 9);
        assert_eq!((numbers(&read), read.upto), (vec![3, 5], 6));
        let read = ring.read(2, &of_one, 1);
        assert_eq!((numbers(&read), read.upto), (vec![3], 4), "the next one wanted is not passed by");
        let none = Filter { campaign: None, kinds: vec![EventKind::CallEnded] };
        assert_eq!(ring.read(2, &none, 9), Read { upto: 6, ..Read::default() });
    }

    proptest! {
        /// However it reads, and whatever comes meanwhile, a reader gets every
        /// event it wants once, in order, or learns that it missed some.
        #[test]
        fn nothing_is_lost_without_a_word(
            capacity in 1_usize..20,
            steps in proptest::collection::vec((0_usize..12, 1_usize..5), 1..30),
        ) {
            let campaign = CampaignId::new();
            let mut ring = Ring::new(capacity);
            let mut after = 0;
            for (pushed, limit) in steps {
                for _ in 0..pushed {
                    ring.push(NOW, campaign, Happened::CampaignDeleted);
                }
                let read = ring.read(after, &Filter::default(), limit);
                if read.missed {
                    prop_assert!(ring.newest() - after > capacity as u64);
                    prop_assert_eq!(read.upto, ring.newest());
                } else {
                    let expected: Vec<_> = (after + 1..=ring.newest()).take(limit).collect();
                    prop_assert_eq!(numbers(&read), expected);
                }
                after = read.upto;
            }
        }
    }
}
