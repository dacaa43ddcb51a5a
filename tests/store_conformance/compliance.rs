//! The gate in a claim's transaction: who waits, who is skipped, what is kept of
//! it.

use std::sync::Arc;

use canvass::call::{CallFacts, Outcome};
use canvass::campaign::{CampaignId, CampaignStatus, FrequencyCap, Settings, TargetStatus};
use canvass::compliance::{Force, Organization, Rule, Rules, Verdict};
use canvass::contact::{ContactFields, NewContact};
use canvass::number::PhoneNumber;
use canvass::store::dnc::DncNumber;
use canvass::store::{Claim, ClaimResult, DoNotCall, LedgerBatch};
use jiff::{SignedDuration, Timestamp};

use crate::bench::{Bench, number, on_both_engines, planned, settlement};

on_both_engines!(
    whoever_sleeps_is_due_in_the_morning,
    whoever_may_never_be_called_is_skipped,
    one_number_is_in_one_call_at_a_time,
    caps_count_the_calls_of_every_campaign,
    those_who_wait_are_released,
    everything_about_a_number,
    a_deleted_campaign_leaves_its_decisions,
    a_claim_in_doubt_keeps_its_hours,
    a_long_list_that_sleeps_is_put_off_in_steps,
    money_and_calls_of_a_day,
    a_forced_call_is_on_record,
    force_is_for_drafts_alone,
    decisions_are_removed_when_they_were_kept_long_enough,
    whoever_is_released_is_released_once,
    who_waits_is_looked_at,
);

/// 23:00 in New York, 20:00 in Los Angeles.
const LATE: &str = "2026-06-03T03:00:00Z";
const NEW_YORK: &str = "+12125550123";
const ANGELES: &str = "+12135550123";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

/// A running campaign over these contacts, added at noon before.
async fn running(bench: &Bench, contacts: &[NewContact]) -> CampaignId {
    let id = bench.draft().await;
    bench.store.add_targets(id, contacts, at("2026-06-02T16:00:00Z")).await.unwrap();
    bench.set_status(id, CampaignStatus::Running).await;
    id
}

async fn people(bench: &Bench, numbers: &[&str]) -> CampaignId {
    running(bench, &numbers.iter().map(|text| NewContact::of(phone(text))).collect::<Vec<_>>()).await
}

async fn claim(bench: &Bench, campaign: CampaignId, calls: usize, rules: &Rules, now: &str) -> ClaimResult {
    let claims = vec![Claim { campaign, calls: planned(calls), nearby: Vec::new(), rules: Arc::new(rules.clone()) }];
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    bench.store.commit(&batch, at(now)).await.unwrap().remove(0)
}

fn with(settings: Settings) -> Rules {
    Rules::new(Arc::new(Organization::default()), &settings)
}

async fn target(bench: &Bench, id: CampaignId, number: &str) -> (TargetStatus, u32, Option<Timestamp>) {
    bench.store.target_by_number(id, phone(number)).await.unwrap().unwrap()
}

async fn whoever_sleeps_is_due_in_the_morning(bench: &Bench) {
    let moved = NewContact { timezone: Some("Europe/London".into()), ..NewContact::of(phone("+12145550123")) };
    let mut contacts = vec![NewContact::of(phone(NEW_YORK)), moved, NewContact::of(phone(ANGELES))];
    contacts.push(NewContact::of(phone("+16465550123")));
    let id = running(bench, &contacts).await;
    let law = Rules::default();
    let result = claim(bench, id, 4, &law, LATE).await;
    assert_eq!(result.claimed.iter().map(|one| one.number).collect::<Vec<_>>(), [phone(ANGELES)]);
    assert_eq!(result.claimed[0].allowed_until, Some(at("2026-06-03T04:00:00Z")));
    assert_eq!((result.waiting, result.blocked.len(), result.do_not_call.len()), (3, 0, 0));
    let morning = at("2026-06-03T12:00:00Z");
    assert_eq!(target(bench, id, NEW_YORK).await, (TargetStatus::Pending, 0, Some(morning)));
    let london = Some(at("2026-06-03T07:00:00Z"));
    assert_eq!(target(bench, id, "+12145550123").await, (TargetStatus::Pending, 0, london), "his own zone");
    assert_eq!(bench.store.remaining(id).await.unwrap().next_due, london);
    assert_eq!(claim(bench, id, 4, &law, "2026-06-03T06:59:59Z").await, ClaimResult::default());
    // In the order of the list, all those who are due by then.
    let result = claim(bench, id, 4, &law, "2026-06-03T12:00:00Z").await;
    let numbers: Vec<_> = result.claimed.iter().map(|one| one.number).collect();
    assert_eq!(numbers, ["+12145550123", NEW_YORK, "+16465550123"].map(phone));
    bench.assert_tally(id).await;
}

