//! Lists as people have them: every quirk by its name.

use std::io::Read;

use canvass::contact::{ListError, ListReader, ListWarning, NewContact, RejectReason, Rejected, Row};
use canvass::number::{NumberCheck, NumberError, NumberRules};
use rstest::rstest;

fn rules(region: &str) -> NumberRules {
    NumberRules { region: region.parse().expect("a region"), check: NumberCheck::Valid }
}

fn open(list: &[u8]) -> ListReader<&[u8]> {
    ListReader::new(list, rules("US")).expect("a list")
}

/// What a list comes to: contacts by line, rejected rows, warnings.
type Outcome = (Vec<(u64, NewContact)>, Vec<Rejected>, Vec<ListWarning>);

fn read(mut reader: ListReader<impl Read>) -> Outcome {
    let (mut contacts, mut rejected) = (Vec::new(), Vec::new());
    for row in &mut reader {
        match row.expect("memory can be read") {
            Row::Contact { line, contact, .. } => contacts.push((line, contact)),
            Row::Rejected(row) => rejected.push(row),
        }
    }
    (contacts, rejected, reader.warnings())
}

#[track_caller]
fn the_contact(list: &[u8]) -> NewContact {
    let (contacts, rejected, _) = read(open(list));
    assert_eq!((contacts.len(), rejected.as_slice()), (1, &[][..]), "{contacts:?}");
    contacts.into_iter().next().expect("one").1
}

/// Line and reason of each rejected row.
fn rejections(list: &[u8]) -> Vec<(u64, RejectReason)> {
    read(open(list)).1.into_iter().map(|row| (row.line, row.reason)).collect()
}

/// The list of the guide that users know.
#[test]
fn the_guides_example() {
    let list = "phone_number,name,email,company,deal_stage,notes\n\
                +15551234567,John Doe,john@example.com,Acme Corp,proposal,VIP customer\n\
                5559876543,Jane Smith,jane@example.com,Beta Inc,discovery,Follow up on quote\n\
                (555) 555-0100,Bob Wilson,,Gamma LLC,lead,New lead from website\n";
    let (contacts, rejected, warnings) = read(open(list.as_bytes()));
    assert_eq!((rejected, warnings), (vec![], vec![]));
    let told: Vec<_> = contacts
        .iter()
        .map(|(line, c)| (*line, c.number.to_string(), c.email.is_some(), c.variables["deal_stage"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "+15551234567".into(), true, "proposal"),
            (3, "+15559876543".into(), true, "discovery"),
            (4, "+15555550100".into(), false, "lead"),
        ]
    );
    let john = &contacts[0].1;
    assert_eq!(john.name.as_deref(), Some("John Doe"));
    assert_eq!(john.company.as_deref(), Some("Acme Corp"));
    assert_eq!(john.notes.as_deref(), Some("VIP customer"));
    assert_eq!(john.variables.len(), 1);
}

#[rstest]
#[case::comma("phone,name\n2127365000,Ada\n")]
#[case::semicolon("phone;name\n2127365000;Ada\n")]
#[case::tab("phone\tname\n2127365000\tAda\n")]
#[case::bar("phone|name\n2127365000|Ada\n")]
#[case::crlf("phone,name\r\n2127365000,Ada\r\n")]
#[case::old_macintosh("phone,name\r2127365000,Ada\r")]
#[case::no_last_line_end("phone,name\n2127365000,Ada")]
#[case::byte_order_mark("\u{FEFF}phone,name\n2127365000,Ada\n")]
#[case::quoted_header("\"phone\",\"name\"\n\"2127365000\",\"Ada\"\n")]
#[case::mark_and_quotes("\u{FEFF}\"phone\",\"name\"\n2127365000,Ada\n")]
#[case::separator_declared("sep=;\r\nphone;name\r\n2127365000;Ada\r\n")]
#[case::separator_declared_in_quotes("\"sep=\t\"\nphone\tname\n2127365000\tAda\n")]
#[case::blank_lines("\n  \r\nphone,name\n\n\n2127365000,Ada\n\n")]
#[case::rows_of_separators_above(",,\r\n;;\r\nphone,name\n2127365000,Ada\n")]
#[case::rows_of_separators("phone,name\n,\n2127365000,Ada\n,,,,\n , \n")]
#[case::shouting("PHONE,NAME\n2127365000,Ada\n")]
#[case::spaces(" phone , name \n 2127365000 , Ada \n")]
#[case::space_before_quotes("phone, name\n2127365000, \"Ada\"\n")]
#[case::trailing_separators("phone,name,,\n2127365000,Ada,,\n")]
#[case::more_empty_cells_than_columns("phone,name\n2127365000,Ada,,,\n")]
#[case::other_separator_in_the_header("phone;name, first and last\n2127365000;Ada\n")]
fn one_contact_in_every_dialect(#[case] list: &str) {
    let contact = the_contact(list.as_bytes());
    assert_eq!(contact.number.to_string(), "+12127365000");
    assert!(
        contact.name.as_deref().or(contact.variables.get("name, first and last").map(String::as_str)) == Some("Ada")
    );
}

