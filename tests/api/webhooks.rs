//! Webhooks: made, told, told again.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use canvass::webhook::{SigningSecret, sign};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    a_webhook_is_made_changed_and_removed,
    what_happens_in_a_campaign_is_told,
    a_dead_receiver_keeps_nobody_waiting,
    what_was_told_can_be_told_again,
);

/// What a receiver got.
#[derive(Clone, Debug)]
struct Got {
    path: String,
    signature: String,
    text: String,
    body: Value,
}

/// A receiver. Paths that are numbers are what it answers.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<Got>>>);

impl Receiver {
    async fn start() -> (Self, SocketAddr) {
        let receiver = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, address)
    }

    fn got(&self) -> Vec<Got> {
        self.0.lock().expect("what it got").clone()
    }

    /// Waits until it got so many of a type, and gives them.
    async fn until(&self, kind: &str, count: usize) -> Vec<Got> {
        for _ in 0..600 {
            let got: Vec<_> = self.got().into_iter().filter(|got| got.body["type"] == kind).collect();
            if got.len() >= count {
                return got;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never got {count} of {kind}: {:#?}", self.got());
    }
}

async fn take(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = String::from_utf8(body.to_vec()).expect("UTF-8");
    receiver.0.lock().expect("what it got").push(Got {
        path: uri.path().to_owned(),
        signature: headers["canvass-signature"].to_str().expect("ASCII").to_owned(),
        body: serde_json::from_str(&text).expect("JSON"),
        text,
    });
    let status = uri.path().trim_start_matches('/').parse().unwrap_or(200);
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("location", "/elsewhere")], "x".repeat(100_000)).into_response()
}

