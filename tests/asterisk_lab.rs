//! The laboratory is what the tests against a real Asterisk rely on: each called
//! party must end a call exactly as it says, seen over plain ARI, without any of
//! our own adapter in between.

use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

#[path = "support/ari.rs"]
mod ari;
#[path = "support/asterisk.rs"]
mod asterisk;
#[path = "support/need.rs"]
mod need;

use ari::{Ari, End};
use asterisk::{AsteriskLab, Callee};

/// An end that was answered before.
const fn answered(cause: i64, sip: Option<i64>) -> End {
    End { cause, sip, rang: true, answered: true, hangup_requested: true }
}

/// A refusal without ringing.
const fn refused(cause: i64, sip: i64) -> End {
    End { cause, sip: Some(sip), rang: false, answered: false, hangup_requested: true }
}

/// The ring time-out: no hang-up request comes before it.
const fn timed_out(rang: bool) -> End {
    End { cause: 19, sip: Some(480), rang, answered: false, hangup_requested: false }
}

#[tokio::test]
async fn every_callee_ends_as_it_says() {
    let Some(lab) = AsteriskLab::start("every_callee_ends_as_it_says").await else { return };
    let ari = Ari::connect(&lab).await;
    let table = [
        (Callee::Busy, refused(17, 486)),
        (Callee::NeverAnswers, timed_out(true)),
        (Callee::Declines, refused(21, 603)),
        (Callee::NotFound, refused(1, 404)),
        (Callee::Congestion, refused(34, 503)),
        (Callee::HangsUp, answered(0, None)),
        (Callee::HangsUpWithCause, answered(16, None)),
        (Callee::Unavailable, refused(19, 480)),
        (Callee::Blocked, refused(127, 608)),
    ];
    // All at once, three of a kind: they must not get in each other's way.
    for (callee, _) in table {
        for index in [0, 12_345, 99_999] {
            ari.originate(&format!("{callee:?}-{index}"), &callee.endpoint(index), 2).await;
        }
    }
    for (callee, want) in table {
        for index in [0, 12_345, 99_999] {
            assert_eq!(ari.end(&format!("{callee:?}-{index}")).await, want, "{callee:?} {index}");
        }
    }
}

#[tokio::test]
async fn a_hundred_callees_at_once() {
    let Some(lab) = AsteriskLab::start("a_hundred_callees_at_once").await else { return };
    let ari = Ari::connect(&lab).await;
    for index in 0..100 {
        ari.originate(&format!("many-{index}"), &Callee::HangsUpWithCause.endpoint(index), 20).await;
    }
    for index in 0..100 {
        assert_eq!(ari.end(&format!("many-{index}")).await, answered(16, None), "call {index}");
    }
}

#[tokio::test]
async fn a_callee_who_answers_stays_until_we_hang_up() {
    let Some(lab) = AsteriskLab::start("a_callee_who_answers_stays_until_we_hang_up").await else { return };
    let ari = Ari::connect(&lab).await;
    ari.originate("stays", &Callee::Answers.endpoint(7), 20).await;
    ari.wait("stays", "StasisStart").await;
    ari.hang_up("stays").await;
    assert_eq!(ari.end("stays").await, answered(16, None));
}

#[tokio::test]
async fn a_ringing_call_can_be_given_up() {
    let Some(lab) = AsteriskLab::start("a_ringing_call_can_be_given_up").await else { return };
    let ari = Ari::connect(&lab).await;
    ari.originate("given-up", &Callee::NeverAnswers.endpoint(7), 20).await;
    ari.wait("given-up", "ChannelStateChange").await;
    ari.hang_up("given-up").await;
    let want = End { cause: 16, sip: None, rang: true, answered: false, hangup_requested: true };
    assert_eq!(ari.end("given-up").await, want);
}

#[tokio::test]
async fn every_key_a_callee_presses_arrives() {
    let Some(lab) = AsteriskLab::start("every_key_a_callee_presses_arrives").await else { return };
    let ari = Ari::connect(&lab).await;
    for key in 0..10 {
        ari.originate(&format!("key-{key}"), &Callee::Presses(key).endpoint(1), 20).await;
    }
    for key in 0..10 {
        let channel = format!("key-{key}");
        let event = ari.wait(&channel, "ChannelDtmfReceived").await;
        assert_eq!(event["digit"], key.to_string());
        ari.hang_up(&channel).await;
        assert_eq!(ari.end(&channel).await, answered(16, None));
    }
}

