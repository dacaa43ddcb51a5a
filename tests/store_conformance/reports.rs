//! What is read page by page, and what people see with their own tools.

use canvass::call::Outcome;
use canvass::campaign::TargetStatus;
use canvass::contact::NewContact;

use crate::bench::{Bench, now, number, on_both_engines, settlement};

on_both_engines!(calls_are_paged_in_order_of_claiming, open_calls_come_oldest_first, views_show_text);

async fn calls_are_paged_in_order_of_claiming(bench: &Bench) {
    let id = bench.running(25).await;
    let other = bench.running(3).await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.extend(bench.claim(id, 5).await.claimed.iter().map(|claimed| claimed.planned.call));
        bench.claim(other, 1).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..10 {
        let page = bench.store.calls_page(id, after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        after = Some(last.call);
        seen.extend(page.iter().map(|row| row.call));
    }
    assert_eq!(seen, expected);
    let row = bench.store.calls_page(id, None, 1).await.unwrap().remove(0);
    assert_eq!((row.number, row.attempt, row.switch.as_str()), (number(0), 1, "fs1"));
    assert_eq!((row.outcome, row.target_status, row.name), (None, TargetStatus::Calling, None));
    assert_eq!(row.created_at, now());
}

async fn open_calls_come_oldest_first(bench: &Bench) {
    let id = bench.running(4).await;
    let claimed = bench.claim(id, 4).await.claimed;
    bench.settle(vec![settlement(id, &claimed[1], Outcome::Busy, TargetStatus::Busy)]).await;
    let open: Vec<_> = bench.store.open_calls().await.unwrap().iter().map(|open| open.planned.call).collect();
    assert_eq!(open, [0, 2, 3].map(|n: usize| claimed[n].planned.call));
}

async fn views_show_text(bench: &Bench) {
    let id = bench.draft().await;
    let contact = NewContact { name: Some("Ada".into()), ..NewContact::of(number(0)) };
    bench.store.add_targets(id, &[contact, NewContact::of(number(1))], now()).await.unwrap();
    bench.set_status(id, canvass::campaign::CampaignStatus::Running).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    bench.settle(vec![settlement(id, &claimed, Outcome::Busy, TargetStatus::Busy)]).await;
    let text = |column| format!("CAST({column} AS text)");
    for (column, expected) in [
        ("call_id", claimed.planned.call.to_string()),
        ("campaign_id", id.to_string()),
        ("campaign", "spring survey".into()),
        ("name", "Ada".into()),
        ("outcome", "busy".into()),
    ] {
        let seen = bench.pairs(format!("SELECT {}, target_id FROM call_log", text(column))).await;
        assert_eq!(seen[0], (expected, claimed.target.0), "{column}");
    }
    let seen = bench.pairs("SELECT CAST(due_at AS text), target_id FROM target_list WHERE due_at IS NOT NULL".into());
    let seen = seen.await;
    let due: Vec<_> = seen.iter().map(|(due, _)| due.replace(' ', "T").replace("+00", "Z")).collect();
    assert_eq!(due, [now().to_string()]);
}
