//! The database answers, but refuses the ends of calls for a while: none is
//! given up, and the campaign comes to its end.

use std::time::Duration;

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, Settings};
use canvass::switch::simulator::Fate;
use sqlx::{Connection, SqliteConnection};

#[path = "support/world.rs"]
mod world;

use world::{Kind, Simulator, World, contact, everyone, stop};

#[tokio::test]
async fn ends_that_are_refused_are_kept_and_offered_again() {
    let world = World::new().await;
    let simulator = Simulator::start(Kind::FreeSwitch, everyone(Fate::Answer)).await;
    let id = world.campaign(Settings { max_concurrent: 3, ..Settings::default() }, (0..30).map(contact)).await;
    let url = format!("sqlite:{}", world.folder.path().join("canvass.db").display());
    let mut operator = SqliteConnection::connect(&url).await.expect("a connection");
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE OF ended_at ON calls BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::query(refuse).execute(&mut operator).await.expect("a trigger");

    let engine = world.engine(vec![simulator.connect("one", 10, 0.0)]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.store.tally(id).await.expect("a tally").calls(), 0, "every end is refused");
    sqlx::query("DROP TRIGGER refuse").execute(&mut operator).await.expect("dropped");
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    assert_eq!(world.store.tally(id).await.expect("a tally").outcome(Outcome::Answered), 30);
    assert!(simulator.journal().by_number().values().all(|times| *times == 1));
}
