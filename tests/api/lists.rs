//! The do-not-call list and our own numbers.

use serde_json::json;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(a_number_on_the_do_not_call_list, our_own_numbers);

async fn a_number_on_the_do_not_call_list(home: &Home) {
    let added = home.post("/api/dnc", json!({"phone_number": "(212) 736-5000", "reason": "asked"})).await.expect(201);
    assert_eq!((&added["phone_number"], &added["source"]), (&json!("+12127365000"), &json!("api")));
    let again = home.post("/api/dnc", json!({"phone_number": "+12127365000", "reason": "other"})).await.expect(201);
    assert_eq!(again["reason"], "asked", "the first entry stays");
    let check = home.get("/api/dnc/check?phone_number=2127365000").await.expect(200);
    assert_eq!((&check["listed"], &check["entry"]["reason"]), (&json!(true), &json!("asked")));
    assert_eq!(home.get("/api/dnc/check?phone_number=%2B12127365001").await.expect(200)["listed"], false);
    assert_eq!(home.get("/api/dnc/check").await.fields(), ["phone_number"]);
    assert_eq!(home.get("/api/dnc?limit=1").await.expect(200)["total"], 1);
    assert_eq!(home.post("/api/dnc", json!({"number": "1"})).await.fields(), ["number"]);
    assert_eq!(home.post("/api/dnc", json!({"phone_number": "12"})).await.fields(), ["phone_number"]);

    // Nobody on it is called.
    let id = home.draft("Barred").await;
    let contacts = json!({"contacts": [{"phone_number": "+12127365000"}, {"phone_number": "+15552000002"}]});
    home.post(&format!("/api/campaigns/{id}/contacts"), contacts).await.expect(201);
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    home.until(&id, "completed").await;
    let stats = home.get(&format!("/api/campaigns/{id}/stats")).await.expect(200);
    assert_eq!((&stats["contacts"]["do_not_call"], &stats["call_metrics"]["total_attempts"]), (&json!(1), &json!(1)));

    home.get("/api/dnc/+12127365000").await.expect(200);
    assert_eq!(home.delete("/api/dnc/2127365000").await.status, 204);
    home.delete("/api/dnc/2127365000").await.expect(404);
    home.get("/api/dnc/nonsense").await.expect(404);
}

async fn our_own_numbers(home: &Home) {
    let add = json!({"phone_number": "+15550100009", "label": "Main"});
    let added = home.post("/api/phone-numbers", add.clone()).await.expect(201);
    assert_eq!((&added["id"], &added["active"]), (&json!("+15550100009"), &json!(true)));
    home.post("/api/phone-numbers", add).await.expect(409);
    let path = "/api/phone-numbers/+15550100009";
    let off = home.patch(path, json!({"active": false})).await.expect(200);
    assert_eq!((&off["active"], &off["label"]), (&json!(false), &json!("Main")));
    assert_eq!(home.get("/api/phone-numbers").await.expect(200)["items"][0]["active"], false);
    assert_eq!(home.patch(path, json!({"activ": true, "label": 1})).await.fields(), ["activ", "label"]);

    // A campaign with only this caller ID does not start.
    let made =
        home.post("/api/campaigns", json!({"name": "Silent", "phone_number_id": "+15550100009"})).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    home.fill(&id, 0, 1).await;
    let refused = home.act(&format!("/api/campaigns/{id}/launch")).await.expect(422);
    assert!(refused["reasons"].to_string().contains("no active caller ID"), "{refused}");
    home.patch(path, json!({"active": true})).await.expect(200);
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    assert_eq!(home.delete(path).await.status, 204);
    home.get(path).await.expect(404);
    send(home.request("PATCH", path).json(&json!({}))).await.expect(404);
    home.delete(path).await.expect(404);
}
