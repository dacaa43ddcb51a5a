//! Bytes → frames of the event socket, without I/O.
//!
//! A frame is a block of `Name: value` lines, an empty line and, where a
//! `Content-Length` says so, a body. Frames share the buffer they were read
//! into; decoding one copies nothing.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::event::Event;

/// The longest header block accepted; real ones have under 200 bytes.
pub const MAX_HEAD: usize = 64 * 1024;

/// The longest body accepted. The largest real one is the answer to
/// `show channels as json`, about 700 bytes a channel.
pub const MAX_BODY: usize = 32 * 1024 * 1024;

/// How much room a read gets at least.
const READ_ROOM: usize = 64 * 1024;

/// What a frame is, by its `Content-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// `auth/request`: the server's greeting.
    AuthRequest,
    /// `command/reply`: what became of a command, in `Reply-Text`.
    CommandReply,
    /// `api/response`: the output of an `api` command, as body.
    ApiResponse,
    /// `text/event-plain`: an event.
    Event,
    /// `text/disconnect-notice`: the server is about to close.
    DisconnectNotice,
    /// `text/rude-rejection`: its access list does not let us in.
    RudeRejection,
    /// `log/data`: a log line.
    LogData,
    /// Anything else, kept as it came.
    Unknown,
}

/// One frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    head: Bytes,
    body: Bytes,
}

/// Why bytes are no frame. The connection cannot go on: where the next frame
/// begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// No end of the header block within [`MAX_HEAD`].
    #[error("header block longer than {MAX_HEAD} bytes")]
    HeadTooLong,
    /// A line of the header block without a colon.
    #[error("header line without a colon")]
    BadHeader,
    /// A `Content-Length` that is no number.
    #[error("unreadable Content-Length")]
    BadLength,
    /// Two of them: it is not known which one holds.
    #[error("more than one Content-Length")]
    DuplicateLength,
    /// A body longer than [`MAX_BODY`] announced.
    #[error("body longer than {MAX_BODY} bytes announced")]
    BodyTooLong,
}

/// Cuts a stream of bytes into frames.
///
/// Bytes go into [`Self::buffer`], frames come out of [`Self::next_frame`]; how
/// the bytes were split among reads makes no difference.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: BytesMut,
    /// How far the header block has been searched for its end.
    searched: usize,
    /// A header block whose body is not complete.
    waiting: Option<(FrameKind, Bytes, usize)>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where to append what was read; has room for a large read.
    pub fn buffer(&mut self) -> &mut BytesMut {
        if self.buffer.capacity() - self.buffer.len() < READ_ROOM / 4 {
            self.buffer.reserve(READ_ROOM);
        }
        &mut self.buffer
    }

    /// How many bytes of an incomplete frame are held.
    pub fn pending(&self) -> usize {
        self.buffer.len() + self.waiting.as_ref().map_or(0, |(_, head, _)| head.len())
    }

    /// The next complete frame; none: more bytes are needed.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, CodecError> {
        let (kind, head, length) = match self.waiting.take() {
            Some(waiting) => waiting,
            None => match self.next_head()? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        if self.buffer.len() < length {
            self.waiting = Some((kind, head, length));
            return Ok(None);
        }
        let body = self.buffer.split_to(length).freeze();
        Ok(Some(Frame { kind, head, body }))
    }

    fn next_head(&mut self) -> Result<Option<(FrameKind, Bytes, usize)>, CodecError> {
        if self.searched == 0 {
            let blank = self.buffer.iter().take_while(|byte| **byte == b'\n').count();
            self.buffer.advance(blank);
        }
        while let Some(found) = memchr(b'\n', &self.buffer[self.searched..]) {
            let newline = self.searched + found;
            if newline >= MAX_HEAD {
                return Err(CodecError::HeadTooLong);
            }
            match self.buffer.get(newline + 1) {
                None => {
                    self.searched = newline;
                    return Ok(None);
                }
                Some(b'\n') => {
                    self.searched = 0;
                    let head = self.buffer.split_to(newline + 1).freeze();
                    self.buffer.advance(1);
                    let (kind, length) = read_head(&head)?;
                    return Ok(Some((kind, head, length)));
                }
                Some(_) => self.searched = newline + 1,
            }
        }
        if self.buffer.len() > MAX_HEAD {
            return Err(CodecError::HeadTooLong);
        }
        self.searched = self.buffer.len();
        Ok(None)
    }
}

/// What a header block announces: its kind and the length of its body.
fn read_head(head: &[u8]) -> Result<(FrameKind, usize), CodecError> {
    let mut kind = FrameKind::Unknown;
    let mut length = None;
    for (name, value) in lines(head) {
        let (Some(name), value) = (name, value) else {
            return Err(CodecError::BadHeader);
        };
        if name.eq_ignore_ascii_case(b"Content-Length") {
            if length.is_some() {
                return Err(CodecError::DuplicateLength);
            }
            length = Some(read_length(value)?);
        } else if name.eq_ignore_ascii_case(b"Content-Type") {
            kind = FrameKind::of(value);
        }
    }
    Ok((kind, length.unwrap_or(0)))
}

