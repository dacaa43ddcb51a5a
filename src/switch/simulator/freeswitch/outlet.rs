//! What waits to be written to one client.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::encode::decode;
use super::event::{EventKind, EventSet};

/// Bytes that may wait for a slow reader before it is cut off, as the real
/// one does when its queue is full.
const MOST_WAITING: usize = 32 << 20;

/// One connection's way out. Writing to it never waits.
#[derive(Debug)]
pub(super) struct Outlet {
    waiting: Mutex<Vec<u8>>,
    ready: Notify,
    events: AtomicU64,
    filters: Mutex<Vec<(String, String)>>,
    /// Ends the connection.
    pub(super) cut: CancellationToken,
}

impl Outlet {
    /// An outlet nobody subscribed for yet.
    pub(super) fn new(cut: CancellationToken) -> Self {
        Self {
            waiting: Mutex::default(),
            ready: Notify::new(),
            events: AtomicU64::new(0),
            filters: Mutex::default(),
            cut,
        }
    }

    /// The kinds this client wants.
    pub(super) fn events(&self) -> EventSet {
        EventSet(self.events.load(Ordering::Relaxed))
    }

    /// Changes the kinds this client wants.
    pub(super) fn set_events(&self, events: EventSet) {
        self.events.store(events.0, Ordering::Relaxed);
    }

    /// Lets only events through that have this value in this header.
    pub(super) fn add_filter(&self, header: &str, value: &str) {
        lock(&self.filters).push((header.to_owned(), value.to_owned()));
    }

    /// Takes filters on this header away.
    pub(super) fn remove_filter(&self, header: &str, value: Option<&str>) {
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        lock(&self.filters).retain(|(h, v)| !(same(h, header) && value.is_none_or(|value| same(v, value))));
    }

    /// Whether an event goes to this client.
    pub(super) fn wants(&self, kind: EventKind, event: &[u8]) -> bool {
        if !self.events().has(kind) {
            return false;
        }
        let filters = lock(&self.filters);
        filters.is_empty()
            || filters
                .iter()
                .any(|(header, value)| find(event, header).is_some_and(|found| found.eq_ignore_ascii_case(value)))
    }

    /// Adds bytes, in one piece.
    pub(super) fn write(&self, parts: &[&[u8]]) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() > MOST_WAITING {
            self.cut.cancel();
            return;
        }
        for part in parts {
            waiting.extend_from_slice(part);
        }
        drop(waiting);
        self.ready.notify_one();
    }

    /// Waits for bytes and swaps them into `into`, which comes back empty.
    pub(super) async fn take(&self, into: &mut Vec<u8>) {
        into.clear();
        loop {
            std::mem::swap(&mut *lock(&self.waiting), into);
            if !into.is_empty() {
                return;
            }
            self.ready.notified().await;
        }
    }

    /// Swaps what waits into `into` without waiting.
    pub(super) fn take_rest(&self, into: &mut Vec<u8>) {
        into.clear();
        std::mem::swap(&mut *lock(&self.waiting), into);
    }
}

/// The decoded value of a header of a rendered event.
fn find(event: &[u8], header: &str) -> Option<String> {
    event.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(header.len())?;
        let value = value.strip_prefix(b": ")?;
        name.eq_ignore_ascii_case(header.as_bytes()).then(|| decode(value))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet() -> Outlet {
        let outlet = Outlet::new(CancellationToken::new());
        outlet.set_events(EventSet::read("ALL"));
        outlet
    }

    #[test]
    fn any_matching_filter_lets_an_event_through() {
        let outlet = outlet();
        let event = b"Event-Name: DTMF\nUnique-ID: a%20b\n\n";
        assert!(outlet.wants(EventKind::Dtmf, event));
        outlet.add_filter("Unique-ID", "other");
        assert!(!outlet.wants(EventKind::Dtmf, event));
        outlet.add_filter("unique-id", "A b");
        assert!(outlet.wants(EventKind::Dtmf, event));
        outlet.remove_filter("Unique-ID", Some("a b"));
        assert!(!outlet.wants(EventKind::Dtmf, event));
        outlet.remove_filter("Unique-ID", None);
        assert!(outlet.wants(EventKind::Dtmf, event));
    }

    #[tokio::test]
    async fn a_reader_that_never_reads_is_cut_off() {
        let outlet = outlet();
        let piece = vec![0; 1 << 20];
        for _ in 0..40 {
            outlet.write(&[&piece]);
        }
        assert!(outlet.cut.is_cancelled());
        let mut taken = Vec::new();
        outlet.take(&mut taken).await;
        assert!(taken.len() <= MOST_WAITING + (1 << 20));
    }
}
