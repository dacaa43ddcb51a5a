//! Surveys: kept as written, changed and removed only while nobody needs them.

use canvass::campaign::{CampaignId, CampaignStatus, Settings};
use canvass::store::blocks::{BlockQuery, SurveyEdit};
use canvass::store::listing::Page;
use canvass::store::{StoredSurvey, SurveyRemoved, SurveyUpdated};
use canvass::survey::{Choice, Next, Question, Spoken, Survey, SurveyId};

use crate::bench::{Bench, later, now, on_both_engines};

on_both_engines!(
    a_survey_is_kept_and_found_by_name_and_id,
    a_name_is_given_once,
    surveys_are_listed_by_name,
    what_is_being_asked_does_not_change,
    a_survey_in_use_stays,
    results_keep_their_survey,
    a_survey_is_renamed_unless_its_name_is_needed,
    one_of_two_edits_is_made,
    surveys_come_in_pages,
);

fn question(id: &str) -> Question {
    let choice = |digit, label: &str, next| Choice { digit, label: label.into(), next };
    Question {
        id: id.into(),
        text: "Was \"gut\" so?".into(),
        prompts: vec!["ask".into(), "say:Hello {{name}}".into()],
        choices: vec![choice('1', "Yes", Next::End), choice('#', "日本", Next::Question("why".into()))],
        spoken: None,
        timeout_seconds: 7,
        retries: 2,
        invalid: vec!["wrong".into()],
        no_answer: Next::Following,
    }
}

fn survey(name: &str) -> StoredSurvey {
    let why = Question { choices: vec![], spoken: Some(Spoken::default()), no_answer: Next::End, ..question("why") };
    let survey = Survey { questions: vec![question("well"), why], closing: vec!["thanks".into()] };
    StoredSurvey { id: SurveyId::new(), name: name.into(), survey, created_at: now(), updated_at: now() }
}

async fn add(bench: &Bench, survey: &StoredSurvey) {
    assert!(bench.store.add_survey(survey).await.unwrap());
}

async fn a_survey_is_kept_and_found_by_name_and_id(bench: &Bench) {
    let mut given = survey("spr\0ing");
    given.survey.questions[0].text.push('\0');
    add(bench, &given).await;
    let kept = Some(StoredSurvey { id: given.id, ..survey("spring") });
    let id = given.id.to_string();
    for reference in ["spring", &id, &id.to_uppercase()] {
        assert_eq!(bench.store.survey(reference).await.unwrap(), kept, "{reference}");
    }
    for other in ["Spring", "sprin", "", "' OR 1=1 --", &SurveyId::new().to_string(), &id.replace('-', "")] {
        assert_eq!(bench.store.survey(other).await.unwrap(), None, "{other}");
    }
}

async fn a_name_is_given_once(bench: &Bench) {
    let first = survey("spring");
    add(bench, &first).await;
    assert!(!bench.store.add_survey(&survey("spring")).await.unwrap());
    assert_eq!(bench.store.surveys().await.unwrap(), [first]);
}

async fn surveys_are_listed_by_name(bench: &Bench) {
    assert_eq!(bench.store.surveys().await.unwrap(), []);
    for name in ["b", "B", "é", "a b", "a"] {
        add(bench, &survey(name)).await;
    }
    let listed: Vec<_> = bench.store.surveys().await.unwrap().into_iter().map(|survey| survey.name).collect();
    assert_eq!(listed, ["B", "a", "a b", "b", "é"]);
}

async fn campaign(bench: &Bench, name: &str, asks: Option<&str>, at: u64) -> CampaignId {
    let id = CampaignId::new();
    let settings = Settings { survey: asks.map(ToOwned::to_owned), ..Settings::default() };
    bench.store.create_campaign(id, name, &settings, later(at)).await.unwrap();
    id
}