#[tokio::test]
async fn the_loop_trunk_speaks_back() {
    let Some(lab) = AsteriskLab::start("the_loop_trunk_speaks_back").await else { return };
    let ari = Ari::connect(&lab).await;
    ari.originate("keys", "PJSIP/+15551034711@loop", 20).await;
    ari.originate("busy", "PJSIP/+15559000017@loop", 20).await;
    let mut keys = String::new();
    for event in ari.wait_for("keys", "ChannelDtmfReceived", 4).await {
        keys.push_str(event["digit"].as_str().expect("a digit"));
    }
    assert_eq!(keys, "4711");
    assert_eq!(ari.end("busy").await, refused(17, 486));
    ari.hang_up("keys").await;
    assert_eq!(ari.end("keys").await, answered(16, None));
}

#[tokio::test]
async fn a_prompt_plays_to_its_end() {
    let Some(lab) = AsteriskLab::start("a_prompt_plays_to_its_end").await else { return };
    let ari = Ari::connect(&lab).await;
    let prompt = Path::new(env!("CARGO_MANIFEST_DIR")).join("media/demo-prompt.wav");
    ari.originate("listener", &Callee::Answers.endpoint(3), 20).await;
    ari.wait("listener", "StasisStart").await;
    let (status, _) = ari.post("/channels/listener/play", &[("media", AsteriskLab::sound(&prompt).as_str())]).await;
    assert_eq!(status, 201);
    let event = ari.wait("listener", "PlaybackFinished").await;
    assert_eq!(event["playback"]["state"], "done", "{event}");
}

#[tokio::test]
async fn carriers_that_are_not_there() {
    let Some(lab) = AsteriskLab::start("carriers_that_are_not_there").await else { return };
    let ari = Ari::connect(&lab).await;
    // Nobody answers the INVITE: our own time-out, and it never rang.
    ari.originate("dead", "PJSIP/+15550000000@deadcarrier", 2).await;
    // Once a probe has failed Asterisk refuses at once; until then it dials.
    let mut attempt = 0;
    let refusal = loop {
        attempt += 1;
        let (status, body) = ari.try_originate(&format!("down-{attempt}"), "PJSIP/+15550000000@downcarrier", 1).await;
        if status != 200 || attempt == 60 {
            break (status, body["error"].clone());
        }
        assert_eq!(ari.end(&format!("down-{attempt}")).await, timed_out(false));
    };
    assert_eq!(refusal, (500, Value::from("Allocation failed")));
    assert_eq!(ari.end("dead").await, timed_out(false));
}

#[tokio::test]
async fn asterisk_tells_who_it_is_but_only_with_the_password() {
    let Some(lab) = AsteriskLab::start("asterisk_tells_who_it_is_but_only_with_the_password").await else { return };
    let (status, info) = Ari::rest_only(&lab.ari_url, &lab.user, &lab.password).get("/asterisk/info").await;
    assert_eq!((status, &info["config"]["name"]), (200, &Value::from("lab")));
    let (status, _) = Ari::rest_only(&lab.ari_url, &lab.user, "wrong").get("/asterisk/info").await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn asterisk_comes_back_without_its_calls() {
    let Some(mut lab) = AsteriskLab::start("asterisk_comes_back_without_its_calls").await else { return };
    let ari = Ari::connect(&lab).await;
    ari.originate("cut", &Callee::Answers.endpoint(5), 20).await;
    ari.wait("cut", "StasisStart").await;
    lab.kill_asterisk();
    lab.start_asterisk().await;
    let ari = Ari::connect(&lab).await;
    assert_eq!(ari.get("/channels/cut").await.0, 404);
    ari.originate("cut", &Callee::Busy.endpoint(5), 20).await;
    assert_eq!(ari.end("cut").await, refused(17, 486));
}

#[tokio::test]
async fn two_laboratories_side_by_side_and_none_left_behind() {
    let test = "two_laboratories_side_by_side_and_none_left_behind";
    let Some(one) = AsteriskLab::start(test).await else { return };
    let Some(two) = AsteriskLab::start(test).await else { return };
    assert_ne!(one.ari_url, two.ari_url);
    let (first, second) = (Ari::connect(&one).await, Ari::connect(&two).await);
    first.originate("same-id", &Callee::Busy.endpoint(1), 20).await;
    second.originate("same-id", &Callee::NotFound.endpoint(1), 20).await;
    assert_eq!(first.end("same-id").await, refused(17, 486));
    assert_eq!(second.end("same-id").await, refused(1, 404));

    let processes = [one.processes(), two.processes()].concat();
    let addresses = [&one, &two].map(|lab| lab.ari_url["http://".len()..].trim_end_matches("/ari").to_owned());
    assert_eq!(processes.len(), 4);
    drop((one, two));
    for address in addresses {
        assert!(TcpStream::connect(&address).is_err(), "somebody still listens on {address}");
    }
    for process in processes {
        assert!(!Path::new(&format!("/proc/{process}")).exists(), "process {process} is still there");
    }
}
