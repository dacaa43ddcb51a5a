//! What kind of file it is, by its first bytes, and whether it has its end.

use std::borrow::Cow;

use super::ConvertError;

/// The files that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Wav,
    Mp3,
    Ogg,
    Flac,
}

impl Container {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wav => "WAV",
            Self::Mp3 => "MP3",
            Self::Ogg => "Ogg",
            Self::Flac => "FLAC",
        }
    }
}

/// Looks at the first bytes, so that a text or a picture is told as such
/// instead of searched for sound.
pub(super) fn recognize(bytes: &[u8]) -> Result<Container, ConvertError> {
    if bytes.is_empty() {
        return Err(ConvertError::Empty);
    }
    let after_tag = &bytes[id3_length(bytes).min(bytes.len())..];
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Ok(Container::Wav),
        [b'O', b'g', b'g', b'S', ..] => Ok(Container::Ogg),
        [b'f', b'L', b'a', b'C', ..] => Ok(Container::Flac),
        [b'I', b'D', b'3', ..] if after_tag.starts_with(b"fLaC") => Ok(Container::Flac),
        [b'I', b'D', b'3', ..] => Ok(Container::Mp3),
        _ if is_mpeg_frame(bytes) => Ok(Container::Mp3),
        _ => Err(ConvertError::NotAudio),
    }
}

/// A WAV file with the length of its sound in its header. Who writes to a pipe
/// cannot know it, and leaves the largest number there is (sox: nearly).
pub(super) fn wav_with_its_length(bytes: &[u8]) -> Cow<'_, [u8]> {
    const UNKNOWN: u32 = 0x7fff_0000;
    let mut at = 12;
    while let Some(header) = bytes.get(at..at + 8) {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if &header[..4] == b"data" {
            let there = u32::try_from(bytes.len() - at - 8).unwrap_or(u32::MAX);
            if length < UNKNOWN || length <= there {
                break;
            }
            let mut mended = bytes.to_vec();
            mended[at + 4..at + 8].copy_from_slice(&there.to_le_bytes());
            return Cow::Owned(mended);
        }
        at = at.saturating_add(8).saturating_add(length as usize).saturating_add(length as usize % 2);
        if at > bytes.len() {
            break;
        }
    }
    Cow::Borrowed(bytes)
}

/// Whether an MP3 says how many frames it has: in a Xing or Info header. What
/// the decoder guesses from size and bit rate is no statement.
pub(super) fn mp3_states_its_length(bytes: &[u8]) -> bool {
    // The header stands in the first frame, behind up to 36 bytes of others.
    let frame = &bytes[id3_length(bytes).min(bytes.len())..];
    let frame = &frame[..frame.len().min(64)];
    frame.windows(4).any(|tag| matches!(tag, b"Xing" | b"Info" | b"VBRI"))
}

/// Whether the last page of an Ogg file is there, whole, and says that it is
/// the last (RFC 3533, section 6).
pub(super) fn ogg_has_its_end(bytes: &[u8]) -> bool {
    const END_OF_STREAM: u8 = 0x04;
    const HEADER: usize = 27;
    let Some(at) = memchr::memmem::rfind(bytes, b"OggS") else { return false };
    let Some([_, _, _, _, _, flags, ..]) = bytes.get(at..at + HEADER) else { return false };
    let segments = usize::from(bytes[at + HEADER - 1]);
    let Some(table) = bytes.get(at + HEADER..at + HEADER + segments) else { return false };
    let body: usize = table.iter().map(|length| usize::from(*length)).sum();
    flags & END_OF_STREAM != 0 && bytes.len() >= at + HEADER + segments + body
}

/// The bytes of an ID3v2 tag at the beginning, 0 if there is none
/// (id3.org, "ID3v2.4.0 - Main Structure", 3.1).
fn id3_length(bytes: &[u8]) -> usize {
    match bytes {
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].into_iter().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f))
        }
        _ => 0,
    }
}

/// The sync word of a frame, of layer 3, with a bit rate and a sample rate
/// (ISO 11172-3, 2.4.1.3).
fn is_mpeg_frame(bytes: &[u8]) -> bool {
    let [0xff, b, c, ..] = bytes else { return false };
    let (version, layer) = (b >> 3 & 3, b >> 1 & 3);
    b >> 5 == 7 && version != 1 && layer == 1 && c >> 4 != 15 && c >> 2 & 3 != 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(recognize(b"RIFF\0\0\0\0WAVEfmt "), Ok(Container::Wav));
        assert_eq!(recognize(b"OggS\0"), Ok(Container::Ogg));
        assert_eq!(recognize(b"fLaC\0"), Ok(Container::Flac));
        assert_eq!(recognize(b"ID3\x04\0\0\0\0\0\x02xxfLaC"), Ok(Container::Flac));
        assert_eq!(recognize(b"ID3\x04\0\0\0\0\0\x02xx\xff\xfb"), Ok(Container::Mp3));
        assert_eq!(recognize(&[0xff, 0xfb, 0x90, 0x00]), Ok(Container::Mp3));
        assert_eq!(recognize(b""), Err(ConvertError::Empty));
        for other in [&b"phone,name\n"[..], b"%PDF-1.7", b"\x89PNG\r\n", b"RIFF\0\0\0\0AVI ", b"\xff\xd8\xff\xe0", b"R"]
        {
            assert_eq!(recognize(other), Err(ConvertError::NotAudio), "{other:?}");
        }
    }

    #[test]
    fn an_ogg_file_ends_with_its_last_page() {
        let page = |flags: u8, body: &[u8]| {
            let mut page = b"OggS\0".to_vec();
            page.push(flags);
            page.extend([0; 20]);
            page.extend([1, body.len() as u8]);
            page.extend(body);
            page
        };
        let whole = [page(2, b"first"), page(4, b"last")].concat();
        assert!(ogg_has_its_end(&whole));
        for cut in 0..whole.len() {
            assert!(!ogg_has_its_end(&whole[..cut]), "{cut}");
        }
        assert!(!ogg_has_its_end(&page(0, b"more to come")));
    }

    #[test]
    fn a_tag_may_claim_any_length() {
        assert_eq!(id3_length(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"), 10 + (1 << 28) - 1);
        assert_eq!(recognize(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"), Ok(Container::Mp3));
        assert!(!mp3_states_its_length(b"ID3\x04\0\0\x7f\x7f\x7f\x7f"));
    }
}