async fn what_is_being_asked_does_not_change(bench: &Bench) {
    let stored = survey("spring");
    add(bench, &stored).await;
    bench.running(1).await;
    campaign(bench, "another", Some("summer"), 0).await;
    let by_name = campaign(bench, "by name", Some("spring"), 1).await;
    let by_id = campaign(bench, "by id", Some(&stored.id.to_string().to_uppercase()), 2).await;
    let mut changed = stored.survey.clone();
    changed.questions.truncate(1);
    changed.questions[0].choices[1].next = Next::Following;
    let update = async |at| bench.store.update_survey("spring", &changed, later(at)).await.unwrap();
    assert_eq!(update(5).await, SurveyUpdated::Yes, "drafts may be asked something else");
    let expected = StoredSurvey { survey: changed.clone(), updated_at: later(5), ..stored.clone() };
    assert_eq!(bench.store.survey("spring").await.unwrap(), Some(expected));
    for status in [CampaignStatus::Scheduled, CampaignStatus::Running, CampaignStatus::Paused] {
        bench.set_status(by_name, status).await;
        assert_eq!(update(6).await, SurveyUpdated::InUse(vec!["by name".into()]), "{status}");
    }
    bench.set_status(by_id, CampaignStatus::Running).await;
    assert_eq!(update(6).await, SurveyUpdated::InUse(vec!["by name".into(), "by id".into()]));
    assert_eq!(bench.store.survey("spring").await.unwrap().unwrap().updated_at, later(5));
    for id in [by_name, by_id] {
        bench.set_status(id, CampaignStatus::Cancelled).await;
    }
    assert_eq!(bench.store.update_survey(&stored.id.to_string(), &changed, now()).await.unwrap(), SurveyUpdated::Yes);
    assert_eq!(bench.store.update_survey("summer", &changed, now()).await.unwrap(), SurveyUpdated::NotFound);
}

async fn a_survey_in_use_stays(bench: &Bench) {
    let stored = survey("spring");
    add(bench, &stored).await;
    campaign(bench, "without", None, 0).await;
    let asks = campaign(bench, "asks", Some("spring"), 1).await;
    let remove = async || bench.store.remove_survey("spring").await.unwrap();
    for status in [CampaignStatus::Draft, CampaignStatus::Scheduled, CampaignStatus::Running, CampaignStatus::Paused] {
        bench.set_status(asks, status).await;
        assert_eq!(remove().await, SurveyRemoved::InUse(vec!["asks".into()]), "{status}");
    }
    bench.set_status(asks, CampaignStatus::Completed).await;
    assert_eq!(remove().await, SurveyRemoved::Yes(stored), "it was over before it called anybody");
    assert_eq!(bench.store.survey("spring").await.unwrap(), None);
    assert_eq!(remove().await, SurveyRemoved::NotFound);
}

async fn results_keep_their_survey(bench: &Bench) {
    let stored = survey("spring");
    add(bench, &stored).await;
    let asks = campaign(bench, "asks", Some(&stored.id.to_string()), 1).await;
    bench.add(asks, 0..1).await;
    bench.set_status(asks, CampaignStatus::Running).await;
    bench.claim(asks, 1).await;
    bench.set_status(asks, CampaignStatus::Cancelled).await;
    let removed = bench.store.remove_survey("spring").await.unwrap();
    assert_eq!(removed, SurveyRemoved::HasResults(vec!["asks".into()]));
    assert_eq!(bench.store.survey("spring").await.unwrap(), Some(stored));
}

