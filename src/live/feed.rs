//! The ring, shared, with a bell; and its readers.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::ring::{Filter, Ring};
use super::{Event, EventKind, Happened};
use crate::campaign::CampaignId;

/// Events kept: some six megabytes. At ten calls a second that is half an hour.
const KEPT: usize = 65_536;

/// Events given to a reader in one go.
const PART: usize = 128;

/// A place in a feed: of which feed (one a process), after which event. As text,
/// the id of an event: `9f3c11ab-1042`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    feed: u32,
    number: u64,
}

/// A text that is no place in any feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no id of an event: one is eight hexadecimal digits, a hyphen and a number")]
pub struct NoPosition;

impl Position {
    /// A place in no feed: who goes on from there has missed something.
    pub fn unknown() -> Self {
        Self { feed: 0, number: u64::MAX }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}", self.feed, self.number)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (feed, number) = text.split_once('-').ok_or(NoPosition)?;
        let digits = feed.len() == 8 && feed.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten();
        let feed = u32::from_str_radix(feed, 16).ok().filter(|_| digits).ok_or(NoPosition)?;
        Ok(Self { feed, number: number.ok_or(NoPosition)? })
    }
}

/// What happens, as it happens. Cheap to clone; clones are the same feed.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Tells this process' events from those of one before.
    id: u32,
    ring: Mutex<Ring>,
    /// The number of the newest event.
    bell: watch::Sender<u64>,
    readers: AtomicUsize,
    /// Somebody changed something in the database that should be looked for.
    look: Notify,
    /// Campaigns whose figures somebody changed.
    touched: Mutex<HashSet<CampaignId>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self::keeping(KEPT)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    /// A feed that keeps so many events.
    pub fn keeping(events: usize) -> Self {
        Self(Arc::new(Inner {
            id: fastrand::u32(..),
            ring: Mutex::new(Ring::new(events)),
            bell: watch::Sender::new(0),
            readers: AtomicUsize::new(0),
            look: Notify::new(),
            touched: Mutex::default(),
        }))
    }

    /// Something happened. Waits for nobody.
    pub fn publish(&self, at: Timestamp, campaign: CampaignId, happened: Happened) {
        self.publish_all(at, [(campaign, happened)]);
    }

    /// Much happened, in this order.
    pub fn publish_all(&self, at: Timestamp, all: impl IntoIterator<Item = (CampaignId, Happened)>) {
        let newest = {
            let mut ring = lock(&self.0.ring);
            for (campaign, happened) in all {
                ring.push(at, campaign, happened);
            }
            ring.newest()
        };
        self.0.bell.send_if_modified(|known| {
            // Two that publish at once may ring in either order.
            let newer = newest > *known;
            *known = newest.max(*known);
            newer
        });
    }

    /// Somebody changed campaigns in the database: whoever looks for that
    /// should do it now.
    pub(crate) fn look(&self) {
        self.0.look.notify_one();
    }

    /// Ends when somebody wants it to be looked.
    pub(super) async fn asked_to_look(&self) {
        self.0.look.notified().await;
    }

    /// A campaign's figures changed otherwise than by calls.
    pub(crate) fn touch(&self, campaign: CampaignId) {
        if self.has_readers() {
            lock(&self.0.touched).insert(campaign);
        }
    }

    /// The campaigns touched since it was last asked.
    pub(super) fn touched(&self) -> HashSet<CampaignId> {
        std::mem::take(&mut *lock(&self.0.touched))
    }

    /// Whether anybody reads.
    pub(super) fn has_readers(&self) -> bool {
        self.0.readers.load(Ordering::Relaxed) > 0
    }

    /// Reads from now on, or on from a place. Of `kinds` alone, unless it is
    /// empty.
    pub fn reader(&self, from: Option<Position>, campaign: Option<CampaignId>, kinds: Vec<EventKind>) -> Reader {
        self.0.readers.fetch_add(1, Ordering::Relaxed);
        let mut reader = self.unseen(Filter { campaign, kinds });
        reader.counted = true;
        match from {
            Some(place) if place.feed == self.0.id => reader.after = place.number,
            Some(_) => reader.missed = true,
            None => {}
        }
        reader
    }

    /// A reader for whom nothing is made.
    pub(super) fn unseen(&self, filter: Filter) -> Reader {
        let after = lock(&self.0.ring).newest();
        Reader { feed: self.clone(), bell: self.0.bell.subscribe(), filter, after, missed: false, counted: false }
    }
}

