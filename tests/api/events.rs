//! What happens, as it happens.

use std::time::Duration;

use canvass::access::Role;
use canvass::api::Limits;
use canvass::campaign::{CampaignId, CampaignStatus};
use canvass::store::{Changed, StatusChange};
use serde_json::{Value, json};

use crate::api::{Home, on_both_engines, send};

on_both_engines!(
    a_campaign_is_watched_as_it_runs,
    who_comes_back_misses_nothing,
    what_others_change_is_seen_too,
    what_is_asked_for_is_checked,
);

/// An event as a client gets it.
#[derive(Clone, Debug, PartialEq)]
struct Got {
    kind: String,
    id: String,
    data: Value,
}

/// A client of a stream.
struct Client {
    response: reqwest::Response,
    text: String,
    /// The last id, as a browser keeps it.
    last: String,
    comments: u32,
}

impl Client {
    async fn open(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new(), last: String::new(), comments: 0 }
    }

    /// The next event; none: the stream has ended well.
    async fn next(&mut self) -> Option<Got> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                if let Some(got) = self.read(&block) {
                    return Some(got);
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.chunk()).await;
            let chunk = chunk.expect("something comes").expect("no broken stream")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// Waits until the stream says that it is there.
    async fn beat(&mut self) {
        while self.comments == 0 {
            let chunk = self.response.chunk().await.expect("no broken stream").expect("the stream goes on");
            for block in std::str::from_utf8(&chunk).expect("UTF-8").split_inclusive("\n\n") {
                assert_eq!(self.read(block), None, "nothing happens");
            }
        }
    }

    /// A block, by the rules of the standard.
    fn read(&mut self, block: &str) -> Option<Got> {
        let (mut kind, mut data) = (String::new(), None);
        for line in block.lines() {
            match line.split_once(": ").or_else(|| line.split_once(':')) {
                Some(("", _)) => self.comments += 1,
                Some(("event", word)) => kind = word.to_owned(),
                Some(("id", id)) => self.last = id.to_owned(),
                Some(("data", text)) => data = Some(serde_json::from_str(text).expect("JSON")),
                Some(("retry", time)) => assert!(time.parse::<u32>().is_ok()),
                other => assert!(line.is_empty(), "{other:?}"),
            }
        }
        data.map(|data| Got { kind, id: self.last.clone(), data })
    }

    /// Everything up to an event that is wanted, itself included.
    async fn until(&mut self, wanted: impl Fn(&Got) -> bool) -> Vec<Got> {
        let mut all = Vec::new();
        loop {
            all.push(self.next().await.expect("the stream goes on"));
            if all.last().is_some_and(&wanted) {
                return all;
            }
        }
    }
}

fn is_status(status: &'static str) -> impl Fn(&Got) -> bool {
    move |got: &Got| got.kind == "campaign.status" && got.data["status"] == status
}

async fn a_campaign_is_watched_as_it_runs(home: &Home) {
    let id = home.draft("Watched").await;
    let other = home.draft("Other").await;
    home.fill(&id, 0, 3).await;
    home.fill(&other, 10, 1).await;
    let mut client = Client::open(home.request("GET", &format!("/api/events?campaign={id}"))).await;
    for campaign in [&other, &id] {
        home.act(&format!("/api/campaigns/{campaign}/launch")).await.expect(200);
    }
    let mut all = client.until(is_status("completed")).await;
    // The figures may come after the end.
    if !all.iter().any(|got| got.data["progress"]["pending"] == 0 && got.data["progress"]["in_progress"] == 0) {
        all.extend(client.until(|got| got.kind == "campaign.progress").await);
    }
    assert!(all.iter().all(|got| got.data["campaign_id"] == id.as_str() && got.data["type"] == got.kind.as_str()));
    let of = |kind: &str| all.iter().filter(|got| got.kind == kind).collect::<Vec<_>>();
    let (created, ended) = (of("call.created"), of("call.ended"));
    assert_eq!((created.len(), ended.len()), (3, 3), "{all:#?}");
    for call in &created {
        assert!(call.data["phone_number"].as_str().is_some_and(|number| number.starts_with("+1555")));
        assert_eq!(call.data["attempt"], 1);
        let steps: Vec<_> =
            all.iter().filter(|got| got.data["call_id"] == call.data["call_id"]).map(|got| got.kind.as_str()).collect();
        let order = ["call.created", "call.ringing", "call.answered", "call.ended"];
        let places: Vec<_> = steps.iter().map(|step| order.iter().position(|known| known == step)).collect();
        assert!(places.is_sorted() && places.first() == Some(&Some(0)) && places.last() == Some(&Some(3)), "{steps:?}");
    }
    for call in ended {
        let (outcome, status) = (&call.data["outcome"], &call.data["contact_status"]);
        assert!(outcome.is_string() && status.is_string(), "{call:?}");
        assert!(*outcome != "answered" || call.data["talk_seconds"].is_f64(), "{call:?}");
    }
    assert!(of("campaign.status").into_iter().any(is_status("running")));
    assert_eq!(of("campaign.progress").last().expect("figures").data["progress"]["total_contacts"], 3);
}

