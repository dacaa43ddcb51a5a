use std::collections::BTreeSet;

use jiff::Timestamp;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

use super::*;

fn place(text: &str) -> Place {
    ZoneMap::builtin().place(PhoneNumber::from_e164(text).expect("a number"))
}

#[track_caller]
fn names(text: &str) -> Vec<String> {
    place(text).zones.map(|zones| zones.names().map(ToOwned::to_owned).collect()).unwrap_or_default()
}

#[test]
fn every_zone_of_the_tables_is_in_the_tz_database() {
    let all = nanp::AREAS.iter().map(|area| area.zones).chain(countries::BEGINNINGS.iter().map(|(_, zones)| *zones));
    for list in all.chain([nanp::ANYWHERE]) {
        assert!(!list.is_empty());
        for name in list {
            assert!(zone(name).is_some(), "{name}");
        }
    }
}

#[test]
fn every_code_stands_once() {
    let mut areas = BTreeSet::new();
    for code in nanp::AREAS.iter().flat_map(|area| area.codes) {
        assert!(areas.insert(code) && (201..=989).contains(code) && code % 100 != 11, "{code}");
    }
    assert_eq!(areas.len(), 454);
    let beginnings: BTreeSet<_> = countries::BEGINNINGS.iter().map(|(digits, _)| digits).collect();
    assert_eq!(beginnings.len(), countries::BEGINNINGS.len());
}

/// Codes that cross a limit, overlay such a one, or do not keep
/// daylight-saving time.
#[test]
fn tricky_codes() {
    let chicago_and_new_york = ["America/New_York", "America/Chicago"];
    for (number, zones) in [
        ("+12085550123", &["America/Boise", "America/Los_Angeles"][..]),
        ("+19865550123", &["America/Boise", "America/Los_Angeles"]),
        ("+14235550123", &chicago_and_new_york),
        ("+17295550123", &chicago_and_new_york),
        ("+19315550123", &chicago_and_new_york),
        ("+15745550123", &["America/Indiana/Indianapolis", "America/Chicago"]),
        ("+16055550123", &["America/Chicago", "America/Denver"]),
        ("+17015550123", &["America/Chicago", "America/Denver"]),
        ("+18085550123", &["Pacific/Honolulu"]),
        ("+18505550123", &chicago_and_new_york),
        ("+14485550123", &chicago_and_new_york),
        ("+19065550123", &["America/Detroit", "America/Chicago"]),
        ("+19075550123", &["America/Anchorage", "America/Adak"]),
        ("+16575550123", &["America/Los_Angeles"]),
        ("+17875550123", &["America/Puerto_Rico"]),
        ("+19155550123", &["America/Chicago", "America/Denver"]),
        ("+19285550123", &["America/Phoenix", "America/Denver"]),
        ("+16025550123", &["America/Phoenix"]),
        ("+13065550123", &["America/Regina", "America/Edmonton"]),
        ("+17095550123", &["America/St_Johns", "America/Goose_Bay"]),
        ("+13455550123", &["America/Cayman"]),
        ("+77172123456", &["Asia/Almaty", "Asia/Aqtau"]),
        ("+919876543210", &["Asia/Kolkata"]),
        ("+9771234567", &["Asia/Kathmandu"]),
        ("+34612345678", &["Europe/Madrid", "Atlantic/Canary"]),
    ] {
        assert_eq!(names(number), zones, "{number}");
    }
    assert_eq!(names("+18675550123").len(), 7, "from Yukon to Nunavut");
    assert_eq!(names("+79161234567").len(), 11, "from Kaliningrad to Kamchatka");
}

/// No table knows: everywhere the number could be in its country, nowhere else.
#[test]
fn the_unknown() {
    assert_eq!(names("+15551234567"), nanp::ANYWHERE);
    assert_eq!(names("+18002345678"), nanp::ANYWHERE);
    assert_eq!(place("+15551234567").country, None);
    for unknown in ["+80012345678", "+870773111632", "+999123456789"] {
        assert_eq!(place(unknown).zones, None, "{unknown}");
    }
}

#[test]
fn states_and_countries() {
    assert_eq!((place("+13055550123").state, place("+13055550123").country), (Some("FL"), Some("US")));
    assert_eq!((place("+17875550123").state, place("+17875550123").country), (None, Some("PR")));
    assert_eq!((place("+14165550123").state, place("+14165550123").country), (Some("ON"), Some("CA")));
    assert_eq!(place("+442079460958").country, None);
}

/// Every region with telephone numbers has zones, of this world and of one part
/// of it.
#[test]
fn example_numbers_of_every_region() {
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("an instant");
    let mut regions = 0;
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        let Ok(example) = PHONE_NUMBER_UTIL.get_example_number(region) else { continue };
        let number = PHONE_NUMBER_UTIL.format(&example, PhoneNumberFormat::E164);
        let zones = place(number.as_ref()).zones.unwrap_or_else(|| panic!("{region}: {number} has no zone"));
        let offsets: Vec<_> = zones.iter().map(|zone| zone.to_offset(now).seconds() / 3_600).collect();
        let (low, high) = (offsets.iter().min().expect("one"), offsets.iter().max().expect("one"));
        assert!((-11..=14).contains(low) && (-11..=14).contains(high), "{region}: {offsets:?}");
        // Russia, and Norfolk Island with the stations in Antarctica.
        let wide = ["NF", "RU"];
        assert!(high - low <= 5 || wide.contains(&region.to_string().as_str()), "{region}: {offsets:?}");
        regions += 1;
    }
    assert!(regions > 240, "{regions}");
}

#[test]
fn an_operators_table_wins() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, b"1423265|America/New_York\n44|Europe/London\n").expect("written");
    let map = ZoneMap::with_map_data(file.path()).expect("read");
    let of = |text: &str| {
        let place = map.place(PhoneNumber::from_e164(text).expect("a number"));
        (place.zones.map(|zones| zones.names().collect::<Vec<_>>().join(" ")), place.state)
    };
    assert_eq!(of("+14232655555"), (Some("America/New_York".into()), Some("TN")));
    assert_eq!(of("+14235550123"), (Some("America/New_York America/Chicago".into()), Some("TN")));
    assert_ne!(map, ZoneMap::builtin());
    assert_eq!(ZoneMap::builtin(), ZoneMap::default());
}
