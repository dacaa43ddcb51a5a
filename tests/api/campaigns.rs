//! A campaign's life, from nothing to its results.

use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    the_guides_example_from_end_to_end,
    edits_change_what_they_name,
    a_state_says_what_it_allows,
    copies_of_a_campaign,
    a_launch_says_everything_that_forbids_it,
    a_start_in_the_future,
    lists_are_paged_and_filtered,
    what_changes_during_a_launch_is_neither_lost_nor_unchecked,
);

const LIST: &str = "phone_number,name,email,company,demo_date\n+15551234567,Alice Johnson,alice@acme.com,Acme Corp,2026-02-18\n\
    (555) 987-6543,Bob Martinez,bob@beta.io,Beta Inc,2026-02-19\n+15555550100,Carol Lee,carol@gamma.co,Gamma LLC,2026-02-20\n\
    555 123 4567,Alice again,,,\n12345,Too Short,,,\n";

/// Create, upload, launch, monitor, pause, resume, results.
async fn the_guides_example_from_end_to_end(home: &Home) {
    home.post("/api/phone-numbers", json!({"phone_number": "+15550100001", "label": "Main"})).await.expect(201);
    let body = json!({
        "name": "Demo Follow-Up Calls", "phone_number_id": "+15550100001", "max_concurrent": 1, "retry_attempts": 0,
        "retry_delay_minutes": 45, "throttle_ms": 700
    });
    let made = home.post("/api/campaigns", body).await;
    let campaign = made.expect(201);
    assert_eq!((&campaign["status"], &campaign["phone_number_id"]), (&json!("draft"), &json!("+15550100001")));
    let id = campaign["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.header("location"), format!("/api/campaigns/{id}"));
    let at = |rest: &str| format!("/api/campaigns/{id}{rest}");

    let uploaded = home.upload(&id, &[("contacts.csv", LIST)]).await.expect(200);
    assert_eq!(
        (&uploaded["accepted"], &uploaded["duplicates"], &uploaded["rejected"]),
        (&json!(3), &json!(1), &json!(1))
    );
    let row = &uploaded["files"][0]["rejected_rows"][0];
    assert_eq!((&row["line"], &row["reason"]), (&json!(6), &json!("phone number: too short")));

    let launched = home.post(&at("/launch"), json!({})).await.expect(200);
    assert_eq!(launched["campaign"]["status"], "running");
    home.upload(&id, &[("contacts.csv", LIST)]).await.expect(409);

    let stats = home.get(&at("/stats")).await.expect(200);
    assert_eq!((&stats["campaign_status"], &stats["contacts"]["total"]), (&json!("running"), &json!(3)));
    assert_eq!(home.act(&at("/pause")).await.expect(200)["status"], "paused");
    let paused = home.get(&at("/progress")).await.expect(200);
    assert_eq!((&paused["status"], &paused["total_contacts"]), (&json!("paused"), &json!(3)));
    assert_eq!(home.act(&at("/resume")).await.expect(200)["status"], "running");
    let done = home.until(&id, "completed").await;
    assert!(done["finished_at"].is_string() && done["started_at"].is_string(), "{done}");

    let stats = home.get(&at("/stats")).await.expect(200);
    assert_eq!((&stats["progress"], &stats["contacts"]["pending"]), (&json!(100), &json!(0)));
    assert_eq!(stats["call_metrics"]["total_attempts"], 3);
    let runs = home.get(&at("/runs?limit=2&sort_by=created_at&sort_order=desc")).await.expect(200);
    assert_eq!(
        (&runs["total"], &runs["pages"], runs["items"].as_array().map(Vec::len)),
        (&json!(3), &json!(2), Some(2))
    );
    assert_eq!(runs["items"][0]["phone_number"], "+15555550100");
    let filters = r#"{"phone_number":"+15551234567","in_progress":false}"#;
    let one = send(home.request("GET", &at("/runs")).query(&[("filters", filters)])).await.expect(200);
    assert_eq!(one["items"][0]["name"], "Alice Johnson");
    let report = home.get(&at("/report")).await;
    assert_eq!((report.status, report.text.lines().count()), (200, 4), "{}", report.text);
    assert!(report.header("content-type").starts_with("text/csv") && report.text.contains("Alice Johnson"));
    let none = home.get(&at("/report?end_date=2001-01-01T00:00:00+05:00")).await;
    assert_eq!((none.status, none.text.lines().count()), (200, 1), "{}", none.text);
    assert_eq!(home.get(&at("/report?start_date=yesterday")).await.fields(), ["start_date"]);
    let contacts = home.get(&at("/contacts?limit=1")).await.expect(200);
    assert_eq!(contacts["items"][0]["variables"]["demo_date"], "2026-02-18");
}

async fn edits_change_what_they_name(home: &Home) {
    let id = home.draft("Spring").await;
    let path = format!("/api/campaigns/{id}");
    let first = home.get(&path).await;
    let version = first.header("etag").to_owned();
    let edited = home.patch(&path, json!({"max_concurrent": 9, "retry_on": {"voicemail": true}})).await;
    let body = edited.expect(200);
    assert_eq!((&body["max_concurrent"], &body["name"]), (&json!(9), &json!("Spring")));
    assert_eq!((&body["retry_on"]["voicemail"], &body["retry_on"]["busy"]), (&json!(true), &json!(true)));
    assert_ne!(edited.header("etag"), version);
    assert_eq!(edited.header("etag"), home.get(&path).await.header("etag"));

    // The other client still has the first version.
    let late = home.request("PATCH", &path).header("if-match", &version).json(&json!({"name": "Mine"}));
    assert_eq!(send(late).await.expect(412)["type"], "/problems/changed-meanwhile");
    let current = home.request("PATCH", &path).header("if-match", edited.header("etag")).json(&json!({"name": "Mine"}));
    assert_eq!(send(current).await.expect(200)["name"], "Mine");

    let wrong =
        json!({"max_concurent": 1, "ring_seconds": "long", "retry_on": {"buzy": 1}, "scheduled_at": "tomorrow"});
    let fields = home.patch(&path, wrong).await.fields();
    assert_eq!(fields, ["max_concurent", "retry_on.buzy", "ring_seconds", "scheduled_at"]);
    assert_eq!(home.patch(&path, json!({"max_concurrent": 0, "name": ""})).await.fields(), ["max_concurrent", "name"]);

    home.fill(&id, 0, 1).await;
    home.act(&format!("{path}/launch")).await.expect(200);
    let running = home.patch(&path, json!({"name": "x"})).await;
    assert!([409].contains(&running.status), "{}", running.text);
}

async fn a_state_says_what_it_allows(home: &Home) {
    let id = home.draft("States").await;
    let at = |rest: &str| format!("/api/campaigns/{id}{rest}");
    let problem = home.act(&at("/pause")).await.expect(409);
    assert_eq!(problem["type"], "/problems/conflict");
    assert_eq!(problem["allowed"], json!(["launch", "cancel", "duplicate", "edit", "delete"]));
    home.act(&at("/resume")).await.expect(409);
    home.act(&at("/redial")).await.expect(409);
    assert_eq!(home.act(&at("/cancel")).await.expect(200)["status"], "cancelled");
    home.act(&at("/cancel")).await.expect(409);
    home.act(&at("/start")).await.expect(409);
    home.patch(&at(""), json!({"name": "x"})).await.expect(409);
    home.post(&at("/contacts"), json!({"contacts": [{"phone_number": "+15552000001"}]})).await.expect(409);
    assert_eq!(home.delete(&at("")).await.status, 204);
    home.get(&at("")).await.expect(404);
    home.delete(&at("")).await.expect(404);
    for action in ["launch", "start", "pause", "resume", "cancel", "duplicate", "redial"] {
        home.act(&at(&format!("/{action}"))).await.expect(404);
    }
}

async fn copies_of_a_campaign(home: &Home) {
    let id = home.draft("Original").await;
    home.fill(&id, 0, 4).await;
    let at = |rest: &str| format!("/api/campaigns/{id}{rest}");
    let copy = home.act(&at("/duplicate")).await.expect(201);
    assert_eq!((&copy["name"], &copy["status"]), (&json!("Original (copy)"), &json!("draft")));
    assert_eq!((&copy["total_contacts"], &copy["max_concurrent"]), (&json!(4), &json!(3)));
    let named = home.post(&at("/duplicate"), json!({"name": "Second"})).await.expect(201);
    assert_eq!(named["name"], "Second");
    assert_eq!(home.post(&at("/duplicate"), json!({"nmae": "x"})).await.fields(), ["nmae"]);

    home.act(&at("/launch")).await.expect(200);
    home.until(&id, "completed").await;
    let progress = home.get(&at("/progress")).await.expect(200);
    let left = progress["failed"].as_u64().expect("a count");
    let all = json!({"redial_statuses": ["no_answer", "busy", "failed"], "name": "Again"});
    let redial = home.post(&at("/redial"), all).await;
    if left == 0 {
        redial.expect(409);
    } else {
        assert_eq!(redial.expect(201)["total_contacts"], left);
    }
    assert_eq!(
        home.post(&at("/redial"), json!({"redial_statuses": ["completed"]})).await.fields(),
        ["redial_statuses[0]"]
    );
}

async fn a_launch_says_everything_that_forbids_it(home: &Home) {
    let body = json!({"name": "Empty", "prompts": ["nowhere.wav"], "trunk": "other"});
    let made = home.post("/api/campaigns", body).await.expect(201);
    let path = format!("/api/campaigns/{}/launch", made["id"].as_str().expect("an id"));
    let problem = home.act(&path).await.expect(422);
    assert_eq!(problem["type"], "/problems/launch-refused");
    let reasons = problem["reasons"].to_string();
    for part in ["no contacts", "no active caller ID", "no reachable switch", "nowhere.wav"] {
        assert!(reasons.contains(part), "{part} in {reasons}");
    }
    assert_eq!(home.post(&path, json!({"max_concurrent": 0})).await.fields(), ["max_concurrent"]);
}

async fn a_start_in_the_future(home: &Home) {
    let id = home.draft("Later").await;
    home.fill(&id, 0, 1).await;
    let at = |rest: &str| format!("/api/campaigns/{id}{rest}");
    assert_eq!(
        home.post(&at("/launch"), json!({"scheduled_at": "2100-01-01T09:00:00"})).await.fields(),
        ["scheduled_at"]
    );
    let body = json!({"scheduled_at": "2100-01-01T09:00:00-05:00", "max_concurrent": 2});
    let campaign = &home.post(&at("/launch"), body).await.expect(200)["campaign"];
    assert_eq!((&campaign["status"], &campaign["scheduled_at"]), (&json!("scheduled"), &json!("2100-01-01T14:00:00Z")));
    assert_eq!(campaign["max_concurrent"], 2);
    home.act(&at("/pause")).await.expect(200);
    // As planned, if nothing else is said; at once, if null is.
    assert_eq!(home.act(&at("/launch")).await.expect(200)["campaign"]["status"], "scheduled");
    home.act(&at("/pause")).await.expect(200);
    let now = home.post(&at("/launch"), json!({"scheduled_at": null})).await.expect(200);
    assert_eq!(now["campaign"]["status"], "running");
}

async fn lists_are_paged_and_filtered(home: &Home) {
    for name in ["One", "Two", "Three"] {
        home.draft(name).await;
    }
    let list = home.get("/api/campaigns?limit=2&page=2").await.expect(200);
    assert_eq!((&list["total"], &list["pages"], &list["items"][0]["name"]), (&json!(3), &json!(2), &json!("One")));
    let list = home.get("/api/campaigns?name=t&sort_by=name&status=draft").await.expect(200);
    assert_eq!((&list["total"], &list["items"][0]["name"]), (&json!(2), &json!("Three")));
    assert_eq!(list["items"][0]["phone_number_id"], "+15550100001");
    assert_eq!(home.get("/api/campaigns?status=running").await.expect(200)["total"], 0);
    let wrong = home.get("/api/campaigns?limit=501&page=0").await;
    assert_eq!(wrong.fields(), ["limit", "page"]);
    assert_eq!(home.get("/api/campaigns?statsu=draft&page=x").await.fields(), ["page", "statsu"]);
}

async fn what_changes_during_a_launch_is_neither_lost_nor_unchecked(home: &Home) {
    use std::sync::atomic::{AtomicU32, Ordering};

    use canvass::campaign::CampaignId;
    use canvass::control::{ControlError, Launch, launch_as};

    let id = home.draft("Spring").await;
    home.fill(&id, 1, 1).await;
    let campaign: CampaignId = id.parse().expect("an id");
    let (store, sounds) = (&home.world.store, home.world.media().into());
    // Between the look at the campaign and its launch somebody else changes it.
    let meanwhile = async |change: &Value, often: u32| {
        let looks = AtomicU32::new(0);
        let launch = |_: &canvass::store::Campaign| {
            if looks.fetch_add(1, Ordering::Relaxed) < often {
                let changed = async { home.patch(&format!("/api/campaigns/{id}"), change.clone()).await.expect(200) };
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(changed));
            }
            Launch { max_concurrent: Some(9), ..Launch::default() }
        };
        launch_as(store, &sounds, campaign, launch, home.world.clock.now()).await
    };
    let unchecked = meanwhile(&json!({"prompts": ["no-such-file.wav"]}), 1).await;
    assert!(matches!(unchecked, Err(ControlError::Refused(_))), "{unchecked:?}");
    home.patch(&format!("/api/campaigns/{id}"), json!({"prompts": []})).await.expect(200);

    let restless = meanwhile(&json!({"retry_attempts": 1}), 100).await;
    assert!(matches!(restless, Err(ControlError::Restless)), "{restless:?}");

    meanwhile(&json!({"retry_attempts": 3, "name": "Summer"}), 1).await.expect("launched");
    let now = home.get(&format!("/api/campaigns/{id}")).await.expect(200);
    assert_eq!((&now["retry_attempts"], &now["max_concurrent"]), (&json!(3), &json!(9)));
    assert_eq!(now["name"], "Summer");
}
