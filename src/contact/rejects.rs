//! The rows that were not taken, as a list: with line and reason in front, to
//! be mended and imported again.

use std::fmt;
use std::io::{self, Read, Write};

use super::cell::escape;
use super::header::OURS;
use super::reader::ListReader;
use super::row::{RawRow, RejectReason};

/// Writes `rejected.csv`: UTF-8 with a byte-order mark (for Excel), the list's
/// own separator, the columns `rejected_line` and `rejected_reason`, then the
/// list's columns as they were.
///
/// A cell that a spreadsheet would run as a formula, numbers with `+` among
/// them, has an apostrophe in front; [`ListReader`] takes that off, and leaves
/// the two columns out, when the file is imported again.
pub struct RejectedWriter {
    csv: csv::Writer<Box<dyn Write + Send>>,
}

impl RejectedWriter {
    /// Writes the header. `out` needs no buffer.
    pub fn new<R: Read>(mut out: impl Write + Send + 'static, list: &ListReader<R>) -> io::Result<Self> {
        out.write_all("\u{FEFF}".as_bytes())?;
        let separator = u8::try_from(list.separator()).unwrap_or(b',');
        let out: Box<dyn Write + Send> = Box::new(out);
        let mut csv = csv::WriterBuilder::new().delimiter(separator).flexible(true).from_writer(out);
        for name in OURS {
            csv.write_field(name)?;
        }
        write_cells(&mut csv, list.header().iter().map(String::as_str))?;
        Ok(Self { csv })
    }

    /// Writes a row.
    pub fn write(&mut self, line: u64, reason: &RejectReason, raw: &RawRow) -> io::Result<()> {
        self.csv.write_field(line.to_string())?;
        self.csv.write_field(escape(&reason.to_string()).as_bytes())?;
        write_cells(&mut self.csv, raw.cells())
    }

    /// Writes out what is still in the buffer.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

fn write_cells<'a>(csv: &mut csv::Writer<impl Write>, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
    for cell in cells {
        csv.write_field(escape(cell).as_bytes())?;
    }
    Ok(csv.write_record(None::<&[u8]>)?)
}

impl fmt::Debug for RejectedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedWriter").finish_non_exhaustive()
    }
}
