//! Numbers that are never called: too expensive, in the wrong country, or
//! nobody's.

use super::organization::Countries;
use super::{Organization, Rule};
use crate::number::zones::Place;
use crate::number::{NumberKind, PhoneNumber, Region};

/// Territories that belong to the United States for this purpose.
const TERRITORIES: [&str; 5] = ["AS", "GU", "MP", "PR", "VI"];

/// The rule that forbids the destination.
pub(super) fn forbidden(organization: &Organization, number: PhoneNumber, place: &Place) -> Option<Rule> {
    match number.kind() {
        NumberKind::Ordinary => {}
        NumberKind::PremiumRate => return Some(Rule::PremiumRate),
        NumberKind::Satellite => return Some(Rule::Satellite),
        NumberKind::International => return Some(Rule::InternationalService),
        NumberKind::Service if organization.private_plan => {}
        NumberKind::Service => return Some(Rule::ServiceCode),
    }
    let Countries::Only(allowed) = &organization.countries else { return None };
    let allows = |country: &str| {
        let is = |region: &Region| region.to_string() == country;
        allowed.iter().any(is) || (TERRITORIES.contains(&country) && allowed.contains(&Region::US))
    };
    let allowed = match place.country {
        Some(country) => allows(country),
        // An area code that is not in the table yet, toll-free, 555.
        None if number.has_country_code_1() => allows("US"),
        None => number.region().is_some_and(|region| allows(&region.to_string())),
    };
    if allowed { None } else { Some(Rule::Country) }
}
