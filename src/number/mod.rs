//! Phone numbers, parsed once at the edge and E.164 ever after.
//!
//! [`PhoneNumber`] is the only way a number reaches the dialer: text from a
//! list, a form or a file becomes one by [`PhoneNumber::parse`] or is reported
//! with the reason it could not.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod area;
mod kind;
mod region;
mod written;
pub mod zones;

pub use area::Area;
pub use kind::NumberKind;
pub use region::Region;
pub use zones::ZoneMap;

/// An E.164 number: a country code and a national number, 7 to 15 digits in all
/// (ITU-T E.164, section 6).
///
/// Eight bytes, `Copy`, ordered by value; shown with its leading `+`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "+15551234567", pattern = r"^\+[1-9][0-9]{6,14}$")]
pub struct PhoneNumber(u64);

/// How strictly a number is checked before it is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberCheck {
    /// The number lies in a range its country has assigned. For country code 1
    /// the shape `NXX NXX XXXX` (N from 2 to 9) is enough, because area codes
    /// open faster than any table learns of them.
    #[default]
    Valid,
    /// Only the length must be possible for the country: for laboratories and
    /// private numbering plans.
    Possible,
}

/// How text becomes a number: the organization's country and its strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRules {
    /// Country of numbers written without a country code.
    pub region: Region,
    /// How strictly the result is checked.
    pub check: NumberCheck,
}

/// Why a text is not a number we would dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing there.
    #[error("the number is empty")]
    Empty,
    /// Letters, symbols, or no digits at all.
    #[error("not a phone number")]
    NotANumber,
    /// A `+` followed by a code no country has.
    #[error("unknown country code")]
    CountryCode,
    /// Fewer digits than any number of its country has.
    #[error("too short")]
    TooShort,
    /// More digits than any number of its country has.
    #[error("too long")]
    TooLong,
    /// A local number without its area code.
    #[error("area code is missing")]
    LocalOnly,
    /// The number has an extension, which cannot be dialed.
    #[error("has an extension")]
    Extension,
    /// The right length, but in no range its country has assigned.
    #[error("no such number range")]
    Unassigned,
    /// `1.5551E+10`, or the result of a subtraction: the digits are gone.
    #[error("a spreadsheet has changed it: format the column as text and export the list again")]
    Spreadsheet,
    /// More than one number: which to call is not ours to choose.
    #[error("more than one number: keep one")]
    Several,
    /// Premium rate: never dialed by a campaign.
    #[error("premium-rate number")]
    PremiumRate,
}

impl PhoneNumber {
    /// Reads a number as people write it: `5559876543`, `(555) 555-0100`,
    /// `+44 20 7946 0958`, `0049…`, `tel:+1-555-…`.
    pub fn parse(text: &str, rules: NumberRules) -> Result<Self, NumberError> {
        let written = written::prepare(text)?;
        let util = &*PHONE_NUMBER_UTIL;
        let parsed = util.parse(&written.text, Some(rules.region.library()));
        if !written.plain {
            // The library would turn letters into digits ("1-800-FLOWERS") and
            // step over symbols; a list with those in the number column is far
            // more often a wrong column.
            let extension = parsed.is_ok_and(|number| number.extension.is_some_and(|x| !x.is_empty()));
            return Err(if extension { NumberError::Extension } else { NumberError::NotANumber });
        }
        let parsed = parsed.map_err(NumberError::from_library)?;
        match util.is_possible_number_with_reason(&parsed) {
            Ok(NumberLengthType::IsPossible) => {}
            Ok(NumberLengthType::IsPossibleLocalOnly) => return Err(NumberError::LocalOnly),
            Err(reason) => return Err(NumberError::from_length(reason)),
        }
        let e164 = util.format(&parsed, PhoneNumberFormat::E164);
        let number = Self::from_e164(e164.as_ref()).ok_or(NumberError::NotANumber)?;
        match rules.check {
            NumberCheck::Possible => Ok(number),
            // A type is known of every valid number, and of no other.
            NumberCheck::Valid => match util.get_number_type(&parsed) {
                PhoneNumberType::PremiumRate => Err(NumberError::PremiumRate),
                PhoneNumberType::Unknown if !number.has_nanp_shape() => Err(NumberError::Unassigned),
                _ => Ok(number),
            },
        }
    }

    /// Reads exactly `+` and 7 to 15 digits, the first not 0; nothing else.
    pub fn from_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let shaped =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        shaped.then(|| digits.parse().ok().map(Self)).flatten()
    }

    /// The digits without the `+`, as a number.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The digits without the `+`.
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// Country code 1, area code and exchange both from 200 to 999, and none of
    /// the two a service code such as 911. Area code 555 rings nobody and is
    /// what examples and laboratories use: any exchange will do there.
    fn has_nanp_shape(self) -> bool {
        const NANP: u64 = 10_000_000_000;
        let national = self.0 % NANP;
        let opens = |code: u64| code >= 200 && code % 100 != 11;
        let (area, exchange) = (national / 10_000_000, national / 10_000 % 1_000);
        self.0 / NANP == 1 && (area == 555 || (opens(area) && opens(exchange)))
    }
}

