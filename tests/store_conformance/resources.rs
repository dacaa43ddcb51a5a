//! What the API asks of a store: pages, edits, copies, deletions, keys,
//! requests that come again.

use canvass::access::{ApiKey, ApiKeyId, KeySecret, Role, Scope};
use canvass::call::Outcome;
use canvass::campaign::{CampaignId, CampaignStatus, Settings, TargetAction, TargetRefusal, TargetStatus};
use canvass::store::listing::{
    Begun, CallQuery, CallSort, CampaignEdit, CampaignQuery, CampaignSort, Copied, Draft, Edited, KeptAnswer, Page,
    TargetChanged, TargetQuery, TargetSort,
};
use canvass::store::{Changed, Claimed, OwnNumber, TargetId};
use jiff::{SignedDuration, Timestamp};

use crate::bench::{Bench, now, number, on_both_engines, settlement};

on_both_engines!(
    a_page_of_campaigns,
    an_edit_from_an_old_version_loses,
    a_copy_has_everybody_pending,
    a_redial_leaves_out_whom_it_should,
    a_deleted_campaign_takes_its_own_with_it,
    pages_of_targets,
    actions_on_targets_keep_the_tally,
    pages_of_calls,
    keys_are_found_and_end,
    a_request_that_comes_again,
    numbers_and_their_labels,
);

const ALL: Page = Page { offset: 0, limit: 500 };

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

/// A call ends; an answered one lasted twenty seconds.
async fn end(bench: &Bench, id: CampaignId, claimed: &Claimed, outcome: Outcome) {
    let status = match outcome {
        Outcome::Answered => TargetStatus::Completed,
        Outcome::Busy => TargetStatus::Busy,
        Outcome::NoAnswer => TargetStatus::NoAnswer,
        _ => TargetStatus::Failed,
    };
    let mut settlement = settlement(id, claimed, outcome, status);
    settlement.facts.answered_at = (outcome == Outcome::Answered).then(|| later(10));
    bench.settle(vec![settlement]).await;
}

async fn a_page_of_campaigns(bench: &Bench) {
    let mut ids = Vec::new();
    for (n, name) in ["Beta", "alpha 100%", "Gamma_x"].into_iter().enumerate() {
        let id = CampaignId::new();
        let draft = Draft { id, name: name.into(), settings: Settings::default(), scheduled_at: Some(later(60)) };
        bench.store.add_draft(&draft, later(n as i64)).await.unwrap();
        ids.push(id);
    }
    let names = async |query: CampaignQuery, page| {
        let listed = bench.store.campaign_page(&query, page).await.unwrap();
        let names: Vec<_> = listed.items.into_iter().map(|item| item.campaign.name).collect();
        (names, listed.total)
    };
    let newest = CampaignQuery { descending: true, ..CampaignQuery::default() };
    assert_eq!(names(newest.clone(), Page { offset: 1, limit: 1 }).await, (vec!["alpha 100%".to_owned()], 3));
    assert_eq!(names(newest, Page { offset: 9, limit: 1 }).await, (vec![], 3));
    let by_name = CampaignQuery { sort: CampaignSort::Name, ..CampaignQuery::default() };
    assert_eq!(names(by_name, ALL).await.0, ["Beta", "Gamma_x", "alpha 100%"]);
    // No character means anything special.
    for (part, found) in [("ALPHA", 1), ("100%", 1), ("%", 1), ("_", 1), ("zz", 0)] {
        let query = CampaignQuery { name: Some(part.into()), ..CampaignQuery::default() };
        assert_eq!(names(query, ALL).await.1, found, "{part}");
    }
    let query = CampaignQuery { statuses: vec![CampaignStatus::Running], ..CampaignQuery::default() };
    assert_eq!(names(query, ALL).await.1, 0);
    let known = bench.store.versioned_campaign(ids[0]).await.unwrap().unwrap();
    assert_eq!((known.updated_at, known.campaign.scheduled_at), (now(), Some(later(60))));
}