async fn whoever_may_never_be_called_is_skipped(bench: &Bench) {
    let consent = |number, consent: Option<&str>| NewContact {
        consent: consent.map(ToOwned::to_owned),
        ..NewContact::of(phone(number))
    };
    let id = running(
        bench,
        &[
            consent(NEW_YORK, None),
            consent("+442079460958", Some("yes")),
            consent("+12125550124", Some("no")),
            consent("+12125550125", Some("2026-05-01")),
        ],
    )
    .await;
    let rules = with(Settings { require_consent: true, ..Settings::default() });
    let result = claim(bench, id, 1, &rules, "2026-06-02T16:00:00Z").await;
    assert_eq!(result.claimed[0].number, phone("+12125550125"));
    let blocked = [(NEW_YORK, Rule::Consent), ("+442079460958", Rule::Country), ("+12125550124", Rule::Consent)];
    assert_eq!(result.blocked, blocked.map(|(number, rule)| (phone(number), rule)));
    assert_eq!(target(bench, id, NEW_YORK).await, (TargetStatus::Skipped, 0, None));
    bench.assert_tally(id).await;
    let audit = bench.store.audit_number(phone("+442079460958")).await.unwrap();
    assert_eq!(audit.decisions.len(), 1);
    let decision = &audit.decisions[0];
    assert_eq!((decision.verdict, decision.rule, decision.campaign_id), (Verdict::Block, Some(Rule::Country), id));
    assert_eq!(decision.facts.as_ref().unwrap().consent.as_deref(), Some("yes"));
}

async fn one_number_is_in_one_call_at_a_time(bench: &Bench) {
    let (one, two) = (people(bench, &[NEW_YORK, ANGELES]).await, people(bench, &[NEW_YORK]).await);
    // Both in one transaction, as the ledger groups them.
    let rules = Arc::new(Rules::laboratory());
    let wish = |campaign| Claim { campaign, calls: planned(1), nearby: Vec::new(), rules: rules.clone() };
    let batch = LedgerBatch { claims: vec![wish(one), wish(two)], ..LedgerBatch::default() };
    let noon = "2026-06-02T16:00:00Z";
    let results = bench.store.commit(&batch, at(noon)).await.unwrap();
    assert_eq!((results[0].claimed.len(), results[1].claimed.len(), results[1].waiting), (1, 0, 1));
    assert_eq!(target(bench, two, NEW_YORK).await, (TargetStatus::Pending, 0, Some(at("2026-06-02T16:01:00Z"))));
    assert_eq!(claim(bench, two, 1, &rules, "2026-06-02T16:01:00Z").await.waiting, 1, "it still goes on");
    let ended = settlement(one, &results[0].claimed[0], Outcome::Busy, TargetStatus::Busy);
    bench.settle(vec![ended]).await;
    assert_eq!(claim(bench, two, 1, &rules, "2026-06-02T16:02:00Z").await.claimed.len(), 1);
}

