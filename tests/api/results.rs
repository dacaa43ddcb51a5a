//! What came of a campaign. Its calls are written as the engine writes them, at
//! a time when the engine beside has nothing to do.

use std::time::Duration;

use canvass::call::{CallFacts, CallId, Given, GivenAnswer, Outcome, SurveyState, TalkFacts};
use canvass::campaign::{AfterCall, CampaignId, CampaignStatus, TargetStatus};
use canvass::contact::NewContact;
use canvass::number::PhoneNumber;
use canvass::store::{CallAnswer, Claim, Claimed, LedgerBatch, PlannedCall, Settlement, StatusChange};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};
use crate::surveys::spring;

on_both_engines!(
    a_campaigns_results_are_counted,
    results_without_a_survey_are_its_calls,
    results_of_many_calls_come_in_steps,
);

/// Nobody is due for long.
fn at(seconds: u64) -> Timestamp {
    "2100-03-01T09:00:00Z".parse::<Timestamp>().expect("an instant") + Duration::from_secs(seconds)
}

fn number(n: usize) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1555{n:07}")).expect("a number")
}

/// So many calls of a campaign, claimed at this time.
async fn claim(home: &Home, id: CampaignId, first: usize, count: usize, seconds: u64) -> Vec<Claimed> {
    let contact = |n| NewContact { name: Some(format!("=Ann {n}")), ..NewContact::of(number(n)) };
    let contacts: Vec<_> = (first..first + count).map(contact).collect();
    home.world.store.add_targets(id, &contacts, at(seconds)).await.expect("contacts");
    change(home, id, CampaignStatus::Running).await;
    let planned = |_| PlannedCall { call: CallId::new(), caller_id: number(9), switch: "main".into() };
    let claims = vec![Claim {
        campaign: id,
        calls: (0..count).map(planned).collect(),
        nearby: Vec::new(),
        rules: std::sync::Arc::new(canvass::compliance::Rules::laboratory()),
    }];
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    let claimed = home.world.store.commit(&batch, at(seconds)).await.expect("claims").remove(0).claimed;
    change(home, id, CampaignStatus::Paused).await;
    assert_eq!(claimed.len(), count);
    claimed
}

async fn change(home: &Home, id: CampaignId, to: CampaignStatus) {
    let from = CampaignStatus::ALL.to_vec();
    let change = StatusChange { to, from, reason: None, scheduled_at: None };
    home.world.store.change_status(id, &change, at(0)).await.expect("a change");
}

/// Calls that ended so, each with these answers.
async fn end(
    home: &Home,
    id: CampaignId,
    calls: &[Claimed],
    outcome: Outcome,
    survey: Option<SurveyState>,
    given: &[(&str, char, &str)],
) {
    let mut batch = LedgerBatch::default();
    for claimed in calls {
        let (call, target) = (claimed.planned.call, claimed.target);
        for ((question, digit, label), position) in given.iter().zip(1..) {
            let given = Given::Key { digit: *digit, label: (*label).into() };
            let answer = GivenAnswer { question: (*question).into(), position, given, at: at(10) };
            batch.answers.push(CallAnswer { call, campaign: id, target, answer });
        }
        let talk = TalkFacts { survey, ..TalkFacts::default() };
        let answered_at = (outcome == Outcome::Answered).then(|| at(5));
        let facts = CallFacts { answered_at, ended_at: Some(at(35)), talk, ..CallFacts::default() };
        let after = AfterCall { status: TargetStatus::Completed, due_at: None, uses_attempt: true, congested: false };
        batch.settlements.push(Settlement { call, campaign: id, target, outcome, facts, after });
    }
    home.world.store.commit(&batch, at(35)).await.expect("ends");
}

async fn asks(home: &Home, survey: &Value) -> CampaignId {
    let id = home.draft("Outreach").await;
    home.patch(&format!("/api/campaigns/{id}"), json!({"survey": survey["name"]})).await.expect(200);
    id.parse().expect("an id")
}

async fn text(home: &Home, path: &str) -> Vec<Vec<String>> {
    let reply = home.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.header("content-type").starts_with("text/csv"));
    reply.text.lines().map(|line| line.split(',').map(ToOwned::to_owned).collect()).collect()
}

