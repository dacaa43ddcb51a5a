//! How long a WAV file plays: a simulated switch takes as long over it as a
//! real one.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// The length of a RIFF WAVE file by its header; none if it is missing or no
/// WAV file.
pub fn play_length(path: &Path) -> Option<Duration> {
    let file = File::open(path).ok()?;
    let file_len = file.metadata().ok()?.len();
    let mut head = Vec::new();
    file.take(64 * 1024).read_to_end(&mut head).ok()?;
    length(&head, file_len)
}

fn length(head: &[u8], file_len: u64) -> Option<Duration> {
    if head.get(..4)? != b"RIFF" || head.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut bytes_per_second = None;
    let mut at = 12;
    loop {
        let id = head.get(at..at + 4)?;
        let size = u64::from(u32::from_le_bytes(head.get(at + 4..at + 8)?.try_into().ok()?));
        let body = at + 8;
        if id == b"fmt " {
            let rate = u32::from_le_bytes(head.get(body + 8..body + 12)?.try_into().ok()?);
            bytes_per_second = Some(rate).filter(|rate| *rate > 0);
        } else if id == b"data" {
            // A header written before the end was known may claim more.
            let there = size.min(file_len.saturating_sub(body as u64));
            return Some(Duration::from_secs_f64(there as f64 / f64::from(bytes_per_second?)));
        }
        at = body.checked_add(usize::try_from(size).ok()?.checked_add((size % 2) as usize)?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(data_len: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
        bytes.extend(data_len.to_le_bytes());
        bytes
    }

    #[test]
    fn length_by_header_bounded_by_the_file() {
        let head = wav(16_000);
        assert_eq!(length(&head, 44 + 16_000), Some(Duration::from_secs(1)));
        let head = wav(u32::MAX);
        assert_eq!(length(&head, 44 + 8_000), Some(Duration::from_millis(500)));
    }

    #[test]
    fn garbage_has_no_length() {
        assert_eq!(length(b"", 0), None);
        assert_eq!(length(b"RIFF\0\0\0\0WAVE", 12), None);
        let head = wav(16_000);
        for cut in 0..head.len() {
            let _ = length(&head[..cut], cut as u64);
        }
        assert_eq!(play_length(Path::new("/nonexistent.wav")), None);
    }
}
