//! What the Asterisk adapter asks of Asterisk, word by word.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::routing::any;
use canvass::call::CallId;
use canvass::switch::asterisk::{Asterisk, Options};
use canvass::switch::{CallEvent, CallEvents, Originate, Recording, Take, Transfer};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

#[path = "support/adapter.rs"]
mod adapter;

use adapter::{WAIT, connect, next, options, order};

/// A server that notes requests but for questions, answers 200 to all and sends what it is told.
#[derive(Clone)]
struct Server {
    requests: mpsc::UnboundedSender<(String, Value)>,
    events: Arc<Mutex<mpsc::UnboundedReceiver<String>>>,
}

struct Rig {
    asterisk: Asterisk,
    requests: mpsc::UnboundedReceiver<(String, Value)>,
    events: mpsc::UnboundedSender<String>,
}

impl Rig {
    async fn start() -> Self {
        let (noted, requests) = mpsc::unbounded_channel();
        let (events, sent) = mpsc::unbounded_channel();
        let server = Server { requests: noted, events: Arc::new(Mutex::new(sent)) };
        let router = Router::new().route("/ari/events", any(socket)).fallback(note).with_state(server);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let (asterisk, _) =
            connect(Options { user: "Aladdin".into(), node: "a,b/c".into(), ..options(address, "open sesame") }).await;
        Self { asterisk, requests, events }
    }

    async fn request(&mut self) -> (String, Value) {
        tokio::time::timeout(WAIT, self.requests.recv()).await.expect("in time").expect("a request")
    }

    /// The next request but for silence, which a slow test makes due.
    async fn command(&mut self) -> (String, Value) {
        loop {
            let (line, body) = self.request().await;
            if !line.ends_with("/silence") {
                return (line, body);
            }
        }
    }

    /// A call that has just been answered.
    async fn answered(&mut self) -> (CallId, CallEvents) {
        let call = originate();
        let mut events = self.asterisk.originate(&call).await.expect("placed");
        self.request().await;
        self.event("StasisStart", call.call);
        assert_eq!(next(&mut events).await, CallEvent::Answered);
        (call.call, events)
    }

    fn event(&self, kind: &str, call: CallId) {
        let event = json!({ "type": kind, "channel": { "id": call, "state": "Up" } });
        self.events.send(event.to_string()).expect("connected");
    }
}

async fn socket(
    State(server): State<Server>,
    request: axum::http::Uri,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    assert_eq!(request.query(), Some("app=canvass-a-b-c&subscribeAll=false"));
    upgrade.on_upgrade(async move |mut socket| {
        let mut events = server.events.lock().await;
        while let Some(event) = events.recv().await {
            let _ = socket.send(Message::Text(event.into())).await;
        }
    })
}

