//! `kill -9` of the daemon, again and again in the middle of a campaign, with
//! the switch in another process: nobody is called twice, nothing is lost.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use canvass::campaign::{CampaignId, CampaignStatus, Settings, TargetStatus};
use canvass::clock::Clock;
use canvass::contact::NewContact;
use canvass::control::{self, Launch};
use canvass::dialer::MediaFolder;
use canvass::store::{Location, Store};

#[path = "support/evidence.rs"]
mod evidence;
#[path = "support/need.rs"]
mod need;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/processes.rs"]
mod processes;
#[path = "support/world.rs"]
mod world;

use processes::{Process, SimulatorProcess, configuration};
use world::{contact, pool};

/// Everything happens, at ten times the speed of life.
const MIX: &str = r#"
seed = 11
speed = 10.0
ring_ms = [500, 6000]
talk_ms = [1000, 9000]
[shares]
answer = 0.45
voicemail = 0.15
busy = 0.1
no_answer = 0.15
reject = 0.05
invalid = 0.08
congestion = 0.02
"#;

async fn launched(store: &Store, folder: &Path, contacts: u32, settings: Settings) -> CampaignId {
    let now = Clock::system().now();
    let id = control::create(store, "Killed", &settings, now).await.expect("created");
    let list: Vec<_> = (0..contacts).map(|n| NewContact::of(contact(n))).collect();
    store.add_targets(id, &list, now).await.expect("added");
    control::launch(store, &MediaFolder::same(folder).into(), id, &Launch::default(), now).await.expect("launched");
    id
}

fn settings() -> Settings {
    Settings {
        number_pool: pool(5),
        max_concurrent: 60,
        ring_seconds: 20,
        retry_attempts: 1,
        retry_delay_minutes: 0,
        prompts: vec!["hello.wav".into()],
        ..Settings::default()
    }
}

/// Kills daemons until it has been done `kills` times, lets the last one
/// finish, and looks at the evidence.
async fn killed_again_and_again(kind: &str, database: &str, location: &Location, folder: &Path, kills: u32) {
    std::fs::write(folder.join("hello.wav"), include_bytes!("../media/demo-prompt.wav")).expect("written");
    let simulator = SimulatorProcess::start(kind, "127.0.0.1:0", folder, MIX);
    let config = configuration(folder, database, kind, &simulator.address);
    let config = config.display().to_string();
    let store = Store::open(location).await.expect("a database");
    store.migrate().await.expect("migrated");
    let id = launched(&store, folder, 700, settings()).await;

    let mut random = fastrand::Rng::with_seed(0x5eed);
    let mut before = HashMap::new();
    let mut in_the_middle = 0;
    for _ in 0..kills {
        let mut daemon = Process::start(&["--config", &config, "serve"], &folder.join("daemon.log"));
        tokio::time::sleep(Duration::from_millis(random.u64(150..1_800))).await;
        assert!(daemon.is_running(), "the daemon ended by itself; see its log");
        daemon.kill();
        let rows = evidence::calls(&store, id).await;
        let now = evidence::settled(&rows);
        for (call, outcome) in &before {
            assert_eq!(now.get(call), Some(outcome), "the outcome of {call} changed");
        }
        in_the_middle += u32::from(rows.iter().any(|row| row.outcome.is_none()));
        before = now;
    }
    assert!(in_the_middle > kills / 3, "only {in_the_middle} of {kills} kills hit calls in progress");

    let mut last = Process::start(&["--config", &config, "serve"], &folder.join("daemon.log"));
    let wait = async {
        while store.campaign(id).await.expect("read").expect("there").status == CampaignStatus::Running {
            assert!(last.is_running(), "the daemon ended by itself; see its log");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(180), wait).await.expect("the campaign ends");
    assert_eq!(last.terminate(Duration::from_secs(30)), Some(true), "SIGTERM ends an idle daemon well");

    let campaign = store.campaign(id).await.expect("read").expect("there");
    assert_eq!(campaign.status, CampaignStatus::Completed, "{:?}", campaign.reason);
    let tally = store.tally(id).await.expect("a tally");
    assert_eq!(tally.total(), 700);
    let open = [TargetStatus::Pending, TargetStatus::Calling, TargetStatus::Connected];
    assert_eq!(open.map(|status| tally.target(status)), [0, 0, 0], "every target is settled: {tally:?}");
    let rows = evidence::calls(&store, id).await;
    evidence::check(&rows, &simulator.records());
    let now = evidence::settled(&rows);
    assert!(before.iter().all(|(call, outcome)| now.get(call) == Some(outcome)));
}

#[tokio::test]
async fn twenty_kills_on_freeswitch_and_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("canvass.db");
    let url = format!("sqlite:{}", file.display());
    killed_again_and_again("freeswitch", &url, &Location::Sqlite(file), folder.path(), 20).await;
}

#[tokio::test]
async fn eight_kills_on_asterisk_and_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("canvass.db");
    let url = format!("sqlite:{}", file.display());
    killed_again_and_again("asterisk", &url, &Location::Sqlite(file), folder.path(), 8).await;
}

#[tokio::test]
async fn eight_kills_on_freeswitch_and_postgres() {
    let test = "eight_kills_on_freeswitch_and_postgres";
    let Some(database) = postgres::Database::create(test).await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Postgres(database.url().to_owned().into());
    killed_again_and_again("freeswitch", database.url(), &location, folder.path(), 8).await;
}
