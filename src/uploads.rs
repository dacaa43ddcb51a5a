//! The contact lists that were uploaded, kept as they came: the files by their
//! content, in a folder that only we may read; what came of each in the
//! database; and links to them that work without a key, for a while.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::campaign::CampaignId;
use crate::contact::ImportSummary;
use crate::media::{KeyError, hex};
use crate::store::blocks::{Upload, UploadId};
use crate::store::{Changed, Store, StoreError};
use crate::url_key::UrlKey;

/// How long a link works.
const LINK: SignedDuration = SignedDuration::from_mins(15);
/// Bytes copied at a time.
const BLOCK: usize = 64 * 1024;
/// A file of nobody's that is younger may be on its way in.
const YOUNG: Duration = Duration::from_secs(3_600);
/// Longest name of a file that is kept, in characters.
const NAME: usize = 200;

/// Why a list was not kept, or no link to it made.
#[derive(Debug, thiserror::Error)]
pub enum UploadsError {
    /// The folder does not take it, or does not give it back.
    #[error("cannot keep lists in {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no key to sign links with.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The campaign was deleted.
    #[error("the campaign was deleted meanwhile")]
    NoCampaign,
    /// The work broke off.
    #[error("keeping a list broke off: {0}")]
    Broken(String),
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The lists that were uploaded. Cheap to clone.
#[derive(Clone)]
pub struct Uploads(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    key: OnceLock<UrlKey>,
    /// Held while a file comes or goes: one that comes is not taken for
    /// nobody's before the database knows whose it is.
    turn: Mutex<()>,
}

/// A link to a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Seconds since 1970.
    pub(crate) expires: i64,
    /// Who has it may have the file until then.
    pub(crate) signature: String,
}

impl Link {
    /// When it works no more.
    pub(crate) fn expires_at(&self) -> Timestamp {
        Timestamp::from_second(self.expires).unwrap_or(Timestamp::MAX)
    }
}

impl Uploads {
    /// Lists are kept in this folder, which is made when there is one to keep.
    pub fn new(folder: PathBuf) -> Self {
        Self(Arc::new(Inner { folder, key: OnceLock::new(), turn: Mutex::default() }))
    }

    /// Keeps a list that was imported into a campaign, and what came of it.
    pub async fn keep(
        &self,
        store: &Store,
        campaign: CampaignId,
        name: &str,
        file: File,
        summary: &ImportSummary,
        now: Timestamp,
    ) -> Result<Upload, UploadsError> {
        let _turn = self.0.turn.lock().await;
        let (sha256, bytes) = self.blocking(move |inner| inner.write(file)).await?;
        let upload = Upload {
            id: UploadId::new(),
            campaign,
            name: name.chars().take(NAME).collect(),
            sha256,
            bytes,
            accepted: summary.accepted,
            duplicates: summary.duplicates,
            rejected: summary.rejected,
            uploaded_at: now,
        };
        let added = store.add_upload(&upload).await;
        if !matches!(added, Ok(true)) {
            self.remove(store, &upload.sha256).await;
        }
        if added? { Ok(upload) } else { Err(UploadsError::NoCampaign) }
    }

    /// Deletes a campaign as [`Store::delete_campaign`] does, with the lists
    /// that were uploaded to it.
    pub async fn delete_campaign(&self, store: &Store, id: CampaignId, now: Timestamp) -> Result<Changed, StoreError> {
        let contents = store.upload_contents(id).await?;
        let changed = store.delete_campaign(id, now).await?;
        if changed == Changed::Yes {
            let _turn = self.0.turn.lock().await;
            for sha256 in contents {
                self.remove(store, &sha256).await;
            }
        }
        Ok(changed)
    }

    /// Deletes files that belong to no upload: left by a process that was
    /// killed in between.
    pub async fn sweep(&self, store: &Store) -> Result<(), UploadsError> {
        let left = self.blocking(|inner| inner.old_files(SystemTime::now())).await?;
        for (path, sha256) in left {
            let _turn = self.0.turn.lock().await;
            let is_ours = match &sha256 {
                Some(sha256) => store.is_uploaded(sha256).await?,
                None => false,
            };
            if !is_ours {
                tracing::info!(path = %path.display(), "a list that belongs to no upload: deleted");
                gone(&path);
            }
        }
        Ok(())
    }

