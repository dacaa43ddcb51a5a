//! Recordings of calls and of spoken answers, as they lie in the recordings
//! folder.

use std::path::{Path, PathBuf};

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use utoipa::ToSchema;

use super::Api;
use super::auth::{Allowed, CallsRead};
use super::calls::known;
use super::extract::{AnswerAt, CallAt};
use super::problem::{Answer, Kind, Problem, ProblemBody};
use super::served_file::{Served, answer_or_problem, disposition};
use crate::call::Given;
use crate::store::CallDetail;

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
    let (path, _) = found.ok_or_else(|| {
        none("the recording is not in the recordings folder: it is still on its switch, or was removed by hand")
    })?;
    let served = Served {
        content_type: "audio/wav",
        cache: "no-store".into(),
        tag: None,
        disposition: Some(disposition("attachment", shown)),
    };
    let answer = answer_or_problem(&path, method, headers, &served).await.map_err(Problem::internal)?;
    Ok(answer)
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
