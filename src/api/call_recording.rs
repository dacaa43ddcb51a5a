//! Recordings of calls and of spoken answers, as they lie in the recordings
//! folder.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use utoipa::ToSchema;

use super::Api;
use super::auth::{Allowed, CallsRead};
use super::byte_range::{Wanted, wanted};
use super::calls::known;
use super::extract::{AnswerAt, CallAt};
use super::problem::{Answer, Kind, Problem, ProblemBody};
use crate::call::Given;
use crate::store::CallDetail;

/// Bytes read from the disk at a time.
const STEP: u64 = 64 * 1024;

/// A WAV file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)] // described, never made
pub(super) struct Wav(Vec<u8>);

/// A call's recording
///
/// A WAV file, from answer to end. Takes a single `Range` of bytes, with
/// `If-Range`, so that players can jump; `HEAD` tells its size. 404 says why
/// there is none: nothing was recorded, it was removed after the time
/// recordings are kept, or it is still on its switch.
#[utoipa::path(get, path = "/api/calls/{id}/recording", tag = "calls",
    params(("id" = Uuid, Path, description = "The call's id"),
        ("Range" = Option<String>, Header, description = "Which bytes, as `bytes=0-65535`"),
        ("If-Range" = Option<String>, Header, description = "The ETag of what the range is of: if it is another now, all of it is sent")),
    responses(
        (status = 200, description = "All of it", body = Wav, content_type = "audio/wav",
            headers(("ETag" = String, description = "Its version"), ("Accept-Ranges" = String, description = "`bytes`"))),
        (status = 206, description = "The bytes asked for", body = Wav, content_type = "audio/wav",
            headers(("Content-Range" = String, description = "Which of how many they are"))),
        (status = 304, description = "The client has it already (`If-None-Match`)"),
        (status = 416, description = "It has no such bytes", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn recording(
    _: Allowed<CallsRead>,
    State(api): State<Api>,
    CallAt(id): CallAt,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    let detail = known(&api, id).await?;
    let name = of_call(&detail)?;
    sent(&api, name, &format!("call-{id}.wav"), &method, &headers).await
}

/// A spoken answer
///
/// What the callee said to a question of the survey, as a WAV file. Ranges as
/// with the recording of the call.
#[utoipa::path(get, path = "/api/calls/{id}/recordings/{position}", tag = "calls",
    params(("id" = Uuid, Path, description = "The call's id"),
        ("position" = u16, Path, description = "Which answer of the call, from 1"),
        ("Range" = Option<String>, Header, description = "Which bytes, as `bytes=0-65535`"),
        ("If-Range" = Option<String>, Header, description = "The ETag of what the range is of: if it is another now, all of it is sent")),
    responses(
        (status = 200, description = "All of it", body = Wav, content_type = "audio/wav",
            headers(("ETag" = String, description = "Its version"), ("Accept-Ranges" = String, description = "`bytes`"))),
        (status = 206, description = "The bytes asked for", body = Wav, content_type = "audio/wav",
            headers(("Content-Range" = String, description = "Which of how many they are"))),
        (status = 304, description = "The client has it already (`If-None-Match`)"),
        (status = 416, description = "It has no such bytes", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn answer(
    _: Allowed<CallsRead>,
    State(api): State<Api>,
    AnswerAt(id, position): AnswerAt,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    let detail = known(&api, id).await?;
    let answer = detail.answers.iter().find(|answer| answer.position == position);
    let answer = answer.ok_or_else(|| Problem::not_found(format_args!("answer {position} in call {id}")))?;
    let name = match &answer.given {
        Given::Speech { recording } if recording.is_empty() => {
            return Err(none("the recording was removed after the time recordings are kept"));
        }
        Given::Speech { recording } => recording,
        Given::Key { .. } | Given::Nothing => return Err(none("the answer was not spoken")),
    };
    sent(&api, name, &format!("call-{id}-answer-{position}.wav"), &method, &headers).await
}

/// The name of a call's recording, or why it has none.
fn of_call(detail: &CallDetail) -> Answer<&str> {
    let facts = &detail.call.row.facts;
    match &facts.talk.recording {
        Some(name) => Ok(name),
        None if detail.recording_removed => Err(none("the recording was removed after the time recordings are kept")),
        None if facts.ended_at.is_none() => Err(none("the call is not over: a recording is there when it is")),
        None if facts.answered_at.is_none() => Err(none("the call was not answered: nothing was recorded")),
        None => Err(none("the call was not recorded")),
    }
}

fn none(why: &str) -> Problem {
    Problem::new(Kind::NotFound, why)
}

/// A file of the recordings folder and its length in bytes; none: there is no
/// such file in it.
pub(super) async fn find(folder: &Path, name: &str) -> std::io::Result<Option<(PathBuf, std::fs::Metadata)>> {
    // Names are ours: letters, digits and hyphens.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(None);
    }
    let found = async {
        let folder = tokio::fs::canonicalize(folder).await?;
        let path = tokio::fs::canonicalize(folder.join(format!("{name}.wav"))).await?;
        let metadata = tokio::fs::metadata(&path).await?;
        // A link that leads elsewhere is not followed.
        Ok((path.starts_with(&folder) && metadata.is_file()).then_some((path, metadata)))
    };
    match found.await {
        Err(error) if error_is_absence(&error) => Ok(None),
        found => found,
    }
}

fn error_is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// The answer to a request for a file.
async fn sent(api: &Api, name: &str, shown: &str, method: &Method, headers: &HeaderMap) -> Answer<Response> {
    let found = find(&api.recordings, name).await.map_err(Problem::internal)?;
    let (path, metadata) = found.ok_or_else(|| {
        none("the recording is not in the recordings folder: it is still on its switch, or was removed by hand")
    })?;
    let length = metadata.len();
    let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let tag = HeaderValue::from_str(&format!("\"{length:x}-{:x}\"", changed.as_nanos())).map_err(Problem::internal)?;
    let (status, first, count) = match wanted(method, headers, length, &tag) {
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Wanted::NotModified => return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()),
        Wanted::Unsatisfiable => {
            let problem = Problem::new(Kind::NoSuchRange, format!("it has {length} bytes"));
            return Ok(([(header::CONTENT_RANGE, format!("bytes */{length}"))], problem).into_response());
        }
    };
    let mut file = File::open(&path).await.map_err(Problem::internal)?;
    file.seek(SeekFrom::Start(first)).await.map_err(Problem::internal)?;
    let body = Body::from_stream(stream::try_unfold((file, count), |(file, left)| Box::pin(next(file, left))));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(count));
    headers.insert(header::ETAG, tag);
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{shown}\""));
    headers.insert(header::CONTENT_DISPOSITION, disposition.map_err(Problem::internal)?);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = HeaderValue::from_str(&format!("bytes {first}-{}/{length}", first + count - 1));
        headers.insert(header::CONTENT_RANGE, range.map_err(Problem::internal)?);
    }
    Ok(response)
}

