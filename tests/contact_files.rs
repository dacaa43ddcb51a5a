//! Whole files as programs export them.

use std::fs::File;
use std::path::Path;

use canvass::contact::{ListReader, ListWarning, NewContact, Row};
use canvass::number::{NumberCheck, NumberRules};

struct Read {
    contacts: Vec<NewContact>,
    /// Line and reason.
    rejected: Vec<(u64, String)>,
    warnings: Vec<ListWarning>,
}

fn read(file: &str, region: &str) -> Read {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/contacts").join(file);
    let rules = NumberRules { region: region.parse().expect("a region"), check: NumberCheck::Valid };
    let mut reader = ListReader::new(File::open(path).expect("the file"), rules).expect("a list");
    let (mut contacts, mut rejected) = (Vec::new(), Vec::new());
    for row in &mut reader {
        match row.expect("readable") {
            Row::Contact { contact, .. } => contacts.push(contact),
            Row::Rejected(row) => rejected.push((row.line, row.reason.to_string())),
        }
    }
    Read { contacts, rejected, warnings: reader.warnings() }
}

fn numbers(contacts: &[NewContact]) -> Vec<String> {
    contacts.iter().map(|contact| contact.number.to_string()).collect()
}

/// `;`, CRLF, Windows-1252, a number kept as text, a number that was not.
#[test]
fn excel_in_german() {
    let Read { contacts, rejected, warnings } = read("excel-german.csv", "DE");
    assert_eq!(numbers(&contacts), ["+4930901820", "+4930901821"]);
    let zoe = &contacts[0];
    assert_eq!(zoe.name.as_deref(), Some("Zoë Müller"));
    assert_eq!(zoe.variables["Firma"], "Müller & Söhne; Berlin");
    assert_eq!(zoe.variables["Notiz"], "ruft zurück\r\nam Montag");
    assert_eq!(zoe.variables["Gebühr"], "12,50 €");
    assert_eq!(zoe.variables["Kundennr"], "00017");
    let [(line, reason)] = rejected.as_slice() else { panic!("{rejected:?}") };
    assert!(*line == 5 && reason.contains("format the column as text"), "{line}: {reason}");
    assert_eq!(warnings, [ListWarning::HeaderNotUtf8, ListWarning::NotUtf8 { rows: 3, first_line: 2 }]);
}

/// UTF-16 with tabs and `p:` before the numbers, as lead forms are exported.
#[test]
fn a_lead_form() {
    let Read { contacts, rejected, warnings } = read("lead-form-utf16.csv", "US");
    assert_eq!((rejected.len(), warnings.len()), (0, 0));
    assert_eq!(numbers(&contacts), ["+12127365000", "+420601123456"]);
    assert_eq!(contacts[1].name.as_deref(), Some("Renée Žižek 😀"));
    assert_eq!(contacts[1].variables["city"], "Praha");
    assert_eq!(contacts[1].variables["id"], "l:1002");
}

/// Everything in quotes, a byte-order mark, names in two columns.
#[test]
fn a_crm_export() {
    let Read { contacts, rejected, warnings } = read("crm-export.csv", "US");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(numbers(&contacts), ["+12127365000", "+12127365003"]);
    let ada = &contacts[0];
    assert_eq!(ada.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
    assert_eq!(ada.notes.as_deref(), Some("Said: \"call me\"\nafter five"));
    assert_eq!(ada.timezone.as_deref(), Some("America/New_York"));
    assert_eq!(ada.variables["Do not mail"], "0");
    let want = [
        (4, "phone number: has an extension".to_owned()),
        (5, "\"America/Nowhere\" is not a time zone: write an IANA name such as America/New_York".to_owned()),
    ];
    assert_eq!(rejected, want);
}

#[test]
fn broken_quotes_cost_their_own_lines() {
    let Read { contacts, rejected, .. } = read("broken-quote.csv", "US");
    assert_eq!(numbers(&contacts), ["+12127365001", "+12127365002", "+12127365004"]);
    assert_eq!(contacts[0].name.as_deref(), Some("Bob \"the builder\" Smith"));
    assert_eq!(rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5]);
}
