//! What is heard of each frame, as `net` is told it: the sound itself,
//! its pitch, and how long was spoken and paused.

use crate::audio::frame::Frame;
use crate::audio::mel::{MEL_BANDS, MelBands};
use crate::audio::pitch::PitchTracker;

/// How many numbers tell of a frame: how loud each band is, then whether it is
/// speech, a tone, after the first word, pitched; pitch, how it moved, pause,
/// greeting, longest pause, loudest band. A network is trained for this order.
pub const FEATURES: usize = MEL_BANDS + 10;

/// Nobody speaks more softly than this, in dB over one unit of a sample.
const SOFTEST_VOICE_DB: f32 = 40.0;
/// So far below the loudest all is alike.
const DEEPEST_DB: f32 = 60.0;
/// How quickly the mean pitch follows.
const PITCH_FOLLOWS: f32 = 0.1;

/// What else is known of a frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// It is as loud as speech.
    pub(super) voiced: bool,
    /// It is as pure as a tone.
    pub(super) pure: bool,
    /// Somebody has begun to speak.
    pub(super) begun: bool,
    /// Since the end of the last voiced frame, in ms.
    pub(super) silence_ms: u32,
    /// From the first word to the end of the last, in ms.
    pub(super) long_ms: u32,
}

/// Listens along.
#[derive(Clone, Debug)]
pub(super) struct Ear {
    bands: MelBands,
    pitch: PitchTracker,
    loudest_db: f32,
    mean_pitch: Option<f32>,
    silence_ms: u32,
    longest_pause_ms: u32,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            bands: MelBands::default(),
            pitch: PitchTracker::default(),
            loudest_db: SOFTEST_VOICE_DB,
            mean_pitch: None,
            silence_ms: 0,
            longest_pause_ms: 0,
        }
    }
}

impl Ear {
    /// The next frame, as numbers of about -1 to 1.
    pub(super) fn hear(&mut self, frame: &Frame, context: &Context) -> [f32; FEATURES] {
        let bands = self.bands.push(frame);
        self.pitch.push(frame);
        if context.voiced {
            self.loudest_db = bands.iter().copied().fold(self.loudest_db, f32::max);
        }
        let pitch = context.voiced.then(|| self.pitch.semitones()).flatten();
        let moved = match (pitch, self.mean_pitch) {
            (Some(pitch), Some(mean)) => pitch - mean,
            (Some(_) | None, _) => 0.0,
        };
        if let Some(pitch) = pitch {
            self.mean_pitch = Some(self.mean_pitch.unwrap_or(pitch) + PITCH_FOLLOWS * moved);
        }
        if context.begun && context.silence_ms == 0 {
            self.longest_pause_ms = self.longest_pause_ms.max(self.silence_ms);
        }
        self.silence_ms = if context.begun { context.silence_ms } else { 0 };
        let flag = |on: bool| if on { 1.0 } else { 0.0 };
        let mut features = [0f32; FEATURES];
        let (sounds, rest) = features.split_at_mut(MEL_BANDS);
        for (feature, db) in sounds.iter_mut().zip(bands) {
            *feature = (db - self.loudest_db).clamp(-DEEPEST_DB, 0.0) / (DEEPEST_DB / 2.0) + 1.0;
        }
        rest.copy_from_slice(&[
            flag(context.voiced),
            flag(context.pure),
            flag(context.begun),
            flag(pitch.is_some()),
            pitch.map_or(0.0, |pitch| (pitch - 17.0) / 8.0),
            moved.clamp(-8.0, 8.0) / 4.0,
            seconds(context.silence_ms).min(2.0),
            seconds(context.long_ms).min(6.0) / 3.0,
            seconds(self.longest_pause_ms).min(1.0),
            (self.loudest_db - 60.0) / 20.0,
        ]);
        features
    }
}

fn seconds(ms: u32) -> f32 {
    ms as f32 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth::{join, noise, silence, tone};

    const LONGEST_PAUSE: usize = MEL_BANDS + 8;
    const MOVED: usize = MEL_BANDS + 5;

    /// Frames as loud as a voice are taken for one.
    fn after(samples: &[i16]) -> [f32; FEATURES] {
        let (mut ear, mut context, mut heard) = (Ear::default(), Context::default(), [0.0; FEATURES]);
        for frame in Frame::all(samples) {
            context.voiced = frame.amplitude() > 1_000.0;
            context.begun |= context.voiced;
            context.silence_ms = if context.voiced || !context.begun { 0 } else { context.silence_ms + 20 };
            heard = ear.hear(&frame, &context);
        }
        heard
    }

    fn voice(hz: f32, ms: usize) -> Vec<i16> {
        tone(&[3.0 * hz, 4.0 * hz, 5.0 * hz, 6.0 * hz], ms, 8_000.0)
    }

    #[test]
    fn ear_hears_a_question_rise_and_a_statement_fall() {
        let asked = after(&join(&[silence(200), voice(110.0, 300), voice(140.0, 120)]));
        assert!(asked[MOVED] > 0.4, "{asked:?}");
        let said = after(&join(&[silence(200), voice(140.0, 300), voice(110.0, 120)]));
        assert!(said[MOVED] < -0.4, "{said:?}");
    }

    #[test]
    fn ear_remembers_the_longest_pause() {
        let word = || voice(110.0, 200);
        let parts = [silence(900), word(), silence(400), word(), silence(100), word(), silence(300)];
        assert_eq!(after(&join(&parts))[LONGEST_PAUSE], 0.4);
    }

    #[test]
    fn ear_hears_the_background_by_how_far_it_is_below_the_voice() {
        let loudest = |samples: &[i16]| after(samples)[..MEL_BANDS].iter().copied().fold(f32::MIN, f32::max);
        let line = loudest(&join(&[voice(110.0, 200), silence(200)]));
        let street = loudest(&join(&[voice(110.0, 200), noise(200, 900.0, 1)]));
        assert!(line < -0.9 && (-0.5..0.5).contains(&street), "{line}, {street}");
    }

    #[test]
    fn ear_tells_numbers_of_anything() {
        for samples in [vec![0; 1_600], vec![i16::MIN; 1_600], noise(200, 32_000.0, 2)] {
            assert!(after(&samples).iter().all(|number| number.abs() <= 4.0), "{:?}", after(&samples));
        }
    }
}
