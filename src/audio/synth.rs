//! Sounds for tests: tones, noise, and bursts of noise that rise and fall as
//! speech does. Samples at 8 kHz. `tests/amd_corpus.rs` makes its files of them.

use std::f32::consts::TAU;

pub(crate) fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 8]
}

/// Tones together, each as loud as the amplitude says in sum.
pub(crate) fn tone(hz: &[f32], ms: usize, amplitude: f32) -> Vec<i16> {
    let each = amplitude / hz.len() as f32;
    (0..ms * 8).map(|n| hz.iter().map(|hz| each * (TAU * hz * n as f32 / 8_000.0).sin()).sum::<f32>() as i16).collect()
}

pub(crate) fn noise(ms: usize, amplitude: f32, seed: u64) -> Vec<i16> {
    let mut draw = fastrand::Rng::with_seed(seed);
    (0..ms * 8).map(|_| ((draw.f32() * 2.0 - 1.0) * amplitude) as i16).collect()
}

/// Something like a spoken phrase: syllables of 160 ms with a falling buzz of
/// many harmonics under an arch, 40 ms of near silence between them; each fifth
/// is a pause.
pub(crate) fn speech(ms: usize, amplitude: f32) -> Vec<i16> {
    (0..ms * 8)
        .map(|n| {
            let (syllable, at) = (n / 1_600, n % 1_600);
            let arch = if at < 1_280 && syllable % 5 < 4 { (at as f32 / 1_280.0 * TAU / 2.0).sin() } else { 0.02 };
            let pitch = 130.0 - 3.0 * (syllable % 7) as f32;
            let voice: f32 = (1..12).map(|h| (TAU * pitch * h as f32 * n as f32 / 8_000.0).sin() / 4.0).sum();
            (amplitude * arch * voice) as i16
        })
        .collect()
}

/// One after the other.
pub(crate) fn join(parts: &[Vec<i16>]) -> Vec<i16> {
    parts.concat()
}
