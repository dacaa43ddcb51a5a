//! The switches, and test calls.

use canvass::access::Role;
use serde_json::json;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    switches_tell_how_they_are,
    a_test_call_goes_through_the_engine,
    what_forbids_a_call_forbids_a_test_call,
    an_administrator_forces_a_test_call,
    some_numbers_are_never_forced
);

async fn ready(home: &Home) {
    for _ in 0..600 {
        if home.get("/api/switches/main").await.expect(200)["ready"] == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the switch never was ready");
}

async fn switches_tell_how_they_are(home: &Home) {
    ready(home).await;
    let reply = home.get("/api/switches").await;
    let all = reply.expect(200);
    let capacity = json!({"connected": 1, "ready": 1, "calls": 0, "max_channels": 100, "max_calls_per_second": 400.0,
        "outbound_rate_limit": 10});
    assert_eq!(all["capacity"], capacity);
    let main = &all["items"][0];
    assert_eq!((&main["name"], &main["kind"]), (&json!("main"), &json!("freeswitch")));
    let trunk = json!({"name": "carrier", "state": "open", "closed_until": null, "calls_per_second": 400.0});
    assert_eq!(main["trunks"], json!([trunk]));
    assert!(!reply.text.contains("ClueCon"), "no password");
    home.get("/api/switches/other").await.expect(404);

    home.simulator.drop_connections();
    let mut last = json!(null);
    for _ in 0..600 {
        last = home.get("/api/switches/main").await.expect(200);
        if last["last_error"].is_object() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(last["last_error"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{last}");
    ready(home).await;
}

async fn a_test_call_goes_through_the_engine(home: &Home) {
    ready(home).await;
    home.post("/api/phone-numbers", json!({"phone_number": "+15550100001"})).await.expect(201);
    let body = json!({"phone_number": "(555) 200-0001", "trunk": "carrier"});
    let request = || home.request("POST", "/api/switches/main/test-call").header("idempotency-key", "1").json(&body);
    let reply = send(request()).await;
    let placed = reply.expect(202);
    assert_eq!(reply.header("location"), placed["campaign"]);
    assert_eq!(send(request()).await.expect(202), placed, "not a second call");
    let id = placed["campaign_id"].as_str().expect("an id");
    let campaign = home.until(id, "completed").await;
    // Names are for those who may not see numbers, too.
    assert!(campaign["name"].as_str().is_some_and(|name| name.starts_with("Test call by main at 2")), "{campaign}");
    let runs = home.get(placed["runs"].as_str().expect("a place")).await.expect(200);
    assert_eq!(runs["total"], 1);
    assert_eq!(runs["items"][0]["phone_number"], "+15552000001", "{runs}");
}

async fn what_forbids_a_call_forbids_a_test_call(home: &Home) {
    ready(home).await;
    let call = async |body| home.post("/api/switches/main/test-call", body).await;
    assert_eq!(call(json!({"phone_number": "+15552000001"})).await.fields(), ["caller_id"]);
    home.post("/api/phone-numbers", json!({"phone_number": "+15550100001"})).await.expect(201);
    let wrong =
        json!({"phone_number": "12", "caller_id": "+15550100009", "trunk": "carier", "prompts": ["/etc/x.wav"]});
    assert_eq!(call(wrong).await.fields(), ["caller_id", "phone_number", "prompts", "trunk"]);
    assert_eq!(call(json!({"say": "", "phone": 1})).await.fields(), ["phone"]);
    let refused = call(json!({"phone_number": "+15552000001", "prompts": ["missing.wav"]})).await.expect(422);
    assert!(refused["reasons"][0].as_str().is_some_and(|reason| reason.contains("missing.wav")), "{refused}");
    home.post("/api/dnc", json!({"phone_number": "+15552000001"})).await.expect(201);
    let forbidden = call(json!({"phone_number": "+15552000001"})).await.expect(409);
    assert_eq!(forbidden["type"], "/problems/call-forbidden");
    assert_eq!((&forbidden["rules"], &forbidden["may_be_forced"]), (&json!(["do_not_call"]), &json!(true)));
    assert_eq!(home.get("/api/campaigns").await.expect(200)["total"], 0, "no campaign is left behind");
    home.post("/api/switches/other/test-call", json!({"phone_number": "+15552000002"})).await.expect(404);
    let viewer = home.key(Role::Viewer, &[]).await;
    let body = json!({"phone_number": "+15552000002"});
    send(home.request_as(Some(&viewer), "POST", "/api/switches/main/test-call").json(&body)).await.expect(403);
}

async fn an_administrator_forces_a_test_call(home: &Home) {
    ready(home).await;
    home.post("/api/phone-numbers", json!({"phone_number": "+15550100001"})).await.expect(201);
    home.post("/api/dnc", json!({"phone_number": "+15552000001"})).await.expect(201);
    let path = "/api/switches/main/test-call";
    let forced = json!({"phone_number": "+15552000001", "force": true, "reason": "he wants to hear it"});
    for wrong in [
        json!({"phone_number": "+15552000001", "force": true}),
        json!({"phone_number": "+15552000001", "force": true, "reason": " "}),
        json!({"phone_number": "+15552000001", "reason": "why"}),
    ] {
        assert_eq!(home.post(path, wrong).await.fields(), ["reason"]);
    }
    let operator = home.key(Role::Operator, &[]).await;
    send(home.request_as(Some(&operator), "POST", path).json(&forced)).await.expect(403);
    assert_eq!(home.get("/api/campaigns").await.expect(200)["total"], 0);

    let request = || home.request("POST", path).header("idempotency-key", "f").json(&forced);
    let placed = send(request()).await.expect(202);
    assert_eq!(placed["overridden"], json!(["do_not_call"]));
    assert_eq!(send(request()).await.expect(202), placed, "not a second call");
    home.until(placed["campaign_id"].as_str().expect("an id"), "completed").await;
    let runs = home.get(placed["runs"].as_str().expect("a place")).await.expect(200);
    assert_eq!((&runs["total"], &runs["items"][0]["outcome"] == "blocked"), (&json!(1), false), "{runs}");

    let known = home.get("/api/audit/numbers/+15552000001").await.expect(200);
    let told: Vec<_> = known["decisions"]
        .as_array()
        .expect("decisions")
        .iter()
        .map(|one| {
            let forced = &one["facts"]["forced"];
            assert_eq!((&forced["reason"], &forced["rules"]), (&json!("he wants to hear it"), &json!(["do_not_call"])));
            assert!(forced["by"].as_str().is_some_and(|by| by.starts_with("key:test")), "{forced}");
            (one["verdict"].clone(), one["rule"].clone(), one["call"].is_object())
        })
        .collect();
    assert_eq!(told, [(json!("allow"), json!("do_not_call"), false), (json!("allow"), json!(null), true)]);
    let audit = home.get("/api/audit?action=switches.test-call").await.expect(200);
    let noted = &audit["items"][0];
    assert_eq!(audit["items"].as_array().map(Vec::len), Some(1), "{audit}");
    assert_eq!(noted["details"]["overridden"], json!(["do_not_call"]), "{noted}");
    assert_eq!(noted["details"]["body"]["reason"], "he wants to hear it");
    assert_eq!(noted["details"]["made"], placed["campaign_id"]);

    // The list holds for the next one again.
    home.post(path, json!({"phone_number": "+15552000001"})).await.expect(409);
}

async fn some_numbers_are_never_forced(home: &Home) {
    ready(home).await;
    home.post("/api/phone-numbers", json!({"phone_number": "+15550100001"})).await.expect(201);
    let call = async |number| {
        let body = json!({"phone_number": number, "force": true, "reason": "to try it"});
        home.post("/api/switches/main/test-call", body).await
    };
    // Found out where a number is read; the gate would refuse them too.
    for number in ["+19002345678", "911"] {
        assert_eq!(call(number).await.fields(), ["phone_number"], "{number}");
    }
    let refused = call("+881612345678").await.expect(409);
    assert_eq!((&refused["rules"], &refused["may_be_forced"]), (&json!(["satellite"]), &json!(false)));
    assert_eq!(home.get("/api/campaigns").await.expect(200)["total"], 0);
}
