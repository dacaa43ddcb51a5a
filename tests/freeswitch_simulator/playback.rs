//! Playing files and other applications.

use std::path::PathBuf;

use crate::client::*;

const EVENTS: &str = "CHANNEL_PARK CHANNEL_EXECUTE_COMPLETE PLAYBACK_START PLAYBACK_STOP CHANNEL_HANGUP_COMPLETE";

/// A WAV file of so many seconds, in a folder that goes with the guard.
fn wav(seconds: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("prompt.wav");
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
    bytes.extend((seconds * 16_000).to_le_bytes());
    bytes.resize(bytes.len() + seconds as usize * 16_000, 0);
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

async fn parked(client: &mut Client) {
    client.ask(&originate("u", "1")).await;
    client.wait_for("CHANNEL_PARK").await;
}

fn play(path: &str, id: &str) -> String {
    format!("sendmsg u\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: {path}\nEvent-UUID: {id}")
}

/// Name, application id and how a playback ended.
fn told(event: &Event) -> (&str, Option<&str>, Option<&str>) {
    let how = event.get("Application-Response").or(event.get("Playback-Status"));
    (event.name(), event.get("Application-UUID"), how)
}

#[tokio::test]
async fn a_file_plays_to_its_end() {
    let (_folder, path) = wav(2);
    let path = path.to_str().expect("a path");
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    parked(&mut client).await;
    assert!(client.ask(&play(path, "id-1")).await.head.ends_with("Reply-Text: +OK"));
    let events = client.until("CHANNEL_EXECUTE_COMPLETE").await;
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        [
            ("PLAYBACK_START", None, None),
            ("PLAYBACK_STOP", None, Some("done")),
            ("CHANNEL_EXECUTE_COMPLETE", Some("id-1"), Some("FILE%20PLAYED")),
        ]
    );
    assert_eq!(events[0].get("Playback-File-Path"), Some(path));
    assert_eq!((events[2].get("Application"), events[2].get("variable_playback_ms")), (Some("playback"), Some("2000")));
}

#[tokio::test]
async fn a_missing_file_only_completes() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    parked(&mut client).await;
    let nested = "file_string://".repeat(4_000);
    for path in ["/nonexistent/a.wav", "http://127.0.0.1/a.wav", &nested] {
        client.ask(&play(path, "id-1")).await;
        let event = client.event().await;
        assert_eq!(told(&event), ("CHANNEL_EXECUTE_COMPLETE", Some("id-1"), Some("FILE%20NOT%20FOUND")), "{path}");
    }
}

#[tokio::test]
async fn a_second_file_plays_over_the_first_and_a_break_of_all_ends_both() {
    let (_folder, path) = wav(3_000);
    let path = path.to_str().expect("a path");
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    parked(&mut client).await;
    client.ask(&play(path, "outer")).await;
    client.ask(&play(path, "inner")).await;
    assert_eq!(client.api("uuid_break u all").await, "+OK\n");
    let mut seen = Vec::new();
    for _ in 0..6 {
        let event = client.event().await;
        let (name, id, how) = told(&event);
        seen.push(format!("{name} {} {}", id.unwrap_or("-"), how.unwrap_or("-")));
    }
    assert_eq!(
        seen,
        [
            "PLAYBACK_START - -",
            "PLAYBACK_START - -",
            "PLAYBACK_STOP - break",
            "CHANNEL_EXECUTE_COMPLETE inner FILE%20PLAYED",
            "PLAYBACK_STOP - break",
            "CHANNEL_EXECUTE_COMPLETE outer FILE%20PLAYED",
        ]
    );
}

#[tokio::test]
async fn the_first_file_goes_on_when_the_second_is_through() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    parked(&mut client).await;
    client.ask(&play("silence_stream://3000", "outer")).await;
    client.ask(&play("silence_stream://5000", "inner")).await;
    let mut order = Vec::new();
    while order.len() < 2 {
        let event = client.wait_for("CHANNEL_EXECUTE_COMPLETE").await;
        order.push(event.get("Application-UUID").expect("an id").to_owned());
    }
    assert_eq!(order, ["inner", "outer"]);
}

