//! Who did what is on record.

use std::process::Command;

use canvass::access::{Role, Scope};
use canvass::store::telling::{AuditFrom, AuditQuery};
use canvass::store::{Location, Store};
use serde_json::{Value, json};
use sqlx::Connection;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(what_is_changed_is_on_record_before_it_is_answered, the_log_is_read_in_parts_and_as_a_file);

async fn log(home: &Home, query: &str) -> Vec<Value> {
    let list = home.get(&format!("/api/audit?{query}")).await.expect(200);
    list["items"].as_array().expect("records").clone()
}

fn actions(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["action"].as_str().expect("an action")).collect()
}

async fn what_is_changed_is_on_record_before_it_is_answered(home: &Home) {
    let create = home.request("POST", "/api/campaigns").header("x-request-id", "abc-1").header("idempotency-key", "k");
    let create = create.json(&json!({"name": "Spring", "max_concurrent": 3}));
    let again = create.try_clone().expect("a copy");
    let made = send(create).await.expect(201);
    let id = made["id"].as_str().expect("an id");
    send(again).await.expect(201);
    let record = log(home, "").await.remove(0);
    assert_eq!((&record["action"], &record["subject_kind"]), (&json!("campaigns.create"), &json!("campaigns")));
    assert_eq!((&record["subject_id"], &record["request_id"]), (&json!(id), &json!("abc-1")));
    assert_eq!((&record["ip"], &record["details"]["status"]), (&json!("127.0.0.1"), &json!(201)));
    assert_eq!(record["details"]["body"], json!({"name": "Spring", "max_concurrent": 3}));
    assert!(record["actor"].as_str().is_some_and(|actor| actor.starts_with("key:test (")), "{record}");

    // What is refused, read or forbidden changes nothing.
    home.post("/api/campaigns", json!({"name": ""})).await.expect(422);
    home.act(&format!("/api/campaigns/{id}/pause")).await.expect(409);
    home.get("/api/campaigns").await.expect(200);
    let viewer = home.key(Role::Viewer, &[]).await;
    send(home.request_as(Some(&viewer), "DELETE", &format!("/api/campaigns/{id}"))).await.expect(403);
    assert_eq!(log(home, "").await.len(), 1, "and the same again is done once");

    home.fill(id, 0, 2).await;
    home.patch(&format!("/api/campaigns/{id}"), json!({"name": "Summer"})).await.expect(200);
    let copy = home.act(&format!("/api/campaigns/{id}/duplicate")).await.expect(201);
    home.upload(id, &[("list.csv", "phone\n+15552000009\n")]).await.expect(200);
    assert_eq!(home.delete(&format!("/api/campaigns/{id}/contacts/1")).await.status, 204);
    let of = log(home, &format!("subject=campaigns/{id}")).await;
    let expected = ["contacts.delete", "upload-csv", "duplicate", "edit", "contacts.create", "create"];
    assert_eq!(actions(&of), expected.map(|action| format!("campaigns.{action}")), "newest first");
    assert_eq!(of[0]["details"]["path"], json!({"contact_id": "1"}));
    assert_eq!(of[2]["details"]["made"], copy["id"]);
    assert_eq!(of[4]["details"]["body"], json!({"contacts": "2 items"}), "people are counted");

    let key = home.post("/api/api-keys", json!({"name": "CRM"})).await.expect(201);
    let hook = json!({"url": "https://example.com/x?token=hunter2", "events": ["call.ended"]});
    let hook = home.post("/api/webhooks", hook).await.expect(201);
    home.post("/api/dnc", json!({"phone_number": "+15552000001"})).await.expect(201);
    let latest = log(home, "limit=3").await;
    assert_eq!(actions(&latest), ["dnc.create", "webhooks.create", "api-keys.create"]);
    assert_eq!(latest[0]["details"]["body"]["phone_number"], "+15552000001");
    assert_eq!((&latest[1]["subject_id"], &latest[2]["subject_id"]), (&hook["webhook"]["id"], &key["api_key"]["id"]));
    let all = home.get("/api/audit").await.text;
    for secret in [key["key"].as_str(), hook["secret"].as_str(), Some("hunter2")] {
        assert!(!all.contains(secret.expect("a secret")), "{all}");
    }
}

