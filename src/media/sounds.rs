//! From an entry of a campaign's settings to what a switch is told to play:
//! the one place that knows where sounds are and how switches get at them.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::delivery::{Delivery, MediaServer, locate, on_offer};
use super::files::relative_path;
use super::folder::MediaFolder;
use super::lengths::Lengths;
use super::reference::Reference;
use super::speech::{Speaker, SpeechError, SpeechOptions};
use crate::audio::convert::Limits;
use crate::call::Sound;
use crate::clock::Clock;
use crate::contact::{ContactFields, fill, placeholders};
use crate::store::{Store, StoreError};
use crate::switch::Switch;

/// Where sounds are, how they get to the switches, how texts are spoken.
#[derive(Clone, Debug)]
pub struct SoundOptions {
    /// The media folder.
    pub folder: MediaFolder,
    /// How switches get at it.
    pub delivery: Delivery,
    /// How texts are spoken.
    pub speech: SpeechOptions,
    /// How long and how large a spoken text may be.
    pub limits: Limits,
}

impl SoundOptions {
    /// A folder that the switches see too; the rest by default.
    pub fn in_folder(folder: MediaFolder) -> Self {
        Self {
            folder,
            delivery: Delivery::Path,
            speech: SpeechOptions::default(),
            limits: Limits { max_seconds: 600, max_bytes: 20 << 20 },
        }
    }
}

/// Finds what is to be played. Cheap to clone; clones share what they know.
#[derive(Clone, Debug)]
pub struct Sounds(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: MediaFolder,
    delivery: Delivery,
    speaker: Speaker,
    lengths: Lengths,
    limits: Limits,
}

/// The entries of a campaign, looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What each entry stands for, by the entry as written. Holds every entry
    /// only if nothing is missing.
    pub sounds: HashMap<String, Resolved>,
    /// What cannot be played, in words, with the setting.
    pub missing: Vec<String>,
}

impl Found {
    /// The files that are the same for every contact.
    pub fn files(&self) -> impl Iterator<Item = &SoundFile> {
        self.sounds.values().filter_map(|resolved| match resolved {
            Resolved::Ready(file) => Some(file),
            Resolved::PerContact(_) => None,
        })
    }

    /// Whether every contact hears the same.
    pub fn is_for_everyone(&self) -> bool {
        self.sounds.values().all(|resolved| matches!(resolved, Resolved::Ready(_)))
    }
}

/// What an entry stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// A file that is there.
    Ready(SoundFile),
    /// A text with placeholders: filled in and spoken for each contact.
    PerContact(String),
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundFile {
    /// Relative to the media folder, or absolute.
    pub path: String,
    /// How long it plays, where that is known.
    pub length: Option<Duration>,
}

/// Whose words a sound is named in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Player {
    /// FreeSWITCH; URLs by its `mod_http_cache`.
    FreeSwitch,
    /// Asterisk; URLs by its `res_http_media_cache`.
    Asterisk,
}

impl From<MediaFolder> for Sounds {
    fn from(folder: MediaFolder) -> Self {
        Self::new(SoundOptions::in_folder(folder))
    }
}

impl From<&Switch> for Player {
    fn from(switch: &Switch) -> Self {
        match switch {
            Switch::FreeSwitch(_) => Self::FreeSwitch,
            Switch::Asterisk(_) => Self::Asterisk,
        }
    }
}

impl Sounds {
    /// Finds sounds as these options say.
    pub fn new(options: SoundOptions) -> Self {
        let SoundOptions { folder, delivery, speech, limits } = options;
        let speaker = Speaker::new(speech, folder.local.clone(), limits);
        Self(Arc::new(Inner { folder, delivery, speaker, lengths: Lengths::default(), limits }))
    }

    /// The media folder, for us and for the switches.
    pub fn folder(&self) -> &MediaFolder {
        &self.0.folder
    }

    /// How long and how large a sound may be.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Serves the sounds by HTTP while the server is kept, if that is how they
    /// are delivered. Needs to outlive the last call.
    pub async fn serve(&self, listen: SocketAddr, clock: Clock) -> std::io::Result<Option<MediaServer>> {
        match &self.0.delivery {
            Delivery::Path => Ok(None),
            Delivery::Http(publisher) => {
                let folder = self.0.folder.local.clone();
                MediaServer::start(listen, publisher.clone(), folder, clock).await.map(Some)
            }
        }
    }