    /// A link to a list of a campaign.
    pub(crate) async fn link(
        &self,
        campaign: CampaignId,
        upload: UploadId,
        now: Timestamp,
    ) -> Result<Link, UploadsError> {
        let expires = now.as_second().saturating_add(LINK.as_secs());
        let signature = self.key().await?.sign(expires, &signed(campaign, upload));
        Ok(Link { expires, signature })
    }

    /// Whether a link is one of ours and still works.
    pub(crate) async fn is_good(
        &self,
        campaign: CampaignId,
        upload: UploadId,
        link: &Link,
        now: Timestamp,
    ) -> Result<bool, UploadsError> {
        let ours = self.key().await?.signed(link.expires, &signed(campaign, upload), &link.signature);
        Ok(ours && now.as_second() < link.expires)
    }

    /// Where the file of an upload is.
    pub(crate) fn path(&self, upload: &Upload) -> PathBuf {
        self.0.path(&upload.sha256)
    }

    /// The key, read or made when it is first needed.
    async fn key(&self) -> Result<UrlKey, UploadsError> {
        if let Some(key) = self.0.key.get() {
            return Ok(key.clone());
        }
        self.blocking(|inner| {
            inner.make_folder()?;
            let key = UrlKey::of_folder(&inner.folder, "upload")?;
            Ok(inner.key.get_or_init(|| key).clone())
        })
        .await
    }

    /// Removes a file, unless it belongs to an upload.
    async fn remove(&self, store: &Store, sha256: &str) {
        match store.is_uploaded(sha256).await {
            Ok(true) => {}
            Ok(false) => gone(&self.0.path(sha256)),
            Err(error) => tracing::warn!(%error, "a list stays until the next start"),
        }
    }

    /// Runs what blocks on a thread that may.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, UploadsError> + Send + 'static,
    ) -> Result<T, UploadsError> {
        let inner = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| UploadsError::Broken(error.to_string()))?
    }
}

impl Inner {
    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("{sha256}.csv"))
    }

    fn failed(&self, source: io::Error) -> UploadsError {
        UploadsError::Folder { path: self.folder.clone(), source }
    }

    /// Contacts are nobody else's business.
    fn make_folder(&self) -> Result<(), UploadsError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|source| self.failed(source))
    }

    /// Writes a file under its content's name; whole, or not at all.
    fn write(&self, file: File) -> Result<(String, u64), UploadsError> {
        self.make_folder()?;
        self.copy(file).map_err(|source| self.failed(source))
    }

    fn copy(&self, mut file: File) -> io::Result<(String, u64)> {
        file.seek(SeekFrom::Start(0))?;
        let mut to = tempfile::NamedTempFile::new_in(&self.folder)?;
        let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; BLOCK]);
        loop {
            let read = match file.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let part = block.get(..read).unwrap_or_default();
            hash.update(part);
            to.write_all(part)?;
            bytes += read as u64;
        }
        let sha256 = hex(&hash.finalize());
        to.as_file().set_permissions(Permissions::from_mode(0o600))?;
        to.as_file().sync_all()?;
        to.persist(self.path(&sha256))?;
        Ok((sha256, bytes))
    }

    /// Files that have been there for a while; of the whole ones, the content.
    fn old_files(&self, now: SystemTime) -> Result<Vec<(PathBuf, Option<String>)>, UploadsError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(error)),
        };
        let old = |path: &Path| {
            let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
            changed.is_ok_and(|changed| now.duration_since(changed).is_ok_and(|age| age > YOUNG))
        };
        let ours = entries.filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let sha256 = name.strip_suffix(".csv").filter(|sha| sha.len() == 64);
            (sha256.is_some() || name.starts_with(".tmp")).then(|| (entry.path(), sha256.map(ToOwned::to_owned)))
        });
        Ok(ours.filter(|(path, _)| old(path)).collect())
    }
}

/// What a signature is of.
fn signed(campaign: CampaignId, upload: UploadId) -> String {
    format!("{campaign}/{upload}")
}

fn gone(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "a list cannot be deleted"),
    }
}

impl fmt::Debug for Uploads {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").field("folder", &self.0.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
