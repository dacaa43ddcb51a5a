//! The media library.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::{self, micros};
use super::{Durability, Sqlite, blocks, campaigns, surveys};
use crate::media::MediaId;
use crate::store::blocks::{BlockQuery, MediaRenamed, MediaUses};
use crate::store::listing::{Listed, Page};
use crate::store::model::{Campaign, Media, MediaRemoved, StoredSurvey};
use crate::store::played;
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// The columns of a sound and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, sha256, duration_ms, bytes, original_name, waveform, created_at, updated_at FROM media ",
            $rest
        )
    };
}

impl Sqlite {
    /// See [`Store::add_media`](crate::store::Store::add_media).
    pub async fn add_media(&self, media: &Media) -> Result<bool, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let done = sqlx::query(
            "INSERT INTO media (id, name, sha256, duration_ms, bytes, original_name, waveform, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (name) DO NOTHING",
        )
        .bind(media.id.0)
        .bind(text::clean(&media.name))
        .bind(&media.sha256)
        .bind(text::stored(media.duration_ms))
        .bind(text::stored(media.bytes))
        .bind(text::clean(&media.original_name))
        .bind(rows::json(&media.waveform)?)
        .bind(micros(media.created_at))
        .bind(micros(media.updated_at))
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

    /// See [`Store::media_page`](crate::store::Store::media_page).
    pub async fn media_page(&self, query: &BlockQuery, page: Page) -> Result<Listed<Media>, StoreError> {
        let mut reader = self.reader().await?;
        let (found, total) = blocks::page(reader.connection()?, "media", select!(""), query, page).await?;
        let items = found.iter().map(StoredRow::media).collect::<Result<_, _>>()?;
        Ok(Listed { items, total })
    }

    /// See [`Store::media_uses`](crate::store::Store::media_uses).
    pub async fn media_uses(&self, media: &Media) -> Result<MediaUses, StoreError> {
        let mut reader = self.reader().await?;
        let (campaigns, surveys) = users(reader.connection()?).await?;
        Ok(played::uses(media, &campaigns, &surveys))
    }

    /// See [`Store::rename_media`](crate::store::Store::rename_media).
    pub async fn rename_media(
        &self,
        id: MediaId,
        name: &str,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<MediaRenamed, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(media) = find(&mut transaction, &id.to_string()).await? else { return Ok(MediaRenamed::NotFound) };
        if if_version.is_some_and(|known| known.as_microsecond() != media.updated_at.as_microsecond()) {
            return Ok(MediaRenamed::Stale);
        }
        if media.name == name {
            return Ok(MediaRenamed::Yes(media));
        }
        let (campaigns, surveys) = users(&mut transaction).await?;
        if let Some(refused) = played::kept_name(&media, &campaigns, &surveys) {
            return Ok(refused);
        }
        let done = sqlx::query(
            "UPDATE media SET name = ?2, updated_at = max(?3, updated_at + 1)
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM media WHERE name = ?2)",
        )
        .bind(id.0)
        .bind(text::clean(name))
        .bind(micros(now))
        .execute(&mut *transaction)
        .await?;
        let renamed = find(&mut transaction, &id.to_string()).await?;
        transaction.commit().await?;
        Ok(match renamed {
            Some(media) if done.rows_affected() > 0 => MediaRenamed::Yes(media),
            Some(_) => MediaRenamed::NameTaken,
            None => MediaRenamed::NotFound,
        })
    }

    /// See [`Store::remove_media`](crate::store::Store::remove_media).
    pub async fn remove_media(&self, reference: &str) -> Result<MediaRemoved, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let Some(media) = find(&mut transaction, reference).await? else { return Ok(MediaRemoved::NotFound) };
        let (campaigns, surveys) = users(&mut transaction).await?;
        if let Some(refused) = played::kept(&media, &campaigns, &surveys) {
            return Ok(refused);
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

/// Who may play sounds.
async fn users(connection: &mut SqliteConnection) -> Result<(Vec<Campaign>, Vec<StoredSurvey>), StoreError> {
    Ok((campaigns::not_over(connection).await?, surveys::all(connection).await?))
}

async fn find(connection: &mut SqliteConnection, reference: &str) -> Result<Option<Media>, StoreError> {
    let row = sqlx::query(select!("WHERE id = ?1 OR name = ?2"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(StoredRow::media).transpose()
}
