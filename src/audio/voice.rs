//! Is this frame speech? By its energy, against a noise floor that follows the
//! line: at once downwards, upwards only with what is steady.

use super::frame::Frame;

/// A frame is speech only if it is this much above the floor.
const ABOVE_FLOOR_DB: f32 = 9.0;
/// So many frames show whether a sound is steady.
const WINDOW: usize = 12;
/// A sound that varies less over the window is background.
const STEADY_DB: f32 = 5.0;
/// The floor is searched in the first frames of a call, before it is known.
const FIRST_FRAMES: u32 = 10;
/// How fast the floor rises by itself, per frame: what has become louder for
/// good is background in the end.
const RISE_DB: f32 = 0.04;
/// Speech on any line is louder than this floor.
const HIGHEST_FLOOR_DB: f32 = 58.0;
/// Digital silence.
const LOWEST_FLOOR_DB: f32 = 6.0;

/// Follows the background of a line.
#[derive(Clone, Debug)]
pub struct VoiceDetector {
    threshold: f32,
    floor_db: f32,
    frames: u32,
    window: [f32; WINDOW],
}

impl VoiceDetector {
    /// Frames whose mean absolute sample is below `silence_threshold` are
    /// silence whatever the floor.
    pub fn new(silence_threshold: u16) -> Self {
        Self { threshold: f32::from(silence_threshold), floor_db: HIGHEST_FLOOR_DB, frames: 0, window: [0.0; WINDOW] }
    }

    /// Takes the next frame; whether it is as loud as speech.
    pub fn push(&mut self, frame: &Frame) -> bool {
        let db = decibels(frame);
        self.window.rotate_left(1);
        self.window[WINDOW - 1] = db;
        self.frames = self.frames.saturating_add(1);
        if db < self.floor_db {
            // Half way at once: a single low frame is not the background yet.
            self.floor_db = if self.frames <= FIRST_FRAMES { db } else { (self.floor_db + db) / 2.0 };
        } else if self.frames >= WINDOW as u32 && self.is_steady() {
            self.floor_db = self.window.iter().sum::<f32>() / WINDOW as f32;
        } else {
            self.floor_db += RISE_DB;
        }
        self.floor_db = self.floor_db.clamp(LOWEST_FLOOR_DB, HIGHEST_FLOOR_DB);
        frame.amplitude() >= self.threshold && db > self.floor_db + ABOVE_FLOOR_DB
    }

    /// Loudness of the background, in dB over one unit of a sample.
    pub fn floor_db(&self) -> f32 {
        self.floor_db
    }

    fn is_steady(&self) -> bool {
        let (low, high) = self.window.iter().fold((f32::MAX, f32::MIN), |(low, high), db| (low.min(*db), high.max(*db)));
        high - low < STEADY_DB
    }
}

fn decibels(frame: &Frame) -> f32 {
    10.0 * (frame.energy() / frame.samples().len() as f32 + 1.0).log10()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth::{frames, join, noise, silence, speech};

    fn voiced(samples: &[i16]) -> Vec<bool> {
        let mut detector = VoiceDetector::new(100);
        frames(samples).iter().map(|frame| detector.push(frame)).collect()
    }

    #[test]
    fn audio_of_speech_is_voiced_and_silence_is_not() {
        let heard = voiced(&join(&[silence(400), speech(1_000, 6_000.0), silence(600)]));
        assert!(heard[..20].iter().all(|voice| !voice));
        assert!(heard[20..70].iter().filter(|voice| **voice).count() > 30, "{heard:?}");
        assert!(heard[72..].iter().all(|voice| !voice));
    }

    #[test]
    fn audio_of_steady_noise_becomes_the_floor() {
        let heard = voiced(&join(&[silence(300), noise(2_000, 3_000.0, 5)]));
        assert!(heard[40..].iter().all(|voice| !voice), "{heard:?}");
    }

    #[test]
    fn audio_of_speech_over_noise_is_heard() {
        let over = join(&[silence(400), speech(1_000, 12_000.0), silence(600)]);
        let mixed: Vec<i16> = over.iter().zip(noise(2_000, 1_200.0, 9)).map(|(a, b)| a.saturating_add(b)).collect();
        let heard = voiced(&mixed);
        assert!(heard[22..70].iter().filter(|voice| **voice).count() > 25, "{heard:?}");
        assert!(heard[74..].iter().filter(|voice| **voice).count() <= 1, "{heard:?}");
    }
}
