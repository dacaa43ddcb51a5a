//! What a client is told about a sound.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::flat::flat_schema;
use super::survey_fields::UsingCampaign;
use crate::audio::convert::{NARROW, WIDE};
use crate::media::{MediaFolder, relative_path};
use crate::store::Media;
use crate::store::blocks::MediaUses;

/// A sound in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MediaItem {
    /// Its id: what a campaign may name in `prompts`.
    id: Uuid,
    /// What it is called: what a campaign may name too.
    #[schema(example = "welcome")]
    name: String,
    /// How long it plays, in milliseconds.
    #[schema(example = 4200)]
    duration_ms: u64,
    /// What its files take on disk, in bytes.
    #[schema(example = 201_688)]
    bytes: u64,
    /// SHA-256 of its content: sounds that are the same have the same.
    sha256: String,
    /// The name of the file it was made of, or the text, after `say:`.
    #[schema(example = "welcome.mp3")]
    original_name: String,
    /// When it was added.
    created_at: Timestamp,
    /// When its name last changed; its version.
    updated_at: Timestamp,
}

impl From<Media> for MediaItem {
    fn from(media: Media) -> Self {
        Self {
            id: media.id.0,
            name: media.name,
            duration_ms: media.duration_ms,
            bytes: media.bytes,
            sha256: media.sha256,
            original_name: media.original_name,
            created_at: media.created_at,
            updated_at: media.updated_at,
        }
    }
}

/// A file of a sound.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MediaFile {
    /// Samples a second.
    #[schema(example = 8000)]
    rate: u32,
    /// Its size; `null`: it is not there any more. Add the sound again.
    #[schema(example = 67_244)]
    bytes: Option<u64>,
    /// Where to listen to it.
    #[schema(example = "/api/media/0198b8c0-0000-7000-8000-000000000000/audio?rate=8000")]
    url: String,
}

/// A survey that plays a sound.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsingSurvey {
    /// Its id.
    id: Uuid,
    /// What it is called.
    #[schema(example = "Spring")]
    name: String,
}

/// What one sound has beside that.
#[derive(Debug, Serialize, ToSchema)]
struct Detail {
    /// Its outline: the loudest moment of each of 200 equal parts, 0 to 100.
    waveform: Vec<u8>,
    /// Its files, as switches play them: mono, 16 bit.
    files: Vec<MediaFile>,
    /// The campaigns that play it and are not over, by themselves or by their
    /// surveys; oldest first.
    used_by: Vec<UsingCampaign>,
    /// The surveys that play it, asked or not, by name.
    used_by_surveys: Vec<UsingSurvey>,
}

/// A sound and who plays it.
#[derive(Debug, Serialize)]
pub(super) struct MediaBody {
    #[serde(flatten)]
    item: MediaItem,
    #[serde(flatten)]
    detail: Detail,
}

flat_schema!(MediaBody, "Media", MediaItem, Detail, "A sound, its outline, its files and who plays it.", required: true, closed: false);

impl MediaBody {
    /// Looks at its files. Blocks.
    pub(super) fn new(media: Media, uses: MediaUses, folder: &MediaFolder) -> Self {
        let narrow = folder.local(&relative_path(&media.sha256));
        let wide = narrow.with_extension("wav16");
        let file = |rate, path: &std::path::Path| MediaFile {
            rate,
            bytes: std::fs::metadata(path).ok().map(|there| there.len()),
            url: format!("/api/media/{}/audio?rate={rate}", media.id),
        };
        let detail = Detail {
            files: vec![file(NARROW, &narrow), file(WIDE, &wide)],
            waveform: media.waveform.clone(),
            used_by: uses.campaigns.into_iter().map(UsingCampaign::from).collect(),
            used_by_surveys: uses.surveys.into_iter().map(|(id, name)| UsingSurvey { id: id.0, name }).collect(),
        };
        Self { item: media.into(), detail }
    }
}
