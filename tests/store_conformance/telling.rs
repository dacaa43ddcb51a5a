//! What webhooks are told is written with the facts, and the audit log keeps
//! what it was told.

use canvass::call::{CallFacts, Given, GivenAnswer, Outcome, SurveyState, TalkFacts};
use canvass::campaign::{CampaignId, CampaignStatus, TargetStatus};
use canvass::store::telling::{
    AuditEntry, AuditFrom, AuditQuery, Delivery, DeliveryStatus, Then, Tried, Webhook, WebhookEdit, WebhookEdited,
};
use canvass::store::{CallAnswer, Claimed, DoNotCall, LedgerBatch, Location, Settlement};
use canvass::webhook::{EventId, EventType, SigningSecret, WebhookId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::bench::{Bench, later, now, number, on_both_engines, settlement};

on_both_engines!(
    webhooks_are_kept_changed_and_removed,
    the_end_of_a_call_is_told_with_all_there_is,
    what_nobody_wants_to_know_is_not_told,
    a_campaign_and_the_do_not_call_list_are_told_of,
    deliveries_are_taken_once_and_tried_again,
    a_webhook_that_takes_nothing_is_switched_off,
    what_was_told_long_ago_is_removed,
    the_audit_log_is_only_added_to,
    the_audit_log_is_read_in_parts,
    campaigns_that_changed_are_found,
);

fn webhook(events: &[EventType]) -> Webhook {
    Webhook {
        id: WebhookId::new(),
        url: "https://example.com/hook".into(),
        description: Some("C\0RM".into()),
        events: events.to_vec(),
        active: true,
        secret: SigningSecret::kept("whsec_1".into()),
        old_secret: None,
        created_at: now(),
        updated_at: now(),
        failing_since: None,
        disabled_reason: None,
    }
}

/// A webhook that is told of these.
async fn told_of(bench: &Bench, events: &[EventType]) -> WebhookId {
    let webhook = webhook(events);
    assert!(bench.store.add_webhook(&webhook, 100).await.unwrap());
    webhook.id
}

async fn all_told(bench: &Bench, id: WebhookId) -> Vec<Delivery> {
    bench.store.deliveries(id, None, None, 500).await.unwrap()
}

async fn events_told(bench: &Bench, id: WebhookId) -> Vec<&'static str> {
    let mut events: Vec<_> = all_told(bench, id).await.iter().map(|delivery| delivery.event.as_str()).collect();
    events.sort_unstable();
    events
}

async fn webhooks_are_kept_changed_and_removed(bench: &Bench) {
    let store = &bench.store;
    let made = webhook(&[EventType::CallEnded, EventType::DncAdded]);
    assert!(store.add_webhook(&made, 1).await.unwrap());
    assert!(!store.add_webhook(&webhook(&[EventType::CallEnded]), 1).await.unwrap(), "there may be one");
    let kept = store.webhook(made.id).await.unwrap().unwrap();
    assert_eq!((kept.url.as_str(), kept.description.as_deref()), ("https://example.com/hook", Some("CRM")));
    assert_eq!((kept.events.clone(), kept.secret.expose()), (made.events, "whsec_1"));
    let edit = WebhookEdit {
        url: "https://example.com/other".into(),
        description: None,
        events: vec![EventType::CampaignCompleted],
        active: false,
        if_version: Some(now()),
    };
    assert_eq!(store.edit_webhook(made.id, &edit, now()).await.unwrap(), WebhookEdited::Yes);
    assert_eq!(store.edit_webhook(made.id, &edit, now()).await.unwrap(), WebhookEdited::Stale, "versions grow");
    assert_eq!(store.edit_webhook(WebhookId::new(), &edit, now()).await.unwrap(), WebhookEdited::NotFound);
    let new = SigningSecret::kept("whsec_2".into());
    assert!(store.rotate_webhook_secret(made.id, &new, later(60), later(1)).await.unwrap());
    let kept = store.webhooks().await.unwrap().pop().unwrap();
    let (old, until) = kept.old_secret.unwrap();
    assert_eq!((kept.secret.expose(), old.expose(), until), ("whsec_2", "whsec_1", later(60)));
    assert!(!kept.active && kept.updated_at == later(1));
    assert!(!store.add_test_delivery(made.id, EventId::at(now()), now()).await.unwrap(), "it is not active");
    assert!(store.remove_webhook(made.id, now()).await.unwrap());
    assert!(!store.remove_webhook(made.id, now()).await.unwrap());
    assert!(store.webhooks().await.unwrap().is_empty());
}

