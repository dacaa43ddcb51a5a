//! Reading a list row by row, in constant memory.

use std::io::Read;

use super::columns::Layout;
use super::error::{ListError, ListWarning};
use super::header;
use super::record::{self, Field, Scan};
use super::row::{Encoded, RawRow, RejectReason, Rejected, Row};
use super::sniff;
use super::source::Source;
use crate::number::{NumberRules, PhoneNumber};

/// A row of more bytes is rejected: it is a broken quote or no list.
pub const LONGEST_ROW: usize = 64 * 1024;

/// How much of a row that could not be taken apart is shown.
const SHOWN: usize = 1024;

/// In order of preference where the header leaves a choice.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

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
    /// Reads the header; the rows come by iteration.
    pub fn new(source: R, rules: NumberRules) -> Result<Self, ListError> {
        let mut source = Source::open(source)?;
        sniff::check(source.bytes())?;
        let mut line = 1;
        skip_blank_lines(&mut source, &mut line)?;
        let declared = declared_separator(&mut source, &mut line);
        skip_blank_lines(&mut source, &mut line)?;
        if source.bytes().len() <= LONGEST_ROW && !source.at_end() {
            source.fill()?;
        }
        let header = read_header(&source, declared)?;
        source.consume(header.length);
        line += header.lines;
        let names: Vec<String> =
            header.row.cells().map(|cell| super::cell::text(cell).unwrap_or_default().into()).collect();
        let columns = header::columns(&names).map_err(|error| no_header(error, &names, rules))?;
        if source.at_end() && source.bytes().trim_ascii().is_empty() {
            return Err(ListError::NoRows);
        }
        let warnings = match header.encoded {
            Encoded::Utf8 => Vec::new(),
            Encoded::Windows1252 => vec![ListWarning::HeaderNotUtf8],
            Encoded::Neither => return Err(ListError::Header { reason: "it is not text" }),
        };
        let layout = Layout::new(header.separator, names, columns, rules);
        Ok(Self { source, layout, line, fields: Vec::new(), warnings, not_utf8: None, done: false })
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
            let Window { bytes: window, at_end, full } = Window::of(&self.source);
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

/// As many bytes as a row may have, so that what a row is does not depend on
/// how many more happen to be there.
struct Window<'a> {
    bytes: &'a [u8],
    /// Nothing follows these bytes.
    at_end: bool,
    /// A row that is not whole in these bytes is too long.
    full: bool,
}

impl<'a> Window<'a> {
    fn of<R: Read>(source: &'a Source<R>) -> Self {
        match source.bytes().split_at_checked(LONGEST_ROW) {
            Some((bytes, rest)) if !rest.is_empty() => Self { bytes, at_end: false, full: true },
            Some(_) | None => Self { bytes: source.bytes(), at_end: source.at_end(), full: false },
        }
    }
}

struct Header {
    separator: u8,
    length: usize,
    lines: u64,
    row: RawRow,
    encoded: Encoded,
}

/// Goes to the first line with anything but empty cells on it.
fn skip_blank_lines<R: Read>(source: &mut Source<R>, line: &mut u64) -> Result<(), ListError> {
    let blank = |b: &u8| b.is_ascii_whitespace() || SEPARATORS.contains(b);
    loop {
        match record::line(source.bytes(), source.at_end()) {
            Some((_, 0)) => return Err(ListError::Empty),
            Some((text, whole)) if source.bytes().iter().take(text).all(blank) => {
                source.consume(whole);
                *line += 1;
            }
            Some(_) => return Ok(()),
            None if source.bytes().len() > LONGEST_ROW => return Ok(()),
            None => source.fill()?,
        }
    }
}

/// `sep=;` on a line of its own before the header tells Excel the separator.
fn declared_separator<R: Read>(source: &mut Source<R>, line: &mut u64) -> Option<u8> {
    let (text, whole) = record::line(source.bytes(), source.at_end())?;
    let declaration = source.bytes().get(..text)?;
    let declaration = declaration.strip_prefix(b"\"").and_then(|d| d.strip_suffix(b"\"")).unwrap_or(declaration);
    let separator = match declaration.split_at_checked(4)? {
        (head, [separator]) if head.eq_ignore_ascii_case(b"sep=") => *separator,
        _ => return None,
    };
    let separator = SEPARATORS.contains(&separator).then_some(separator)?;
    source.consume(whole);
    *line += 1;
    Some(separator)
}

/// Reads the first record with the separator that shows a phone column, or
/// else the one that gives the most columns.
fn read_header<R: Read>(source: &Source<R>, declared: Option<u8>) -> Result<Header, ListError> {
    let Window { bytes: window, at_end, full: _ } = Window::of(source);
    let mut best: Option<((bool, usize), Header)> = None;
    let mut broken = false;
    for separator in SEPARATORS.into_iter().filter(|s| declared.is_none_or(|declared| declared == *s)) {
        let mut fields = Vec::new();
        match record::scan(window, separator, at_end, &mut fields) {
            Scan::Record { length, lines } => {
                let (row, encoded) = RawRow::decode(window.get(..length).unwrap_or_default(), &fields);
                let names: Vec<String> =
                    row.cells().map(|cell| super::cell::text(cell).unwrap_or_default().into()).collect();
                let score = (header::names_a_phone(&names), names.len());
                if best.as_ref().is_none_or(|(other, _)| score > *other) {
                    best = Some((score, Header { separator, length, lines, row, encoded }));
                }
            }
            Scan::Incomplete => {}
            Scan::BrokenQuotes => broken = true,
        }
    }
    match best {
        Some(((names_a_phone, _), header)) if names_a_phone || !broken => Ok(header),
        Some(_) | None if broken => Err(ListError::Header { reason: "its quotes are broken" }),
        Some(_) | None => Err(ListError::Header { reason: "it is too long" }),
    }
}

/// A first line without a phone column but with a number is a contact.
fn no_header(error: ListError, names: &[String], rules: NumberRules) -> ListError {
    let number = |name: &&String| PhoneNumber::parse(name, rules).is_ok();
    match (&error, names.iter().find(number)) {
        (ListError::NoPhoneColumn { .. }, Some(found)) => ListError::NoHeader { found: found.clone() },
        _ => error,
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
