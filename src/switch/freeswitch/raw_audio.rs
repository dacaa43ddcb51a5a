//! Datagrams of raw audio → frames. No I/O.
//!
//! FreeSWITCH sends signed 16-bit samples, little-endian, at the rate of the
//! channel's codec, usually 20 ms a datagram.

use crate::audio::frame::{FRAME_SAMPLES, Frame, Framer, SAMPLE_RATE};

/// A rate that is no multiple of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the channel's codec has {0} samples a second, which is no multiple of {SAMPLE_RATE}")]
pub(super) struct UnusableRate(u32);

/// Puts the frames of one channel together.
#[derive(Clone, Debug)]
pub(super) struct RawAudio {
    /// Samples of theirs to one of ours.
    ratio: i32,
    /// The samples that are to become the next one of ours.
    sum: i32,
    count: i32,
    framer: Framer,
}

impl RawAudio {
    /// Of a codec with so many samples a second.
    pub(super) fn new(rate: u32) -> Result<Self, UnusableRate> {
        let ratio = rate / SAMPLE_RATE;
        // 48 kHz is the most a telephone codec has.
        if !rate.is_multiple_of(SAMPLE_RATE) || !(1..=6).contains(&ratio) {
            return Err(UnusableRate(rate));
        }
        Ok(Self { ratio: ratio as i32, sum: 0, count: 0, framer: Framer::default() })
    }

    /// Takes a datagram and gives the frames that are full now to `each`. Half
    /// a sample at its end is left out.
    pub(super) fn push(&mut self, datagram: &[u8], mut each: impl FnMut(&Frame)) {
        let mut samples = [0; FRAME_SAMPLES];
        let mut filled = 0;
        for bytes in datagram.as_chunks::<2>().0 {
            self.sum += i32::from(i16::from_le_bytes(*bytes));
            self.count += 1;
            if self.count < self.ratio {
                continue;
            }
            // The mean of 16-bit samples is one.
            samples[filled] = (self.sum / self.ratio) as i16;
            (self.sum, self.count) = (0, 0);
            filled += 1;
            if filled == FRAME_SAMPLES {
                self.framer.push(&samples, &mut each);
                filled = 0;
            }
        }
        self.framer.push(&samples[..filled], &mut each);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    fn frames(rate: u32, datagrams: &[Vec<u8>]) -> Vec<Frame> {
        let mut audio = RawAudio::new(rate).expect("a rate");
        let mut frames = Vec::new();
        datagrams.iter().for_each(|datagram| audio.push(datagram, |frame| frames.push(frame.clone())));
        frames
    }

    #[test]
    fn twenty_milliseconds_are_a_frame() {
        let samples: Vec<i16> = (-80..80).collect();
        assert_eq!(frames(8_000, &[bytes(&samples)]), Frame::all(&samples));
        assert_eq!(frames(8_000, &[bytes(&samples)[..319].to_vec()]), [], "half a sample short");
    }

    #[test]
    fn higher_rates_are_averaged() {
        let samples: Vec<i16> = (0..960).map(|n| (n / 6) as i16).collect();
        let want: Vec<i16> = (0..160).collect();
        assert_eq!(frames(48_000, &[bytes(&samples)]), Frame::all(&want));
        let wide: Vec<i16> = (0..320).map(|n| if n % 2 == 0 { 100 } else { 300 }).collect();
        assert_eq!(frames(16_000, &[bytes(&wide)]), Frame::all(&[200; 160]));
    }

    #[test]
    fn other_rates_are_refused() {
        for rate in [0, 8_001, 11_025, 44_100, 96_000] {
            assert_eq!(RawAudio::new(rate).err(), Some(UnusableRate(rate)));
        }
    }

    proptest! {
        #[test]
        fn datagrams_of_any_size_come_to_the_same(sizes in proptest::collection::vec(0_usize..900, 0..20)) {
            let mut n = 0_i16;
            let datagrams: Vec<_> = sizes.iter().map(|size| {
                bytes(&(0..*size).map(|_| { n = n.wrapping_add(77); n }).collect::<Vec<_>>())
            }).collect();
            let whole = datagrams.concat();
            prop_assert_eq!(frames(8_000, &datagrams), frames(8_000, &[whole]));
        }

        #[test]
        fn any_bytes_will_do(datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2_000), 0..5)) {
            for rate in [8_000, 16_000, 48_000] {
                frames(rate, &datagrams);
            }
        }
    }
}
