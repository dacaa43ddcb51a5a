//! From one sample rate to another, chunk by chunk.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
    calculate_cutoff,
};

use super::ConvertError;

/// Samples taken at a time.
const CHUNK: usize = 1024;
/// Length of the low-pass filter at the lower of the two rates: its flank is
/// then 250 Hz below the highest frequency of a phone line.
const TAPS: usize = 128;
const WINDOW: WindowFunction = WindowFunction::BlackmanHarris;

/// Takes mono samples as they come and keeps the result.
pub(super) struct Resampler {
    /// None where both rates are the same.
    filter: Option<Box<Async<f32>>>,
    ratio: f64,
    waiting: Vec<f32>,
    scratch: Vec<f32>,
    done: Vec<f32>,
    taken: u64,
    /// Samples at the beginning that are only the filter's delay.
    delay: usize,
}

impl Resampler {
    pub(super) fn new(from: u32, to: u32) -> Result<Self, ConvertError> {
        let ratio = f64::from(to) / f64::from(from);
        let filter = if from == to {
            None
        } else {
            // Going down, the filter must be as long in time, so longer in samples.
            let stretch = from.div_ceil(to) as usize;
            let parameters = SincInterpolationParameters::new(TAPS * stretch, WINDOW)
                .f_cutoff(calculate_cutoff(TAPS, WINDOW))
                .oversampling_factor(128)
                .interpolation(SincInterpolationType::Linear);
            let filter = Async::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input);
            Some(Box::new(filter.map_err(|error| failed(&error))?))
        };
        let longest = filter.as_ref().map_or(0, |filter| filter.output_frames_max());
        let delay = filter.as_ref().map_or(0, |filter| filter.output_delay());
        Ok(Self { filter, ratio, waiting: Vec::new(), scratch: vec![0.0; longest], done: Vec::new(), taken: 0, delay })
    }

    pub(super) fn push(&mut self, samples: &[f32]) -> Result<(), ConvertError> {
        self.taken += samples.len() as u64;
        if self.filter.is_none() {
            self.done.extend_from_slice(samples);
            return Ok(());
        }
        self.waiting.extend_from_slice(samples);
        let whole = self.waiting.len() - self.waiting.len() % CHUNK;
        for start in (0..whole).step_by(CHUNK) {
            self.step(start, CHUNK)?;
        }
        self.waiting.drain(..whole);
        Ok(())
    }

    /// Everything, as long as what was taken.
    pub(super) fn finish(mut self) -> Result<Vec<f32>, ConvertError> {
        let wanted = (self.taken as f64 * self.ratio).ceil() as usize;
        if self.filter.is_some() {
            let mut left = self.waiting.len();
            // The end is still inside the filter: silence pushes it out. Each
            // chunk gives at least a sample, but nothing here may loop for ever.
            let chunks = (wanted + self.delay).saturating_sub(self.done.len()) + 2;
            for _ in 0..chunks {
                if self.done.len() >= wanted + self.delay {
                    break;
                }
                self.step(0, left)?;
                left = 0;
            }
            let delay = self.delay.min(self.done.len());
            self.done.drain(..delay);
        }
        self.done.truncate(wanted);
        Ok(self.done)
    }

    /// Filters one chunk: `length` samples that wait at `start`, then silence.
    fn step(&mut self, start: usize, length: usize) -> Result<(), ConvertError> {
        let Some(filter) = &mut self.filter else { return Ok(()) };
        let mut chunk = [0.0; CHUNK];
        chunk[..length].copy_from_slice(&self.waiting[start..start + length]);
        let room = self.scratch.len();
        let from = InterleavedSlice::new(&chunk, 1, CHUNK).map_err(|error| failed(&error))?;
        let mut to = InterleavedSlice::new_mut(&mut self.scratch, 1, room).map_err(|error| failed(&error))?;
        let (_, given) =
            filter.process_into_buffer(&from, &mut to, None::<&Indexing>).map_err(|error| failed(&error))?;
        self.done.extend_from_slice(&self.scratch[..given.min(room)]);
        Ok(())
    }
}

/// All samples at once.
pub(super) fn all(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, ConvertError> {
    let mut resampler = Resampler::new(from, to)?;
    resampler.push(samples)?;
    resampler.finish()
}

fn failed(error: &dyn std::fmt::Display) -> ConvertError {
    ConvertError::Damaged(format!("its sample rate cannot be converted: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(frequency: f64, rate: u32, samples: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / f64::from(rate);
        (0..samples).map(|n| (0.5 * (step * n as f64).sin()) as f32).collect()
    }

    /// Away from the ends, where a filter has nothing to work with.
    fn rms(samples: &[f32]) -> f64 {
        let inner = &samples[samples.len() / 4..samples.len() * 3 / 4];
        (inner.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / inner.len() as f64).sqrt()
    }

    #[test]
    fn a_tone_stays_itself_at_every_rate() {
        for from in [4_000, 8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000] {
            for to in [8_000, 16_000] {
                let given = tone(100.0, from, from as usize / 2);
                let made = all(&given, from, to).expect("resampled");
                let wanted = tone(100.0, to, to as usize / 2);
                assert!(made.len().abs_diff(wanted.len()) <= 1, "{from} to {to}: {}", made.len());
                let middle = made.len() / 4..made.len() * 3 / 4;
                let off =
                    made[middle.clone()].iter().zip(&wanted[middle]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                // One sample early or late is 0.04.
                assert!(off < 0.045, "{from} to {to}: off by {off}");
            }
        }
    }

    #[test]
    fn what_a_phone_line_does_not_carry_is_gone_not_folded() {
        for (from, frequency) in [(16_000, 5_000.0), (44_100, 6_000.0), (48_000, 15_000.0)] {
            let made = all(&tone(frequency, from, from as usize / 2), from, 8_000).expect("resampled");
            assert!(rms(&made) < 0.001, "{frequency} Hz at {from}: {}", rms(&made));
        }
        let kept = all(&tone(3_400.0, 48_000, 24_000), 48_000, 8_000).expect("resampled");
        assert!((rms(&kept) / 0.3536 - 1.0).abs() < 0.05, "{}", rms(&kept));
    }

    #[test]
    fn in_pieces_as_at_once() {
        let given = tone(700.0, 44_100, 10_000);
        let mut resampler = Resampler::new(44_100, 16_000).expect("a resampler");
        for piece in given.chunks(333) {
            resampler.push(piece).expect("taken");
        }
        assert_eq!(resampler.finish().expect("finished"), all(&given, 44_100, 16_000).expect("resampled"));
    }

    #[test]
    fn short_and_empty() {
        assert!(all(&[], 44_100, 8_000).expect("resampled").is_empty());
        assert_eq!(all(&[0.1; 7], 8_000, 16_000).expect("resampled").len(), 14);
        assert_eq!(all(&[0.1; 7], 8_000, 8_000).expect("resampled"), [0.1; 7]);
        assert_eq!(all(&[0.1], 192_000, 8_000).expect("resampled").len(), 1);
    }
}
