//! Replies, word for word as recorded.

use crate::client::*;

/// Makes numbers, ids and times alike.
fn normal(frame: &Frame) -> String {
    let mut text = String::new();
    for line in frame.head.lines().filter(|line| !line.starts_with("Content-Length: ")) {
        text += line;
        text.push('\n');
    }
    text.push('\n');
    for line in frame.body.split_inclusive('\n') {
        let words = ["UP ", "Core-UUID: ", "FreeSWITCH-", "Event-Date-", "Event-Sequence: ", "Content-Length: "];
        match words.iter().find(|word| line.starts_with(**word)) {
            Some(&"FreeSWITCH-") => text += line.split(':').next().expect("a name"),
            Some(word) => text += word,
            None => text += &line.replace(|c: char| c.is_ascii_digit(), "0").replace("0000", "0").replace("000", "0"),
        }
    }
    text.replace("00", "0")
}

#[tokio::test]
async fn commands_are_answered_as_recorded() {
    let recording = recorded("commands");
    let simulator = start(mix()).await;
    let mut client = Client::connect(&simulator).await;
    let commands = [
        "auth ClueCon",
        "api status",
        "api uuid_exists nope",
        "api nosuchcommand",
        "nosuchcommand",
        "event plain BACKGROUND_JOB",
        "bgapi status\nJob-UUID: 7f4de7b2-90a1-4b8c-9f27-1d2c3b4a5e6f",
        "",
        "api show channels as json",
        "log 7",
        "api log info hello",
        "nolog",
        "filter Event-Name CHANNEL_ANSWER",
        "sendmsg 11111111-1111-1111-1111-111111111111\ncall-command: hangup",
        "exit",
        "",
    ];
    assert_eq!(recording.len(), commands.len() + 1);
    for (command, expected) in commands.iter().zip(&recording[1..]) {
        if !command.is_empty() {
            client.send(&format!("{command}\n\n")).await;
        }
        let frame = client.frame().await.expect("a frame");
        assert_eq!(normal(&frame), normal(expected), "{command}");
    }
    assert_eq!(client.frame().await, None);
}

#[tokio::test]
async fn a_wrong_password_is_answered_as_recorded() {
    let simulator = start(mix()).await;
    let mut client = Client::connect(&simulator).await;
    client.send("auth wrong\n\n").await;
    for expected in &recorded("auth-refused")[1..] {
        assert_eq!(client.frame().await.as_ref(), Some(expected));
    }
    assert_eq!(client.frame().await, None);
}

#[tokio::test]
async fn nothing_works_before_the_password() {
    let simulator = start(mix()).await;
    let mut client = Client::connect(&simulator).await;
    assert!(client.ask("api status").await.head.ends_with("-ERR command not found"));
    assert!(client.ask("auth ClueCon").await.head.ends_with("+OK accepted"));
}

#[tokio::test]
async fn carriage_returns_do_not_matter() {
    let simulator = start(mix()).await;
    let mut client = Client::connect(&simulator).await;
    client.send("auth ClueCon\r\n\r\napi uuid_exists x\r\n\r\n").await;
    assert!(client.frame().await.expect("a reply").head.ends_with("+OK accepted"));
    assert_eq!(client.frame().await.expect("a reply").body, "false");
}

#[tokio::test]
async fn subscriptions_come_and_go() {
    let simulator = start(mix()).await;
    let mut client = Client::listening(&simulator, "BACKGROUND_JOB API").await;
    let mut reply = async |command: &str| client.ask(command).await.head.replace("Content-Type: command/reply\n", "");
    assert_eq!(reply("nixevent API").await, "Reply-Text: +OK events nixed");
    assert_eq!(reply("noevents").await, "Reply-Text: +OK no longer listening for events");
    assert_eq!(reply("noevents").await, "Reply-Text: -ERR not listening for events");
    assert_eq!(reply("event plain").await, "Reply-Text: -ERR no keywords supplied");
    assert_eq!(reply("filter x").await, "Reply-Text: -ERR invalid syntax");
    assert_eq!(reply("filter delete Event-Name").await, "Reply-Text: +OK filter deleted. [Event-Name]");
    assert_eq!(reply("myevents nope").await, "Reply-Text: -ERR invalid session id");
    assert_eq!(reply("linger").await, "Reply-Text: -ERR not controlling a session");
}
