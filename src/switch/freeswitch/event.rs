//! One event in the plain format: `Name: value` lines, values percent-encoded,
//! and an inner body where there is one.
//!
//! An answered SIP call's event has over 150 headers, of which we read three.
//! So nothing is parsed ahead: a look-up searches the text for the header and
//! decodes that one value.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use memchr::{memchr, memmem};
use percent_encoding::percent_decode;

/// An event. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    text: Bytes,
    /// Where the headers end: what an inner body says is never taken for one.
    head: usize,
}

impl Event {
    /// Takes the text of an event. Any bytes will do: what cannot be found in
    /// them is absent.
    pub fn new(text: Bytes) -> Self {
        let head = memmem::find(&text, b"\n\n").map_or(text.len(), |end| end + 1);
        Self { text, head }
    }

    /// Its `Event-Name`; empty if it has none.
    pub fn name(&self) -> &[u8] {
        self.raw("Event-Name").unwrap_or_default()
    }

    /// The value of a header, decoded. Bytes that are no UTF-8 are replaced.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw(name).map(|value| percent_decode(value).decode_utf8_lossy())
    }

    /// The value of a header as it came, percent-encoded.
    pub fn raw(&self, name: &str) -> Option<&[u8]> {
        let head = &self.text[..self.head];
        memmem::find_iter(head, name).find_map(|at| {
            let begins_line = at == 0 || head[at - 1] == b'\n';
            let value = head[at + name.len()..].strip_prefix(b": ").filter(|_| begins_line)?;
            Some(&value[..memchr(b'\n', value).unwrap_or(value.len())])
        })
    }

    /// Its inner body, such as a background job's output; empty without one.
    pub fn body(&self) -> &[u8] {
        let rest = self.text.get(self.head + 1..).unwrap_or_default();
        let announced = self.raw("Content-Length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        &rest[..announced.map_or(rest.len(), |length: usize| length.min(rest.len()))]
    }

    /// Its inner body as text, without white space around it.
    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.body().trim_ascii())
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = String::from_utf8_lossy(self.name());
        f.debug_struct("Event").field("name", &name).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Event {
        Event::new(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn values_are_decoded_on_look_up() {
        let event = event("Event-Name: DTMF\nDTMF-Digit: %23\nbad: %ff%zz\nempty: \n\n");
        assert_eq!(event.name(), b"DTMF");
        assert_eq!(event.get("DTMF-Digit").as_deref(), Some("#"));
        assert_eq!(event.raw("DTMF-Digit"), Some(&b"%23"[..]));
        assert_eq!(event.get("bad").as_deref(), Some("\u{fffd}%zz"));
        assert_eq!(event.get("empty").as_deref(), Some(""));
        assert_eq!(event.get("absent"), None);
        assert_eq!(event.body(), b"");
    }

    #[test]
    fn a_header_is_found_by_its_whole_name_only() {
        let event = event("Caller-Unique-ID: a\nNote: Unique-ID: b\nUnique-ID-2: c\nUnique-ID: d\n\n");
        assert_eq!(event.raw("Unique-ID"), Some(&b"d"[..]));
        assert_eq!(event.raw("Unique"), None);
    }

    #[test]
    fn an_inner_body_is_no_header() {
        let event = event("Event-Name: BACKGROUND_JOB\nContent-Length: 17\n\nUnique-ID: forged\nand more");
        assert_eq!(event.raw("Unique-ID"), None);
        assert_eq!(event.body_text(), "Unique-ID: forged");
    }

    #[test]
    fn any_bytes_will_do() {
        for text in ["", "\n", "\n\n", ":", "Event-Name", "Event-Name: ", "Content-Length: 9\n\nx", "\n\n\n\n"] {
            let event = event(text);
            event.name();
            event.body();
            assert_eq!(event.get("Unique-ID"), None, "{text:?}");
        }
        assert_eq!(event("Content-Length: 99\n\nx").body(), b"x");
    }
}