    /// Looks up the entries of a campaign, each with the setting it stands in.
    /// A text without placeholders is spoken now, if it was not before; of one
    /// with placeholders it is made sure that it can be. The rest costs a look
    /// at each file.
    pub async fn look_up(
        &self,
        store: &Store,
        entries: impl IntoIterator<Item = (&'static str, &str)>,
    ) -> Result<Found, StoreError> {
        // By entry, each once.
        let entries: BTreeMap<String, &'static str> =
            entries.into_iter().map(|(setting, entry)| (entry.to_owned(), setting)).collect();
        let mut found = Found::default();
        let mut paths = Vec::new();
        let mut texts = Vec::new();
        for (entry, setting) in &entries {
            match Reference::of(entry) {
                Reference::File(path) => paths.push((entry, path.to_owned(), String::new())),
                Reference::Library(name) => match store.media(name).await? {
                    Some(media) => {
                        paths.push((entry, relative_path(&media.sha256), format!(", the file of \"{name}\"")))
                    }
                    None => found.missing.push(format!("\"{name}\" is not in the media library ({setting})")),
                },
                Reference::Text(text) => texts.push((entry, text)),
            }
        }
        let spoken = join_all(texts.iter().map(|(_, text)| self.prepare(text))).await;
        for ((entry, _), spoken) in texts.into_iter().zip(spoken) {
            match spoken {
                Ok(resolved) => drop(found.sounds.insert(entry.clone(), resolved)),
                Err(error) => found.missing.push(format!("\"{entry}\": {error} ({})", setting_of(&entries, entry))),
            }
        }
        let looked_at = self.look_at(paths.iter().map(|(_, path, _)| path.clone()).collect()).await;
        for ((entry, _, of), looked_at) in paths.into_iter().zip(looked_at) {
            match looked_at {
                Ok(file) => drop(found.sounds.insert(entry.clone(), Resolved::Ready(file))),
                Err(why) => found.missing.push(format!("{why}{of} ({})", setting_of(&entries, entry))),
            }
        }
        Ok(found)
    }

    /// What to tell a switch to play. A URL works for a limited time from `now`.
    pub fn sound(&self, file: &SoundFile, player: Player, now: Timestamp) -> Sound {
        let named = match (&self.0.delivery, player) {
            (Delivery::Path, Player::FreeSwitch | Player::Asterisk) => self.0.folder.on_switch(&file.path),
            (Delivery::Http(publisher), player) => {
                // Not on offer: looked at before, so only if somebody made the
                // file up. Its URL leads to "no such file".
                let name = on_offer(&self.0.folder.local, &file.path).unwrap_or_else(|_| file.path.clone());
                let url = publisher.url(&name, now);
                match player {
                    Player::FreeSwitch => format!("http_cache://{url}"),
                    Player::Asterisk => url,
                }
            }
        };
        Sound { file: named, length: file.length }
    }

    /// Looks at files once more, right before a call; gives what is not there
    /// any more, in words.
    pub async fn missing(&self, files: impl IntoIterator<Item = &SoundFile>) -> Vec<String> {
        let paths: Vec<_> = files.into_iter().map(|file| file.path.clone()).collect();
        if paths.is_empty() {
            return Vec::new();
        }
        self.look_at(paths).await.into_iter().filter_map(Result::err).collect()
    }

    /// What a switch is told to play to one contact, by entry. Texts are spoken
    /// to them now; without any ([`Found::is_for_everyone`]) nothing is waited
    /// for. A URL works for a limited time from `now`.
    pub async fn of_call(
        &self,
        found: &Found,
        contact: &ContactFields,
        player: Player,
        now: Timestamp,
    ) -> Result<HashMap<String, Sound>, SpeechError> {
        let one = async |(entry, resolved): (&String, &Resolved)| {
            let sound = match resolved {
                Resolved::Ready(file) => self.sound(file, player, now),
                Resolved::PerContact(text) => self.sound(&self.speak(&fill(text, contact)).await?, player, now),
            };
            Ok((entry.clone(), sound))
        };
        join_all(found.sounds.iter().map(one)).await.into_iter().collect()
    }

    /// Has a text spoken, unless it was before. Values are to be filled in
    /// already ([`fill`]).
    pub async fn speak(&self, text: &str) -> Result<SoundFile, SpeechError> {
        let path = self.0.speaker.speak(text).await?;
        let looked_at = self.look_at(vec![path]).await.pop();
        // Swept away this moment, or the folder is gone.
        looked_at.unwrap_or_else(|| Err("nothing was looked at".into())).map_err(SpeechError::Broken)
    }

    /// Where the program that speaks is.
    pub async fn speech_program(&self) -> Result<std::path::PathBuf, SpeechError> {
        self.0.speaker.program().await
    }

    /// A text of a campaign, before its calls.
    async fn prepare(&self, text: &str) -> Result<Resolved, SpeechError> {
        if placeholders(text).is_empty() {
            return Ok(Resolved::Ready(self.speak(text).await?));
        }
        // What is left without values shows whether the program works, and that
        // there is something to say to everyone.
        self.speak(&fill(text, &ContactFields::default())).await?;
        Ok(Resolved::PerContact(text.to_owned()))
    }

    /// Looks at files on a thread that may wait for the disk.
    async fn look_at(&self, paths: Vec<String>) -> Vec<Result<SoundFile, String>> {
        let count = paths.len();
        let this = self.clone();
        let looked_at = move || paths.into_iter().map(|path| this.0.look_at(path)).collect();
        let broken =
            |error| (0..count).map(|_| Err(format!("the media folder cannot be looked at: {error}"))).collect();
        tokio::task::spawn_blocking(looked_at).await.unwrap_or_else(broken)
    }
}

impl Inner {
    /// A file that can be played, or why not. Blocks.
    fn look_at(&self, path: String) -> Result<SoundFile, String> {
        let local = self.folder.local(&path);
        let Ok(metadata) = std::fs::metadata(&local) else {
            return Err(format!("there is no file {}", local.display()));
        };
        if !metadata.is_file() {
            return Err(format!("{} is no file", local.display()));
        }
        match &self.delivery {
            Delivery::Path => {}
            Delivery::Http(_) => {
                let why = |why| format!("{} cannot be fetched by HTTP: it {why}", local.display());
                locate(&self.folder.local, &path).map_err(why)?;
            }
        }
        Ok(SoundFile { length: self.lengths.of(&local, &metadata), path })
    }
}

fn setting_of(entries: &BTreeMap<String, &'static str>, entry: &str) -> &'static str {
    entries.get(entry).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
