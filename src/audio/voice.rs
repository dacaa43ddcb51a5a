//! Is this frame speech? By its loudness in four bands, each against a noise
//! floor of its own that follows the line: quickly downwards, upwards only with
//! what is steady.

use super::frame::Frame;
use super::spectrum::{BANDS, Spectrum};

/// A frame is speech if its bands are this much above their floors on average.
const ABOVE_FLOOR_DB: f32 = 2.0;
/// And this much more where the background is unsteady, by its mean deviation.
const PER_DEVIATION: f32 = 1.0;
/// In so many frames of speech, one is not further below the loudest.
const RECENT: usize = 8;
const BELOW_LOUDEST_DB: f32 = 17.0;
/// Nor is who speaks on further below it for so many frames: that is the room.
const ROOM_FRAMES: u32 = 40;
const BELOW_SPEAKER_DB: f32 = 10.0;
/// A voice stands out by this from a good line.
const NOISY_DB: f32 = 25.0;
/// More says nothing: one loud band is not to decide alone.
const MOST_DB: f32 = 24.0;
/// So many frames show whether a sound is steady.
const WINDOW: usize = 10;
/// A sound whose loudness varies less over the window is background.
const STEADY_DB: f32 = 6.0;
/// And is as flat as this on average: a held note is not noise.
const FLAT: f32 = 0.1;
/// The floor is searched in the first frames of a call, before it is known.
const FIRST_FRAMES: u32 = 8;
/// How fast a floor falls to what is below it, and rises by itself: what has
/// become louder for good is background in the end.
const FALL: f32 = 0.3;
const RISE_DB: f32 = 0.04;
/// Speech on any line is louder than this floor.
const HIGHEST_FLOOR_DB: f32 = 52.0;
/// Digital silence, and the grain of the codecs.
const LOWEST_FLOOR_DB: f32 = 12.0;

/// Follows the background of a line.
#[derive(Clone, Debug)]
pub struct VoiceDetector {
    threshold: f32,
    floor_db: [f32; BANDS],
    /// Mean deviation of the background from its floor.
    deviation_db: f32,
    frames: u32,
    /// Of the voiced frames so far.
    loudest_db: f32,
    /// Of the last frames.
    recent_db: [f32; RECENT],
    window: [Look; WINDOW],
    /// Frames since one was as loud as who speaks.
    since_loud: u32,
}

/// What is kept of a frame.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    bands_db: [f32; BANDS],
    flatness: f32,
}

impl VoiceDetector {
    /// Frames whose mean absolute sample is below `silence_threshold` are
    /// silence whatever the floor.
    pub fn new(silence_threshold: u16) -> Self {
        Self {
            threshold: f32::from(silence_threshold),
            floor_db: [HIGHEST_FLOOR_DB; BANDS],
            deviation_db: 0.8,
            frames: 0,
            loudest_db: 0.0,
            recent_db: [0.0; RECENT],
            window: [Look::default(); WINDOW],
            since_loud: 0,
        }
    }

    /// Takes the next frame and its spectrum; whether it is as loud as speech.
    pub fn push(&mut self, frame: &Frame, spectrum: &Spectrum) -> bool {
        let bands_db = spectrum.bands_db();
        self.window.rotate_left(1);
        self.window[WINDOW - 1] = Look { bands_db, flatness: spectrum.flatness() };
        self.frames = self.frames.saturating_add(1);
        let steady = self.frames >= WINDOW as u32 && self.is_steady();
        for (band, floor) in self.floor_db.iter_mut().enumerate() {
            let db = bands_db[band];
            if steady {
                *floor = self.window.iter().map(|look| look.bands_db[band]).sum::<f32>() / WINDOW as f32;
            } else if db < *floor {
                *floor += (db - *floor) * if self.frames <= FIRST_FRAMES { 1.0 } else { FALL };
            } else {
                *floor += RISE_DB;
            }
            *floor = floor.clamp(LOWEST_FLOOR_DB, HIGHEST_FLOOR_DB);
        }
        let over = |(db, floor): (&f32, &f32)| (db - floor).clamp(-MOST_DB, MOST_DB);
        let over = bands_db.iter().zip(&self.floor_db).map(over).sum::<f32>() / BANDS as f32;
        if over < ABOVE_FLOOR_DB {
            self.deviation_db += (over.abs() - self.deviation_db) * 0.05;
        }
        let voiced = frame.amplitude() >= self.threshold && over > ABOVE_FLOOR_DB + PER_DEVIATION * self.deviation_db;
        // Who has answered is louder than others in the room.
        let loudness = bands_db.iter().copied().fold(0.0, f32::max);
        self.loudest_db = if voiced { self.loudest_db.max(loudness) } else { self.loudest_db };
        self.recent_db.rotate_left(1);
        self.recent_db[RECENT - 1] = loudness;
        self.since_loud =
            if loudness > self.loudest_db - BELOW_SPEAKER_DB { 0 } else { self.since_loud.saturating_add(1) };
        voiced
            && self.since_loud < ROOM_FRAMES
            && self.recent_db.iter().any(|db| *db > self.loudest_db - BELOW_LOUDEST_DB)
    }

    /// The background is hardly weaker than the voice.
    pub fn is_noisy(&self) -> bool {
        self.floor_db.iter().any(|floor| self.loudest_db - floor < NOISY_DB)
    }

    fn is_steady(&self) -> bool {
        let (mut low, mut high, mut flat) = (f32::MAX, f32::MIN, 0.0);
        for look in &self.window {
            let db = look.bands_db.iter().sum::<f32>() / BANDS as f32;
            (low, high, flat) = (low.min(db), high.max(db), flat + look.flatness);
        }
        high - low < STEADY_DB && flat / WINDOW as f32 > FLAT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth::{join, noise, silence, speech};

    fn voiced(samples: &[i16]) -> Vec<bool> {
        let mut detector = VoiceDetector::new(100);
        Frame::all(samples).iter().map(|frame| detector.push(frame, &Spectrum::of(frame))).collect()
    }

    #[test]
    fn audio_of_speech_is_voiced_and_silence_is_not() {
        let heard = voiced(&join(&[silence(400), speech(1_000, 6_000.0), silence(600)]));
        assert!(heard[..20].iter().all(|voice| !voice));
        assert!(heard[20..70].iter().filter(|voice| **voice).count() > 25, "{heard:?}");
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
        assert!(heard[22..70].iter().filter(|voice| **voice).count() > 20, "{heard:?}");
        assert!(heard[74..].iter().filter(|voice| **voice).count() <= 1, "{heard:?}");
    }
}
