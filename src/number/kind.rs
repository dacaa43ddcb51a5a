//! What a number is good for: numbers that a campaign never calls.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};

use super::PhoneNumber;

/// What kind of number it is, as far as it matters for calling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// A person or a business answers, at the usual rates.
    Ordinary,
    /// Premium rate: the caller pays whoever is called.
    PremiumRate,
    /// Satellite telephones (+870, +881) and international networks (+882,
    /// +883): the rates are those of toll fraud.
    Satellite,
    /// Services without a country: shared cost (+808), universal personal
    /// numbers (+878), disaster relief (+888), international premium rate
    /// (+979).
    International,
    /// An emergency or service code, or too short for a subscriber.
    Service,
}

impl PhoneNumber {
    /// What kind of number it is.
    pub fn kind(self) -> NumberKind {
        if let Some(national) = self.nanp() {
            return nanp(national);
        }
        match self.beginning(3) {
            870 | 881 | 882 | 883 => return NumberKind::Satellite,
            808 | 878 | 888 | 979 => return NumberKind::International,
            _ => {}
        }
        let Ok(parsed) = PHONE_NUMBER_UTIL.parse(self.to_string(), None) else { return NumberKind::Service };
        match PHONE_NUMBER_UTIL.get_number_type(&parsed) {
            PhoneNumberType::PremiumRate => NumberKind::PremiumRate,
            // Fewer digits than any subscriber of that country has.
            PhoneNumberType::Unknown if PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed).is_err() => {
                NumberKind::Service
            }
            _ => NumberKind::Ordinary,
        }
    }

    /// The country a number belongs to (ISO 3166-1), where the digits say it;
    /// for a number in no range of its own, the country whose code it has.
    pub(crate) fn region(self) -> Option<super::Region> {
        let util = &*PHONE_NUMBER_UTIL;
        let parsed = util.parse(self.to_string(), None).ok()?;
        let region = util.get_region_for_number(&parsed);
        let region = region.or_else(|| util.get_region_for_country_code(parsed.country_code));
        // "001" stands for services of no country.
        region.and_then(|region| region.to_string().parse().ok())
    }

    /// Whether it is a number of the North American Numbering Plan.
    pub(crate) fn has_country_code_1(self) -> bool {
        self.nanp().is_some()
    }

    /// The ten digits after country code 1.
    pub(super) fn nanp(self) -> Option<u64> {
        const NANP: u64 = 10_000_000_000;
        (self.0 / NANP == 1).then_some(self.0 % NANP)
    }

    /// The first `count` digits.
    fn beginning(self, count: u32) -> u64 {
        let digits = self.0.checked_ilog10().unwrap_or(0) + 1;
        self.0 / 10u64.pow(digits.saturating_sub(count))
    }
}

/// Country code 1. `911`, `411` and the like are service codes wherever they
/// stand; 900 and 976 are premium rate.
fn nanp(national: u64) -> NumberKind {
    let (area, exchange) = (national / 10_000_000, national / 10_000 % 1_000);
    let service = |code: u64| code >= 200 && code % 100 == 11;
    if service(area) || (service(exchange) && area != 555) {
        NumberKind::Service
    } else if area == 900 || exchange == 976 {
        NumberKind::PremiumRate
    } else {
        NumberKind::Ordinary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, kind: NumberKind) {
        assert_eq!(PhoneNumber::from_e164(text).expect("a number").kind(), kind, "{text}");
    }

    #[test]
    fn kinds() {
        is("+12127365000", NumberKind::Ordinary);
        is("+15551234567", NumberKind::Ordinary);
        is("+15550000001", NumberKind::Ordinary);
        is("+18002345678", NumberKind::Ordinary);
        is("+19002345678", NumberKind::PremiumRate);
        is("+12129762345", NumberKind::PremiumRate);
        is("+12129112345", NumberKind::Service);
        is("+19112345678", NumberKind::Service);
        is("+441632960000", NumberKind::Ordinary);
        is("+449090123456", NumberKind::PremiumRate);
        is("+49900123456", NumberKind::Ordinary);
        is("+4990012345678", NumberKind::Ordinary);
        is("+870773111632", NumberKind::Satellite);
        is("+881612345678", NumberKind::Satellite);
        is("+882161234567", NumberKind::Satellite);
        is("+883510000000", NumberKind::Satellite);
        is("+979123456789", NumberKind::International);
        is("+4911012", NumberKind::Ordinary);
    }

    #[test]
    fn regions() {
        let of = |text: &str| PhoneNumber::from_e164(text).and_then(PhoneNumber::region).map(|r| r.to_string());
        assert_eq!(of("+442079460958").as_deref(), Some("GB"));
        assert_eq!(of("+4930901820").as_deref(), Some("DE"));
        assert_eq!(of("+77012345678").as_deref(), Some("KZ"));
        assert_eq!(of("+15551234567").as_deref(), Some("US"));
        assert_eq!(of("+881612345678"), None);
    }
}
