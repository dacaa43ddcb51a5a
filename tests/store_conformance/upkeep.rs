//! What may go wrong half-way: launches from an old version, copies and
//! deletions that break off, rows that cannot be read, requests nobody repeats.

use canvass::access::{ApiKey, KeySecret, Role};
use canvass::call::{Given, Outcome, TalkFacts};
use canvass::campaign::{CampaignId, CampaignStatus, Settings, TargetAction, TargetStatus};
use canvass::contact::NewContact;
use canvass::store::listing::{
    Begun, COUNTED, CallQuery, CallSort, CampaignLaunch, CampaignQuery, ContactsAdded, Copied, Draft, Edited, Page,
    TargetChanged,
};
use canvass::store::{Changed, LedgerBatch, Location, StatusChange};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::answers::{given, speech};
use crate::bench::{Bench, later, now, number, on_both_engines, settlement};

on_both_engines!(
    a_launch_from_an_old_version_loses,
    contacts_are_added_while_nobody_dials,
    a_copy_is_on_no_list_until_it_is_done,
    a_deletion_broken_off_is_found,
    recordings_of_deleted_calls_are_noted,
    names_are_found_whatever_the_case,
    a_campaign_that_cannot_be_read_hides_no_other,
    old_requests_are_forgotten,
    a_list_too_long_to_sort,
    the_lengths_kept_are_those_counted,
);

const ALL: Page = Page { offset: 0, limit: 500 };

async fn a_launch_from_an_old_version_loses(bench: &Bench) {
    let id = bench.draft().await;
    let known = async || bench.store.versioned_campaign(id).await.unwrap().unwrap();
    let version = known().await.updated_at;
    let launch = |version| CampaignLaunch { version, scheduled_at: None, max_concurrent: Some(7) };
    let edited = Settings { retry_attempts: 2, ..Settings::default() };
    assert_eq!(bench.store.set_settings(id, &edited, now()).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.launch_campaign(id, &launch(version), later(1)).await.unwrap(), Edited::Stale);
    assert_eq!(known().await.campaign.status, CampaignStatus::Draft);

    let version = known().await.updated_at;
    assert_eq!(bench.store.launch_campaign(id, &launch(version), later(1)).await.unwrap(), Edited::Yes);
    let running = known().await;
    assert_eq!((running.campaign.status, running.campaign.started_at), (CampaignStatus::Running, Some(later(1))));
    assert_eq!(running.campaign.settings, Settings { max_concurrent: 7, ..edited });
    let again = bench.store.launch_campaign(id, &launch(running.updated_at), later(2)).await.unwrap();
    assert_eq!(again, Edited::Conflict(CampaignStatus::Running));

    bench.set_status(id, CampaignStatus::Paused).await;
    let version = known().await.updated_at;
    let tomorrow = CampaignLaunch { version, scheduled_at: Some(later(86_400)), max_concurrent: None };
    assert_eq!(bench.store.launch_campaign(id, &tomorrow, later(3)).await.unwrap(), Edited::Yes);
    let scheduled = known().await.campaign;
    assert_eq!((scheduled.status, scheduled.scheduled_at), (CampaignStatus::Scheduled, Some(later(86_400))));
    assert_eq!(scheduled.settings.max_concurrent, 7);
    let nobody = bench.store.launch_campaign(CampaignId::new(), &tomorrow, now()).await.unwrap();
    assert_eq!(nobody, Edited::NotFound);
}

async fn contacts_are_added_while_nobody_dials(bench: &Bench) {
    let id = bench.draft().await;
    let contacts = [NewContact::of(number(1)), NewContact::of(number(2)), NewContact::of(number(1))];
    let add = async |id| bench.store.add_contacts(id, &contacts, now()).await.unwrap();
    let ContactsAdded::Yes(added) = add(id).await else { panic!("a draft takes contacts") };
    assert_eq!((added.added, added.duplicates), (2, vec![2]));
    bench.set_status(id, CampaignStatus::Paused).await;
    assert!(matches!(add(id).await, ContactsAdded::Yes(added) if added.added == 0));
    for status in [CampaignStatus::Running, CampaignStatus::Cancelled] {
        bench.set_status(id, status).await;
        assert_eq!(add(id).await, ContactsAdded::Conflict(status));
    }
    assert_eq!(add(CampaignId::new()).await, ContactsAdded::NotFound);
    bench.assert_tally(id).await;
}

