//! Numbers as people, telephones and spreadsheets write them, made ready for
//! the parser; and the writings no parser may guess at.

use std::borrow::Cow;

use super::NumberError;

/// Longer than any written form: a hostile cell does not reach the parser.
const LONGEST: usize = 100;

/// Digits in the shortest number a list holds: two runs of this length are two
/// numbers, not the groups of one.
const WHOLE_NUMBER: usize = 7;

/// A number's text without what does not belong to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    /// The text left.
    pub(super) text: Cow<'a, str>,
    /// Only digits, a plus and the marks that group digits. Anything else can
    /// at best be an extension.
    pub(super) plain: bool,
}

/// Takes off what surrounds a number, and refuses what would be misread.
pub(super) fn prepare(text: &str) -> Result<Written<'_>, NumberError> {
    if text.len() > LONGEST && text.trim().len() > LONGEST {
        return Err(NumberError::TooLong);
    }
    let text = if text.is_ascii() { Cow::Borrowed(text.trim()) } else { Cow::Owned(without_marks(text)) };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(without_scheme(text)),
        Cow::Owned(text) => Cow::Owned(without_scheme(&text).to_owned()),
    };
    if text.is_empty() {
        return Err(NumberError::Empty);
    }
    if is_calculated(&text) {
        return Err(NumberError::Spreadsheet);
    }
    if holds_several(&text) {
        return Err(NumberError::Several);
    }
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(without_decimals(text)),
        Cow::Owned(text) => Cow::Owned(without_decimals(&text).to_owned()),
    };
    let plain = text.chars().all(is_plain);
    Ok(Written { text, plain })
}

