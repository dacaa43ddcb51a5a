//! Texts, spoken by a command and kept by what they say: the same text is
//! spoken once, whoever asks for it and however often.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::files::{Stored, hex, relative_path};
use crate::audio::convert::{Limits, convert};
use crate::contact::speakable;
use cache::Cache;
use command::SpeechCommand;

mod cache;
mod command;
mod error;

pub use error::SpeechError;

/// The folder of spoken texts, in the media folder.
pub(super) const FOLDER: &str = "speech";
/// Characters of a text, at most: minutes of speech.
const LONGEST: usize = 3_000;
/// Commands that run at once.
const AT_ONCE: usize = 2;

/// How texts are spoken.
#[derive(Clone, Debug)]
pub struct SpeechOptions {
    /// The program and its arguments. `{file}` is the WAV file to write,
    /// `{text}` a file with the text in UTF-8; without it the text is on
    /// standard input.
    pub command: Vec<String>,
    /// How long it may take over one text.
    pub time_limit: Duration,
    /// Bytes that are kept of what was spoken.
    pub cache_bytes: u64,
}

impl Default for SpeechOptions {
    fn default() -> Self {
        Self {
            command: ["espeak-ng", "-w", "{file}", "-f", "{text}"].map(ToOwned::to_owned).into(),
            time_limit: Duration::from_secs(20),
            cache_bytes: 500 << 20,
        }
    }
}

/// Says what is wrong with a `speech_command`, if anything is.
pub(crate) fn check_command(words: &[String]) -> Result<(), &'static str> {
    match words.split_first() {
        None => Err("is empty: it must name a program"),
        Some((program, _)) if program.is_empty() => Err("names no program"),
        Some((_, arguments)) if !arguments.iter().any(|argument| argument.contains("{file}")) => {
            Err("must have {file} among its arguments: the WAV file to write")
        }
        Some(_) => Ok(()),
    }
}

/// Has texts spoken. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Speaker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    command: SpeechCommand,
    media_folder: PathBuf,
    limits: Limits,
    cache: Cache,
    slots: Semaphore,
    /// What is being spoken now, by key. Whoever wants the same waits for it;
    /// when nobody waits any more, the command is killed.
    renderings: Mutex<HashMap<String, WeakShared<Rendering>>>,
}

type Rendering = BoxFuture<'static, Result<(), SpeechError>>;

impl Speaker {
    /// One that keeps what was spoken in `media_folder`.
    pub(super) fn new(options: SpeechOptions, media_folder: PathBuf, limits: Limits) -> Self {
        let cache = Cache::new(media_folder.join(FOLDER), options.cache_bytes);
        let command = SpeechCommand::new(options.command, options.time_limit);
        Self(Arc::new(Inner {
            command,
            media_folder,
            limits,
            cache,
            slots: Semaphore::new(AT_ONCE),
            renderings: Mutex::default(),
        }))
    }

    /// Where the program is, or that it is not there.
    pub(super) async fn program(&self) -> Result<PathBuf, SpeechError> {
        let command = self.0.command.clone();
        blocking(move || command.find()).await?
    }

    /// The file in which this is spoken, relative to the media folder.
    pub(super) async fn speak(&self, text: &str) -> Result<String, SpeechError> {
        let text = speakable(text, usize::MAX);
        let characters = text.chars().count();
        if characters == 0 {
            return Err(SpeechError::NoText);
        }
        if characters > LONGEST {
            return Err(SpeechError::TooLong { characters, most: LONGEST });
        }
        let key = self.0.command.key(&text);
        let file = format!("{FOLDER}/{}", relative_path(&key));
        let (this, path) = (self.clone(), self.0.media_folder.join(&file));
        if !blocking(move || this.0.cache.has(&path, SystemTime::now())).await? {
            self.rendering(key, text).await?;
        }
        Ok(file)
    }

    /// The rendering of this text that is going on, or a new one.
    fn rendering(&self, key: String, text: String) -> Shared<Rendering> {
        let mut renderings = self.0.renderings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(going_on) = renderings.get(&key).and_then(WeakShared::upgrade) {
            return going_on;
        }
        renderings.retain(|_, rendering| rendering.upgrade().is_some());
        let fresh = self.clone().render(key.clone(), text).boxed().shared();
        if let Some(weak) = fresh.downgrade() {
            renderings.insert(key, weak);
        }
        fresh
    }

    async fn render(self, key: String, text: String) -> Result<(), SpeechError> {
        // Never closed.
        let _slot = self.0.slots.acquire().await;
        let work =
            blocking(tempfile::tempdir).await?.map_err(|error| SpeechError::folder(std::env::temp_dir(), &error))?;
        let sound = self.0.command.run(&text, work.path(), self.0.limits.max_bytes).await?;
        let this = self.clone();
        blocking(move || {
            let prompt = convert(&sound, this.0.limits).map_err(|source| this.0.command.bad_sound(source))?;
            let folder = this.0.media_folder.join(FOLDER);
            Stored::new(&folder, &key)
                .write(&prompt.narrow, &prompt.wide)
                .map_err(|error| SpeechError::folder(folder, &error))?;
            drop(work);
            this.0.cache.added((prompt.narrow.len() + prompt.wide.len()) as u64, SystemTime::now());
            Ok(())
        })
        .await?
    }
}

impl SpeechCommand {
    /// The name of what this command makes of a text: SHA-256 of both.
    fn key(&self, text: &str) -> String {
        let mut hash = Sha256::new();
        for word in self.words() {
            hash.update(word);
            hash.update([0]);
        }
        // No argument is two zeros.
        hash.update([0]);
        hash.update(text);
        hex(&hash.finalize())
    }
}

/// Runs what blocks on a thread that may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SpeechError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| SpeechError::Broken(error.to_string()))
}

#[cfg(test)]
mod tests;
