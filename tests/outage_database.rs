//! Postgres is stopped for ten seconds in the middle of a campaign and comes
//! back: dialing stops and goes on, no outcome is lost, nobody is called twice.

use std::time::Duration;

use canvass::campaign::{CampaignStatus, Settings, TargetStatus};
use canvass::store::{Location, Store};
use canvass::switch::simulator::CalleeMix;

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/need.rs"]
mod need;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/world.rs"]
mod world;

use postgres::Database;
use world::{Kind, Simulator, World, contact, quick, stop};

async fn dialing(database: &Database) -> (World, Simulator, canvass::campaign::CampaignId, canvass::dialer::Engine) {
    let store = Store::open(&Location::Postgres(database.url().to_owned().into())).await.expect("a database");
    store.migrate().await.expect("migrated");
    let world = World::on(store);
    let mix = CalleeMix { speed: 10.0, ring_ms: (500, 6_000), ..quick() };
    let simulator = Simulator::start(Kind::FreeSwitch, mix).await;
    let settings = Settings { max_concurrent: 40, retry_attempts: 1, retry_delay_minutes: 0, ..Settings::default() };
    let id = world.campaign(settings, (0..500).map(contact)).await;
    let engine = world.engine(vec![simulator.connect("one", 100, 300.0)]).await;
    while world.store.tally(id).await.expect("a tally").calls() < 100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (world, simulator, id, engine)
}

async fn checked(world: &World, simulator: &Simulator, id: canvass::campaign::CampaignId) {
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    let tally = world.store.tally(id).await.expect("a tally");
    let open = [TargetStatus::Pending, TargetStatus::Calling, TargetStatus::Connected];
    assert_eq!(open.map(|status| tally.target(status)), [0, 0, 0], "{tally:?}");
    assert_eq!(tally.total(), 500);
    let rows = evidence::calls(&world.store, id).await;
    evidence::check_exactly(&rows, simulator.journal());
}

#[tokio::test]
async fn ten_seconds_without_postgres() {
    let test = "ten_seconds_without_postgres";
    let Some(mut database) = Database::with_server(test) else { return };
    let (world, simulator, id, engine) = dialing(&database).await;
    database.server().stop();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let quiet = simulator.journal().originates();
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(simulator.journal().originates(), quiet, "no call is placed that could not be recorded");
    assert_eq!(simulator.calls_in_progress(), 0, "calls in progress came to their end");
    database.server().resume();
    checked(&world, &simulator, id).await;
    assert!(simulator.journal().originates() > quiet);
    stop(engine).await;
}

/// Worse than gone: connections stay, and nothing is answered.
#[tokio::test]
async fn ten_seconds_of_a_frozen_postgres() {
    let test = "ten_seconds_of_a_frozen_postgres";
    let Some(mut database) = Database::with_server(test) else { return };
    let (world, simulator, id, engine) = dialing(&database).await;
    database.server().freeze(true);
    tokio::time::sleep(Duration::from_secs(10)).await;
    database.server().freeze(false);
    checked(&world, &simulator, id).await;
    stop(engine).await;
}