async fn the_log_is_read_in_parts_and_as_a_file(home: &Home) {
    for n in 0..5 {
        home.post("/api/dnc", json!({"phone_number": format!("+1555200000{n}"), "reason": "=1+1"})).await.expect(201);
    }
    home.act("/api/campaigns").await.expect(415);
    let first = home.get("/api/audit?limit=3").await.expect(200);
    let next = first["next"].as_i64().expect("more");
    let rest = home.get(&format!("/api/audit?limit=3&before={next}")).await.expect(200);
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next"]), (Some(2), &json!(null)));
    assert!(log(home, "action=dnc.delete").await.is_empty());
    assert_eq!(log(home, "action=dnc.create&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z").await.len(), 5);
    assert!(log(home, "actor=nobody").await.is_empty());
    let wrong = home.get("/api/audit?limit=0").await;
    assert_eq!(wrong.fields(), ["limit"]);
    assert_eq!(home.get("/api/audit?from=0001-01-01T00:00:00Z&actr=x").await.fields(), ["actr"]);
    assert_eq!(home.get("/api/audit?from=0001-01-01T00:00:00Z").await.fields(), ["from"]);
    let reply = home.get("/api/audit/export?subject=dnc").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/csv; charset=utf-8"));
    let lines: Vec<_> = reply.text.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[0].starts_with("id,at,actor,action") && lines[1].contains("+15552000000"), "{}", reply.text);
    let narrow = home.key(Role::Admin, &[Scope::AuditRead]).await;
    send(home.request_as(Some(&narrow), "GET", "/api/audit")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_cannot_be_noted_is_not_answered_well() {
    let home = Home::sqlite().await;
    let path = home.world.folder.path().join("canvass.db").display().to_string();
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{path}")).await.expect("a connection");
    let trigger = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END";
    sqlx::raw_sql(trigger).execute(&mut connection).await.expect("a trigger");
    let problem = home.post("/api/dnc", json!({"phone_number": "+15552000001"})).await.expect(500);
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("it was done")), "{problem}");
    assert_eq!(home.get("/api/dnc/check?phone_number=%2B15552000001").await.expect(200)["listed"], true);
    sqlx::raw_sql("DROP TRIGGER full").execute(&mut connection).await.expect("dropped");
    connection.close().await.expect("closed");
    home.post("/api/dnc", json!({"phone_number": "+15552000002"})).await.expect(201);
    assert_eq!(log(&home, "").await.len(), 1);
    home.stop().await;
}

#[tokio::test]
async fn commands_are_on_record_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("canvass.db");
    let config = folder.path().join("canvass.toml");
    std::fs::write(&config, format!("[database]\nurl = \"sqlite:{}\"\n", database.display())).expect("written");
    let plan = "name = \"Spring\"\nnumber_pool = [\"+15550100001\"]\n";
    std::fs::write(folder.path().join("spring.toml"), plan).expect("written");
    std::fs::write(folder.path().join("list.csv"), "phone\n+15552000001\n").expect("written");
    let canvass = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canvass"));
        command.current_dir(folder.path()).env_remove("RUST_LOG").env_remove("SUDO_USER").env("USER", "ann");
        command.arg("--config").arg(&config).args(arguments).output().expect("canvass runs")
    };
    let commands: [&[&str]; 9] = [
        &["migrate"],
        &["key", "create", "CRM", "--role", "operator"],
        &["campaign", "create", "spring.toml", "--contacts", "list.csv"],
        &["campaign", "launch", "Spring"],
        &["campaign", "cancel", "Spring"],
        &["dnc", "add", "+15552000001", "--reason", "asked"],
        &["dnc", "check", "+15552000001"],
        &["dnc", "remove", "+15552000001"],
        &["number", "disable", "+15550100001"],
    ];
    let mut key = String::new();
    for arguments in commands {
        let output = canvass(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        if arguments[0] == "key" {
            key = String::from_utf8(output.stdout).expect("a key").trim().to_owned();
        }
    }
    assert!(!canvass(&["campaign", "pause", "Spring"]).status.success());
    let store = Store::open(&Location::Sqlite(database)).await.expect("the database");
    let records = store.audit(&AuditQuery::default(), AuditFrom::After(0), 100).await.expect("records");
    let actions: Vec<_> = records.iter().map(|record| record.entry.action.as_str()).collect();
    let expected = [
        "api-keys.create",
        "campaigns.create",
        "campaigns.upload-csv",
        "campaigns.launch",
        "campaigns.cancel",
        "dnc.create",
        "dnc.delete",
        "phone-numbers.edit",
    ];
    assert_eq!(actions, expected);
    assert!(records.iter().all(|record| record.entry.actor.starts_with("cli:ann@")), "{records:#?}");
    assert!(!format!("{records:?}").contains(&key));
    assert_eq!(records[5].entry.subject_id.as_deref(), Some("+15552000001"));
    store.close().await;
}