async fn a_copy_is_on_no_list_until_it_is_done(bench: &Bench) {
    let source = bench.running(3).await;
    let id = CampaignId::new();
    let draft = Draft { id, name: "copy".into(), settings: Settings::default(), scheduled_at: None };
    bench.store.begin_copy(&draft, now()).await.unwrap();
    bench.store.copy_targets(source, id, &Copied::All, now()).await.unwrap();
    let listed = async || bench.store.campaign_page(&CampaignQuery::default(), ALL).await.unwrap().total;
    assert_eq!((listed().await, bench.store.campaigns().await.unwrap().len()), (1, 1));
    let half = bench.store.versioned_campaign(id).await.unwrap().unwrap();
    let launch = CampaignLaunch { version: half.updated_at, scheduled_at: None, max_concurrent: None };
    let refused = bench.store.launch_campaign(id, &launch, now()).await.unwrap();
    assert_eq!(refused, Edited::Conflict(CampaignStatus::Cancelled), "nobody launches half a copy");
    assert_eq!(bench.store.unfinished_campaigns(now()).await.unwrap(), []);
    assert_eq!(bench.store.unfinished_campaigns(later(1)).await.unwrap(), [id]);

    assert!(bench.store.finish_copy(id, later(1)).await.unwrap());
    let whole = bench.store.campaign(id).await.unwrap().unwrap();
    assert_eq!((whole.status, whole.reason, whole.finished_at), (CampaignStatus::Draft, None, None));
    assert_eq!(listed().await, 2);
    assert_eq!(bench.store.unfinished_campaigns(later(9)).await.unwrap(), []);
    assert!(!bench.store.finish_copy(id, later(2)).await.unwrap(), "once");
}

async fn a_deletion_broken_off_is_found(bench: &Bench) {
    let (gone, id) = (bench.draft().await, bench.draft().await);
    bench.add(id, 0..3).await;
    assert_eq!(bench.store.delete_campaign(gone, now()).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.unfinished_campaigns(later(1)).await.unwrap(), []);
    // As after its first step.
    bench
        .execute("UPDATE campaigns SET status = 'cancelled', finished_at = created_at, unfinished_since = created_at")
        .await;
    assert_eq!(bench.store.unfinished_campaigns(later(1)).await.unwrap(), [id]);
    assert!(!bench.store.finish_copy(id, later(1)).await.unwrap(), "it is no copy");
    assert_eq!(bench.store.delete_campaign(id, later(1)).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.campaign(id).await.unwrap(), None);
}

async fn recordings_of_deleted_calls_are_noted(bench: &Bench) {
    let id = bench.running(3).await;
    let claimed = bench.claim(id, 3).await.claimed;
    let said = vec![given(id, &claimed[1], 1, speech("said-1")), given(id, &claimed[1], 2, Given::Nothing)];
    bench.store.commit(&LedgerBatch { answers: said, ..LedgerBatch::default() }, now()).await.unwrap();
    for (claimed, recording) in claimed.iter().zip([Some("whole"), Some("both"), None]) {
        let mut end = settlement(id, claimed, Outcome::Answered, TargetStatus::Completed);
        end.facts.talk = TalkFacts { recording: recording.map(Into::into), ..TalkFacts::default() };
        bench.settle(vec![end]).await;
    }
    bench.set_status(id, CampaignStatus::Cancelled).await;
    assert_eq!(bench.store.recordings_to_delete(later(9), 10).await.unwrap(), []);
    assert_eq!(bench.store.delete_campaign(id, later(5)).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.campaign(id).await.unwrap(), None);
    assert_eq!(bench.store.recordings_to_delete(later(4), 10).await.unwrap(), [], "not yet");
    let due = async |at| {
        let mut names = bench.store.recordings_to_delete(later(at), 10).await.unwrap();
        names.sort();
        names.into_iter().map(|(name, added)| (name, added == later(5))).collect::<Vec<_>>()
    };
    let noted = |names: &[&str]| names.iter().map(|name| (name.to_string(), true)).collect::<Vec<_>>();
    assert_eq!(due(5).await, noted(&["both", "said-1", "whole"]));
    bench.store.recordings_deleted(&["both".into()], &[("whole".into(), later(60))]).await.unwrap();
    assert_eq!(due(5).await, noted(&["said-1"]));
    assert_eq!(due(60).await, noted(&["said-1", "whole"]));
}

