//! Fifty thousand people in every area code, from 5 to 11 March 2026. On Sunday
//! the clocks go forward; Tuesday is the campaign's holiday.

use std::collections::{BTreeMap, HashMap, HashSet};

use canvass::caller_id::Limits;
use canvass::campaign::{FrequencyCap, RetryOn, Settings};
use canvass::compliance::Organization;
use canvass::number::PhoneNumber;
use canvass::switch::simulator::{CalleeMix, Fate, Shares};
use jiff::Timestamp;

use super::places::{self, Clock, area_codes};
use super::scene::{Cast, Person, Scene, numbers};
use super::witness::{Breach, Digits, Promise, Seen, Whose, digits};
use super::world::number;

const CONTACTS: u32 = 50_000;
const SECOND: i64 = 1_000_000;
/// So that the campaign takes most of the week.
const DAILY_CAP: u32 = if cfg!(debug_assertions) { 70 } else { 220 };

/// Zones that lists say of people who moved.
const MOVED: [(&str, char); 5] = [
    ("America/New_York", 'E'),
    ("America/Los_Angeles", 'P'),
    ("Pacific/Honolulu", 'H'),
    ("America/Phoenix", 'Z'),
    ("America/Denver", 'M'),
];

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn code_of(number: Digits) -> u32 {
    u32::try_from(number / 10_000_000 % 1_000).expect("three digits")
}

/// The contact `n` of the list: area codes in turn, and one in twenty moved.
fn person(codes: &[u32], n: u32) -> Person {
    let code = codes[n as usize % codes.len()];
    let own = (n % 20 == 3).then(|| MOVED[(n / 20) as usize % MOVED.len()]);
    Person { number: number(&format!("+1{code}{}", 2_000_000 + n)), own }
}

/// Whoever is never there: two in every area code.
pub(crate) fn never_there(codes: &[u32]) -> Vec<Person> {
    let numbers = codes.iter().flat_map(|code| [format!("+1{code}3000077"), format!("+1{code}3000177")]);
    numbers.map(|text| Person { number: number(&text), own: None }).collect()
}

/// Numbers ending in 5 answer, those in 77 are busy for ever.
pub(crate) fn callees() -> CalleeMix {
    CalleeMix {
        shares: Shares {
            answer: 0.2,
            voicemail: 0.0,
            busy: 0.65,
            no_answer: 0.1,
            reject: 0.05,
            invalid: 0.0,
            congestion: 0.0,
        },
        ring_ms: (500, 2_500),
        talk_ms: (3_000, 8_000),
        keys: BTreeMap::from([('9', 0.3)]),
        key_ms: (500, 2_500),
        endings: BTreeMap::from([("5".to_owned(), Fate::Answer), ("77".to_owned(), Fate::Busy)]),
        ..CalleeMix::default()
    }
}

pub(crate) fn shown(pool: &[PhoneNumber]) -> Vec<Digits> {
    pool.iter().map(|number| digits(&number.to_string())).collect()
}

