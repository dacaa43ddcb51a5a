//! Who may do what.

use canvass::access::{Role, Scope};
use canvass::api::Limits;
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(a_key_is_shown_once_and_can_be_revoked, nothing_opens_without_the_right_key);

async fn a_key_is_shown_once_and_can_be_revoked(home: &Home) {
    let body = json!({"name": "CRM", "role": "operator", "scopes": ["dnc:write", "dnc:read"], "expires_in_days": 30});
    let made = home.post("/api/api-keys", body).await.expect(201);
    let key = made["key"].as_str().expect("a key").to_owned();
    let add = async |key: &str, number: &str| {
        send(home.request_as(Some(key), "POST", "/api/dnc").json(&json!({"phone_number": number}))).await
    };
    add(&key, "+15552000001").await.expect(201);
    let forbidden = send(home.request_as(Some(&key), "GET", "/api/campaigns")).await.expect(403);
    assert!(forbidden["detail"].as_str().is_some_and(|text| text.contains("campaigns:read")), "{forbidden}");
    let list = home.get("/api/api-keys").await;
    assert!(!list.text.contains(&key) && list.text.contains(&key[..11]), "{}", list.text);
    let id = made["api_key"]["id"].as_str().expect("an id");
    assert_eq!(home.get(&format!("/api/api-keys/{id}")).await.expect(200)["role"], "operator");
    assert_eq!(home.delete(&format!("/api/api-keys/{id}")).await.status, 204);
    let revoked = add(&key, "+15552000002").await;
    revoked.expect(401);
    assert!(revoked.header("www-authenticate").contains("invalid_token"));
    home.delete("/api/api-keys/00000000-0000-0000-0000-000000000000").await.expect(404);

    let wrong = json!({"name": "", "role": "viewer", "scopes": ["campaigns:write", "dnc:read"], "expires_in_days": 0});
    assert_eq!(home.post("/api/api-keys", wrong).await.fields(), ["expires_in_days", "name", "scopes[0]"]);
    // A narrow key makes no wide one.
    let narrow = home.key(Role::Admin, &[Scope::ApiKeysWrite]).await;
    let make = home.request_as(Some(&narrow), "POST", "/api/api-keys").json(&json!({"name": "x", "role": "admin"}));
    send(make).await.expect(403);
    let kept = home.request("POST", "/api/api-keys").header("idempotency-key", "1").json(&json!({"name": "x"}));
    send(kept).await.expect(400);
}

/// Every operation of the description, with keys that must not do.
async fn nothing_opens_without_the_right_key(home: &Home) {
    let document = home.get("/api/openapi.json").await.expect(200);
    let viewer = home.key(Role::Viewer, &[]).await;
    let other = home.key(Role::Admin, &[Scope::DncRead]).await;
    let wrong = format!("cv_{}", "0".repeat(64));
    let mut count = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let place = path.replace("{id}", "00000000-0000-0000-0000-000000000000");
        let place = place.replace("{contact_id}", "1").replace("{number}", "+15552000001");
        for (method, operation) in operations.as_object().expect("operations") {
            let method = method.to_uppercase();
            if operation["security"] == json!([]) {
                assert!(send(home.request_as(None, &method, &place)).await.status == 200, "{place}");
                continue;
            }
            count += 1;
            let none = send(home.request_as(None, &method, &place)).await;
            none.expect(401);
            assert_eq!(none.header("www-authenticate"), "Bearer realm=\"canvass\"");
            if count <= 3 {
                send(home.request_as(Some(&wrong), &method, &place)).await.expect(401);
            }
            if !path.starts_with("/api/dnc") {
                send(home.request_as(Some(&other), &method, &place)).await.expect(403);
            }
            if method != "GET" || path.starts_with("/api/api-keys") || path.starts_with("/api/audit") {
                send(home.request_as(Some(&viewer), &method, &place)).await.expect(403);
            } else {
                let seen = send(home.request_as(Some(&viewer), &method, &place)).await;
                assert!([200, 404, 422].contains(&seen.status), "{place}: {}", seen.text);
            }
        }
    }
    assert!(count >= 35, "{count}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_waits() {
    let limits = Limits { requests_per_second: 0.01, burst: 3, failures_per_minute: 2, ..Limits::default() };
    let home = Home::with_limits(limits).await;
    let mut last = home.get("/api/dnc").await;
    for _ in 0..3 {
        last = home.get("/api/dnc").await;
    }
    last.expect(429);
    assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    // Others, and what needs no key, are not concerned.
    let other = home.key(Role::Viewer, &[]).await;
    send(home.request_as(Some(&other), "GET", "/api/dnc")).await.expect(200);
    send(home.request_as(None, "GET", "/healthz")).await.expect(200);

    for wrong in ["cv_1", "nonsense"] {
        send(home.request_as(Some(wrong), "GET", "/api/dnc")).await.expect(401);
    }
    let third: Value = send(home.request_as(Some("cv_2"), "GET", "/api/dnc")).await.expect(429);
    assert_eq!(third["type"], "/problems/too-many-requests");
    send(home.request_as(Some(&other), "GET", "/api/dnc")).await.expect(200);
    home.stop().await;
}
