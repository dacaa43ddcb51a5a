//! Contact lists: reading them from CSV, and what a contact is.
//!
//! | module | holds |
//! |---|---|
//! | `source` | the bytes of a file, in blocks; UTF-16 made UTF-8 |
//! | `sniff` | what is no list: workbooks, PDFs, binary files |
//! | `record` | where a record ends and its fields are |
//! | `row` | its cells decoded; why a row is rejected |
//! | `opening` | the first line: separator and names of columns |
//! | `header` | what the columns mean |
//! | `cell` | what spreadsheets put around a cell |
//! | `columns` | from cells to a contact |
//! | `reader` | [`ListReader`]: all of these, row by row |
//! | `rejects` | the rows not taken, as a list to mend and import again |
//! | `import` | a whole list into a campaign, a group, or onto the do-not-call list |
//! | `template` | an example of a list |
//! | `group` | what names a group of contacts |
//! | `placeholders` | `{{name}}` in texts that are spoken |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::number::PhoneNumber;

mod cell;
mod columns;
mod error;
mod group;
mod header;
mod import;
mod opening;
mod placeholders;
mod reader;
mod record;
mod rejects;
mod row;
mod sniff;
mod source;
mod template;

pub use error::{ListError, ListWarning};
pub use group::ContactGroupId;
pub use import::{
    GroupImport, ImportError, ImportSummary, NotReplaced, RejectedLine, Replaced, Replacement, SHRINK, Unwanted,
    import_do_not_call, import_group, import_list,
};
pub(crate) use placeholders::speakable;
pub use placeholders::{ContactFields, fill, placeholders, unknown_placeholders};
pub use reader::ListReader;
pub use rejects::RejectedWriter;
pub use row::{RawRow, RejectReason, Rejected, Row};
pub use source::LONGEST_ROW;
pub use template::TEMPLATE;

/// A person to be called, as a list gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewContact {
    /// Whom to call.
    pub number: PhoneNumber,
    /// Full name; from `name`, or first and last name joined.
    pub name: Option<String>,
    /// E-mail address, unchecked.
    pub email: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Time zone by its IANA name, as given.
    pub timezone: Option<String>,
    /// What is on record of the person's consent, as given.
    pub consent: Option<String>,
    /// Every other column of the list, by its header as written.
    pub variables: BTreeMap<String, String>,
}

impl NewContact {
    /// What stands in a column of its list that is no known one, whatever the
    /// case of its header.
    pub fn column(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(written, _)| written.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A contact of whom only the number is known.
    pub fn of(number: PhoneNumber) -> Self {
        Self {
            number,
            name: None,
            email: None,
            company: None,
            notes: None,
            timezone: None,
            consent: None,
            variables: BTreeMap::new(),
        }
    }
}
