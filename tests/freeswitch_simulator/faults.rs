//! Connections that break, and clients that send nonsense.

use crate::client::*;

#[tokio::test]
async fn calls_go_on_when_connections_are_cut() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK").await;
    client.ask(&originate("u", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    simulator.drop_connections();
    while client.frame().await.is_some() {}
    assert_eq!(simulator.calls_in_progress(), 1);
    let mut again = Client::listening(&simulator, "CHANNEL_HANGUP_COMPLETE").await;
    assert_eq!(again.api("uuid_exists u").await, "true");
    again.api("uuid_kill u").await;
    assert_eq!(again.event().await.get("Unique-ID"), Some("u"));
}

#[tokio::test]
async fn two_clients_hear_of_the_same_call() {
    let simulator = start(mix()).await;
    let mut one = Client::listening(&simulator, "CHANNEL_PARK").await;
    let mut other = Client::listening(&simulator, "ALL").await;
    one.ask(&originate("u", "1")).await;
    assert_eq!(one.event().await.get("Unique-ID"), Some("u"));
    assert_eq!(other.wait_for("CHANNEL_PARK").await.get("Unique-ID"), Some("u"));
}

#[tokio::test]
async fn nonsense_is_refused_and_harms_nobody() {
    let simulator = start(mix()).await;
    let mut good = Client::listening(&simulator, "BACKGROUND_JOB").await;
    for nonsense in [
        "\0\u{1}\u{2}\n\n",
        "api\n\n",
        "bgapi\n\n",
        "sendmsg\n\n",
        "sendmsg u\nContent-Length: x\n\n",
        "event\n\n",
        "filter\n\n",
        "api originate\n\n",
        "api originate {\n\n",
        "api sched_hangup\n\n",
        "api uuid_record\n\n",
        "api uuid_setvar\n\n",
        "api show\n\n",
        ": :\n: \n\n",
        "execute-app-name: x\n\n",
    ] {
        let mut client = Client::connect(&simulator).await;
        client.ask("auth ClueCon").await;
        client.send(nonsense).await;
        client.send("api uuid_exists x\n\n").await;
        while client.frame().await.expect("an answer to what follows").body != "false" {}
    }
    let mut client = Client::connect(&simulator).await;
    client.ask("auth ClueCon").await;
    for flood in ["[", "{a=1}", "'", "\\", "${", "^^", "<", "a|", "a,"] {
        assert!(!client.api(&format!("originate {} &park()", flood.repeat(60_000 / flood.len()))).await.is_empty());
    }
    let mut half = Client::connect(&simulator).await;
    half.send("auth Clue").await;
    let mut huge = Client::connect(&simulator).await;
    huge.send(&"x".repeat((64 << 10) + 1)).await;
    assert_eq!(huge.frame().await, None);
    assert_eq!(good.api("uuid_exists x").await, "false");
}

#[tokio::test]
async fn stopping_ends_calls_and_connections() {
    let simulator = start(mix()).await;
    let address = simulator.address();
    let mut client = Client::listening(&simulator, "CHANNEL_PARK").await;
    client.ask(&originate("u", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
    simulator.stop().await;
    assert_eq!(client.frame().await, None);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_others_are_not() {
    let simulator = start(mix()).await;
    let mut slow = Client::listening(&simulator, "CHANNEL_PARK").await;
    let mut good = Client::connect(&simulator).await;
    good.ask("auth ClueCon").await;
    good.ask("event plain CHANNEL_PARK").await;
    good.ask(&originate("u", "1")).await;
    good.wait_for("CHANNEL_PARK").await;
    // Each parking event carries this, so that few are enough.
    good.api(&format!("uuid_setvar u ballast {}", "x".repeat(60_000))).await;
    let mut parked = 0;
    for _ in 0..1_000 {
        good.api("uuid_transfer u park inline").await;
        good.wait_for("CHANNEL_PARK").await;
    }
    while slow.frame().await.is_some() {
        parked += 1;
    }
    assert!(parked < 1_000, "{parked} events reached who did not read");
    assert_eq!(good.api("uuid_exists u").await, "true");
}
