//! The simulated Asterisk beside what a real 22.10 was seen to send: the same
//! events in the same order, with the same fields.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use canvass::switch::simulator::asterisk::{AsteriskSimulator, Options};
use canvass::switch::simulator::{CalleeMix, Record};
use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

#[path = "support/callees.rs"]
mod callees;

const WAIT: Duration = Duration::from_secs(10);

/// A bare client: what it sends and hears is the wire itself.
struct Client {
    simulator: AsteriskSimulator,
    http: reqwest::Client,
    events: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    async fn start(change: impl FnOnce(&mut CalleeMix)) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let endings = callees::by_last_digit();
        let mut mix = CalleeMix { ring_ms: (30, 30), talk_ms: (100, 100), endings, ..CalleeMix::default() };
        change(&mut mix);
        let options = Options { mix, ..Options::default() };
        let simulator = AsteriskSimulator::start("127.0.0.1:0", options).await.expect("starts");
        let events = socket(&simulator, "probe").await;
        Self { simulator, http: reqwest::Client::new(), events }
    }

    async fn request(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("http://{}/ari/{path}", self.simulator.address());
        let request = self.http.request(method, url).basic_auth("canvass", Some("simulated"));
        let answer = request.json(&body).send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn place(&self, id: &str, last_digit: char) -> (StatusCode, Value) {
        let body = json!({
            "endpoint": format!("PJSIP/+1555123000{last_digit}@carrier"), "app": "probe", "channelId": id,
            "appArgs": format!("job42,{id}"), "callerId": "+15557654321", "timeout": 1,
        });
        self.request(Method::POST, "channels", body).await
    }

    async fn event(&mut self) -> Value {
        let message = tokio::time::timeout(WAIT, self.events.next()).await.expect("in time");
        let text = message.expect("open").expect("a message").into_text().expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The events up to one of this type.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            seen.push(self.event().await);
            if seen.last().is_some_and(|event| event["type"] == kind) {
                return seen;
            }
        }
    }
}

async fn socket(simulator: &AsteriskSimulator, app: &str) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let url = format!("ws://{}/ari/events?api_key=canvass:simulated&app={app}", simulator.address());
    connect_async(url).await.expect("connects").0
}

fn recorded(name: &str) -> Vec<Value> {
    ["outcomes_22.jsonl", "media_22.jsonl"]
        .iter()
        .flat_map(|file| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/asterisk").join(file);
            let text = std::fs::read_to_string(path).expect("the recording");
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
        })
        .find(|case| case["case"] == name)
        .map(|case| case["events"].as_array().expect("events").iter().map(|event| event["event"].clone()).collect())
        .expect("the case")
}

/// What must be the same of two events: everything but ids, names and times.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    fields: BTreeSet<String>,
    values: Vec<(&'static str, String)>,
}

fn shape(event: &Value) -> Shape {
    let mut fields = BTreeSet::new();
    for (name, value) in event.as_object().expect("an object") {
        fields.insert(name.clone());
        for inner in value.as_object().into_iter().flatten() {
            // ari.conf of the recorded one asked for some variables.
            if inner.0 != "channelvars" {
                fields.insert(format!("{name}.{}", inner.0));
            }
        }
    }
    let values = ["type", "dialstatus", "cause", "cause_txt", "tech_cause", "soft", "digit"];
    let mut values: Vec<_> = values.iter().map(|name| (*name, event[*name].to_string())).collect();
    for object in ["channel", "peer"] {
        values.push((object, event[object]["state"].to_string()));
        values.push((object, event[object]["dialplan"]["app_name"].to_string()));
    }
    values.push(("playback", event["playback"]["state"].to_string()));
    Shape { fields, values }
}

fn rings(event: &Value) -> bool {
    event["dialstatus"] == "RINGING"
        || (event["type"] == "ChannelStateChange" && event["channel"]["state"] == "Ringing")
}

/// The shapes in order; the two events of ringing in either order, as the real
/// one sends them.
fn shapes(events: &[Value]) -> Vec<Shape> {
    let mut events = events.to_vec();
    for event in &mut events {
        if event["dialstatus"] == "RINGING" {
            event["peer"]["state"] = "Ringing".into();
        }
    }
    let (ringing, rest): (Vec<_>, Vec<_>) = events.iter().partition(|event| rings(event));
    let mut ringing: Vec<_> = ringing.into_iter().map(shape).collect();
    ringing.sort();
    let mut all: Vec<_> = rest.into_iter().map(shape).collect();
    let at = 1.min(all.len());
    all.splice(at..at, ringing);
    all
}