/// The next bytes of a file of which so many are left to send.
async fn next(mut file: File, left: u64) -> std::io::Result<Option<(Bytes, (File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let step = usize::try_from(left.min(STEP)).unwrap_or_default();
    let mut buffer = vec![0; step];
    let read = file.read(&mut buffer).await?;
    if read == 0 {
        // Cut off meanwhile: a broken stream, not a file that looks whole.
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    buffer.truncate(read);
    Ok(Some((buffer.into(), (file, left - read as u64))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_files_of_the_folder_are_found() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("recordings");
        std::fs::create_dir_all(folder.join("dir.wav")).expect("made");
        std::fs::write(outer.path().join("secret.wav"), "x").expect("written");
        std::fs::write(folder.join("good-1.wav"), "abc").expect("written");
        std::os::unix::fs::symlink(outer.path().join("secret.wav"), folder.join("link.wav")).expect("linked");
        let (path, metadata) = find(&folder, "good-1").await.expect("looked").expect("found");
        assert_eq!((path.file_name().and_then(|name| name.to_str()), metadata.len()), (Some("good-1.wav"), 3));
        for bad in ["", "none", "../secret", "/etc/passwd", "good-1.wav", "a\0b", "link", "dir", "..", "ä"] {
            assert!(find(&folder, bad).await.expect("looked").is_none(), "{bad}");
        }
        assert!(find(&folder.join("gone"), "good-1").await.expect("looked").is_none());
    }
}
