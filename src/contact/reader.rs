//! Reading a list row by row, in constant memory.

use std::fmt;
use std::io::Read;

use super::columns::Layout;
use super::error::{ListError, ListWarning};
use super::header;
use super::opening;
use super::record::{self, Field, Scan};
use super::row::{Encoded, RawRow, RejectReason, Rejected, Row};
use super::sniff;
use super::source::{Source, Window};
use crate::number::NumberRules;

/// How much of a row that could not be taken apart is shown.
const SHOWN: usize = 1024;

/// Reads contacts from a CSV list as people export them.
///
/// Separator (`,` `;` tab `|`, or what a first line `sep=…` says) and columns
/// are told by the header. Each row is UTF-8 or else Windows-1252; UTF-16 needs
/// its byte-order mark. Rows without any text are passed over; missing cells at
/// a row's end are empty; empty cells more than the header has are ignored.
///
/// Iterating gives each row in order, and an error only if the file cannot be
/// read on; after that, and after the last row, nothing more.
///
/// ```
/// use canvass::contact::{ListReader, Row};
/// use canvass::number::{NumberCheck, NumberRules, Region};
///
/// # fn main() -> Result<(), canvass::contact::ListError> {
/// let list = "Phone;First Name;deal stage\n(212) 736-5000;Ada;proposal\n12;Bob;\n";
/// let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
/// for row in ListReader::new(list.as_bytes(), rules)? {
///     match row? {
///         Row::Contact { contact, .. } => {
///             assert_eq!(contact.number.to_string(), "+12127365000");
///             assert_eq!(contact.variables["deal stage"], "proposal");
///         }
///         Row::Rejected(row) => assert_eq!((row.line, row.reason.to_string().as_str()), (3, "phone number: too short")),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct ListReader<R> {
    source: Source<R>,
    layout: Layout,
    /// The physical line the next row begins on.
    line: u64,
    fields: Vec<Field>,
    warnings: Vec<ListWarning>,
    not_utf8: Option<(u64, u64)>,
    done: bool,
}

impl<R: Read> ListReader<R> {
    /// Reads the header; the rows come by iteration. Both wait for the source:
    /// on a thread that may, if it is a file.
    pub fn new(source: R, rules: NumberRules) -> Result<Self, ListError> {
        let mut source = Source::open(source)?;
        sniff::check(source.bytes())?;
        let opening = opening::read(&mut source)?;
        let names = opening.names;
        let columns = header::columns(&names).map_err(|error| opening::no_header(error, &names, rules))?;
        if source.at_end() && source.bytes().trim_ascii().is_empty() {
            return Err(ListError::NoRows);
        }
        let warnings = if opening.utf8 { Vec::new() } else { vec![ListWarning::HeaderNotUtf8] };
        let layout = Layout::new(opening.separator, names, columns, rules);
        Ok(Self { source, layout, line: opening.lines + 1, fields: Vec::new(), warnings, not_utf8: None, done: false })
    }

    /// A list without a header: a number a line, and nothing else.
    pub fn of_numbers(source: R, rules: NumberRules) -> Result<Self, ListError> {
        let source = Source::open(source)?;
        sniff::check(source.bytes())?;
        let names = vec!["phone_number".to_owned()];
        let columns = header::columns(&names)?;
        let layout = Layout::new(b',', names, columns, rules);
        Ok(Self { source, layout, line: 1, fields: Vec::new(), warnings: Vec::new(), not_utf8: None, done: false })
    }

    /// The names of the columns, as written.
    pub fn header(&self) -> &[String] {
        self.layout.names()
    }

    /// What separates the cells: `,` `;` `|` or a tab.
    pub fn separator(&self) -> char {
        char::from(self.layout.separator())
    }

