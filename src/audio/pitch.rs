//! How high a voice is: the period at which the last 40 ms repeat themselves.

use super::frame::{FRAME_SAMPLES, Frame, SAMPLE_RATE};

/// Half the telephone's rate is enough for the pitch of a voice.
const RATE: f32 = SAMPLE_RATE as f32 / 2.0;
const HALF: usize = FRAME_SAMPLES / 2;
/// Two frames.
const HELD: usize = 2 * HALF;
/// 70 to 400 Hz.
const SHORTEST: usize = 10;
const LONGEST: usize = 57;
/// Compared with itself, one period later.
const WINDOW: usize = HELD - LONGEST;
/// Less alike is no voice with a pitch.
const ALIKE: f32 = 0.55;
/// Two periods are as alike as one: the shorter is taken if it is this good.
const SHORTER: f32 = 0.88;

/// Follows the pitch of a voice.
#[derive(Clone, Debug)]
pub struct PitchTracker {
    held: [f32; HELD],
}

impl Default for PitchTracker {
    fn default() -> Self {
        Self { held: [0.0; HELD] }
    }
}

impl PitchTracker {
    /// Takes the next frame.
    pub fn push(&mut self, frame: &Frame) {
        self.held.copy_within(HALF.., 0);
        for (held, pair) in self.held[HALF..].iter_mut().zip(frame.samples().as_chunks::<2>().0) {
            *held = 0.5 * (f32::from(pair[0]) + f32::from(pair[1]));
        }
    }

    /// The pitch of the last two frames in semitones above 55 Hz, if they have
    /// one. Of a voice above some 250 Hz a fraction may be found: its period is
    /// too few samples long.
    pub fn semitones(&self) -> Option<f32> {
        let (first, energy) = (&self.held[..WINDOW], |part: &[f32]| part.iter().map(|x| x * x).sum::<f32>());
        let whole = energy(first);
        let mut alike = [0f32; LONGEST + 1];
        let mut later = energy(&self.held[SHORTEST..SHORTEST + WINDOW]);
        for (lag, alike) in alike.iter_mut().enumerate().skip(SHORTEST) {
            let dot: f32 = first.iter().zip(&self.held[lag..]).map(|(a, b)| a * b).sum();
            *alike = dot / (whole * later).sqrt().max(1.0);
            if lag < LONGEST {
                later += self.held[lag + WINDOW].powi(2) - self.held[lag].powi(2);
                later = later.max(0.0);
            }
        }
        let best = alike.iter().copied().fold(0.0, f32::max);
        if best < ALIKE {
            return None;
        }
        let peak = |lag: &usize| {
            let (lag, here) = (*lag, alike[*lag]);
            here >= SHORTER * best && here >= alike[lag - 1] && here >= alike[lag + 1]
        };
        let lag = (SHORTEST + 1..LONGEST).find(peak)?;
        let (below, here, above) = (alike[lag - 1], alike[lag], alike[lag + 1]);
        let bend = below - 2.0 * here + above;
        let offset = if bend < 0.0 { (0.5 * (below - above) / bend).clamp(-0.5, 0.5) } else { 0.0 };
        Some(12.0 * (RATE / (lag as f32 + offset) / 55.0).log2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth::{noise, tone};

    fn pitches(samples: &[i16]) -> Vec<Option<f32>> {
        let mut tracker = PitchTracker::default();
        let frames = Frame::all(samples);
        let heard = frames.iter().map(|frame| {
            tracker.push(frame);
            tracker.semitones()
        });
        heard.skip(1).collect()
    }

    #[test]
    fn pitch_of_a_voice_is_that_of_its_harmonics() {
        for hz in [85.0f32, 110.0, 150.0, 180.0, 220.0] {
            // Without the lowest, which a telephone does not carry.
            let harmonics: Vec<f32> = (2..7).map(|n| n as f32 * hz).collect();
            let expected = 12.0 * (hz / 55.0).log2();
            for found in pitches(&tone(&harmonics, 200, 8_000.0)) {
                assert!(found.is_some_and(|found| (found - expected).abs() < 0.7), "{hz}: {found:?}, not {expected}");
            }
        }
    }

    #[test]
    fn pitch_is_not_found_in_noise_or_silence() {
        assert!(pitches(&noise(1_000, 5_000.0, 11)).iter().flatten().count() <= 2);
        assert!(pitches(&[0; 1_600]).iter().all(Option::is_none));
    }

    #[test]
    fn pitch_of_the_loudest_samples_is_a_number() {
        let square: Vec<i16> = (0..800).map(|i| if i / 20 % 2 == 0 { i16::MIN } else { i16::MAX }).collect();
        assert!(pitches(&square).iter().flatten().all(|pitch| pitch.is_finite()));
    }
}
