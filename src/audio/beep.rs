//! The beep after which a machine records: one pure tone of 350 to 2,200 Hz
//! for a tenth of a second to two seconds, at one pitch and even in strength.

use super::tones::Tone;

/// A beep that was heard to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beep {
    /// When it began, in ms from the first frame.
    pub start_ms: u32,
    /// When it ended: a message may start now.
    pub end_ms: u32,
    /// Its pitch.
    pub hz: f32,
}

const SHORTEST_MS: u32 = 100;
const LONGEST_MS: u32 = 2_100;

impl Beep {
    /// This tone, if it is a beep.
    pub(crate) fn of(tone: &Tone) -> Option<Self> {
        let long = tone.end_ms - tone.start_ms;
        let fits = (SHORTEST_MS..=LONGEST_MS).contains(&long) && (340.0..=2_260.0).contains(&tone.hz);
        fits.then_some(Self { start_ms: tone.start_ms, end_ms: tone.end_ms, hz: tone.hz })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::frame::Frame;
    use crate::audio::spectrum::Spectrum;
    use crate::audio::synth::{join, noise, silence, speech, tone};
    use crate::audio::tones::ToneTracker;
    use proptest::prelude::*;

    fn beeps(samples: &[i16]) -> Vec<Beep> {
        let mut tracker = ToneTracker::default();
        Frame::all(samples)
            .iter()
            .filter_map(|frame| tracker.push(frame, &Spectrum::of(frame)).ended)
            .filter_map(|tone| Beep::of(&tone))
            .collect()
    }

    #[test]
    fn beep_after_speech_is_found_at_its_time() {
        for hz in [400.0, 440.0, 850.0, 1_000.0, 1_400.0, 2_000.0] {
            let found = beeps(&join(&[speech(3_000, 6_000.0), silence(500), tone(&[hz], 400, 5_000.0), silence(500)]));
            assert_eq!(found.len(), 1, "{hz}: {found:?}");
            assert!(found[0].start_ms.abs_diff(3_500) <= 40 && found[0].end_ms.abs_diff(3_900) <= 40, "{found:?}");
            assert!((found[0].hz - hz).abs() < 15.0, "{found:?}");
        }
    }

    #[test]
    fn beep_in_noise_is_found() {
        let beep = tone(&[1_000.0], 300, 5_000.0);
        let mixed: Vec<i16> = beep.iter().zip(noise(300, 1_200.0, 3)).map(|(a, b)| a + b).collect();
        assert_eq!(beeps(&join(&[noise(500, 1_200.0, 1), mixed, noise(500, 1_200.0, 2)])).len(), 1);
    }

    #[test]
    fn speech_noise_clicks_and_endless_tones_are_no_beeps() {
        let sounds = [speech(5_000, 8_000.0), noise(3_000, 8_000.0, 7), silence(2_000)];
        for sound in sounds {
            assert_eq!(beeps(&sound), []);
        }
        assert_eq!(beeps(&join(&[silence(200), tone(&[1_000.0], 60, 5_000.0), silence(200)])), []);
        assert_eq!(beeps(&join(&[silence(200), tone(&[1_000.0], 3_000, 5_000.0), silence(200)])), []);
    }

    proptest! {
        #[test]
        fn beep_of_any_pitch_and_length(hz in 360.0f32..2_200.0, ms in 140usize..1_900, amplitude in 300.0f32..30_000.0) {
            let found = beeps(&join(&[silence(300), tone(&[hz], ms, amplitude), silence(300)]));
            prop_assert_eq!(found.len(), 1);
            prop_assert!((found[0].end_ms - found[0].start_ms).abs_diff(ms as u32) <= 40);
        }
    }
}