async fn an_edit_from_an_old_version_loses(bench: &Bench) {
    let id = bench.draft().await;
    let version = async || bench.store.versioned_campaign(id).await.unwrap().unwrap().updated_at;
    let first = version().await;
    let edit = |name: &str, if_version| CampaignEdit {
        name: name.into(),
        settings: Settings { max_concurrent: 7, ..Settings::default() },
        scheduled_at: None,
        if_version,
    };
    // At the same instant: a version is nobody else's all the same.
    let winner = bench.store.edit_campaign(id, &edit("winner", Some(first)), now()).await.unwrap();
    assert_eq!(winner, Edited::Yes);
    assert!(version().await > first);
    let loser = bench.store.edit_campaign(id, &edit("loser", Some(first)), later(1)).await.unwrap();
    assert_eq!(loser, Edited::Stale);
    let campaign = bench.store.campaign(id).await.unwrap().unwrap();
    assert_eq!((campaign.name.as_str(), campaign.settings.max_concurrent), ("winner", 7));

    bench.set_status(id, CampaignStatus::Running).await;
    let running = bench.store.edit_campaign(id, &edit("late", None), later(2)).await.unwrap();
    assert_eq!(running, Edited::Conflict(CampaignStatus::Running));
    let nobody = bench.store.edit_campaign(CampaignId::new(), &edit("x", None), now()).await.unwrap();
    assert_eq!(nobody, Edited::NotFound);
}

async fn targets(bench: &Bench, id: CampaignId) -> Vec<(TargetId, String, TargetStatus, u32)> {
    let listed = bench.store.target_page(id, &TargetQuery::default(), ALL).await.unwrap();
    let row =
        |row: canvass::store::listing::TargetRow| (row.id, row.contact.number.to_string(), row.status, row.attempts);
    listed.items.into_iter().map(row).collect()
}

async fn a_copy_has_everybody_pending(bench: &Bench) {
    let id = bench.running(4_500).await;
    let claimed = bench.claim(id, 2).await.claimed;
    end(bench, id, &claimed[0], Outcome::Answered).await;
    let copy = bench.draft().await;
    let count = bench.store.copy_targets(id, copy, &Copied::All, later(1)).await.unwrap();
    assert_eq!(count, 4_500, "in more than one step");
    let tally = bench.store.tally(copy).await.unwrap();
    assert_eq!((tally.total(), tally.target(TargetStatus::Pending)), (4_500, 4_500));
    let (old, new) = (targets(bench, id).await, targets(bench, copy).await);
    assert!(old.iter().zip(&new).all(|(old, new)| old.1 == new.1 && new.3 == 0), "in the same order");
    // Once more: nobody twice.
    assert_eq!(bench.store.copy_targets(id, copy, &Copied::All, later(2)).await.unwrap(), 0);
    assert_eq!(bench.store.tally(copy).await.unwrap().total(), 4_500);
}

async fn a_redial_leaves_out_whom_it_should(bench: &Bench) {
    let id = bench.running(5).await;
    let claimed = bench.claim(id, 4).await.claimed;
    end(bench, id, &claimed[0], Outcome::Answered).await;
    end(bench, id, &claimed[1], Outcome::Busy).await;
    end(bench, id, &claimed[2], Outcome::NoAnswer).await;
    end(bench, id, &claimed[3], Outcome::Failed).await;
    let numbers = async |which: Copied| {
        let copy = bench.draft().await;
        bench.store.copy_targets(id, copy, &which, later(1)).await.unwrap();
        targets(bench, copy).await.into_iter().map(|row| row.1).collect::<Vec<_>>()
    };
    let of = |n: u64| number(n).to_string();
    let unreached = |statuses: &[TargetStatus]| Copied::Unreached(statuses.to_vec());
    assert_eq!(numbers(unreached(&[TargetStatus::Busy, TargetStatus::NoAnswer])).await, [of(1), of(2)]);
    assert!(numbers(unreached(&[TargetStatus::Completed])).await.is_empty(), "was reached");
    assert!(numbers(unreached(&[TargetStatus::Pending])).await.is_empty(), "the campaign calls them itself");
    bench.set_status(id, CampaignStatus::Cancelled).await;
    assert_eq!(numbers(unreached(&[TargetStatus::Pending])).await, [of(4)], "now it does not");
}