    /// What was odd so far; complete after the last row.
    pub fn warnings(&self) -> Vec<ListWarning> {
        let mut warnings = self.warnings.clone();
        warnings.extend(self.layout.unnamed_with_values().map(|column| ListWarning::UnnamedColumn { column }));
        warnings.extend(self.not_utf8.map(|(rows, first_line)| ListWarning::NotUtf8 { rows, first_line }));
        warnings
    }

    fn read_row(&mut self) -> Result<Option<Row>, ListError> {
        loop {
            let Window { bytes: window, at_end, full } = self.source.window();
            if window.is_empty() && at_end {
                return Ok(None);
            }
            match record::scan(window, self.layout.separator(), at_end, &mut self.fields) {
                Scan::Record { length, lines } => {
                    let record = window.get(..length).unwrap_or_default();
                    let (raw, encoded) = RawRow::decode(record, &self.fields);
                    let line = self.line;
                    self.source.consume(length);
                    self.line += lines;
                    if let Some(row) = self.understand(line, raw, encoded) {
                        return Ok(Some(row));
                    }
                }
                Scan::Incomplete if !full => self.source.fill()?,
                // Only the line is given up: the quote that was not closed
                // must not swallow the contacts after it.
                Scan::Incomplete | Scan::BrokenQuotes => match record::line(window, at_end) {
                    Some((text, length)) => {
                        let raw = shown(window.get(..text).unwrap_or_default());
                        self.source.consume(length);
                        return Ok(Some(self.reject_line(RejectReason::BrokenQuotes, raw)));
                    }
                    None if full => {
                        let raw = shown(window);
                        self.skip_line()?;
                        return Ok(Some(self.reject_line(RejectReason::TooLong, raw)));
                    }
                    None => self.source.fill()?,
                },
            }
        }
    }

    /// Rejects one physical line.
    fn reject_line(&mut self, reason: RejectReason, raw: RawRow) -> Row {
        let line = self.line;
        self.line += 1;
        Row::Rejected(Rejected { line, reason, raw })
    }

    /// Goes to the beginning of the next physical line, however far it is.
    fn skip_line(&mut self) -> Result<(), ListError> {
        loop {
            let (window, at_end) = (self.source.bytes(), self.source.at_end());
            if let Some((_, whole)) = record::line(window, at_end) {
                self.source.consume(whole);
                return Ok(());
            }
            // A CR at the end of the window may be half of a CRLF.
            self.source.consume(window.len() - usize::from(window.last() == Some(&b'\r')));
            self.source.fill()?;
        }
    }

    /// A row from its cells; none if they are all empty.
    fn understand(&mut self, line: u64, raw: RawRow, encoded: Encoded) -> Option<Row> {
        if raw.cells().all(|cell| super::cell::text(cell).is_none()) {
            return None;
        }
        let contact = match encoded {
            Encoded::Utf8 => self.layout.contact(&raw),
            Encoded::Windows1252 => {
                self.not_utf8.get_or_insert((0, line)).0 += 1;
                self.layout.contact(&raw)
            }
            Encoded::Neither => Err(RejectReason::Undecodable),
        };
        Some(match contact {
            Ok(contact) => Row::Contact { line, contact, raw },
            Err(reason) => Row::Rejected(Rejected { line, reason, raw }),
        })
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.source.capacity() + self.fields.capacity() * size_of::<Field>()
    }
}

impl<R> fmt::Debug for ListReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListReader")
            .field("columns", &self.layout.names())
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Iterator for ListReader<R> {
    type Item = Result<Row, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let row = self.read_row().transpose();
        self.done = !matches!(row, Some(Ok(_)));
        row
    }
}

/// The beginning of a line that cannot be taken apart.
fn shown(line: &[u8]) -> RawRow {
    let (row, _) = RawRow::decode(line, &[Field { start: 0, end: line.len(), quoted: false }]);
    let mut text: String = row.cells().flat_map(str::chars).take(SHOWN).collect();
    if row.size() > text.len() {
        text.push('…');
    }
    RawRow::of(text)
}

#[cfg(test)]
mod tests;