async fn a_survey_is_renamed_unless_its_name_is_needed(bench: &Bench) {
    let stored = survey("spring");
    add(bench, &stored).await;
    add(bench, &survey("taken")).await;
    let rename = async |name: &str| {
        let edit = SurveyEdit { name: Some(name.into()), survey: None, if_version: None };
        bench.store.edit_survey(&stored.id.to_string(), &edit, later(3)).await.unwrap()
    };
    assert_eq!(rename("taken").await, SurveyUpdated::NameTaken);
    let by_id = campaign(bench, "by id", Some(&stored.id.to_string()), 0).await;
    bench.set_status(by_id, CampaignStatus::Running).await;
    assert_eq!(rename("summer").await, SurveyUpdated::Yes, "whoever asks it by its id does not mind");
    let kept = bench.store.survey("summer").await.unwrap().unwrap();
    assert_eq!((&kept.survey, kept.updated_at), (&stored.survey, later(3)));
    let by_name = campaign(bench, "by name", Some("summer"), 1).await;
    assert_eq!(rename("fall").await, SurveyUpdated::Named(vec!["by name".into()]));
    bench.add(by_name, 0..1).await;
    bench.set_status(by_name, CampaignStatus::Running).await;
    bench.claim(by_name, 1).await;
    bench.set_status(by_name, CampaignStatus::Cancelled).await;
    assert_eq!(rename("fall").await, SurveyUpdated::Named(vec!["by name".into()]), "its results need the name");
    let uses = bench.store.survey_uses(&kept).await.unwrap();
    assert_eq!(uses.iter().map(|one| one.id).collect::<Vec<_>>(), [by_id, by_name]);
    let none = SurveyEdit { name: None, survey: None, if_version: None };
    assert_eq!(bench.store.edit_survey("winter", &none, now()).await.unwrap(), SurveyUpdated::NotFound);
}

async fn one_of_two_edits_is_made(bench: &Bench) {
    let stored = survey("spring");
    add(bench, &stored).await;
    let edit = |text: &str| {
        let mut survey = stored.survey.clone();
        survey.closing = vec![text.into()];
        SurveyEdit { name: None, survey: Some(survey), if_version: Some(stored.updated_at) }
    };
    let (one, other) = (bench.open().await, bench.open().await);
    let (first, second) = (edit("first"), edit("second"));
    let (first, second) =
        tokio::join!(one.edit_survey("spring", &first, now()), other.edit_survey("spring", &second, now()));
    let made = [first.unwrap(), second.unwrap()];
    assert!(made.contains(&SurveyUpdated::Yes) && made.contains(&SurveyUpdated::Stale), "{made:?}");
    let kept = bench.store.survey("spring").await.unwrap().unwrap();
    assert!(kept.updated_at > stored.updated_at, "versions only grow");
}

async fn surveys_come_in_pages(bench: &Bench) {
    for name in ["b", "a", "AB"] {
        add(bench, &survey(name)).await;
    }
    let query = BlockQuery { name: Some("B".into()), descending: true, ..BlockQuery::default() };
    let listed = bench.store.survey_page(&query, Page { offset: 0, limit: 1 }).await.unwrap();
    assert_eq!((listed.items[0].name.as_str(), listed.total), ("b", 2));
}

/// A campaign that begins to ask a survey while it is changed: whoever comes
/// second sees the first, even if the first is not committed yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_waits_for_a_campaign_that_begins_to_ask() {
    let name = "surveys::postgres_waits_for_a_campaign_that_begins_to_ask";
    let Some(bench) = Bench::postgres(name).await else { return };
    let stored = survey("spring");
    add(&bench, &stored).await;
    let asks = campaign(&bench, "asks", None, 0).await;
    bench.set_status(asks, CampaignStatus::Paused).await;
    let begins = "UPDATE campaigns SET settings = jsonb_set(settings, '{survey}', '\"spring\"'); SELECT pg_sleep(2)";
    let locked = "SELECT mode, count(*)::bigint FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
        JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
        WHERE c.relname = 'campaigns' AND mode = 'RowExclusiveLock' AND granted GROUP BY mode";
    let change = async {
        // Once the campaign's edit goes on; bounded.
        for _ in 0..100 {
            if !bench.pairs(locked.into()).await.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let mut changed = stored.survey.clone();
        changed.closing.clear();
        bench.store.update_survey("spring", &changed, later(1)).await.unwrap()
    };
    let ((), changed) = tokio::join!(bench.execute(begins), change);
    assert_eq!(changed, SurveyUpdated::InUse(vec!["asks".into()]));
    assert_eq!(bench.store.remove_survey("spring").await.unwrap(), SurveyRemoved::InUse(vec!["asks".into()]));
    assert_eq!(bench.store.survey("spring").await.unwrap(), Some(stored));
}
