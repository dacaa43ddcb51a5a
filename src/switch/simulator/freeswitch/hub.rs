//! Where events become bytes: once each, and only if somebody wants them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::encode::number;
use super::event::EventKind;
use super::outlet::Outlet;
use crate::clock::Clock;

/// The connected clients and the order of events.
#[derive(Debug)]
pub(super) struct Hub {
    /// What every event says of the machine.
    identity: String,
    clock: Clock,
    /// Kinds that at least one client wants.
    wanted: AtomicU64,
    sequence: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    outlets: Vec<Arc<Outlet>>,
    event: Vec<u8>,
    frame: Vec<u8>,
    /// The two date lines of this second.
    dates: (i64, String),
}

impl Hub {
    /// Without clients.
    pub(super) fn new(clock: Clock) -> Self {
        let identity = format!(
            "Core-UUID: {}\nFreeSWITCH-Hostname: canvass\nFreeSWITCH-Switchname: canvass\n\
             FreeSWITCH-IPv4: 127.0.0.1\nFreeSWITCH-IPv6: %3A%3A1\n",
            Uuid::new_v4()
        );
        Self { identity, clock, wanted: AtomicU64::new(0), sequence: AtomicU64::new(0), inner: Mutex::default() }
    }

    /// Microseconds since 1970, as all of FreeSWITCH's time stamps.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    /// Adds a client.
    pub(super) fn add(&self, outlet: Arc<Outlet>) {
        self.lock().outlets.push(outlet);
        self.subscriptions_changed();
    }

    /// Removes a client.
    pub(super) fn remove(&self, outlet: &Arc<Outlet>) {
        self.lock().outlets.retain(|known| !Arc::ptr_eq(known, outlet));
        self.subscriptions_changed();
    }

    /// Counts anew which kinds are wanted. Call it after every change.
    pub(super) fn subscriptions_changed(&self) {
        let inner = self.lock();
        let wanted = inner.outlets.iter().fold(0, |all, outlet| all | outlet.events().0);
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Cuts every client off.
    pub(super) fn cut_all(&self) {
        for outlet in &self.lock().outlets {
            outlet.cut.cancel();
        }
    }

    /// Sends an event: `lines` appends its own header lines.
    pub(super) fn publish(&self, kind: EventKind, lines: impl FnOnce(&mut Vec<u8>)) {
        self.publish_with(kind, lines, "");
    }

    /// Sends an event with a body.
    pub(super) fn publish_with(&self, kind: EventKind, lines: impl FnOnce(&mut Vec<u8>), body: &str) {
        if self.wanted.load(Ordering::Relaxed) & kind.bit() == 0 {
            self.sequence.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut guard = self.lock();
        let Inner { outlets, event, frame, dates } = &mut *guard;
        event.clear();
        // Numbered under the lock, so that clients see the numbers rise.
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        self.head(kind, sequence, dates, event);
        lines(event);
        if !body.is_empty() {
            event.extend_from_slice(b"Content-Length: ");
            number(i64::try_from(body.len()).unwrap_or(i64::MAX), event);
            event.push(b'\n');
        }
        event.push(b'\n');
        event.extend_from_slice(body.as_bytes());
        frame.clear();
        frame.extend_from_slice(b"Content-Length: ");
        number(i64::try_from(event.len()).unwrap_or(i64::MAX), frame);
        frame.extend_from_slice(b"\nContent-Type: text/event-plain\n\n");
        for outlet in outlets.iter().filter(|outlet| outlet.wants(kind, event)) {
            outlet.write(&[frame, event]);
        }
    }

    /// The lines every event begins with, for a `uuid_dump`.
    pub(super) fn dump_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Event-Name: CHANNEL_DATA\n");
        out.extend_from_slice(self.identity.as_bytes());
    }

    fn head(&self, kind: EventKind, sequence: u64, dates: &mut (i64, String), out: &mut Vec<u8>) {
        let now = self.clock.now();
        if dates.0 != now.as_second() || dates.1.is_empty() {
            *dates = (now.as_second(), date_lines(now));
        }
        out.extend_from_slice(b"Event-Name: ");
        out.extend_from_slice(kind.name().as_bytes());
        out.push(b'\n');
        out.extend_from_slice(self.identity.as_bytes());
        out.extend_from_slice(dates.1.as_bytes());
        out.extend_from_slice(b"Event-Date-Timestamp: ");
        number(now.as_microsecond(), out);
        out.push(b'\n');
        out.extend_from_slice(kind.origin().as_bytes());
        out.extend_from_slice(b"Event-Sequence: ");
        number(i64::try_from(sequence).unwrap_or(i64::MAX), out);
        out.push(b'\n');
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instant as in `variable_start_stamp`, encoded.
pub(super) fn stamp(micros: i64) -> String {
    let instant = Timestamp::from_microsecond(micros).unwrap_or_default();
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d%%20%H%%3A%M%%3A%S").to_string()
}

fn date_lines(now: Timestamp) -> String {
    let gmt = now.to_zoned(TimeZone::UTC).strftime("%a,%%20%d%%20%b%%20%Y%%20%H%%3A%M%%3A%S%%20GMT").to_string();
    format!("Event-Date-Local: {}\nEvent-Date-GMT: {gmt}\n", stamp(now.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::super::event::EventSet;
    use super::*;

    #[test]
    fn dates_are_written_as_recorded() {
        let now = Timestamp::from_microsecond(1_795_236_559_919_644).expect("an instant");
        assert_eq!(
            date_lines(now),
            "Event-Date-Local: 2026-11-21%2004%3A49%3A19\nEvent-Date-GMT: Sat,%2021%20Nov%202026%2004%3A49%3A19%20GMT\n"
        );
    }

    #[test]
    fn only_who_subscribed_gets_an_event_and_the_numbers_go_on() {
        let hub = Hub::new(Clock::system());
        let outlet = Arc::new(Outlet::new(CancellationToken::new()));
        hub.add(outlet.clone());
        hub.publish(EventKind::Dtmf, |_| {});
        outlet.set_events(EventSet::read("DTMF"));
        hub.subscriptions_changed();
        hub.publish_with(EventKind::Dtmf, |out| out.extend_from_slice(b"DTMF-Digit: 1\n"), "body");
        hub.publish(EventKind::Park, |_| {});
        let mut bytes = Vec::new();
        outlet.take_rest(&mut bytes);
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.contains("Event-Sequence: 2\nDTMF-Digit: 1\nContent-Length: 4\n\nbody"), "{text}");
        let (frame, event) = text.split_once("\n\n").expect("a frame");
        assert_eq!(frame, format!("Content-Length: {}\nContent-Type: text/event-plain", event.len()));
        hub.remove(&outlet);
        hub.publish(EventKind::Dtmf, |_| {});
        outlet.take_rest(&mut Vec::new());
    }
}
