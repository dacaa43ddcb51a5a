use super::*;
use crate::store::Location;
use crate::store::listing::Page;

struct Home {
    folder: tempfile::TempDir,
    store: Store,
    uploads: Uploads,
}

const ALL: Page = Page { offset: 0, limit: 100 };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

impl Home {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&Location::Sqlite(folder.path().join("canvass.db"))).await.expect("a database");
        store.migrate().await.expect("migrated");
        let uploads = Uploads::new(folder.path().join("deep/uploads"));
        Self { folder, store, uploads }
    }

    async fn campaign(&self) -> CampaignId {
        let id = CampaignId::new();
        self.store.create_campaign(id, "Spring", &crate::campaign::Settings::default(), at(0)).await.expect("created");
        id
    }

    async fn keep(&self, campaign: CampaignId, text: &str) -> Result<Upload, UploadsError> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let summary = ImportSummary { accepted: 3, duplicates: 2, rejected: 1, ..ImportSummary::default() };
        self.uploads.keep(&self.store, campaign, "a.csv", file, &summary, at(1)).await
    }

    fn files(&self) -> usize {
        fs::read_dir(self.folder.path().join("deep/uploads")).map_or(0, Iterator::count)
    }
}

#[tokio::test]
async fn a_list_is_kept_as_it_came_for_us_alone() {
    let home = Home::new().await;
    let id = home.campaign().await;
    let kept = home.keep(id, "phone_number\n+15552000001\n").await.expect("kept");
    let path = home.uploads.path(&kept);
    assert_eq!(fs::read_to_string(&path).expect("there"), "phone_number\n+15552000001\n");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let folder = fs::metadata(path.parent().expect("a folder")).expect("there");
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    assert_eq!((kept.bytes, kept.accepted, kept.duplicates, kept.rejected), (26, 3, 2, 1));
    assert_eq!(home.store.upload(id, None).await.expect("asked"), Some(kept));
    assert_eq!(home.files(), 1, "nothing temporary stays");
}

#[tokio::test]
async fn a_content_goes_with_its_last_campaign() {
    let home = Home::new().await;
    let (one, other) = (home.campaign().await, home.campaign().await);
    let kept = home.keep(one, "same").await.expect("kept");
    home.keep(other, "same").await.expect("kept");
    home.keep(other, "more").await.expect("kept");
    assert_eq!(home.files(), 2);
    let deleted = home.uploads.delete_campaign(&home.store, one, at(2)).await.expect("deleted");
    assert_eq!((deleted, home.files()), (Changed::Yes, 2));
    assert!(home.uploads.path(&kept).is_file());
    home.uploads.delete_campaign(&home.store, other, at(2)).await.expect("deleted");
    assert_eq!(home.files(), 0);
    assert_eq!(home.store.upload_page(other, ALL).await.expect("asked").total, 0);
}

#[tokio::test]
async fn a_list_for_a_campaign_that_is_gone_is_not_kept() {
    let home = Home::new().await;
    let kept = home.keep(CampaignId::new(), "x").await;
    assert!(matches!(kept, Err(UploadsError::NoCampaign)), "{kept:?}");
    assert_eq!(home.files(), 0);
}

#[tokio::test]
async fn a_link_works_for_a_quarter_of_an_hour_and_for_one_list() {
    let home = Home::new().await;
    let (id, upload) = (home.campaign().await, UploadId::new());
    let link = home.uploads.link(id, upload, at(0)).await.expect("a link");
    assert_eq!(link.expires_at(), at(900));
    let good = async |campaign, upload, link: &Link, seconds| {
        home.uploads.is_good(campaign, upload, link, at(seconds)).await.expect("looked at")
    };
    assert!(good(id, upload, &link, 0).await && good(id, upload, &link, 899).await);
    assert!(!good(id, upload, &link, 900).await);
    assert!(!good(id, UploadId::new(), &link, 0).await);
    assert!(!good(CampaignId::new(), upload, &link, 0).await);
    let later = Link { expires: link.expires + 1, ..link.clone() };
    assert!(!good(id, upload, &later, 0).await);
    let forged = Link { signature: "0".repeat(64), ..link.clone() };
    assert!(!good(id, upload, &forged, 0).await);
    // Another process with the same folder knows it too; another folder does not.
    let again = Uploads::new(home.folder.path().join("deep/uploads"));
    assert!(again.is_good(id, upload, &link, at(0)).await.expect("looked at"));
    let other = Uploads::new(home.folder.path().join("other"));
    assert!(!other.is_good(id, upload, &link, at(0)).await.expect("looked at"));
    assert!(!format!("{:?}", home.uploads).contains("Hmac"));
}

#[tokio::test]
async fn what_belongs_to_nobody_is_swept() {
    let home = Home::new().await;
    let id = home.campaign().await;
    home.uploads.sweep(&home.store).await.expect("nothing to sweep");
    let kept = home.keep(id, "kept").await.expect("kept");
    let folder = home.folder.path().join("deep/uploads");
    home.uploads.link(id, kept.id, at(0)).await.expect("a key");
    let orphan = folder.join(format!("{}.csv", "0".repeat(64)));
    let (half, young, other) = (folder.join(".tmpabc"), folder.join(".tmpnew"), folder.join("notes.txt"));
    for path in [&orphan, &half, &young, &other] {
        fs::write(path, "x").expect("written");
    }
    let long_ago = SystemTime::now() - 2 * YOUNG;
    for path in [&orphan, &half, &other, &home.uploads.path(&kept), &folder.join(".url-key")] {
        File::options().write(true).open(path).expect("there").set_modified(long_ago).expect("set");
    }
    home.uploads.sweep(&home.store).await.expect("swept");
    assert!(!orphan.exists() && !half.exists());
    assert!(young.exists() && other.exists() && home.uploads.path(&kept).exists() && folder.join(".url-key").exists());
}

#[tokio::test]
async fn a_folder_that_takes_nothing_is_told() {
    let home = Home::new().await;
    let id = home.campaign().await;
    fs::write(home.folder.path().join("deep"), "a file").expect("written");
    let kept = home.keep(id, "x").await;
    assert!(matches!(kept, Err(UploadsError::Folder { .. })), "{kept:?}");
    assert_eq!(home.store.upload(id, None).await.expect("asked"), None);
}
