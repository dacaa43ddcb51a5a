//! The contacts of a campaign.

use serde_json::json;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(contacts_by_hand_and_one_by_one, lists_that_are_none, several_lists_at_once);

async fn contacts_by_hand_and_one_by_one(home: &Home) {
    let id = home.draft("By hand").await;
    let path = format!("/api/campaigns/{id}/contacts");
    let body = json!({"contacts": [
        {"phone_number": "(212) 736-5000", "name": "Ada", "variables": {"deal": "x"}, "timezone": "America/New_York"},
        {"phone_number": "212-736-5000"},
        {"phone_number": "+12127365001", "email": "b@example.com"},
    ]});
    let added = home.post(&path, body).await.expect(201);
    assert_eq!((&added["accepted"], &added["duplicate_positions"]), (&json!(2), &json!([1])));
    let wrong = json!({"contacts": [{"phone_number": "12"}, {"name": "Nobody"}, {"phone_number": "+12127365002", "timezone": "Mars"}]});
    let fields = home.post(&path, wrong).await.fields();
    assert_eq!(fields, ["contacts[0].phone_number", "contacts[1].phone_number", "contacts[2].timezone"]);
    assert_eq!(
        home.post(&path, json!({"contacts": [{"phone": 1}, 2]})).await.fields(),
        ["contacts[0].phone", "contacts[1]"]
    );
    assert_eq!(home.post(&path, json!({"contacts": []})).await.fields(), ["contacts"]);

    let list = home.get(&format!("{path}?phone_number=2127365000&status=pending")).await.expect(200);
    let ada = &list["items"][0];
    assert_eq!((&list["total"], &ada["name"], &ada["variables"]["deal"]), (&json!(1), &json!("Ada"), &json!("x")));
    assert_eq!(home.get(&format!("{path}?phone_number=12")).await.fields(), ["phone_number"]);
    let one = format!("{path}/{}", ada["id"]);
    assert_eq!(home.get(&one).await.expect(200)["phone_number"], "+12127365000");

    let refused = home.act(&format!("{one}/retry")).await.expect(409);
    assert_eq!(refused["allowed"], json!(["skip", "remove"]));
    assert_eq!(home.act(&format!("{one}/skip")).await.expect(200)["status"], "skipped");
    home.act(&format!("{one}/skip")).await.expect(409);
    let again = home.act(&format!("{one}/retry")).await.expect(200);
    assert_eq!((&again["status"], again["next_attempt_at"].is_string()), (&json!("pending"), true));
    assert_eq!(home.delete(&one).await.status, 204);
    for reply in [home.get(&one).await, home.delete(&one).await, home.act(&format!("{one}/skip")).await] {
        reply.expect(404);
    }
    home.get(&format!("{path}/notanumber")).await.expect(404);

    // Who was called stays on record.
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    home.until(&id, "completed").await;
    let called = home.get(&path).await.expect(200)["items"][0].clone();
    assert_eq!((&called["attempts"], called["last_call_id"].is_string()), (&json!(1), true));
    home.delete(&format!("{path}/{}", called["id"])).await.expect(409);
    let over = home.act(&format!("{path}/{}/retry", called["id"])).await.expect(409);
    assert!(over["detail"].as_str().is_some_and(|text| text.contains("completed")), "{over}");
}

async fn lists_that_are_none(home: &Home) {
    let id = home.draft("Lists").await;
    for (name, text, status) in [
        ("a.csv", "", 422),
        ("a.csv", "phone_number\n", 422),
        ("a.csv", "city\nRome\n", 422),
        ("a.csv", "PK\u{3}\u{4}xxxxxxxxxxxxxxxx", 422),
        ("a.xlsx", "phone\n+15551234567\n", 422),
    ] {
        home.upload(&id, &[(name, text)]).await.expect(status);
    }
    home.upload(&id, &[]).await.expect(422);
    let large = format!("phone\n{}", "+15551234567\n".repeat(420_000));
    assert_eq!(home.upload(&id, &[("large.csv", &large)]).await.expect(413)["type"], "/problems/too-large");
    let plain = home.request("POST", &format!("/api/campaigns/{id}/upload-csv")).body("phone\n+15551234567\n");
    send(plain).await.expect(415);
    let broken = home.request("POST", &format!("/api/campaigns/{id}/upload-csv"));
    let broken = broken.header("content-type", "multipart/form-data; boundary=XX").body("--XX\r\nnonsense");
    send(broken).await.expect(400);
    assert_eq!(home.get(&format!("/api/campaigns/{id}")).await.expect(200)["total_contacts"], 0, "nothing was taken");
}

async fn several_lists_at_once(home: &Home) {
    let id = home.draft("Several").await;
    let template = home.get("/api/campaigns/download-template").await;
    assert_eq!((template.status, template.header("content-type")), (200, "text/csv; charset=utf-8"));
    let files =
        [("template.csv", template.text.as_str()), ("MORE.CSV", "Phone;Name\n+15551234567;John\n+15552000001;New\n")];
    let uploaded = home.upload(&id, &files).await.expect(200);
    assert_eq!((&uploaded["accepted"], &uploaded["duplicates"]), (&json!(3), &json!(1)));
    assert_eq!(uploaded["files"][1]["file"], "MORE.CSV");
    // Uploaded once more, nobody is there twice.
    assert_eq!(home.upload(&id, &files).await.expect(200)["accepted"], 0);
}