/// What a reader got.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// These events, in order; none: nothing has happened.
    Events(Vec<Event>),
    /// Events were missed: what the reader knows must be read anew. It goes on
    /// with what happens from now on.
    Missed,
}

/// One who reads a feed.
#[derive(Debug)]
pub struct Reader {
    feed: Feed,
    bell: watch::Receiver<u64>,
    filter: Filter,
    after: u64,
    /// The place it wanted to go on from is of another feed.
    missed: bool,
    counted: bool,
}

impl Reader {
    /// What has happened since.
    pub fn take(&mut self) -> Part {
        // Before the ring is looked at: what comes meanwhile rings again.
        self.bell.borrow_and_update();
        let mut events = Vec::new();
        loop {
            let ring = lock(&self.feed.0.ring);
            if std::mem::take(&mut self.missed) {
                self.after = ring.newest();
                return Part::Missed;
            }
            let read = ring.read(self.after, &self.filter, PART - events.len());
            let newest = ring.newest();
            drop(ring);
            self.after = read.upto;
            if read.missed {
                // What was got so far is part of what is missed.
                return Part::Missed;
            }
            events.extend(read.events);
            if events.len() >= PART || self.after >= newest {
                return Part::Events(events);
            }
        }
    }

    /// Ends when something may have happened.
    pub async fn changed(&mut self) {
        if self.after < *self.bell.borrow() {
            return;
        }
        if self.bell.changed().await.is_err() {
            // Not reached: the reader holds the feed.
            std::future::pending().await
        }
    }

    /// Where it is.
    pub fn position(&self) -> Position {
        self.position_of(self.after)
    }

    /// The place after an event.
    pub fn position_of(&self, number: u64) -> Position {
        Position { feed: self.feed.0.id, number }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.counted {
            self.feed.0.readers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn numbers(part: &Part) -> Vec<u64> {
        match part {
            Part::Events(events) => events.iter().map(|event| event.number).collect(),
            Part::Missed => panic!("missed"),
        }
    }

    #[tokio::test]
    async fn readers_wake_and_go_on_where_they_were() {
        let feed = Feed::keeping(8);
        let campaign = CampaignId::new();
        let mut reader = feed.reader(None, None, Vec::new());
        assert_eq!(numbers(&reader.take()), Vec::<u64>::new());
        feed.publish(NOW, campaign, Happened::CampaignChanged);
        reader.changed().await;
        assert_eq!(numbers(&reader.take()), [1]);
        let place: Position = reader.position().to_string().parse().expect("its own text");
        drop(reader);
        assert!(!feed.has_readers());
        feed.publish_all(NOW, (0..3).map(|_| (campaign, Happened::CampaignChanged)));
        let mut again = feed.reader(Some(place), None, Vec::new());
        again.changed().await;
        assert_eq!(numbers(&again.take()), [2, 3, 4]);
        feed.publish_all(NOW, (0..9).map(|_| (campaign, Happened::CampaignChanged)));
        assert_eq!(again.take(), Part::Missed, "too slow");
        assert_eq!(numbers(&again.take()), Vec::<u64>::new());
        let other = Position { feed: place.feed.wrapping_add(1), number: 4 };
        assert_eq!(feed.reader(Some(other), None, Vec::new()).take(), Part::Missed, "of another process");
    }

    #[test]
    fn places_are_read_back() {
        let place = Position { feed: 0x0f3c_11ab, number: 1_042 };
        assert_eq!(place.to_string(), "0f3c11ab-1042");
        assert_eq!("0f3c11ab-1042".parse(), Ok(place));
        for wrong in ["", "1042", "0f3c11ab-", "0f3c11ab", "+f3c11ab-1", "0f3c11ab-+1", "0f3c11ab-99999999999999999999"]
        {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }

    #[test]
    fn a_long_wait_is_read_in_parts() {
        let feed = Feed::keeping(10_000);
        let (quiet, loud) = (CampaignId::new(), CampaignId::new());
        let mut reader = feed.reader(None, Some(quiet), vec![EventKind::CampaignChanged]);
        feed.publish_all(NOW, (0..9_000).map(|_| (loud, Happened::CampaignChanged)));
        feed.publish_all(NOW, (0..300).map(|_| (quiet, Happened::CampaignChanged)));
        feed.publish(NOW, quiet, Happened::CampaignDeleted);
        let lengths: Vec<_> = (0..4).map(|_| numbers(&reader.take()).len()).collect();
        assert_eq!(lengths, [128, 128, 44, 0]);
        assert_eq!(reader.position().number, 9_301);
    }
}
