//! What clients send, cut into requests.

use bytes::{Buf, BytesMut};

/// A request may be this long; who sends more is cut off.
const LONGEST: usize = 64 << 10;

/// A command line with its headers and body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// The command.
    pub(super) line: String,
    headers: Vec<(String, String)>,
    /// As long as `Content-Length` says.
    pub(super) body: String,
}

/// A request of more than 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Request {
    /// The value of a header; names are without case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Takes the first whole request out of `buffer`: lines up to an empty one,
/// ending in LF or CRLF, then the body.
pub(super) fn next(buffer: &mut BytesMut) -> Result<Option<Request>, TooLong> {
    // Empty lines between requests mean nothing.
    while matches!(buffer.first(), Some(b'\n' | b'\r')) {
        buffer.advance(1);
    }
    let Some(end) = head_end(buffer) else {
        return if buffer.len() > LONGEST { Err(TooLong) } else { Ok(None) };
    };
    let head = String::from_utf8_lossy(&buffer[..end]);
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    drop(head);
    let mut request = Request { line, headers, body: String::new() };
    let length = request.header("Content-Length").and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
    if length > LONGEST || end > LONGEST {
        return Err(TooLong);
    }
    if buffer.len() < end + length {
        return Ok(None);
    }
    buffer.advance(end);
    request.body = String::from_utf8_lossy(&buffer.split_to(length)).into_owned();
    Ok(Some(request))
}

/// Behind the first empty line.
fn head_end(buffer: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', buffer).find_map(|at| match &buffer[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_headers_and_bodies_with_either_line_end() {
        let mut buffer = BytesMut::from(
            "auth ClueCon\n\nbgapi status\r\nJob-UUID: j-1\r\n\r\nsendmsg u\ncontent-length: 5\n\na\n\nbc\napi x\n\n",
        );
        let mut take = || next(&mut buffer).expect("short").expect("a request");
        assert_eq!(take().line, "auth ClueCon");
        let job = take();
        assert_eq!((job.line.as_str(), job.header("job-uuid")), ("bgapi status", Some("j-1")));
        let message = take();
        assert_eq!((message.line.as_str(), message.body.as_str()), ("sendmsg u", "a\n\nbc"));
        assert_eq!(take().line, "api x");
        assert_eq!(next(&mut buffer), Ok(None));
    }

    #[test]
    fn half_a_request_waits_and_too_much_is_refused() {
        let whole = "sendmsg u\nContent-Length: 3\n\nabc";
        for cut in 0..whole.len() {
            assert_eq!(next(&mut BytesMut::from(&whole[..cut])), Ok(None), "{cut}");
        }
        assert_eq!(next(&mut BytesMut::from("a".repeat(LONGEST + 1).as_str())), Err(TooLong));
        assert_eq!(next(&mut BytesMut::from("a\nContent-Length: 99999999\n\n")), Err(TooLong));
    }

    proptest! {
        #[test]
        fn garbage_never_panics_and_always_ends(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut buffer = BytesMut::from(bytes.as_slice());
            let mut turns = 0;
            while let Ok(Some(_)) = next(&mut buffer) {
                turns += 1;
                prop_assert!(turns <= bytes.len());
            }
        }
    }
}
