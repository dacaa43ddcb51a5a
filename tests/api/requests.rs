//! Requests that are wrong, come again, or are made of anything at all.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    whatever_is_wrong_is_a_problem_with_details,
    a_request_that_comes_again_is_done_once,
    no_body_whatever_breaks_the_server,
);

async fn whatever_is_wrong_is_a_problem_with_details(home: &Home) {
    let not_found = home.get("/api/campaign").await;
    assert_eq!(not_found.expect(404)["type"], "/problems/not-found");
    home.get("/nowhere").await.expect(404);
    home.get("/api/campaigns/not-an-id").await.expect(404);
    home.get("/api/campaigns/%FF").await.expect(404);
    let method = send(home.request("PUT", "/api/campaigns")).await;
    assert_eq!(method.expect(405)["type"], "/problems/method-not-allowed");
    assert!(method.header("allow").contains("POST"), "{:?}", method.headers);

    let post = || home.request("POST", "/api/campaigns");
    send(post().body("{}")).await.expect(415);
    send(post().header("content-type", "text/plain").body("{}")).await.expect(415);
    let json = |text: &str| post().header("content-type", "application/json").body(text.to_owned());
    let broken = send(json("{\n  \"name\": \"x\",\n}")).await.expect(400);
    assert!(broken["detail"].as_str().is_some_and(|text| text.contains("line 3, column 1")), "{broken}");
    send(json("")).await.expect(400);
    for body in ["[]", "null", "\"x\"", "1"] {
        send(json(body)).await.expect(422);
    }
    send(json(&"[".repeat(10_000))).await.expect(400);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(300_000));
    assert_eq!(send(json(&large)).await.expect(413)["type"], "/problems/too-large");
    let fault = home.post("/api/campaigns", json!({"name": "x", "max_concurent": 3})).await.expect(422);
    assert_eq!(fault["errors"][0]["message"], "is unknown; did you mean max_concurrent?");
    let match_nothing = home.request("PATCH", "/api/campaigns/00000000-0000-0000-0000-000000000000");
    send(match_nothing.header("if-match", "\"x\"").json(&json!({}))).await.expect(412);

    // Every answer has an id and keeps browsers from doing anything with it.
    let named = send(home.request("GET", "/api/campaigns").header("x-request-id", "abc-1")).await;
    assert_eq!(named.header("x-request-id"), "abc-1");
    let odd = send(home.request("GET", "/api/campaigns").header("x-request-id", "a b{}")).await;
    assert_eq!(odd.header("x-request-id").len(), 36);
    assert_eq!((odd.header("x-content-type-options"), odd.header("cache-control")), ("nosniff", "no-store"));
    assert!(odd.header("access-control-allow-origin").is_empty());

    for path in ["/api/docs", "/problems", "/problems/conflict", "/healthz", "/readyz"] {
        assert_eq!(send(home.request_as(None, "GET", path)).await.status, 200, "{path}");
    }
    home.get("/problems/none").await.expect(404);
}

async fn a_request_that_comes_again_is_done_once(home: &Home) {
    let create = |key: &str, name: &str| {
        send(home.request("POST", "/api/campaigns").header("idempotency-key", key).json(&json!({"name": name})))
    };
    let (first, again) = (create("k1", "Once").await, create("k1", "Once").await);
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((first.header("etag"), first.header("location")), (again.header("etag"), again.header("location")));
    assert_eq!(create("k1", "Other").await.expect(422)["type"], "/problems/idempotency-key-reused");
    create("k2", "Once").await.expect(201);
    assert_eq!(home.get("/api/campaigns").await.expect(200)["total"], 2);
    // What was refused may be mended under the same key.
    create("k3", "").await.expect(422);
    create("k3", "Mended").await.expect(201);
    create("", "x").await.expect(400);
    // Many at once: done once.
    let answers = futures_util::future::join_all((0..5).map(|_| create("k4", "Race"))).await;
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)), "{answers:?}");
    assert_eq!(home.get("/api/campaigns?name=race").await.expect(200)["total"], 1);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u32..20).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("+15552000001")),
        Just(json!("2026-03-01T09:00:00Z")),
        Just(json!("-009999-01-02T00:00:00Z")),
        Just(json!("a\u{0}b")),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Bodies with the fields there are and anything in them, to every operation
/// that takes one.
async fn no_body_whatever_breaks_the_server(home: &Home) {
    let id = home.draft("Fuzzed").await;
    home.fill(&id, 0, 2).await;
    let document = home.get("/api/openapi.json").await.expect(200);
    let mut runner = TestRunner::deterministic();
    let mut draw = || any_json().new_tree(&mut runner).expect("a value").current();
    let mut sent = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let place = path.replace("{id}", &id).replace("{contact_id}", "1").replace("{number}", "+15550100001");
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let text = schema.to_string();
            let name = text.split("#/components/schemas/").nth(1).and_then(|rest| rest.split('"').next());
            let fields: Vec<String> = name
                .and_then(|name| document["components"]["schemas"][name]["properties"].as_object())
                .map(|properties| properties.keys().cloned().collect())
                .unwrap_or_default();
            let queries = operation["parameters"].as_array().into_iter().flatten();
            let queries: Vec<&str> =
                queries.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()).collect();
            if path == "/api/events" {
                // Its answers do not end.
                continue;
            }
            for round in 0..12_usize {
                let mut request = home.request(&method.to_uppercase(), &place);
                if !fields.is_empty() {
                    let chosen = fields.iter().enumerate().filter(|(at, _)| (at + round) % 3 == 0);
                    let mut body: serde_json::Map<String, Value> =
                        chosen.map(|(_, name)| (name.clone(), draw())).collect();
                    if round % 2 == 0 && fields.contains(&"name".to_owned()) {
                        body.insert("name".into(), "Fuzz".into());
                    }
                    request = request.json(&if round == 0 { draw() } else { Value::Object(body) });
                }
                if let Some(name) = queries.get(round % queries.len().max(1)) {
                    let value = draw();
                    let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                    request = request.query(&[(name, value)]);
                }
                let reply = send(request).await;
                assert!(reply.status < 500, "{method} {place} {:?}: {}", reply.status, reply.text);
                let known = &operation["responses"][reply.status.to_string()];
                assert!(known.is_object(), "{method} {place}: {} is not described", reply.status);
                if reply.status >= 400 {
                    reply.expect(reply.status);
                }
                sent += 1;
            }
        }
    }
    assert!(sent > 300, "{sent}");
}
