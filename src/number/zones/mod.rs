//! From a number to where its owner may be: time zones, country, state.
//!
//! Own tables of facts: `nanp` for country code 1, by area code, `countries`
//! for the rest, by the first digits. A number may be in any of the zones given
//! for it, so what depends on the local time must hold in all of them. People
//! take their numbers along when they move: a contact's own `timezone`, where
//! the list has one, says more than any table.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::PhoneNumber;

mod countries;
mod map_data;
mod nanp;

pub use map_data::MapDataError;

/// Time zones in which somebody may be: at least one. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Zones(Arc<[TimeZone]>);

/// Where the owner of a number may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Every zone; none: nobody knows.
    pub zones: Option<Zones>,
    /// The country (ISO 3166-1), where the first digits alone say it.
    pub country: Option<&'static str>,
    /// The state or province (ISO 3166-2 without the country), likewise.
    pub state: Option<&'static str>,
}

/// A zone of the tz database by its name, with daylight-saving rules. Names of
/// fixed offsets (`Etc/GMT+5`, `UTC`) are zones too.
pub fn zone(name: &str) -> Option<TimeZone> {
    static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    // The machine's own database is newer than ours, but may lack old names.
    TimeZone::get(name).or_else(|_| BUNDLED.get(name)).ok()
}

/// What numbers say of places. Cheap to clone.
#[derive(Clone)]
pub struct ZoneMap(Arc<Tables>);

struct Tables {
    places: Vec<Place>,
    /// By area code: an index into `places`.
    areas: Box<[u16; 1_000]>,
    /// By the first digits: likewise.
    beginnings: HashMap<u64, u16>,
    /// The operator's: wins over both.
    overrides: HashMap<u64, Zones>,
    /// Digits of the longest beginning in `overrides`.
    longest: u32,
}

/// Digits of the longest beginning in our own table.
const LONGEST: u32 = 4;
/// The place of a number of country code 1 whose area code is not in the table.
const ANYWHERE: u16 = 0;
/// The place of a number with no country in the table.
const NOWHERE: u16 = 1;

impl Zones {
    /// One zone.
    pub fn one(zone: TimeZone) -> Self {
        Self(Arc::new([zone]))
    }

    /// Those of these names that are in the tz database; none: not one is.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let zones: Vec<_> = names.into_iter().filter_map(zone).collect();
        if zones.is_empty() { None } else { Some(Self(zones.into())) }
    }

    /// The zones.
    pub fn iter(&self) -> impl Iterator<Item = &TimeZone> {
        self.0.iter()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(TimeZone::iana_name)
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl ZoneMap {
    /// Our own tables.
    pub fn builtin() -> Self {
        static BUILTIN: LazyLock<ZoneMap> = LazyLock::new(|| ZoneMap(Arc::new(Tables::new(HashMap::new(), 0))));
        BUILTIN.clone()
    }

    /// Our own tables, but with the zones of a file in the format of
    /// libphonenumber's `map_data.txt` where it has any for a number.
    pub fn with_map_data(file: &Path) -> Result<Self, MapDataError> {
        let overrides = map_data::read(file)?;
        let longest = overrides.keys().map(|digits| digits.ilog10() + 1).max().unwrap_or(0);
        Ok(Self(Arc::new(Tables::new(overrides, longest))))
    }

    /// Where the owner of a number may be.
    pub fn place(&self, number: PhoneNumber) -> Place {
        let tables = &self.0;
        let place = tables.places.get(usize::from(tables.index(number))).cloned();
        let place = place.unwrap_or(Place { zones: None, country: None, state: None });
        match tables.overriding(number) {
            Some(zones) => Place { zones: Some(zones.clone()), ..place },
            None => place,
        }
    }
}

impl Default for ZoneMap {
    fn default() -> Self {
        Self::builtin()
    }
}

impl PartialEq for ZoneMap {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.overrides == other.0.overrides
    }
}

impl Eq for ZoneMap {}

impl fmt::Debug for ZoneMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZoneMap").field("overrides", &self.0.overrides.len()).finish_non_exhaustive()
    }
}

impl Tables {
    fn new(overrides: HashMap<u64, Zones>, longest: u32) -> Self {
        let mut tables = Self {
            places: Vec::new(),
            areas: Box::new([ANYWHERE; 1_000]),
            beginnings: HashMap::new(),
            overrides,
            longest,
        };
        tables.add(Place { zones: Zones::named(nanp::ANYWHERE.iter().copied()), country: None, state: None });
        tables.add(Place { zones: None, country: None, state: None });
        for area in nanp::AREAS {
            let place = tables.add(Place {
                zones: Zones::named(area.zones.iter().copied()),
                country: Some(area.country),
                state: Some(area.state).filter(|state| !state.is_empty()),
            });
            for code in area.codes {
                if let Some(slot) = tables.areas.get_mut(usize::from(*code)) {
                    *slot = place;
                }
            }
        }
        for (digits, zones) in countries::BEGINNINGS {
            let zones = Zones::named(zones.iter().copied());
            let place = tables.add(Place { zones, country: None, state: None });
            tables.beginnings.insert(u64::from(*digits), place);
        }
        tables
    }

    fn add(&mut self, place: Place) -> u16 {
        self.places.push(place);
        u16::try_from(self.places.len() - 1).unwrap_or(NOWHERE)
    }

    fn index(&self, number: PhoneNumber) -> u16 {
        if let Some(national) = number.nanp() {
            let area = usize::try_from(national / 10_000_000).unwrap_or(0);
            return self.areas.get(area).copied().unwrap_or(ANYWHERE);
        }
        let found = beginnings(number, LONGEST).find_map(|digits| self.beginnings.get(&digits));
        found.copied().unwrap_or(NOWHERE)
    }

    fn overriding(&self, number: PhoneNumber) -> Option<&Zones> {
        if self.overrides.is_empty() {
            return None;
        }
        beginnings(number, self.longest).find_map(|digits| self.overrides.get(&digits))
    }
}

/// The first digits of a number, the longest beginning first.
fn beginnings(number: PhoneNumber, longest: u32) -> impl Iterator<Item = u64> {
    let digits = number.as_u64().checked_ilog10().unwrap_or(0) + 1;
    let longest = longest.min(digits);
    (0..longest).map(move |shorter| number.as_u64() / 10u64.pow(digits - longest + shorter))
}

#[cfg(test)]
mod tests;
