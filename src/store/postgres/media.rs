//! The media library.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, blocks, campaigns, surveys};
use crate::media::MediaId;
use crate::store::blocks::{BlockQuery, MediaRenamed, MediaUses};
use crate::store::listing::{Listed, Page};
use crate::store::model::{Campaign, Media, MediaRemoved, StoredSurvey};
use crate::store::played;
use crate::store::rows::StoredRow;
use crate::store::text;

/// The columns of a sound and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, sha256, duration_ms, bytes, original_name, waveform, created_at, updated_at FROM media ",
            $rest
        )
    };
}

impl Postgres {
    /// See [`Store::add_media`](crate::store::Store::add_media).
    pub async fn add_media(&self, media: &Media) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO media (id, name, sha256, duration_ms, bytes, original_name, waveform, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING",
            )
            .bind(media.id.0)
            .bind(text::clean(&media.name))
            .bind(&media.sha256)
            .bind(text::stored(media.duration_ms))
            .bind(text::stored(media.bytes))
            .bind(text::clean(&media.original_name))
            .bind(serde_json::Value::from(media.waveform.as_slice()))
            .bind(at(media.created_at))
            .bind(at(media.updated_at))
            .execute(session.connection())
            .await?;
            session.keep();
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    /// See [`Store::media`](crate::store::Store::media).
    pub async fn media(&self, reference: &str) -> Result<Option<Media>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = find(session.connection(), reference).await?;
            session.keep();
            Ok(found)
        })
        .await
    }

    /// See [`Store::media_list`](crate::store::Store::media_list).
    pub async fn media_list(&self) -> Result<Vec<Media>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(select!("ORDER BY name")).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::media).collect()
        })
        .await
    }

    /// See [`Store::media_page`](crate::store::Store::media_page).
    pub async fn media_page(&self, query: &BlockQuery, page: Page) -> Result<Listed<Media>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let (found, total) = blocks::page(session.connection(), "media", select!(""), query, page).await?;
            session.keep();
            let items = found.iter().map(StoredRow::media).collect::<Result<_, _>>()?;
            Ok(Listed { items, total })
        })
        .await
    }

    /// See [`Store::media_uses`](crate::store::Store::media_uses).
    pub async fn media_uses(&self, media: &Media) -> Result<MediaUses, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let (campaigns, surveys) = users(session.connection()).await?;
            session.keep();
            Ok(played::uses(media, &campaigns, &surveys))
        })
        .await
    }

    /// See [`Store::rename_media`](crate::store::Store::rename_media).
    pub async fn rename_media(
        &self,
        id: MediaId,
        name: &str,
        if_version: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<MediaRenamed, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            blocks::hold_campaigns(&mut transaction).await?;
            let renamed = rename(&mut transaction, id, name, if_version, now).await?;
            transaction.commit().await?;
            session.keep();
            Ok(renamed)
        })
        .await
    }

    /// See [`Store::remove_media`](crate::store::Store::remove_media).
    pub async fn remove_media(&self, reference: &str) -> Result<MediaRemoved, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            blocks::hold_campaigns(&mut transaction).await?;
            let removed = remove(&mut transaction, reference).await?;
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }
}

async fn rename(
    connection: &mut PgConnection,
    id: MediaId,
    name: &str,
    if_version: Option<Timestamp>,
    now: Timestamp,
) -> Result<MediaRenamed, StoreError> {
    // Who else renames it waits: what was read is what is changed.
    let row = sqlx::query(select!("WHERE id = $1 FOR UPDATE")).bind(id.0).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(MediaRenamed::NotFound) };
    let media = row.media()?;
    if if_version.is_some_and(|known| known.as_microsecond() != media.updated_at.as_microsecond()) {
        return Ok(MediaRenamed::Stale);
    }
    if media.name == name {
        return Ok(MediaRenamed::Yes(media));
    }
    let (campaigns, surveys) = users(connection).await?;
    if let Some(refused) = played::kept_name(&media, &campaigns, &surveys) {
        return Ok(refused);
    }
    let done = sqlx::query(
        "UPDATE media SET name = $2, updated_at = greatest($3, updated_at + interval '1 microsecond')
         WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM media WHERE name = $2)
         RETURNING id, name, sha256, duration_ms, bytes, original_name, waveform, created_at, updated_at",
    )
    .bind(id.0)
    .bind(text::clean(name))
    .bind(at(now))
    .fetch_optional(connection)
    .await;
    match done {
        Ok(Some(row)) => Ok(MediaRenamed::Yes(row.media()?)),
        Ok(None) => Ok(MediaRenamed::NameTaken),
        // Somebody else took it this moment.
        Err(error) if blocks::is_taken(&error) => Ok(MediaRenamed::NameTaken),
        Err(error) => Err(error.into()),
    }
}

async fn remove(connection: &mut PgConnection, reference: &str) -> Result<MediaRemoved, StoreError> {
    let Some(media) = find(connection, reference).await? else { return Ok(MediaRemoved::NotFound) };
    let (campaigns, surveys) = users(connection).await?;
    if let Some(refused) = played::kept(&media, &campaigns, &surveys) {
        return Ok(refused);
    }
    sqlx::query("DELETE FROM media WHERE id = $1").bind(media.id.0).execute(&mut *connection).await?;
    let shared = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM media WHERE sha256 = $1)")
        .bind(&media.sha256)
        .fetch_one(connection)
        .await?;
    Ok(MediaRemoved::Yes { media, shared })
}

/// Who may play sounds.
async fn users(connection: &mut PgConnection) -> Result<(Vec<Campaign>, Vec<StoredSurvey>), StoreError> {
    Ok((campaigns::not_over(connection).await?, surveys::all(connection).await?))
}

async fn find(connection: &mut PgConnection, reference: &str) -> Result<Option<Media>, StoreError> {
    let row = sqlx::query(select!("WHERE id = $1 OR name = $2"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(StoredRow::media).transpose()
}
