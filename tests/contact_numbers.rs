//! A second opinion on numbers: the `phonenumber` crate, another port of
//! libphonenumber. Both are asked about the same texts; where they differ, the
//! difference is known and ours is the right one.

use canvass::number::{NumberCheck, NumberRules, PhoneNumber};
use phonenumber::Mode;
use proptest::prelude::*;

fn ours(text: &str, region: &str) -> Option<String> {
    let rules = NumberRules { region: region.parse().expect("a region"), check: NumberCheck::Valid };
    PhoneNumber::parse(text, rules).ok().map(|number| number.to_string())
}

/// The other's answer; none where it says the number is not valid.
fn theirs(text: &str, region: &str) -> Option<String> {
    let region = region.parse().expect("a region");
    let number = phonenumber::parse(Some(region), text).ok()?;
    phonenumber::is_valid(&number).then(|| number.format().mode(Mode::E164).to_string())
}

/// Written nationally, internationally and sloppily, in countries with trunk
/// prefixes, without them, and with leading zeros that count.
const SAMPLE: [(&str, &str); 34] = [
    ("US", "212-736-5000"),
    ("US", "+1 (212) 736-5000"),
    ("US", "1 212 736 5000"),
    ("US", "011 44 20 7946 0958"),
    ("US", "800-234-5678"),
    ("CA", "416-598-1234"),
    ("GB", "020 7946 0958"),
    ("GB", "+44 (0)20 7946 0958"),
    ("GB", "07911 123456"),
    ("GB", "0044 7911 123456"),
    ("GB", "00 49 30 901820"),
    ("DE", "030 901820"),
    ("DE", "0171 1234567"),
    ("DE", "+49 (0) 30 / 901820"),
    ("FR", "01 42 68 53 00"),
    ("FR", "06.12.34.56.78"),
    ("IT", "06 698 1234"),
    ("IT", "347 123 4567"),
    ("IT", "+39 06 698 1234"),
    ("ES", "612 34 56 78"),
    ("NL", "020 555 1234"),
    ("CH", "044 668 18 00"),
    ("AT", "01 514440"),
    ("PL", "22 694 50 00"),
    ("CZ", "601 123 456"),
    ("BR", "(11) 96123-4567"),
    ("MX", "55 1234 5678"),
    ("IN", "098765 43210"),
    ("IN", "+91 98765 43210"),
    ("AU", "0412 345 678"),
    ("NZ", "021 123 4567"),
    ("ZA", "082 123 4567"),
    ("JP", "03-1234-5678"),
    ("SG", "9123 4567"),
];

#[test]
fn both_read_ordinary_numbers_alike() {
    for (region, text) in SAMPLE {
        let answer = ours(text, region);
        assert!(answer.is_some(), "{text} in {region}");
        assert_eq!(answer, theirs(text, region), "{text} in {region}");
    }
}

/// Text, country, our answer, theirs.
type Difference = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// Should one of these fail after an update, one of the crates has changed its
/// mind: look which.
const KNOWN_DIFFERENCES: [Difference; 11] = [
    // Area code 555 rings nobody: examples and laboratories.
    ("US", "(555) 555-0100", Some("+15555550100"), None),
    // Area codes open faster than tables learn of them.
    ("US", "+1 999 234 5678", Some("+19992345678"), None),
    // Country codes without a country: international freephone.
    ("US", "+800 1234 5678", Some("+80012345678"), None),
    ("US", "٢١٢٧٣٦٥٠٠٠", Some("+12127365000"), None),
    // Valid, and never dialed.
    ("US", "900-234-5678", None, Some("+19002345678")),
    // The zero behind the point is no digit: theirs rings a stranger.
    ("DE", "0309018200.0", Some("+49309018200"), Some("+493090182000")),
    ("US", "1-800-FLOWERS", None, Some("+18003569377")),
    ("US", "212-736-5000 x12", None, Some("+12127365000")),
    ("US", "2127365000,123", None, Some("+12127365000")),
    ("US", "fax 2127365000", None, Some("+12127365000")),
    ("US", "$2127365000", None, Some("+12127365000")),
];

#[test]
fn known_differences() {
    for (region, text, we, they) in KNOWN_DIFFERENCES {
        assert_eq!(ours(text, region).as_deref(), we, "ours: {text} in {region}");
        assert_eq!(theirs(text, region).as_deref(), they, "theirs: {text} in {region}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// A number, once read, reads as itself: whatever the default country.
    #[test]
    fn a_number_read_twice_is_the_same(text in "[+]?[0-9]{1,3}[ .-]?[(]?[0-9]{2,4}[)]?[ /-]?[0-9]{3,8}", from in 0..SAMPLE.len(), to in 0..SAMPLE.len()) {
        if let Some(number) = ours(&text, SAMPLE[from].0) {
            prop_assert_eq!(ours(&number, SAMPLE[to].0), Some(number));
        }
    }

    /// In the North American plan the digits are all there is: no digit comes
    /// or goes, however they are grouped.
    #[test]
    fn north_american_digits_stay_what_they_are(area in 201_u32..999, rest in 2_000_000_u32..9_999_999, style in 0..6) {
        let (a, b) = (rest / 10_000, rest % 10_000);
        let text = match style {
            0 => format!("{area}{rest}"),
            1 => format!("+1{area}{rest}"),
            2 => format!("({area}) {a}-{b:04}"),
            3 => format!("{area}.{a}.{b:04}"),
            4 => format!("1-{area}-{a}-{b:04}"),
            _ => format!("0111{area}{rest}"),
        };
        if let Some(number) = ours(&text, "US") {
            prop_assert_eq!(number, format!("+1{area}{rest}"));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        if let Some(number) = ours(&text, "DE") {
            prop_assert!(PhoneNumber::from_e164(&number).is_some());
        }
    }
}
