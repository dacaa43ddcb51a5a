//! Saved contacts and their groups, and campaigns that call groups.

use serde_json::{Value, json};

use crate::api::{Home, Reply, on_both_engines, send};

on_both_engines!(
    contacts_are_saved_found_and_changed,
    groups_are_filled_and_emptied,
    a_campaign_calls_its_groups,
    members_given_at_once
);

/// Uploads a file to any path that takes some.
pub(crate) async fn upload(home: &Home, path: &str, name: &str, text: &str) -> Reply {
    let body = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--XX--\r\n"
    );
    let request = home.request("POST", path).header("content-type", "multipart/form-data; boundary=XX");
    send(request.body(body)).await
}

async fn group(home: &Home, name: &str) -> String {
    let made = home.post("/api/contact-groups", json!({"name": name})).await.expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

async fn names(home: &Home, path: &str) -> Vec<Value> {
    let list = home.get(path).await.expect(200);
    list["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect()
}

async fn contacts_are_saved_found_and_changed(home: &Home) {
    let body = json!({"contacts": [
        {"phone_number": "(212) 736-5000", "name": "Ada", "email": "ada@example.com", "variables": {"deal": "x"}},
        {"phone_number": "212-736-5000"},
        {"phone_number": "+12127365001", "name": "bob"},
    ]});
    home.post("/api/dnc", json!({"phone_number": "+12127365001"})).await.expect(201);
    let saved = home.post("/api/contacts", body).await.expect(201);
    assert_eq!((&saved["accepted"], &saved["duplicate_positions"]), (&json!(2), &json!([1])));
    assert_eq!((&saved["do_not_call"], &saved["ids"][0]), (&json!(1), &saved["ids"][1]));
    let wrong = json!({"contacts": [{"phone_number": "12"}, {"phone_number": "+12127365002", "timezone": "Mars"}]});
    assert_eq!(home.post("/api/contacts", wrong).await.fields(), ["contacts[0].phone_number", "contacts[1].timezone"]);
    let nowhere = json!({"contacts": [{"phone_number": "+12127365002"}], "contact_group_id": uuid()});
    assert_eq!(home.post("/api/contacts", nowhere).await.fields(), ["contact_group_id"]);

    assert_eq!(names(home, "/api/contacts").await, ["Ada", "bob"]);
    for query in ["phone_number=1212736500", "phone_number=%2B1212", "phone_number=%2B1+(212)+736"] {
        assert_eq!(names(home, &format!("/api/contacts?{query}")).await, ["Ada", "bob"], "{query}");
    }
    assert_eq!(names(home, "/api/contacts?phone_number=2127365001").await, ["bob"]);
    assert_eq!(names(home, "/api/contacts?name=BO").await, ["bob"]);
    assert_eq!(names(home, "/api/contacts?email=ADA@").await, ["Ada"]);
    assert_eq!(names(home, "/api/contacts?sort_by=name&sort_order=desc").await, ["bob", "Ada"]);
    assert_eq!(home.get("/api/contacts?name=a&email=b").await.fields(), ["email"]);
    assert_eq!(home.get("/api/contacts?phone_number=x").await.fields(), ["phone_number"]);
    assert_eq!(home.get("/api/contacts?name=a&sort_by=email").await.fields(), ["sort_by"]);
    assert_eq!(home.get("/api/contacts?limit=1").await.expect(200)["total"], 2);

    let path = format!("/api/contacts/{}", saved["ids"][0]);
    let reply = home.get(&path).await;
    let (ada, tag) = (reply.expect(200), reply.header("etag").to_owned());
    assert_eq!(
        (&ada["contact"]["variables"]["deal"], &ada["groups"], &ada["last_call"]),
        (&json!("x"), &json!([]), &Value::Null)
    );
    let changes = json!({"name": null, "timezone": "Europe/Berlin", "variables": {"deal": null, "city": "Bonn"}});
    let edit = |changes: Value| home.request("PATCH", &path).header("if-match", &tag).json(&changes);
    let after = send(edit(changes)).await.expect(200);
    assert_eq!((&after["name"], &after["variables"]), (&Value::Null, &json!({"city": "Bonn"})));
    send(edit(json!({"name": "Eve"}))).await.expect(412);
    assert_eq!(
        home.patch(&path, json!({"phone_number": "+12127365009", "nmae": "x"})).await.fields(),
        ["nmae", "phone_number"]
    );
    assert_eq!(home.delete(&path).await.status, 204);
    for reply in [home.get(&path).await, home.delete(&path).await, home.patch(&path, json!({})).await] {
        reply.expect(404);
    }
}

fn uuid() -> String {
    uuid::Uuid::now_v7().to_string()
}

async fn groups_are_filled_and_emptied(home: &Home) {
    let made = home.post("/api/contact-groups", json!({"name": " Subscribers ", "description": "Q1"})).await;
    let (id, tag) = (made.expect(201)["id"].as_str().expect("an id").to_owned(), made.header("etag").to_owned());
    let path = format!("/api/contact-groups/{id}");
    assert_eq!(made.header("location"), path);
    home.post("/api/contact-groups", json!({"name": "SUBSCRIBERS"})).await.expect(409);
    assert_eq!(home.post("/api/contact-groups", json!({"name": "", "descr": 1})).await.fields(), ["descr"]);
    let other = group(home, "Other").await;
    home.patch(&format!("/api/contact-groups/{other}"), json!({"name": "subscribers"})).await.expect(409);
    let named = home.request("PATCH", &path).header("if-match", &tag).json(&json!({"description": null}));
    let after = send(named).await.expect(200);
    assert_eq!((&after["description"], &after["name"]), (&Value::Null, &json!("Subscribers")));
    assert_eq!(home.patch(&path, json!({"name": null})).await.fields(), ["name"]);
    let stale = home.request("PATCH", &path).header("if-match", &tag).json(&json!({"name": "Late"}));
    send(stale).await.expect(412);

    home.post("/api/dnc", json!({"phone_number": "+12127365002"})).await.expect(201);
    let list = "phone,first_name,deal stage\n2127365001,Ada,lead\n12,Bad,\n2127365001,Twice,\n2127365002,Bob,won\n";
    let imported = upload(home, &format!("{path}/import"), "members.csv", list).await.expect(200);
    assert_eq!(
        (&imported["accepted"], &imported["created"], &imported["duplicates"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!((&imported["rejected"], &imported["do_not_call"]), (&json!(1), &json!(1)));
    assert_eq!(imported["files"][0]["rejected_rows"], json!([{"line": 3, "reason": "phone number: too short"}]));
    let again = upload(home, &format!("{path}/import"), "members.csv", list).await.expect(200);
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(3)));
    upload(home, &format!("{path}/import"), "members.xlsx", list).await.expect(422);
    upload(home, &format!("{path}/import"), "members.csv", "city\nRome\n").await.expect(422);
    upload(home, &format!("/api/contact-groups/{}/import", uuid()), "members.csv", list).await.expect(404);

    let members = home.get(&format!("{path}/members")).await.expect(200);
    let (ada, bob) = (&members["items"][0], &members["items"][1]);
    assert_eq!(
        (&members["total"], &ada["variables"]["deal stage"], &bob["do_not_call"]),
        (&json!(2), &json!("lead"), &json!(true))
    );
    assert_eq!(names(home, &format!("/api/contacts?contact_group_id={id}&name=b")).await, ["Bob"]);
    assert_eq!(home.get(&format!("/api/contacts?contact_group_id={id}&sort_by=name")).await.fields(), ["sort_by"]);

    let members_of_other = format!("/api/contact-groups/{other}/members");
    let joining = json!({"contact_ids": [bob["id"], bob["id"]], "phone_numbers": ["+12127365009", "212 736 5001"]});
    let joined = home.post(&members_of_other, joining).await.expect(200);
    assert_eq!((&joined["accepted"], &joined["duplicates"]), (&json!(3), &json!(1)));
    assert_eq!(
        home.post(&members_of_other, json!({"contact_ids": [bob["id"], 999_999]})).await.fields(),
        ["contact_ids[1]"]
    );
    assert_eq!(home.post(&members_of_other, json!({"phone_numbers": ["1"]})).await.fields(), ["phone_numbers[0]"]);
    assert_eq!(home.post(&members_of_other, json!({})).await.fields(), ["contact_ids"]);
    let of_bob = home.get(&format!("/api/contacts/{}", bob["id"])).await.expect(200);
    let groups: Vec<_> = of_bob["groups"].as_array().expect("groups").iter().map(|group| &group["name"]).collect();
    assert_eq!(groups, ["Other", "Subscribers"]);
    assert_eq!(of_bob["do_not_call_entry"]["source"], "api");

    let member = format!("{members_of_other}/{}", bob["id"]);
    assert_eq!(home.delete(&member).await.status, 204);
    home.delete(&member).await.expect(404);
    let groups = home.get("/api/contact-groups?sort_order=desc").await.expect(200);
    let counts: Vec<_> = groups["items"].as_array().expect("items").iter().map(|group| &group["members"]).collect();
    assert_eq!(counts, [&json!(2), &json!(2)]);
    assert_eq!(home.delete(&path).await.status, 204);
    home.get(&format!("{path}/members")).await.expect(404);
    assert_eq!(home.get("/api/contacts").await.expect(200)["total"], 3, "its contacts stay");
}

async fn a_campaign_calls_its_groups(home: &Home) {
    let (first, second) = (group(home, "First").await, group(home, "Second").await);
    for (group, from) in [(&first, 0), (&second, 2)] {
        let numbers: Vec<_> = (from..from + 3).map(|n| format!("+1555200000{n}")).collect();
        let path = format!("/api/contact-groups/{group}/members");
        home.post(&path, json!({"phone_numbers": numbers})).await.expect(200);
    }
    home.draft("For its numbers").await;
    let body = json!({"name": "Groups", "number_pool": ["+15550100001"], "contact_group_ids": [first, uuid()]});
    assert_eq!(home.post("/api/campaigns", body).await.fields(), ["contact_group_ids[1]"]);
    let empty = group(home, "Empty").await;
    let body = json!({"name": "Groups", "number_pool": ["+15550100001"], "contact_group_ids": [empty]});
    let made = home.post("/api/campaigns", body).await.expect(201);
    let id = made["id"].as_str().expect("an id").to_owned();
    assert_eq!((&made["contact_group_ids"], &made["total_contacts"]), (&json!([empty]), &json!(0)));
    let refused = home.act(&format!("/api/campaigns/{id}/launch")).await.expect(422);
    assert!(refused["reasons"].to_string().contains("no contacts"), "{refused}");
    let path = format!("/api/campaigns/{id}");
    assert_eq!(home.patch(&path, json!({"contact_group_ids": [uuid()]})).await.fields(), ["contact_group_ids[0]"]);
    home.patch(&path, json!({"contact_group_ids": [first, second]})).await.expect(200);
    let used = home.delete(&format!("/api/contact-groups/{first}")).await.expect(409);
    assert!(used["detail"].as_str().is_some_and(|text| text.contains("Groups")), "{used}");

    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    let over = home.until(&id, "completed").await;
    assert_eq!(over["total_contacts"], 5, "who is in both groups is called once");
    let one = &home.get("/api/contacts?phone_number=%2B15552000002").await.expect(200)["items"][0]["id"];
    let known = home.get(&format!("/api/contacts/{one}")).await.expect(200);
    assert_eq!((&known["campaigns"][0]["campaign_id"], known["last_call"]["id"].is_string()), (&json!(id), true));
    let copy = home.act(&format!("/api/campaigns/{id}/duplicate")).await.expect(201);
    assert_eq!(copy["contact_group_ids"], json!([first, second]));

    // A redial is for those who were never reached: the groups would bring back all others.
    let copy = copy["id"].as_str().expect("an id");
    let contacts = format!("/api/campaigns/{copy}/contacts");
    let one = &home.get(&contacts).await.expect(200)["items"][0]["id"];
    home.act(&format!("{contacts}/{one}/skip")).await.expect(200);
    home.act(&format!("/api/campaigns/{copy}/cancel")).await.expect(200);
    let again = json!({"redial_statuses": ["skipped"]});
    let redialed = home.post(&format!("/api/campaigns/{copy}/redial"), again).await.expect(201);
    assert_eq!((&redialed["contact_group_ids"], &redialed["total_contacts"]), (&json!([]), &json!(1)));
}

async fn members_given_at_once(home: &Home) {
    let members = group(home, "Members").await;
    let path = format!("/api/contact-groups/{members}/members");
    home.post(&path, json!({"phone_numbers": ["+15552000001", "+15552000002"]})).await.expect(200);
    home.post("/api/dnc", json!({"phone_number": "+15552000002"})).await.expect(201);
    let id = home.draft("At once").await;
    let contacts = format!("/api/campaigns/{id}/contacts");
    let body = json!({"contacts": [{"phone_number": "+15552000001"}], "contact_group_ids": [members]});
    let added = home.post(&contacts, body.clone()).await.expect(201);
    assert_eq!((&added["accepted"], &added["duplicates"], &added["do_not_call"]), (&json!(2), &json!(1), &json!(1)));
    assert_eq!(home.get(&contacts).await.expect(200)["total"], 2);
    assert_eq!(home.post(&contacts, json!({"contact_group_ids": [uuid()]})).await.fields(), ["contact_group_ids[0]"]);
    let uploaded = home.upload(&id, &[("a.csv", "phone\n+15552000002\n+15552000003\n")]).await.expect(200);
    assert_eq!((&uploaded["duplicates"], &uploaded["do_not_call"]), (&json!(1), &json!(1)));
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    home.until(&id, "completed").await;
    let refused = home.post(&contacts, body).await.expect(409);
    assert!(refused["allowed"].to_string().contains("duplicate"), "{refused}");
}
