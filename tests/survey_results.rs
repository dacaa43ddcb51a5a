//! A survey from its file to its results, by the program as a user runs it;
//! the calls are written into the database as the engine writes them.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use canvass::call::{CallFacts, CallId, Detected, Given, GivenAnswer, Outcome, SurveyState, TalkFacts, TransferState};
use canvass::campaign::{AfterCall, CampaignId, CampaignStatus, Settings, TargetStatus};
use canvass::compliance::Rules;
use canvass::contact::NewContact;
use canvass::number::PhoneNumber;
use canvass::store::{CallAnswer, Claim, Claimed, LedgerBatch, Location, PlannedCall, Settlement, StatusChange, Store};
use jiff::Timestamp;
use serde_json::Value;

const SURVEY: &str = r#"
name = "Spring"
closing = ["thanks"]

[[questions]]
id = "vote"
text = "Will you vote?"
prompts = ["vote"]
choices = [{ digit = 1, label = "Yes" }, { digit = 2, label = "No", next = "end" }, { digit = 3, label = "=maybe" }]

[[questions]]
id = "issue"
prompts = ["issue"]
choices = [{ digit = 1, label = "Schools" }, { digit = 2, label = "Roads" }]

[[questions]]
id = "name"
prompts = ["why"]
spoken = { max_seconds = 20 }
"#;

struct Home {
    folder: tempfile::TempDir,
}

