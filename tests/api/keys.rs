//! Who may do what.

use canvass::access::{Role, Scope};
use canvass::api::Limits;
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    a_key_is_shown_once_and_can_be_revoked,
    a_key_is_renamed_and_ends_earlier_but_never_later,
    nothing_opens_without_the_right_key,
    figures_are_no_phone_numbers,
);

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

async fn a_key_is_renamed_and_ends_earlier_but_never_later(home: &Home) {
    let made = home.post("/api/api-keys", json!({"name": "CRM", "expires_in_days": 30})).await.expect(201);
    let made = &made["api_key"];
    assert!(made["created_by"].as_str().is_some_and(|by| by.starts_with("key:test (")), "{made}");
    let place = format!("/api/api-keys/{}", made["id"].as_str().expect("an id"));
    let first = home.get(&place).await.header("etag").to_owned();
    assert_eq!(home.patch(&place, json!({"name": "CRM 2"})).await.expect(200)["name"], "CRM 2");
    let late = home.request("PATCH", &place).header("if-match", first).json(&json!({"name": "x"}));
    send(late).await.expect(412);
    let wrong = json!({"name": " ", "expires_at": null, "rloe": "admin"});
    assert_eq!(home.patch(&place, wrong).await.fields(), ["expires_at", "rloe"]);
    let later = json!({"expires_at": "2199-01-01T00:00:00Z"});
    assert_eq!(home.patch(&place, later).await.fields(), ["expires_at"]);
    let past = "2020-01-01T00:00:00Z";
    assert_eq!(home.patch(&place, json!({"expires_at": past})).await.expect(200)["expires_at"], past);
    let names = async |filter: &str| {
        let listed = home.get(&format!("/api/api-keys?{filter}")).await.expect(200);
        let items = listed["items"].as_array().expect("items").clone();
        items.into_iter().map(|key| key["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("active=false").await, ["CRM 2"]);
    assert_eq!(names("active=true").await, ["test"]);
    assert_eq!(names("").await.len(), 2);
}

/// A key for figures shows nobody's number or name.
async fn figures_are_no_phone_numbers(home: &Home) {
    let id = home.draft("Spring").await;
    let figures = home.key(Role::Viewer, &[Scope::CampaignsRead]).await;
    let both = home.key(Role::Viewer, &[Scope::CampaignsRead, Scope::ContactsRead]).await;
    let people = home.key(Role::Viewer, &[Scope::ContactsRead]).await;
    let ask = async |key: &str, what: &str| {
        send(home.request_as(Some(key), "GET", &format!("/api/campaigns/{id}/{what}"))).await.status
    };
    for what in ["runs", "report"] {
        assert_eq!((ask(&figures, what).await, ask(&both, what).await, ask(&people, what).await), (403, 200, 403));
    }
    for what in ["stats", "progress"] {
        assert_eq!(ask(&figures, what).await, 200, "{what}");
    }
    assert_eq!(ask(&figures, "contacts").await, 403);
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
        let place = place.replace("{contact_id}", "1").replace("{number}", "+15552000001").replace("{name}", "main");
        let place = place.replace("{event_id}", "00000000-0000-0000-0000-000000000000");
        for (method, operation) in operations.as_object().expect("operations") {
            let method = method.to_uppercase();
            if path == "/api/login" {
                continue;
            }
            if operation["security"] == json!([]) {
                // What a link opens is not there without one.
                let without = if place.ends_with("/file") { 404 } else { 200 };
                let place = place.replace("{upload_id}", "00000000-0000-0000-0000-000000000000");
                assert_eq!(send(home.request_as(None, &method, &place)).await.status, without, "{place}");
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
            let of_admins = ["/api/api-keys", "/api/users", "/api/webhooks", "/api/audit"];
            // A question with a body.
            let asks = path == "/api/dnc/check";
            if (method != "GET" && !asks) || of_admins.iter().any(|area| path.starts_with(area)) {
                send(home.request_as(Some(&viewer), &method, &place)).await.expect(403);
            } else if path != "/api/events" && method == "GET" {
                // That one would not end.
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
    // Nor is a key that was never seen before, as long as few of those come;
    // nobody has all keys there might be looked up.
    let fresh = home.key(Role::Viewer, &[]).await;
    send(home.request_as(Some(&fresh), "GET", "/api/dnc")).await.expect(200);
    for n in 0..60 {
        let wrong = format!("cv_{n:064x}");
        send(home.request_as(Some(&wrong), "GET", "/api/dnc")).await.expect(429);
    }
    send(home.request_as(Some(&fresh), "GET", "/api/dnc")).await.expect(200);
    home.stop().await;
}
