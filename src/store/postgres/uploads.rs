//! Lists that were uploaded.

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::campaign::CampaignId;
use crate::store::blocks::{Upload, UploadId};
use crate::store::listing::{Listed, Page};
use crate::store::rows::StoredRow;
use crate::store::text;

/// The columns of an upload and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, campaign_id, name, sha256, bytes, accepted, duplicates, rejected, uploaded_at FROM uploads ",
            $rest
        )
    };
}

impl Postgres {
    /// See [`Store::add_upload`](crate::store::Store::add_upload).
    pub async fn add_upload(&self, upload: &Upload) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO uploads (id, campaign_id, name, sha256, bytes, accepted, duplicates, rejected, uploaded_at)
                 SELECT $1, id, $3, $4, $5, $6, $7, $8, $9 FROM campaigns WHERE id = $2 FOR KEY SHARE",
            )
            .bind(upload.id.0)
            .bind(upload.campaign.0)
            .bind(text::clean(&upload.name))
            .bind(&upload.sha256)
            .bind(text::stored(upload.bytes))
            .bind(text::stored(upload.accepted))
            .bind(text::stored(upload.duplicates))
            .bind(text::stored(upload.rejected))
            .bind(at(upload.uploaded_at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::upload_page`](crate::store::Store::upload_page).
    pub async fn upload_page(&self, campaign: CampaignId, page: Page) -> Result<Listed<Upload>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let total: i64 = sqlx::query_scalar("SELECT count(*) FROM uploads WHERE campaign_id = $1")
                .bind(campaign.0)
                .fetch_one(session.connection())
                .await?;
            let found = sqlx::query(select!("WHERE campaign_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"))
                .bind(campaign.0)
                .bind(i64::from(page.limit))
                .bind(text::stored(page.offset))
                .fetch_all(session.connection())
                .await?;
            session.keep();
            let items = found.iter().map(StoredRow::upload).collect::<Result<_, _>>()?;
            Ok(Listed { items, total: text::size(total) })
        })
        .await
    }

    /// See [`Store::upload`](crate::store::Store::upload).
    pub async fn upload(&self, campaign: CampaignId, id: Option<UploadId>) -> Result<Option<Upload>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(select!(
                "WHERE campaign_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY id DESC LIMIT 1"
            ))
            .bind(campaign.0)
            .bind(id.map(|id| id.0))
            .fetch_optional(session.connection())
            .await?;
            session.keep();
            row.as_ref().map(StoredRow::upload).transpose()
        })
        .await
    }

    /// See [`Store::upload_contents`](crate::store::Store::upload_contents).
    pub async fn upload_contents(&self, campaign: CampaignId) -> Result<Vec<String>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let contents = sqlx::query_scalar("SELECT DISTINCT sha256 FROM uploads WHERE campaign_id = $1")
                .bind(campaign.0)
                .fetch_all(session.connection())
                .await?;
            session.keep();
            Ok(contents)
        })
        .await
    }

    /// See [`Store::is_uploaded`](crate::store::Store::is_uploaded).
    pub async fn is_uploaded(&self, sha256: &str) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let known = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM uploads WHERE sha256 = $1)")
                .bind(sha256)
                .fetch_one(session.connection())
                .await?;
            session.keep();
            Ok(known)
        })
        .await
    }
}