async fn caps_count_the_calls_of_every_campaign(bench: &Bench) {
    let caps = vec![FrequencyCap { attempts: 2, days: 1 }];
    let rules = with(Settings { frequency_caps: caps, skip_answered_within_days: 2, ..Settings::default() });
    let noon = at("2026-06-02T16:00:00Z");
    for (minutes, outcome) in [(0, Outcome::NoAnswer), (1, Outcome::Congestion), (2, Outcome::Busy)] {
        let id = people(bench, &[NEW_YORK]).await;
        let then = (noon + SignedDuration::from_mins(minutes)).to_string();
        let claimed = claim(bench, id, 1, &rules, &then).await.claimed.remove(0);
        bench.settle(vec![settlement(id, &claimed, outcome, TargetStatus::Failed)]).await;
    }
    let id = people(bench, &[NEW_YORK]).await;
    assert_eq!(claim(bench, id, 1, &rules, "2026-06-02T16:03:00Z").await.waiting, 1);
    let free = at("2026-06-03T16:00:00Z");
    assert_eq!(target(bench, id, NEW_YORK).await.2, Some(free), "a day after the first; congestion is no attempt");
    let claimed = claim(bench, id, 1, &rules, "2026-06-03T16:00:00Z").await.claimed.remove(0);
    let mut answered = settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed);
    answered.facts = CallFacts { answered_at: Some(free), ended_at: Some(free), ..CallFacts::default() };
    bench.settle(vec![answered]).await;
    let next = people(bench, &[NEW_YORK]).await;
    let result = claim(bench, next, 1, &rules, "2026-06-04T18:00:00Z").await;
    assert_eq!(result.blocked, [(phone(NEW_YORK), Rule::RecentlyAnswered)]);
    let once = with(Settings { allow_recalling: false, ..Settings::default() });
    let last = people(bench, &[NEW_YORK]).await;
    let result = claim(bench, last, 1, &once, "2026-09-04T18:00:00Z").await;
    assert_eq!(result.blocked, [(phone(NEW_YORK), Rule::Recalling)]);
}

async fn those_who_wait_are_released(bench: &Bench) {
    let id = people(bench, &[NEW_YORK, ANGELES]).await;
    claim(bench, id, 1, &Rules::default(), LATE).await;
    let since = at("2026-06-02T16:00:00Z");
    assert_ne!(target(bench, id, NEW_YORK).await.2, Some(since));
    let released = bench.store.release_held(id, None).await.unwrap().unwrap();
    assert_eq!(released.targets, 1);
    assert_eq!(target(bench, id, NEW_YORK).await, (TargetStatus::Pending, 0, Some(since)));
    assert_eq!(bench.store.release_held(id, None).await.unwrap(), None);
}

async fn everything_about_a_number(bench: &Bench) {
    let contact = NewContact {
        name: Some("Ann".into()),
        consent: Some("yes, at the fair".into()),
        ..NewContact::of(phone(NEW_YORK))
    };
    let id = running(bench, &[contact]).await;
    claim(bench, id, 1, &Rules::default(), LATE).await;
    let claimed = claim(bench, id, 1, &Rules::default(), "2026-06-03T12:00:00Z").await.claimed.remove(0);
    bench.settle(vec![settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed)]).await;
    let entry = DoNotCall {
        number: phone(NEW_YORK),
        reason: Some("pressed 9".into()),
        source: "key".into(),
        added_at: at("2026-06-03T12:01:00Z"),
    };
    bench.store.add_do_not_call(&entry).await.unwrap();
    let audit = bench.store.audit_number(phone(NEW_YORK)).await.unwrap();
    assert_eq!(audit.do_not_call, Some(DncNumber { entry, also: Vec::new() }));
    let contact = &audit.contacts[0];
    assert_eq!((contact.name.as_deref(), contact.consent.as_deref()), (Some("Ann"), Some("yes, at the fair")));
    assert_eq!((contact.status, contact.attempts, contact.campaign_id), (TargetStatus::Completed, 1, id));
    let told: Vec<_> = audit.decisions.iter().map(|one| (one.verdict, one.rule)).collect();
    assert_eq!(told, [(Verdict::Wait, Some(Rule::LegalHours)), (Verdict::Allow, None)]);
    let facts = audit.decisions[1].facts.as_ref().unwrap();
    assert_eq!(
        (facts.zones.as_slice(), facts.state.as_deref()),
        (["America/New_York".to_owned()].as_slice(), Some("NY"))
    );
    assert_eq!((facts.consent.as_deref(), facts.until), (Some("yes, at the fair"), Some(at("2026-06-04T01:00:00Z"))));
    let call = audit.decisions[1].call.as_ref().unwrap();
    assert_eq!((call.call_id, call.outcome), (claimed.planned.call, Some(Outcome::Answered)));
    assert_eq!(bench.store.audit_number(phone(ANGELES)).await.unwrap().decisions, []);
}

