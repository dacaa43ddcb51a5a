//! What is known of a number, and hours, as the API tells and takes them.

use canvass::access::{Role, Scope};
use serde_json::json;

use crate::api::{Home, on_both_engines, send};

on_both_engines!(everything_about_a_number, hours_and_caps_of_a_campaign);

async fn everything_about_a_number(home: &Home) {
    let id = home.draft("Told").await;
    let contact = json!({"phone_number": "+12125550123", "name": "=Ann", "consent": "yes, at the fair"});
    let premium = json!({"phone_number": "+12129765550"});
    home.post(&format!("/api/campaigns/{id}/contacts"), json!({"contacts": [contact, premium]})).await.expect(201);
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    home.until(&id, "completed").await;
    home.post("/api/dnc", json!({"phone_number": "+12125550123", "reason": "asked"})).await.expect(201);

    let known = home.get("/api/audit/numbers/+12125550123").await.expect(200);
    assert_eq!((&known["phone_number"], &known["truncated"]), (&json!("+12125550123"), &json!(false)));
    assert_eq!(known["contacts"][0]["consent"], "yes, at the fair");
    assert_eq!(known["do_not_call"]["reason"], "asked");
    let decision = &known["decisions"][0];
    assert_eq!((&decision["verdict"], &decision["campaign_id"]), (&json!("allow"), &json!(id)));
    assert_eq!(decision["facts"]["zones"], json!(["America/New_York"]));
    assert!(decision["call"]["outcome"].is_string() && decision["call"]["call_id"].is_string(), "{decision}");

    let skipped = home.get("/api/audit/numbers/12129765550").await.expect(200);
    let rule = &skipped["decisions"][0];
    assert_eq!(
        (&rule["verdict"], &rule["rule"], &rule["call"]),
        (&json!("block"), &json!("premium_rate"), &json!(null))
    );

    let csv = home.get("/api/audit/numbers/+12125550123?format=csv").await;
    assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv; charset=utf-8"));
    let lines: Vec<_> = csv.text.lines().collect();
    assert_eq!(lines[0], "number,at,what,verdict,rule,campaign_id,call_id,outcome,detail");
    let what: Vec<_> = lines[1..].iter().filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(what, ["contact", "call", "do_not_call"]);

    assert_eq!(home.get("/api/audit/numbers/+12125550123?fromat=csv").await.fields(), ["fromat"]);
    home.get("/api/audit/numbers/nonsense").await.expect(404);
    let nobody = home.get("/api/audit/numbers/+12125550199").await.expect(200);
    assert_eq!((&nobody["decisions"], &nobody["contacts"]), (&json!([]), &json!([])));
    let reader = home.key(Role::Viewer, &[Scope::CampaignsRead]).await;
    send(home.request_as(Some(&reader), "GET", "/api/audit/numbers/+12125550123")).await.expect(403);
}

async fn hours_and_caps_of_a_campaign(home: &Home) {
    let hours = json!({
        "timezone": "America/New_York",
        "slots": [{"day": "monday", "start": "09:00", "end": "17:00"}],
        "holidays": ["2026-12-25"],
    });
    let fields = json!({"name": "Hours", "number_pool": ["+15550000001"], "calling_hours": hours,
        "frequency_caps": [{"attempts": 3, "days": 7}], "skip_answered_within_days": 30, "allow_recalling": false,
        "require_consent": true});
    let made = home.post("/api/campaigns", fields).await.expect(201);
    assert_eq!((&made["calling_hours"], &made["skip_answered_within_days"]), (&hours, &json!(30)));
    let wrong = json!({"name": "x", "skip_answered_within_days": 366, "frequency_caps": [{"attempts": 0, "days": 1}],
        "calling_hours": {"timezone": "Mars/Olympus", "slots": []}});
    let refused = home.post("/api/campaigns", wrong).await.fields();
    assert_eq!(refused, ["calling_hours.timezone", "frequency_caps", "skip_answered_within_days"]);
    let slot = json!({"name": "x", "calling_hours": {"slots": [{"day": "monday", "start": "9", "end": "17:00"}]}});
    assert_eq!(home.post("/api/campaigns", slot).await.fields(), ["calling_hours.slots[0].start"]);

    // Hours that never open.
    let id = home.draft("Never").await;
    home.fill(&id, 0, 2).await;
    let never = json!({"calling_hours": {"timezone": "UTC", "slots": []}});
    home.patch(&format!("/api/campaigns/{id}"), never).await.expect(200);
    let refused = home.act(&format!("/api/campaigns/{id}/launch")).await.expect(422);
    assert!(refused["reasons"].to_string().contains("never open"), "{refused}");

    // An hour of the day after tomorrow: it waits, and says until when.
    let day = (home.now() + jiff::SignedDuration::from_hours(48)).to_zoned(jiff::tz::TimeZone::UTC).date();
    let name = format!("{:?}", day.weekday()).to_lowercase();
    let later =
        json!({"calling_hours": {"timezone": "UTC", "slots": [{"day": name, "start": "09:00", "end": "10:00"}]}});
    home.patch(&format!("/api/campaigns/{id}"), later).await.expect(200);
    let launched = home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    assert!(launched["warnings"].to_string().contains("it waits until"), "{launched}");
    let until = json!(format!("{day}T09:00:00Z"));
    assert_eq!(home.get(&format!("/api/campaigns/{id}/progress")).await.expect(200)["waiting_until"], until);
    assert_eq!(home.get(&format!("/api/campaigns/{id}/stats")).await.expect(200)["waiting_until"], until);

    // Edited and resumed, it starts at once.
    home.act(&format!("/api/campaigns/{id}/pause")).await.expect(200);
    home.patch(&format!("/api/campaigns/{id}"), json!({"calling_hours": null})).await.expect(200);
    home.act(&format!("/api/campaigns/{id}/resume")).await.expect(200);
    home.until(&id, "completed").await;
    let progress = home.get(&format!("/api/campaigns/{id}/progress")).await.expect(200);
    assert_eq!((&progress["dialled"], &progress["waiting_until"]), (&json!(2), &json!(null)));
}
