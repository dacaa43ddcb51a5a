//! Why a whole list cannot be read, and what its reader should know of one
//! that was.

use std::io;

use serde::{Serialize, Serializer};

/// Why a file is not a list of contacts. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// Nothing but white space.
    #[error("the file is empty: the first line must name the columns, the next lines hold one contact each")]
    Empty,
    /// A header, and nothing below it.
    #[error("the file has a header but no contacts below it")]
    NoRows,
    /// Not a CSV file.
    #[error("this is {what}, not a CSV file: {advice}")]
    NotCsv {
        /// What it looks like.
        what: &'static str,
        /// How to get a CSV file.
        advice: &'static str,
    },
    /// The first line is a contact, not a header.
    #[error(
        "the first line holds the number {found} where the names of the columns belong: \
         put a line above it that names them, with phone_number for the numbers"
    )]
    NoHeader {
        /// What looks like a number.
        found: String,
    },
    /// No column has a name that means a phone number.
    #[error(
        "no column holds the phone numbers: name one of them phone_number (columns found: {}{})",
        .columns.join(", "),
        .nearest.as_ref().map(|name| format!("; perhaps \"{name}\"?")).unwrap_or_default()
    )]
    NoPhoneColumn {
        /// The columns, as written.
        columns: Vec<String>,
        /// The one most like a phone column.
        nearest: Option<String>,
    },
    /// Several columns could hold the number to call.
    #[error("several columns hold phone numbers ({}): name the one to call phone_number", .columns.join(", "))]
    SeveralPhoneColumns {
        /// Those columns, as written.
        columns: Vec<String>,
    },
    /// Two columns have the same name.
    #[error("two columns are named \"{name}\": rename or remove one")]
    DuplicateColumn {
        /// The name, as written the second time.
        name: String,
    },
    /// The header is longer than any row may be, or its quotes are broken.
    #[error("the first line cannot be read as the names of the columns: {reason}")]
    Header {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file could not be read on.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// What is odd about a list that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListWarning {
    /// Some rows are no UTF-8.
    #[error(
        "{rows} rows, the first on line {first_line}, are not UTF-8 and were read as Windows-1252: check accented letters"
    )]
    NotUtf8 {
        /// How many.
        rows: u64,
        /// The line of the first.
        first_line: u64,
    },
    /// The header is no UTF-8.
    #[error("the header is not UTF-8 and was read as Windows-1252: check accented letters")]
    HeaderNotUtf8,
    /// A column has values but no name.
    #[error("column {column} has no name: its values are not kept")]
    UnnamedColumn {
        /// Its position, from 1.
        column: usize,
    },
}

impl Serialize for ListWarning {
    /// As the sentence it is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
