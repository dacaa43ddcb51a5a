//! Loudness of the telephone band as the ear divides it: 20 bands, narrow
//! below and wide above, of the last 32 ms.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::frame::{FRAME_SAMPLES, Frame, SAMPLE_RATE};

/// Bands that [`MelBands::push`] tells.
pub const MEL_BANDS: usize = 20;

/// Samples under the window: the frame, and some of the one before.
const WINDOW: usize = 256;
const HALF: usize = WINDOW / 2;
const LOWEST_HZ: f32 = 120.0;
const HIGHEST_HZ: f32 = 3_800.0;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// What is the same for all calls.
struct Tables {
    /// Falls off on both sides, so that a tone stays in its band.
    window: [f32; WINDOW],
    /// cos and -sin of each part of a turn.
    turns: [(f32, f32); HALF],
    /// Bin, band, share of that bin in it; bins lie in two bands at most.
    weights: Vec<(usize, usize, f32)>,
}

impl Tables {
    fn new() -> Self {
        let turn = |part: usize, of: usize| TAU * part as f32 / of as f32;
        let mel = |hz: f32| 2_595.0 * (1.0 + hz / 700.0).log10();
        let step = (mel(HIGHEST_HZ) - mel(LOWEST_HZ)) / (MEL_BANDS + 1) as f32;
        let mut weights = Vec::new();
        for bin in 1..HALF {
            let hz = bin as f32 * SAMPLE_RATE as f32 / WINDOW as f32;
            // Triangles: full in the middle of a band, nothing in that of the next.
            let place = (mel(hz) - mel(LOWEST_HZ)) / step - 1.0;
            for band in 0..MEL_BANDS {
                let share = 1.0 - (place - band as f32).abs();
                if share > 0.0 {
                    weights.push((bin, band, share));
                }
            }
        }
        Self {
            window: std::array::from_fn(|at| 0.5 - 0.5 * turn(at, WINDOW).cos()),
            turns: std::array::from_fn(|part| (turn(part, WINDOW).cos(), -turn(part, WINDOW).sin())),
            weights,
        }
    }
}

/// Follows one call.
#[derive(Clone, Debug)]
pub struct MelBands {
    held: [f32; WINDOW],
}

impl Default for MelBands {
    fn default() -> Self {
        Self { held: [0.0; WINDOW] }
    }
}

impl MelBands {
    /// Takes the next frame; its loudness by band, in dB over one unit of a
    /// sample, not below 0.
    pub fn push(&mut self, frame: &Frame) -> [f32; MEL_BANDS] {
        self.held.copy_within(FRAME_SAMPLES.., 0);
        for (held, sample) in self.held[WINDOW - FRAME_SAMPLES..].iter_mut().zip(frame.samples()) {
            *held = f32::from(*sample);
        }
        let tables = &*TABLES;
        let power = power(&self.held, tables);
        let mut bands = [0f32; MEL_BANDS];
        for &(bin, band, share) in &tables.weights {
            bands[band] += share * power[bin];
        }
        // A sine of amplitude a fills its bin with (a * WINDOW / 4)^2.
        bands.map(|sum| 10.0 * (sum * 8.0 / (WINDOW * WINDOW) as f32 + 1.0).log10())
    }
}

/// Strength of each bin: a transform of half the length, its even samples the
/// real parts and its odd ones the imaginary.
fn power(samples: &[f32; WINDOW], tables: &Tables) -> [f32; HALF] {
    let (mut re, mut im) = ([0f32; HALF], [0f32; HALF]);
    for at in 0..HALF {
        let to = at.reverse_bits() >> (usize::BITS - HALF.trailing_zeros());
        re[to] = samples[2 * at] * tables.window[2 * at];
        im[to] = samples[2 * at + 1] * tables.window[2 * at + 1];
    }
    let mut size = 1;
    while size < HALF {
        for start in (0..HALF).step_by(2 * size) {
            for at in 0..size {
                let (cos, sin) = tables.turns[at * (HALF / size)];
                let (low, high) = (start + at, start + at + size);
                let (a, b) = (re[high] * cos - im[high] * sin, re[high] * sin + im[high] * cos);
                (re[high], im[high]) = (re[low] - a, im[low] - b);
                (re[low], im[low]) = (re[low] + a, im[low] + b);
            }
        }
        size *= 2;
    }
    std::array::from_fn(|bin| {
        let mirror = (HALF - bin) % HALF;
        let (even_re, even_im) = (0.5 * (re[bin] + re[mirror]), 0.5 * (im[bin] - im[mirror]));
        let (odd_re, odd_im) = (0.5 * (im[bin] + im[mirror]), -0.5 * (re[bin] - re[mirror]));
        let (cos, sin) = tables.turns[bin];
        let (a, b) = (even_re + odd_re * cos - odd_im * sin, even_im + odd_re * sin + odd_im * cos);
        a * a + b * b
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::synth;

    fn last(samples: &[i16]) -> [f32; MEL_BANDS] {
        let mut bands = MelBands::default();
        Frame::all(samples).iter().map(|frame| bands.push(frame)).last().expect("a frame")
    }

    #[test]
    fn the_transform_is_that_of_the_sum() {
        let samples: [f32; WINDOW] = std::array::from_fn(|at| ((at * at * 7 + at * 31) % 199) as f32 - 99.0);
        let tables = &*TABLES;
        let fast = power(&samples, tables);
        for bin in [0, 1, 5, 32, 64, 100, 127] {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, (sample, window)) in samples.iter().zip(&tables.window).enumerate() {
                let angle = f64::from(TAU) * (bin * at % WINDOW) as f64 / WINDOW as f64;
                let sample = f64::from(sample * window);
                (re, im) = (re + sample * angle.cos(), im - sample * angle.sin());
            }
            let slow = re * re + im * im;
            assert!((slow - f64::from(fast[bin])).abs() < 1e-3 * slow + 1.0, "{bin}: {slow}, {}", fast[bin]);
        }
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let loudest = |hz: f32| {
            let bands = last(&synth::tone(&[hz], 200, 8_000.0));
            (0..MEL_BANDS).max_by(|a, b| bands[*a].total_cmp(&bands[*b])).expect("bands")
        };
        let places: Vec<usize> = [200.0, 500.0, 900.0, 1_500.0, 2_200.0, 3_200.0].map(loudest).to_vec();
        assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    }

    #[test]
    fn loudness_is_that_of_the_samples() {
        let bands = last(&synth::tone(&[1_000.0], 200, 8_000.0));
        let loudest = bands.iter().copied().fold(0.0, f32::max);
        assert!((70.0..90.0).contains(&loudest), "{loudest}");
        assert_eq!(last(&[0; 320]), [0.0; MEL_BANDS]);
        assert!(last(&[i16::MIN; 320]).iter().all(|db| db.is_finite()));
    }
}