async fn a_deleted_campaign_takes_its_own_with_it(bench: &Bench) {
    let (id, other) = (bench.running(3).await, bench.running(1).await);
    let claimed = bench.claim(id, 1).await.claimed;
    let running = bench.store.delete_campaign(id, later(1)).await.unwrap();
    assert_eq!(running, Changed::Conflict(CampaignStatus::Running));
    bench.set_status(id, CampaignStatus::Cancelled).await;
    let in_call = bench.store.delete_campaign(id, later(2)).await.unwrap();
    assert_eq!(in_call, Changed::Conflict(CampaignStatus::Cancelled), "a call goes on");
    end(bench, id, &claimed[0], Outcome::Busy).await;
    assert_eq!(bench.store.delete_campaign(id, later(3)).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.campaign(id).await.unwrap(), None);
    assert_eq!(bench.store.tally(id).await.unwrap().total(), 0);
    assert!(bench.store.calls_page(id, None, 10).await.unwrap().is_empty());
    assert_eq!(bench.store.delete_campaign(id, later(4)).await.unwrap(), Changed::NotFound);
    assert_eq!(bench.store.tally(other).await.unwrap().total(), 1, "others stay");
    let draft = bench.draft().await;
    assert_eq!(bench.store.delete_campaign(draft, later(5)).await.unwrap(), Changed::Yes);
}

async fn pages_of_targets(bench: &Bench) {
    let (id, _other) = (bench.running(10).await, bench.running(3).await);
    let claimed = bench.claim(id, 2).await.claimed;
    end(bench, id, &claimed[0], Outcome::Busy).await;
    let page = async |query: TargetQuery, offset, limit| {
        let listed = bench.store.target_page(id, &query, Page { offset, limit }).await.unwrap();
        (listed.items, listed.total)
    };
    let (rows, total) = page(TargetQuery::default(), 2, 3).await;
    assert_eq!((rows.len(), total), (3, 10));
    assert_eq!(rows[0].contact.number, number(2), "in order of upload");
    let busy = TargetQuery { statuses: vec![TargetStatus::Busy], ..TargetQuery::default() };
    let (rows, total) = page(busy, 0, 50).await;
    assert_eq!((rows.len(), total), (1, 1));
    assert_eq!((rows[0].last_outcome, rows[0].last_call), (Some(Outcome::Busy), Some(claimed[0].planned.call)));
    assert!(rows[0].ended_at.is_some() && rows[0].attempts == 1);
    let one = TargetQuery { number: Some(number(7)), ..TargetQuery::default() };
    assert_eq!(page(one, 0, 50).await.1, 1);
    let most = TargetQuery { sort: TargetSort::Attempts, descending: true, ..TargetQuery::default() };
    assert_eq!(page(most, 0, 1).await.0[0].attempts, 1);
    let (row, _) = page(TargetQuery::default(), 9, 1).await;
    assert_eq!(bench.store.target(id, row[0].id).await.unwrap().as_ref(), row.first());
    assert_eq!(bench.store.target(CampaignId::new(), row[0].id).await.unwrap(), None, "of another campaign");
}

async fn actions_on_targets_keep_the_tally(bench: &Bench) {
    let id = bench.running(4).await;
    let claimed = bench.claim(id, 2).await.claimed;
    end(bench, id, &claimed[0], Outcome::Failed).await;
    let all = targets(bench, id).await;
    let act = async |at: usize, action| bench.store.change_target(id, all[at].0, action, later(5)).await.unwrap();
    assert_eq!(act(0, TargetAction::Retry).await, TargetChanged::Yes);
    assert_eq!(bench.store.target(id, all[0].0).await.unwrap().unwrap().due_at, Some(later(5)));
    let TargetChanged::Refused { refusal, allowed, .. } = act(1, TargetAction::Skip).await else {
        panic!("a call to it is under way")
    };
    assert_eq!((refusal, allowed), (TargetRefusal::InCall, vec![]));
    assert_eq!(act(2, TargetAction::Skip).await, TargetChanged::Yes);
    assert_eq!(act(3, TargetAction::Remove).await, TargetChanged::Yes);
    assert_eq!(act(3, TargetAction::Remove).await, TargetChanged::NotFound);
    let nobody = bench.store.change_target(CampaignId::new(), all[2].0, TargetAction::Retry, now()).await.unwrap();
    assert_eq!(nobody, TargetChanged::NotFound);

    let tally = bench.store.tally(id).await.unwrap();
    let count = |status| tally.target(status);
    use TargetStatus as S;
    assert_eq!((tally.total(), count(S::Failed), count(S::Calling), count(S::Skipped)), (3, 1, 1, 1));
    // The skipped one is dialed by nobody, the retried one again.
    end(bench, id, &claimed[1], Outcome::Busy).await;
    let again = bench.claim_at(id, 5, later(6)).await.claimed;
    assert_eq!(again.iter().map(|claimed| claimed.number).collect::<Vec<_>>(), [number(0)]);
    assert_eq!(again[0].attempt, 2);
}

