//! Recordings: those that are being made, and those that are stored. What is
//! stored is not sound but what it is made of, so that a thousand cost nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE};
use crate::switch::simulator::Speech;

/// Longer recordings are cut: nobody needs them.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Every recording there is.
#[derive(Debug, Default)]
pub(super) struct Recordings(Mutex<HashMap<String, Recording>>);

/// One of them.
#[derive(Clone, Debug)]
pub(super) enum Recording {
    /// Being made on this channel.
    Live {
        /// The channel.
        channel: String,
        /// What is said there from now on.
        speech: Box<Speech>,
    },
    /// Done: this, for so long.
    Stored(Box<Speech>, Duration),
}

impl Recordings {
    /// One begins; `false` if the name is in use.
    pub(super) fn begin(&self, name: &str, channel: &str, speech: Speech) -> bool {
        let mut recordings = self.lock();
        let is_new = !recordings.contains_key(name);
        if is_new {
            let live = Recording::Live { channel: channel.to_owned(), speech: Box::new(speech) };
            recordings.insert(name.to_owned(), live);
        }
        is_new
    }

    /// One ends after this simulated time; `false` if none of this name is
    /// being made.
    pub(super) fn finish(&self, name: &str, length: Duration) -> bool {
        let mut recordings = self.lock();
        match recordings.get_mut(name) {
            Some(recording @ Recording::Live { .. }) => {
                if let Recording::Live { speech, .. } = recording {
                    *recording = Recording::Stored(speech.clone(), length.min(LONGEST));
                }
                true
            }
            Some(Recording::Stored(..)) | None => false,
        }
    }

    /// One by its name.
    pub(super) fn get(&self, name: &str) -> Option<Recording> {
        self.lock().get(name).cloned()
    }

    /// Deletes a stored one; `false` if there is none.
    pub(super) fn delete(&self, name: &str) -> bool {
        let mut recordings = self.lock();
        let is_stored = matches!(recordings.get(name), Some(Recording::Stored(..)));
        is_stored && recordings.remove(name).is_some()
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Recording>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a recording of this goes on, and what ends it.
pub(super) fn until_silence(mut speech: Speech, max: Option<Duration>, silence: Option<Duration>) -> Duration {
    /// `silence_threshold` of Asterisk: a mean amplitude.
    const THRESHOLD: f32 = 256.0;
    let max = max.unwrap_or(LONGEST).min(LONGEST);
    let (mut length, mut quiet) = (Duration::ZERO, Duration::ZERO);
    let frame = Duration::from_millis(FRAME_MS.into());
    while length < max && silence.is_none_or(|silence| quiet < silence) {
        length += frame;
        quiet = if speech.frame().amplitude() < THRESHOLD { quiet + frame } else { Duration::ZERO };
    }
    length
}

/// The file: 16-bit WAV at 8 kHz.
pub(super) fn wav(mut speech: Speech, length: Duration) -> Vec<u8> {
    let frames = length.as_millis() / u128::from(FRAME_MS);
    let frames = usize::try_from(frames).unwrap_or(0);
    let data = frames * FRAME_SAMPLES * 2;
    let size = u32::try_from(data).unwrap_or(0);
    let mut bytes = Vec::with_capacity(44 + data);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + size).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&SAMPLE_RATE.to_le_bytes());
    bytes.extend_from_slice(&(SAMPLE_RATE * 2).to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&size.to_le_bytes());
    for _ in 0..frames {
        bytes.extend(speech.frame().samples().iter().flat_map(|sample| sample.to_le_bytes()));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_live_then_stored_then_gone() {
        let recordings = Recordings::default();
        assert!(recordings.begin("x", "c", Speech::person(1)));
        assert!(!recordings.begin("x", "c", Speech::person(1)), "in use");
        assert!(!recordings.delete("x"), "not yet");
        assert!(recordings.finish("x", Duration::from_secs(1)));
        assert!(!recordings.finish("x", Duration::from_secs(1)), "once");
        assert!(matches!(recordings.get("x"), Some(Recording::Stored(..))));
        assert!(recordings.delete("x") && recordings.get("x").is_none());
    }

    #[test]
    fn a_person_is_recorded_until_the_silence_after_the_words() {
        let silence = Duration::from_secs(2);
        let length = until_silence(Speech::person(7), Some(Duration::from_secs(30)), Some(silence));
        assert!(length > silence && length < Duration::from_secs(8), "{length:?}");
        assert_eq!(until_silence(Speech::person(7), Some(Duration::from_secs(1)), None), Duration::from_secs(1));
    }

    #[test]
    fn the_file_is_a_sound_file() {
        let bytes = wav(Speech::person(7), Duration::from_millis(1_010));
        let wav = hound::WavReader::new(bytes.as_slice()).expect("a WAV file");
        assert_eq!((wav.spec().sample_rate, wav.duration()), (8_000, 8_000));
    }
}
