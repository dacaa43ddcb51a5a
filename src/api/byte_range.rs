//! Which bytes of a file a request wants (RFC 9110, sections 13 and 14).

use axum::http::{HeaderMap, HeaderValue, Method, header};

/// What a request gets of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// From the first byte to the last, both included.
    Part { first: u64, last: u64 },
    /// Nothing: it has what it asks for already.
    NotModified,
    /// Nothing: the file has no such bytes.
    Unsatisfiable,
}

/// What a request gets of a file with this length and this strong `ETag`.
/// Several ranges at once, other units and what cannot be read are answered
/// with the whole file, as the RFC allows; so is everything but `GET`.
pub(super) fn wanted(method: &Method, headers: &HeaderMap, length: u64, tag: &HeaderValue) -> Wanted {
    if headers.get_all(header::IF_NONE_MATCH).iter().any(|given| names(given, tag)) {
        return Wanted::NotModified;
    }
    // A date, or a weak tag, never vouches for the very same bytes here.
    let same = headers.get(header::IF_RANGE).is_none_or(|given| given == tag);
    let mut ranges = headers.get_all(header::RANGE).iter();
    match (ranges.next(), ranges.next()) {
        (Some(range), None) if same && method == Method::GET => part(range, length),
        (Some(_), _) | (None, _) => Wanted::Whole,
    }
}

/// Whether a list of tags names this one, by the weak comparison.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else { return false };
    let mut given = list.split(',').map(str::trim);
    list.trim() == "*" || given.any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn part(range: &HeaderValue, length: u64) -> Wanted {
    let read = range.to_str().ok().and_then(|text| {
        let (unit, set) = text.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = set.trim().split_once('-')?;
        Some((number(first)?, number(last)?))
    });
    match read {
        // The last so many.
        Some((None, Some(count))) if count == 0 || length == 0 => Wanted::Unsatisfiable,
        Some((None, Some(count))) => Wanted::Part { first: length.saturating_sub(count), last: length - 1 },
        Some((Some(first), Some(last))) if first > last => Wanted::Whole,
        Some((Some(first), _)) if first >= length => Wanted::Unsatisfiable,
        Some((Some(first), last)) => Wanted::Part { first, last: last.unwrap_or(length - 1).min(length - 1) },
        Some((None, None)) | None => Wanted::Whole,
    }
}

/// Digits, or nothing at all; none: neither. What is too large is as good as
/// the largest.
#[allow(clippy::option_option)] // two kinds of nothing
fn number(text: &str) -> Option<Option<u64>> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAG: HeaderValue = HeaderValue::from_static("\"1-a\"");

    fn get(pairs: &[(header::HeaderName, &str)], length: u64) -> Wanted {
        let pairs = pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).expect("a value")));
        wanted(&Method::GET, &HeaderMap::from_iter(pairs), length, &TAG)
    }

    fn range(text: &str, length: u64) -> Wanted {
        get(&[(header::RANGE, text)], length)
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let part = |first, last| Wanted::Part { first, last };
        for (text, want) in [
            ("bytes=0-499", part(0, 499)),
            ("bytes=500-999", part(500, 999)),
            ("bytes=-500", part(9_500, 9_999)),
            ("bytes=9500-", part(9_500, 9_999)),
            ("bytes=0-0", part(0, 0)),
            ("bytes=9999-20000", part(9_999, 9_999)),
            ("bytes=-20000", part(0, 9_999)),
            ("BYTES= 1-2", part(1, 2)),
            ("bytes=10000-", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-0,-1", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=1--2", Wanted::Whole),
            ("seconds=1-2", Wanted::Whole),
            ("bytes", Wanted::Whole),
        ] {
            assert_eq!(range(text, 10_000), want, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), Wanted::Unsatisfiable);
        assert_eq!(range("bytes=-1", 0), Wanted::Unsatisfiable);
        assert_eq!(get(&[(header::RANGE, "bytes=0-1"), (header::RANGE, "bytes=3-4")], 10), Wanted::Whole);
    }

    #[test]
    fn a_part_is_of_the_file_that_was_begun() {
        let with = |tag| get(&[(header::RANGE, "bytes=1-2"), (header::IF_RANGE, tag)], 10);
        assert_eq!(with("\"1-a\""), Wanted::Part { first: 1, last: 2 });
        for other in ["\"1-b\"", "W/\"1-a\"", "Sun, 01 Mar 2026 09:00:00 GMT"] {
            assert_eq!(with(other), Wanted::Whole, "{other}");
        }
    }

    #[test]
    fn only_get_has_parts_and_what_is_known_is_not_sent_again() {
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=1-2"))]);
        assert_eq!(wanted(&Method::HEAD, &headers, 10, &TAG), Wanted::Whole);
        for known in ["\"1-a\"", "W/\"1-a\"", "\"x\", \"1-a\"", "*"] {
            let pairs = [(header::IF_NONE_MATCH, known), (header::RANGE, "bytes=1-2")];
            assert_eq!(get(&pairs, 10), Wanted::NotModified, "{known}");
        }
        assert_eq!(get(&[(header::IF_NONE_MATCH, "\"x\"")], 10), Wanted::Whole);
    }

    proptest! {
        #[test]
        fn no_byte_outside_is_ever_asked_for(text in "(bytes=)?[0-9a-z,= -]{0,24}", length in 0_u64..30) {
            if let Wanted::Part { first, last } = range(&text, length) {
                prop_assert!(first <= last && last < length);
            }
        }
    }
}
