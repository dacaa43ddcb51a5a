//! Sounds to play, and what is in a file.

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};

use canvass::audio::frame::Frame;
use canvass::audio::spectrum::Spectrum;

/// A second of a tone of 1 kHz, as a file.
pub(crate) fn tone(folder: &Path) -> PathBuf {
    let path = folder.join("tone.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&path, spec).expect("a file");
    for n in 0..8_000 {
        wav.write_sample((8_000.0 * (TAU * 1_000.0 * n as f32 / 8_000.0).sin()) as i16).expect("written");
    }
    wav.finalize().expect("whole");
    path
}

/// What can be told of a recording.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Its length.
    pub(crate) ms: usize,
    /// So long the tone of 1 kHz sounds.
    pub(crate) tone_ms: usize,
    /// So long something else does.
    pub(crate) other_ms: usize,
}

/// Listens to a file.
pub(crate) fn heard(path: &Path) -> Heard {
    let mut wav = hound::WavReader::open(path).expect("a WAV file");
    assert_eq!((wav.spec().sample_rate, wav.spec().channels), (8_000, 1));
    let samples: Vec<i16> = wav.samples().map(|sample| sample.expect("whole")).collect();
    let mut heard = Heard { ms: samples.len() / 8, ..Heard::default() };
    for frame in Frame::all(&samples) {
        if frame.amplitude() < 100.0 {
            continue;
        }
        if (Spectrum::of(&frame).peak().hz - 1_000.0).abs() < 40.0 {
            heard.tone_ms += 20;
        } else {
            heard.other_ms += 20;
        }
    }
    heard
}