fn answered(id: CampaignId, claimed: &Claimed) -> Settlement {
    let talk = TalkFacts { survey: Some(SurveyState::Complete), opted_out: true, ..TalkFacts::default() };
    let facts = CallFacts { answered_at: Some(later(5)), ended_at: Some(later(30)), talk, ..CallFacts::default() };
    Settlement { facts, ..settlement(id, claimed, Outcome::Answered, TargetStatus::Completed) }
}

async fn the_end_of_a_call_is_told_with_all_there_is(bench: &Bench) {
    let all = [EventType::CallAnswered, EventType::CallEnded, EventType::SurveyCompleted];
    let (one, other) = (told_of(bench, &all).await, told_of(bench, &[EventType::CallEnded]).await);
    let id = bench.running(2).await;
    let claimed = bench.claim(id, 2).await.claimed;
    let call = claimed[0].planned.call;
    let answer = GivenAnswer {
        question: "satisfied".into(),
        position: 1,
        given: Given::Key { digit: '1', label: "yes".into() },
        at: later(10),
    };
    let batch = LedgerBatch {
        answered: vec![(call, later(5))],
        answers: vec![CallAnswer { call, campaign: id, target: claimed[0].target, answer }],
        ..LedgerBatch::default()
    };
    bench.store.commit(&batch, later(5)).await.unwrap();
    let ends = LedgerBatch {
        settlements: vec![answered(id, &claimed[0]), settlement(id, &claimed[1], Outcome::Busy, TargetStatus::Busy)],
        ..LedgerBatch::default()
    };
    bench.store.commit(&ends, later(30)).await.unwrap();
    // The answer to that was lost, and it comes again.
    bench.store.commit(&ends, later(31)).await.unwrap();
    assert_eq!(events_told(bench, one).await, ["call.answered", "call.ended", "call.ended", "survey.completed"]);
    assert_eq!(events_told(bench, other).await, ["call.ended", "call.ended"]);

    let told = all_told(bench, one).await;
    let survey = told.iter().find(|delivery| delivery.event == EventType::SurveyCompleted).unwrap();
    let data = &survey.data;
    assert_eq!((&data["call_id"], &data["campaign_id"]), (&json!(call), &json!(id)));
    assert_eq!(data["campaign_name"], "spring survey");
    assert_eq!(
        (&data["contact"]["phone_number"], &data["contact"]["status"]),
        (&json!(number(0)), &json!("completed"))
    );
    assert_eq!((&data["outcome"], &data["talk_seconds"]), (&json!("answered"), &json!(25.0)));
    assert_eq!((&data["survey"], &data["opted_out"]), (&json!("complete"), &json!(true)));
    assert_eq!(data["answers"][0]["label"], "yes");
    assert_eq!((survey.created_at, survey.next_at, survey.attempts), (later(30), Some(later(30)), 0));
    let first = told.last().unwrap();
    assert_eq!((first.event, &first.data["outcome"]), (EventType::CallAnswered, &json!(null)), "newest first");
    // The same event has the same id everywhere.
    let ids = |told: &[Delivery]| {
        let mut ids: Vec<_> =
            told.iter().filter(|one| one.event == EventType::CallEnded).map(|one| one.event_id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&told), ids(&all_told(bench, other).await));
    let page = bench.store.deliveries(one, None, Some(told[1].event_id), 1).await.unwrap();
    assert_eq!(page, told[2..3]);
}