/// The lines of a header block, each split at its first colon.
fn lines(head: &[u8]) -> impl Iterator<Item = (Option<&[u8]>, &[u8])> {
    let head = head.strip_suffix(b"\n").unwrap_or(head);
    head.split(|byte| *byte == b'\n').map(|line| match memchr(b':', line) {
        Some(colon) => (Some(&line[..colon]), line[colon + 1..].trim_ascii()),
        None => (None, line),
    })
}

fn read_length(text: &[u8]) -> Result<usize, CodecError> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(CodecError::BadLength);
    }
    let mut length = 0_usize;
    for digit in text {
        length = length * 10 + usize::from(digit - b'0');
        if length > MAX_BODY {
            return Err(CodecError::BodyTooLong);
        }
    }
    Ok(length)
}

impl FrameKind {
    fn of(content_type: &[u8]) -> Self {
        match content_type {
            b"text/event-plain" => Self::Event,
            b"command/reply" => Self::CommandReply,
            b"api/response" => Self::ApiResponse,
            b"auth/request" => Self::AuthRequest,
            b"text/disconnect-notice" => Self::DisconnectNotice,
            b"text/rude-rejection" => Self::RudeRejection,
            b"log/data" => Self::LogData,
            _ => Self::Unknown,
        }
    }
}

impl Frame {
    /// The value of a header of the frame itself, exactly as it came.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        lines(&self.head).find(|(known, _)| *known == Some(name.as_bytes())).map(|(_, value)| value)
    }

    /// Its body; empty where it has none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// What the switch says in it: the `Reply-Text` of a reply, else the body.
    pub fn text(&self) -> String {
        let text = match self.kind {
            FrameKind::CommandReply => self.header("Reply-Text").unwrap_or_default(),
            FrameKind::AuthRequest
            | FrameKind::ApiResponse
            | FrameKind::Event
            | FrameKind::DisconnectNotice
            | FrameKind::RudeRejection
            | FrameKind::LogData
            | FrameKind::Unknown => &self.body,
        };
        String::from_utf8_lossy(text).into_owned()
    }

    /// The event its body is, if it is one.
    pub fn into_event(self) -> Option<Event> {
        (self.kind == FrameKind::Event).then(|| Event::new(self.body))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = String::from_utf8_lossy(&self.head);
        f.debug_struct("Frame").field("kind", &self.kind).field("head", &head).field("body", &self.body.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<Frame>, CodecError> {
        let mut decoder = Decoder::new();
        decoder.buffer().extend_from_slice(text.as_bytes());
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next_frame()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn kinds_headers_and_bodies() {
        let text = "Content-Type: auth/request\n\n\
            Content-Type: command/reply\nReply-Text: +OK Job-UUID: 1\nJob-UUID: 1\n\n\
            Content-Type: api/response\nContent-Length: 5\n\nfalse\
            Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n\
            \n\nContent-Type: text/new\nContent-Length: 2\n\nxy";
        let frames = decode(text).expect("frames");
        let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
        assert_eq!(
            kinds,
            [
                FrameKind::AuthRequest,
                FrameKind::CommandReply,
                FrameKind::ApiResponse,
                FrameKind::RudeRejection,
                FrameKind::Unknown
            ]
        );
        assert_eq!(frames[1].text(), "+OK Job-UUID: 1");
        assert_eq!(frames[1].header("Job-UUID"), Some(&b"1"[..]));
        assert_eq!(frames[2].text(), "false");
        assert_eq!(frames[3].text(), "Access Denied, go away.\n");
        assert_eq!((frames[4].header("Content-Type"), frames[4].text()), (Some(&b"text/new"[..]), "xy".into()));
    }

    #[test]
    fn lengths_nobody_can_mean_are_errors() {
        for (length, error) in [
            ("-1", CodecError::BadLength),
            ("", CodecError::BadLength),
            ("12 3", CodecError::BadLength),
            ("0x10", CodecError::BadLength),
            ("99999999999999999999999999", CodecError::BodyTooLong),
            ("33554433", CodecError::BodyTooLong),
            ("1\nContent-Length: 1", CodecError::DuplicateLength),
        ] {
            assert_eq!(decode(&format!("Content-Length: {length}\n\nx")), Err(error), "{length}");
        }
        assert_eq!(decode("HTTP/1.1 400 Bad Request\n\n"), Err(CodecError::BadHeader));
    }

    #[test]
    fn a_header_block_must_end() {
        let endless = "a: b\n".repeat(MAX_HEAD / 5 + 2);
        assert_eq!(decode(&endless), Err(CodecError::HeadTooLong));
        // The same when its end came in the same read, and without any line.
        assert_eq!(decode(&format!("{endless}\n")), Err(CodecError::HeadTooLong));
        assert_eq!(decode(&"x".repeat(MAX_HEAD + 1)), Err(CodecError::HeadTooLong));
        assert_eq!(decode(&"x".repeat(MAX_HEAD)), Ok(Vec::new()));
    }

    #[test]
    fn an_incomplete_body_is_waited_for() {
        let mut decoder = Decoder::new();
        decoder.buffer().extend_from_slice(b"Content-Length: 4\n\nab");
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(decoder.pending() > 2);
        decoder.buffer().extend_from_slice(b"cdContent");
        let frame = decoder.next_frame().expect("no error").expect("a frame");
        assert_eq!(frame.text(), "abcd");
        assert_eq!(decoder.pending(), 7);
    }
}
