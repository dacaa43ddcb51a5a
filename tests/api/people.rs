//! The people who use the API: who they are, how they get in, what they may.

use canvass::access::{Role, Scope};
use canvass::api::Limits;
use serde_json::{Value, json};

use crate::api::{Home, Reply, on_both_engines, send};

on_both_engines!(
    a_person_is_added_and_chooses_a_password,
    what_is_wrong_with_a_user_is_named,
    an_administrator_remains,
    nobody_makes_somebody_above_them,
    a_role_counts_at_once_and_a_disabled_user_is_out,
);

const CHOSEN: &str = "correct horse battery";

async fn login(home: &Home, login: &str, password: &str) -> Reply {
    let body = json!({"login": login, "password": password});
    send(home.request_as(None, "POST", "/api/login").json(&body)).await
}

async fn call(home: &Home, token: &str, method: &str, path: &str, body: Value) -> Reply {
    send(home.request_as(Some(token), method, path).json(&body)).await
}

/// Adds a user who has chosen a password; their id and a session.
async fn person(home: &Home, name: &str, role: &str) -> (String, String) {
    let made = home.post("/api/users", json!({"login": name, "role": role})).await.expect(201);
    let first = made["one_time_password"].as_str().expect("a password");
    let token = login(home, name, first).await.expect(200)["token"].as_str().expect("a token").to_owned();
    let body = json!({"old_password": first, "new_password": CHOSEN});
    assert_eq!(call(home, &token, "POST", "/api/users/me/password", body).await.status, 204);
    (made["user"]["id"].as_str().expect("an id").to_owned(), token)
}

