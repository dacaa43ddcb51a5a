//! How much our numbers are used, and how their calls go.

use canvass::call::{CallFacts, Outcome};
use canvass::caller_id::{Figures, Limits, hour_of};
use canvass::campaign::TargetStatus;
use canvass::contact::NewContact;
use canvass::number::PhoneNumber;
use canvass::store::{Claim, LedgerBatch, Near, NumberHour, OwnNumber, Settlement};

use crate::bench::{Bench, later, now, number, on_both_engines, planned, settlement};

on_both_engines!(figures_are_kept_with_the_calls, a_number_rests_and_keeps_its_limits, the_nearest_number_is_shown);

async fn figures_are_kept_with_the_calls(bench: &Bench) {
    let id = bench.running(4).await;
    let claimed = bench.claim(id, 3).await.claimed;
    let shown = claimed[0].planned.caller_id;
    let answered = settlement(id, &claimed[0], Outcome::Answered, TargetStatus::Completed);
    let facts = CallFacts { answered_at: Some(later(27)), ..answered.facts.clone() };
    let batch = vec![
        Settlement { facts, ..answered },
        settlement(id, &claimed[1], Outcome::Busy, TargetStatus::Busy),
        settlement(id, &claimed[2], Outcome::Congestion, TargetStatus::Pending),
    ];
    bench.settle(batch.clone()).await;
    // The answer was lost: nothing counts twice.
    bench.settle(batch).await;
    bench.claim_at(id, 1, later(3_600)).await;
    let hours = bench.store.number_hours(hour_of(now())).await.unwrap();
    let figures = Figures { calls: 3, judged: 2, answered: 1, short: 1, rejected: 0, flagged: 0 };
    let first = NumberHour { number: shown, hour: hour_of(now()), figures, last_at: Some(now()) };
    let next = NumberHour {
        hour: first.hour + 1,
        figures: Figures { calls: 1, ..Figures::default() },
        last_at: Some(later(3_600)),
        ..first
    };
    assert_eq!(hours, [first, next]);
    bench.store.forget_number_hours(next.hour).await.unwrap();
    assert_eq!(bench.store.number_hours(0).await.unwrap(), [next]);
}

async fn a_number_rests_and_keeps_its_limits(bench: &Bench) {
    let limits = Limits { daily_cap: Some(150), cool_down_seconds: None, max_concurrent: Some(2) };
    let own = OwnNumber { limits, ..OwnNumber::new(number(1)) };
    assert!(bench.store.add_number(&own, now()).await.unwrap());
    assert!(bench.store.rest_number(number(1), later(60), "answered too seldom").await.unwrap());
    assert!(!bench.store.rest_number(number(2), later(60), "").await.unwrap());
    let resting = OwnNumber {
        resting_until: Some(later(60)),
        judged_from: Some(later(60)),
        rest_reason: Some("answered too seldom".into()),
        ..own.clone()
    };
    assert_eq!(bench.store.numbers().await.unwrap(), std::slice::from_ref(&resting));
    let changed = OwnNumber { limits: Limits { cool_down_seconds: Some(9), ..Limits::default() }, ..own.clone() };
    assert!(bench.store.change_number(&own, &changed).await.unwrap());
    assert_eq!(bench.store.numbers().await.unwrap(), [OwnNumber { limits: changed.limits, ..resting }]);
}

async fn the_nearest_number_is_shown(bench: &Bench) {
    let e164 = |text: &str| PhoneNumber::from_e164(text).unwrap();
    let id = bench.draft().await;
    let contacts: Vec<_> = ["+12127365000", "+14155550123"].map(|text| NewContact::of(e164(text))).into();
    bench.store.add_targets(id, &contacts, now()).await.unwrap();
    bench.set_status(id, canvass::campaign::CampaignStatus::Running).await;
    let local = e164("+12125550100");
    let nearby = vec![Near { number: local, area: local.area(), room: 2, held: false }];
    let calls = planned(2);
    let drawn = calls[0].caller_id;
    let claims = vec![Claim {
        campaign: id,
        calls,
        nearby,
        rules: std::sync::Arc::new(canvass::compliance::Rules::laboratory()),
    }];
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    let claimed = bench.store.commit(&batch, now()).await.unwrap().remove(0).claimed;
    let shown: Vec<_> = claimed.iter().map(|claimed| claimed.planned.caller_id).collect();
    assert_eq!(shown, [local, drawn], "the second is of one country with both: the one shown less");
    let again = bench.store.commit(&batch, now()).await.unwrap().remove(0).claimed;
    assert_eq!(again, claimed, "a claim in doubt shows the same");
    let open = bench.store.open_calls().await.unwrap();
    assert_eq!(open.iter().map(|open| open.planned.caller_id).collect::<Vec<_>>(), shown);
}
