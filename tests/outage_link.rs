//! Only the network between us and the switch fails: its calls go on without
//! us, and what became of them must not be made up.

use std::time::Duration;

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, Settings, TargetStatus};
use canvass::dialer::{Engine, Options};
use canvass::switch::simulator::freeswitch::{FreeSwitchSimulator, Options as SimulatorOptions};
use canvass::switch::simulator::{CalleeMix, Fate};

#[path = "support/cable.rs"]
mod cable;
#[path = "support/world.rs"]
mod world;

use cable::Cable;
use world::{Kind, World, connect_to, contact, everyone, stop};

/// Real time: a call rings for three seconds, and would talk for a minute.
fn slow() -> CalleeMix {
    CalleeMix { speed: 1.0, ring_ms: (3_000, 3_000), talk_ms: (60_000, 60_000), ..everyone(Fate::Answer) }
}

async fn switch() -> (FreeSwitchSimulator, Cable) {
    let options = SimulatorOptions { mix: slow(), ..SimulatorOptions::default() };
    let simulator = FreeSwitchSimulator::start("127.0.0.1:0", options).await.expect("a simulator");
    let cable = Cable::lay(simulator.address()).await;
    (simulator, cable)
}

async fn calls_in_progress(simulator: &FreeSwitchSimulator, count: usize) {
    let wait = async {
        while simulator.calls_in_progress() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("so many calls");
}

/// The callee answers while we are cut off, for longer than the call may ring
/// and its end may take. It is not called a second time, least of all while on
/// the line.
#[tokio::test]
async fn an_answer_missed_in_a_long_outage_is_not_called_again() {
    let world = World::new().await;
    let (simulator, cable) = switch().await;
    let settings = Settings { ring_seconds: 5, retry_attempts: 3, retry_delay_minutes: 0, ..Settings::default() };
    let id = world.campaign(settings, [contact(1)]).await;
    let setup = connect_to(Kind::FreeSwitch, &cable.address().to_string(), "one", 1, 0.0);
    let engine = world.engine(vec![setup]).await;
    calls_in_progress(&simulator, 1).await;
    cable.plug(false);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.store.tally(id).await.expect("a tally").calls(), 0, "nothing is known, nothing is settled");
    cable.plug(true);
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;
    let calls = world.calls(id).await;
    assert_eq!(calls.iter().map(|call| call.outcome).collect::<Vec<_>>(), [Some(Outcome::Answered)], "{calls:?}");
    assert_eq!((simulator.journal().originates(), simulator.calls_in_progress()), (1, 0));
}

/// The daemon is stopped while it cannot reach the switch: the call stays open
/// for the next start, which asks.
#[tokio::test]
async fn a_daemon_that_stops_in_an_outage_leaves_its_calls_to_the_next() {
    let world = World::new().await;
    let (simulator, cable) = switch().await;
    let id = world.campaign(Settings { ring_seconds: 30, ..Settings::default() }, [contact(1)]).await;
    let setup = || connect_to(Kind::FreeSwitch, &cable.address().to_string(), "one", 1, 0.0);
    let quick = |options: Options| Options { drain: Duration::from_millis(100), ..options };

    let first = Engine::start(quick(world.options(vec![setup()]))).await.expect("an engine");
    calls_in_progress(&simulator, 1).await;
    cable.plug(false);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop(first).await;
    let open = world.store.open_calls().await.expect("read");
    assert_eq!(open.len(), 1, "nobody was asked, nothing is settled");

    // The next one is stopped before the switch is back, too.
    let second = Engine::start(quick(world.options(vec![setup()]))).await.expect("an engine");
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop(second).await;
    assert_eq!(world.store.open_calls().await.expect("read"), open);

    // Meanwhile the callee has answered.
    tokio::time::sleep(Duration::from_secs(3)).await;
    cable.plug(true);
    let third = Engine::start(world.options(vec![setup()])).await.expect("an engine");
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(third).await;
    let tally = world.store.tally(id).await.expect("a tally");
    assert_eq!((tally.outcome(Outcome::Answered), tally.target(TargetStatus::Completed)), (1, 1), "{tally:?}");
    assert_eq!((simulator.journal().originates(), simulator.calls_in_progress()), (1, 0));
}