#[rstest]
#[case("phone_number")]
#[case("phone")]
#[case("number")]
#[case("Telephone")]
#[case("TEL")]
#[case("mobile")]
#[case("Cell")]
#[case("msisdn")]
#[case("phone number")]
#[case("Phone-Number")]
#[case("PhoneNumber")]
#[case("Mobile Phone")]
#[case("Téléphone")]
#[case("Telefonnummer")]
fn spellings_of_the_phone_column(#[case] header: &str) {
    let list = format!("name,{header}\nAda,2127365000\n");
    assert_eq!(the_contact(list.as_bytes()).number.to_string(), "+12127365000");
}

#[rstest]
#[case::as_text("=\"+12127365000\"")]
#[case::as_text_in_quotes("\"=\"\"+12127365000\"\"\"")]
#[case::apostrophe("'+12127365000")]
#[case::apostrophe_before_digits("'2127365000")]
#[case::decimals("12127365000.0")]
#[case::no_break_spaces("+1\u{A0}212\u{A0}736\u{202F}5000")]
#[case::marks_of_direction("\u{202A}+12127365000\u{202C}")]
#[case::mark_in_the_middle("212\u{200E}7365000")]
#[case::full_width("２１２－７３６－５０００")]
#[case::dashes("212–736‑5000")]
#[case::link("tel:+1-212-736-5000")]
#[case::lead_form("p:+12127365000")]
#[case::international("011 1 212 736 5000")]
fn a_number_in_the_dress_of_a_spreadsheet(#[case] cell: &str) {
    let list = format!("phone,name\n{cell},Ada\n");
    assert_eq!(the_contact(list.as_bytes()).number.to_string(), "+12127365000");
}

#[rstest]
#[case::missing(",Ada", RejectReason::NoNumber)]
#[case::blank("\u{A0},Ada", RejectReason::NoNumber)]
#[case::only_an_apostrophe("',Ada", RejectReason::NoNumber)]
#[case::words("unknown,Ada", RejectReason::Number(NumberError::NotANumber))]
#[case::spreadsheet_error("#N/A,Ada", RejectReason::Number(NumberError::NotANumber))]
#[case::scientific("1.21274E+10,Ada", RejectReason::Number(NumberError::Spreadsheet))]
#[case::calculated("-5679,Ada", RejectReason::Number(NumberError::Spreadsheet))]
#[case::two_numbers("212-736-5000 / 212-736-5001,Ada", RejectReason::Number(NumberError::Several))]
#[case::too_short("12,Ada", RejectReason::Number(NumberError::TooShort))]
#[case::too_long("+1212736500000,Ada", RejectReason::Number(NumberError::TooLong))]
#[case::local("736-5000,Ada", RejectReason::Number(NumberError::LocalOnly))]
#[case::extension("212-736-5000 x5,Ada", RejectReason::Number(NumberError::Extension))]
#[case::country("+999 123456789,Ada", RejectReason::Number(NumberError::CountryCode))]
#[case::no_such_range("212-136-5000,Ada", RejectReason::Number(NumberError::Unassigned))]
#[case::premium("900-234-5678,Ada", RejectReason::Number(NumberError::PremiumRate))]
#[case::too_many_cells("2127365000,Lovelace, Ada", RejectReason::TooManyCells { found: 3, columns: 2 })]
#[case::text_after_a_quote("2127365000,\"Ada\" Lovelace", RejectReason::BrokenQuotes)]
#[case::quote_not_closed("2127365000,\"Ada", RejectReason::BrokenQuotes)]
#[case::zero_byte("2127365000,A\0da", RejectReason::Undecodable)]
fn a_row_that_is_no_contact_says_why(#[case] row: &str, #[case] want: RejectReason) {
    // Far behind the first block, so that a zero byte is the row's fault.
    let padding = format!("2127365000,{}\n", "Ada".repeat(10_000)).repeat(3);
    let list = format!("phone,name\n{padding}{row}\n2127365001,Bob\n");
    assert_eq!(rejections(list.as_bytes()), [(5, want)]);
}