async fn names_are_found_whatever_the_case(bench: &Bench) {
    for name in ["ÄRZTE Wien", "Straße", "ΟΔΟΣ", "plain"] {
        bench.store.create_campaign(CampaignId::new(), name, &Settings::default(), now()).await.unwrap();
    }
    // As a version before left it.
    bench.execute("UPDATE campaigns SET name_folded = NULL WHERE name = 'plain'").await;
    for (part, found) in [("ärzte", 1), ("STRASSE", 1), ("οδος", 1), ("PLAIN", 1), ("arzte", 0)] {
        let query = CampaignQuery { name: Some(part.into()), ..CampaignQuery::default() };
        assert_eq!(bench.store.campaign_page(&query, ALL).await.unwrap().total, found, "{part}");
    }
}

async fn a_campaign_that_cannot_be_read_hides_no_other(bench: &Bench) {
    let (broken, good) = (bench.running(1).await, bench.running(0).await);
    let id = match &bench.location {
        Location::Sqlite(_) => format!("x'{}'", broken.0.simple()),
        Location::Postgres(_) => format!("'{broken}'"),
    };
    bench.execute(&format!("UPDATE campaigns SET settings = '{{\"max_concurrent\": \"many\"}}' WHERE id = {id}")).await;
    let active = bench.store.active_campaigns().await.unwrap();
    assert_eq!(active.campaigns.iter().map(|campaign| campaign.id).collect::<Vec<_>>(), [good]);
    let unreadable: Vec<_> = active.unreadable.iter().map(|(id, error)| (*id, error.to_string())).collect();
    assert!(matches!(unreadable.as_slice(), [(id, error)] if *id == broken && error.contains("settings")));
    let listed = bench.store.campaign_page(&CampaignQuery::default(), ALL).await.unwrap();
    assert_eq!((listed.items.len(), listed.total), (1, 2));
}

async fn old_requests_are_forgotten(bench: &Bench) {
    let secret = KeySecret::generate().unwrap();
    let key = ApiKey::new(&secret, "x".into(), Role::Admin, now());
    let by = key.id.0;
    bench.store.add_api_key(&key).await.unwrap();
    let begin = async |key: &str, at| {
        bench.store.begin_idempotent(by, key, &[1; 32], later(at), later(at - 600), later(at - 86_400)).await.unwrap()
    };
    for at in 0..10 {
        assert_eq!(begin(&format!("key-{at}"), 100_000 + at).await, Begun::Fresh);
    }
    assert_eq!(begin("key-1", 100_600).await, Begun::Running);
    assert_eq!(begin("key-1", 100_602).await, Begun::Fresh, "broken off: ten minutes are over");
    // Asking for one key touches no other.
    let left = async || bench.pairs("SELECT 'rows', count(*) FROM idempotency".into()).await[0].1;
    assert_eq!(left().await, 10);
    assert_eq!(bench.store.forget_idempotent(later(100_005), later(0)).await.unwrap(), 4);
    assert_eq!(left().await, 6);
    assert_eq!(bench.store.forget_idempotent(later(0), later(200_000)).await.unwrap(), 6);
    assert_eq!(left().await, 0);
}

async fn a_list_too_long_to_sort(bench: &Bench) {
    let id = bench.running(3).await;
    bench.claim(id, 1).await;
    let page = async |query: CallQuery| bench.store.call_page(id, &query, ALL).await.unwrap();
    let longest = CallQuery { sort: CallSort::Talk, descending: true, ..CallQuery::default() };
    assert_eq!(page(longest.clone()).await.unwrap().total, 1);
    // As after very many calls.
    bench
        .execute(&format!(
            "INSERT INTO campaign_tally (campaign_id, kind, key, count) SELECT id, 'outcome', 'busy', {COUNTED}
             FROM campaigns"
        ))
        .await;
    assert_eq!(page(longest.clone()).await, None);
    assert_eq!(page(CallQuery::default()).await.unwrap().total, COUNTED + 1, "a counter knows");
    assert_eq!(page(CallQuery { outcomes: vec![Outcome::Answered], ..longest.clone() }).await.unwrap().total, 0);
    assert_eq!(page(CallQuery { from: Some(now()), ..longest }).await.unwrap().total, 1, "few fit");
}