async fn what_nobody_wants_to_know_is_not_told(bench: &Bench) {
    let hook = told_of(bench, &[EventType::CampaignFailed]).await;
    let off = Webhook { active: false, ..webhook(&EventType::ALL) };
    assert!(bench.store.add_webhook(&off, 100).await.unwrap());
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed;
    bench.settle(vec![settlement(id, &claimed[0], Outcome::Busy, TargetStatus::Busy)]).await;
    bench.bar(number(7)).await;
    assert!(all_told(bench, hook).await.is_empty() && all_told(bench, off.id).await.is_empty());
    bench.assert_tally(id).await;
}

async fn a_campaign_and_the_do_not_call_list_are_told_of(bench: &Bench) {
    let hook = told_of(bench, &EventType::ALL).await;
    let id = bench.running(1).await;
    bench.set_status(id, CampaignStatus::Paused).await;
    bench.set_status(id, CampaignStatus::Running).await;
    bench.set_status(id, CampaignStatus::Cancelled).await;
    let states = ["campaign.cancelled", "campaign.paused", "campaign.resumed", "campaign.started"];
    assert_eq!(events_told(bench, hook).await, states);
    let told = all_told(bench, hook).await;
    let cancelled = told.iter().find(|told| told.event == EventType::CampaignCancelled).unwrap();
    assert_eq!((&cancelled.data["campaign_id"], &cancelled.data["status"]), (&json!(id), &json!("cancelled")));
    assert_eq!(cancelled.data["contacts"], json!({"pending": 1}));

    let entry =
        |n: u64| DoNotCall { number: number(n), reason: Some("a\0b".into()), source: "key".into(), added_at: now() };
    bench.store.add_do_not_call(&entry(1)).await.unwrap();
    bench.store.add_do_not_call(&entry(1)).await.unwrap();
    bench.store.add_do_not_call_many(&[entry(1), entry(2), entry(2), entry(3)]).await.unwrap();
    let batch = LedgerBatch { opt_outs: vec![entry(3), entry(4)], ..LedgerBatch::default() };
    bench.store.commit(&batch, now()).await.unwrap();
    let mut barred: Vec<_> = all_told(bench, hook)
        .await
        .iter()
        .filter(|told| told.event == EventType::DncAdded)
        .map(|told| (told.data["phone_number"].clone(), told.data["reason"].clone()))
        .collect();
    barred.sort_by_key(|(number, _)| number.to_string());
    assert_eq!(barred, (1..=4).map(|n| (json!(number(n)), json!("ab"))).collect::<Vec<_>>(), "each once");
}

fn tried(delivery: &Delivery, at: Timestamp, then: Then) -> Tried {
    let well = then == Then::Done;
    let error = (!well).then(|| "no an\0swer".to_owned());
    Tried { event_id: delivery.event_id, at, code: well.then_some(200), error, ms: 12, then }
}

