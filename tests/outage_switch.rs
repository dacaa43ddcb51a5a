//! The switch goes away for ten seconds in the middle of a campaign and comes
//! back, with all its calls gone.

use std::time::Duration;

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, Settings, TargetStatus};

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/processes.rs"]
mod processes;
#[path = "support/world.rs"]
mod world;

use processes::SimulatorProcess;
use rstest::rstest;
use world::{Kind, World, contact, stop};

const MIX: &str = "seed = 5\nspeed = 10.0\nring_ms = [500, 6000]\ntalk_ms = [1000, 9000]\n";

#[rstest]
#[tokio::test]
async fn ten_seconds_without_a_switch(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    let folder = world.folder.path();
    let kind_name = if kind == Kind::FreeSwitch { "freeswitch" } else { "asterisk" };
    let mut simulator = SimulatorProcess::start(kind_name, "127.0.0.1:0", folder, MIX);
    let setup = world::connect_to(kind, &simulator.address, "one", 100, 300.0);
    let settings = Settings { max_concurrent: 40, ..Settings::default() };
    let id = world.campaign(settings, (0..400).map(contact)).await;
    let engine = world.engine(vec![setup]).await;
    while world.store.tally(id).await.expect("a tally").calls() < 100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    simulator.process.kill();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let during = simulator.records().len();
    let listen = simulator.address.trim_start_matches("http://").trim_end_matches("/ari").to_owned();
    let again = SimulatorProcess::start(kind_name, &listen, folder, MIX);

    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!((tally.total(), tally.target(TargetStatus::Pending)), (400, 0));
    // The journal is one file for both lives of the switch.
    let records = again.records();
    assert!(records.len() > during, "the campaign went on afterwards");
    let rows = evidence::calls(&world.store, id).await;
    evidence::check(&rows, &records);
    let lost = tally.outcome(Outcome::Lost);
    assert!(lost > 0 && lost <= 40, "what was ringing is lost, no more: {lost}");
}
