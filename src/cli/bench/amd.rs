//! How many calls one core hears in real time with the answering-machine
//! detector.

use std::hint::black_box;
use std::time::Instant;

use super::Figure;
use crate::audio::amd::{Detector, Params};
use crate::audio::frame::{FRAME_MS, Frame};

/// A spoken prompt: a header of 44 bytes, then 16-bit samples at 8 kHz.
const SPOKEN: &[u8] = include_bytes!("../../../media/demo-prompt.wav");
const HEADER: usize = 44;
const STREAMS: u32 = 1_000;

/// Streams one after the other through detectors of their own: seconds heard
/// for a second of processor time.
pub(super) fn measure(runs: u32) -> anyhow::Result<Vec<Figure>> {
    let (samples, _) = SPOKEN.get(HEADER..).unwrap_or_default().as_chunks::<2>();
    let frames = Frame::all(&samples.iter().copied().map(i16::from_le_bytes).collect::<Vec<_>>());
    anyhow::ensure!(!frames.is_empty(), "the prompt is empty");
    let heard = f64::from(STREAMS) * frames.len() as f64 * f64::from(FRAME_MS) / 1e3;
    let mut values = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        for _ in 0..STREAMS {
            let mut detector = Detector::new(Params::default())?;
            for frame in &frames {
                black_box(detector.push(frame));
            }
        }
        values.push(heard / start.elapsed().as_secs_f64());
    }
    Ok(vec![Figure::new("answering-machine detector", "calls/core", values)])
}
