//! An uploaded audio file becomes a prompt: 8 kHz and 16 kHz, mono, 16 bit, as
//! loud as every other prompt. Pure: bytes in, bytes out.
//!
//! The way is bytes → `container` (is it audio?) → `decode` (samples, mixed
//! to mono, brought to 16 kHz as they come) → `loudness` → 8 kHz → `wav`.
//! No more than the length allowed is ever held, however well the file was
//! compressed. It takes seconds for a long file: callers run it on a thread
//! that may block.

use std::time::Duration;

mod container;
mod decode;
mod loudness;
mod resample;
mod wav;
mod waveform;

pub use waveform::POINTS;

/// The rate that phone lines carry, in samples a second.
pub const NARROW: u32 = 8_000;
/// The rate of wideband calls, in samples a second.
pub const WIDE: u32 = 16_000;

/// How much may be uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Seconds a file may play.
    pub max_seconds: u32,
    /// Bytes a file may have.
    pub max_bytes: u64,
}

/// A prompt, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// A whole WAV file: 8 kHz, mono, 16 bit.
    pub narrow: Vec<u8>,
    /// A whole WAV file: 16 kHz, mono, 16 bit.
    pub wide: Vec<u8>,
    /// How long it plays.
    pub duration: Duration,
    /// The loudest moment of each of [`POINTS`] equal parts, 0 to 100.
    pub waveform: Vec<u8>,
    /// What was added to make it as loud as others, in decibels.
    pub gain_db: f32,
}

/// Why a file cannot become a prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// Neither WAV, MP3, Ogg Vorbis nor FLAC.
    #[error("not an audio file that can be read: expected WAV, MP3, Ogg Vorbis or FLAC")]
    NotAudio,
    /// One of those, but with something inside that cannot be read.
    #[error("this {format} file cannot be read: {detail}")]
    Unsupported {
        /// What it is.
        format: &'static str,
        /// What is the matter.
        detail: String,
    },
    /// No sound in it.
    #[error("the file is empty: there is no sound in it")]
    Empty,
    /// It plays longer than allowed.
    #[error("longer than the {max_seconds} s allowed (media.max_seconds)")]
    TooLong {
        /// The limit.
        max_seconds: u32,
    },
    /// It has more bytes than allowed.
    #[error("larger than the {} MiB allowed (media.max_mib)", max_bytes / 1_048_576)]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// It ends before it should: an upload or a copy that broke off.
    #[error("the file is cut short: it ends before its end; copy or export it again")]
    Truncated,
    /// Something in the middle cannot be decoded.
    #[error("the file is damaged: {0}")]
    Damaged(String),
}

/// Makes a prompt of a whole file's bytes.
pub fn convert(bytes: &[u8], limits: Limits) -> Result<Prompt, ConvertError> {
    if bytes.len() as u64 > limits.max_bytes {
        return Err(ConvertError::TooLarge { max_bytes: limits.max_bytes });
    }
    let container = container::recognize(bytes)?;
    let mut wide = decode::decode(bytes, container, limits.max_seconds)?;
    if wide.is_empty() {
        return Err(ConvertError::Empty);
    }
    let gain_db = loudness::even_out(&mut wide);
    let narrow = resample::all(&wide, WIDE, NARROW)?;
    Ok(Prompt {
        duration: Duration::from_secs(wide.len() as u64) / WIDE,
        waveform: waveform::points(&wide),
        gain_db,
        narrow: wav::write(&narrow, NARROW)?,
        wide: wav::write(&wide, WIDE)?,
    })
}

#[cfg(test)]
mod tests;
