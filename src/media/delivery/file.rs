//! One file over HTTP: whole or in part, or not at all if the other side has it.

use std::io::SeekFrom;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, Response, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, Take};

/// Bytes read at a time.
const BLOCK: usize = 64 * 1_024;

/// What of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(RangeInclusive<u64>),
    Nothing,
}

/// The answer to a request for this file, which may be kept for so many seconds.
pub(super) async fn answer(path: &Path, headers: &HeaderMap, max_age: u64) -> std::io::Result<Response<Body>> {
    let mut file = File::open(path).await?;
    let metadata = file.metadata().await?;
    let size = metadata.len();
    let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("\"{size:x}-{:x}\"", changed.as_nanos());
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let answer = Response::builder()
        .header(ETAG, &tag)
        .header(CACHE_CONTROL, format!("private, max-age={max_age}"))
        .header(ACCEPT_RANGES, "bytes");
    let known =
        header(IF_NONE_MATCH).is_some_and(|known| known == "*" || known.split(',').any(|one| one.trim() == tag));
    if known {
        return built(answer.status(StatusCode::NOT_MODIFIED).body(Body::empty()));
    }
    let asked = match header(RANGE) {
        Some(range) if header(IF_RANGE).is_none_or(|known| known == tag) => asked(range, size),
        Some(_) | None => Asked::Whole,
    };
    let (answer, from, length) = match asked {
        Asked::Whole => (answer.status(StatusCode::OK), 0, size),
        Asked::Part(range) => {
            let (from, to) = (*range.start(), *range.end());
            let answer = answer.status(StatusCode::PARTIAL_CONTENT);
            (answer.header(CONTENT_RANGE, format!("bytes {from}-{to}/{size}")), from, to - from + 1)
        }
        Asked::Nothing => {
            let answer = answer.status(StatusCode::RANGE_NOT_SATISFIABLE);
            return built(answer.header(CONTENT_RANGE, format!("bytes */{size}")).body(Body::empty()));
        }
    };
    file.seek(SeekFrom::Start(from)).await?;
    let blocks = stream::try_unfold(file.take(length), next_block);
    built(answer.header(CONTENT_TYPE, "audio/wav").header(CONTENT_LENGTH, length).body(Body::from_stream(blocks)))
}

/// Headers of ours are always well formed.
fn built(answer: Result<Response<Body>, axum::http::Error>) -> std::io::Result<Response<Body>> {
    answer.map_err(std::io::Error::other)
}

async fn next_block(mut file: Take<File>) -> std::io::Result<Option<(Bytes, Take<File>)>> {
    let mut block = bytes::BytesMut::with_capacity(BLOCK);
    let read = file.read_buf(&mut block).await?;
    Ok((read > 0).then(|| (block.freeze(), file)))
}

/// What a `Range` header asks of a file of this size. One range; where there
/// are several, or something else, all of the file is as good (RFC 9110, 14.2).
fn asked(header: &str, size: u64) -> Asked {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (from, to) = match (number(first), number(last)) {
        (Some(from), Some(to)) if from <= to => (from, to.min(size.saturating_sub(1))),
        (Some(from), None) if last.is_empty() => (from, size.saturating_sub(1)),
        // The last bytes, so many of them.
        (None, Some(count)) if first.is_empty() => match count {
            0 => return Asked::Nothing,
            _ => (size.saturating_sub(count), size.saturating_sub(1)),
        },
        _ => return Asked::Whole,
    };
    if from < size { Asked::Part(from..=to) } else { Asked::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("bytes=0-9", Asked::Part(0..=9))]
    #[case("bytes=90-", Asked::Part(90..=99))]
    #[case("bytes=90-1000", Asked::Part(90..=99))]
    #[case("bytes=-10", Asked::Part(90..=99))]
    #[case("bytes=-1000", Asked::Part(0..=99))]
    #[case("bytes=100-", Asked::Nothing)]
    #[case("bytes=-0", Asked::Nothing)]
    #[case("bytes=9-0", Asked::Whole)]
    #[case("bytes=0-1,5-6", Asked::Whole)]
    #[case("bytes=+1-2", Asked::Whole)]
    #[case("bytes=-", Asked::Whole)]
    #[case("lines=0-9", Asked::Whole)]
    #[case("", Asked::Whole)]
    fn ranges(#[case] header: &str, #[case] want: Asked) {
        assert_eq!(asked(header, 100), want);
    }

    #[test]
    fn an_empty_file_has_no_part() {
        assert_eq!(asked("bytes=0-", 0), Asked::Nothing);
        assert_eq!(asked("bytes=-1", 0), Asked::Nothing);
    }

    proptest! {
        #[test]
        fn a_part_is_inside(header in "bytes=[0-9,-]{0,12}|.{0,20}", size in 0_u64..1_000) {
            if let Asked::Part(range) = asked(&header, size) {
                prop_assert!(range.start() <= range.end() && *range.end() < size);
            }
        }
    }
}
