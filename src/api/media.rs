//! The media library: list, read, rename, delete, and texts that are spoken.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{Allowed, MediaRead, MediaWrite};
use super::extract::{IfMatch, JsonBody, JsonRequest, MediaAt, UrlQuery, etag};
use super::media_fields::{MediaBody, MediaItem};
use super::page::{Paged, Wanted};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::surveys::ListBlocks;
use super::{Api, read};
use crate::audio::convert::ConvertError;
use crate::media::{Library, MediaError, MediaId, SpeechError};
use crate::store::Media;

/// All sounds
#[utoipa::path(get, path = "/api/media", tag = "media", params(ListBlocks),
    responses((status = 200, description = "A page of sounds", body = Paged<MediaItem>)))]
pub(super) async fn list(
    _: Allowed<MediaRead>,
    State(api): State<Api>,
    UrlQuery(asked): UrlQuery<ListBlocks>,
) -> Answer<Json<Paged<MediaItem>>> {
    let wanted = Wanted::new(asked.page, asked.limit)?;
    Ok(Json(wanted.of(api.store.media_page(&asked.into(), wanted.page()).await?, MediaItem::from)))
}

/// A text to be spoken.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SayMedia {
    /// The text, up to 3,000 characters. A placeholder gives its default, as in
    /// `Hello {{name|there}}`; campaigns speak to each contact with
    /// `say:Hello {{name|there}}` in their `prompts`.
    #[schema(required = true, value_type = String, example = "Thank you. Goodbye.")]
    text: Option<String>,
    /// What campaigns call it; no other has this name. 1 to 100 characters.
    #[schema(required = true, value_type = String, example = "goodbye")]
    name: Option<String>,
}

impl JsonRequest for SayMedia {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let missing = [("text", request.text.is_none()), ("name", request.name.is_none())];
        let faults: Vec<_> = missing
            .into_iter()
            .filter(|(_, missing)| *missing)
            .map(|(name, _)| Fault::new(name, "is missing"))
            .collect();
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// Have a text spoken and add it as a sound
///
/// By the command configured (`media.speech_command`). Takes an
/// `Idempotency-Key`.
#[utoipa::path(post, path = "/api/media/say", tag = "media", request_body = SayMedia,
    responses(
        (status = 201, description = "The sound", body = MediaBody,
            headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "Its version"))),
        (status = 409, description = "Another sound has that name, or texts cannot be spoken here", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn say(
    _: Allowed<MediaWrite>,
    State(api): State<Api>,
    JsonBody(request): JsonBody<SayMedia>,
) -> Answer<Response> {
    let (text, name) = (request.text.unwrap_or_default(), request.name.unwrap_or_default());
    let this = api.clone();
    let added = api
        .0
        .converting(async move {
            library(&this).add_text(&this.sounds, &text, &name, this.now()).await.map_err(Problem::from)
        })
        .await?;
    created(&api, added.media).await
}

/// One sound
///
/// Its outline, its files and who plays it.
#[utoipa::path(get, path = "/api/media/{id}", tag = "media",
    params(("id" = Uuid, Path, description = "The sound's id")),
    responses((status = 200, description = "The sound", body = MediaBody,
        headers(("ETag" = String, description = "Its version, for If-Match")))))]
pub(super) async fn show(_: Allowed<MediaRead>, State(api): State<Api>, MediaAt(id): MediaAt) -> Answer<Response> {
    let media = known(&api, id).await?;
    Ok(shown(&api, media).await?.into_response())
}

/// What becomes of a sound; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EditMedia {
    /// What campaigns call it; no other has this name. 1 to 100 characters.
    #[schema(example = "welcome")]
    name: Option<String>,
}

impl JsonRequest for EditMedia {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        if body.get("name").is_some_and(Value::is_null) {
            return Err(vec![Fault::new("name", "cannot be taken away")]);
        }
        read::json(body)
    }
}