/// Drops what has no width (marks of direction that telephones copy along,
/// byte-order marks) and makes every space an ordinary one.
fn without_marks(text: &str) -> String {
    text.trim_matches(|c: char| c.is_whitespace() || is_mark(c))
        .chars()
        .filter(|c| !is_mark(*c))
        .map(|c| if c.is_whitespace() && !c.is_control() { ' ' } else { c })
        .collect()
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

/// `tel:` of a link (RFC 3966), and the `p:` of lead-form exports.
fn without_scheme(text: &str) -> &str {
    ["tel:", "p:"]
        .iter()
        .find_map(|scheme| {
            text.get(..scheme.len())
                .filter(|head| head.eq_ignore_ascii_case(scheme))
                .and_then(|_| text.get(scheme.len()..))
        })
        .map_or(text, str::trim_start)
}

/// `15551234567.0`: what is left of a number that went through a column of
/// decimals. The digits are whole, and the zero is not one of them.
fn without_decimals(text: &str) -> &str {
    let Some((whole, decimals)) = text.rsplit_once(['.', ',']) else { return text };
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    let is_decimal = matches!(decimals, "0" | "00")
        && (WHOLE_NUMBER..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit());
    if is_decimal { whole } else { text }
}

/// `1.5551E+10`: digits are lost. `-5679`: `=1-555-5125` was calculated.
fn is_calculated(text: &str) -> bool {
    if text.strip_prefix(['-', '−']).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')) {
        return true;
    }
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(decimals) && digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

/// `212-736-5000, 212-736-5001`, `212-736-5000 +1 212…` and `901820/21`.
fn holds_several(text: &str) -> bool {
    let digits = |text: &str| text.chars().filter(|c| c.is_numeric()).count();
    if text.rsplit_once(['+', '＋']).is_some_and(|(before, _)| digits(before) >= WHOLE_NUMBER) {
        return true;
    }
    let whole = |part: &&str| digits(part) >= WHOLE_NUMBER;
    if text.split([',', ';', '|', '/', '&', '\n', '\r']).filter(whole).count() > 1 {
        return true;
    }
    two_endings(text)
}

/// `901820/21` is short for 901820 and 901821, but `030/901820` is one number:
/// what stands before the last slash there is an area code at most.
fn two_endings(text: &str) -> bool {
    let Some((before, ending)) = text.rsplit_once(['/', '／']) else { return false };
    let digits = |text: &str| text.chars().filter(|c| c.is_numeric()).count();
    // Country code, trunk zero and the five digits of the longest area codes.
    let area = match before.trim_start_matches(['(', ' ']) {
        text if text.starts_with(['+', '＋']) => 8,
        text if text.starts_with("00") => 10,
        _ => 6,
    };
    let (grouped, last) = match before.rsplit_once(['/', '／']) {
        // Groups of two or three, each with a slash behind it.
        Some((_, group)) => (digits(group) < 6, group),
        None => (digits(before) <= area, before),
    };
    !grouped || (digits(last) >= 5 && digits(ending) < 4)
}

/// A digit, a plus, or a mark that groups digits (what libphonenumber calls
/// valid punctuation, ITU-T E.123).
fn is_plain(c: char) -> bool {
    match c {
        '0'..='9' | '+' | '＋' | ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']' => true,
        '‐'..='―' | '−' | 'ー' | '－' | '／' | '（' | '）' | '［' | '］' | '．' => true,
        // Full-width, Arabic, Persian and Devanagari digits.
        '０'..='９' | '٠'..='٩' | '۰'..='۹' | '०'..='९' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn plain(text: &str, want: &str) {
        assert_eq!(prepare(text), Ok(Written { text: want.into(), plain: true }), "{text:?}");
    }

    #[track_caller]
    fn refuses(text: &str, want: NumberError) {
        assert_eq!(prepare(text), Err(want), "{text:?}");
    }

    #[test]
    fn what_surrounds_a_number_is_taken_off() {
        plain(" +1 212 736 5000\t", "+1 212 736 5000");
        plain("TEL:+12127365000", "+12127365000");
        plain("p: +12127365000", "+12127365000");
        plain("\u{202A}+1 212\u{200E} 736 5000\u{202C}", "+1 212 736 5000");
        plain("\u{2068}\u{FEFF}2127365000\u{2069}", "2127365000");
        plain("\u{A0}01\u{202F}23\u{A0}45 67 89", "01 23 45 67 89");
    }

    #[test]
    fn decimals_are_no_digits_of_a_number() {
        plain("15551234567.0", "15551234567");
        plain("+15551234567.00", "+15551234567");
        plain("0309018200,0", "0309018200");
        // Groups of digits, though the last is a zero.
        plain("212.736.5000", "212.736.5000");
        plain("03 01.82.0", "03 01.82.0");
    }

    #[test]
    fn what_a_spreadsheet_has_changed_is_not_guessed_at() {
        for text in ["1.5551E+10", "1,5551E+10", "1.55512345671e10", "+2E9", "-5679", "-12127365000.0", "−5679"] {
            refuses(text, NumberError::Spreadsheet);
        }
    }

    #[test]
    fn two_numbers_are_not_one() {
        for text in [
            "212-736-5000, 212-736-5001",
            "212-736-5000 / 212-736-5001",
            "2127365000;2127365001",
            "736-5000\n555-0101",
            "+12127365000 +12127365001",
            "2127365000+2127365001",
            "030 901820/21",
            "901820/21",
            "030 901820 / 1821",
            "+49 30 901820 / 1821",
            "030/901820/1821",
        ] {
            refuses(text, NumberError::Several);
        }
        plain("030/901820", "030/901820");
        plain("01/23/45/67/89", "01/23/45/67/89");
        plain("+49 (0) 34261 / 4711", "+49 (0) 34261 / 4711");
        plain("0049 34261/4711", "0049 34261/4711");
        plain("212-736/5000", "212-736/5000");
        plain("+49/30/901820", "+49/30/901820");
    }

    #[test]
    fn codes_letters_and_symbols_are_not_plain() {
        for text in
            ["*31*30901820", "#31#2127365000", "$2127365000", "212-736-5000 x1", "fax 2127365000", "5😀5", "212736500²"]
        {
            assert_eq!(prepare(text).map(|written| written.plain), Ok(false), "{text}");
        }
    }

    #[test]
    fn nothing_is_empty_however_it_is_written() {
        for text in ["", "   ", "\u{A0}\u{200B}", "tel:", "\u{FEFF}"] {
            refuses(text, NumberError::Empty);
        }
    }
}
