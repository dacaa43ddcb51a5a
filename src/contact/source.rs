//! The bytes of a list, read in blocks into one bounded buffer.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

/// A row of more bytes is rejected: it is a broken quote or no list.
pub const LONGEST_ROW: usize = 64 * 1024;

/// How much is read at a time.
pub(super) const BLOCK: usize = 64 * 1024;

/// A list's bytes, some at a time. A byte-order mark is taken off; UTF-16 comes
/// out as UTF-8.
pub(super) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    at_end: bool,
    utf16: Option<Utf16>,
}

/// As many bytes as a row may have, so that what a row is does not depend on
/// how many more happen to be there.
pub(super) struct Window<'a> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// Nothing follows them.
    pub(super) at_end: bool,
    /// A row that is not whole in them is too long.
    pub(super) full: bool,
}

struct Utf16 {
    decoder: Decoder,
    block: Vec<u8>,
}

impl<R: Read> Source<R> {
    /// Reads the first block.
    pub(super) fn open(inner: R) -> io::Result<Self> {
        let mut source = Self { inner, buffer: Vec::new(), start: 0, at_end: false, utf16: None };
        source.fill()?;
        match Encoding::for_bom(&source.buffer) {
            Some((encoding, mark)) if encoding == UTF_8 => source.consume(mark),
            Some((encoding, mark)) => {
                let first = source.buffer.split_off(mark);
                source.buffer.clear();
                source.utf16 = Some(Utf16 { decoder: encoding.new_decoder_without_bom_handling(), block: Vec::new() });
                source.transcode(&first);
            }
            None => {}
        }
        Ok(source)
    }

    /// What was read and not yet consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// As many of them as a row may have.
    pub(super) fn window(&self) -> Window<'_> {
        match self.bytes().split_at_checked(LONGEST_ROW) {
            Some((bytes, rest)) if !rest.is_empty() => Window { bytes, at_end: false, full: true },
            Some(_) | None => Window { bytes: self.bytes(), at_end: self.at_end, full: false },
        }
    }

    /// Whether the bytes reach to the end of the list.
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Leaves `count` bytes behind.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.buffer.len());
    }

    /// Reads one more block, or learns that there is none.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        match self.utf16.take() {
            None => {
                self.buffer.reserve(BLOCK);
                self.at_end = read_block(&mut self.inner, &mut self.buffer)?;
            }
            Some(mut utf16) => {
                let mut block = std::mem::take(&mut utf16.block);
                self.utf16 = Some(utf16);
                block.clear();
                self.at_end = read_block(&mut self.inner, &mut block)?;
                self.transcode(&block);
                if let Some(utf16) = &mut self.utf16 {
                    utf16.block = block;
                }
            }
        }
        Ok(())
    }

    /// Appends a block of UTF-16 as UTF-8. What is not UTF-16 becomes U+FFFD.
    fn transcode(&mut self, block: &[u8]) {
        let Some(utf16) = &mut self.utf16 else { return };
        let mut text = String::with_capacity(utf16.decoder.max_utf8_buffer_length(block.len()).unwrap_or(BLOCK));
        let mut rest = block;
        loop {
            let (result, read, _) = utf16.decoder.decode_to_string(rest, &mut text, self.at_end);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                CoderResult::InputEmpty => break,
                CoderResult::OutputFull => text.reserve(BLOCK),
            }
        }
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// The memory held.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity() + self.utf16.as_ref().map_or(0, |utf16| utf16.block.capacity())
    }
}

/// Appends a block; `true`: the end was reached.
fn read_block(inner: &mut impl Read, into: &mut Vec<u8>) -> io::Result<bool> {
    Ok(inner.take(BLOCK as u64).read_to_end(into)? < BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> String {
        let mut source = Source::open(bytes).expect("memory can be read");
        let mut read = Vec::new();
        loop {
            read.extend_from_slice(source.bytes());
            source.consume(source.bytes().len());
            if source.at_end() {
                return String::from_utf8(read).expect("UTF-8");
            }
            source.fill().expect("memory can be read");
        }
    }

    fn utf16le(text: &str) -> Vec<u8> {
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    }

    #[test]
    fn a_mark_is_no_part_of_the_text() {
        assert_eq!(all(b"\xEF\xBB\xBFphone"), "phone");
        assert_eq!(all(b"phone"), "phone");
        assert_eq!(all(b""), "");
    }

    #[test]
    fn utf16_with_a_mark_is_read() {
        assert_eq!(all(&utf16le("phone\tZoë 😀")), "phone\tZoë 😀");
        let big_endian: Vec<u8> =
            [0xFE, 0xFF].into_iter().chain("Zoë".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(all(&big_endian), "Zoë");
    }

    /// The odd offset makes a character straddle two blocks.
    #[test]
    fn characters_across_blocks_stay_whole() {
        let text = format!("a{}", "😀ë".repeat(BLOCK));
        assert_eq!(all(&utf16le(&text)), text);
        assert_eq!(all(text.as_bytes()), text);
    }

    #[test]
    fn a_halved_character_at_the_end_is_replaced() {
        let mut bytes = utf16le("ab");
        bytes.pop();
        assert_eq!(all(&bytes), "a\u{FFFD}");
    }
}