async fn a_deleted_campaign_leaves_its_decisions(bench: &Bench) {
    let id = people(bench, &[NEW_YORK, "+442079460958"]).await;
    let result = claim(bench, id, 2, &Rules::default(), "2026-06-02T16:00:00Z").await;
    let claimed = &result.claimed[0];
    bench.settle(vec![settlement(id, claimed, Outcome::Busy, TargetStatus::Busy)]).await;
    bench.set_status(id, CampaignStatus::Cancelled).await;
    bench.store.delete_campaign(id, at(LATE)).await.unwrap();
    let audit = bench.store.audit_number(phone(NEW_YORK)).await.unwrap();
    assert_eq!(audit.contacts, []);
    let call = audit.decisions[0].call.as_ref().unwrap();
    assert_eq!((call.call_id, call.outcome), (claimed.planned.call, Some(Outcome::Busy)));
    assert_eq!(call.caller_id, Some(claimed.planned.caller_id));
    assert!(call.ended_at.is_some());
    let other = bench.store.audit_number(phone("+442079460958")).await.unwrap();
    assert_eq!(other.decisions[0].rule, Some(Rule::Country));
}

async fn a_claim_in_doubt_keeps_its_hours(bench: &Bench) {
    let id = people(bench, &[ANGELES]).await;
    let claims = vec![Claim { campaign: id, calls: planned(1), nearby: Vec::new(), rules: Arc::default() }];
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    let first = bench.store.commit(&batch, at(LATE)).await.unwrap();
    assert_eq!(first[0].claimed[0].allowed_until, Some(at("2026-06-03T04:00:00Z")));
    assert_eq!(bench.store.commit(&batch, at(LATE)).await.unwrap(), first);
}

async fn a_long_list_that_sleeps_is_put_off_in_steps(bench: &Bench) {
    let numbers = (0..6_000).map(|n| NewContact::of(phone(&format!("+1212{}", 2_000_000 + n))));
    let id = running(bench, &numbers.collect::<Vec<_>>()).await;
    let first = claim(bench, id, 10, &Rules::default(), LATE).await;
    assert!(first.claimed.is_empty() && (5_000..6_000).contains(&first.waiting), "{}", first.waiting);
    let rest = claim(bench, id, 10, &Rules::default(), LATE).await;
    assert_eq!(first.waiting + rest.waiting, 6_000);
    let next = bench.store.remaining(id).await.unwrap().next_due;
    assert_eq!(next, Some(at("2026-06-03T12:00:00Z")));
    let result = claim(bench, id, 3, &Rules::default(), "2026-06-03T12:00:00Z").await;
    let numbers: Vec<_> = result.claimed.iter().map(|one| one.number).collect();
    assert_eq!(numbers, ["+12122000000", "+12122000001", "+12122000002"].map(phone), "in the order of the list");
}

