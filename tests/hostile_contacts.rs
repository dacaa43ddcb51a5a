//! Whatever a list says about a person, the switch hears only their number:
//! hostile values from file to originate, on both switches.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use canvass::campaign::{CampaignStatus, Settings};
use canvass::contact::{ListReader, import_list};
use canvass::control::{self, Launch};
use canvass::number::{NumberCheck, NumberRules, Region};
use canvass::switch::simulator::Fate;
use rstest::rstest;

#[path = "support/world.rs"]
mod world;

use world::{Kind, Simulator, World, contact, everyone, pool, stop};

fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "a,b",
        "}sofia/gateway/carrier/+19005551234 &park()",
        "a|b",
        "line one\nline two",
        "x\r\n\r\napi shutdown\r\n\r\n",
        "it's \"quoted\"",
        "${uuid} ${system(reboot)}",
        "back\\slash\\",
        ":_:loopback/1",
        "[x=1]<y=2>^^:",
        "=HYPERLINK(\"http://x\")",
        "'; DROP TABLE calls; --",
        "\u{202e}ünïcödé 漢字 😀",
        "{{name}} {{phone}}",
        "null",
        "-1",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("n".repeat(10_240));
    values
}

/// Every value in every column but the number.
fn list() -> String {
    let mut csv = String::from("phone_number,name,email,company,notes,city\n");
    for (n, value) in values().iter().enumerate() {
        let cell = format!("\"{}\"", value.replace('"', "\"\""));
        let number = contact(u32::try_from(n).expect("few"));
        let _ = writeln!(csv, "{number},{cell},{cell},{cell},{cell},{cell}");
    }
    csv
}

#[rstest]
#[tokio::test]
async fn the_switch_hears_only_the_number(#[values(Kind::FreeSwitch, Kind::Asterisk)] kind: Kind) {
    let world = World::new().await;
    let simulator = Simulator::start(kind, everyone(Fate::Answer)).await;
    let settings = Settings { number_pool: pool(2), max_concurrent: 5, ..Settings::default() };
    let now = world.clock.now();
    let id = control::create(&world.store, "}{,|' ${x}\n", &settings, now).await.expect("created");
    let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
    let reader = ListReader::new(std::io::Cursor::new(list().into_bytes()), rules).expect("a list");
    let summary = import_list(reader, &world.store, id, None, &world.clock, |_| ()).await.expect("imported");
    assert_eq!((summary.accepted, summary.rejected), (values().len() as u64, 0), "{summary:?}");
    control::launch(&world.store, &world.media().into(), id, &Launch::default(), now).await.expect("launched");

    let engine = world.engine(vec![simulator.connect("one", 10, 0.0)]).await;
    assert_eq!(world.settled(id).await, CampaignStatus::Completed);
    stop(engine).await;

    let want: BTreeSet<String> =
        (0..values().len()).map(|n| contact(u32::try_from(n).expect("few")).to_string()).collect();
    let called: BTreeSet<String> = simulator.journal().by_number().into_keys().collect();
    assert_eq!(called, want, "nobody but the contacts was called");
    assert_eq!(simulator.journal().originates(), want.len() as u64);
    // And the database still has every value as it came.
    let mut names: Vec<_> = world.calls(id).await.into_iter().filter_map(|call| call.name).collect();
    let mut given = values();
    names.sort();
    given.sort();
    assert_eq!(names.len(), given.len());
    for (name, value) in names.iter().zip(&given) {
        assert_eq!(name.trim(), value.trim());
    }
}
