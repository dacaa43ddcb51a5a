//! The rows of a list, read or rejected.

use encoding_rs::WINDOWS_1252;

use super::NewContact;
use super::record::Field;
use crate::number::NumberError;

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A contact that can be called.
    Contact {
        /// The line of the file the row begins on, from 1.
        line: u64,
        /// The contact.
        contact: NewContact,
        /// The cells it came from.
        raw: RawRow,
    },
    /// A row that is no contact.
    Rejected(Rejected),
}

/// A row that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The line of the file the row begins on, from 1.
    pub line: u64,
    /// Why it was not taken.
    pub reason: RejectReason,
    /// The row's cells as they were; a row that could not be taken apart is
    /// one cell, which ends with `…` if it is cut.
    pub raw: RawRow,
}

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// The cell of the number is empty.
    #[error("the phone number is missing")]
    NoNumber,
    /// The number is none we would call.
    #[error("phone number: {0}")]
    Number(#[from] NumberError),
    /// More cells than the header has columns, so nobody knows which is which.
    #[error("{found} cells but {columns} columns: put cells that contain the separator in quotes")]
    TooManyCells {
        /// Cells in the row.
        found: usize,
        /// Columns in the header.
        columns: usize,
    },
    /// The row is longer than [`LONGEST_ROW`](super::LONGEST_ROW).
    #[error("the row is too long")]
    TooLong,
    /// A quote that is not closed, or text after a closing quote.
    #[error("broken quotes: a cell in quotes must end with a quote, and a quote inside it is written twice")]
    BrokenQuotes,
    /// Bytes that are text neither in UTF-8 nor in Windows-1252.
    #[error("the row is neither UTF-8 nor Windows-1252 text: save the list as CSV in UTF-8")]
    Undecodable,
    /// No such time zone.
    #[error("\"{0}\" is not a time zone: write an IANA name such as America/New_York")]
    UnknownTimezone(String),
    /// The number is already in the list or the campaign.
    #[error("duplicate: the number is already in the campaign")]
    Duplicate,
}

/// The cells of a row as the file has them, decoded and out of their quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawRow {
    text: String,
    ends: Vec<usize>,
}

/// How the text of a row was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoded {
    Utf8,
    Windows1252,
    /// In neither; the cells are as good as they get.
    Neither,
}

impl RawRow {
    /// A row of one cell.
    pub(super) fn of(text: String) -> Self {
        Self { ends: vec![text.len()], text }
    }

    /// The fields of a record, decoded: as UTF-8 if the whole record is, else
    /// as Windows-1252.
    pub(super) fn decode(record: &[u8], fields: &[Field]) -> (Self, Encoded) {
        let mut row = Self { text: String::with_capacity(record.len()), ends: Vec::with_capacity(fields.len()) };
        if let Ok(text) = std::str::from_utf8(record) {
            for field in fields {
                row.push(text.get(field.start..field.end).unwrap_or_default(), field.quoted);
            }
            let encoded = if memchr::memchr(0, record).is_some() { Encoded::Neither } else { Encoded::Utf8 };
            return (row, encoded);
        }
        for field in fields {
            let (text, _) =
                WINDOWS_1252.decode_without_bom_handling(record.get(field.start..field.end).unwrap_or_default());
            row.push(&text, field.quoted);
        }
        // Bytes that Windows-1252 does not have, and zeros, which no database
        // keeps in a text.
        let undefined = |b: &u8| matches!(b, 0 | 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
        (row, if record.iter().any(undefined) { Encoded::Neither } else { Encoded::Windows1252 })
    }

    fn push(&mut self, mut text: &str, quoted: bool) {
        if quoted {
            while let Some((before, after)) = text.split_once("\"\"") {
                self.text.push_str(before);
                self.text.push('"');
                text = after;
            }
        }
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// The cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.text.get(start..*end).unwrap_or_default())
    }

    /// How many cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of text.
    pub(super) fn size(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::record::scan;

    fn decode(record: &[u8]) -> (Vec<String>, Encoded) {
        let mut fields = Vec::new();
        scan(record, b',', true, &mut fields);
        let (row, encoded) = RawRow::decode(record, &fields);
        (row.cells().map(str::to_owned).collect(), encoded)
    }

    #[test]
    fn a_row_is_decoded_as_what_it_is() {
        assert_eq!(decode("Zoë,\"a \"\"b\"\"\"".as_bytes()), (vec!["Zoë".into(), "a \"b\"".into()], Encoded::Utf8));
        assert_eq!(decode(b"Zo\xEB,\x80 5"), (vec!["Zoë".into(), "€ 5".into()], Encoded::Windows1252));
        assert_eq!(decode(b"Zo\x81,a").1, Encoded::Neither);
        assert_eq!(decode(b"Zo\0,a").1, Encoded::Neither);
        assert_eq!(decode(b"Zo\xEB\0,a").1, Encoded::Neither);
    }

    #[test]
    fn cells_keep_their_places() {
        let (cells, _) = decode(b",\"\",a,");
        assert_eq!(cells, ["", "", "a", ""]);
        assert_eq!(RawRow::of("x".into()).cells().collect::<Vec<_>>(), ["x"]);
    }
}
