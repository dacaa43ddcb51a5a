//! One file over HTTP: whole or in part, or not at all if the other side has it.

use std::io::SeekFrom;
use std::path::Path;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, Take};

use super::problem::{Kind, Problem};
use super::range::{Asked, asked};

/// Bytes read at a time.
const BLOCK: usize = 64 * 1_024;

/// How a file is served.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// What may be kept of it, and how long: `Cache-Control`.
    pub(crate) cache: String,
    /// Its strong entity tag, quotes included; none: made of its size and of
    /// when it was changed.
    pub(crate) tag: Option<String>,
    /// What becomes of it and what it is called: `Content-Disposition`.
    pub(crate) disposition: Option<String>,
}

/// The answer to a request for this file. An error: it cannot be read.
pub(crate) async fn answer(
    path: &Path,
    method: &Method,
    headers: &HeaderMap,
    served: &Served,
) -> std::io::Result<Response<Body>> {
    let mut file = File::open(path).await?;
    let metadata = file.metadata().await?;
    let size = metadata.len();
    let tag = match &served.tag {
        Some(tag) => tag.clone(),
        None => {
            let changed = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            format!("\"{size:x}-{:x}\"", changed.as_nanos())
        }
    };
    let answer =
        Response::builder().header(ETAG, &tag).header(CACHE_CONTROL, &served.cache).header(ACCEPT_RANGES, "bytes");
    let (mut answer, from, length) = match asked(method, headers, size, &tag) {
        Asked::Known => return built(answer.status(StatusCode::NOT_MODIFIED).body(Body::empty())),
        Asked::Whole => (answer.status(StatusCode::OK), 0, size),
        Asked::Part(range) => {
            let (from, to) = (*range.start(), *range.end());
            let answer = answer.status(StatusCode::PARTIAL_CONTENT);
            (answer.header(CONTENT_RANGE, format!("bytes {from}-{to}/{size}")), from, to - from + 1)
        }
        Asked::Beyond => {
            let answer = answer.status(StatusCode::RANGE_NOT_SATISFIABLE);
            return built(answer.header(CONTENT_RANGE, format!("bytes */{size}")).body(Body::empty()));
        }
    };
    if let Some(disposition) = &served.disposition {
        answer = answer.header(CONTENT_DISPOSITION, disposition);
    }
    file.seek(SeekFrom::Start(from)).await?;
    let blocks = stream::try_unfold(file.take(length), next_block);
    let answer = answer.header(CONTENT_TYPE, served.content_type).header(CONTENT_LENGTH, length);
    built(answer.body(Body::from_stream(blocks)))
}

/// As [`answer`]; where there are no such bytes, with a problem that says so.
pub(super) async fn answer_or_problem(
    path: &Path,
    method: &Method,
    headers: &HeaderMap,
    served: &Served,
) -> std::io::Result<Response<Body>> {
    let answer = answer(path, method, headers, served).await?;
    if answer.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(answer);
    }
    let mut refused =
        Problem::new(Kind::NoSuchRange, "there are no such bytes: Content-Range says how many").into_response();
    for (name, value) in answer.headers() {
        refused.headers_mut().entry(name).or_insert(value.clone());
    }
    Ok(refused)
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

/// A `Content-Disposition` with a file's name, whatever that is made of
/// (RFC 6266): `kind` is `inline` or `attachment`.
pub(crate) fn disposition(kind: &str, name: &str) -> String {
    /// What may stay as it is in an extended value (RFC 8187).
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' }).collect();
    if plain == name {
        return format!("{kind}; filename=\"{name}\"");
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_more_than_a_name() {
        assert_eq!(disposition("inline", "a b.wav"), "inline; filename=\"a b.wav\"");
        assert_eq!(
            disposition("attachment", "Frühling\"; x\r\n.csv"),
            "attachment; filename=\"Fr_hling__ x__.csv\"; filename*=UTF-8''Fr%C3%BChling%22%3B%20x%0D%0A.csv"
        );
    }
}