async fn money_and_calls_of_a_day(bench: &Bench) {
    let id = bench.running(3).await;
    let claimed = bench.claim_at(id, 3, Timestamp::now()).await.claimed;
    let since = Timestamp::now() - SignedDuration::from_mins(5);
    bench.settle(vec![settlement(id, &claimed[0], Outcome::Answered, TargetStatus::Completed)]).await;
    let page = bench.store.paid_calls(since, None, 2).await.unwrap();
    assert_eq!(page.iter().map(|call| call.number).collect::<Vec<_>>(), [number(0), number(1)]);
    let rest = bench.store.paid_calls(since, Some(page[1].call), 2).await.unwrap();
    assert_eq!((rest.len(), rest[0].talk), (1, None));
    let later = Timestamp::now() + SignedDuration::from_hours(48);
    assert_eq!(bench.store.paid_calls(later, None, 2).await.unwrap(), []);
    let kept = bench.store.paid_calls(since, None, 3).await.unwrap()[0];
    assert_eq!(bench.store.removed_calls(since, None, 10).await.unwrap(), []);
    bench.settle(claimed[1..].iter().map(|one| settlement(id, one, Outcome::Busy, TargetStatus::Busy)).collect()).await;
    bench.set_status(id, CampaignStatus::Cancelled).await;
    bench.store.delete_campaign(id, Timestamp::now()).await.unwrap();
    assert_eq!(bench.store.paid_calls(since, None, 10).await.unwrap(), []);
    let removed = bench.store.removed_calls(since, None, 10).await.unwrap();
    assert_eq!(removed.len(), 3);
    let same = removed.iter().find(|one| one.paid.call == kept.call).unwrap();
    assert_eq!((same.paid.placed_at, same.paid.talk.is_some()), (kept.placed_at, kept.talk.is_some()));
    assert_eq!(bench.store.removed_calls(since, Some(removed[1].row), 10).await.unwrap(), removed[2..]);
    assert_eq!(bench.store.removed_calls(later, None, 10).await.unwrap(), []);
}

/// On the list, at night: the call is made, and the table of decisions says how
/// that came.
async fn a_forced_call_is_on_record(bench: &Bench) {
    let entry = DoNotCall {
        number: phone(NEW_YORK),
        reason: None,
        source: "manual".into(),
        added_at: at("2026-01-01T00:00:00Z"),
    };
    bench.store.add_do_not_call(&entry).await.unwrap();
    let id = people(bench, &[NEW_YORK, "+12125550124"]).await;
    let force = Force::new(phone(NEW_YORK), "user:ann".into(), "he asked for it".into(), at(LATE));
    let rules = Rules::default().with_force(Some(force));
    let claims = vec![Claim { campaign: id, calls: planned(2), nearby: Vec::new(), rules: Arc::new(rules) }];
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    let result = bench.store.commit(&batch, at(LATE)).await.unwrap().remove(0);
    assert_eq!((result.claimed.len(), result.waiting), (1, 1), "the other one waits");
    let claimed = &result.claimed[0];
    assert_eq!((claimed.number, claimed.despite_opt_out), (phone(NEW_YORK), true));
    assert_eq!(claimed.allowed_until, Some(at("2026-06-03T03:10:00Z")));
    let again = bench.store.commit(&batch, at(LATE)).await.unwrap().remove(0);
    assert_eq!(again.claimed, result.claimed, "a commit in doubt is the same call, still forced");

    let history = bench.store.past_calls(phone(NEW_YORK), at("2026-06-01T00:00:00Z")).await.unwrap();
    assert_eq!(history.len(), 1, "the decision counts as no call of its own");
    bench.settle(vec![settlement(id, claimed, Outcome::Answered, TargetStatus::Completed)]).await;
    bench.set_status(id, CampaignStatus::Cancelled).await;
    bench.store.delete_campaign(id, at(LATE)).await.unwrap();
    let decisions = bench.store.audit_number(phone(NEW_YORK)).await.unwrap().decisions;
    let told: Vec<_> = decisions.iter().map(|one| (one.verdict, one.rule, one.call.is_some())).collect();
    assert_eq!(told, [(Verdict::Allow, Some(Rule::DoNotCall), false), (Verdict::Allow, None, true)]);
    for decision in decisions {
        let forced = decision.facts.unwrap().forced.unwrap();
        assert_eq!((forced.by.as_str(), forced.reason.as_str()), ("user:ann", "he asked for it"));
        assert_eq!(forced.rules, [Rule::DoNotCall, Rule::LegalHours]);
    }
}

async fn force_is_for_drafts_alone(bench: &Bench) {
    let force = Force::new(phone(NEW_YORK), "user:ann".into(), "why".into(), at(LATE));
    let draft = bench.draft().await;
    assert_eq!(bench.store.campaign(draft).await.unwrap().unwrap().forced, None);
    assert!(bench.store.force_call(draft, &force).await.unwrap());
    assert_eq!(bench.store.campaign(draft).await.unwrap().unwrap().forced.as_ref(), Some(&force));
    bench.set_status(draft, CampaignStatus::Running).await;
    assert_eq!(bench.store.active_campaigns().await.unwrap().campaigns[0].forced.as_ref(), Some(&force));
    assert!(!bench.store.force_call(draft, &force).await.unwrap());
    let copy = canvass::control::duplicate(&bench.store, draft, None, at(LATE)).await.unwrap();
    assert_eq!(bench.store.campaign(copy.id).await.unwrap().unwrap().forced, None, "a copy is an ordinary campaign");
}

