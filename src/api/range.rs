//! What of something a request asks for: the conditions and ranges of RFC 9110
//! (sections 13 and 14). Pure.

use std::ops::RangeInclusive;

use axum::http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderName, Method};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing: the other side has it as it is (304).
    Known,
    /// All of it (200).
    Whole,
    /// These bytes of it, all of which are there (206).
    Part(RangeInclusive<u64>),
    /// Bytes there are none of (416).
    Beyond,
}

/// What a request asks for of something that has so many bytes. `tag` is its
/// strong entity tag, quotes included. One range; where there are several, or
/// something else, the whole is as good (14.2).
pub(crate) fn asked(method: &Method, headers: &HeaderMap, size: u64, tag: &str) -> Asked {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let mut known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.any(|known| known.trim() == "*" || known.split(',').any(|one| weakly(one) == tag)) {
        return Asked::Known;
    }
    match header(RANGE) {
        // Of other methods a range means nothing; and where the other side has
        // a part of something else, it needs the whole.
        Some(range) if method == Method::GET && header(IF_RANGE).is_none_or(|part| part.trim() == tag) => {
            part(range, size)
        }
        Some(_) | None => Asked::Whole,
    }
}

/// An entity tag, whether it says to be weak or not.
fn weakly(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn part(header: &str, size: u64) -> Asked {
    let range = header.split_once('=').filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = range.and_then(|(_, range)| range.split_once('-')) else { return Asked::Whole };
    let (first, last) = (first.trim(), last.trim());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More than there can be is more than there is.
    let number = |text: &str| digits(text).then(|| text.parse().unwrap_or(u64::MAX));
    let end = size.saturating_sub(1);
    let (from, to) = match (number(first), number(last)) {
        (Some(from), Some(to)) if from <= to => (from, to.min(end)),
        (Some(from), None) if last.is_empty() => (from, end),
        // The last bytes, so many of them.
        (None, Some(0)) if first.is_empty() => return Asked::Beyond,
        (None, Some(count)) if first.is_empty() => (size.saturating_sub(count), end),
        (Some(_) | None, Some(_) | None) => return Asked::Whole,
    };
    if from < size { Asked::Part(from..=to) } else { Asked::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;
    use rstest::rstest;

    const TAG: &str = "\"a\"";

    fn of(method: Method, headers: &[(HeaderName, &str)], size: u64) -> Asked {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_bytes(value.as_bytes()).expect("a header's value")));
        asked(&method, &HeaderMap::from_iter(pairs), size, TAG)
    }

    #[rstest]
    #[case("bytes=0-9", Asked::Part(0..=9))]
    #[case("Bytes = 0-9", Asked::Part(0..=9))]
    #[case("bytes=90-", Asked::Part(90..=99))]
    #[case("bytes=90-1000", Asked::Part(90..=99))]
    #[case("bytes=90-99999999999999999999999", Asked::Part(90..=99))]
    #[case("bytes=-10", Asked::Part(90..=99))]
    #[case("bytes=-1000", Asked::Part(0..=99))]
    #[case("bytes=99-99", Asked::Part(99..=99))]
    #[case("bytes=100-", Asked::Beyond)]
    #[case("bytes=99999999999999999999999-", Asked::Beyond)]
    #[case("bytes=-0", Asked::Beyond)]
    #[case("bytes=9-0", Asked::Whole)]
    #[case("bytes=0-1,5-6", Asked::Whole)]
    #[case("bytes=+1-2", Asked::Whole)]
    #[case("bytes=1-x", Asked::Whole)]
    #[case("bytes=-", Asked::Whole)]
    #[case("lines=0-9", Asked::Whole)]
    #[case("bytes", Asked::Whole)]
    #[case("", Asked::Whole)]
    fn ranges(#[case] range: &str, #[case] want: Asked) {
        assert_eq!(of(Method::GET, &[(RANGE, range)], 100), want);
        assert_eq!(of(Method::HEAD, &[(RANGE, range)], 100), Asked::Whole);
    }

    #[rstest]
    #[case("\"a\"", Asked::Known)]
    #[case("\"b\", W/\"a\"", Asked::Known)]
    #[case("*", Asked::Known)]
    #[case("\"b\"", Asked::Part(1..=2))]
    #[case("a", Asked::Part(1..=2))]
    fn what_is_known_is_not_sent(#[case] known: &str, #[case] want: Asked) {
        assert_eq!(of(Method::GET, &[(IF_NONE_MATCH, known), (RANGE, "bytes=1-2")], 100), want);
    }

    #[rstest]
    #[case("\"a\"", Asked::Part(1..=2))]
    #[case("W/\"a\"", Asked::Whole)]
    #[case("\"b\"", Asked::Whole)]
    #[case("Sun, 01 Mar 2026 09:00:00 GMT", Asked::Whole)]
    fn a_part_of_something_else_is_no_use(#[case] part_of: &str, #[case] want: Asked) {
        assert_eq!(of(Method::GET, &[(IF_RANGE, part_of), (RANGE, "bytes=1-2")], 100), want);
        assert_eq!(of(Method::GET, &[(IF_RANGE, part_of)], 100), Asked::Whole);
    }

    #[test]
    fn of_nothing_there_is_no_part() {
        assert_eq!(of(Method::GET, &[(RANGE, "bytes=0-")], 0), Asked::Beyond);
        assert_eq!(of(Method::GET, &[(RANGE, "bytes=-1")], 0), Asked::Beyond);
    }

    proptest! {
        #[test]
        fn a_part_is_inside(range in "bytes=[0-9,-]{0,24}|[ -~]{0,20}", size in 0_u64..1_000) {
            if let Asked::Part(range) = of(Method::GET, &[(RANGE, &range)], size) {
                prop_assert!(range.start() <= range.end() && *range.end() < size);
            }
        }
    }
}