async fn a_person_is_added_and_chooses_a_password(home: &Home) {
    let body = json!({"login": "Anna@Example.com", "name": "Anna Berg", "role": "operator"});
    let reply = home.post("/api/users", body).await;
    let made = reply.expect(201);
    let first = made["one_time_password"].as_str().expect("a password").to_owned();
    assert!(reply.header("location").ends_with(made["user"]["id"].as_str().expect("an id")));
    assert_eq!(home.post("/api/users", json!({"login": "anna@example.COM"})).await.expect(409)["allowed"][0], "edit");

    login(home, "anna@example.com", "wrong, and long enough").await.expect(401);
    let unknown = login(home, "nobody", CHOSEN).await;
    assert_eq!(unknown.expect(401)["detail"], login(home, "anna@example.com", "x").await.expect(401)["detail"]);
    let entered = login(home, " ANNA@example.com ", &first).await.expect(200);
    let token = entered["token"].as_str().expect("a token");
    assert!(token.starts_with("cs_") && entered["user"]["must_change_password"] == true, "{entered}");
    let other = login(home, "anna@example.com", &first).await.expect(200);
    let other = other["token"].as_str().expect("a token");

    // Nothing but the password, who one is, and the way out.
    let forbidden = call(home, token, "GET", "/api/campaigns", json!(null)).await.expect(403);
    assert_eq!(forbidden["type"], "/problems/password-change-needed");
    assert_eq!(call(home, token, "GET", "/api/users/me", json!(null)).await.expect(200)["name"], "Anna Berg");
    let change = async |old: &str, new: &str| {
        call(home, token, "POST", "/api/users/me/password", json!({"old_password": old, "new_password": new})).await
    };
    assert_eq!(change("wrong", CHOSEN).await.fields(), ["old_password"]);
    assert_eq!(change(&first, "short").await.fields(), ["new_password"]);
    assert_eq!(change(&first, "Anna@Example.com").await.fields(), ["new_password"]);
    assert_eq!(change(&first, &first).await.fields(), ["new_password"]);
    assert_eq!(change(&first, CHOSEN).await.status, 204);
    call(home, other, "GET", "/api/users/me", json!(null)).await.expect(401);
    call(home, token, "GET", "/api/campaigns", json!(null)).await.expect(200);
    login(home, "anna@example.com", &first).await.expect(401);

    // What they do is theirs; a request of theirs may come again.
    let create = || {
        let request = home.request_as(Some(token), "POST", "/api/campaigns").header("idempotency-key", "1");
        send(request.json(&json!({"name": "Spring"})))
    };
    let made = create().await.expect(201);
    let again = create().await;
    assert_eq!(again.expect(201)["id"], made["id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    call(home, token, "GET", "/api/users", json!(null)).await.expect(403);

    assert_eq!(call(home, token, "POST", "/api/logout", json!(null)).await.status, 204);
    call(home, token, "GET", "/api/campaigns", json!(null)).await.expect(401);
    home.act("/api/logout").await.expect(403);
    let listed = home.get("/api/users?search=BERG&role=operator&active=true").await;
    let listed = listed.expect(200);
    assert!(listed["total"] == 1 && listed["items"][0]["last_login_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains("argon2"));
}

async fn what_is_wrong_with_a_user_is_named(home: &Home) {
    let wrong = json!({"login": "a b", "name": "", "password": "short", "role": "viewer"});
    assert_eq!(home.post("/api/users", wrong).await.fields(), ["login", "name", "password"]);
    assert_eq!(home.post("/api/users", json!({"rol": "x"})).await.fields(), ["rol"]);
    assert_eq!(home.post("/api/users", json!({})).await.fields(), ["login"]);
    assert_eq!(
        send(home.request_as(None, "POST", "/api/login").json(&json!({}))).await.fields(),
        ["login", "password"]
    );
    let kept = home.request("POST", "/api/users").header("idempotency-key", "1").json(&json!({"login": "anna"}));
    send(kept).await.expect(400);
    home.get("/api/users/nonsense").await.expect(404);
    home.delete("/api/users/00000000-0000-0000-0000-000000000000").await.expect(404);

    let made = home.post("/api/users", json!({"login": "anna", "password": CHOSEN})).await.expect(201);
    assert!(made["one_time_password"].is_null() && !made.to_string().contains(CHOSEN), "{made}");
    assert_eq!((&made["user"]["role"], &made["user"]["name"]), (&json!("viewer"), &json!("anna")));
    let place = format!("/api/users/{}", made["user"]["id"].as_str().expect("an id"));
    assert_eq!(home.patch(&place, json!({"name": null, "role": "king"})).await.fields(), ["name", "role"]);
    let tag = home.get(&place).await.header("etag").to_owned();
    let renamed = home.patch(&place, json!({"name": "Anna"})).await;
    assert_eq!(renamed.expect(200)["name"], "Anna");
    assert_ne!(renamed.header("etag"), tag);
    let late = home.request("PATCH", &place).header("if-match", tag).json(&json!({"name": "Berta"}));
    send(late).await.expect(412);
}

async fn an_administrator_remains(home: &Home) {
    let (anna, token) = person(home, "anna", "admin").await;
    let place = format!("/api/users/{anna}");
    home.patch(&place, json!({"role": "operator"})).await.expect(409);
    home.patch(&place, json!({"active": false})).await.expect(409);
    home.delete(&place).await.expect(409);
    // Their own password needs the old one.
    let own = call(home, &token, "PATCH", &place, json!({"password": "another long password"})).await;
    assert_eq!(own.fields(), ["password"]);
    call(home, &token, "POST", &format!("{place}/reset-password"), json!(null)).await.expect(409);
    let (bert, _) = person(home, "bert", "admin").await;
    assert_eq!(call(home, &token, "DELETE", &place, json!(null)).await.status, 204);
    call(home, &token, "GET", "/api/users/me", json!(null)).await.expect(401);
    home.delete(&format!("/api/users/{bert}")).await.expect(409);
}

async fn nobody_makes_somebody_above_them(home: &Home) {
    let narrow = home.key(Role::Admin, &[Scope::UsersRead, Scope::UsersWrite]).await;
    call(home, &narrow, "POST", "/api/users", json!({"login": "mole", "role": "admin"})).await.expect(403);
    call(home, &narrow, "POST", "/api/users", json!({"login": "mole", "role": "viewer"})).await.expect(403);
    let (anna, _) = person(home, "anna", "admin").await;
    let place = format!("/api/users/{anna}");
    call(home, &narrow, "PATCH", &place, json!({"password": CHOSEN})).await.expect(403);
    call(home, &narrow, "POST", &format!("{place}/reset-password"), json!(null)).await.expect(403);
    call(home, &narrow, "DELETE", &place, json!(null)).await.expect(403);
    call(home, &narrow, "GET", &place, json!(null)).await.expect(200);
}

async fn a_role_counts_at_once_and_a_disabled_user_is_out(home: &Home) {
    person(home, "root", "admin").await;
    let (anna, token) = person(home, "anna", "viewer").await;
    let place = format!("/api/users/{anna}");
    let add = async || call(home, &token, "POST", "/api/dnc", json!({"phone_number": "+15552000001"})).await;
    add().await.expect(403);
    home.patch(&place, json!({"role": "admin"})).await.expect(200);
    add().await.expect(201);
    let made = call(home, &token, "POST", "/api/api-keys", json!({"name": "hers", "role": "admin"})).await.expect(201);
    assert_eq!(made["api_key"]["created_by"], "user:anna");
    assert!(made["api_key"]["expires_at"].is_null(), "it outlives the session");
    home.patch(&place, json!({"role": "viewer"})).await.expect(200);
    add().await.expect(403);
    home.patch(&place, json!({"active": false})).await.expect(200);
    add().await.expect(401);
    login(home, "anna", CHOSEN).await.expect(401);
    home.patch(&place, json!({"active": true})).await.expect(200);
    let reset = home.act(&format!("{place}/reset-password")).await.expect(200);
    login(home, "anna", CHOSEN).await.expect(401);
    let first = reset["one_time_password"].as_str().expect("a password");
    assert_eq!(login(home, "anna", first).await.expect(200)["user"]["must_change_password"], true);
}

/// An account, and an address, wait after some failures; whether there is such
/// an account makes no difference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_waits() {
    let home = Home::with_limits(Limits { failures_per_minute: 25, ..Limits::default() }).await;
    person(&home, "anna", "viewer").await;
    for name in ["anna", "nobody"] {
        let mut failed = 0;
        let last = loop {
            let reply = login(&home, name, "wrong, and long enough").await;
            if reply.status != 401 {
                break reply;
            }
            failed += 1;
            assert!(failed <= 12, "{name} waits");
        };
        assert!(failed >= 10, "{name}: {failed}");
        assert_eq!(last.expect(429)["type"], "/problems/too-many-requests");
    }
    login(&home, "anna", CHOSEN).await.expect(429);
    let mut others = 0;
    while login(&home, &format!("other{others}"), "wrong, and long enough").await.status == 401 {
        others += 1;
        assert!(others <= 12, "the address waits");
    }
    // Keys are not concerned, nor who is logged in.
    home.get("/api/users").await.expect(200);
    home.stop().await;
}