async fn deliveries_are_taken_once_and_tried_again(bench: &Bench) {
    let store = &bench.store;
    let hook = told_of(bench, &[EventType::DncAdded]).await;
    for n in 0..3 {
        bench.bar(number(n)).await;
    }
    assert!(store.webhooks_due(now() - SignedDuration::from_secs(1)).await.unwrap().is_empty());
    assert_eq!(store.webhooks_due(now()).await.unwrap().len(), 1);
    let first = store.take_deliveries(hook, 2, now(), later(120)).await.unwrap();
    let rest = store.take_deliveries(hook, 2, now(), later(120)).await.unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert!(store.take_deliveries(hook, 2, now(), later(120)).await.unwrap().is_empty(), "all are taken");
    assert_eq!(
        store.take_deliveries(hook, 9, later(120), later(240)).await.unwrap().len(),
        3,
        "whoever took them died"
    );

    let tries = [
        tried(&first[0], later(121), Then::Done),
        tried(&first[1], later(121), Then::Again(later(200))),
        tried(&rest[0], later(121), Then::GivenUp),
    ];
    assert!(!store.note_tries(hook, &tries, now(), None).await.unwrap());
    let of = async |delivery: &Delivery| store.delivery(hook, delivery.event_id).await.unwrap().unwrap();
    let done = of(&first[0]).await;
    assert_eq!((done.status, done.next_at, done.attempts), (DeliveryStatus::Delivered, None, 2));
    assert_eq!((done.last_code, done.last_error, done.last_ms), (Some(200), None, Some(12)));
    let again = of(&first[1]).await;
    assert_eq!((again.status, again.next_at), (DeliveryStatus::Pending, Some(later(200))));
    assert_eq!((again.last_code, again.last_error.as_deref()), (None, Some("no answer")));
    assert_eq!(of(&rest[0]).await.status, DeliveryStatus::GivenUp);
    let given_up = store.deliveries(hook, Some(DeliveryStatus::GivenUp), None, 9).await.unwrap();
    assert_eq!(given_up.len(), 1);

    assert!(store.replay_delivery(hook, first[0].event_id, later(300)).await.unwrap());
    assert!(!store.replay_delivery(hook, EventId::at(now()), later(300)).await.unwrap());
    let replayed = of(&first[0]).await;
    assert_eq!((replayed.status, replayed.next_at, replayed.attempts), (DeliveryStatus::Pending, Some(later(300)), 0));
}

async fn a_webhook_that_takes_nothing_is_switched_off(bench: &Bench) {
    let store = &bench.store;
    let hook = told_of(bench, &[EventType::DncAdded]).await;
    bench.bar(number(1)).await;
    let taken = store.take_deliveries(hook, 1, now(), later(1)).await.unwrap();
    let note = async |at: Timestamp, then: Then, hopeless: Timestamp| {
        let off = store.note_tries(hook, &[tried(&taken[0], at, then)], hopeless, None).await.unwrap();
        (off, store.webhook(hook).await.unwrap().unwrap())
    };
    let (off, failing) = note(later(5), Then::Again(later(6)), now()).await;
    assert_eq!((off, failing.failing_since), (false, Some(later(5))));
    let (_, failing) = note(later(9), Then::Again(later(10)), later(5)).await;
    assert_eq!((failing.active, failing.failing_since), (true, Some(later(5))), "since the first failure");
    assert_eq!(note(later(11), Then::Done, now()).await.1.failing_since, None);
    note(later(12), Then::Again(later(13)), now()).await;
    let (off, dead) = note(later(20), Then::Again(later(21)), later(13)).await;
    assert!(off && !dead.active && dead.disabled_reason.is_some());
    assert!(store.take_deliveries(hook, 1, later(99), later(100)).await.unwrap().is_empty(), "it waits");
    let edit = WebhookEdit { url: dead.url, description: None, events: dead.events, active: true, if_version: None };
    assert_eq!(store.edit_webhook(hook, &edit, later(22)).await.unwrap(), WebhookEdited::Yes);
    let again = store.webhook(hook).await.unwrap().unwrap();
    assert_eq!((again.active, again.failing_since, again.disabled_reason), (true, None, None));
    assert_eq!(store.take_deliveries(hook, 1, later(99), later(100)).await.unwrap().len(), 1);
    assert!(store.note_tries(hook, &[tried(&taken[0], later(99), Then::GivenUp)], now(), Some("gone")).await.unwrap());
    assert_eq!(store.webhook(hook).await.unwrap().unwrap().disabled_reason.as_deref(), Some("gone"));
}

