//! What the switch says of itself and of its channels.

use canvass::switch::simulator::freeswitch::Options;

use crate::client::*;

#[tokio::test]
async fn channels_are_listed() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK CHANNEL_PROGRESS").await;
    assert_eq!(client.api("show channels").await, "\n0 total.\n");
    client.ask(&originate("a", "15550000001")).await;
    client.wait_for("CHANNEL_PARK").await;
    client.ask(&originate("b", "15550000003")).await;
    client.wait_for("CHANNEL_PROGRESS").await;

    let listed: serde_json::Value = serde_json::from_str(&client.api("show channels as json").await).expect("JSON");
    assert_eq!(listed["row_count"], 2);
    let row = &listed["rows"][0];
    assert_eq!(
        (&row["uuid"], &row["dest"], &row["cid_num"]),
        (&"a".into(), &"15550000001".into(), &"15550001111".into())
    );
    assert_eq!(
        (&row["callstate"], &row["state"], &row["direction"]),
        (&"ACTIVE".into(), &"CS_EXECUTE".into(), &"outbound".into())
    );
    assert_eq!(listed["rows"][1]["callstate"], "RINGING");
    assert_eq!(client.api("show calls count").await, "\n2 total.\n");
    assert_eq!(client.api("show channels count as json").await, "{\"row_count\":2}\n");
    let table = client.api("show channels").await;
    assert!(table.starts_with("uuid,direction,created,") && table.ends_with("\n2 total.\n"), "{table}");
    assert!(client.api("show nothing").await.starts_with("-USAGE: "));
}

#[tokio::test]
async fn a_dump_tells_all_of_a_channel() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK").await;
    client.ask(&originate("a", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    let dump = client.api("uuid_dump a").await;
    for line in [
        "Event-Name: CHANNEL_DATA",
        "Answer-State: answered",
        "Channel-Call-State: ACTIVE",
        "Unique-ID: a",
        "variable_canvass_node: n1",
        "variable_sip_req_uri: 1@127.0.0.1:16060",
    ] {
        assert!(dump.lines().any(|known| known == line), "{line} in {dump}");
    }
}

#[tokio::test]
async fn variables_keep_any_text_of_one_line() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK").await;
    client.ask(&originate("a", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    for value in ["a,b", "a b", "a'b", "a{b}", "a:_:b", "${uuid}", "x\\", "\"|;=~[x]<x>%41ü€"] {
        assert_eq!(client.api(&format!("uuid_setvar a v {value}")).await, "+OK\n");
        assert_eq!(client.api("uuid_getvar a v").await, value);
    }
    assert_eq!(client.api("uuid_setvar a v").await, "+OK\n");
    assert_eq!(client.api("uuid_getvar a v").await, "_undef_");
}

#[tokio::test]
async fn a_channel_that_is_not_there_is_said_so() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "BACKGROUND_JOB").await;
    for command in ["kill", "dump", "getvar", "setvar", "break", "park", "transfer", "broadcast", "setvar_multi"] {
        assert_eq!(client.api(&format!("uuid_{command} nope x y")).await, "-ERR No such channel!\n", "{command}");
    }
    assert_eq!(client.api("uuid_record nope start x").await, "-ERR Cannot locate session!\n");
    client.ask("bgapi uuid_kill nope").await;
    assert_eq!(client.event().await.body, "-ERR No such channel!\n");
}

#[tokio::test]
async fn gateways_are_up_down_or_unknown() {
    let options = Options {
        mix: mix(),
        gateways: Some(vec!["carrier".into()]),
        down_gateways: vec!["dead".into()],
        ..Options::default()
    };
    let simulator = start_with(options).await;
    let mut client = Client::listening(&simulator, "BACKGROUND_JOB").await;
    assert!(client.api("sofia status gateway carrier").await.contains("\nStatus  \tUP\n"));
    assert!(client.api("sofia status gateway dead").await.contains("\nStatus  \tDOWN\n"));
    assert_eq!(client.api("sofia status gateway nope").await, "Invalid Gateway!\n");
    assert!(client.api("sofia status").await.contains("carrier"));
    assert!(client.api("version").await.starts_with("FreeSWITCH Version 1.10.12"));
    assert_eq!(client.api("module_exists mod_sofia").await, "true");
    assert_eq!(client.api("module_exists mod_audio_fork").await, "false");
}