async fn pages_of_calls(bench: &Bench) {
    let id = bench.running(6).await;
    let claimed = bench.claim(id, 4).await.claimed;
    end(bench, id, &claimed[0], Outcome::Answered).await;
    end(bench, id, &claimed[1], Outcome::Busy).await;
    end(bench, id, &claimed[2], Outcome::Busy).await;
    let numbers = async |query: CallQuery| {
        let listed = bench.store.call_page(id, &query, ALL).await.unwrap().unwrap();
        assert_eq!(listed.total, listed.items.len() as u64);
        listed.items.into_iter().map(|row| row.number).collect::<Vec<_>>()
    };
    let every = CallQuery::default;
    assert_eq!(numbers(every()).await, [number(0), number(1), number(2), number(3)]);
    assert_eq!(numbers(CallQuery { descending: true, ..every() }).await[0], number(3));
    assert_eq!(numbers(CallQuery { outcomes: vec![Outcome::Busy], ..every() }).await, [number(1), number(2)]);
    assert_eq!(numbers(CallQuery { in_progress: Some(true), ..every() }).await, [number(3)]);
    assert_eq!(numbers(CallQuery { in_progress: Some(false), ..every() }).await.len(), 3);
    assert_eq!(numbers(CallQuery { number: Some(number(2)), ..every() }).await, [number(2)]);
    assert_eq!(numbers(CallQuery { target: Some(claimed[1].target), ..every() }).await, [number(1)]);
    assert_eq!(numbers(CallQuery { caller_id: Some(claimed[0].planned.caller_id), ..every() }).await.len(), 4);
    assert!(numbers(CallQuery { from: Some(later(60)), ..every() }).await.is_empty());
    assert_eq!(numbers(CallQuery { from: Some(now()), until: Some(later(60)), ..every() }).await.len(), 4);
    for sort in [CallSort::EndedAt, CallSort::Talk, CallSort::Outcome] {
        for descending in [false, true] {
            let sorted = numbers(CallQuery { sort, descending, ..every() }).await;
            match sort {
                CallSort::Talk => assert_eq!(sorted[0], number(0), "the only one answered comes first"),
                CallSort::CreatedAt | CallSort::EndedAt | CallSort::Outcome => {
                    assert_eq!(sorted[3], number(3), "{sort:?}: what goes on comes last");
                }
            }
        }
    }
    let first = bench.store.calls_after(id, &every(), None, 3).await.unwrap();
    let rest = bench.store.calls_after(id, &every(), first.last().map(|row| row.call), 3).await.unwrap();
    assert_eq!((first.len(), rest.len()), (3, 1));
    let metrics = bench.store.call_metrics(id).await.unwrap();
    assert_eq!((metrics.talked, metrics.average), (1, Some(20.0)));
    assert_eq!((metrics.longest, metrics.shortest), (Some(20.0), Some(20.0)));
    let none = bench.store.call_metrics(CampaignId::new()).await.unwrap();
    assert_eq!((none.talked, none.average), (0, None));
}

fn key(name: &str, secret: &KeySecret) -> ApiKey {
    ApiKey {
        scopes: vec![Scope::CampaignsRead, Scope::DncWrite],
        created_by: Some("user:anna".into()),
        expires_at: Some(later(3_600)),
        ..ApiKey::new(secret, name.into(), Role::Operator, now())
    }
}

