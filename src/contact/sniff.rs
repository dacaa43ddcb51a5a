//! What kind of file the first block is of.

use super::error::ListError;

const SAVE_AS_CSV: &str = "open it and save it as CSV (UTF-8)";

/// Beginnings of the files people upload by mistake.
const KINDS: [(&[u8], &str, &str); 12] = [
    (b"PK\x03\x04", "an Excel workbook or another zip archive", SAVE_AS_CSV),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook", SAVE_AS_CSV),
    (b"%PDF", "a PDF", "export the list as CSV from where it was made"),
    (b"{\\rtf", "a rich-text document", SAVE_AS_CSV),
    (b"<html", "a web page", SAVE_AS_CSV),
    (b"<!doctype", "a web page", SAVE_AS_CSV),
    (b"<table", "a web page", SAVE_AS_CSV),
    (b"<?xml", "XML", SAVE_AS_CSV),
    (b"\x1F\x8B", "a compressed file", "unpack it first"),
    (b"BEGIN:VCARD", "an address book of vCards", "export the contacts as CSV"),
    (b"[{", "JSON", "write the contacts as CSV"),
    (b"{\"", "JSON", "write the contacts as CSV"),
];

/// Refuses what is not text, or text of another format.
pub(super) fn check(first_block: &[u8]) -> Result<(), ListError> {
    let text = first_block.trim_ascii_start();
    for (beginning, what, advice) in KINDS {
        if text.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning)) {
            return Err(ListError::NotCsv { what, advice });
        }
    }
    if memchr::memchr(0, first_block).is_none() {
        return Ok(());
    }
    // Western text in UTF-16: nearly every other byte is a zero, and only those.
    let zeros = |odd: usize| first_block.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    Err(if even.min(odd) == 0 && even.max(odd) * 3 > first_block.len() {
        ListError::NotCsv { what: "text in UTF-16 without a byte-order mark", advice: "save it as CSV in UTF-8" }
    } else {
        ListError::NotCsv { what: "a binary file", advice: "choose the list as CSV" }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(bytes: &[u8], want: &str) {
        match check(bytes) {
            Err(ListError::NotCsv { what, .. }) => assert_eq!(what, want),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn files_that_are_no_list() {
        is(b"PK\x03\x04\x14\0", "an Excel workbook or another zip archive");
        is(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Excel workbook");
        is(b"%PDF-1.7\n", "a PDF");
        is(b"\r\n <HTML><body>", "a web page");
        is(b"[{\"phone\":1}]", "JSON");
        is(b"\x7FELF\x02\x01\x01\0\0\0\0\0", "a binary file");
        let utf16: Vec<u8> = "phone,name\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        is(&utf16, "text in UTF-16 without a byte-order mark");
    }

    #[test]
    fn text_passes() {
        assert!(check(b"phone,name\n+15551234567,Zo\xEB\n").is_ok());
        assert!(check(b"").is_ok());
    }
}