/// On everybody's own clock, with a pause at noon and shorter hours on Saturday
/// and Sunday; our numbers have limits.
pub(crate) fn national(people: Vec<Person>) -> Cast {
    let pool = numbers("+1212555", 60);
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let mut slots = Vec::new();
    for day in weekdays {
        slots.push(format!(r#"{{"day": "{day}", "start": "09:00", "end": "12:00"}}"#));
        slots.push(format!(r#"{{"day": "{day}", "start": "13:30", "end": "20:30"}}"#));
    }
    slots.push(r#"{"day": "saturday", "start": "10:00", "end": "14:00"}"#.to_owned());
    slots.push(r#"{"day": "sunday", "start": "12:00", "end": "18:00"}"#.to_owned());
    let hours = format!(r#"{{"timezone": "recipient", "slots": [{}], "holidays": ["2026-03-10"]}}"#, slots.join(","));
    let h = |hours: i64, minutes: i64| hours * 3_600 + minutes * 60;
    let mut promised: Vec<_> = (0..5).flat_map(|day| [(day, h(9, 0), h(12, 0)), (day, h(13, 30), h(20, 30))]).collect();
    promised.extend([(5, h(10, 0), h(14, 0)), (6, h(12, 0), h(18, 0))]);
    Cast {
        name: "National",
        settings: Settings {
            number_pool: pool.clone(),
            calling_hours: Some(serde_json::from_str(&hours).expect("hours")),
            max_concurrent: 400,
            ring_seconds: 6,
            retry_attempts: 1,
            retry_delay_minutes: 240,
            retry_on: RetryOn { busy: false, ..RetryOn::default() },
            frequency_caps: vec![FrequencyCap { attempts: 2, days: 1 }],
            ..Settings::default()
        },
        promise: Promise {
            pool: shown(&pool),
            whose: Whose::Callee,
            slots: promised,
            holiday: Some((2026, 3, 10)),
            in_24_hours: 2,
            attempts: 2,
            daily_cap: DAILY_CAP,
            cool_down: SECOND,
        },
        limits: Limits { daily_cap: Some(DAILY_CAP), cool_down_seconds: Some(1), ..Limits::default() },
        people,
    }
}

/// Whenever the law allows it, again and again: somebody waits for each opening.
pub(crate) fn dawn_to_dusk(people: Vec<Person>) -> Cast {
    let pool = numbers("+1312555", 6);
    Cast {
        name: "Dawn to dusk",
        settings: Settings {
            number_pool: pool.clone(),
            max_concurrent: 400,
            retry_attempts: 30,
            retry_delay_minutes: 600,
            frequency_caps: vec![FrequencyCap { attempts: 3, days: 1 }],
            ..Settings::default()
        },
        promise: Promise {
            pool: shown(&pool),
            whose: Whose::Callee,
            slots: Vec::new(),
            holiday: None,
            in_24_hours: 3,
            attempts: 31,
            daily_cap: u32::MAX,
            cool_down: 0,
        },
        limits: Limits::default(),
        people,
    }
}

/// On the clock of one office; those who answer hear something and may press a key.
fn from_chicago(people: Vec<Person>) -> Cast {
    let pool = numbers("+1415555", 3);
    let slots = ["monday", "thursday", "friday"]
        .map(|day| format!(r#"{{"day": "{day}", "start": "10:00", "end": "16:00"}}"#))
        .join(",");
    let hours = format!(r#"{{"timezone": "America/Chicago", "slots": [{slots}]}}"#);
    Cast {
        name: "From Chicago",
        settings: Settings {
            number_pool: pool.clone(),
            calling_hours: Some(serde_json::from_str(&hours).expect("hours")),
            max_concurrent: 100,
            prompts: vec!["prompt.wav".into()],
            frequency_caps: vec![FrequencyCap { attempts: 2, days: 1 }],
            ..Settings::default()
        },
        promise: Promise {
            pool: shown(&pool),
            whose: Whose::Fixed(Clock::of('C')),
            slots: [0, 3, 4].map(|day| (day, 10 * 3_600, 16 * 3_600)).to_vec(),
            holiday: None,
            in_24_hours: 2,
            attempts: 1,
            daily_cap: 400,
            cool_down: 0,
        },
        limits: Limits { daily_cap: Some(400), ..Limits::default() },
        people,
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_of_a_week_breaks_a_rule() {
    let (begin, end) = (at("2026-03-05T00:00:00Z"), at("2026-03-12T00:00:00Z"));
    let codes: Vec<_> = area_codes().into_keys().collect();
    let everybody: Vec<_> = (0..CONTACTS).map(|n| person(&codes, n)).collect();
    // In every third area code, and wherever there are few.
    let table = area_codes();
    let few = |person: &Person| table[&code_of(person.digits())].contains(['G', 'S', 'H', 'K', 'A', 'Z']);
    let steady = never_there(&codes).into_iter().enumerate();
    let steady = steady.filter(|(n, person)| n % 6 == 0 || (n % 2 == 0 && few(person)));
    let steady: Vec<_> = steady.map(|(_, person)| person).collect();
    let answering: Vec<_> = everybody.iter().skip(5).step_by(20).copied().collect();
    let cast = vec![
        national(everybody.iter().chain(&steady).copied().collect()),
        dawn_to_dusk(steady.clone()),
        from_chicago(answering),
    ];
    let rests: Vec<_> = numbers("+1212555", 2).into_iter().map(|number| (number, at("2026-03-07T12:00:00Z"))).collect();
    // Two in three, or few where the build is fast enough to call everybody.
    let unwanted = |n: &usize| if cfg!(debug_assertions) { n / 375 % 3 != 2 } else { n % 50 == 7 };
    let unwanted: Vec<_> = (0..everybody.len()).filter(unwanted).map(|n| everybody[n].number).collect();
    let mut scene = Scene::begin(begin, Organization::default(), callees(), cast, &rests, &unwanted).await;

    let mut random = fastrand::Rng::with_seed(11);
    let everyone = everybody.clone();
    let leave = async |scene: &Scene| {
        for _ in 0..10 {
            scene.opt_out(everyone[random.usize(..everyone.len())].number).await;
        }
    };
    scene.play(end, leave).await;
    let simulator = scene.simulator.journal().clone();
    let (world, witness, campaigns) = scene.end().await;

    // Each call the switch saw is in the database, once, and the other way round.
    let mut stored = 0;
    for id in &campaigns {
        stored += world.store.tally(*id).await.expect("a tally").calls();
    }
    let notes = witness.notes();
    assert_eq!((stored, simulator.by_call().len()), (simulator.originates(), notes.calls.len()));

    let breaches: BTreeMap<Breach, (usize, &String)> =
        notes.breaches.iter().map(|(breach, all)| (*breach, (all.len(), &all[0]))).collect();
    assert_eq!(breaches, BTreeMap::new(), "of {} calls", notes.calls.len());

    // Nothing of that is empty. Who may be called was.
    let by = |campaign| notes.calls.iter().filter(move |call: &&Seen| call.campaign == campaign);
    let called: [HashSet<_>; 2] = [0, 1].map(|campaign| by(campaign).map(|call| call.number).collect());
    let missed = |called: &HashSet<Digits>, person: &Person| {
        !called.contains(&person.digits()) && !notes.opted_out.contains_key(&person.digits())
    };
    let missed: Vec<_> = everybody
        .iter()
        .filter(|person| missed(&called[0], person))
        .chain(steady.iter().filter(|person| missed(&called[1], person)))
        .collect();
    assert!(missed.is_empty(), "{} were not called: {:?}", missed.len(), missed.first());
    assert!(notes.by_key > 150, "{}", notes.by_key);
    let mut by_code: HashMap<u32, usize> = HashMap::new();
    notes.calls.iter().for_each(|call| *by_code.entry(code_of(call.number)).or_default() += 1);
    assert_eq!(by_code.len(), codes.len());
    assert!(by_code.values().all(|calls| *calls > 40), "{by_code:?}");
    openings(&notes.calls, begin.as_second(), end.as_second());
}

/// On each clock and every day, somebody is called within the first second.
fn openings(calls: &[Seen], begin: i64, end: i64) {
    let codes = area_codes();
    for letter in "GSHPMZCEA".chars() {
        let clock = Clock::of(letter);
        let here = |call: &&Seen| call.campaign == 1 && codes[&code_of(call.number)] == letter.to_string();
        let mine: Vec<_> = calls.iter().filter(here).collect();
        // Minute by minute: when it turns eight.
        let turns_eight = (begin / 60 + 1..end / 60).map(|minute| minute * 60);
        let opens =
            turns_eight.filter(|at| clock.wall(*at).second == 8 * 3_600 && clock.wall(*at - 1).second < 8 * 3_600);
        let opens: Vec<_> = opens.collect();
        assert!(opens.len() >= 6, "{letter}: {opens:?}");
        for open in opens {
            let first = open * SECOND..(open + 1) * SECOND;
            assert!(mine.iter().any(|call| first.contains(&call.at)), "{letter}: nobody at {open}");
        }
    }
    // The clocks went forward in most places.
    let eight = |letter: char, day: i64| {
        let day = places::day_of(2026, 3, day) * 86_400;
        (day..day + 2 * 86_400).find(|at| Clock::of(letter).wall(*at).second == 8 * 3_600)
    };
    assert_eq!(eight('E', 8).zip(eight('E', 7)).map(|(later, earlier)| later - earlier), Some(23 * 3_600));
}
