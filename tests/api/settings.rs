//! What holds for the whole installation.

use std::time::Duration;

use canvass::access::Role;
use serde_json::json;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(settings_are_changed_at_once_and_given_back, the_limit_holds_for_the_engine);

async fn settings_are_changed_at_once_and_given_back(home: &Home) {
    let before = home.get("/api/settings").await;
    let tag = before.header("etag").to_owned();
    let before = before.expect(200);
    assert_eq!(before["outbound_rate_limit"], json!({"value": 10, "source": "default", "otherwise": 10}));

    let patch = json!({"region": "de", "organization_name": "Example", "outbound_rate_limit": 20});
    let changed = home.request("PATCH", "/api/settings").header("if-match", &tag).json(&patch);
    let changed = send(changed).await;
    assert_ne!(changed.header("etag"), tag);
    let changed = changed.expect(200);
    assert_eq!(changed["region"], json!({"value": "DE", "source": "database", "otherwise": "US"}));
    assert_eq!(home.get("/api/settings").await.expect(200), changed);
    // Numbers are read by the new rules from now on.
    let added = home.post("/api/dnc", json!({"phone_number": "030 901820"})).await.expect(201);
    assert_eq!(added["phone_number"], "+4930901820");
    let stale = home.request("PATCH", "/api/settings").header("if-match", &tag).json(&json!({"drain_seconds": 5}));
    send(stale).await.expect(412);

    let wrong = json!({"outbound_rate_limit": 0, "recording_keep_days": 4000, "organization_name": "x".repeat(201)});
    let fields = home.patch("/api/settings", wrong).await.fields();
    assert_eq!(fields, ["organization_name", "outbound_rate_limit", "recording_keep_days"]);
    let wrong = json!({"region": "XX", "number_check": "lax", "drain": 5, "drain_seconds": "long"});
    let fields = home.patch("/api/settings", wrong).await.fields();
    assert_eq!(fields, ["drain", "drain_seconds", "number_check", "region"]);
    assert_eq!(home.get("/api/settings").await.expect(200), changed, "nothing of it was done");

    let given_back = home.patch("/api/settings", json!({"region": null})).await.expect(200);
    assert_eq!(given_back["region"], before["region"]);
    assert_eq!(given_back["organization_name"]["value"], "Example", "what is left out stays");
    home.post("/api/dnc", json!({"phone_number": "030 901820"})).await.fields();
    let operator = home.key(Role::Operator, &[]).await;
    send(home.request_as(Some(&operator), "GET", "/api/settings")).await.expect(200);
    let forbidden = home.request_as(Some(&operator), "PATCH", "/api/settings").json(&json!({}));
    send(forbidden).await.expect(403);
}

async fn the_limit_holds_for_the_engine(home: &Home) {
    home.patch("/api/settings", json!({"outbound_rate_limit": 1})).await.expect(200);
    let id = home.draft("Spring").await;
    home.patch(&format!("/api/campaigns/{id}"), json!({"max_concurrent": 50})).await.expect(200);
    home.fill(&id, 0, 30).await;
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    let mut most = 0;
    for _ in 0..100 {
        most = most.max(home.simulator.calls_in_progress());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(most, 1, "never two at once, though the campaign may have fifty");
    home.patch("/api/settings", json!({"outbound_rate_limit": 100})).await.expect(200);
    home.until(&id, "completed").await;
}