async fn decisions_are_removed_when_they_were_kept_long_enough(bench: &Bench) {
    let lately = Timestamp::now() - SignedDuration::from_hours(24 * 30);
    // More than one step's worth of the first, one each of the others.
    for (day, people) in [(at("2020-06-03T16:00:00Z"), 2_500), (at("2021-06-03T16:00:00Z"), 1), (lately, 1)] {
        let id = bench.draft().await;
        // A country that is not called, at any hour.
        let numbers: Vec<_> = (0..people).map(|n| NewContact::of(phone(&format!("+44207{}", 2_000_000 + n)))).collect();
        bench.store.add_targets(id, &numbers, day).await.unwrap();
        bench.set_status(id, CampaignStatus::Running).await;
        claim(bench, id, 1, &Rules::default(), &day.to_string()).await;
    }
    let kept = async || {
        let decisions = bench.store.audit_number(phone("+442072000000")).await.unwrap().decisions;
        decisions.iter().map(|one| one.at.as_second()).collect::<Vec<_>>()
    };
    let later = vec![at("2021-06-03T16:00:00Z").as_second(), lately.as_second()];
    assert_eq!(kept().await.len(), 3);
    let remove = "DELETE FROM decisions";
    assert!(bench.try_execute(remove).await.is_err(), "nobody said that any was kept long enough");
    assert_eq!(bench.store.forget_decisions(at("2021-01-01T00:00:00Z")).await.unwrap(), 2_500);
    assert_eq!(kept().await, later);
    assert!(bench.try_execute(remove).await.is_err(), "later ones stay");
    assert!(bench.try_execute("UPDATE decisions SET number = '+12120000000'").await.is_err());
    assert_eq!(bench.store.forget_decisions(at("2021-01-01T00:00:00Z")).await.unwrap(), 0);
    // Whatever a wrong clock or a slip says, the last year is kept.
    let everything = bench.store.forget_decisions(Timestamp::now() + SignedDuration::from_hours(24)).await;
    assert!(everything.is_err(), "{everything:?}");
    assert_eq!(kept().await, later);
}

/// One that is put off again behind the cursor is not met twice.
async fn whoever_is_released_is_released_once(bench: &Bench) {
    let numbers = (0..4_500).map(|n| NewContact::of(phone(&format!("+1212{}", 2_000_000 + n))));
    let id = running(bench, &numbers.collect::<Vec<_>>()).await;
    let other = people(bench, &[NEW_YORK]).await;
    for campaign in [id, other] {
        claim(bench, campaign, 1, &Rules::default(), LATE).await;
    }
    let (mut after, mut steps) = (None, Vec::new());
    while let Some(step) = bench.store.release_held(id, after).await.unwrap() {
        steps.push(step.targets);
        after = Some(step.last);
        claim(bench, id, 1, &Rules::default(), LATE).await;
    }
    assert_eq!(steps, [2_000, 2_000, 500]);
    assert_eq!(target(bench, other, NEW_YORK).await.2, Some(at("2026-06-03T12:00:00Z")), "another campaign's");
}

async fn who_waits_is_looked_at(bench: &Bench) {
    let id = people(bench, &[NEW_YORK, ANGELES]).await;
    let waiting = async || bench.store.due_contacts(id, 10).await.unwrap();
    let fields = |number| ContactFields::of(&NewContact::of(phone(number)));
    assert_eq!(waiting().await, [fields(NEW_YORK), fields(ANGELES)]);
    claim(bench, id, 1, &Rules::default(), "2026-06-02T18:00:00Z").await;
    assert_eq!(waiting().await, [fields(ANGELES)], "the other one is being called");
}
