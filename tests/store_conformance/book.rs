//! The address book: saved contacts, found, changed and removed.

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, TargetStatus};
use canvass::contact::NewContact;
use canvass::store::book::{
    BookEdited, ContactEdit, ContactId, ContactQuery, ContactRemoved, ContactSearch, ContactSort, Saved,
};
use canvass::store::listing::Page;

use crate::bench::{Bench, later, now, number, on_both_engines, settlement};
use crate::groups::group;

on_both_engines!(
    a_number_is_saved_once,
    contacts_are_found_by_how_they_begin,
    contacts_are_sorted_and_paged,
    an_edit_from_an_old_version_loses,
    texts_of_any_length_are_kept,
    a_removed_contact_is_called_no_more,
    a_contact_that_is_being_called_is_not_removed,
);

fn contact(n: u64, name: &str, email: &str) -> NewContact {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    NewContact { name: some(name), email: some(email), ..NewContact::of(number(n)) }
}

async fn names(bench: &Bench, query: ContactQuery) -> Vec<String> {
    let listed = bench.store.contact_page(&query, Page { offset: 0, limit: 500 }).await.unwrap();
    assert_eq!(listed.total as usize, listed.items.len());
    listed.items.into_iter().map(|saved| saved.contact.name.unwrap_or_default()).collect()
}

async fn a_number_is_saved_once(bench: &Bench) {
    let store = &bench.store;
    let given = [contact(1, "Ada", ""), contact(2, "Bob", ""), contact(1, "Ada again", "")];
    let saved = store.save_contacts(&given, None, now()).await.unwrap().unwrap();
    assert_eq!((saved.created, &saved.duplicates), (2, &vec![2]));
    assert_eq!((saved.ids[0], saved.ids.len()), (saved.ids[2], 3));
    let again = [contact(3, "Cy", ""), contact(1, "Other", "new@example.com")];
    let more = store.save_contacts(&again, None, later(1)).await.unwrap().unwrap();
    assert_eq!(more, Saved { created: 1, ids: vec![more.ids[0], saved.ids[0]], duplicates: vec![1] });
    let ada = store.saved_contact(saved.ids[0]).await.unwrap().unwrap();
    assert_eq!((ada.contact.name.as_deref(), ada.contact.email, ada.updated_at), (Some("Ada"), None, now()));
    assert_eq!(store.save_contacts(&[], None, now()).await.unwrap().unwrap(), Saved::default());

    // What a campaign was given directly is not in the address book.
    let id = bench.draft().await;
    bench.add(id, 1..6).await;
    assert_eq!(names(bench, ContactQuery::default()).await, ["Ada", "Bob", "Cy"]);
    let own = bench.pairs("SELECT number, id FROM contacts WHERE number LIKE '%5' ORDER BY id".into()).await;
    assert_eq!(store.saved_contact(ContactId(own[0].1)).await.unwrap(), None);
    assert_eq!(store.remove_contact(ContactId(own[0].1), now()).await.unwrap(), ContactRemoved::NotFound);
}

async fn contacts_are_found_by_how_they_begin(bench: &Bench) {
    let given = [
        contact(10, "Ännchen", "a@x.example"),
        contact(100, "anna", "b@x.example"),
        contact(101, "Anna-Maria", "A@y.example"),
        contact(2_000_000, "100%_sure", ""),
        contact(2_000_001, "Zed\0", "B@Y.example"),
    ];
    bench.store.save_contacts(&given, None, now()).await.unwrap();
    bench.bar(number(100)).await;
    let by = |search| ContactQuery { search: Some(search), ..ContactQuery::default() };
    let name = |text: &str| by(ContactSearch::Name(text.into()));
    assert_eq!(names(bench, name("ANNA")).await, ["anna", "Anna-Maria"]);
    assert_eq!(names(bench, name("ä")).await, ["Ännchen"]);
    assert_eq!(names(bench, name("100%_s")).await, ["100%_sure"]);
    assert_eq!(names(bench, name("%")).await, [""; 0]);
    assert_eq!(names(bench, name("zed\0")).await, ["Zed"]);
    assert_eq!(names(bench, by(ContactSearch::Email("b@".into()))).await, ["anna", "Zed"]);
    let numbers = |text: &str| by(ContactSearch::Number(text.into()));
    assert_eq!(names(bench, numbers("+15550000")).await, ["Ännchen", "anna", "Anna-Maria"]);
    assert_eq!(names(bench, ContactQuery { descending: true, ..numbers("+1555000010") }).await, ["Anna-Maria", "anna"]);
    assert_eq!(names(bench, numbers("+2")).await, [""; 0]);
    let listed = bench.store.contact_page(&name("anna"), Page { offset: 0, limit: 1 }).await.unwrap();
    assert_eq!((listed.total, listed.items.len(), listed.items[0].do_not_call), (2, 1, true));
}