#[test]
fn missing_cells_at_the_end_are_empty() {
    let contact = the_contact(b"phone,name,email,city\n2127365000,Ada\n");
    assert_eq!((contact.name.as_deref(), contact.email, contact.variables.len()), (Some("Ada"), None, 0));
}

#[test]
fn an_unclosed_quote_costs_one_line_only() {
    let list = "phone,name\n2127365000,\"Ada\n2127365001,Bob\n2127365002,\"Cy\"\n2127365003,Dee\n";
    let (contacts, rejected, _) = read(open(list.as_bytes()));
    assert_eq!(contacts.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5]);
    let [row] = rejected.as_slice() else { panic!("{rejected:?}") };
    assert_eq!((row.line, &row.reason), (2, &RejectReason::BrokenQuotes));
    assert_eq!(row.raw.cells().collect::<Vec<_>>(), ["2127365000,\"Ada"]);
}

#[test]
fn lines_are_those_of_the_file() {
    let list = "sep=,\r\n\r\nphone,\"free\r\ntext\"\r\n12,\"one\r\ntwo\nthree\"\r\n\r\n13,x\r\n\"1\n4\",y\r\n15,z";
    let lines: Vec<u64> = rejections(list.as_bytes()).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [5, 9, 10, 12]);
}

#[test]
fn names_come_whole_or_in_parts() {
    let contact = the_contact(b"phone,FirstName,Last Name\n2127365000,Ada,Lovelace\n");
    assert_eq!(contact.name.as_deref(), Some("Ada Lovelace"));
    for (variable, want) in
        [("first_name", "Ada"), ("FirstName", "Ada"), ("last_name", "Lovelace"), ("Last Name", "Lovelace")]
    {
        assert_eq!(contact.variables.get(variable).map(String::as_str), Some(want), "{variable}");
    }
    let contact = the_contact(b"phone,first_name,last_name\n2127365000,,Lovelace\n");
    assert_eq!((contact.name.as_deref(), contact.variables.len()), (Some("Lovelace"), 1));
    let contact = the_contact(b"phone,name,first_name\n2127365000,Lady Ada,Ada\n");
    assert_eq!(contact.name.as_deref(), Some("Lady Ada"));
}

#[test]
fn zones_are_checked() {
    let list = "phone,timezone\n2127365000,America/New_York\n2127365001,\n2127365002,New York\n2127365003,utc\n";
    assert_eq!(rejections(list.as_bytes()), [(4, RejectReason::UnknownTimezone("New York".into()))]);
}

#[test]
fn numbers_are_read_in_the_lists_country() {
    let reader = ListReader::new(&b"phone;stadt\n030 901820;Berlin\n+1 212 736 5000;New York\n"[..], rules("DE"));
    let (contacts, ..) = read(reader.expect("a list"));
    assert_eq!(contacts.iter().map(|(_, c)| c.number.to_string()).collect::<Vec<_>>(), ["+4930901820", "+12127365000"]);
}