async fn a_campaigns_results_are_counted(home: &Home) {
    let survey = home.post("/api/surveys", spring()).await.expect(201);
    let id = asks(home, &survey).await;
    let early = claim(home, id, 100, 5, 0).await;
    let late = claim(home, id, 200, 2, 1_000).await;
    let yes = [("vote", '1', "Yes")];
    end(home, id, &early[..2], Outcome::Answered, Some(SurveyState::Partial), &yes).await;
    end(home, id, &early[2..3], Outcome::Answered, Some(SurveyState::Complete), &[("vote", '2', "No")]).await;
    end(home, id, &early[3..], Outcome::Busy, None, &[]).await;
    end(home, id, &late[..1], Outcome::Answered, Some(SurveyState::Partial), &[]).await;
    let path = format!("/api/campaigns/{id}/results");
    let results = home.get(&path).await.expect(200);
    let calls = &results["calls"];
    let counts = ["total", "in_progress", "answered", "talk_seconds"].map(|name| calls[name].as_u64().expect(name));
    assert_eq!(counts, [7, 1, 4, 120]);
    assert_eq!((&calls["outcomes"]["answered"], &calls["outcomes"]["busy"]), (&json!(4), &json!(2)));
    let asked = &results["survey"];
    assert_eq!((&asked["id"], &asked["name"], &asked["cross"]), (&survey["id"], &json!("Spring"), &Value::Null));
    let funnel = ["calls", "answered", "before_first", "partial", "complete"];
    let funnel = funnel.map(|name| asked["funnel"][name].as_u64().expect(name));
    assert_eq!(funnel, [7, 4, 0, 3, 1]);
    let vote = &asked["questions"][0];
    assert_eq!((&vote["asked"], &vote["answered"]), (&json!(4), &json!(3)));
    assert_eq!(vote["choices"][0], json!({"digit": "1", "label": "Yes", "count": 2, "share": 0.6667}));

    let crossed = home.get(&format!("{path}?cross=vote,why")).await.expect(200);
    assert_eq!(crossed["survey"]["cross"]["rows"], "vote");
    for wrong in ["vote", "vote,nothing", ","] {
        assert_eq!(home.get(&format!("{path}?cross={wrong}")).await.fields(), ["cross"], "{wrong}");
    }
    let late = home.get(&format!("{path}?from=2100-03-01T09:10:00Z")).await.expect(200);
    assert_eq!((&late["calls"]["total"], &late["survey"]["funnel"]["partial"]), (&json!(2), &json!(1)));
    let early = home.get(&format!("{path}?to=2100-03-01T09:10:00Z")).await.expect(200);
    assert_eq!(early["calls"]["total"], 5);
    let wrong = format!("{path}?from=2100-03-01&to=1970-01-01T00:00:00Z&crss=x");
    assert_eq!(home.get(&wrong).await.fields(), ["crss", "from"]);
    assert_eq!(home.get(&format!("{path}?to=1970-01-01T00:00:00Z")).await.fields(), ["to"]);
    let backwards = format!("{path}?from=2100-03-01T09:10:00Z&to=2100-03-01T09:00:00Z");
    assert_eq!(home.get(&backwards).await.fields(), ["to"]);

    let rows = text(home, &format!("{path}.csv")).await;
    assert_eq!(rows.len(), 8);
    assert_eq!(rows[0][7..], ["outcome", "survey", "vote", "why"]);
    assert_eq!(
        (rows[1][2].as_str(), &rows[1][7..]),
        ("'=Ann 100", &["answered", "partial", "Yes", ""].map(Into::into)[..])
    );
    assert_eq!(text(home, &format!("{path}.csv?from=2100-03-01T09:10:00Z")).await.len(), 3);
    home.get("/api/campaigns/00000000-0000-0000-0000-000000000000/results").await.expect(404);
    home.get("/api/campaigns/00000000-0000-0000-0000-000000000000/results.csv").await.expect(404);
}

async fn results_without_a_survey_are_its_calls(home: &Home) {
    let id: CampaignId = home.draft("No questions").await.parse().expect("an id");
    let calls = claim(home, id, 100, 3, 0).await;
    end(home, id, &calls[..2], Outcome::Voicemail, None, &[]).await;
    let path = format!("/api/campaigns/{id}/results");
    let results = home.get(&path).await.expect(200);
    assert_eq!((&results["survey"], &results["calls"]["outcomes"]["voicemail"]), (&Value::Null, &json!(2)));
    assert_eq!(home.get(&format!("{path}?cross=a,b")).await.fields(), ["cross"]);
    let rows = text(home, &format!("{path}.csv")).await;
    assert_eq!((rows.len(), rows[0].len()), (4, 9));
}

async fn results_of_many_calls_come_in_steps(home: &Home) {
    let survey = home.post("/api/surveys", spring()).await.expect(201);
    let id = asks(home, &survey).await;
    let calls = claim(home, id, 1_000, 4_500, 0).await;
    end(home, id, &calls, Outcome::Answered, Some(SurveyState::Complete), &[("vote", '1', "Yes")]).await;
    let path = format!("/api/campaigns/{id}/results");
    // Several at once: all are answered, and all the same.
    let asked = (0..4).map(|_| send(home.request("GET", &path)));
    for results in futures_util::future::join_all(asked).await {
        let results = results.expect(200);
        assert_eq!(
            (&results["calls"]["total"], &results["survey"]["funnel"]["complete"]),
            (&json!(4_500), &json!(4_500))
        );
        assert_eq!(results["survey"]["questions"][0]["choices"][0]["count"], 4_500);
    }
    let rows = text(home, &format!("{path}.csv")).await;
    assert_eq!(rows.len(), 4_501);
    let mut ids: Vec<_> = rows[1..].iter().map(|row| row[0].clone()).collect();
    assert!(ids.is_sorted(), "in order of dialing");
    ids.dedup();
    assert_eq!(ids.len(), 4_500, "each once");
}
