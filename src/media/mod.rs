//! The media library: sounds by name, kept as both switches play them; texts
//! that are spoken; and the way all of these take to a switch.
//!
//! | module | holds |
//! |---|---|
//! | `library` | [`Library`]: adding and removing sounds |
//! | `files` | the files of a sound, named by their content |
//! | `folder` | [`MediaFolder`]: where files lie, for us and for the switches |
//! | `reference` | what an entry of `prompts` may say |
//! | `speech` | texts spoken by a command, each once |
//! | `delivery` | paths, or signed URLs and the server behind them |
//! | `sounds` | [`Sounds`]: from an entry to what a switch is told to play |
//! | `lengths` | how long files play |
//!
//! The database knows the names; the files lie in `media.folder`, named by
//! their content ([`relative_path`]).

mod delivery;
mod files;
mod folder;
mod lengths;
mod library;
mod reference;
mod sounds;
mod speech;

pub use crate::url_key::KeyError;
pub use delivery::{Delivery, MediaServer, Publisher};
pub(crate) use files::hex;
pub use files::relative_path;
pub use folder::MediaFolder;
pub use library::{Added, Library, MediaError};
pub(crate) use reference::leads_outside;
pub use reference::{MediaId, Reference};
pub use sounds::{Found, Player, Resolved, SoundFile, SoundOptions, Sounds};
pub(crate) use speech::check_command;
pub use speech::{SpeechError, SpeechOptions};

#[cfg(test)]
mod tests {
    use std::time::Duration;

    /// An 8 kHz mono 16-bit file of silence.
    pub(super) fn wav(length: Duration) -> Vec<u8> {
        let samples = (length.as_secs_f64() * 8_000.0) as u32;
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + samples * 2).to_le_bytes());
        bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
        bytes.extend((samples * 2).to_le_bytes());
        bytes.resize(bytes.len() + samples as usize * 2, 0);
        bytes
    }
}
