//! Adding and removing sounds: the file, the database, the folder.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::files::{Stored, hex};
use super::reference::{self, MediaId};
use super::sounds::Sounds;
use super::speech::SpeechError;
use crate::audio::convert::{ConvertError, Limits, Prompt, convert};
use crate::contact::{ContactFields, fill};
use crate::store::blocks::MediaRenamed;
use crate::store::{Media, MediaRemoved, Store, StoreError};

/// Why a sound was not added or removed.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot become a prompt.
    #[error("{0}")]
    Convert(#[from] ConvertError),
    /// The name cannot be.
    #[error("the name \"{name}\" {message}")]
    Name {
        /// As given, or made of the file's.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// Another sound has that name.
    #[error("there is a sound called \"{0}\" already: give this one another name, or remove that one first")]
    NameTaken(String),
    /// The media folder does not take it.
    #[error("cannot write to {}: {source}", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be called otherwise: it is played by its name.
    #[error("\"{name}\" is named so by {}: let them name it by its id, or end them first", users(campaigns, surveys))]
    Named {
        /// The sound.
        name: String,
        /// The names of campaigns that are not over.
        campaigns: Vec<String>,
        /// The names of surveys.
        surveys: Vec<String>,
    },
    /// Somebody else changed it first.
    #[error("\"{0}\" was changed since that version: read it again")]
    Stale(String),
    /// There is no such sound.
    #[error("there is no sound \"{0}\" in the media library")]
    NotFound(String),
    /// Campaigns play it.
    #[error("\"{name}\" is played by {}: change or end them first", users(campaigns, &[]))]
    InUse {
        /// The sound.
        name: String,
        /// Their names.
        campaigns: Vec<String>,
    },
    /// The text cannot be spoken.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn users(campaigns: &[String], surveys: &[String]) -> String {
    let campaigns = campaigns.iter().map(|name| format!("campaign \"{name}\""));
    campaigns.chain(surveys.iter().map(|name| format!("survey \"{name}\""))).collect::<Vec<_>>().join(", ")
}

/// Characters of a text that are kept to say what a sound was made of.
const LONGEST_ORIGIN: usize = 200;

/// The media library.
#[derive(Clone, Debug)]
pub struct Library {
    store: Store,
    folder: PathBuf,
    limits: Limits,
}

/// A sound that was just added.
#[derive(Clone, Debug)]
pub struct Added {
    /// As it is in the library.
    pub media: Media,
    /// What made it as loud as the others, in decibels.
    pub gain_db: f32,
}

impl Library {
    /// The library whose sounds these find.
    pub fn of(store: Store, sounds: &Sounds) -> Self {
        Self::new(store, sounds.folder().local.clone(), sounds.limits())
    }

    /// A library whose files lie in `folder`, as we see it.
    pub fn new(store: Store, folder: PathBuf, limits: Limits) -> Self {
        Self { store, folder, limits }
    }

    /// Adds a file. Without a name it is called as the file is, without its
    /// extension.
    pub async fn add_file(&self, path: &Path, name: Option<&str>, now: Timestamp) -> Result<Added, MediaError> {
        let original = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let name = self.free_name(name, &original).await?;
        let (path, limit) = (path.to_owned(), self.limits.max_bytes);
        let bytes = blocking(move || read(&path, limit)).await??;
        self.add(bytes, &original, name, now).await
    }

    /// Adds a file that was uploaded: its bytes and what it was called.
    pub async fn add_bytes(
        &self,
        bytes: Vec<u8>,
        original: &str,
        name: Option<&str>,
        now: Timestamp,
    ) -> Result<Added, MediaError> {
        let name = self.free_name(name, original).await?;
        self.add(bytes, original, name, now).await
    }

    /// Adds a text as it is spoken to somebody of whom nothing is known:
    /// placeholders give their defaults.
    pub async fn add_text(&self, sounds: &Sounds, text: &str, name: &str, now: Timestamp) -> Result<Added, MediaError> {
        let text = fill(text, &ContactFields::default());
        let name = self.free_name(Some(name), "").await?;
        let spoken = sounds.folder().local(&sounds.speak(&text).await?.path).with_extension("wav16");
        let limit = self.limits.max_bytes;
        let bytes = blocking(move || read(&spoken, limit)).await??;
        let original: String = text.chars().take(LONGEST_ORIGIN).collect();
        self.add(bytes, &format!("say:{original}"), name, now).await
    }

    /// Gives a sound another name, unless a campaign that is not over, or a
    /// survey, plays it by the one it has. `if_version`: only if this is when
    /// it last changed.
    pub async fn rename(
        &self,
        reference: &str,
        name: &str,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Media, MediaError> {
        let unknown = || MediaError::NotFound(reference.to_owned());
        let media = self.store.media(reference).await?.ok_or_else(unknown)?;
        reference::check_name(name).map_err(|message| MediaError::Name { name: name.to_owned(), message })?;
        match self.store.rename_media(media.id, name, if_version, now).await? {
            MediaRenamed::Yes(renamed) => Ok(renamed),
            MediaRenamed::InUse { campaigns, surveys } => {
                Err(MediaError::Named { name: media.name, campaigns, surveys })
            }
            MediaRenamed::NameTaken => Err(MediaError::NameTaken(name.to_owned())),
            MediaRenamed::Stale => Err(MediaError::Stale(media.name)),
            MediaRenamed::NotFound => Err(unknown()),
        }
    }

    /// Removes a sound by its name or id, and its files if no other name has
    /// the same content.
    pub async fn remove(&self, reference: &str) -> Result<Media, MediaError> {
        match self.store.remove_media(reference).await? {
            MediaRemoved::NotFound => Err(MediaError::NotFound(reference.to_owned())),
            MediaRemoved::InUse(campaigns) => Err(MediaError::InUse { name: reference.to_owned(), campaigns }),
            MediaRemoved::Yes { media, shared } => {
                if !shared {
                    let stored = Stored::new(&self.folder, &media.sha256);
                    blocking(move || stored.remove()).await?;
                }
                Ok(media)
            }
        }
    }

    /// The name to give, looked at before the long work of conversion.
    async fn free_name(&self, name: Option<&str>, original: &str) -> Result<String, MediaError> {
        let stem = || Path::new(original).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into());
        let name = name.map_or_else(stem, ToOwned::to_owned);
        reference::check_name(&name).map_err(|message| MediaError::Name { name: name.clone(), message })?;
        match self.store.media(&name).await? {
            None => Ok(name),
            Some(_) => Err(MediaError::NameTaken(name)),
        }
    }

    async fn add(&self, bytes: Vec<u8>, original: &str, name: String, now: Timestamp) -> Result<Added, MediaError> {
        let (folder, limits) = (self.folder.clone(), self.limits);
        let (prompt, sha256) = blocking(move || prepare(&folder, &bytes, limits)).await??;
        let media = Media {
            id: MediaId::new(),
            name,
            sha256: sha256.clone(),
            duration_ms: u64::try_from(prompt.duration.as_millis()).unwrap_or(u64::MAX),
            bytes: (prompt.narrow.len() + prompt.wide.len()) as u64,
            original_name: original.to_owned(),
            waveform: prompt.waveform.clone(),
            created_at: now,
            updated_at: now,
        };
        if !self.store.add_media(&media).await? {
            return Err(MediaError::NameTaken(media.name));
        }
        let gain_db = prompt.gain_db;
        // Another process may have removed the last sound of the same content,
        // and its files, in between.
        let folder = self.folder.clone();
        blocking(move || write(&folder, &prompt, &sha256)).await??;
        Ok(Added { media, gain_db })
    }
}

/// Reads a whole file, but no more than is needed to see that it is too large.
fn read(path: &Path, limit: u64) -> Result<Vec<u8>, MediaError> {
    let failed = |source| MediaError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Converts, and puts the files into the folder: before the database knows of
/// them, so that what it knows can be played.
fn prepare(folder: &Path, bytes: &[u8], limits: Limits) -> Result<(Prompt, String), MediaError> {
    let prompt = convert(bytes, limits)?;
    let sha256 = hex(&Sha256::digest(&prompt.wide));
    write(folder, &prompt, &sha256)?;
    Ok((prompt, sha256))
}

fn write(folder: &Path, prompt: &Prompt, sha256: &str) -> Result<(), MediaError> {
    Stored::new(folder, sha256)
        .write(&prompt.narrow, &prompt.wide)
        .map_err(|source| MediaError::Write { path: folder.to_owned(), source })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, MediaError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ConvertError::Damaged(format!("the conversion broke off: {error}")).into())
}