impl NumberError {
    fn from_library(error: rlibphonenumber::ParseError) -> Self {
        use rlibphonenumber::ParseError as E;
        match error {
            E::InvalidCountryCode => Self::CountryCode,
            E::NotANumber(_) => Self::NotANumber,
            E::TooShortAfterIdd | E::TooShortNsn => Self::TooShort,
            E::TooLongNsn => Self::TooLong,
            #[allow(unreachable_patterns)] // the library may grow variants
            _ => Self::NotANumber,
        }
    }

    fn from_length(error: rlibphonenumber::ValidationError) -> Self {
        use rlibphonenumber::ValidationError as E;
        match error {
            E::InvalidCountryCode => Self::CountryCode,
            E::TooShort => Self::TooShort,
            E::TooLong => Self::TooLong,
            #[allow(unreachable_patterns)]
            _ => Self::Unassigned,
        }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

/// Reads strict E.164, as it stands in the database, in URLs and in settings.
impl FromStr for PhoneNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::from_e164(text).ok_or(NumberError::NotANumber)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::from_e164(&text)
            .ok_or_else(|| format!("\"{text}\" is not an E.164 number: write + and the country code, then digits only"))
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(region: &str) -> NumberRules {
        NumberRules { region: region.parse().expect("a region"), check: NumberCheck::Valid }
    }

    #[track_caller]
    fn reads(text: &str, region: &str, want: &str) {
        let number = PhoneNumber::parse(text, rules(region));
        assert_eq!(number.map(|n| n.to_string()), Ok(want.to_owned()), "{text} in {region}");
    }

    #[track_caller]
    fn refuses(text: &str, region: &str, want: NumberError) {
        assert_eq!(PhoneNumber::parse(text, rules(region)), Err(want), "{text} in {region}");
    }

    #[test]
    fn numbers_as_people_write_them() {
        reads("+15551234567", "US", "+15551234567");
        reads("5559876543", "US", "+15559876543");
        reads("(555) 555-0100", "US", "+15555550100");
        reads(" 1-212-736-5000 ", "US", "+12127365000");
        reads("020 7946 0958", "GB", "+442079460958");
        reads("0049 30 901820", "GB", "+4930901820");
        reads("011 44 20 7946 0958", "US", "+442079460958");
        reads("tel:+1-212-736-5000", "US", "+12127365000");
        reads("+55 11 96123-4567", "US", "+5511961234567");
    }

    #[test]
    fn bad_numbers_say_why() {
        refuses("", "US", NumberError::Empty);
        refuses("   ", "US", NumberError::Empty);
        refuses("hello", "US", NumberError::NotANumber);
        refuses("1-800-FLOWERS", "US", NumberError::NotANumber);
        refuses("911", "US", NumberError::TooShort);
        refuses("736-5000", "US", NumberError::LocalOnly);
        refuses("+999 12345678", "US", NumberError::CountryCode);
        refuses("+1 212 736 5000 0000", "US", NumberError::TooLong);
        refuses("212-736-5000 x12", "US", NumberError::Extension);
        refuses("+1 212 136 5000", "US", NumberError::Unassigned);
        refuses("911 234 5678", "US", NumberError::Unassigned);
        refuses("2127365000, 2127365001", "US", NumberError::Several);
        refuses("1.21274E+10", "US", NumberError::Spreadsheet);
        refuses("*31*2127365000", "US", NumberError::NotANumber);
        refuses("fax 212-736-5000", "US", NumberError::NotANumber);
        refuses("900-234-5678", "US", NumberError::PremiumRate);
        refuses(&"5".repeat(10_000), "US", NumberError::TooLong);
    }

    #[test]
    fn numbers_as_files_and_telephones_hold_them() {
        reads("0309018200.0", "DE", "+49309018200");
        reads("\u{202A}+1\u{A0}(212)\u{200E} 736‑5000\u{202C}", "GB", "+12127365000");
        reads("２１２７３６５０００", "US", "+12127365000");
        reads("٢١٢٧٣٦٥٠٠٠", "US", "+12127365000");
    }

    /// `phonenumber` 0.3 makes another person's number of this one.
    #[test]
    fn a_foreign_number_keeps_its_own_country() {
        assert_ne!(
            PhoneNumber::parse("+19002123456", rules("BR")).ok().map(|n| n.to_string()),
            Some("+12123456".to_owned())
        );
    }

    #[test]
    fn a_laboratory_may_use_unassigned_numbers() {
        let lab = NumberRules { check: NumberCheck::Possible, ..rules("US") };
        assert!(PhoneNumber::parse("+15551010001", lab).is_ok());
        assert_eq!(PhoneNumber::parse("555-0101", lab), Err(NumberError::LocalOnly));
    }

    #[test]
    fn e164_is_read_strictly() {
        for bad in ["", "+", "15551234567", "+1555", "+0123456789", "+1555123456789012", "+1555 123", "+١٢٣٤٥٦٧٨"]
        {
            assert_eq!(PhoneNumber::from_e164(bad), None, "{bad}");
        }
        assert_eq!(PhoneNumber::from_e164("+15551234567").map(PhoneNumber::digits).as_deref(), Some("15551234567"));
    }
}
