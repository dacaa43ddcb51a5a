//! Whether a contact has agreed to be called.

/// Words that say no.
const NO: [&str; 8] = ["no", "n", "false", "f", "0", "none", "denied", "revoked"];

/// Whether what the list says is a consent: anything (a yes, a date, the text
/// that was agreed to), but not nothing and not a no.
pub(super) fn given(consent: Option<&str>) -> bool {
    let text = consent.map(str::trim).unwrap_or_default();
    !text.is_empty() && !NO.iter().any(|no| text.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::given;

    #[test]
    fn a_word_a_date_or_a_text() {
        for yes in ["yes", "TRUE", "2026-03-01", "opted in at the fair", "1"] {
            assert!(given(Some(yes)), "{yes}");
        }
        for no in ["", " ", "No", "FALSE", "0", "revoked"] {
            assert!(!given(Some(no)), "{no}");
        }
        assert!(!given(None));
    }
}
