//! `rejected.csv`: safe to open, and a list again once it is mended.

use std::path::Path;

use canvass::contact::{ListReader, RejectReason, RejectedWriter, Row};
use canvass::number::{NumberCheck, NumberRules, Region};
use proptest::prelude::*;

const RULES: NumberRules = NumberRules { region: Region::US, check: NumberCheck::Valid };

fn rows(list: &[u8]) -> Vec<Row> {
    ListReader::new(list, RULES).expect("a list").collect::<Result<_, _>>().expect("no fault")
}

/// Writes every row of a list as rejected; gives the file's bytes.
fn written(list: &[u8], path: &Path) -> Vec<u8> {
    let mut reader = ListReader::new(list, RULES).expect("a list");
    let file = std::fs::File::create(path).expect("a file");
    let mut rejects = RejectedWriter::new(file, &reader).expect("a header");
    for row in &mut reader {
        let (line, reason, raw) = match row.expect("no fault") {
            Row::Contact { line, raw, .. } => (line, RejectReason::Duplicate, raw),
            Row::Rejected(row) => (row.line, row.reason, row.raw),
        };
        rejects.write(line, &reason, &raw).expect("written");
    }
    rejects.finish().expect("written");
    std::fs::read(path).expect("the file")
}

/// The contacts and reasons, without lines and cells.
fn meaning(rows: Vec<Row>) -> Vec<Result<String, String>> {
    rows.into_iter()
        .map(|row| match row {
            Row::Contact { contact, .. } => Ok(format!("{contact:?}")),
            Row::Rejected(row) => Err(row.reason.to_string()),
        })
        .collect()
}

#[test]
fn no_cell_is_a_formula() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = "phone,=HYPERLINK(1),notes\n+12127365000,@SUM(A1),\"\t=cmd|' /C calc'!A0\"\n-1,+1,=1+1\n";
    let bytes = written(list.as_bytes(), &folder.path().join("rejected.csv"));
    let mut csv = csv::Reader::from_reader(bytes.strip_prefix("\u{FEFF}".as_bytes()).expect("a mark"));
    let header = csv.headers().expect("a header").clone();
    assert_eq!(
        header.iter().collect::<Vec<_>>(),
        ["rejected_line", "rejected_reason", "phone", "'=HYPERLINK(1)", "notes"]
    );
    let cells: Vec<String> =
        csv.records().flat_map(|r| r.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(cells.len(), 10);
    assert!(cells.iter().all(|cell| !cell.trim_start().starts_with(['=', '+', '-', '@'])), "{cells:?}");
}

#[test]
fn a_mended_row_can_be_imported() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = "phone;name;city\n+1 12;O'Neil;Köln\n";
    let bytes = written(list.as_bytes(), &folder.path().join("rejected.csv"));
    let mended = String::from_utf8(bytes).expect("UTF-8").replace("+1 12", "+1 212 736 5000");
    match rows(mended.as_bytes()).as_slice() {
        [Row::Contact { contact, .. }] => {
            assert_eq!(contact.number.to_string(), "+12127365000");
            assert_eq!(contact.name.as_deref(), Some("O'Neil"));
            assert_eq!(contact.variables.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(), ["city=Köln"]);
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Written and read again, twice, every row means what it meant.
    #[test]
    fn what_is_written_reads_as_before(
        separator in "[,;\t|]",
        cells in proptest::collection::vec(("'?[+]?1?212736500[0-9]|[0-9]{0,4}", "[ =+@'\"a,;\n\r\té-]{0,8}", "[a|\"\n]{0,4}"), 1..12),
    ) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let list: String = cells.iter().map(|(phone, name, note)| {
            format!("{phone}{separator}{}{separator}{}\n", quoted(name), quoted(note))
        }).collect();
        let list = format!("phone{separator}name{separator}variable\n1{separator}{separator}\n{list}");
        let folder = tempfile::tempdir().expect("a folder");
        let once = written(list.as_bytes(), &folder.path().join("1.csv"));
        prop_assert_eq!(meaning(rows(&once)), meaning(rows(list.as_bytes())));
        let twice = written(&once, &folder.path().join("2.csv"));
        prop_assert_eq!(meaning(rows(&twice)), meaning(rows(list.as_bytes())));
    }
}
