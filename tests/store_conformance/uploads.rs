//! Lists that were uploaded: kept with their campaign, and gone with it.

use canvass::campaign::{CampaignId, CampaignStatus};
use canvass::store::blocks::{Upload, UploadId};
use canvass::store::listing::Page;
use canvass::store::{Changed, Store};

use crate::bench::{Bench, later, on_both_engines};

on_both_engines!(
    the_newest_upload_comes_first,
    an_upload_belongs_to_its_campaign,
    a_content_is_known_as_long_as_some_upload_has_it,
);

fn upload(campaign: CampaignId, name: &str, content: char) -> Upload {
    Upload {
        id: UploadId::new(),
        campaign,
        name: name.into(),
        sha256: content.to_string().repeat(64),
        bytes: 5_000_000_000,
        accepted: 3,
        duplicates: 2,
        rejected: 1,
        uploaded_at: later(7),
    }
}

async fn add(store: &Store, upload: &Upload) {
    assert!(store.add_upload(upload).await.unwrap());
}

async fn the_newest_upload_comes_first(bench: &Bench) {
    let id = bench.draft().await;
    let all: Vec<_> = ["a\0.csv", "b.csv", "c.csv"].map(|name| upload(id, name, 'a')).into();
    for upload in &all {
        add(&bench.store, upload).await;
    }
    let page = bench.store.upload_page(id, Page { offset: 1, limit: 5 }).await.unwrap();
    assert_eq!(page.total, 3);
    assert_eq!(page.items, [all[1].clone(), Upload { name: "a.csv".into(), ..all[0].clone() }]);
    assert_eq!(bench.store.upload(id, None).await.unwrap().as_ref(), Some(&all[2]));
    assert_eq!(bench.store.upload(id, Some(all[1].id)).await.unwrap().as_ref(), Some(&all[1]));
    assert_eq!(bench.store.upload(id, Some(UploadId::new())).await.unwrap(), None);
}

async fn an_upload_belongs_to_its_campaign(bench: &Bench) {
    let (one, other) = (bench.draft().await, bench.draft().await);
    let of_one = upload(one, "a.csv", 'a');
    add(&bench.store, &of_one).await;
    assert_eq!(bench.store.upload(other, None).await.unwrap(), None);
    assert_eq!(bench.store.upload(other, Some(of_one.id)).await.unwrap(), None);
    assert!(!bench.store.add_upload(&upload(CampaignId::new(), "a.csv", 'b')).await.unwrap());
    assert!(!bench.store.is_uploaded(&"b".repeat(64)).await.unwrap());
}

async fn a_content_is_known_as_long_as_some_upload_has_it(bench: &Bench) {
    let (one, other) = (bench.draft().await, bench.draft().await);
    for (campaign, content) in [(one, 'a'), (one, 'a'), (one, 'b'), (other, 'a')] {
        add(&bench.store, &upload(campaign, "x.csv", content)).await;
    }
    let mut contents = bench.store.upload_contents(one).await.unwrap();
    contents.sort();
    assert_eq!(contents, ["a".repeat(64), "b".repeat(64)]);
    bench.set_status(one, CampaignStatus::Cancelled).await;
    assert_eq!(bench.store.delete_campaign(one, later(9)).await.unwrap(), Changed::Yes);
    assert_eq!(bench.store.upload_contents(one).await.unwrap(), Vec::<String>::new());
    let known = async |content: &str| bench.store.is_uploaded(&content.repeat(64)).await.unwrap();
    assert!(known("a").await && !known("b").await);
}
