//! Targets: imported, counted, looked up.

use canvass::campaign::{CampaignId, TargetStatus};
use canvass::contact::{ContactFields, NewContact};
use canvass::store::{Added, Remaining, StoreError, TargetId};

use crate::bench::{Bench, later, now, number, on_both_engines};

on_both_engines!(
    an_import_makes_pending_targets_due_now,
    duplicates_are_told_by_their_position,
    the_same_number_may_be_in_two_campaigns,
    every_field_is_kept_whatever_it_holds,
    a_target_tells_what_its_contact_is_called,
    a_large_slice_is_one_import,
    an_import_into_no_campaign_is_refused_whole,
    imports_at_once_let_no_duplicate_in,
);

async fn an_import_makes_pending_targets_due_now(bench: &Bench) {
    let id = bench.draft().await;
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining::default());
    assert_eq!(bench.store.add_targets(id, &[], now()).await.unwrap(), Added::default());
    bench.add(id, 0..3).await;
    assert_eq!(bench.target(id, 1).await, (TargetStatus::Pending, 0, Some(now())));
    assert_eq!(bench.store.target_by_number(id, number(7)).await.unwrap(), None);
    let tally = bench.store.tally(id).await.unwrap();
    assert_eq!((tally.total(), tally.target(TargetStatus::Pending), tally.calls()), (3, 3, 0));
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining { next_due: Some(now()), in_call: false });
    bench.assert_tally(id).await;
}

async fn duplicates_are_told_by_their_position(bench: &Bench) {
    let id = bench.draft().await;
    bench.add(id, 5..6).await;
    let list: Vec<_> = [1, 2, 1, 5, 3, 2].into_iter().map(|n| NewContact::of(number(n))).collect();
    let added = bench.store.add_targets(id, &list, later(1)).await.unwrap();
    assert_eq!(added, Added { added: 3, duplicates: vec![2, 3, 5] });
    let again = bench.store.add_targets(id, &list, later(2)).await.unwrap();
    assert_eq!(again, Added { added: 0, duplicates: vec![0, 1, 2, 3, 4, 5] });
    assert_eq!(bench.target(id, 5).await.2, Some(now()), "the first one stays as it was");
    assert_eq!(bench.store.tally(id).await.unwrap().total(), 4);
    let contacts = bench.pairs("SELECT 'contacts', count(*) FROM contacts".into()).await;
    assert_eq!(contacts[0].1, 4, "no contact without a target");
    bench.assert_tally(id).await;
}

async fn the_same_number_may_be_in_two_campaigns(bench: &Bench) {
    let (one, other) = (bench.draft().await, bench.draft().await);
    bench.add(one, 0..2).await;
    bench.add(other, 0..2).await;
    assert_eq!(bench.store.tally(other).await.unwrap().total(), 2);
}

async fn every_field_is_kept_whatever_it_holds(bench: &Bench) {
    let id = bench.draft().await;
    let odd = "O'Brien \"x\" \\ \u{1}\t\r\n 日本語 🎉 ' || ' {}[]";
    let variables = [(odd.to_owned(), odd.to_owned()), ("n\0ul".into(), "v\0".into()), ("empty".into(), String::new())];
    let contact = NewContact {
        number: number(1),
        name: Some(odd.into()),
        email: Some("a\0b@example.org".into()),
        company: Some(String::new()),
        notes: Some("x".repeat(100_000)),
        timezone: Some("America/New_York".into()),
        consent: None,
        variables: variables.into(),
    };
    let added = bench.store.add_targets(id, &[contact, NewContact::of(number(2))], now()).await.unwrap();
    assert_eq!(added.added, 2);
    let expected = [("name", odd), ("email", "ab@example.org"), ("company", ""), ("timezone", "America/New_York")];
    for (column, value) in expected {
        let kept = bench.pairs(format!(
            "SELECT {column}, CAST(length(notes) AS bigint) FROM contacts WHERE number = '{}'",
            number(1)
        ));
        let kept = kept.await;
        assert_eq!((kept[0].0.as_str(), kept[0].1), (value, 100_000), "{column}");
    }
    let kept = bench.pairs("SELECT CAST(variables AS text), id FROM contacts ORDER BY id".into()).await;
    let kept: Vec<serde_json::Value> = kept.iter().map(|(json, _)| serde_json::from_str(json).unwrap()).collect();
    assert_eq!(kept, [serde_json::json!({odd: odd, "nul": "v", "empty": ""}), serde_json::json!({})]);
}

async fn a_target_tells_what_its_contact_is_called(bench: &Bench) {
    let id = bench.running(0).await;
    let ann = NewContact {
        name: Some("Ann O'Lee".into()),
        company: Some("Acme".into()),
        variables: [("Plan \"x\"".to_owned(), "Gold 日本".to_owned())].into(),
        ..NewContact::of(number(2))
    };
    bench.store.add_targets(id, &[NewContact::of(number(1)), ann.clone()], now()).await.unwrap();
    let claimed = bench.claim(id, 2).await.claimed;
    for (claimed, contact) in claimed.iter().zip([NewContact::of(number(1)), ann]) {
        let fields = bench.store.contact_of(claimed.target).await.unwrap();
        assert_eq!(fields, Some(ContactFields::of(&contact)), "{}", contact.number);
    }
    assert_eq!((claimed.len(), bench.store.contact_of(TargetId(i64::MAX)).await.unwrap()), (2, None));
}

async fn a_large_slice_is_one_import(bench: &Bench) {
    let id = bench.draft().await;
    bench.add(id, 0..10_000).await;
    bench.add(id, 10_000..20_000).await;
    assert_eq!(bench.store.tally(id).await.unwrap().target(TargetStatus::Pending), 20_000);
    let order = bench.pairs("SELECT number, id FROM campaign_contacts ORDER BY id".into()).await;
    let expected: Vec<_> = (0..20_000).map(|n| number(n).to_string()).collect();
    assert!(order.iter().map(|(number, _)| number).eq(&expected), "ids are in order of upload");
}

async fn an_import_into_no_campaign_is_refused_whole(bench: &Bench) {
    let nobody = CampaignId::new();
    let added = bench.store.add_targets(nobody, &[NewContact::of(number(1))], now()).await;
    assert!(matches!(added, Err(StoreError::Refused(_))), "{added:?}");
    let contacts = bench.pairs("SELECT 'contacts', count(*) FROM contacts".into()).await;
    assert_eq!(contacts[0].1, 0);
}

async fn imports_at_once_let_no_duplicate_in(bench: &Bench) {
    let id = bench.draft().await;
    let mut imports = tokio::task::JoinSet::new();
    for start in 0..4 {
        let store = bench.open().await;
        let contacts: Vec<_> = (start * 250..start * 250 + 1000).map(|n| NewContact::of(number(n))).collect();
        imports.spawn(async move { store.add_targets(id, &contacts, now()).await.unwrap() });
    }
    let added: u64 = imports.join_all().await.iter().map(|added| added.added).sum();
    assert_eq!(added, 1750);
    bench.assert_tally(id).await;
}
