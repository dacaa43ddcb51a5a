//! Files of a form, on their way to disk.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use tokio::task::spawn_blocking;

use super::problem::{Answer, Kind, Problem};

/// Bytes of a form beside its files: boundaries, names.
pub(super) const AROUND_FILES: usize = 64 * 1024;

/// Puts a file on disk: memory does not grow with it, and a file that is too
/// large or breaks off is not used in part. `left` is what may still come, and
/// becomes less.
pub(super) async fn spool(mut field: Field<'_>, left: &mut u64, too_large: impl Fn() -> Problem) -> Answer<File> {
    let mut file = spawn_blocking(tempfile::tempfile).await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        *left = left.checked_sub(chunk.len() as u64).ok_or_else(&too_large)?;
        let written = spawn_blocking(move || file.write_all(&chunk).map(|()| file)).await;
        file = written.map_err(Problem::internal)?.map_err(Problem::internal)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(Problem::internal)?;
    Ok(file)
}

/// A form that cannot be read on.
pub(super) fn broken(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(Kind::TooLarge, "the upload is too large")
    } else {
        Problem::new(Kind::Malformed, "the multipart body cannot be read, or ended too early")
    }
}