async fn contacts_are_sorted_and_paged(bench: &Bench) {
    let given: Vec<_> = [(3, "Bob", "x@a"), (1, "ada", "z@a"), (2, "", "y@a")]
        .into_iter()
        .map(|(n, name, email)| contact(n, name, email))
        .collect();
    bench.store.save_contacts(&given, None, now()).await.unwrap();
    let sorted = async |sort, descending| {
        names(bench, ContactQuery { sort, descending, ..ContactQuery::default() }).await.join(",")
    };
    assert_eq!(sorted(ContactSort::Added, false).await, "Bob,ada,");
    assert_eq!(sorted(ContactSort::Added, true).await, ",ada,Bob");
    assert_eq!(sorted(ContactSort::Number, false).await, "ada,,Bob");
    assert_eq!(sorted(ContactSort::Name, false).await, ",ada,Bob");
    assert_eq!(sorted(ContactSort::Name, true).await, "Bob,ada,");
    assert_eq!(sorted(ContactSort::Email, false).await, "Bob,,ada");
    let page = bench.store.contact_page(&ContactQuery::default(), Page { offset: 1, limit: 1 }).await.unwrap();
    assert_eq!((page.total, page.items[0].contact.name.as_deref()), (3, Some("ada")));
}

async fn an_edit_from_an_old_version_loses(bench: &Bench) {
    let saved = bench.store.save_contacts(&[contact(1, "Ada", "a@x")], None, now()).await.unwrap().unwrap();
    let id = saved.ids[0];
    let mut wanted = contact(1, "Eve\0", "");
    wanted.timezone = Some("Europe/Berlin".into());
    wanted.variables.insert("deal".into(), "x".into());
    let edit = |contact: &NewContact, version| ContactEdit { contact: contact.clone(), if_version: version };
    assert_eq!(bench.store.edit_contact(id, &edit(&wanted, Some(later(1))), now()).await.unwrap(), BookEdited::Stale);
    // Versions grow even within one instant.
    assert_eq!(bench.store.edit_contact(id, &edit(&wanted, Some(now())), now()).await.unwrap(), BookEdited::Yes);
    let after = bench.store.saved_contact(id).await.unwrap().unwrap();
    assert!(after.updated_at > now() && after.created_at == now());
    assert_eq!(after.contact, NewContact { name: Some("Eve".into()), ..wanted.clone() });
    let eve = ContactQuery { search: Some(ContactSearch::Name("eve".into())), ..ContactQuery::default() };
    assert_eq!(names(bench, eve).await, ["Eve"]);
    let nobody = ContactId(i64::MAX);
    assert_eq!(bench.store.edit_contact(nobody, &edit(&wanted, None), now()).await.unwrap(), BookEdited::NotFound);
}

async fn texts_of_any_length_are_kept(bench: &Bench) {
    // Random enough not to be compressed below what an index takes.
    let long: String =
        (0..20_000u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 13) as u8 % 26)).collect();
    let mut given = contact(1, &long, &long);
    given.variables.insert(long.clone(), long.clone());
    let saved = bench.store.save_contacts(&[given.clone()], None, now()).await.unwrap().unwrap();
    assert_eq!(bench.store.saved_contact(saved.ids[0]).await.unwrap().unwrap().contact, given);
    let query = ContactQuery { search: Some(ContactSearch::Name(long.clone())), ..ContactQuery::default() };
    assert_eq!(names(bench, query).await, std::slice::from_ref(&long));
    let entry =
        canvass::store::DoNotCall { number: number(1), reason: Some(long.clone()), source: long, added_at: now() };
    bench.store.add_do_not_call(&entry).await.unwrap();
    assert_eq!(bench.store.do_not_call(number(1)).await.unwrap(), Some(entry));
}

