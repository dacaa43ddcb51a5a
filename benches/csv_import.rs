//! Reading a contact list: rows a second with every number checked, as
//! `canvass import` does before the database has its turn.
//!
//! `cargo bench --bench csv_import`; the figure to watch is items per second.

use canvass::contact::{ListReader, Row};
use canvass::number::{NumberCheck, NumberRules, PhoneNumber, Region};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

fn main() {
    divan::main();
}

const ROWS: u64 = 50_000;

const RULES: NumberRules = NumberRules { region: Region::US, check: NumberCheck::Valid };

/// How the numbers are written.
const STYLES: [&str; 4] = ["e164", "national", "formatted", "germany"];

fn number(style: &str, row: u64) -> String {
    let rest = 2_000_000 + row * 97 % 7_000_000;
    match style {
        "e164" => format!("+1212{rest}"),
        "national" => format!("212{rest}"),
        "formatted" => format!("(212) {}-{:04}", rest / 10_000, rest % 10_000),
        _ => format!("+49 30 {rest}"),
    }
}

fn list(style: &str) -> String {
    let mut list = String::from("phone_number,name,email,company,deal_stage,notes\n");
    for row in 0..ROWS {
        let number = number(style, row);
        list.push_str(&format!("{number},Person {row},p{row}@example.com,\"Acme, Inc\",proposal,Follow up on quote\n"));
    }
    list
}

/// Whole rows, from bytes to contacts.
#[divan::bench(args = STYLES)]
fn rows(bencher: Bencher<'_, '_>, style: &str) {
    let list = list(style);
    bencher.counter(ItemsCount::new(ROWS)).counter(BytesCount::of_str(&list)).bench(|| {
        let reader = ListReader::new(list.as_bytes(), RULES).expect("a list");
        let contacts = reader.filter(|row| matches!(row, Ok(Row::Contact { .. }))).count();
        assert_eq!(contacts as u64, ROWS);
    });
}

/// The numbers alone.
#[divan::bench(args = STYLES)]
fn numbers(bencher: Bencher<'_, '_>, style: &str) {
    let numbers: Vec<String> = (0..ROWS).map(|row| number(style, row)).collect();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        let good = numbers.iter().filter(|text| PhoneNumber::parse(text, RULES).is_ok()).count();
        assert_eq!(good as u64, ROWS);
    });
}
