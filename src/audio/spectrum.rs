//! The strength of each 50 Hz of the telephone band in one frame.
//!
//! A bank of Goertzel filters, all bins advancing together over the samples so
//! that the compiler can use vector instructions: about two microseconds a
//! frame, where a full transform would need a library.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::frame::{FRAME_SAMPLES, Frame, SAMPLE_RATE};

/// Distance of the bins: one frame resolves no more.
const STEP_HZ: f32 = SAMPLE_RATE as f32 / FRAME_SAMPLES as f32;
/// 200 to 2,250 Hz: the voice's strongest part, and all tones a telephone
/// network or a machine makes.
const FIRST_BIN: usize = 4;
const BINS: usize = 42;
/// Edges of the bands, in Hz.
const BAND_EDGES: [f32; BANDS + 1] = [200.0, 450.0, 900.0, 1_500.0, 2_300.0];
/// Bands that [`Spectrum::bands_db`] tells.
pub const BANDS: usize = 4;

static COEFFICIENTS: LazyLock<[f32; BINS]> =
    LazyLock::new(|| std::array::from_fn(|bin| 2.0 * (TAU * (bin + FIRST_BIN) as f32 / FRAME_SAMPLES as f32).cos()));

/// Strengths by frequency of one frame.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// Share of the frame's whole energy (0 to about 1) in each bin.
    shares: [f32; BINS],
    energy: f32,
}

/// The strongest single frequency of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Its frequency, to some 10 Hz if the tone is pure.
    pub hz: f32,
    /// How much of the frame's energy is in it, 0 to 1.
    pub share: f32,
}

impl Spectrum {
    /// Of one frame.
    pub fn of(frame: &Frame) -> Self {
        let coefficients = &*COEFFICIENTS;
        let (mut one, mut two) = ([0f32; BINS], [0f32; BINS]);
        for &sample in frame.samples() {
            let sample = f32::from(sample);
            for bin in 0..BINS {
                let next = sample + coefficients[bin] * one[bin] - two[bin];
                two[bin] = one[bin];
                one[bin] = next;
            }
        }
        // By Parseval a pure tone on a bin gives N/2 times its energy.
        let whole = frame.energy() * FRAME_SAMPLES as f32 / 2.0;
        let shares = std::array::from_fn(|bin| {
            let power = one[bin] * one[bin] + two[bin] * two[bin] - coefficients[bin] * one[bin] * two[bin];
            if whole > 0.0 { (power / whole).max(0.0) } else { 0.0 }
        });
        Self { shares, energy: frame.energy() }
    }

    /// The strongest frequency.
    pub fn peak(&self) -> Peak {
        let top = self.shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(bin, _)| bin);
        let at = |bin: usize| self.shares.get(bin).copied().unwrap_or(0.0);
        let (below, above) = (top.checked_sub(1).map_or(0.0, at), at(top + 1));
        // A tone between two bins shows in both, by their magnitudes.
        let (neighbour, sign) = if above > below { (above, 1.0) } else { (below, -1.0) };
        let sum = at(top).sqrt() + neighbour.sqrt();
        let offset = if sum > 0.0 { sign * neighbour.sqrt() / sum } else { 0.0 };
        Peak { hz: ((top + FIRST_BIN) as f32 + offset) * STEP_HZ, share: (at(top) + below + above).min(1.0) }
    }

    /// Geometric over arithmetic mean of the strengths: about a half for white
    /// noise, some hundredths for a voice, less for a tone; 0 for silence.
    pub fn flatness(&self) -> f32 {
        let mean = self.shares.iter().sum::<f32>() / BINS as f32;
        if mean <= 0.0 {
            return 0.0;
        }
        let logarithms: f32 = self.shares.iter().map(|share| (share / mean + 1e-6).ln()).sum();
        (logarithms / BINS as f32).exp()
    }

    /// Loudness of four bands, in dB over one unit of a sample.
    pub fn bands_db(&self) -> [f32; BANDS] {
        std::array::from_fn(|band| {
            let share = self.share_between(BAND_EDGES[band], BAND_EDGES[band + 1] - 1.0);
            10.0 * (share * self.energy / FRAME_SAMPLES as f32 + 1.0).log10()
        })
    }

    /// How much of the frame's energy lies between two frequencies, 0 to 1.
    pub fn share_between(&self, low_hz: f32, high_hz: f32) -> f32 {
        let inside = |bin: usize| (low_hz..=high_hz).contains(&((bin + FIRST_BIN) as f32 * STEP_HZ));
        let sum: f32 = self.shares.iter().enumerate().filter(|(bin, _)| inside(*bin)).map(|(_, share)| share).sum();
        sum.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth;

    #[test]
    fn the_frequency_of_a_pure_tone_is_found() {
        for hz in [350.0, 425.0, 440.0, 950.0, 985.2, 1_000.0, 1_100.0, 1_371.0, 1_777.0, 2_000.0, 2_100.0] {
            let peak = Spectrum::of(&Frame::all(&synth::tone(&[hz], 20, 8_000.0))[0]).peak();
            assert!((peak.hz - hz).abs() < 12.0, "{hz}: {peak:?}");
            assert!(peak.share > 0.8, "{hz}: {peak:?}");
        }
    }

    #[test]
    fn silence_and_noise_have_no_peak() {
        assert_eq!(Spectrum::of(&Frame::new([0; 160])).peak().share, 0.0);
        let noise = synth::noise(20, 5_000.0, 1);
        let spectrum = Spectrum::of(&Frame::all(&noise)[0]);
        assert!(spectrum.peak().share < 0.4);
        assert!(spectrum.flatness() > 0.3);
        assert!(Spectrum::of(&Frame::all(&synth::tone(&[1_010.0], 20, 8_000.0))[0]).flatness() < 0.05);
    }

    #[test]
    fn bands_hold_what_is_in_them() {
        let spectrum = Spectrum::of(&Frame::all(&synth::tone(&[480.0, 620.0], 20, 8_000.0))[0]);
        assert!(spectrum.share_between(350.0, 700.0) > 0.85);
        assert!(spectrum.share_between(900.0, 2_200.0) < 0.1);
    }
}