/// Rename a sound
///
/// Unless a campaign that is not over, or a survey, names it by the name it
/// has; those that name it by its id do not mind. With `If-Match` only if
/// nobody else changed it since that version was read.
#[utoipa::path(patch, path = "/api/media/{id}", tag = "media", request_body = EditMedia,
    params(("id" = Uuid, Path, description = "The sound's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version the change is made from")),
    responses(
        (status = 200, description = "The sound as it is now", body = MediaBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "It is played by its name, or the new one is another's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it first", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit(
    _: Allowed<MediaWrite>,
    State(api): State<Api>,
    MediaAt(id): MediaAt,
    IfMatch(version): IfMatch,
    JsonBody(request): JsonBody<EditMedia>,
) -> Answer<Response> {
    let before = known(&api, id).await?;
    let name = request.name.unwrap_or(before.name);
    let renamed = library(&api).rename(&id.to_string(), &name, version, api.now()).await?;
    Ok(shown(&api, renamed).await?.into_response())
}

/// Delete a sound
///
/// Unless a campaign plays it that is not over. Its files go too, if no other
/// name has the same content.
#[utoipa::path(delete, path = "/api/media/{id}", tag = "media",
    params(("id" = Uuid, Path, description = "The sound's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "Campaigns play it", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete(_: Allowed<MediaWrite>, State(api): State<Api>, MediaAt(id): MediaAt) -> Answer<StatusCode> {
    let name = known(&api, id).await?.name;
    match library(&api).remove(&id.to_string()).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        // By its name: nobody knows it by its id.
        Err(MediaError::InUse { campaigns, .. }) => Err(MediaError::InUse { name, campaigns }.into()),
        Err(error) => Err(error.into()),
    }
}

/// The library that the command line works on too.
pub(super) fn library(api: &Api) -> Library {
    Library::of(api.store.clone(), &api.sounds)
}

/// A sound that must be there.
pub(super) async fn known(api: &Api, id: MediaId) -> Answer<Media> {
    let media = api.store.media(&id.to_string()).await?;
    media.ok_or_else(|| Problem::not_found(format_args!("sound {id}")))
}

/// A sound with its version.
async fn shown(api: &Api, media: Media) -> Answer<(HeaderMap, Json<MediaBody>)> {
    let uses = api.store.media_uses(&media).await?;
    let headers = HeaderMap::from_iter([(header::ETAG, etag(media.updated_at))]);
    let folder = api.sounds.folder().clone();
    let body = tokio::task::spawn_blocking(move || MediaBody::new(media, uses, &folder)).await;
    Ok((headers, Json(body.map_err(Problem::internal)?)))
}

/// The answer to what made a sound.
pub(super) async fn created(api: &Api, media: Media) -> Answer<Response> {
    let place = HeaderValue::from_str(&format!("/api/media/{}", media.id));
    let (mut headers, body) = shown(api, media).await?;
    if let Ok(place) = place {
        headers.insert(header::LOCATION, place);
    }
    Ok((StatusCode::CREATED, headers, body).into_response())
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        let told = error.to_string();
        match error {
            MediaError::Convert(ConvertError::TooLarge { .. }) => Self::new(Kind::TooLarge, told),
            MediaError::Convert(_) => Self::field("file", told),
            MediaError::Name { message, .. } => Self::field("name", message),
            MediaError::NameTaken(_) | MediaError::InUse { .. } | MediaError::Named { .. } => {
                Self::new(Kind::Conflict, told)
            }
            MediaError::Stale(_) => Self::new(Kind::Stale, told),
            MediaError::NotFound(reference) => Self::not_found(format_args!("sound {reference}")),
            MediaError::Speech(error) => error.into(),
            MediaError::Store(error) => error.into(),
            MediaError::Read { .. } | MediaError::Write { .. } => Self::internal(told),
        }
    }
}

impl From<SpeechError> for Problem {
    fn from(error: SpeechError) -> Self {
        let told = error.to_string();
        match error {
            SpeechError::NoText | SpeechError::TooLong { .. } | SpeechError::BadSound { .. } => {
                Self::field("text", told)
            }
            SpeechError::NoProgram { .. }
            | SpeechError::Failed { .. }
            | SpeechError::TimedOut { .. }
            | SpeechError::NoSound { .. } => Self::new(Kind::Conflict, told),
            SpeechError::Folder { .. } | SpeechError::Broken(_) => Self::internal(told),
        }
    }
}
