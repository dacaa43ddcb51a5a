//! Groups of saved contacts, and campaigns that call them.

use canvass::campaign::{CampaignId, CampaignStatus, Settings, TargetStatus};
use canvass::contact::{ContactGroupId, NewContact};
use canvass::store::book::{
    BookEdited, ContactGroup, ContactId, ContactQuery, ContactSearch, ContactSort, GroupDialed, GroupRemoved,
    GroupTargets, Joined,
};
use canvass::store::listing::{Draft, Page};

use crate::bench::{Bench, later, now, number, on_both_engines};

on_both_engines!(
    names_are_unique_whatever_the_case,
    members_join_in_order_and_once,
    a_list_says_more_of_those_who_join,
    members_by_id,
    a_removed_group_leaves_its_contacts,
    members_become_targets_once,
    a_group_larger_than_a_step,
    only_campaigns_that_may_be_edited_take_members,
    imports_at_once_save_each_number_once,
);

const ALL: Page = Page { offset: 0, limit: 500 };

/// An empty group.
pub(crate) async fn group(bench: &Bench, name: &str) -> ContactGroupId {
    let group = named(name);
    assert!(bench.store.add_group(&group).await.unwrap());
    group.id
}

fn named(name: &str) -> ContactGroup {
    let id = ContactGroupId::new();
    ContactGroup { id, name: name.into(), description: None, members: 0, created_at: now(), updated_at: now() }
}

fn contacts(range: std::ops::Range<u64>) -> Vec<NewContact> {
    range.map(|n| NewContact::of(number(n))).collect()
}

async fn members(bench: &Bench, group: ContactGroupId, sort: ContactSort) -> Vec<canvass::number::PhoneNumber> {
    let query = ContactQuery { group: Some(group), sort, ..ContactQuery::default() };
    let listed = bench.store.contact_page(&query, ALL).await.unwrap();
    assert_eq!(listed.total as usize, listed.items.len());
    listed.items.into_iter().map(|saved| saved.contact.number).collect()
}

async fn names_are_unique_whatever_the_case(bench: &Bench) {
    let store = &bench.store;
    let zoe = named("Zoë's\0 list");
    assert!(store.add_group(&zoe).await.unwrap());
    assert!(!store.add_group(&named("ZOË'S LIST")).await.unwrap());
    let other = group(bench, "Another").await;
    let found = store.group_named("zoë's list").await.unwrap().unwrap();
    assert_eq!((found.id, found.name.as_str(), found.members), (zoe.id, "Zoë's list", 0));
    let names = async |name, descending| {
        let listed = store.group_page(name, descending, ALL).await.unwrap();
        assert_eq!(listed.total as usize, listed.items.len());
        listed.items.into_iter().map(|group| group.id).collect::<Vec<_>>()
    };
    assert_eq!(names(None, false).await, [other, zoe.id]);
    assert_eq!(names(None, true).await, [zoe.id, other]);
    assert_eq!(names(Some("AN"), false).await, [other]);

    let renamed = |id, name: &str| ContactGroup { id, description: Some("d".into()), ..named(name) };
    let edit = async |group: ContactGroup, version| store.edit_group(&group, version, now()).await.unwrap();
    assert_eq!(edit(renamed(other, "zoë's LIST"), None).await, BookEdited::NameTaken);
    assert_eq!(edit(renamed(other, "Third"), Some(later(1))).await, BookEdited::Stale);
    assert_eq!(edit(renamed(other, "ANOTHER"), Some(now())).await, BookEdited::Yes, "its own name");
    assert_eq!(edit(renamed(other, "Third"), Some(now())).await, BookEdited::Stale, "versions grow");
    assert_eq!(edit(renamed(ContactGroupId::new(), "Fourth"), None).await, BookEdited::NotFound);
    let found = store.group(other).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.description.as_deref()), ("ANOTHER", Some("d")));
}

async fn members_join_in_order_and_once(bench: &Bench) {
    let store = &bench.store;
    store.save_contacts(&contacts(2..3), None, now()).await.unwrap();
    let id = group(bench, "Members").await;
    let given = [3, 2, 3, 1].map(|n| NewContact::of(number(n)));
    let saved = store.save_contacts(&given, Some(id), now()).await.unwrap().unwrap();
    assert_eq!((saved.created, saved.duplicates), (2, vec![2]));
    let again = store.save_contacts(&given, Some(id), now()).await.unwrap().unwrap();
    assert_eq!((again.created, again.duplicates), (0, vec![0, 1, 2, 3]));
    assert_eq!(members(bench, id, ContactSort::Added).await, [3, 2, 1].map(number));
    assert_eq!(members(bench, id, ContactSort::Number).await, [1, 2, 3].map(number));
    assert_eq!(members(bench, id, ContactSort::Name).await, [3, 2, 1].map(number), "not sorted by that in a group");
    assert_eq!(store.group(id).await.unwrap().unwrap().members, 3);
    assert_eq!(store.save_contacts(&given, Some(ContactGroupId::new()), now()).await.unwrap(), None);

    let search = ContactSearch::Number("+15550000002".into());
    let query = ContactQuery { group: Some(id), search: Some(search), ..ContactQuery::default() };
    assert_eq!(store.contact_page(&query, ALL).await.unwrap().total, 1);
    let query = ContactQuery { group: Some(ContactGroupId::new()), ..query };
    assert_eq!(store.contact_page(&query, ALL).await.unwrap().total, 0);
}