/// A webhook; its id and secret.
async fn hook(home: &Home, to: SocketAddr, path: &str, events: &[&str]) -> (String, String) {
    let body = json!({"url": format!("http://{to}{path}"), "events": events});
    let made = home.post("/api/webhooks", body).await.expect(201);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

#[track_caller]
fn assert_signed(got: &Got, secrets: &[&str]) {
    let time = got.signature.strip_prefix("t=").and_then(|rest| rest.split(',').next()).expect("a time");
    let at = Timestamp::from_second(time.parse().expect("seconds")).expect("an instant");
    let secrets: Vec<_> = secrets.iter().map(|secret| SigningSecret::kept((*secret).to_owned())).collect();
    assert_eq!(got.signature, sign(&secrets, at, got.text.as_bytes()));
}

/// Waits until a delivery was tried, and gives it.
async fn tried(home: &Home, path: &str) -> Value {
    for _ in 0..600 {
        let delivery = home.get(path).await.expect(200);
        if delivery["last_at"].is_string() {
            return delivery;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} was never tried");
}

async fn a_webhook_is_made_changed_and_removed(home: &Home) {
    let body = json!({"url": "https://example.com/hook", "events": ["call.ended", "call.ended"], "description": "CRM"});
    let reply = home.post("/api/webhooks", body.clone()).await;
    let made = reply.expect(201);
    let secret = made["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_") && secret.len() == 70);
    let path = reply.header("location").to_owned();
    let shown = home.get(&path).await;
    assert_eq!(
        (shown.expect(200)["events"].clone(), shown.header("etag")),
        (json!(["call.ended"]), reply.header("etag"))
    );
    assert!(!shown.text.contains(secret) && !home.get("/api/webhooks").await.text.contains(secret));

    let tag = shown.header("etag").to_owned();
    let edit = |tag: &str, body: Value| send(home.request("PATCH", &path).header("if-match", tag).json(&body));
    let changed = edit(&tag, json!({"events": ["dnc.added"], "description": null, "active": false})).await.expect(200);
    assert_eq!((&changed["events"], &changed["description"]), (&json!(["dnc.added"]), &json!(null)));
    assert_eq!((&changed["url"], &changed["active"]), (&json!("https://example.com/hook"), &json!(false)));
    edit(&tag, json!({"active": true})).await.expect(412);
    home.act(&format!("{path}/test")).await.expect(409);

    let wrong = json!({"url": "ftp://example.com", "events": ["call.endet"], "secret": "x"});
    assert_eq!(home.post("/api/webhooks", wrong).await.fields(), ["events[0]", "secret"]);
    assert_eq!(home.post("/api/webhooks", json!({})).await.fields(), ["events", "url"]);
    assert_eq!(home.patch(&path, json!({"events": []})).await.fields(), ["events"]);
    assert_eq!(home.patch(&path, json!({"events": ["webhook.test"]})).await.fields(), ["events[0]"]);
    for url in ["ftp://example.com/", "https://me:pw@example.com/", "example.com", ""] {
        assert_eq!(home.patch(&path, json!({"url": url})).await.fields(), ["url"], "{url}");
    }
    let again = home.request("POST", "/api/webhooks").header("idempotency-key", "1").json(&body);
    send(again).await.expect(400);
    assert_eq!(home.get("/api/webhooks").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(home.delete(&path).await.status, 204);
    for gone in [home.get(&path).await, home.delete(&path).await, home.patch(&path, json!({})).await] {
        gone.expect(404);
    }
    home.get(&format!("{path}/deliveries")).await.expect(404);
}

async fn what_happens_in_a_campaign_is_told(home: &Home) {
    let (receiver, address) = Receiver::start().await;
    let events = ["call.answered", "call.ended", "campaign.started", "campaign.completed"];
    let (id, secret) = hook(home, address, "/hook", &events).await;
    let campaign = home.draft("Told").await;
    home.fill(&campaign, 0, 3).await;
    home.act(&format!("/api/campaigns/{campaign}/launch")).await.expect(200);
    let ended = receiver.until("call.ended", 3).await;
    let completed = receiver.until("campaign.completed", 1).await;
    assert_eq!(receiver.until("campaign.started", 1).await.len(), 1);
    for got in receiver.got() {
        assert_signed(&got, &[&secret]);
        assert!(got.body["id"].is_string() && got.body["created_at"].is_string());
    }
    for got in &ended {
        assert_eq!(got.body["data"]["campaign_id"], campaign.as_str());
        assert!(got.body["data"]["outcome"].is_string() && got.body["data"]["contact"]["name"].is_string());
    }
    assert_eq!(completed[0].body["data"]["status"], "completed");

    // What verifies them, as the documentation says.
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/webhooks.md")).expect("the page");
    let snippet = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a snippet");
    verify_with_python(snippet, &secret, &ended[0]).await;

    let path = format!("/api/webhooks/{id}/deliveries");
    let told = tried(home, &format!("{path}/{}", ended[0].body["id"].as_str().expect("an id"))).await;
    assert_eq!(
        (&told["status"], &told["status_code"], &told["attempts"]),
        (&json!("delivered"), &json!(200), &json!(1))
    );
    assert_eq!((&told["data"], &told["next_at"]), (&ended[0].body["data"], &json!(null)));
    let first = home.get(&format!("{path}?limit=2")).await.expect(200);
    let rest = home.get(&format!("{path}?before={}", first["next"].as_str().expect("more"))).await.expect(200);
    let count = |list: &Value| list["items"].as_array().map_or(0, Vec::len);
    assert!(count(&first) == 2 && count(&rest) >= 3 && rest["next"].is_null(), "{rest}");
    assert_eq!(count(&home.get(&format!("{path}?status=given_up")).await.expect(200)), 0);
    assert_eq!(home.get(&format!("{path}?status=lost&limit=0")).await.fields(), ["status"]);
}

/// Runs the documentation's function, where there is a Python.
async fn verify_with_python(snippet: &str, secret: &str, got: &Got) {
    let script = format!(
        "{snippet}\nimport json, sys\nsecret, header, body = json.load(sys.stdin)\nbody = body.encode()\n\
         assert verify(secret, header, body)\nassert not verify(secret, header, body + b' ')\n\
         assert not verify(secret + 'x', header, body)\nassert not verify(secret, header, body, tolerance=-1)\n\
         assert not verify(secret, 'nonsense', body)\nprint('verified')\n"
    );
    let mut command = tokio::process::Command::new("python3");
    command.arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut python) = command.spawn() else { return };
    let input = json!([secret, got.signature, got.text]).to_string();
    let mut stdin = python.stdin.take().expect("an input");
    tokio::io::AsyncWriteExt::write_all(&mut stdin, input.as_bytes()).await.expect("written");
    drop(stdin);
    let output = python.wait_with_output().await.expect("an end");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "verified",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn a_dead_receiver_keeps_nobody_waiting(home: &Home) {
    let (receiver, address) = Receiver::start().await;
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        listener.local_addr().expect("an address")
    };
    let (dead, _) = hook(home, nobody, "/hook?token=hunter2", &["dnc.added"]).await;
    let (cross, _) = hook(home, address, "/500", &["dnc.added"]).await;
    let (moved, _) = hook(home, address, "/302", &["dnc.added"]).await;
    let (gone, _) = hook(home, address, "/410", &["dnc.added"]).await;
    let (well, _) = hook(home, address, "/hook", &["dnc.added"]).await;
    let added = home.post("/api/dnc", json!({"phone_number": "+15552000001", "reason": "asked"})).await;
    added.expect(201);
    home.post("/api/dnc", json!({"phone_number": "+15552000001"})).await.expect(201);
    let got = receiver.until("dnc.added", 4).await;
    let event = got[0].body["id"].as_str().expect("an id").to_owned();
    assert!(got.iter().all(|got| got.body["id"] == event.as_str()), "one event, the same for all");
    let data = &got[0].body["data"];
    assert_eq!((&data["phone_number"], &data["source"]), (&json!("+15552000001"), &json!("api")));
    let of = async |hook: &str| tried(home, &format!("/api/webhooks/{hook}/deliveries/{event}")).await;
    assert_eq!(of(&well).await["status"], "delivered");
    for (hook, code) in [(&dead, json!(null)), (&cross, json!(500)), (&moved, json!(302))] {
        let failed = of(hook).await;
        assert_eq!((&failed["status"], &failed["attempts"]), (&json!("pending"), &json!(1)), "{failed}");
        assert_eq!(failed["status_code"], code);
        assert!(failed["next_at"].as_str() > failed["last_at"].as_str() && failed["error"].is_string(), "{failed}");
        assert!(!failed.to_string().contains("hunter2"), "{failed}");
        let shown = home.get(&format!("/api/webhooks/{hook}")).await.expect(200);
        assert!(shown["failing_since"].is_string() && shown["active"] == true, "{shown}");
    }
    assert!(!receiver.got().iter().any(|got| got.path == "/elsewhere"), "redirects are not followed");
    of(&gone).await;
    let off = home.get(&format!("/api/webhooks/{gone}")).await.expect(200);
    assert!(off["active"] == false && off["disabled_reason"].as_str().is_some_and(|why| why.contains("410")), "{off}");
}

async fn what_was_told_can_be_told_again(home: &Home) {
    let (receiver, address) = Receiver::start().await;
    let (id, secret) = hook(home, address, "/hook", &["campaign.failed"]).await;
    let path = format!("/api/webhooks/{id}");
    let test = home.act(&format!("{path}/test")).await.expect(202);
    assert_eq!((&test["type"], &test["status"]), (&json!("webhook.test"), &json!("pending")));
    let first = receiver.until("webhook.test", 1).await.remove(0);
    assert_signed(&first, &[&secret]);
    let event = test["id"].as_str().expect("an id");
    let delivery = format!("{path}/deliveries/{event}");
    assert_eq!(tried(home, &delivery).await["status"], "delivered");

    let turned = home.act(&format!("{path}/rotate-secret")).await.expect(200);
    let new = turned["secret"].as_str().expect("a secret");
    assert!(new != secret && turned["webhook"]["old_secret_until"].is_string());
    assert_eq!(home.act(&format!("{delivery}/replay")).await.expect(202)["status"], "pending");
    let again = receiver.until("webhook.test", 2).await.remove(1);
    assert_eq!(again.text, first.text, "the same under the same id");
    assert_signed(&again, &[new, &secret]);
    home.act(&format!("{path}/deliveries/00000000-0000-0000-0000-000000000000/replay")).await.expect(404);
    home.act("/api/webhooks/00000000-0000-0000-0000-000000000000/test").await.expect(404);
}
