//! The witness is not blind: with one rule broken at a time, it sees that.

use std::collections::BTreeMap;

use canvass::caller_id::Limits;
use canvass::campaign::{FrequencyCap, Settings};
use canvass::compliance::Organization;
use canvass::number::ZoneMap;
use rstest::rstest;

use super::places::area_codes;
use super::scene::{Cast, Scene, numbers};
use super::week::{at, callees, dawn_to_dusk, national, never_there};
use super::witness::Breach;

/// A list of two in each area code, over the night in which the clocks change.
async fn a_night(organization: Organization, cast: Cast) -> BTreeMap<Breach, String> {
    let mut scene = Scene::begin(at("2026-03-07T20:00:00Z"), organization, callees(), vec![cast], &[], &[]).await;
    scene.play(at("2026-03-08T20:00:00Z"), async |_: &Scene| {}).await;
    let (_, witness, _) = scene.end().await;
    let notes = witness.notes();
    assert!(notes.calls.len() > 700, "{}", notes.calls.len());
    notes.breaches.iter().map(|(breach, lines)| (*breach, lines[0].clone())).collect()
}

fn codes() -> Vec<u32> {
    area_codes().into_keys().collect()
}

/// Who is called as the law allows.
fn lawful() -> Cast {
    dawn_to_dusk(never_there(&codes()))
}

/// Who has the campaign's hours, too.
fn scheduled() -> Cast {
    national(never_there(&codes()))
}

fn with(cast: Cast, settings: impl FnOnce(&mut Settings)) -> Cast {
    let mut cast = cast;
    settings(&mut cast.settings);
    cast
}

fn without_law() -> Organization {
    Organization::default().with_legal_hours(None)
}

/// Everybody is in New York.
fn one_zone() -> Organization {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    std::io::Write::write_all(&mut file, b"1|America/New_York\n").expect("written");
    Organization::default().with_map(ZoneMap::with_map_data(file.path()).expect("a map"))
}

#[rstest]
#[case::nothing(Organization::default(), lawful(), &[])]
#[case::the_law(without_law(), lawful(), &[Breach::Law])]
#[case::the_zones(one_zone(), lawful(), &[Breach::Law])]
#[case::the_hours(Organization::default(), with(scheduled(), |it| it.calling_hours = None), &[Breach::Hours])]
#[case::the_clock(
    Organization::default(),
    with(scheduled(), |it| it.calling_hours.as_mut().expect("hours").timezone = "America/New_York".into()),
    &[Breach::Hours]
)]
#[case::the_frequency(
    Organization::default(),
    with(lawful(), |it| (it.frequency_caps, it.retry_delay_minutes) = (Vec::new(), 60)),
    &[Breach::Frequency]
)]
#[case::the_cap(
    Organization::default(),
    Cast { limits: Limits { cool_down_seconds: Some(1), ..Limits::default() }, ..capped(5) },
    &[Breach::DailyCap]
)]
#[case::the_pause(
    Organization::default(),
    Cast { limits: Limits { daily_cap: Some(220), ..Limits::default() }, ..scheduled() },
    &[Breach::CoolDown]
)]
#[tokio::test(start_paused = true)]
async fn what_is_broken_is_seen(#[case] organization: Organization, #[case] cast: Cast, #[case] seen: &[Breach]) {
    let breaches = a_night(organization, cast).await;
    assert!(breaches.keys().eq(seen), "{breaches:?}");
}

/// With so few numbers of ours that each is used more than it may be.
fn capped(count: u32) -> Cast {
    let cast = scheduled();
    let promise = super::witness::Promise { daily_cap: 50, ..cast.promise };
    let settings = Settings {
        number_pool: numbers("+1212555", count),
        frequency_caps: vec![FrequencyCap { attempts: 2, days: 1 }],
        ..cast.settings
    };
    Cast { promise, settings, ..cast }
}