async fn a_list_says_more_of_those_who_join(bench: &Bench) {
    let store = &bench.store;
    let mut ada = NewContact { name: Some("Ada".into()), consent: Some("2024".into()), ..NewContact::of(number(1)) };
    ada.variables = [("deal", "a"), ("stage", "b")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let id = store.save_contacts(&[ada.clone()], None, now()).await.unwrap().unwrap().ids[0];
    let list = group(bench, "List").await;
    let mut said = NewContact { name: Some("Ada L.".into()), email: Some("A@x".into()), ..NewContact::of(number(1)) };
    said.variables = [("deal", "c"), ("city", "d")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    store.save_contacts(&[said.clone()], Some(list), now()).await.unwrap();
    let after = store.saved_contact(id).await.unwrap().unwrap();
    let mut wanted = NewContact { consent: ada.consent.clone(), ..said.clone() };
    wanted.variables.insert("stage".into(), "b".into());
    assert_eq!(after.contact, wanted);
    assert!(after.updated_at > now());
    for search in [ContactSearch::Name("ada l".into()), ContactSearch::Email("a@X".into())] {
        let query = ContactQuery { group: Some(list), search: Some(search), ..ContactQuery::default() };
        assert_eq!(store.contact_page(&query, ALL).await.unwrap().total, 1);
    }
    // A member is a duplicate, and stays as it is.
    store.save_contacts(&[ada], Some(list), later(1)).await.unwrap();
    assert_eq!(store.saved_contact(id).await.unwrap().unwrap(), after);
}

async fn members_by_id(bench: &Bench) {
    let store = &bench.store;
    let id = group(bench, "Members").await;
    let ids = store.save_contacts(&contacts(0..3), None, now()).await.unwrap().unwrap().ids;
    let joined = store.join_contacts(id, &[ids[2], ids[0], ids[2]], now()).await.unwrap();
    assert_eq!(joined, Joined::Yes { duplicates: vec![2] });
    let nobody = ContactId(i64::MAX);
    assert_eq!(store.join_contacts(id, &[ids[1], nobody], now()).await.unwrap(), Joined::Unknown(vec![1]));
    assert_eq!(store.join_contacts(ContactGroupId::new(), &ids, now()).await.unwrap(), Joined::NotFound);
    assert_eq!(members(bench, id, ContactSort::Added).await, [2, 0].map(number));
    assert!(store.remove_member(id, ids[2]).await.unwrap());
    assert!(!store.remove_member(id, ids[2]).await.unwrap());
    assert!(!store.remove_member(id, nobody).await.unwrap());
    assert_eq!(members(bench, id, ContactSort::Added).await, [number(0)]);
    assert_eq!(store.join_contacts(id, &ids, now()).await.unwrap(), Joined::Yes { duplicates: vec![0] });
    assert_eq!(store.group(id).await.unwrap().unwrap().members, 3);
}

async fn a_removed_group_leaves_its_contacts(bench: &Bench) {
    let store = &bench.store;
    let id = group(bench, "Gone").await;
    store.save_contacts(&contacts(0..4_500), Some(id), now()).await.unwrap();
    let settings = Settings { contact_group_ids: vec![id], ..Settings::default() };
    let campaign = CampaignId::new();
    let draft = Draft { id: campaign, name: "Uses it".into(), settings, scheduled_at: None };
    store.add_draft(&draft, now()).await.unwrap();
    assert_eq!(store.remove_group(id).await.unwrap(), GroupRemoved::InUse(vec!["Uses it".into()]));
    assert_eq!(store.missing_groups(&[id, ContactGroupId::new(), id]).await.unwrap(), [1]);
    bench.set_status(campaign, CampaignStatus::Cancelled).await;
    assert_eq!(store.remove_group(id).await.unwrap(), GroupRemoved::Yes);
    assert_eq!(store.remove_group(id).await.unwrap(), GroupRemoved::NotFound);
    assert_eq!((store.group(id).await.unwrap(), store.group_named("gone").await.unwrap()), (None, None));
    assert_eq!(store.missing_groups(&[id]).await.unwrap(), [0]);
    assert_eq!(store.contact_page(&ContactQuery::default(), ALL).await.unwrap().total, 4_500);
    let left = bench.pairs("SELECT 'members', count(*) FROM contact_group_members".into()).await;
    assert_eq!(left, [("members".to_owned(), 0)]);
    group(bench, "Gone").await;
}

async fn members_become_targets_once(bench: &Bench) {
    let store = &bench.store;
    let (first, second) = (group(bench, "First").await, group(bench, "Second").await);
    store.save_contacts(&contacts(5..8), Some(first), now()).await.unwrap();
    store.save_contacts(&contacts(0..6), Some(second), now()).await.unwrap();
    bench.bar(number(5)).await;
    let id = bench.draft().await;
    bench.add(id, 7..8).await;
    let dialed = async |group, at| store.dial_group(id, group, at).await.unwrap();
    let came = |added, duplicates, do_not_call| GroupDialed::Yes(GroupTargets { added, duplicates, do_not_call });
    assert_eq!(dialed(first, now()).await, came(2, 1, 1));
    assert_eq!(dialed(second, now()).await, came(5, 1, 1));
    assert_eq!(dialed(second, later(1)).await, came(0, 6, 1));
    bench.assert_tally(id).await;
    assert_eq!(bench.target(id, 6).await, (TargetStatus::Pending, 0, Some(now())));
    bench.set_status(id, CampaignStatus::Running).await;
    let claim = bench.claim(id, 10).await;
    let order: Vec<_> = claim.claimed.iter().map(|claimed| claimed.number).collect();
    assert_eq!(order, [7, 6, 0, 1, 2, 3, 4].map(number), "in the order they joined");
    assert_eq!(claim.do_not_call, [number(5)]);
}

async fn a_group_larger_than_a_step(bench: &Bench) {
    let id = group(bench, "Large").await;
    let saved = bench.store.save_contacts(&contacts(0..5_000), Some(id), now()).await.unwrap().unwrap();
    assert_eq!((saved.created, saved.ids.len()), (5_000, 5_000));
    assert_eq!(bench.store.group(id).await.unwrap().unwrap().members, 5_000);
    let again = bench.store.save_contacts(&contacts(4_999..5_001), Some(id), now()).await.unwrap().unwrap();
    assert_eq!((again.ids[0], again.duplicates), (saved.ids[4_999], vec![0]));
    let campaign = bench.draft().await;
    let dialed = bench.store.dial_group(campaign, id, now()).await.unwrap();
    assert_eq!(dialed, GroupDialed::Yes(GroupTargets { added: 5_001, duplicates: 0, do_not_call: 0 }));
    assert_eq!(bench.store.tally(campaign).await.unwrap().target(TargetStatus::Pending), 5_001);
}

async fn only_campaigns_that_may_be_edited_take_members(bench: &Bench) {
    let id = group(bench, "Members").await;
    bench.store.save_contacts(&contacts(0..3), Some(id), now()).await.unwrap();
    let campaign = bench.draft().await;
    let refused = [CampaignStatus::Scheduled, CampaignStatus::Running, CampaignStatus::Cancelled];
    for status in refused {
        bench.set_status(campaign, status).await;
        assert_eq!(bench.store.dial_group(campaign, id, now()).await.unwrap(), GroupDialed::Conflict(status));
    }
    assert_eq!(bench.store.tally(campaign).await.unwrap().total(), 0);
    let nowhere = CampaignId::new();
    assert_eq!(bench.store.dial_group(nowhere, id, now()).await.unwrap(), GroupDialed::NoCampaign);
    let nobody = ContactGroupId::new();
    assert_eq!(bench.store.dial_group(campaign, nobody, now()).await.unwrap(), GroupDialed::NoGroup);
}

async fn imports_at_once_save_each_number_once(bench: &Bench) {
    let (first, second) = (group(bench, "First").await, group(bench, "Second").await);
    let mut imports = tokio::task::JoinSet::new();
    for turn in 0..4u64 {
        let store = bench.store.clone();
        let mut given = contacts(turn * 100..turn * 100 + 500);
        if turn % 2 == 1 {
            given.reverse();
        }
        let group = if turn < 2 { first } else { second };
        imports.spawn(async move { store.save_contacts(&given, Some(group), now()).await.unwrap().unwrap().created });
    }
    let created: u64 = imports.join_all().await.into_iter().sum();
    assert_eq!(created, 800);
    assert_eq!(bench.store.contact_page(&ContactQuery::default(), ALL).await.unwrap().total, 800);
    for group in [first, second] {
        let counted = bench.store.group(group).await.unwrap().unwrap().members;
        assert_eq!(counted, 600);
        let query = ContactQuery { group: Some(group), ..ContactQuery::default() };
        let listed = bench.store.contact_page(&query, Page { offset: 500, limit: 500 }).await.unwrap();
        assert_eq!(listed.items.len(), 100);
    }
}
