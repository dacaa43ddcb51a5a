//! Lists that were uploaded.

use sqlx::sqlite::SqliteRow;

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::campaign::CampaignId;
use crate::store::blocks::{Upload, UploadId};
use crate::store::listing::{Listed, Page};
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// The columns of an upload and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, campaign_id, name, sha256, bytes, accepted, duplicates, rejected, uploaded_at FROM uploads ",
            $rest
        )
    };
}

impl Sqlite {
    /// See [`Store::add_upload`](crate::store::Store::add_upload).
    pub async fn add_upload(&self, upload: &Upload) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO uploads (id, campaign_id, name, sha256, bytes, accepted, duplicates, rejected, uploaded_at)
             SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM campaigns WHERE id = ?2",
        )
        .bind(upload.id.0)
        .bind(upload.campaign.0)
        .bind(text::clean(&upload.name))
        .bind(&upload.sha256)
        .bind(text::stored(upload.bytes))
        .bind(text::stored(upload.accepted))
        .bind(text::stored(upload.duplicates))
        .bind(text::stored(upload.rejected))
        .bind(micros(upload.uploaded_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::upload_page`](crate::store::Store::upload_page).
    pub async fn upload_page(&self, campaign: CampaignId, page: Page) -> Result<Listed<Upload>, StoreError> {
        let mut reader = self.reader().await?;
        let connection = reader.connection()?;
        let total: i64 = sqlx::query_scalar("SELECT count(*) FROM uploads WHERE campaign_id = ?1")
            .bind(campaign.0)
            .fetch_one(&mut *connection)
            .await?;
        let found: Vec<SqliteRow> = sqlx::query(select!("WHERE campaign_id = ?1 ORDER BY id DESC LIMIT +?2 OFFSET ?3"))
            .bind(campaign.0)
            .bind(i64::from(page.limit))
            .bind(text::stored(page.offset))
            .fetch_all(connection)
            .await?;
        let items = found.iter().map(StoredRow::upload).collect::<Result<_, _>>()?;
        Ok(Listed { items, total: text::size(total) })
    }

    /// See [`Store::upload`](crate::store::Store::upload).
    pub async fn upload(&self, campaign: CampaignId, id: Option<UploadId>) -> Result<Option<Upload>, StoreError> {
        let mut reader = self.reader().await?;
        let row: Option<SqliteRow> =
            sqlx::query(select!("WHERE campaign_id = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id DESC LIMIT 1"))
                .bind(campaign.0)
                .bind(id.map(|id| id.0))
                .fetch_optional(reader.connection()?)
                .await?;
        row.as_ref().map(StoredRow::upload).transpose()
    }

    /// See [`Store::upload_contents`](crate::store::Store::upload_contents).
    pub async fn upload_contents(&self, campaign: CampaignId) -> Result<Vec<String>, StoreError> {
        let mut reader = self.reader().await?;
        let contents = sqlx::query_scalar("SELECT DISTINCT sha256 FROM uploads WHERE campaign_id = ?1")
            .bind(campaign.0)
            .fetch_all(reader.connection()?)
            .await?;
        Ok(contents)
    }

    /// See [`Store::is_uploaded`](crate::store::Store::is_uploaded).
    pub async fn is_uploaded(&self, sha256: &str) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let known = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM uploads WHERE sha256 = ?1)")
            .bind(sha256)
            .fetch_one(reader.connection()?)
            .await?;
        Ok(known)
    }
}