#[tokio::test]
async fn calls_end_as_the_real_ones_did() {
    for (digit, real) in [
        ('1', "they_hang_up_reason_16"),
        ('2', "loop_ring_then_busy"),
        ('3', "no_answer_timeout"),
        ('5', "refused_404"),
        ('6', "refused_503"),
    ] {
        let mut client = Client::start(|_| {}).await;
        let (status, channel) = client.place(real, digit).await;
        assert_eq!((status, &channel["state"]), (StatusCode::OK, &json!("Down")));
        let events = client.until("ChannelDestroyed").await;
        assert_eq!(shapes(&events), shapes(&recorded(real)), "{real}");
    }
}

#[tokio::test]
async fn a_refusal_after_ringing_differs_by_the_ringing_only() {
    let mut client = Client::start(|_| {}).await;
    client.place("reject", '4').await;
    let mut events = client.until("ChannelDestroyed").await;
    events.retain(|event| !rings(event));
    for event in &mut events {
        for object in ["channel", "peer"] {
            if event[object].is_object() {
                event[object]["state"] = "Down".into();
            }
        }
    }
    assert_eq!(shapes(&events), shapes(&recorded("refused_603")));
}

#[tokio::test]
async fn our_hang_up_looks_as_the_real_one_did() {
    let mut client = Client::start(|mix| mix.talk_ms = (60_000, 60_000)).await;
    for (digit, ready, real) in
        [('1', "StasisStart", "answered_we_hang_up"), ('3', "ChannelStateChange", "ringing_we_cancel")]
    {
        client.place(real, digit).await;
        let mut events = client.until(ready).await;
        if ready != "StasisStart" {
            events.push(client.event().await);
        }
        assert_eq!(client.request(Method::DELETE, &format!("channels/{real}"), json!({})).await.0, 204);
        events.extend(client.until("ChannelDestroyed").await);
        assert_eq!(shapes(&events), shapes(&recorded(real)), "{real}");
        let answered = digit == '1';
        let end = Record::End { call: real.into(), answered, cause: 16 };
        assert_eq!(client.simulator.journal().end(real), Some(end));
    }
}

#[tokio::test]
async fn playbacks_look_as_the_real_ones_did() {
    let mut client = Client::start(|mix| mix.talk_ms = (60_000, 60_000)).await;
    client.place("call", '1').await;
    client.until("StasisStart").await;
    for (media, real) in [
        (json!("sound:beep"), "play_local_abs"),
        (json!("sound:/nowhere/human.wav"), "play_local_abs_with_ext"),
        (json!("sound:/nowhere/missing"), "play_missing"),
        (json!(["sound:beep", "sound:beep"]), "play_list"),
    ] {
        let body = json!({ "media": media, "playbackId": real });
        let (status, playback) = client.request(Method::POST, "channels/call/play", body).await;
        assert_eq!((status, &playback["state"]), (StatusCode::CREATED, &json!("queued")));
        let events = client.until("PlaybackFinished").await;
        let mut want = recorded(real);
        want.retain(|event| event["playback"].is_object());
        assert_eq!(shapes(&events), shapes(&want), "{real}");
    }
}

#[tokio::test]
async fn a_key_looks_as_the_real_one_did() {
    let mut client = Client::start(|mix| {
        mix.keys = [('1', 1.0)].into();
        mix.key_ms = (10, 10);
    })
    .await;
    client.place("call", '1').await;
    let events = client.until("ChannelDtmfReceived").await;
    let real = recorded("dtmf_loop").into_iter().find(|event| event["type"] == "ChannelDtmfReceived");
    assert_eq!(events.last().map(shape), real.as_ref().map(shape));
}

