//! Sounds as files: in by a form, out as WAV.

use std::io::Read;

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use http_body_util::Limited;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::{Allowed, MediaRead, MediaWrite};
use super::extract::{MediaAt, UrlQuery};
use super::media::{created, known, library};
use super::media_fields::MediaBody;
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::served_file::{self, Served, disposition};
use super::spool::{AROUND_FILES, broken, spool};
use crate::audio::convert::{ConvertError, NARROW, WIDE};
use crate::media::relative_path;

/// Longest name that is read, in bytes: what is longer is no name anyway.
const NAME: usize = 1_000;

/// A sound, as a form of a browser sends it.
#[derive(ToSchema)]
#[allow(dead_code)] // for the description: it is read piece by piece
pub(super) struct MediaForm {
    /// A WAV, MP3, Ogg Vorbis or FLAC file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What campaigns call it; without it the file's name without extension.
    #[schema(required = false, example = "welcome")]
    name: String,
}

/// Add a sound
///
/// WAV, MP3, Ogg Vorbis or FLAC; it is brought to what both switches play, as
/// loud as the others. It may play `media.max_seconds` and have
/// `media.max_mib`.
#[utoipa::path(post, path = "/api/media", tag = "media",
    request_body(content = MediaForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The sound", body = MediaBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another sound has that name", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The file cannot become a sound; `errors` says why", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn upload(_: Allowed<MediaWrite>, State(api): State<Api>, request: Request) -> Answer<Response> {
    let max_bytes = api.sounds.limits().max_bytes;
    let whole = usize::try_from(max_bytes).unwrap_or(usize::MAX).saturating_add(AROUND_FILES);
    let request = request.map(|body| Body::new(Limited::new(body, whole)));
    let Ok(mut form) = Multipart::from_request(request, &()).await else {
        let detail = "send the sound as multipart/form-data: curl -F file=@welcome.mp3";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    };
    let (mut sound, mut name, mut left) = (None, None, max_bytes);
    let too_large = || Problem::new(Kind::TooLarge, ConvertError::TooLarge { max_bytes }.to_string());
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name().unwrap_or_default() {
            "file" if sound.is_some() => return Err(Problem::field("file", "one sound at a time")),
            "file" => {
                let called = base_name(field.file_name().unwrap_or_default());
                sound = Some((called, spool(field, &mut left, too_large).await?));
            }
            "name" => name = Some(text(field).await?),
            other => return Err(Problem::field(other, "is unknown; the fields are file and name")),
        }
    }
    let Some((called, mut file)) = sound else { return Err(Problem::field("file", "is missing")) };
    let this = api.clone();
    // Decoding is work for a processor: so many at once, and each to its end.
    let adding = async move {
        let bytes = spawn_blocking(move || {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map(|_| bytes)
        });
        let bytes = bytes.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
        let added = library(&this).add_bytes(bytes, &called, name.as_deref(), this.now()).await?;
        Ok(added)
    };
    let added = api.0.converting(adding).await?;
    created(&api, added.media).await
}

/// The name of a file without the folders some browsers send with it.
fn base_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

async fn text(mut field: Field<'_>) -> Answer<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + chunk.len() > NAME {
            return Err(Problem::field("name", "is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Problem::field("name", "is not UTF-8"))
}

/// A WAV file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)] // for the description: it is sent as it is read
pub(super) struct WavFile(Vec<u8>);

/// Which of its files.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichAudio {
    /// Samples a second: 8000, as on any call, if not said; or 16000.
    #[param(example = 8000)]
    rate: Option<u32>,
}

/// Listen to a sound
///
/// As a WAV file, mono, 16 bit. A `Range` of it may be asked for.
#[utoipa::path(get, path = "/api/media/{id}/audio", tag = "media",
    params(("id" = Uuid, Path, description = "The sound's id"), WhichAudio,
        ("Range" = Option<String>, Header, description = "Which bytes: one range, as `bytes=0-65535`")),
    responses(
        (status = 200, description = "The sound", body = WavFile, content_type = "audio/wav"),
        (status = 206, description = "The bytes asked for", body = WavFile, content_type = "audio/wav"),
        (status = 304, description = "It is as `If-None-Match` says"),
        (status = 416, description = "It has no such bytes; `Content-Range` says how many it has", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn audio(
    _: Allowed<MediaRead>,
    State(api): State<Api>,
    MediaAt(id): MediaAt,
    UrlQuery(asked): UrlQuery<WhichAudio>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    let rate = asked.rate.unwrap_or(NARROW);
    if ![NARROW, WIDE].contains(&rate) {
        let message = format!("is {rate}, must be {NARROW} or {WIDE}");
        return Err(Problem::fields(vec![Fault::new("rate", message)]));
    }
    let media = known(&api, id).await?;
    let mut path = api.sounds.folder().local(&relative_path(&media.sha256));
    if rate == WIDE {
        path.set_extension("wav16");
    }
    let served = Served {
        content_type: "audio/wav",
        cache: "private, no-cache".into(),
        // Its files never change: they are named by their content.
        tag: Some(format!("\"{}-{rate}\"", media.sha256)),
        disposition: Some(disposition("inline", &format!("{}.wav", media.name))),
    };
    served_file::answer_or_problem(&path, &method, &headers, &served).await.map_err(|error| {
        tracing::warn!(path = %path.display(), %error, "a sound cannot be served");
        Problem::not_found(format_args!("file of \"{}\" any more: add the sound again", media.name))
    })
}