async fn keys_are_found_and_end(bench: &Bench) {
    let secret = KeySecret::generate().unwrap();
    let made = key("CRM", &secret);
    bench.store.add_api_key(&made).await.unwrap();
    bench.store.add_api_key(&key("other", &KeySecret::generate().unwrap())).await.unwrap();
    assert_eq!(bench.store.api_keys_shown_as(secret.shown()).await.unwrap(), std::slice::from_ref(&made));
    assert!(bench.store.api_keys_shown_as("zzzzzzzz").await.unwrap().is_empty());
    bench.store.touch_api_key(made.id, later(5)).await.unwrap();
    assert!(bench.store.revoke_api_key(made.id, later(6)).await.unwrap());
    assert!(bench.store.revoke_api_key(made.id, later(9)).await.unwrap(), "once more does no harm");
    assert!(!bench.store.revoke_api_key(ApiKeyId::new(), now()).await.unwrap());
    let ended = bench.store.api_key(made.id).await.unwrap().unwrap();
    assert_eq!((ended.last_used_at, ended.revoked_at), (Some(later(5)), Some(later(6))));
    assert!(ended.updated_at >= later(6));
    assert_eq!(bench.store.api_keys().await.unwrap().len(), 2);
    let page = async |active| {
        let listed = bench.store.api_key_page(active, later(10), Page { offset: 0, limit: 5 }).await.unwrap();
        assert_eq!(listed.total, listed.items.len() as u64);
        listed.items.into_iter().map(|key| key.name).collect::<Vec<_>>()
    };
    assert_eq!(page(Some(true)).await, ["other"]);
    assert_eq!(page(Some(false)).await, ["CRM"]);
    assert_eq!(page(None).await.len(), 2);
    let edit = async |name: &str, version| {
        bench.store.edit_api_key(made.id, name, Some(later(60)), version, later(7)).await.unwrap()
    };
    assert!(!edit("too late", made.updated_at).await);
    assert!(edit("CRM, the old one", ended.updated_at).await);
    let edited = bench.store.api_key(made.id).await.unwrap().unwrap();
    assert_eq!((edited.name.as_str(), edited.expires_at), ("CRM, the old one", Some(later(60))));
    assert!(edited.updated_at > ended.updated_at && edited.revoked_at.is_some());
}

async fn a_request_that_comes_again(bench: &Bench) {
    let by = key("CRM", &KeySecret::generate().unwrap());
    let begin = async |print: u8, at: i64| {
        let (abandoned, forgotten) = (later(at - 600), later(at - 86_400));
        bench.store.begin_idempotent(by.id.0, "abc", &[print; 32], later(at), abandoned, forgotten).await.unwrap()
    };
    assert_eq!(begin(1, 0).await, Begun::Fresh);
    assert_eq!(begin(1, 1).await, Begun::Running);
    assert_eq!(begin(2, 2).await, Begun::Other);
    bench.store.end_idempotent(by.id.0, "abc", None).await.unwrap();
    assert_eq!(begin(2, 3).await, Begun::Fresh, "what was not done may be tried again");
    assert_eq!(begin(2, 700).await, Begun::Fresh, "what was broken off too");
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let answer = KeptAnswer { status: 201, headers, body: b"{\"\xff\0".to_vec() };
    bench.store.end_idempotent(by.id.0, "abc", Some(&answer)).await.unwrap();
    assert_eq!(begin(2, 86_000).await, Begun::Done(answer));
    assert_eq!(begin(1, 90_000).await, Begun::Fresh, "after a day it is forgotten");
}

async fn numbers_and_their_labels(bench: &Bench) {
    let own = OwnNumber { label: Some("Main".into()), active: false, ..OwnNumber::new(number(1)) };
    assert!(bench.store.add_number(&own, now()).await.unwrap());
    let other = OwnNumber { label: None, active: true, ..own.clone() };
    assert!(!bench.store.add_number(&other, now()).await.unwrap());
    assert_eq!(bench.store.numbers().await.unwrap(), std::slice::from_ref(&own), "stays as it is");
    assert!(bench.store.change_number(&own, &other).await.unwrap());
    assert_eq!(bench.store.numbers().await.unwrap(), std::slice::from_ref(&other));
    assert!(!bench.store.change_number(&other, &OwnNumber { number: number(2), ..other.clone() }).await.unwrap());
    assert!(bench.store.remove_number(number(1)).await.unwrap());
    assert!(!bench.store.remove_number(number(1)).await.unwrap());
}
