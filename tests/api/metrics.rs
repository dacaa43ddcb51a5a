//! What is measured: as strict readers take it, and as the database has it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use canvass::access::{Role, Scope};
use canvass::api::Server;
use canvass::metrics::{CONTENT_TYPE, Metrics, Options};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::{Home, on_both_engines, send};
use crate::exposition::Exposition;
use crate::processes::{Process, SimulatorProcess, configuration};
use crate::world::{World, number};

on_both_engines!(
    figures_are_those_of_the_database,
    a_running_campaign_and_our_numbers_are_told_of,
    a_key_for_metrics_opens_nothing_else,
    requests_are_counted_by_what_they_ask_for,
    every_metric_is_documented
);

async fn scrape(home: &Home) -> Exposition {
    let reply = home.get("/metrics").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, CONTENT_TYPE), "{}", reply.text);
    assert_eq!(reply.header("cache-control"), "no-store");
    Exposition::read(&reply.text)
}

/// Scrapes until it is as it should be.
async fn until(home: &Home, so: impl Fn(&Exposition) -> bool) -> Exposition {
    for _ in 0..600 {
        let told = scrape(home).await;
        if so(&told) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never was: {:?}", scrape(home).await)
}

async fn figures_are_those_of_the_database(home: &Home) {
    let before = scrape(home).await;
    assert_eq!(before.value("canvass_calls_ended_total", &[("outcome", "answered")]), 0.0, "told from the start on");
    let campaign = home.draft("Measured").await;
    home.fill(&campaign, 0, 40).await;
    for at in [3, 7] {
        home.post("/api/dnc", json!({"phone_number": format!("+1555{:07}", 2_000_000 + at)})).await.expect(201);
    }
    home.act(&format!("/api/campaigns/{campaign}/launch")).await.expect(200);
    home.until(&campaign, "completed").await;

    // The last call's task may be about to end.
    let told = until(home, |told| {
        ["canvass_ledger_waiting", "canvass_switch_events_waiting"].iter().all(|name| told.value(name, &[]) == 0.0)
    })
    .await;
    let stats = home.get(&format!("/api/campaigns/{campaign}/stats")).await.expect(200);
    let outcomes = stats["outcomes"].as_object().expect("outcomes");
    let mut calls = 0.0;
    for (outcome, count) in outcomes {
        let count = count.as_f64().expect("a number");
        calls += count;
        assert_eq!(told.value("canvass_calls_ended_total", &[("outcome", outcome)]), count, "{outcome}");
    }
    assert!(calls >= 38.0, "{stats}");
    let value = |name: &str| told.value(name, &[]);
    assert_eq!(value("canvass_calls_placed_total"), calls);
    assert_eq!((value("canvass_calls_in_progress"), value("canvass_calls_planned")), (0.0, 0.0));
    let talked = ["answered", "voicemail"].map(|outcome| outcomes[outcome].as_f64().expect("a number"));
    assert_eq!(value("canvass_calls_answered_total"), talked.iter().sum::<f64>());
    assert_eq!(value("canvass_call_talk_seconds_count"), talked.iter().sum::<f64>());
    assert_eq!(value("canvass_call_ring_seconds_count"), talked.iter().sum::<f64>());
    let average = stats["call_metrics"]["avg_duration_seconds"].as_f64().expect("somebody answered");
    let sum = value("canvass_call_talk_seconds_sum");
    // The API rounds.
    let rounding = talked.iter().sum::<f64>();
    assert!((sum - average * talked.iter().sum::<f64>()).abs() <= rounding, "{sum} {average}");

    assert_eq!(told.value("canvass_targets_blocked_total", &[("rule", "do_not_call")]), 2.0);
    assert_eq!((value("canvass_ledger_stalled"), value("canvass_ledger_refused")), (0.0, 0.0));
    assert!(value("canvass_ledger_commit_seconds_count") >= 2.0);
    let claims = value("canvass_ledger_claim_seconds_count");
    assert!((1.0..=1_000.0).contains(&claims), "{claims}");
    let main = [("switch", "main"), ("trunk", "carrier")];
    let through: f64 = told.find("canvass_trunk_calls_total", &main).iter().map(|(_, count)| count).sum();
    assert_eq!(through, calls);
    assert_eq!(told.value("canvass_trunk_state", &[main[0], main[1], ("state", "open")]), 1.0);
    assert_eq!(told.value("canvass_trunk_calls_per_second", &main), 400.0);
    assert_eq!(told.value("canvass_switch_up", &[("switch", "main"), ("kind", "freeswitch")]), 1.0);
    assert!(told.value("canvass_switch_events_total", &[]) >= calls, "each call had its end, at least");

    let numbers = home.get("/api/phone-numbers").await.expect(200);
    for own in numbers["items"].as_array().expect("numbers") {
        let label = [("number", own["id"].as_str().expect("a number"))];
        let figures = &own["last_24_hours"];
        let float = |value: &Value| value.as_f64().expect("a number");
        assert_eq!(told.value("canvass_caller_id_day_calls", &label), float(&figures["calls"]), "{own}");
        assert_eq!(told.value("canvass_caller_id_judged_calls", &label), float(&figures["judged"]), "{own}");
        let ratios = [("answered", "answer_rate")];
        for (metric, field) in ratios {
            let told = told.value(&format!("canvass_caller_id_{metric}_ratio"), &label);
            assert!((told - float(&figures[field])).abs() < 1e-9, "{own}");
        }
        let share = float(&figures["rejected"]) / float(&figures["judged"]);
        assert!((told.value("canvass_caller_id_rejected_ratio", &label) - share).abs() < 1e-9, "{own}");
    }
    let text = home.get("/metrics").await.text;
    assert!(!text.contains("+15552"), "nobody who is called is in it");

    assert_eq!(told.value("canvass_switch_disconnects_total", &[("switch", "main")]), 0.0);
    home.simulator.drop_connections();
    let lost = until(home, |told| told.value("canvass_switch_disconnects_total", &[("switch", "main")]) >= 1.0).await;
    assert_eq!(lost.value("canvass_trunk_closures_total", &main), 0.0, "no fault of the trunk");
}

async fn a_running_campaign_and_our_numbers_are_told_of(home: &Home) {
    let name = "Say \"hi\" to {C:\\}";
    let campaign = home.draft(name).await;
    home.fill(&campaign, 0, 5).await;
    // One call a minute: it goes on for as long as this takes.
    home.patch(&format!("/api/campaigns/{campaign}"), json!({"calls_per_minute": 1})).await.expect(200);
    home.act(&format!("/api/campaigns/{campaign}/launch")).await.expect(200);
    let told = scrape(home).await;
    let label = [("campaign", campaign.as_str())];
    assert_eq!(told.find("canvass_campaign_info", &label)[0].0["name"], name);
    let targets: f64 = told.find("canvass_campaign_targets", &label).iter().map(|(_, count)| count).sum();
    assert_eq!(targets, 5.0);
    assert_eq!(told.value("canvass_campaigns_left_out", &[]), 0.0);

    let (one, other) = ("+15550100001", "+15550100002");
    let until = home.now() + SignedDuration::from_hours(2);
    let reason = "blocked as unwanted: 11.0 % of its calls, 0.1 % of the others of its pool";
    assert!(home.world.store.rest_number(number(one), until, reason).await.expect("rested"));
    home.patch(&format!("/api/phone-numbers/{other}"), json!({"active": false, "daily_cap": 9})).await.expect(200);
    let told = scrape(home).await;
    let count = |state| told.value("canvass_caller_ids", &[("state", state)]);
    assert_eq!((count("active"), count("resting"), count("inactive")), (0.0, 1.0, 1.0));
    assert_eq!(told.value("canvass_caller_id_resting", &[("number", one), ("reason", "flagged")]), 1.0);
    let ends = told.value("canvass_caller_id_rest_end_timestamp_seconds", &[]);
    assert!((ends - until.as_millisecond() as f64 / 1_000.0).abs() < 0.01, "{ends}");
    assert_eq!(told.value("canvass_caller_id_active", &[("number", other)]), 0.0);
    assert_eq!(told.value("canvass_caller_id_day_calls_limit", &[("number", other)]), 9.0);
    assert_eq!(told.find("canvass_caller_id_day_calls_limit", &[("number", one)]), Vec::<&_>::new());

    // With less room, numbers that are used are the ones told of.
    let few = Metrics::new(Options { caller_ids: 1, ..Options::new(home.world.store.clone(), home.world.clock) });
    let few = Exposition::read(&few.exposition().await.expect("written"));
    assert_eq!(few.value("canvass_caller_ids_left_out", &[]), 1.0);
    assert_eq!(few.value("canvass_caller_id_active", &[]), 1.0);
    assert_eq!(few.value("canvass_caller_ids", &[("state", "inactive")]), 1.0, "it is counted all the same");
    assert_eq!(few.value("canvass_engine_up", &[]), 0.0, "nobody told it of an engine");

    // The do-not-call list is counted beside the scrapes.
    home.post("/api/dnc", json!({"phone_number": "+15552999999"})).await.expect(201);
    let fresh = Metrics::new(Options::new(home.world.store.clone(), home.world.clock));
    for _ in 0..600 {
        let told = Exposition::read(&fresh.exposition().await.expect("written"));
        if let [(_, size)] = told.find("canvass_do_not_call_numbers", &[])[..] {
            return assert_eq!(*size, 1.0);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the list never was counted");
}

async fn a_key_for_metrics_opens_nothing_else(home: &Home) {
    let key = home.key(Role::Viewer, &[Scope::MetricsRead]).await;
    assert_eq!(send(home.request_as(Some(&key), "GET", "/metrics")).await.status, 200);
    send(home.request_as(Some(&key), "GET", "/api/campaigns")).await.expect(403);
    send(home.request_as(None, "GET", "/metrics")).await.expect(401);
    let other = home.key(Role::Admin, &[Scope::CampaignsRead]).await;
    send(home.request_as(Some(&other), "GET", "/metrics")).await.expect(403);
    send(home.request("POST", "/metrics")).await.expect(405);

    // Without a key at a listener of its own, and nothing else there.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = Server::start_metrics(listener, home.metrics.clone()).expect("a listener");
    let get = async |path| reqwest::get(format!("http://{}{path}", server.address())).await.expect("an answer");
    let reply = get("/metrics").await;
    assert_eq!(
        (reply.status().as_u16(), &reply.headers()["content-type"]),
        (200, &CONTENT_TYPE.parse().expect("ASCII"))
    );
    let told = Exposition::read(&reply.text().await.expect("text"));
    assert_eq!(told.value("canvass_engine_up", &[]), 1.0);
    for nothing in ["/", "/api/campaigns", "/healthz"] {
        assert_eq!(get(nothing).await.status().as_u16(), 404, "{nothing}");
    }
    let address = server.address();
    server.stop().await;
    assert!(reqwest::get(format!("http://{address}/metrics")).await.is_err(), "nobody listens any more");
}

async fn requests_are_counted_by_what_they_ask_for(home: &Home) {
    let campaign = home.draft("Counted").await;
    for _ in 0..3 {
        home.get(&format!("/api/campaigns/{campaign}")).await.expect(200);
    }
    home.get("/api/campaigns/00000000-0000-0000-0000-000000000000").await.expect(404);
    home.get("/no/such/path?secret=1").await.expect(404);
    send(home.request_as(None, "GET", "/api/campaigns")).await.expect(401);
    send(home.request("BREW", "/api/campaigns")).await.expect(405);
    let told = scrape(home).await;
    let count = |method, route, status| {
        told.value("canvass_http_requests_total", &[("method", method), ("route", route), ("status", status)])
    };
    assert_eq!(count("GET", "/api/campaigns/{id}", "2xx"), 3.0);
    assert_eq!(count("GET", "/api/campaigns/{id}", "4xx"), 1.0);
    assert_eq!(count("GET", "none", "4xx"), 1.0);
    assert_eq!(count("GET", "/api/campaigns", "4xx"), 1.0);
    assert_eq!(count("other", "/api/campaigns", "4xx"), 1.0);
    let all: f64 = told.find("canvass_http_requests_total", &[("method", "GET")]).iter().map(|(_, n)| n).sum();
    assert_eq!(told.value("canvass_http_request_seconds_count", &[("method", "GET")]), all);
    let text = home.get("/metrics").await.text;
    assert!(!text.contains(&campaign) && !text.contains("secret"), "no path as it was sent");
}

/// `docs/metrics.md` tells of each metric in a row: name, type, unit, labels.
async fn every_metric_is_documented(home: &Home) {
    let campaign = home.draft("Documented").await;
    home.fill(&campaign, 0, 3).await;
    home.patch(&format!("/api/campaigns/{campaign}"), json!({"calls_per_minute": 1})).await.expect(200);
    home.act(&format!("/api/campaigns/{campaign}/launch")).await.expect(200);
    let until = home.now() + SignedDuration::from_hours(2);
    assert!(home.world.store.rest_number(number("+15550100002"), until, "asked for").await.expect("rested"));
    let told = scrape(home).await;

    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md")).expect("docs");
    let mut rows: BTreeMap<&str, [&str; 3]> = BTreeMap::new();
    for line in docs.lines().filter(|line| line.starts_with("| `canvass_") || line.starts_with("| `process_")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, unit, labels, about] = cells[..] else { panic!("five cells: {line}") };
        assert!(!about.is_empty(), "{line}");
        assert!(rows.insert(name.trim_matches('`'), [kind, unit, labels]).is_none(), "twice: {line}");
    }
    let names: Vec<_> = told.0.keys().map(String::as_str).collect();
    assert_eq!(names, rows.keys().copied().collect::<Vec<_>>(), "served and documented");
    for family in told.0.values() {
        let [kind, unit, labels] = rows[family.name.as_str()];
        assert_eq!((family.kind.as_str(), family.unit.as_str()), (kind, unit), "{}", family.name);
        let documented: Vec<_> =
            labels.split(", ").map(|label| label.trim_matches('`')).filter(|l| !l.is_empty()).collect();
        for (_, (has, _)) in &family.samples {
            let has: Vec<_> = has.keys().map(String::as_str).filter(|label| *label != "le").collect();
            let mut documented = documented.clone();
            documented.sort_unstable();
            assert_eq!(has, documented, "{}", family.name);
        }
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_of_and_nothing_is_made_up() {
    let world = World::new().await;
    world.store.add_numbers(&[number("+15550100001")], world.clock.now()).await.expect("added");
    let metrics = Metrics::new(Options::new(world.store.clone(), world.clock));
    let scrape = async || Exposition::read(&metrics.exposition().await.expect("written"));
    let there = scrape().await;
    assert_eq!(there.value("canvass_database_up", &[]), 1.0);
    assert_eq!(there.value("canvass_caller_ids", &[("state", "active")]), 1.0);
    world.store.close().await;
    let away = scrape().await;
    assert_eq!(away.value("canvass_database_up", &[]), 0.0);
    assert_eq!(away.find("canvass_caller_ids", &[]).len(), 0, "what it told before may not be true any more");
    assert_eq!(away.value("canvass_build_info", &[]), 1.0, "the rest is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_without_the_api_shows_its_metrics_until_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = SimulatorProcess::start("freeswitch", "127.0.0.1:0", folder.path(), "seed = 3\n");
    let database = format!("sqlite:{}", folder.path().join("canvass.db").display());
    let config = configuration(folder.path(), &database, "freeswitch", &simulator.address);
    let text = std::fs::read_to_string(&config).expect("read") + "\n[metrics]\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(&config, text).expect("written");
    let log = folder.path().join("daemon.log");
    let mut daemon = Process::start(&["--config", &config.display().to_string(), "serve", "--no-api"], &log);
    let until = Instant::now() + Duration::from_secs(60);
    let url = loop {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        if let Some((_, rest)) = said.split_once("metrics are at ")
            && let Some((url, _)) = rest.split_once(',')
        {
            break url.to_owned();
        }
        assert!(Instant::now() < until, "metrics are shown: {said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    loop {
        let text = reqwest::get(&url).await.expect("an answer").text().await.expect("text");
        let told = Exposition::read(&text);
        let ready = told.find("canvass_switch_ready", &[("switch", "main")]);
        if ready.first().is_some_and(|(_, ready)| *ready == 1.0) {
            assert_eq!(told.value("canvass_engine_up", &[]), 1.0);
            assert_eq!(told.value("canvass_calls_limit", &[]), 500.0);
            break;
        }
        assert!(Instant::now() < until, "the switch is ready: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(daemon.terminate(Duration::from_secs(30)), Some(true));
}