async fn note(State(server): State<Server>, request: Request) -> StatusCode {
    // RFC 7617, section 2.
    assert_eq!(request.headers()["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    let line = format!("{} {}", request.method(), request.uri());
    if request.method() == Method::GET {
        // What is there is looked at after each new connection.
        return StatusCode::NO_CONTENT;
    }
    let posted = request.method() == Method::POST;
    let body = axum::body::to_bytes(request.into_body(), 65_536).await.unwrap_or_else(|_| Bytes::new());
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let _ = server.requests.send((line, body));
    if posted { StatusCode::OK } else { StatusCode::NO_CONTENT }
}

fn originate() -> Originate {
    Originate { ring_timeout: Duration::from_millis(29_500), max_call: Duration::from_secs(300), ..order('1') }
}

#[tokio::test]
async fn originate_names_all_that_bounds_the_call() {
    let mut rig = Rig::start().await;
    let call = originate();
    let _events = rig.asterisk.originate(&call).await.expect("placed");
    let want = json!({
        "endpoint": "PJSIP/+15551230001@carrier",
        "app": "canvass-a-b-c",
        "channelId": call.call,
        "callerId": "+15557654321",
        "timeout": 30,
        "variables": {
            "TIMEOUT(absolute)": "360", "CANVASS_NODE": "a,b/c", "CANVASS_APP": "canvass-a-b-c", "CANVASS_AMD_WAIT": "1",
        },
    });
    assert_eq!(rig.request().await, ("POST /ari/channels".into(), want));
}

#[tokio::test]
async fn no_ring_time_out_becomes_one_without_end() {
    let mut rig = Rig::start().await;
    for ring_timeout in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
        let call = Originate { ring_timeout, max_call: ring_timeout, ..originate() };
        let _events = rig.asterisk.originate(&call).await.expect("placed");
        let (_, body) = rig.request().await;
        let timeout = body["timeout"].as_i64().expect("a number");
        let absolute: i32 = body["variables"]["TIMEOUT(absolute)"].as_str().expect("a text").parse().expect("an int");
        assert!(timeout >= 1 && i64::from(absolute) > timeout, "{ring_timeout:?}: {timeout}, {absolute}");
    }
}

#[tokio::test]
async fn a_call_on_which_nothing_plays_is_made_to_send_silence() {
    let mut rig = Rig::start().await;
    let (call, _events) = rig.answered().await;
    assert_eq!(rig.request().await.0, format!("POST /ari/channels/{call}/silence"));
}

#[tokio::test]
async fn a_playback_has_an_id_by_which_it_is_stopped() {
    let mut rig = Rig::start().await;
    let (call, _events) = rig.answered().await;
    rig.asterisk.play(call, "/media/a,b.wav").await.expect("plays");
    let (line, body) = rig.command().await;
    assert_eq!(line, format!("POST /ari/channels/{call}/play"));
    assert_eq!(body["media"], json!(["sound:/media/a,b"]));
    rig.asterisk.stop_playback(call).await.expect("stops");
    let id = body["playbackId"].as_str().expect("an id");
    assert_eq!(rig.command().await.0, format!("DELETE /ari/playbacks/{id}"));
    rig.asterisk.hang_up(call).await.expect("hangs up");
    assert_eq!(rig.command().await.0, format!("DELETE /ari/channels/{call}"));
}

#[tokio::test]
async fn what_is_said_is_recorded_within_bounds_and_a_key_ends_it() {
    let mut rig = Rig::start().await;
    let (call, _events) = rig.answered().await;
    let take = Take::Speech { max: Duration::from_millis(59_001), silence: Duration::from_millis(1) };
    let recording = Recording { name: "said-1".into(), folder: "/elsewhere".into(), take };
    rig.asterisk.record(call, &recording).await.expect("records");
    let want = json!({
        "name": "said-1", "format": "wav", "ifExists": "fail",
        "maxDurationSeconds": 60, "maxSilenceSeconds": 1, "terminateOn": "any",
    });
    assert_eq!(rig.command().await, (format!("POST /ari/channels/{call}/record"), want));
    rig.asterisk.stop_recording(call, &recording).await.expect("stops");
    assert_eq!(rig.command().await.0, "POST /ari/recordings/live/said-1/stop");
}

#[tokio::test]
async fn a_transfer_bounds_both_channels_and_names_the_leg_after_the_call() {
    let mut rig = Rig::start().await;
    let (call, _events) = rig.answered().await;
    let transfer = Transfer {
        leg: CallId::new(),
        endpoint: "Local/100@canvass-transfer".into(),
        caller_id: "+15557654321".parse().expect("a number"),
        ring_timeout: Duration::from_secs(20),
        max: Duration::from_secs(600),
    };
    rig.asterisk.transfer(call, &transfer).await.expect("calls");
    let want = json!({ "variable": "TIMEOUT(absolute)", "value": "650" });
    assert_eq!(rig.command().await, (format!("POST /ari/channels/{call}/variable"), want));
    assert_eq!(rig.command().await.0, format!("POST /ari/channels/{call}/ring"));
    let (line, body) = rig.command().await;
    assert_eq!(
        (line.as_str(), &body["channelId"]),
        ("POST /ari/channels", &json!(format!("{call}-leg-{}", transfer.leg)))
    );
    assert_eq!((&body["timeout"], &body["variables"]["TIMEOUT(absolute)"]), (&json!(20), &json!("650")));
}