async fn the_lengths_kept_are_those_counted(bench: &Bench) {
    let id = bench.running(4).await;
    let claimed = bench.claim(id, 4).await.claimed;
    // One in two steps, two at once, one that nobody answered.
    let answered = vec![(claimed[0].planned.call, later(1))];
    bench.store.commit(&LedgerBatch { answered, ..LedgerBatch::default() }, now()).await.unwrap();
    let end = |at: usize, answered: Option<u64>, ended| {
        let mut end = settlement(id, &claimed[at], Outcome::Answered, TargetStatus::Completed);
        (end.facts.answered_at, end.facts.ended_at) = (answered.map(later), Some(later(ended)));
        end
    };
    bench.settle(vec![end(0, None, 4)]).await;
    bench.settle(vec![end(1, Some(10), 20), end(2, Some(10), 12)]).await;
    bench.settle(vec![settlement(id, &claimed[3], Outcome::Busy, TargetStatus::Busy)]).await;
    // Nothing counts twice.
    bench.settle(vec![end(1, Some(10), 90)]).await;
    let metrics = bench.store.call_metrics(id).await.unwrap();
    assert_eq!((metrics.talked, metrics.average), (3, Some(5.0)));
    assert_eq!((metrics.longest, metrics.shortest), (Some(10.0), Some(2.0)));
}

/// A transaction of another process on Postgres, and whether somebody waits
/// for it.
struct Other {
    watcher: PgConnection,
    holder: PgConnection,
}

impl Other {
    async fn holding(bench: &Bench, statements: &str) -> Self {
        let Location::Postgres(url) = &bench.location else { panic!("Postgres only") };
        let connect = async || PgConnection::connect(url.expose_secret()).await.unwrap();
        let (watcher, mut holder) = (connect().await, connect().await);
        let begun = format!("BEGIN; {statements}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(begun)).execute(&mut holder).await.unwrap();
        Self { watcher, holder }
    }

    /// Commits once the task waits for it, or has ended without waiting.
    async fn commit_under<T>(mut self, task: &tokio::task::JoinHandle<T>) {
        let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)";
        for _ in 0..1_000 {
            if task.is_finished() || sqlx::query_scalar(waits).fetch_one(&mut self.watcher).await.unwrap() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        sqlx::raw_sql("COMMIT").execute(&mut self.holder).await.unwrap();
    }
}

const CANCEL: &str = "UPDATE campaigns SET status = 'cancelled'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_called_again_in_a_campaign_just_cancelled() {
    let name = "upkeep::nobody_is_called_again_in_a_campaign_just_cancelled";
    let Some(bench) = Bench::postgres(name).await else { return };
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed;
    bench.settle(vec![settlement(id, &claimed[0], Outcome::Busy, TargetStatus::Busy)]).await;
    let other = Other::holding(&bench, CANCEL).await;
    let (store, target) = (bench.store.clone(), claimed[0].target);
    let retry = tokio::spawn(async move { store.change_target(id, target, TargetAction::Retry, now()).await });
    other.commit_under(&retry).await;
    let changed = retry.await.unwrap().unwrap();
    assert!(matches!(changed, TargetChanged::Refused { .. }), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_added_to_a_campaign_just_cancelled() {
    let name = "upkeep::nobody_is_added_to_a_campaign_just_cancelled";
    let Some(bench) = Bench::postgres(name).await else { return };
    let id = bench.draft().await;
    let other = Other::holding(&bench, CANCEL).await;
    let store = bench.store.clone();
    let add = tokio::spawn(async move { store.add_contacts(id, &[NewContact::of(number(1))], now()).await });
    other.commit_under(&add).await;
    assert_eq!(add.await.unwrap().unwrap(), ContactsAdded::Conflict(CampaignStatus::Cancelled));
}

/// Whoever becomes due while the end of a campaign is being written keeps it
/// running.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_does_not_end_over_a_target_just_due() {
    let name = "upkeep::a_campaign_does_not_end_over_a_target_just_due";
    let Some(bench) = Bench::postgres(name).await else { return };
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed;
    bench.settle(vec![settlement(id, &claimed[0], Outcome::Busy, TargetStatus::Busy)]).await;
    let retried = "SELECT 1 FROM campaigns FOR SHARE; UPDATE campaign_contacts SET due_at = now()";
    let other = Other::holding(&bench, retried).await;
    let store = bench.store.clone();
    let complete = tokio::spawn(async move {
        let (to, from) = (CampaignStatus::Completed, vec![CampaignStatus::Running]);
        store.change_status(id, &StatusChange { to, from, reason: None, scheduled_at: None }, now()).await
    });
    other.commit_under(&complete).await;
    assert_eq!(complete.await.unwrap().unwrap(), Changed::Conflict(CampaignStatus::Running));
}
