//! Surveys: the same as in a file, every fault at once, never changed under a
//! campaign that asks them.

use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(a_survey_from_check_to_delete, a_survey_that_is_asked_stays_as_it_is, two_people_edit_one_survey);

/// Two questions.
pub(crate) fn spring() -> Value {
    json!({"name": "Spring", "closing": ["say:Thank you."], "questions": [
        {"id": "vote", "text": "Will you vote?", "prompts": ["say:Will you vote?"], "timeout_seconds": 1, "retries": 0,
            "choices": [{"digit": 1, "label": "Yes"}, {"digit": "2", "label": "No", "next": "end"}]},
        {"id": "why", "prompts": ["say:Why?"], "spoken": {"max_seconds": 20}}]})
}

async fn a_survey_from_check_to_delete(home: &Home) {
    let check = home.post("/api/surveys/check", spring()).await.expect(200);
    assert_eq!(check, json!({"valid": true, "errors": [], "warnings": []}));
    let wrong = json!({"name": "", "questions": [{"id": "a", "prompts": ["/etc/a.wav"], "choices": [
        {"digit": "1", "label": "Yes"}, {"digit": "1", "label": "No"}]}]});
    let check = home.post("/api/surveys/check", wrong.clone()).await.expect(200);
    assert_eq!(check["valid"], false);
    let mut refused = home.post("/api/surveys", wrong).await.fields();
    let mut named: Vec<_> = check["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| error["field"].as_str().expect("a field"))
        .collect();
    named.sort_unstable();
    refused.sort();
    assert_eq!(refused, named);
    assert_eq!(named, ["name", "questions[0].choices[1].digit", "questions[0].prompts[0]"]);
    let unread = json!({"name": "x", "questions": [{"id": 1, "prompts": []}, {"prompts": [], "choises": []}]});
    let fields = home.post("/api/surveys", unread).await.fields();
    assert_eq!(fields, ["questions[0].id", "questions[1].choises", "questions[1].id"]);

    let made = home.post("/api/surveys", spring()).await;
    let survey = made.expect(201);
    let id = survey["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.header("location"), format!("/api/surveys/{id}"));
    assert_eq!(survey["questions"][0]["choices"][0], json!({"digit": "1", "label": "Yes", "next": "next"}));
    assert_eq!((&survey["used_by"], &survey["warnings"]), (&json!([]), &json!([])));
    home.post("/api/surveys", spring()).await.expect(409);
    let path = format!("/api/surveys/{id}");
    assert_eq!(home.get(&path).await.expect(200), survey);

    // A nine is an answer only where it is not the opt-out key.
    let mut nine = spring();
    nine["name"] = json!("Nine");
    nine["questions"][0]["choices"][1]["digit"] = json!("9");
    let kept = home.post("/api/surveys", nine.clone()).await.expect(201);
    assert_eq!(kept["warnings"][0]["field"], "questions[0].choices[1].digit");
    let campaign = home.draft("Asks").await;
    let by_campaign = format!("/api/surveys/check?campaign_id={campaign}");
    assert_eq!(home.post(&by_campaign, nine).await.expect(200)["valid"], false);
    let nobody = "/api/surveys/check?campaign_id=00000000-0000-0000-0000-000000000000";
    assert_eq!(home.post(nobody, spring()).await.fields(), ["campaign_id"]);

    let list = home.get("/api/surveys?sort_by=name&sort_order=desc").await.expect(200);
    let names: Vec<_> = list["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect();
    assert_eq!((names, &list["total"]), (vec![json!("Spring"), json!("Nine")], &json!(2)));
    assert_eq!(home.get("/api/surveys?name=SPR").await.expect(200)["items"][0]["question_count"], 2);

    // What it is under its other name.
    let named = home.patch(&format!("/api/campaigns/{campaign}"), json!({"survey_id": id})).await.expect(200);
    assert_eq!((&named["survey"], &named["survey_id"]), (&json!(id), &json!(id)));
    let used = home.get(&path).await.expect(200);
    assert_eq!(used["used_by"], json!([{"id": campaign, "name": "Asks", "status": "draft"}]));
    home.delete(&path).await.expect(409);
    home.patch(&format!("/api/campaigns/{campaign}"), json!({"survey_id": null})).await.expect(200);
    assert_eq!(home.delete(&path).await.status, 204);
    home.get(&path).await.expect(404);
    home.delete(&path).await.expect(404);
    home.patch(&path, json!({})).await.expect(404);
}

async fn a_survey_that_is_asked_stays_as_it_is(home: &Home) {
    let survey = home.post("/api/surveys", spring()).await.expect(201);
    let path = format!("/api/surveys/{}", survey["id"].as_str().expect("an id"));
    let id = home.draft("By name").await;
    home.patch(&format!("/api/campaigns/{id}"), json!({"survey": "Spring"})).await.expect(200);
    home.fill(&id, 0, 1).await;
    // Whoever asks it by its name would look for it in vain.
    home.patch(&path, json!({"name": "Fall"})).await.expect(409);
    home.patch(&path, json!({"closing": []})).await.expect(200);
    let at = json!({"scheduled_at": "2100-01-01T09:00:00Z"});
    home.post(&format!("/api/campaigns/{id}/launch"), at).await.expect(200);
    let refused = home.patch(&path, json!({"closing": ["say:Bye."]})).await.expect(409);
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("\"By name\"")), "{refused}");
    let same = home.get(&path).await.expect(200);
    assert_eq!(home.patch(&path, json!({"name": "Spring"})).await.expect(200)["questions"], same["questions"]);
    home.delete(&path).await.expect(409);
    home.act(&format!("/api/campaigns/{id}/cancel")).await.expect(200);
    // It never called anybody.
    assert_eq!(home.patch(&path, json!({"name": "Fall"})).await.expect(200)["name"], "Fall");
    assert_eq!(home.delete(&path).await.status, 204);
}

async fn two_people_edit_one_survey(home: &Home) {
    let made = home.post("/api/surveys", spring()).await;
    let id = made.expect(201)["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/surveys/{id}");
    let version = made.header("etag").to_owned();
    let edit = async |version: &str, body: Value| {
        send(home.request("PATCH", &path).header("if-match", version).json(&body)).await
    };
    let first = edit(&version, json!({"closing": ["say:One."]})).await;
    first.expect(200);
    edit(&version, json!({"closing": ["say:Two."]})).await.expect(412);
    edit("\"x\"", json!({"closing": []})).await.expect(412);
    assert_eq!(home.get(&path).await.expect(200)["closing"], json!(["say:One."]));
    edit(first.header("etag"), json!({"closing": ["say:Two."]})).await.expect(200);
    assert_eq!(home.patch(&path, json!({"questions": [], "clsing": 1})).await.fields(), ["clsing", "questions"]);
    let mut other = spring();
    other["name"] = json!("Other");
    home.post("/api/surveys", other).await.expect(201);
    home.patch(&path, json!({"name": "Other"})).await.expect(409);
    // At once and without a version: each is made, one after the other.
    let bodies = ["a", "b", "c"].map(|text| json!({"closing": [format!("say:{text}")]}));
    let answers = futures_util::future::join_all(bodies.map(|body| home.patch(&path, body))).await;
    assert!(answers.iter().all(|answer| [200, 412].contains(&answer.status)), "{answers:?}");
}
