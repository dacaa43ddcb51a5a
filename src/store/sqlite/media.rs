//! The media library.

use sqlx::SqliteConnection;

use super::rows::{self, micros};
use super::{Durability, Sqlite, campaigns, surveys};
use crate::store::model::{Media, MediaRemoved};
use crate::store::played::players;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// The columns of a sound and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, sha256, duration_ms, bytes, original_name, waveform, created_at FROM media ", $rest)
    };
}

impl Sqlite {
    /// See [`Store::add_media`](crate::store::Store::add_media).
    pub async fn add_media(&self, media: &Media) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO media (id, name, sha256, duration_ms, bytes, original_name, waveform, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name) DO NOTHING",
        )
        .bind(media.id.0)
        .bind(text::clean(&media.name))
        .bind(&media.sha256)
        .bind(text::stored(media.duration_ms))
        .bind(text::stored(media.bytes))
        .bind(text::clean(&media.original_name))
        .bind(rows::json(&media.waveform)?)
        .bind(micros(media.created_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// See [`Store::media`](crate::store::Store::media).
    pub async fn media(&self, reference: &str) -> Result<Option<Media>, StoreError> {
        let mut reader = self.reader().await?;
        find(reader.connection()?, reference).await
    }

    /// See [`Store::media_list`](crate::store::Store::media_list).
    pub async fn media_list(&self) -> Result<Vec<Media>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(select!("ORDER BY name")).fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::media).collect()
    }

    /// See [`Store::remove_media`](crate::store::Store::remove_media).
    pub async fn remove_media(&self, reference: &str) -> Result<MediaRemoved, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(media) = find(&mut transaction, reference).await? else { return Ok(MediaRemoved::NotFound) };
        let users =
            players(&media, &campaigns::not_over(&mut transaction).await?, &surveys::all(&mut transaction).await?);
        if !users.is_empty() {
            return Ok(MediaRemoved::InUse(users));
        }
        sqlx::query("DELETE FROM media WHERE id = ?1").bind(media.id.0).execute(&mut *transaction).await?;
        let shared = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM media WHERE sha256 = ?1)")
            .bind(&media.sha256)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(MediaRemoved::Yes { media, shared })
    }
}

async fn find(connection: &mut SqliteConnection, reference: &str) -> Result<Option<Media>, StoreError> {
    let row = sqlx::query(select!("WHERE id = ?1 OR name = ?2"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(StoredRow::media).transpose()
}