#[test]
fn values_without_a_column_name_are_pointed_out() {
    let (contacts, _, warnings) = read(open(b"phone,,city\n2127365000,lost,Paris\n"));
    assert_eq!(contacts[0].1.variables.len(), 1);
    assert_eq!(warnings, [ListWarning::UnnamedColumn { column: 2 }]);
}

#[test]
fn windows_1252_is_read_and_pointed_out() {
    let contact = the_contact(b"phone;name;d\xFCzen\r\n2127365000;Zo\xEB M\xFCller \x80;x\r\n");
    assert_eq!(contact.name.as_deref(), Some("Zoë Müller €"));
    assert_eq!(contact.variables["düzen"], "x");
    let (.., warnings) = read(open(b"phone;na\xEFf\n2127365000;\xE9\n2127365001;e\n2127365002;\xE8\n"));
    assert_eq!(warnings, [ListWarning::HeaderNotUtf8, ListWarning::NotUtf8 { rows: 2, first_line: 2 }]);
}

/// The first byte that is no UTF-8 comes after any block that could be looked
/// at beforehand, and after rows that are UTF-8.
#[test]
fn a_late_byte_changes_nothing_before_it() {
    let mut list = String::from("phone,name\n").into_bytes();
    for row in 0..10 {
        list.extend_from_slice(format!("212{:07},Zoë{} {row}\n", 7_360_000 + row, "é".repeat(10_000)).as_bytes());
    }
    list.extend_from_slice(b"2125550000,Ren\xE9e\n2125550001,\xC3\xA9\n");
    let (contacts, rejected, warnings) = read(open(&list));
    assert_eq!((contacts.len(), rejected.len()), (12, 0));
    let names: Vec<&str> = contacts.iter().filter_map(|(_, contact)| contact.name.as_deref()).collect();
    assert!(names.iter().take(10).all(|name| name.starts_with("Zoëéé") && name.chars().count() == 10_005));
    assert_eq!(names.get(10..), Some(&["Renée", "é"][..]));
    assert_eq!(warnings, [ListWarning::NotUtf8 { rows: 1, first_line: 12 }]);
}

/// Bytes that mean nothing in Windows-1252: another encoding altogether.
#[test]
fn a_row_in_another_encoding_is_rejected() {
    assert_eq!(rejections(b"phone,name\n2127365000,\x83\x8D\x81\x5B\n"), [(2, RejectReason::Undecodable)]);
}

#[rstest]
#[case::nothing("", "the file is empty")]
#[case::white_space(" \n\r\n\t\n", "the file is empty")]
#[case::only_a_mark("\u{FEFF}", "the file is empty")]
#[case::header_only("phone,name\n\n", "no contacts below")]
#[case::workbook("PK\u{3}\u{4}....", "Excel workbook")]
#[case::pdf("%PDF-1.4 ...", "a PDF")]
#[case::binary("phone\0\u{1}\u{2}", "a binary file")]
#[case::json("[{\"phone\": \"2127365000\"}]", "JSON")]
#[case::no_header("2127365000,Ada\n2127365001,Bob\n", "the number 2127365000 where the names")]
#[case::single_column_without_header("+12127365000\n+12127365001\n", "the number +12127365000 where the names")]
#[case::no_phone("id,name\n1,Ada\n", "name one of them phone_number (columns found: id, name)")]
#[case::misspelt("phnoe,name\n2127365000,Ada\n", "perhaps \"phnoe\"?")]
#[case::two_phones("mobile,home phone\n1,2\n", "(mobile, home phone): name the one to call phone_number")]
#[case::twice("phone,city,City\n1,2,3\n", "two columns are named \"City\"")]
#[case::broken_header("phone,\"name\n2127365000,Ada\n", "its quotes are broken")]
fn a_file_that_is_no_list_says_what_to_do(#[case] list: &str, #[case] want: &str) {
    let error = ListReader::new(list.as_bytes(), rules("US")).expect_err("no list").to_string();
    assert!(error.contains(want), "{error}");
}

#[test]
fn an_endless_header_is_refused() {
    let error = ListReader::new(std::io::repeat(b'a'), rules("US")).err();
    assert!(matches!(error, Some(ListError::Header { reason: "it is too long" })), "{error:?}");
}