#[tokio::test]
async fn refusals_are_worded_as_the_real_ones() {
    let mut client = Client::start(|mix| mix.talk_ms = (60_000, 60_000)).await;
    client.place("ringing", '3').await;
    client.until("ChannelStateChange").await;
    for (method, path, body, status, message) in [
        (Method::GET, "channels/none", json!({}), 404, "Channel not found"),
        (Method::DELETE, "channels/none", json!({}), 404, "Channel not found"),
        (Method::POST, "channels/none/play", json!({"media": "sound:beep"}), 404, "Channel not found"),
        (Method::POST, "channels/none/silence", json!({}), 404, "Channel not found"),
        (
            Method::POST,
            "channels/ringing/play",
            json!({"media": "sound:beep"}),
            409,
            "Channel not in Stasis application",
        ),
        (Method::POST, "channels/ringing/silence", json!({}), 409, "Channel not in Stasis application"),
        (Method::GET, "channels/ringing/variable?variable=X", json!({}), 404, "Provided variable was not found"),
        (Method::DELETE, "playbacks/none", json!({}), 404, "Playback not found"),
        (Method::GET, "applications/none", json!({}), 404, "Application not found"),
        (Method::GET, "none", json!({}), 404, "Resource not found"),
        (Method::PUT, "channels", json!({}), 405, "Invalid method"),
        (Method::POST, "channels", json!({"app": "probe"}), 400, "Endpoint must be specified"),
        (Method::POST, "channels", json!("no object"), 400, "Error parsing request body"),
    ] {
        let (got, answer) = client.request(method.clone(), path, body).await;
        assert_eq!((got.as_u16(), &answer["message"]), (status, &json!(message)), "{method} {path}");
    }
    let (status, answer) = client.place("ringing", '1').await;
    assert_eq!((status.as_u16(), &answer["message"]), (409, &json!("Channel with given unique ID already exists")));
    let body = json!({ "endpoint": "PJSIP/nobody", "app": "probe" });
    let (status, answer) = client.request(Method::POST, "channels", body).await;
    assert_eq!((status.as_u16(), answer), (500, json!({ "error": "Allocation failed" })));
    assert_eq!(client.simulator.journal().originates(), 1);
}

#[tokio::test]
async fn nothing_works_without_the_password() {
    let client = Client::start(|_| {}).await;
    let url = format!("http://{}/ari/channels", client.simulator.address());
    for request in [client.http.get(&url), client.http.get(&url).basic_auth("canvass", Some("wrong"))] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 401);
        let text = answer.text().await.expect("a text");
        assert_eq!(text, r#"{"message":"Authentication required"}"#);
    }
    let socket = format!("ws://{}/ari/events?app=probe", client.simulator.address());
    assert!(connect_async(socket).await.is_err());
}

#[tokio::test]
async fn a_second_socket_takes_the_application_over() {
    let mut client = Client::start(|_| {}).await;
    let second = socket(&client.simulator, "probe").await;
    assert_eq!(client.event().await["type"], "ApplicationReplaced");
    client.events = second;
    client.place("call", '5').await;
    assert_eq!(client.event().await["type"], "Dial", "the second hears the events");
    assert_eq!(client.until("ChannelDestroyed").await.last().map(|event| event["cause"].clone()), Some(json!(1)));
}

#[tokio::test]
async fn an_application_hears_only_its_own_calls() {
    let mut client = Client::start(|_| {}).await;
    let mut other = socket(&client.simulator, "other").await;
    client.place("call", '5').await;
    client.until("ChannelDestroyed").await;
    let silence = tokio::time::timeout(Duration::from_millis(50), other.next()).await;
    assert!(silence.is_err(), "heard {silence:?}");
    let (_, apps) = client.request(Method::GET, "applications", json!({})).await;
    let names: Vec<_> = apps.as_array().expect("a list").iter().map(|app| app["name"].clone()).collect();
    assert_eq!(names, ["other", "probe"]);
}

#[tokio::test]
async fn a_call_does_not_outlive_its_absolute_time_out() {
    let mut client = Client::start(|mix| {
        mix.talk_ms = (600_000, 600_000);
        mix.speed = 20.0;
    })
    .await;
    let body = json!({
        "endpoint": "PJSIP/+15551230001@carrier", "app": "probe", "channelId": "call",
        "variables": { "TIMEOUT(absolute)": "4", "CANVASS_NODE": "n" },
    });
    client.request(Method::POST, "channels", body).await;
    let (_, value) = client.request(Method::GET, "channels/call/variable?variable=CANVASS_NODE", json!({})).await;
    assert_eq!(value, json!({ "value": "n" }));
    let events = client.until("ChannelDestroyed").await;
    let end = events.last().map(|event| (event["cause"].clone(), event["channel"]["state"].clone()));
    assert_eq!(end, Some((json!(0), json!("Up"))));
    assert!(!events.iter().any(|event| event["type"] == "ChannelHangupRequest"));
}

#[tokio::test]
async fn an_id_may_be_used_again_after_its_end_and_the_journal_knows() {
    let mut client = Client::start(|_| {}).await;
    for _ in 0..2 {
        assert_eq!(client.place("call", '5').await.0, 200);
        client.until("ChannelDestroyed").await;
    }
    assert_eq!(client.simulator.journal().by_call()["call"], 2);
    assert_eq!(client.simulator.journal().by_number()["+15551230005"], 2);
    assert_eq!(client.simulator.journal().caller_ids()["+15557654321"], 2);
    client.place("last", '3').await;
    assert_eq!(client.simulator.calls_in_progress(), 1);
    client.simulator.stop().await;
}
