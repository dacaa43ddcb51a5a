//! Every prompt as loud as the others.
//!
//! A simple form of ITU-R BS.1770 gating, without its weighting of frequencies
//! (a phone line has few): the mean power of blocks of 400 ms, each 100 ms
//! after the last; blocks below -60 dBFS do not count, nor do those 10 dB below
//! the mean of the rest, so that pauses make nothing louder. The gain that
//! brings this to -20 dBFS is the same for the whole file, at most 30 dB, and
//! is reduced where a peak would come above -1 dBFS: nothing is ever clipped or
//! squeezed. What is silent throughout stays as it is.

use super::WIDE;

const TARGET_DB: f32 = -20.0;
const PEAK_DB: f32 = -1.0;
const SILENCE_DB: f32 = -60.0;
const BELOW_MEAN_DB: f32 = -10.0;
const MOST_GAIN_DB: f32 = 30.0;

/// 400 ms.
const BLOCK: usize = WIDE as usize * 4 / 10;
/// 100 ms.
const HOP: usize = WIDE as usize / 10;

/// Applies the gain to samples at [`WIDE`]; gives it in decibels.
pub(super) fn even_out(samples: &mut [f32]) -> f32 {
    let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let gain_db = match level_db(samples) {
        Some(level) => (TARGET_DB - level).min(MOST_GAIN_DB).min(PEAK_DB - decibels(peak)),
        // Silence may be wanted, but not clipped.
        None => (PEAK_DB - decibels(peak)).min(0.0),
    };
    let factor = 10_f32.powf(gain_db / 20.0);
    samples.iter_mut().for_each(|sample| *sample *= factor);
    gain_db
}

/// How loud it is; none: silent throughout.
fn level_db(samples: &[f32]) -> Option<f32> {
    let power = |block: &[f32]| block.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / block.len() as f64;
    let starts = (0..samples.len().saturating_sub(BLOCK) + 1).step_by(HOP);
    let blocks: Vec<f64> = starts.map(|start| power(&samples[start..samples.len().min(start + BLOCK)])).collect();
    let sounding: Vec<f64> = blocks.into_iter().filter(|power| power_db(*power) > SILENCE_DB).collect();
    let floor = power_db(mean(&sounding)?) + BELOW_MEAN_DB;
    let counted: Vec<f64> = sounding.into_iter().filter(|power| power_db(*power) > floor).collect();
    mean(&counted).map(power_db)
}

fn mean(powers: &[f64]) -> Option<f64> {
    (!powers.is_empty()).then(|| powers.iter().sum::<f64>() / powers.len() as f64)
}

fn power_db(power: f64) -> f32 {
    (10.0 * power.max(1e-20).log10()) as f32
}

fn decibels(amplitude: f32) -> f32 {
    20.0 * amplitude.max(1e-10).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(amplitude: f32, seconds: f32) -> Vec<f32> {
        (0..(seconds * WIDE as f32) as usize).map(|n| amplitude * (n as f32 * 0.2).sin()).collect()
    }

    #[test]
    fn loud_and_soft_become_the_same() {
        for amplitude in [0.9, 0.3, 0.05, 0.02] {
            let mut samples = tone(amplitude, 2.0);
            even_out(&mut samples);
            let level = level_db(&samples).expect("a level");
            assert!((level - TARGET_DB).abs() < 0.1, "{amplitude}: {level}");
        }
    }

    #[test]
    fn pauses_do_not_count() {
        let mut dense = tone(0.1, 2.0);
        let mut sparse = [vec![0.0; WIDE as usize * 5], tone(0.1, 2.0), vec![0.0; WIDE as usize * 5]].concat();
        let (dense, sparse) = (even_out(&mut dense), even_out(&mut sparse));
        assert!((dense - sparse).abs() < 1.0, "{dense} {sparse}");
    }

    #[test]
    fn peaks_stay_below_full_scale() {
        let mut samples = tone(0.02, 2.0);
        samples[1_000] = 0.8;
        let gain = even_out(&mut samples);
        let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((decibels(peak) - PEAK_DB).abs() < 0.01, "{peak}");
        assert!(gain < 2.0, "{gain}");
    }

    #[test]
    fn silence_stays_silent_and_noise_floor_is_not_lifted_without_end() {
        let mut silence = vec![0.0; WIDE as usize];
        assert_eq!(even_out(&mut silence), 0.0);
        assert!(silence.iter().all(|sample| *sample == 0.0));
        assert_eq!(even_out(&mut []), 0.0);
        let mut soft = tone(0.0015, 1.0);
        assert_eq!(even_out(&mut soft), MOST_GAIN_DB);
        let mut shorter_than_a_block = tone(0.5, 0.05);
        assert!(even_out(&mut shorter_than_a_block) < 0.0);
    }
}
