//! Two channels connected by `uuid_bridge`.

use crate::client::*;

const EVENTS: &str = "CHANNEL_PARK CHANNEL_UNPARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP_COMPLETE";

async fn two_parked(client: &mut Client) {
    for uuid in ["a", "b"] {
        client.ask(&originate(uuid, "1")).await;
        client.wait_for("CHANNEL_PARK").await;
    }
}

/// Names and channels.
async fn told(client: &mut Client, count: usize) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..count {
        let event = client.event().await;
        told.push(format!("{} {}", event.name(), event.get("Unique-ID").unwrap_or("-")));
    }
    told.sort();
    told
}

#[tokio::test]
async fn who_is_to_stay_parks_when_the_other_hangs_up() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    two_parked(&mut client).await;
    assert_eq!(client.api("uuid_setvar_multi a hangup_after_bridge=false;park_after_bridge=true").await, "+OK\n");
    assert_eq!(client.api("uuid_bridge a b").await, "+OK b\n");
    let bridged = client.until("CHANNEL_BRIDGE").await.pop().expect("the last");
    let ids = ["Unique-ID", "Bridge-A-Unique-ID", "Bridge-B-Unique-ID", "Other-Leg-Unique-ID"];
    assert_eq!(ids.map(|name| bridged.get(name)), [Some("a"), Some("a"), Some("b"), Some("b")]);
    assert_eq!(client.api("uuid_bridge a b").await, "-ERR Invalid uuid\n", "they are not parked");

    client.api("uuid_kill b").await;
    let want = ["CHANNEL_HANGUP_COMPLETE b", "CHANNEL_PARK a", "CHANNEL_UNBRIDGE a"];
    assert_eq!(told(&mut client, 3).await, want);
    assert_eq!(client.api("uuid_exists a").await, "true");
    assert_eq!(simulator.journal().bridges(), 1);
}

#[tokio::test]
async fn the_other_goes_with_who_hangs_up() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    two_parked(&mut client).await;
    client.api("uuid_bridge a b").await;
    client.until("CHANNEL_BRIDGE").await;
    client.api("uuid_kill a").await;
    assert_eq!(told(&mut client, 2).await, ["CHANNEL_HANGUP_COMPLETE a", "CHANNEL_HANGUP_COMPLETE b"]);
}

#[tokio::test]
async fn what_cannot_be_bridged_is_left_parked() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    client.ask(&originate("a", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    client.ask(&originate("c", "3")).await;
    client.api("uuid_setvar a park_after_bridge true").await;
    for pair in ["a", "a x", "x a", "a c", "c a"] {
        assert!(client.api(&format!("uuid_bridge {pair}")).await.starts_with('-'), "{pair}");
    }
    assert_eq!(client.api("uuid_exists a").await, "true");
    assert_eq!(client.api("sched_del a").await, "+OK Deleted: 0\n");
    client.api("sched_hangup +3600 a").await;
    assert_eq!(client.api("sched_del a").await, "+OK Deleted: 1\n");
}