struct Said {
    well: bool,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a folder") };
        home.write("canvass.toml", &format!("[database]\nurl = \"sqlite:{}\"\n", home.path("canvass.db").display()));
        home.write("spring.toml", SURVEY);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn canvass(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canvass"));
        command.current_dir(self.folder.path()).env_remove("RUST_LOG").env_remove("CANVASS_CONFIG");
        let Output { status, stdout, stderr } = command.args(arguments).output().expect("canvass runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Said { well: status.success(), out: text(stdout), err: text(stderr) }
    }

    fn well(&self, arguments: &[&str]) -> String {
        let said = self.canvass(arguments);
        assert!(said.well, "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    fn error(&self, arguments: &[&str]) -> String {
        let said = self.canvass(arguments);
        assert!(!said.well, "{arguments:?}: {}", said.out);
        said.err
    }

    async fn store(&self) -> Store {
        let store = Store::open(&Location::Sqlite(self.path("canvass.db"))).await.expect("the database");
        store.migrate().await.expect("a schema");
        store
    }
}

fn at(seconds: u64) -> Timestamp {
    "2026-03-01T09:00:00Z".parse::<Timestamp>().expect("an instant") + Duration::from_secs(seconds)
}

fn key(question: &str, digit: char, label: &str) -> (String, Given) {
    (question.into(), Given::Key { digit, label: label.into() })
}

/// A campaign that asks the survey, with so many calls claimed.
async fn claimed(store: &Store, calls: usize) -> (CampaignId, Vec<Claimed>) {
    let id = CampaignId::new();
    let settings = Settings { survey: Some("Spring".into()), ..Settings::default() };
    store.create_campaign(id, "Outreach", &settings, at(0)).await.expect("a campaign");
    let number = |n: usize| PhoneNumber::from_e164(&format!("+1555{n:07}")).expect("a number");
    let contact = |n| NewContact { name: Some(format!("@Ann {n}")), ..NewContact::of(number(n)) };
    store.add_targets(id, &(0..calls).map(contact).collect::<Vec<_>>(), at(0)).await.expect("contacts");
    change(store, id, CampaignStatus::Running).await;
    let planned = |_| PlannedCall { call: CallId::new(), caller_id: number(9), switch: "fs1".into() };
    let claims = vec![Claim {
        campaign: id,
        calls: (0..calls).map(planned).collect(),
        nearby: Vec::new(),
        rules: Arc::new(Rules::laboratory()),
    }];
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    let claimed = store.commit(&batch, at(0)).await.expect("claims").remove(0).claimed;
    assert_eq!(claimed.len(), calls);
    (id, claimed)
}

async fn change(store: &Store, id: CampaignId, to: CampaignStatus) {
    let from = CampaignStatus::ALL.to_vec();
    let change = StatusChange { to, from, reason: None, scheduled_at: None };
    store.change_status(id, &change, at(0)).await.expect("a change");
}

/// Writes a call's answers as they come, then its end.
async fn call(
    store: &Store,
    id: CampaignId,
    claimed: &Claimed,
    outcome: Outcome,
    talk: TalkFacts,
    given: Vec<(String, Given)>,
) {
    let (call, target) = (claimed.planned.call, claimed.target);
    for ((question, given), position) in given.into_iter().zip(1..) {
        let answer = GivenAnswer { question, position, given, at: at(10) };
        let answers = vec![CallAnswer { call, campaign: id, target, answer }];
        store.commit(&LedgerBatch { answers, ..LedgerBatch::default() }, at(10)).await.expect("an answer");
    }
    let answered_at = (outcome == Outcome::Answered).then(|| at(5));
    let facts = CallFacts { answered_at, ended_at: Some(at(35)), talk, ..CallFacts::default() };
    let after = AfterCall { status: TargetStatus::Completed, due_at: None, uses_attempt: true, congested: false };
    let settlements = vec![Settlement { call, campaign: id, target, outcome, facts, after }];
    store.commit(&LedgerBatch { settlements, ..LedgerBatch::default() }, at(35)).await.expect("an end");
}

/// Eight calls: two complete, three partial (one opted out), one hung up before
/// the first question, a machine, a busy line.
async fn campaign(home: &Home) {
    use SurveyState::{Complete, Partial};
    let store = home.store().await;
    let (id, calls) = claimed(&store, 8).await;
    let talk = |survey| TalkFacts { survey, ..TalkFacts::default() };
    let speech = |name: &str| ("name".to_owned(), Given::Speech { recording: name.into() });
    let all = vec![key("vote", '1', "Yes"), key("issue", '2', "Roads"), speech("c0-3")];
    let recorded = TalkFacts { recording: Some("c0".into()), ..talk(Some(Complete)) };
    call(&store, id, &calls[0], Outcome::Answered, recorded, all).await;
    let no = vec![key("vote", '2', "No")];
    call(&store, id, &calls[1], Outcome::Answered, talk(Some(Complete)), no).await;
    let maybe = vec![key("vote", '3', "=maybe"), ("issue".into(), Given::Nothing)];
    call(&store, id, &calls[2], Outcome::Answered, talk(Some(Partial)), maybe).await;
    let out = TalkFacts { opted_out: true, ..talk(Some(Partial)) };
    call(&store, id, &calls[3], Outcome::Answered, out, vec![]).await;
    let connected = TalkFacts { transfer: Some(TransferState::Connected), ..talk(Some(Partial)) };
    call(&store, id, &calls[4], Outcome::Answered, connected, vec![key("vote", '1', "Yes")]).await;
    call(&store, id, &calls[5], Outcome::Answered, talk(None), vec![]).await;
    let detected = Some(Detected { answer: "machine".into(), reason: "-long".into(), at_ms: 1_800 });
    let machine = TalkFacts { detected, message_left: true, ..TalkFacts::default() };
    call(&store, id, &calls[6], Outcome::Voicemail, machine, vec![]).await;
    call(&store, id, &calls[7], Outcome::Busy, talk(None), vec![]).await;
    change(&store, id, CampaignStatus::Cancelled).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_are_what_was_answered() {
    let home = Home::new();
    assert!(home.well(&["survey", "add", "spring.toml"]).contains("\"Spring\" is kept: 3 questions"));
    campaign(&home).await;

    let json = home.well(&["survey", "results", "Outreach", "--json", "--cross", "vote", "issue"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let funnel = serde_json::json!({
        "calls": 8, "answered": 6, "before_first": 1, "partial": 3, "complete": 2,
        "opted_out": 1, "transferred": 1, "in_progress": 0,
    });
    assert_eq!(json["funnel"], funnel);
    let counted: Vec<_> = json["questions"]
        .as_array()
        .expect("questions")
        .iter()
        .map(|question| {
            ["asked", "answered", "no_answer", "spoken"].map(|field| question[field].as_u64().expect(field))
        })
        .collect();
    assert_eq!(counted, [[5, 4, 0, 0], [3, 1, 1, 0], [2, 1, 0, 1]]);
    let shares: Vec<_> = (0..3).map(|n| json["questions"][0]["choices"][n]["share"].as_f64()).collect();
    assert_eq!(shares, [Some(0.5), Some(0.25), Some(0.25)]);
    assert_eq!(json["cross"]["counts"], serde_json::json!([[0, 1], [0, 0], [0, 0]]));

    let text = home.well(&["survey", "results", "Outreach", "--cross", "vote", "issue"]);
    for part in ["8 calls placed", "1. vote  Will you vote?", "50.0 %", "left 1", "vote \\ issue", "1 (100.0 %)"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let unknown = home.error(&["survey", "results", "Outreach", "--cross", "vote", "age"]);
    assert!(unknown.contains("no question \"age\"; it has: vote, issue, name"), "{unknown}");
    assert!(home.error(&["survey", "results", "Nobody"]).contains("no campaign \"Nobody\""));
    home.write("silent.toml", "name = \"Silent\"\n");
    home.well(&["campaign", "create", "silent.toml"]);
    assert!(home.error(&["survey", "results", "Silent"]).contains("asks no survey"));
}

/// Rows by phone number, cells by column.
fn rows(csv: &str) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("a CSV");
    rows.sort_by(|a, b| a["phone_number"].cmp(&b["phone_number"]));
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_for_others_have_a_row_per_call() {
    let home = Home::new();
    home.well(&["survey", "add", "spring.toml"]);
    campaign(&home).await;

    assert!(home.well(&["survey", "results", "Outreach", "--csv", "out.csv"]).contains("8 calls written to out.csv"));
    let csv = std::fs::read_to_string(home.path("out.csv")).expect("read");
    assert_eq!(csv, home.well(&["survey", "results", "Outreach", "--csv", "-"]));
    let header =
        "call_id,phone_number,name,attempt,caller_id,answered_at,talk_seconds,outcome,survey,vote,issue,name_answer";
    assert_eq!(csv.lines().next(), Some(header));
    let rows_of_calls = rows(&csv);
    assert_eq!(rows_of_calls.len(), 8);
    let cells = |row: usize| {
        ["outcome", "survey", "vote", "issue", "name_answer", "talk_seconds"]
            .map(|column| rows_of_calls[row][column].as_str())
    };
    assert_eq!(cells(0), ["answered", "complete", "Yes", "Roads", "c0-3", "30.0"]);
    assert_eq!(cells(2), ["answered", "partial", "'=maybe", "(no answer)", "", "30.0"]);
    assert_eq!(cells(7), ["busy", "", "", "", "", ""]);
    assert_eq!(rows_of_calls[0]["name"], "'@Ann 0");

    let report = rows(&home.well(&["campaign", "report", "Outreach"]));
    let columns = ["detected", "detected_reason", "message_left", "survey", "opted_out", "transfer", "recording"];
    let cells = |row: usize| columns.map(|column| report[row][column].as_str());
    assert_eq!(cells(0), ["", "", "false", "complete", "false", "", "c0"]);
    assert_eq!(cells(3), ["", "", "false", "partial", "true", "", ""]);
    assert_eq!(cells(4), ["", "", "false", "partial", "false", "connected", ""]);
    assert_eq!(cells(6), ["machine", "'-long", "true", "", "false", "", ""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_stays_while_results_need_it() {
    let home = Home::new();
    home.well(&["survey", "add", "spring.toml"]);
    campaign(&home).await;
    let refused = home.error(&["survey", "remove", "Spring"]);
    assert!(refused.contains("the results of campaign \"Outreach\" need it"), "{refused}");
    home.write("draft.toml", "name = \"Draft\"\nsurvey = \"Spring\"\n");
    home.well(&["campaign", "create", "draft.toml"]);
    assert!(home.error(&["survey", "remove", "Spring"]).contains("asked by campaign \"Draft\""));
    // Ended campaigns and drafts let it change.
    home.write("spring.toml", &SURVEY.replace("Will you vote?", "Shall you vote?"));
    assert!(home.well(&["survey", "add", "spring.toml", "--replace"]).contains("has changed"));
    assert!(home.well(&["survey", "results", "Outreach"]).contains("Shall you vote?"));
    let store = home.store().await;
    let draft = store.campaigns().await.expect("campaigns").into_iter().find(|campaign| campaign.name == "Draft");
    change(&store, draft.expect("the draft").id, CampaignStatus::Running).await;
    store.close().await;
    let refused = home.error(&["survey", "add", "spring.toml", "--replace"]);
    assert!(refused.contains("being asked by campaign \"Draft\""), "{refused}");
}

#[test]
fn a_survey_is_kept_shown_and_removed() {
    let home = Home::new();
    assert!(home.well(&["survey", "check", "spring.toml"]).contains("can be asked: 3 questions"));
    home.well(&["survey", "add", "spring.toml"]);
    assert!(home.error(&["survey", "add", "spring.toml"]).contains("--replace"));
    home.well(&["survey", "add", "spring.toml", "--name", "Summer", "--replace"]);
    let listed = home.well(&["survey", "list"]);
    assert!(listed.contains("Spring") && listed.contains("Summer"), "{listed}");
    let shown = home.well(&["survey", "show", "Spring"]);
    for part in ["1. vote  Will you vote?", "No → the end", "Yes → issue", "up to 20 s", "thanks"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let listed: Value = serde_json::from_str(&home.well(&["survey", "list", "--json"])).expect("JSON");
    let id = listed[1]["id"].as_str().expect("an id").to_owned();
    let shown = home.well(&["survey", "show", &id, "--json"]);
    let json: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        (json["name"].as_str(), json["definition"]["questions"][2]["id"].as_str()),
        (Some("Summer"), Some("name"))
    );
    // What is shown can be added.
    home.write("again.json", &json["definition"].to_string());
    home.well(&["survey", "add", "again.json", "--name", "Autumn"]);
    assert!(home.error(&["survey", "add", "again.json"]).contains("name: is missing"));
    home.well(&["survey", "remove", &id]);
    assert!(home.error(&["survey", "remove", "Summer"]).contains("no survey \"Summer\""));
    assert!(home.error(&["survey", "show", "Summer"]).contains("no survey \"Summer\""));
}

#[test]
fn everything_wrong_with_a_file_is_told_at_once() {
    let home = Home::new();
    let wrong = SURVEY.replace("prompts = [\"issue\"]", "prompts = []").replace("digit = 3", "digit = 1");
    home.write("wrong.toml", &wrong.replace("name = \"Spring\"", "name = \"\""));
    let told = home.error(&["survey", "check", "wrong.toml"]);
    for part in [
        "wrong.toml: question 1 \"vote\" choice 3: digit: is 1, as that of choice 1",
        "question 2 \"issue\" prompts: is empty",
        "wrong.toml: name: must have 1 to 100 characters",
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    assert!(home.error(&["survey", "add", "wrong.toml", "--name", "x"]).contains("prompts: is empty"));
    assert!(home.error(&["survey", "add", "spring.toml", "--name", " x"]).contains("no spaces around"));
    assert!(home.error(&["survey", "check", "gone.toml"]).contains("gone.toml"));
    home.write("typo.toml", &SURVEY.replace("spoken", "spokn"));
    assert!(home.error(&["survey", "check", "typo.toml"]).contains("question 3 \"name\": unknown field `spokn`"));

    // A key that campaigns take unless told otherwise, and one a campaign takes.
    home.write("nine.toml", &SURVEY.replace("digit = 3", "digit = 9"));
    let said = home.canvass(&["survey", "add", "nine.toml"]);
    assert!(
        said.well && said.err.contains("warning: question 1 \"vote\" choice 3: digit: is 9, the opt-out key"),
        "{}",
        said.err
    );
    home.write("three.toml", "name = \"Three\"\nsurvey = \"Spring\"\nopt_out_digit = \"3\"\n");
    home.well(&["campaign", "create", "three.toml"]);
    let told = home.error(&["survey", "check", "spring.toml", "--campaign", "Three"]);
    assert!(told.contains("choice 3: digit: is 3, the opt-out key"), "{told}");
    home.well(&["survey", "check", "nine.toml", "--campaign", "Three"]);
}
