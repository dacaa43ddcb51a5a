//! From a connection to the call's listener: frames of 20 ms, and silence where
//! no sound comes, so that frames count time.

use futures_util::StreamExt;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep_until};
use tokio_util::codec::FramedRead;

use super::codec::{Codec, Message};
use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES, Frame, Framer};

/// So late may sound be before silence is put in its place.
const LATE: Duration = Duration::from_millis(60);

/// Brings frames to their listener until the sound ends or nobody listens.
pub(in crate::switch::asterisk) async fn pump<S>(mut sound: FramedRead<S, Codec>, frames: mpsc::Sender<Frame>)
where
    S: AsyncRead + Unpin,
{
    let mut pace = Pace { began: Instant::now(), frames: 0 };
    let mut samples = Samples::default();
    loop {
        tokio::select! {
            // Sound that waits to be read goes before silence.
            biased;
            () = frames.closed() => return,
            message = sound.next() => match message {
                Some(Ok(Message::Audio(bytes))) => samples.push(&bytes, |frame| {
                    pace.frames = pace.frames.saturating_add(1);
                    send(&frames, frame.clone());
                }),
                Some(Ok(Message::Id(_) | Message::Other)) => {}
                Some(Ok(Message::HangUp) | Err(_)) | None => return,
            },
            () = sleep_until(pace.late_at()) => {
                pace.frames = pace.frames.saturating_add(1);
                send(&frames, Frame::new([0; FRAME_SAMPLES]));
            }
        }
    }
}

fn send(frames: &mpsc::Sender<Frame>, frame: Frame) {
    // A listener so far behind has lost the thread already: it is not waited for.
    let _ = frames.try_send(frame);
}

/// Counts frames against the clock.
struct Pace {
    began: Instant,
    frames: u32,
}

impl Pace {
    /// When the next frame is too late. A burst after a pause makes up for the
    /// silence sent meanwhile: the next pause is filled that much later.
    fn late_at(&self) -> Instant {
        self.began + Duration::from_millis(u64::from(self.frames) * u64::from(FRAME_MS)) + LATE
    }
}

/// Bytes of any number to frames.
#[derive(Default)]
struct Samples {
    framer: Framer,
    /// The first half of a sample.
    half: Option<u8>,
}

impl Samples {
    fn push(&mut self, bytes: &[u8], each: impl FnMut(&Frame)) {
        let mut samples = Vec::with_capacity(bytes.len() / 2 + 1);
        let mut rest = bytes;
        if let (Some(low), Some((high, after))) = (self.half, rest.split_first()) {
            samples.push(i16::from_le_bytes([low, *high]));
            self.half = None;
            rest = after;
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        samples.extend(pairs.iter().copied().map(i16::from_le_bytes));
        if let [low] = odd {
            self.half = Some(*low);
        }
        self.framer.push(&samples, each);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    fn audio(samples: &[i16]) -> Vec<u8> {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
        [vec![0x10, length[0], length[1]], bytes].concat()
    }

    #[test]
    fn pieces_of_odd_lengths_become_frames() {
        let all: Vec<i16> = (0..1_000).collect();
        let bytes: Vec<u8> = all.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        for length in [1, 67, 134, 268, 320, 402] {
            let mut samples = Samples::default();
            let mut heard = Vec::new();
            for piece in bytes.chunks(length) {
                samples.push(piece, |frame| heard.extend_from_slice(frame.samples()));
            }
            assert_eq!(heard, all[..960], "in pieces of {length}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_sound_comes_silence_counts_the_time() {
        let (mut asterisk, ours) = duplex(1 << 16);
        let (sender, mut frames) = mpsc::channel(1_000);
        let pumping = tokio::spawn(pump(FramedRead::new(ours, Codec), sender));
        asterisk.write_all(&audio(&[7; 160])).await.expect("written");
        tokio::time::sleep(Duration::from_millis(2_010)).await;
        // 100 frames of time, less those that may be late.
        assert_eq!(frames.len(), 98);
        // What was only late is heard, and the next pause begins later.
        asterisk.write_all(&audio(&[7; 1_600])).await.expect("written");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(frames.len(), 108);
        drop(asterisk);
        pumping.await.expect("ends with the sound");
        let heard: Vec<Frame> = std::iter::from_fn(|| frames.try_recv().ok()).collect();
        let loud: Vec<_> = heard.iter().enumerate().filter(|(_, f)| f.amplitude() > 0.0).map(|(n, _)| n).collect();
        assert_eq!(loud, [vec![0], (98..108).collect()].concat());
    }

    #[tokio::test(start_paused = true)]
    async fn steady_sound_gets_no_silence() {
        let (mut asterisk, ours) = duplex(1 << 16);
        let (sender, mut frames) = mpsc::channel(1_000);
        tokio::spawn(pump(FramedRead::new(ours, Codec), sender));
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            asterisk.write_all(&audio(&[7; 160])).await.expect("written");
        }
        asterisk.write_all(&[0, 0, 0]).await.expect("hung up");
        let mut heard = 0;
        while let Some(frame) = frames.recv().await {
            assert!(frame.amplitude() > 0.0);
            heard += 1;
        }
        assert_eq!(heard, 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_is_gone_or_slow_holds_nothing_up() {
        let (mut asterisk, ours) = duplex(1 << 16);
        let (sender, frames) = mpsc::channel(1);
        let pumping = tokio::spawn(pump(FramedRead::new(ours, Codec), sender));
        asterisk.write_all(&audio(&[7; 1_600])).await.expect("written");
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(!pumping.is_finished());
        drop(frames);
        pumping.await.expect("ends with its listener");
    }
}
