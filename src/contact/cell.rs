//! What spreadsheets put around a cell's text, taken off; and what must be put
//! around it so that a spreadsheet does not run it.

use std::borrow::Cow;

/// A cell's text: without space around it, without the `="…"` that keeps a
/// spreadsheet from reading digits as a sum, and without the apostrophe that
/// [`escape`] puts before a formula. None: nothing is left.
pub(super) fn text(cell: &str) -> Option<&str> {
    let unescape = |cell| str::strip_prefix(cell, '\'').filter(|rest| is_formula(rest)).map_or(cell, trim);
    let cell = unescape(trim(cell));
    let cell = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).map_or(cell, trim);
    let cell = unescape(cell);
    (!cell.is_empty()).then_some(cell)
}

/// Like [`text`], of a cell that holds a number: an apostrophe before it only
/// told the spreadsheet to leave it alone.
pub(super) fn number(cell: &str) -> Option<&str> {
    text(cell).map(|cell| trim(cell.trim_start_matches(['\'', '’', '`']))).filter(|cell| !cell.is_empty())
}

/// A cell that no spreadsheet takes for a formula: what begins like one gets an
/// apostrophe (OWASP, "CSV Injection").
pub(super) fn escape(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn is_formula(cell: &str) -> bool {
    // Spreadsheets skip spaces before a formula, and read full-width signs too.
    let text = trim(cell);
    let leading = cell.starts_with(['\t', '\r', '\n']) && !text.is_empty() && !text.starts_with('\'');
    leading || text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

fn trim(cell: &str) -> &str {
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("Bob", Some("Bob"))]
    #[case::spaces("  Bob\u{A0}", Some("Bob"))]
    #[case::empty("", None)]
    #[case::blank(" \t\u{FEFF}", None)]
    #[case::kept_as_text("=\"00123\"", Some("00123"))]
    #[case::kept_as_text_but_empty("=\"\"", None)]
    #[case::escaped_formula("'=SUM(A1)", Some("=SUM(A1)"))]
    #[case::a_name_with_an_apostrophe("'t Hooft", Some("'t Hooft"))]
    #[case::one_quote("=\"", Some("=\""))]
    fn texts(#[case] cell: &str, #[case] want: Option<&str>) {
        assert_eq!(text(cell), want);
    }

    #[rstest]
    #[case::apostrophe("'+15551234567", Some("+15551234567"))]
    #[case::apostrophe_before_digits("'5551234567", Some("5551234567"))]
    #[case::kept_as_text("=\"+15551234567\"", Some("+15551234567"))]
    #[case::only_an_apostrophe("'", None)]
    fn numbers(#[case] cell: &str, #[case] want: Option<&str>) {
        assert_eq!(number(cell), want);
    }

    #[rstest]
    #[case("=1+1", "'=1+1")]
    #[case("+15551234567", "'+15551234567")]
    #[case("-1", "'-1")]
    #[case("@SUM(A1)", "'@SUM(A1)")]
    #[case("\t=1", "'\t=1")]
    #[case("\r=1", "'\r=1")]
    #[case(" =1", "' =1")]
    #[case("Bob", "Bob")]
    #[case("", "")]
    fn formulas_are_made_harmless(#[case] cell: &str, #[case] want: &str) {
        assert_eq!(escape(cell), want);
    }

    proptest! {
        #[test]
        fn an_escaped_cell_reads_as_before(cell in "[ =+@'\"a0\t\u{A0}-]{0,8}") {
            let escaped = escape(&cell);
            prop_assert_eq!(text(&escaped), text(&cell));
            prop_assert_eq!(number(&escaped), number(&cell));
        }
    }
}
