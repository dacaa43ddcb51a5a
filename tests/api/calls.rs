//! Single calls as the API tells of them.

use std::time::Duration;

use canvass::call::{Given, GivenAnswer};
use canvass::store::{CallAnswer, LedgerBatch};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    a_call_is_told_with_all_there_is,
    notes_are_a_persons,
    an_agent_reports_what_it_learnt,
    recordings_are_streamed_in_parts,
    lists_go_on_where_they_stopped,
);

/// A campaign of some calls that are over; its id, and theirs, the oldest first.
async fn called(home: &Home, name: &str, from: u32, count: u32) -> (String, Vec<String>) {
    let id = home.draft(name).await;
    home.fill(&id, from, count).await;
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    home.until(&id, "completed").await;
    let runs = home.get(&format!("/api/campaigns/{id}/runs?limit=500")).await.expect(200);
    let calls = runs["items"].as_array().expect("items").iter();
    let calls: Vec<_> = calls.map(|call| call["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(calls.len(), count as usize);
    (id, calls)
}

async fn a_call_is_told_with_all_there_is(home: &Home) {
    let (campaign, calls) = called(home, "Told", 0, 12).await;
    for id in &calls {
        let reply = home.get(&format!("/api/calls/{id}")).await;
        let call = reply.expect(200);
        assert!(reply.header("etag").starts_with('"'));
        assert_eq!((&call["id"], &call["campaign_id"]), (&json!(id), &json!(campaign)));
        assert_eq!((&call["campaign_name"], &call["status"]), (&json!("Told"), &json!("ended")));
        assert_eq!((&call["trunk"], &call["switch"]), (&json!("carrier"), &json!("main")));
        assert!(call["name"].as_str().is_some_and(|name| name.starts_with("Contact")), "{call}");
        for empty in ["notes", "summary", "transcript", "extracted_data", "recording_file", "disposition"] {
            assert_eq!(call[empty], Value::Null, "{empty}: {call}");
        }
        let moments: Vec<_> = call["timeline"].as_array().expect("a timeline").clone();
        let events: Vec<_> = moments.iter().map(|moment| moment["event"].as_str().expect("a word")).collect();
        assert_eq!((events[0], events[1], *events.last().expect("some")), ("created", "placed", "ended"));
        assert_eq!(events.contains(&"answered"), call["answered_at"] != Value::Null);
        let at = moments.iter().map(|moment| moment["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()));
        assert!(at.clone().all(|at| at.is_some()) && at.is_sorted(), "{call}");
    }
    home.get("/api/calls/00000000-0000-0000-0000-000000000000").await.expect(404);
    home.get("/api/calls/%20").await.expect(404);
}

async fn notes_are_a_persons(home: &Home) {
    let (campaign, calls) = called(home, "Noted", 0, 1).await;
    let path = format!("/api/calls/{}", calls[0]);
    let first = home.get(&path).await;
    let outcome = first.expect(200)["outcome"].clone();
    let edit = json!({"disposition": "=callback", "notes": "Ask for Ann.\nNot before ten."});
    let with = |tag: &str, body: &Value| send(home.request("PATCH", &path).header("if-match", tag).json(body));
    let second = with(first.header("etag"), &edit).await;
    let call = second.expect(200);
    assert_eq!(
        (&call["disposition"], &call["notes"], &call["outcome"]),
        (&edit["disposition"], &edit["notes"], &outcome)
    );
    assert_ne!(first.header("etag"), second.header("etag"));
    assert_eq!(with(first.header("etag"), &edit).await.expect(412)["type"], "/problems/changed-meanwhile");
    with("\"x\"", &edit).await.expect(412);
    // Each by itself; null and nothing take away.
    let call = home.patch(&path, json!({"notes": null})).await.expect(200);
    assert_eq!((&call["disposition"], &call["notes"]), (&edit["disposition"], &Value::Null));
    let wrong = json!({"disposition": "x".repeat(101), "notes": "x".repeat(10_001)});
    assert_eq!(home.patch(&path, wrong).await.fields(), ["disposition", "notes"]);
    let wrong = json!({"disposition": 3, "note": "x", "outcome": "answered"});
    assert_eq!(home.patch(&path, wrong).await.fields(), ["disposition", "note", "outcome"]);
    // Shown in lists and reports, and not as a formula.
    let runs = home.get(&format!("/api/campaigns/{campaign}/runs")).await.expect(200);
    assert_eq!(runs["items"][0]["disposition"], "=callback");
    let report = home.get(&format!("/api/campaigns/{campaign}/report")).await;
    assert!(report.text.contains(",'=callback,"), "{}", report.text);
    let call = home.patch(&path, json!({"disposition": ""})).await.expect(200);
    assert_eq!(call["disposition"], Value::Null);
    let changes = call["timeline"].as_array().expect("a timeline").iter();
    let changes: Vec<_> =
        changes.filter(|one| one["event"] == "disposition_changed").map(|one| one["detail"].clone()).collect();
    assert_eq!(changes, ["=callback (person)", "none (person)"]);
    home.patch("/api/calls/00000000-0000-0000-0000-000000000000", json!({"notes": "x"})).await.expect(404);
}

async fn an_agent_reports_what_it_learnt(home: &Home) {
    let (campaign, calls) = called(home, "Reported", 0, 1).await;
    let path = format!("/api/calls/{}", calls[0]);
    let report = json!({
        "transcript": [{"role": "agent", "content": "Hi"}, {"role": "user", "text": "Stop calling me", "at": 2}],
        "call_summary": "@Wants no more calls.", "user_sentiment": "negative", "disposition": "not interested",
        "extracted_data": {"reason": "bought elsewhere"}, "opt_out": true, "duration": 12.5
    });
    let send_report = async || home.post(&format!("{path}/completion"), report.clone()).await;
    assert_eq!(send_report().await.expect(200)["changed"], true);
    // It is on the list by now.
    let call = home.get(&path).await.expect(200);
    let number = call["phone_number"].as_str().expect("a number").replace('+', "%2B");
    let entry = home.get(&format!("/api/dnc/{number}")).await.expect(200);
    assert_eq!(entry["source"], "agent");
    assert_eq!(send_report().await.expect(200)["changed"], false);
    assert_eq!((&call["summary"], &call["sentiment"]), (&json!("@Wants no more calls."), &json!("negative")));
    assert_eq!((&call["agent_seconds"], &call["agent_opt_out"]), (&json!(12.5), &json!(true)));
    assert_eq!(call["transcript"][0], json!({"role": "agent", "text": "Hi"}));
    assert_eq!(call["extracted_data"], report["extracted_data"]);
    let csv = home.get(&format!("/api/campaigns/{campaign}/report")).await;
    assert!(csv.text.contains("'@Wants no more calls.,\"{\"\"reason\"\":\"\"bought elsewhere\"\"}\""), "{}", csv.text);
    // Later ones add, and replace what they name.
    let later = json!({"summary": "Corrected.", "transcript": "AI: Hi", "successful": false});
    assert_eq!(home.post(&format!("{path}/completion"), later).await.expect(200)["changed"], true);
    let call = home.get(&path).await.expect(200);
    assert_eq!((&call["summary"], &call["transcript"]), (&json!("Corrected."), &json!("AI: Hi")));
    assert_eq!((&call["sentiment"], &call["successful"]), (&json!("negative"), &json!(false)));
    let received = call["timeline"].as_array().expect("a timeline").iter();
    assert_eq!(received.filter(|one| one["event"] == "completion_received").count(), 2);
    // What cannot be is named, all of it.
    let wrong = json!({"summary": "x".repeat(10_001), "extracted_data": [], "opt_out": "yes", "sumary": "x"});
    let wrong = home.post(&format!("{path}/completion"), wrong).await.fields();
    assert_eq!(wrong, ["extracted_data", "opt_out", "sumary"]);
    let wrong = json!({"summary": "x".repeat(10_001), "transcript": [{"role": "x".repeat(101), "text": ""}]});
    assert_eq!(home.post(&format!("{path}/completion"), wrong).await.fields(), ["summary", "transcript[0].role"]);
    for empty in [json!({}), json!({"summary": " "})] {
        home.post(&format!("{path}/completion"), empty).await.expect(422);
    }
    let twice = json!({"summary": "a", "call_summary": "b"});
    home.post(&format!("{path}/completion"), twice).await.expect(422);
    let unknown = "/api/calls/00000000-0000-0000-0000-000000000000/completion";
    home.post(unknown, json!({"summary": "x"})).await.expect(404);
}

/// Has a call end that was recorded, with a spoken answer.
async fn recorded(home: &Home) -> (String, Vec<u8>) {
    let id = home.draft("Recorded").await;
    home.fill(&id, 0, 1).await;
    let campaign = id.parse().expect("an id");
    let store = &home.world.store;
    let now = home.world.clock.now();
    let change = canvass::store::StatusChange {
        to: canvass::campaign::CampaignStatus::Running,
        from: vec![canvass::campaign::CampaignStatus::Draft],
        reason: None,
        scheduled_at: None,
    };
    store.change_status(campaign, &change, now).await.expect("changed");
    let call = loop {
        if let Some(row) =
            store.calls_page(campaign, None, 1).await.expect("read").pop().filter(|row| row.outcome.is_some())
        {
            break row;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // The engine of this world records nothing: what a switch would have made
    // is put there by hand.
    let name = format!("{}-1", call.call);
    let answer =
        GivenAnswer { question: "why".into(), position: 1, given: Given::Speech { recording: name.clone() }, at: now };
    let answers = vec![CallAnswer { call: call.call, campaign, target: call.target, answer }];
    store.commit(&LedgerBatch { answers, ..LedgerBatch::default() }, now).await.expect("committed");
    home.world.prompt(&format!("{name}.wav"), Duration::from_secs(2));
    let bytes = std::fs::read(home.world.folder.path().join(format!("{name}.wav"))).expect("read");
    (call.call.to_string(), bytes)
}

async fn recordings_are_streamed_in_parts(home: &Home) {
    let (call, whole) = recorded(home).await;
    let none = home.get(&format!("/api/calls/{call}/recording")).await.expect(404);
    assert!(none["detail"].as_str().is_some_and(|why| why.contains("not ")), "{none}");
    let body = home.get(&format!("/api/calls/{call}")).await.expect(200);
    let path = body["answers"][0]["recording_url"].as_str().expect("a place").to_owned();
    assert_eq!(path, format!("/api/calls/{call}/recordings/1"));
    let fetch = async |headers: &[(&str, &str)]| {
        let mut request = home.request("GET", &path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.expect("bytes"))
    };
    let (status, headers, bytes) = fetch(&[]).await;
    assert_eq!((status, bytes.len(), bytes == whole), (200, whole.len(), true));
    assert_eq!(headers["content-type"], "audio/wav");
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_eq!(headers["content-disposition"], format!("attachment; filename=\"call-{call}-answer-1.wav\""));
    let tag = headers["etag"].to_str().expect("ASCII").to_owned();
    let (status, headers, bytes) = fetch(&[("range", "bytes=100-299"), ("if-range", &tag)]).await;
    assert_eq!((status, &bytes[..]), (206, &whole[100..300]));
    assert_eq!(headers["content-range"], format!("bytes 100-299/{}", whole.len()));
    assert_eq!(headers["content-length"], "200");
    let (status, _, bytes) = fetch(&[("range", "bytes=-10")]).await;
    assert_eq!((status, &bytes[..]), (206, &whole[whole.len() - 10..]));
    let (status, _, bytes) = fetch(&[("range", "bytes=0-"), ("if-range", "\"other\"")]).await;
    assert_eq!((status, bytes.len()), (200, whole.len()));
    let (status, headers, _) = fetch(&[("range", &format!("bytes={}-", whole.len()))]).await;
    assert_eq!(status, 416);
    assert_eq!(headers["content-range"], format!("bytes */{}", whole.len()));
    assert_eq!(headers["content-type"], "application/problem+json");
    let (status, _, bytes) = fetch(&[("if-none-match", &tag)]).await;
    assert_eq!((status, bytes.len()), (304, 0));
    let head = home.request("HEAD", &path).send().await.expect("an answer");
    assert_eq!(head.status().as_u16(), 200);
    assert_eq!(head.headers()["content-length"], whole.len().to_string());
    home.get(&format!("/api/calls/{call}/recordings/2")).await.expect(404);
    home.get(&format!("/api/calls/{call}/recordings/..%2f1")).await.expect(404);
    // Gone by retention.
    home.world.store.forget_recording(call.parse().expect("an id")).await.expect("forgotten");
    let gone = home.get(&path).await.expect(404);
    assert!(gone["detail"].as_str().is_some_and(|why| why.contains("removed after the time")), "{gone}");
    send(home.request_as(None, "GET", &path)).await.expect(401);
}

async fn lists_go_on_where_they_stopped(home: &Home) {
    let (one, of_one) = called(home, "One", 0, 7).await;
    let (_, of_two) = called(home, "Two", 100, 4).await;
    let page = async |query: &str| -> (Vec<String>, Option<String>) {
        let body = home.get(&format!("/api/calls?{query}")).await.expect(200);
        let items = body["items"].as_array().expect("items").iter();
        let ids = items.map(|call| call["id"].as_str().expect("an id").to_owned()).collect();
        (ids, body["next"].as_str().map(str::to_owned))
    };
    let (all, next) = page("limit=500").await;
    assert_eq!((all.len(), next), (11, None));
    assert!(all[..4].iter().all(|id| of_two.contains(id)), "the newest first");
    let (mut found, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let (items, next) = page(&query).await;
        found.extend(items);
        let Some(next) = next else { break };
        query = format!("limit=3&before={next}");
    }
    assert_eq!(found, all);
    let (mine, _) = page(&format!("campaign_id={one}")).await;
    assert_eq!(mine, of_one.iter().rev().cloned().collect::<Vec<_>>());
    let (by_number, _) = page("filters=%7B%22phone_number%22%3A%22%2B15552000003%22%7D").await;
    assert_eq!(by_number.len(), 1);
    assert_eq!(home.get("/api/calls?limit=501").await.fields(), ["limit"]);
    assert_eq!(home.get("/api/calls?before=00000000-0000-0000-0000-000000000000").await.fields(), ["before"]);
    assert_eq!(home.get("/api/calls?page=2&filters=%7B%22outcom%22%3A1%7D").await.fields(), ["page"]);
}
