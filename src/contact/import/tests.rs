//! The import against a campaign kept in memory.

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use super::*;
use crate::number::{NumberCheck, NumberRules, PhoneNumber, Region};

/// Small, so that a test needs few rows.
const BATCH: usize = 200;

/// Keeps numbers in order and knows duplicates, as a campaign does.
#[derive(Clone, Default)]
struct Memory {
    numbers: Arc<Mutex<Vec<PhoneNumber>>>,
    batches: Arc<Mutex<Vec<usize>>>,
    fails_at_batch: Option<usize>,
}

impl Sink for Memory {
    async fn add(&mut self, contacts: &[NewContact]) -> Result<Added, NotAdded> {
        tokio::task::yield_now().await;
        let mut batches = self.batches.lock().expect("one test");
        if self.fails_at_batch == Some(batches.len()) {
            return Err(StoreError::InUse("another".into()).into());
        }
        batches.push(contacts.len());
        let mut numbers = self.numbers.lock().expect("one test");
        let mut known: HashSet<_> = numbers.iter().copied().collect();
        let mut added = Added::default();
        for (at, contact) in contacts.iter().enumerate() {
            if known.insert(contact.number) {
                numbers.push(contact.number);
                added.added += 1;
            } else {
                added.duplicates.push(at);
            }
        }
        Ok(added)
    }
}

fn open(list: String) -> ListReader<Cursor<String>> {
    let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
    ListReader::new(Cursor::new(list), rules).expect("a list")
}

/// A list of `rows` different numbers.
fn numbers(rows: u64) -> String {
    let mut list = String::from("phone,name\n");
    for row in 0..rows {
        list.push_str(&format!("+1212{:07},Person {row}\n", 2_000_000 + row));
    }
    list
}

#[tokio::test]
async fn rows_are_counted_and_reported_by_line() {
    let list =
        "phone,name\n2127365000,Ada\n12,Bob\n212-736-5000,Ada again\n\n2127365001,\"Zoë\nin two lines\"\nx,Eve\n";
    let memory = Memory::default();
    let mut told = Vec::new();
    let summary = run(open(list.into()), memory.clone(), None, BATCH, |rows| told.push(rows)).await.expect("imported");

    assert_eq!((summary.rows, summary.accepted, summary.duplicates, summary.rejected), (5, 2, 1, 2));
    let lines: Vec<_> = summary.first_rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
    assert_eq!(lines, [(3, "phone number: too short"), (8, "phone number: not a phone number")]);
    assert_eq!(told, [5]);
    assert_eq!(memory.numbers.lock().expect("one test").len(), 2);
}

#[tokio::test]
async fn rejected_rows_and_duplicates_are_written_in_the_order_of_the_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rejected.csv");
    let list = open("phone;name\n2127365000;Ada\n2127365000;=Bob\n12;\"a;b\"\n+12127365000;Cy\n".into());
    let file = std::fs::File::create(&path).expect("a file");
    let rejects = RejectedWriter::new(file, &list).expect("a header");
    let summary = run(list, Memory::default(), Some(rejects), BATCH, |_| {}).await.expect("imported");

    assert_eq!((summary.accepted, summary.duplicates, summary.rejected), (1, 2, 1));
    assert_eq!(
        std::fs::read_to_string(path).expect("written"),
        "\u{FEFF}rejected_line;rejected_reason;phone;name\n\
         3;duplicate: the number is already in the campaign;2127365000;'=Bob\n\
         4;phone number: too short;12;\"a;b\"\n\
         5;duplicate: the number is already in the campaign;'+12127365000;Cy\n"
    );
}

#[tokio::test]
async fn a_long_list_arrives_in_batches_and_in_order() {
    let memory = Memory::default();
    let rows = 2 * BATCH as u64 + 7;
    let mut told = Vec::new();
    let summary =
        run(open(numbers(rows)), memory.clone(), None, BATCH, |rows| told.push(rows)).await.expect("imported");

    assert_eq!(summary.accepted, rows);
    assert_eq!(*memory.batches.lock().expect("one test"), [BATCH, BATCH, 7]);
    assert!(memory.numbers.lock().expect("one test").is_sorted());
    assert_eq!(told, [200, 400, 407]);
}

/// Rows as long as rows may be do not make batches of many of them.
#[tokio::test]
async fn long_rows_make_short_batches() {
    let mut list = String::from("phone,notes\n");
    for row in 0..200 {
        list.push_str(&format!("2127365{row:03},{}\n", "x".repeat(60_000)));
    }
    let memory = Memory::default();
    let summary = run(open(list), memory.clone(), None, BATCH, |_| {}).await.expect("imported");
    assert_eq!(summary.accepted, 200);
    let batches = memory.batches.lock().expect("one test");
    assert!(batches.iter().all(|rows| rows * 60_000 <= BATCH_BYTES + LONGEST), "{batches:?}");
}

const LONGEST: usize = crate::contact::LONGEST_ROW;

#[tokio::test]
async fn the_summary_stays_short_however_many_rows_are_rejected() {
    let list = format!("phone\n{}", "12\n".repeat(1_000));
    let summary = run(open(list), Memory::default(), None, BATCH, |_| {}).await.expect("imported");
    assert_eq!((summary.rejected, summary.first_rejected.len()), (1_000, SHOWN));
    assert_eq!(summary.first_rejected.last().map(|row| row.line), Some(SHOWN as u64 + 1));
}

#[tokio::test]
async fn a_store_that_fails_stops_the_import_and_what_is_in_stays() {
    let memory = Memory { fails_at_batch: Some(1), ..Memory::default() };
    let result = run(open(numbers(3 * BATCH as u64)), memory.clone(), None, BATCH, |_| {}).await;
    assert!(matches!(result, Err(ImportError::Store { accepted: 200, .. })), "{result:?}");

    // The list once more: the first batch is there already.
    let again = Memory { fails_at_batch: None, ..memory };
    let summary = run(open(numbers(3 * BATCH as u64)), again, None, BATCH, |_| {}).await.expect("imported");
    assert_eq!((summary.accepted, summary.duplicates), (400, 200));
}

/// A disk that fails after some bytes.
struct Fails(Cursor<String>);

impl Read for Fails {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_on_is_an_error_after_what_was_read() {
    let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
    let list = ListReader::new(Fails(Cursor::new(numbers(8_000))), rules).expect("the first block can be read");
    let memory = Memory::default();
    let result = run(list, memory.clone(), None, BATCH, |_| {}).await;
    let Err(ImportError::List { accepted, source: ListError::Io(_) }) = result else { panic!("{result:?}") };
    assert_eq!(accepted, memory.numbers.lock().expect("one test").len() as u64);
    assert!(accepted > 2_000);
}

#[tokio::test]
async fn a_full_disk_under_the_rejected_rows_is_an_error() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // The byte-order mark still fits.
            if bytes.len() == 3 { Ok(3) } else { Err(io::ErrorKind::StorageFull.into()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let list = open("phone\n12\n".into());
    let rejects = RejectedWriter::new(Full, &list).expect("the header waits in the buffer");
    let result = run(list, Memory::default(), Some(rejects), BATCH, |_| {}).await;
    assert!(matches!(result, Err(ImportError::Rejects { accepted: 0, .. })), "{result:?}");
}

/// Whoever runs the import may do so from any task.
#[test]
fn an_import_can_be_sent_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    fn check(store: &Store, clock: &Clock) {
        is_send(import_list(open(String::new()), store, CampaignId::new(), None, clock, |_| {}));
    }
    let _: fn(&Store, &Clock) = check;
}
