//! People opt out while they are about to be called.

use canvass::caller_id::Limits;
use canvass::campaign::{CampaignStatus, Settings};
use canvass::compliance::Organization;
use canvass::store::DoNotCall;

use super::scene::{Cast, Person, Scene, numbers};
use super::week::{at, callees, shown};
use super::witness::{Digits, Promise, Whose, digits};
use super::world::number;

const LIST: usize = 3_000;

/// The entry is committed while claims, checks and commands for the same numbers
/// are under way. Whatever had begun by then comes to its end; after that no call
/// to them is placed.
#[tokio::test(start_paused = true)]
async fn nobody_is_called_after_opting_out() {
    let people: Vec<_> =
        (0..LIST).map(|n| Person { number: number(&format!("+1212{}", 2_000_000 + n)), own: None }).collect();
    let pool = numbers("+1312555", 4);
    let promise = Promise {
        pool: shown(&pool),
        whose: Whose::Callee,
        slots: Vec::new(),
        holiday: None,
        in_24_hours: 2,
        attempts: 2,
        daily_cap: u32::MAX,
        cool_down: 0,
    };
    let settings = Settings {
        number_pool: pool,
        max_concurrent: 100,
        retry_attempts: 1,
        retry_delay_minutes: 1,
        ..Settings::default()
    };
    let cast = Cast { name: "New York", settings, promise, limits: Limits::default(), people: people.clone() };
    let begin = at("2026-06-02T16:00:00Z");
    let scene = Scene::begin(begin, Organization::default(), callees(), vec![cast], &[], &[]).await;
    let running = async || {
        let campaign = scene.world.store.campaign(scene.campaigns[0]).await.expect("read").expect("there");
        campaign.status == CampaignStatus::Running
    };
    let mut random = fastrand::Rng::with_seed(23);
    let mut left = Vec::new();
    while running().await {
        assert!(scene.witness.now() < begin.as_microsecond() + 3_600_000_000, "an hour is enough");
        scene.settle().await;
        let seen = scene.witness.notes().calls.len();
        // Those who come next, and some who are to be called once more.
        let next = (seen..seen + 40).filter(|_| random.u8(..8) == 0).map(|n| n % LIST);
        let next: Vec<_> = next.map(|n| people[n].number).collect();
        scene.pass_a_moment().await;
        for number in next {
            let added_at = scene.world.clock.now();
            let entry = DoNotCall { number, reason: None, source: "test".into(), added_at };
            scene.world.store.add_do_not_call(&entry).await.expect("committed");
            left.push(digits(&number.to_string()));
        }
        scene.settle().await;
        left.drain(..).for_each(|number| scene.witness.opted_out(number));
    }
    let (_, witness, _) = scene.end().await;
    let notes = witness.notes();
    assert!(notes.breaches.is_empty(), "{:?}", notes.breaches);
    // Some were called in the very moment in which they opted out, some never.
    let called = |number: Digits| notes.calls.iter().filter(move |call| call.number == number);
    let at_that_moment = notes.opted_out.iter().filter(|(number, at)| called(**number).any(|call| call.at == **at));
    let spared = notes.opted_out.keys().filter(|number| called(**number).next().is_none());
    let (at_that_moment, spared) = (at_that_moment.count(), spared.count());
    assert!(at_that_moment > 10 && spared > 10, "{at_that_moment} {spared} of {}", notes.opted_out.len());
    assert!(notes.calls.len() > LIST, "{}", notes.calls.len());
}