async fn who_comes_back_misses_nothing(home: &Home) {
    let id = home.draft("Resumed").await;
    home.fill(&id, 0, 2).await;
    let path = format!("/api/events?campaign={id}&types=call.created,call.ended,campaign.status");
    let mut client = Client::open(home.request("GET", &path)).await;
    home.act(&format!("/api/campaigns/{id}/launch")).await.expect(200);
    let all = client.until(is_status("completed")).await;
    drop(client);
    for (at, seen) in all.iter().enumerate().take(all.len() - 1) {
        let again = home.request("GET", &path).header("last-event-id", &seen.id);
        let rest = Client::open(again).await.until(is_status("completed")).await;
        assert_eq!(rest, all[at + 1..], "after {}", seen.id);
    }
    let by_query = home.request("GET", &format!("{path}&last_event_id={}", all[0].id));
    assert_eq!(Client::open(by_query).await.until(is_status("completed")).await, all[1..]);
    // Of another process, or nonsense.
    for unknown in ["00000000-1", "nonsense", "ffffffff-18446744073709551615"] {
        let mut lost = Client::open(home.request("GET", &path).header("last-event-id", unknown)).await;
        assert_eq!(lost.next().await.expect("an event").kind, "resync", "{unknown}");
        // From there on it goes on as any other.
        let place = lost.last.clone();
        let copy = home.act(&format!("/api/campaigns/{id}/duplicate")).await.expect(201);
        let path = "/api/events?types=campaign.status";
        let mut found = Client::open(home.request("GET", path).header("last-event-id", place)).await;
        let copied = |got: &Got| got.data["campaign_id"] == copy["id"];
        found.until(copied).await;
    }
}

async fn what_others_change_is_seen_too(home: &Home) {
    let id = home.draft("Shared").await;
    let mut client =
        Client::open(home.request("GET", "/api/events?types=campaign.status,campaign.changed,campaign.deleted")).await;
    // Once it is known, changes of it are told.
    let path = format!("/api/campaigns/{id}");
    home.patch(&path, json!({"name": "Renamed"})).await.expect(200);
    let of_it = |got: &Got| got.data["campaign_id"] == id.as_str();
    client.until(|got| of_it(got) && got.kind != "campaign.deleted").await;
    // As the command line does it.
    let campaign: CampaignId = id.parse().expect("an id");
    let to = CampaignStatus::Cancelled;
    let change =
        StatusChange { to, from: vec![CampaignStatus::Draft], reason: Some("by hand".into()), scheduled_at: None };
    let changed = home.world.store.change_status(campaign, &change, home.world.clock.now()).await;
    assert_eq!(changed.expect("changed"), Changed::Yes);
    let seen = client.until(is_status("cancelled")).await;
    assert_eq!(seen.last().expect("it").data["reason"], "by hand");
    assert_eq!(home.delete(&path).await.status, 204);
    client.until(|got| of_it(got) && got.kind == "campaign.deleted").await;
}

async fn what_is_asked_for_is_checked(home: &Home) {
    let wrong = home.get("/api/events?types=call.ended,call.endet&campain=1").await;
    assert_eq!(wrong.fields(), ["campain"]);
    let wrong = home.get("/api/events?types=call.ended,call.endet").await.expect(422);
    assert!(wrong["errors"][0]["message"].as_str().is_some_and(|text| text.contains("call.ended")), "{wrong}");
    assert_eq!(home.get("/api/events?campaign=x").await.fields(), ["campaign"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_key_and_there_are_not_too_many() {
    let home = Home::with_limits(Limits { heartbeat: Duration::from_millis(100), ..Limits::default() }).await;
    let made = home.post("/api/api-keys", json!({"name": "screen", "role": "viewer"})).await.expect(201);
    let key = made["key"].as_str().expect("a key").to_owned();
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(Client::open(home.request_as(Some(&key), "GET", "/api/events")).await);
    }
    let many = send(home.request_as(Some(&key), "GET", "/api/events")).await;
    many.expect(429);
    assert!(!many.header("retry-after").is_empty());
    let other = home.key(Role::Viewer, &[]).await;
    drop(Client::open(home.request_as(Some(&other), "GET", "/api/events")).await);
    clients[0].beat().await;
    let id = made["api_key"]["id"].as_str().expect("an id");
    assert_eq!(home.delete(&format!("/api/api-keys/{id}")).await.status, 204);
    for client in &mut clients {
        while client.next().await.is_some() {}
        assert!(!client.last.is_empty(), "it was told where it is");
    }
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_end_with_the_daemon() {
    let home = Home::sqlite().await;
    let mut client = Client::open(home.request("GET", "/api/events")).await;
    let end = tokio::spawn(async move {
        while client.next().await.is_some() {}
        client.last
    });
    home.stop().await;
    assert!(!end.await.expect("a whole stream").is_empty());
}
