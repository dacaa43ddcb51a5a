//! The do-not-call list and our own numbers.

use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};
use crate::book::upload;

on_both_engines!(a_number_on_the_do_not_call_list, a_do_not_call_list_by_the_thousand, our_own_numbers);

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
    let long = "x".repeat(501);
    assert_eq!(home.delete(&format!("/api/dnc/2127365000?reason={long}")).await.fields(), ["reason"]);
    assert_eq!(home.delete("/api/dnc/2127365000?reason=in+writing").await.status, 204);
    home.delete("/api/dnc/2127365000").await.expect(404);
    home.get("/api/dnc/2127365000").await.expect(404);
    // That it was there is on record for ever.
    let history = home.get("/api/dnc/2127365000/history").await.expect(200);
    assert_eq!((&history["listed"], &history["removals"][0]["entry"]["reason"]), (&json!(false), &json!("asked")));
    assert_eq!(history["removals"][0]["removed_reason"], "in writing");
    let by = history["removals"][0]["removed_by"].as_str().expect("a name");
    assert!(by.starts_with("key:test ("), "{by}");
    home.get("/api/dnc/nonsense").await.expect(404);
}

async fn a_do_not_call_list_by_the_thousand(home: &Home) {
    let list =
        "phone_number,reason,source,added_at\n+12127365000,=cmd,,2025-01-02T03:04:05Z\n12,,,\n2127365001,,scrub,\n";
    let imported = upload(home, "/api/dnc/import?source=federal&reason=listed", "dnc.csv", list).await.expect(200);
    assert_eq!(
        (&imported["accepted"], &imported["duplicates"], &imported["rejected"]),
        (&json!(2), &json!(0), &json!(1))
    );
    assert_eq!(imported["files"][0]["rejected_rows"][0]["line"], 3);
    let bare = upload(home, "/api/dnc/import", "dnc.txt", "+12127365001\n2127365002\n").await.expect(200);
    assert_eq!((&bare["accepted"], &bare["duplicates"]), (&json!(1), &json!(1)));
    assert_eq!(upload(home, "/api/dnc/import?source=a+b", "dnc.txt", "1\n").await.fields(), ["source"]);
    upload(home, "/api/dnc/import", "dnc.pdf", "+12127365001\n").await.expect(422);

    let export = home.get("/api/dnc/export").await;
    assert_eq!((export.status, export.header("content-type")), (200, "text/csv; charset=utf-8"));
    let lines: Vec<_> = export.text.lines().collect();
    assert_eq!(lines[..2], ["phone_number,reason,source,added_at", "+12127365000,'=cmd,federal,2025-01-02T03:04:05Z"]);
    assert!(lines[2].starts_with("+12127365001,listed,scrub,") && lines.len() == 5, "{lines:?}");
    assert!(lines[3].starts_with("+12127365001,,import,"), "the second source, in a line of its own: {lines:?}");
    // What was exported can be imported, and nothing is there twice.
    let again = upload(home, "/api/dnc/import", "dnc.csv", &export.text).await.expect(200);
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(4)));
    assert_eq!(home.get("/api/dnc/export").await.text, export.text);

    let asked = json!({"phone_numbers": ["+12127365009", "(212) 736-5000", "+12127365009"]});
    let checked = home.post("/api/dnc/check", asked).await.expect(200);
    let listed: Vec<_> = checked["items"].as_array().expect("items").iter().map(|item| &item["listed"]).collect();
    assert_eq!((&checked["listed"], listed), (&json!(1), vec![&json!(false), &json!(true), &json!(false)]));
    assert_eq!(
        home.post("/api/dnc/check", json!({"phone_numbers": ["1", "+12127365000"]})).await.fields(),
        ["phone_numbers[0]"]
    );
    assert_eq!(home.post("/api/dnc/check", json!({"phone_numbers": []})).await.fields(), ["phone_numbers"]);

    let total = async |query: &str| home.get(&format!("/api/dnc?{query}")).await.expect(200)["total"].clone();
    assert_eq!((total("source=federal").await, total("reason=listed").await), (json!(1), json!(1)));
    assert_eq!(total("from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z").await, 1);
    let first = home.get("/api/dnc?sort_by=phone_number&limit=1").await.expect(200);
    assert_eq!(first["items"][0]["phone_number"], "+12127365000");
    assert_eq!(home.get("/api/dnc?sort_by=phone_number&source=x").await.fields(), ["sort_by"]);
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
    let page = home.get("/api/phone-numbers?page=2&limit=1").await.expect(200);
    assert_eq!((&page["items"], &page["total"], &page["pages"]), (&json!([]), &json!(1), &json!(1)));
    assert_eq!(home.get("/api/phone-numbers?limit=501").await.fields(), ["limit"]);
    assert_eq!(home.patch(path, json!({"activ": true, "label": 1})).await.fields(), ["activ", "label"]);

    // Limits, rest, and a list of them.
    let limited = home.patch(path, json!({"daily_cap": 150, "max_concurrent": 2})).await.expect(200);
    assert_eq!((&limited["daily_cap"], &limited["status"]), (&json!(150), &json!("inactive")));
    assert_eq!(limited["last_24_hours"]["answer_rate"], Value::Null);
    let freed =
        home.patch(path, json!({"daily_cap": null, "resting_until": "2199-01-01T00:00:00Z", "active": true})).await;
    let freed = freed.expect(200);
    assert_eq!((&freed["daily_cap"], &freed["max_concurrent"]), (&json!(null), &json!(2)));
    assert_eq!((&freed["status"], &freed["rest_reason"]), (&json!("resting"), &json!("asked for")));
    let back = home.patch(path, json!({"resting_until": null, "active": false})).await.expect(200);
    assert_eq!(back["status"], "inactive");
    assert_eq!(
        home.patch(path, json!({"daily_cap": 0, "cool_down_seconds": 1.5})).await.fields(),
        ["cool_down_seconds"]
    );
    assert_eq!(home.patch(path, json!({"daily_cap": 0})).await.fields(), ["daily_cap"]);
    let list = "phone_number,label,cool_down_seconds\n+15550100009,Second line,30\n+15550100010,,\n+15550100011,,x\n";
    let imported = home.upload_to("/api/phone-numbers/import", &[("dids.csv", list)]).await.expect(200);
    assert_eq!((&imported["added"], &imported["changed"], &imported["rejected"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(imported["rejected_rows"][0]["line"], 4);
    let listed = home.get(path).await.expect(200);
    assert_eq!((&listed["label"], &listed["cool_down_seconds"]), (&json!("Second line"), &json!(30)));
    assert_eq!((&listed["active"], &listed["max_concurrent"]), (&json!(false), &json!(2)), "what is not said stays");
    home.upload_to("/api/phone-numbers/import", &[("dids.csv", "name\nx\n")]).await.expect(422);

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