#[tokio::test]
async fn what_plays_ends_with_the_call() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    parked(&mut client).await;
    client.api("uuid_broadcast u silence_stream://900000 aleg").await;
    client.wait_for("PLAYBACK_START").await;
    client.api("uuid_kill u").await;
    let names: Vec<_> = client.until("CHANNEL_HANGUP_COMPLETE").await.iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(
        names,
        ["PLAYBACK_STOP", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP_COMPLETE"]
    );
}

#[tokio::test]
async fn what_is_sent_while_it_rings_runs_once_parked() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    client.ask(&originate("u", "1")).await;
    while client.api("uuid_exists u").await != "true" {}
    client.ask(&play("silence_stream://20", "early")).await;
    let names: Vec<_> = client.until("CHANNEL_EXECUTE_COMPLETE").await.iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(names, ["CHANNEL_PARK", "PLAYBACK_START", "PLAYBACK_STOP", "CHANNEL_EXECUTE_COMPLETE"]);
}

#[tokio::test]
async fn other_applications_do_what_they_say() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    parked(&mut client).await;
    let execute = |name: &str, argument: &str| {
        let length = argument.len();
        format!("sendmsg u\ncall-command: execute\nexecute-app-name: {name}\nContent-Length: {length}\n\n{argument}")
    };
    client.ask(&execute("set", "greeting=good day")).await;
    assert_eq!(client.event().await.get("Application-Data"), Some("greeting%3Dgood%20day"));
    assert_eq!(client.api("uuid_getvar u greeting").await, "good day");
    client.ask(&execute("sleep", "100")).await;
    assert_eq!(client.event().await.get("Application"), Some("sleep"));
    client.ask(&execute("nosuchapplication", "")).await;
    let end = client.wait_for("CHANNEL_HANGUP_COMPLETE").await;
    assert_eq!(end.get("Hangup-Cause"), Some("DESTINATION_OUT_OF_ORDER"));
}

#[tokio::test]
async fn parking_anew_stops_what_plays() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, EVENTS).await;
    client.ask("bgapi originate {origination_uuid=u}loopback/1 &playback(silence_stream://900000)").await;
    client.wait_for("PLAYBACK_START").await;
    assert_eq!(client.api("uuid_park u").await, "+OK\n");
    let names: Vec<_> = client.until("CHANNEL_PARK").await.iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(names, ["PLAYBACK_STOP", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_PARK"]);
    assert_eq!(client.api("uuid_exists u").await, "true");
}

#[tokio::test]
async fn recordings_start_and_stop() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK RECORD_START RECORD_STOP").await;
    parked(&mut client).await;
    assert_eq!(client.api("uuid_record u stop /tmp/a.wav").await, "-ERR Cannot stop record session!\n");
    for (word, name) in [("start", "RECORD_START"), ("stop", "RECORD_STOP"), ("start", "RECORD_START")] {
        assert_eq!(client.api(&format!("uuid_record u {word} /tmp/a.wav")).await, "+OK Success\n");
        let event = client.event().await;
        assert_eq!((event.name(), event.get("Record-File-Path")), (name, Some("/tmp/a.wav")));
    }
    client.api("uuid_kill u").await;
    assert!(client.event().await.is("RECORD_STOP"), "a recording ends with its call");
}

#[tokio::test]
async fn parking_twice_by_state_leaves_nobody_who_serves_the_channel() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "CHANNEL_PARK CHANNEL_UNPARK PLAYBACK_START").await;
    parked(&mut client).await;
    client.api("uuid_park u").await;
    assert_eq!(client.until("CHANNEL_PARK").await.len(), 2);
    client.api("uuid_park u").await;
    assert!(client.event().await.is("CHANNEL_UNPARK"));
    client.ask(&play("silence_stream://20", "id-1")).await;
    assert_eq!(client.api("uuid_transfer u park inline").await, "+OK\n");
    // What was sent meanwhile is done only now.
    let names: Vec<_> = client.until("PLAYBACK_START").await.iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(names, ["CHANNEL_PARK", "PLAYBACK_START"]);
    for _ in 0..3 {
        client.api("uuid_transfer u park inline").await;
        client.wait_for("CHANNEL_PARK").await;
    }
}
