//! AI agents.

use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(secrets_go_in_and_never_out, a_campaign_with_an_agent_is_kept_off_the_air);

async fn secrets_go_in_and_never_out(home: &Home) {
    let body = json!({
        "name": "Sarah", "url": "wss://agent.example/stream", "headers": {"Authorization": "Bearer hush", "X-A": "1"},
        "prompt": "Ask {{name}}.", "variables": {"language": "en"}, "max_concurrent_calls": 5
    });
    let create = || send(home.request("POST", "/api/agents").header("idempotency-key", "a1").json(&body));
    let made = create().await;
    let agent = made.expect(201);
    let path = made.header("location").to_owned();
    assert_eq!(path, format!("/api/agents/{}", agent["id"].as_str().expect("an id")));
    assert_eq!(agent["headers"], json!({"authorization": "********", "x-a": "********"}));
    assert_eq!((&agent["protocol"], &agent["max_concurrent_calls"]), (&json!("twilio"), &json!(5)));
    assert_eq!(create().await.text, made.text);
    home.post("/api/agents", body.clone()).await.expect(409);
    // What is shown may be sent back.
    let edit = json!({"headers": agent["headers"], "first_message": "Hi", "prompt": null});
    let tagged = |tag: &str| send(home.request("PATCH", &path).header("if-match", tag).json(&edit));
    let changed = tagged(made.header("etag")).await;
    assert_eq!(changed.expect(200)["prompt"], Value::Null);
    tagged(made.header("etag")).await.expect(412);
    let id = agent["id"].as_str().expect("an id").parse().expect("an id");
    let stored = home.world.store.agent(id).await.expect("read").expect("there");
    assert_eq!(stored.fields.headers.expose()["authorization"], "Bearer hush");
    for reply in [&made, &changed, &home.get(&path).await, &home.get("/api/agents").await] {
        assert!(!reply.text.contains("hush"), "{}", reply.text);
    }
    let wrong = json!({"name": "", "url": "http://agent.example", "headers": {"Host": "x"}, "variables": {"": "x"}});
    assert_eq!(home.post("/api/agents", wrong).await.fields(), ["headers.Host", "name", "url", "variables."]);
    assert_eq!(home.patch(&path, json!({"url": null, "protocol": "sip"})).await.fields(), ["protocol"]);
    assert_eq!(home.patch(&path, json!({"url": null})).await.fields(), ["url"]);
    assert_eq!(home.get("/api/agents?limit=1").await.expect(200)["total"], 1);
    assert_eq!(home.delete(&path).await.status, 204);
    home.get(&path).await.expect(404);
    home.delete(&path).await.expect(404);
}

async fn a_campaign_with_an_agent_is_kept_off_the_air(home: &Home) {
    let agent = home.post("/api/agents", json!({"name": "Sarah", "url": "ws://127.0.0.1:9"})).await.expect(201);
    let id = home.draft("Talks").await;
    home.fill(&id, 0, 1).await;
    let path = format!("/api/campaigns/{id}");
    let unknown = json!({"agent_id": "00000000-0000-0000-0000-000000000000"});
    assert_eq!(home.patch(&path, unknown.clone()).await.fields(), ["agent_id"]);
    let mut new = unknown;
    new["name"] = json!("New");
    assert_eq!(home.post("/api/campaigns", new).await.fields(), ["agent_id"]);
    let named = home.patch(&path, json!({"agent_id": agent["id"]})).await.expect(200);
    assert_eq!((&named["agent_id"], &named["agent_name"]), (&agent["id"], &json!("Sarah")));
    let refused = home.act(&format!("{path}/launch")).await.expect(422);
    assert_eq!(refused["type"], "/problems/launch-refused");
    assert!(refused["reasons"][0].as_str().is_some_and(|why| why.contains("agent_id")), "{refused}");
    let agent_path = format!("/api/agents/{}", agent["id"].as_str().expect("an id"));
    let kept = home.delete(&agent_path).await.expect(409);
    assert!(kept["detail"].as_str().is_some_and(|text| text.contains("Talks")), "{kept}");
    // Not by the back door either: named while paused, and resumed.
    home.patch(&path, json!({"agent_id": null, "throttle_ms": 3_600_000})).await.expect(200);
    home.fill(&id, 100, 20).await;
    home.act(&format!("{path}/launch")).await.expect(200);
    home.act(&format!("{path}/pause")).await.expect(200);
    home.patch(&path, json!({"agent_id": agent["id"]})).await.expect(200);
    home.act(&format!("{path}/resume")).await.expect(422);
    home.act(&format!("{path}/start")).await.expect(422);
    home.act(&format!("{path}/cancel")).await.expect(200);
    assert_eq!(home.delete(&agent_path).await.status, 204);
    assert_eq!(home.get(&path).await.expect(200)["agent_name"], Value::Null);
}