async fn a_removed_contact_is_called_no_more(bench: &Bench) {
    let store = &bench.store;
    let members = group(bench, "Members").await;
    let given: Vec<_> = (0..3).map(|n| contact(n, "Somebody", "")).collect();
    let ids = store.save_contacts(&given, Some(members), now()).await.unwrap().unwrap().ids;
    let (waits, called) = (bench.draft().await, bench.draft().await);
    for campaign in [waits, called] {
        store.dial_group(campaign, members, now()).await.unwrap();
    }
    bench.set_status(called, CampaignStatus::Running).await;
    let claim = bench.claim(called, 1).await;
    let mut busy = settlement(called, &claim.claimed[0], Outcome::Busy, TargetStatus::Busy);
    busy.after.due_at = Some(later(600));
    bench.settle(vec![busy]).await;
    bench.bar(number(0)).await;

    let places = store.contact_places(ids[0]).await.unwrap();
    assert_eq!(places.groups, [(members, "Members".to_owned())]);
    assert_eq!(places.campaigns.iter().map(|place| place.campaign).collect::<Vec<_>>(), [called, waits]);
    assert_eq!(places.campaigns[0].status, TargetStatus::Busy);
    assert_eq!(places.last_call.map(|last| (last.campaign, last.outcome)), Some((called, Some(Outcome::Busy))));

    assert_eq!(store.remove_contact(ids[0], later(1)).await.unwrap(), ContactRemoved::Yes);
    assert_eq!(store.remove_contact(ids[0], later(1)).await.unwrap(), ContactRemoved::NotFound);
    assert_eq!(store.saved_contact(ids[0]).await.unwrap(), None);
    assert_eq!(store.group(members).await.unwrap().unwrap().members, 2);
    assert_eq!(store.target_by_number(waits, number(0)).await.unwrap(), None, "it was never called there");
    let (status, attempts, due) = bench.target(called, 0).await;
    assert_eq!((status, attempts, due), (TargetStatus::Skipped, 1, None), "its call stays on record");
    assert_eq!(store.calls_page(called, None, 10).await.unwrap().len(), 1);
    assert!(store.do_not_call(number(0)).await.unwrap().is_some());
    for campaign in [waits, called] {
        bench.assert_tally(campaign).await;
    }
    // Nobody brings it back, and its number may be saved anew.
    store.dial_group(waits, members, now()).await.unwrap();
    assert_eq!(store.target_by_number(waits, number(0)).await.unwrap(), None);
    let anew = store.save_contacts(&given[..1], None, later(2)).await.unwrap().unwrap();
    assert_eq!((anew.created, anew.ids[0] != ids[0]), (1, true));
    // One that was never in a campaign, or was never called, is gone altogether.
    assert_eq!(store.remove_contact(anew.ids[0], later(3)).await.unwrap(), ContactRemoved::Yes);
    assert_eq!(names(bench, ContactQuery::default()).await.len(), 2);
    let left = bench.pairs("SELECT number, count(*) FROM contacts GROUP BY number ORDER BY number".into()).await;
    assert_eq!(left.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [1, 1, 1]);
}

async fn a_contact_that_is_being_called_is_not_removed(bench: &Bench) {
    let members = group(bench, "Members").await;
    let ids = bench.store.save_contacts(&[contact(0, "Ada", "")], Some(members), now()).await.unwrap().unwrap().ids;
    let id = bench.draft().await;
    bench.store.dial_group(id, members, now()).await.unwrap();
    bench.set_status(id, CampaignStatus::Running).await;
    let claim = bench.claim(id, 1).await;
    assert_eq!(bench.store.remove_contact(ids[0], later(1)).await.unwrap(), ContactRemoved::InCall);
    assert!(bench.store.saved_contact(ids[0]).await.unwrap().is_some());
    bench.settle(vec![settlement(id, &claim.claimed[0], Outcome::Answered, TargetStatus::Completed)]).await;
    assert_eq!(bench.store.remove_contact(ids[0], later(1)).await.unwrap(), ContactRemoved::Yes);
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Completed, 1, None), "settled stays settled");
    bench.assert_tally(id).await;
}
