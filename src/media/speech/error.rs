//! Why a text is not spoken.

use std::path::PathBuf;

use crate::audio::convert::ConvertError;

/// Why a text is not spoken. Cheap to clone: all who wait for one text are told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// Nothing to say, once values are filled in.
    #[error("there is nothing to say; a placeholder alone needs a default, as in {{{{name|friend}}}}")]
    NoText,
    /// More than anybody listens to.
    #[error("the text has {characters} characters, may have {most}")]
    TooLong {
        /// What it has.
        characters: usize,
        /// What it may have.
        most: usize,
    },
    /// The program is not there.
    #[error(
        "texts cannot be spoken: there is no program \"{program}\"; install it, or name another in media.speech_command"
    )]
    NoProgram {
        /// As configured.
        program: String,
    },
    /// The program could not be run, or says that it failed.
    #[error("\"{program}\" failed to speak a text: {detail}")]
    Failed {
        /// Its name.
        program: String,
        /// Its status and the end of what it said.
        detail: String,
    },
    /// It took too long and was killed.
    #[error("\"{program}\" took longer than {seconds} s over a text (media.speech_seconds)")]
    TimedOut {
        /// Its name.
        program: String,
        /// What it may take.
        seconds: u64,
    },
    /// It says all is well, and wrote nothing.
    #[error("\"{program}\" wrote no sound")]
    NoSound {
        /// Its name.
        program: String,
    },
    /// What it wrote cannot be played.
    #[error("what \"{program}\" wrote cannot be used: {source}")]
    BadSound {
        /// Its name.
        program: String,
        /// Why.
        source: ConvertError,
    },
    /// A folder does not take it: full, or not ours to write to.
    #[error("cannot write to {}: {reason}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The work broke off.
    #[error("speaking a text broke off: {0}")]
    Broken(String),
}

impl SpeechError {
    pub(super) fn folder(path: PathBuf, error: &std::io::Error) -> Self {
        Self::Folder { path, reason: error.to_string() }
    }
}