async fn what_was_told_long_ago_is_removed(bench: &Bench) {
    let hook = told_of(bench, &[EventType::DncAdded]).await;
    for (n, at) in [(1, now()), (2, later(10)), (3, later(20))] {
        let entry = DoNotCall { number: number(n), reason: None, source: "key".into(), added_at: at };
        bench.store.add_do_not_call(&entry).await.unwrap();
    }
    assert_eq!(bench.store.sweep_deliveries(later(20)).await.unwrap(), 2);
    assert_eq!(bench.store.sweep_deliveries(later(20)).await.unwrap(), 0);
    assert_eq!(all_told(bench, hook).await[0].data["phone_number"], json!(number(3)));
}

fn entry(n: i64) -> AuditEntry {
    AuditEntry {
        at: later(n.unsigned_abs()),
        actor: if n % 2 == 0 { "key:CRM".into() } else { "cli:ann@box".into() },
        action: "campaigns.launch".into(),
        subject_kind: "campaigns".into(),
        subject_id: Some(n.to_string()),
        ip: Some("192.0.2.7".into()),
        request_id: None,
        details: json!({"body": {"name": "a\u{0}b"}}),
    }
}

async fn the_audit_log_is_only_added_to(bench: &Bench) {
    bench.store.note_audit(&entry(1)).await.unwrap();
    let statements = ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"];
    let more = matches!(bench.location, Location::Postgres(_)).then_some("TRUNCATE audit");
    for statement in statements.into_iter().chain(more) {
        let refused = bench.try_execute(statement).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("only ever added to")), "{statement}");
    }
    let records = bench.store.audit(&AuditQuery::default(), AuditFrom::Newest, 10).await.unwrap();
    let kept = AuditEntry { details: json!({"body": {"name": "ab"}}), ..entry(1) };
    assert_eq!(records.into_iter().map(|record| record.entry).collect::<Vec<_>>(), [kept]);
}

async fn the_audit_log_is_read_in_parts(bench: &Bench) {
    for n in 1..=5 {
        bench.store.note_audit(&entry(n)).await.unwrap();
    }
    let read = async |query: AuditQuery, from: AuditFrom, limit: u32| {
        let found = bench.store.audit(&query, from, limit).await.unwrap();
        found.into_iter().map(|record| (record.id, record.entry.subject_id.unwrap())).collect::<Vec<_>>()
    };
    let all = AuditQuery::default;
    let subjects = |found: &[(i64, String)]| found.iter().map(|(_, subject)| subject.clone()).collect::<Vec<_>>();
    let newest = read(all(), AuditFrom::Newest, 2).await;
    assert_eq!(subjects(&newest), ["5", "4"]);
    assert_eq!(subjects(&read(all(), AuditFrom::Before(newest[1].0), 9).await), ["3", "2", "1"]);
    let forward = read(all(), AuditFrom::After(0), 2).await;
    assert_eq!(subjects(&forward), ["1", "2"]);
    assert_eq!(subjects(&read(all(), AuditFrom::After(forward[1].0), 9).await), ["3", "4", "5"]);
    let of = |query: AuditQuery| async { subjects(&read(query, AuditFrom::Newest, 9).await) };
    assert_eq!(of(AuditQuery { actor: Some("key:CRM".into()), ..all() }).await, ["4", "2"]);
    assert_eq!(
        of(AuditQuery { subject_kind: Some("campaigns".into()), subject_id: Some("3".into()), ..all() }).await,
        ["3"]
    );
    assert_eq!(of(AuditQuery { from: Some(later(2)), until: Some(later(4)), ..all() }).await, ["3", "2"]);
    assert!(of(AuditQuery { action: Some("dnc.add".into()), ..all() }).await.is_empty());
}

async fn campaigns_that_changed_are_found(bench: &Bench) {
    let id = bench.draft().await;
    let all = bench.store.campaigns_since(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!((all.len(), all[0].id, all[0].status), (1, id, CampaignStatus::Draft));
    assert!(bench.store.campaigns_since(later(1)).await.unwrap().is_empty());
    bench.set_status(id, CampaignStatus::Cancelled).await;
    assert_eq!(bench.store.campaigns_since(now()).await.unwrap()[0].status, CampaignStatus::Cancelled);
}
