//! 20 ms of telephone audio: 160 samples, signed 16 bit, mono, 8 kHz.

/// Samples a second.
pub const SAMPLE_RATE: u32 = 8_000;
/// Samples in a frame.
pub const FRAME_SAMPLES: usize = 160;
/// Length of a frame.
pub const FRAME_MS: u32 = 20;

/// 20 ms of audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame([i16; FRAME_SAMPLES]);

impl Frame {
    /// Of these samples.
    pub fn new(samples: [i16; FRAME_SAMPLES]) -> Self {
        Self(samples)
    }

    /// All full frames of a recording.
    pub fn all(samples: &[i16]) -> Vec<Self> {
        samples.as_chunks::<FRAME_SAMPLES>().0.iter().copied().map(Self).collect()
    }

    /// The samples.
    pub fn samples(&self) -> &[i16; FRAME_SAMPLES] {
        &self.0
    }

    /// Mean of the absolute sample values, 0 to 32,768: what Asterisk's
    /// `silence_threshold` is compared with.
    pub fn amplitude(&self) -> f32 {
        let sum: u32 = self.0.iter().map(|sample| u32::from(sample.unsigned_abs())).sum();
        sum as f32 / FRAME_SAMPLES as f32
    }

    /// Sum of the squares of the samples.
    pub(crate) fn energy(&self) -> f32 {
        self.0.iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum()
    }
}

/// Cuts a stream that comes in pieces of any length into frames.
#[derive(Clone, Debug)]
pub struct Framer {
    samples: [i16; FRAME_SAMPLES],
    filled: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self { samples: [0; FRAME_SAMPLES], filled: 0 }
    }
}

impl Framer {
    /// Takes samples and gives the frames that are full now to `each`.
    pub fn push(&mut self, mut samples: &[i16], mut each: impl FnMut(&Frame)) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(FRAME_SAMPLES - self.filled));
            self.samples[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            samples = later;
            if self.filled == FRAME_SAMPLES {
                self.filled = 0;
                each(&Frame(self.samples));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_become_frames() {
        let all: Vec<i16> = (0..1_000).collect();
        let mut framer = Framer::default();
        let mut seen = Vec::new();
        for piece in all.chunks(37) {
            framer.push(piece, |frame| seen.extend_from_slice(frame.samples()));
        }
        assert_eq!(seen, all[..960]);
    }

    #[test]
    fn amplitude_of_the_loudest_frame() {
        assert_eq!(Frame::new([i16::MIN; 160]).amplitude(), 32_768.0);
        assert_eq!(Frame::new([0; 160]).amplitude(), 0.0);
    }
}
