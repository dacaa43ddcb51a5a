//! The media library.

use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, campaigns, surveys};
use crate::store::model::{Media, MediaRemoved};
use crate::store::played::players;
use crate::store::rows::StoredRow;
use crate::store::text;

/// The columns of a sound and where they are from, before what selects them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, sha256, duration_ms, bytes, original_name, waveform, created_at FROM media ", $rest)
    };
}

impl Postgres {
    /// See [`Store::add_media`](crate::store::Store::add_media).
    pub async fn add_media(&self, media: &Media) -> Result<bool, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let done = sqlx::query(
                "INSERT INTO media (id, name, sha256, duration_ms, bytes, original_name, waveform, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
            )
            .bind(media.id.0)
            .bind(text::clean(&media.name))
            .bind(&media.sha256)
            .bind(text::stored(media.duration_ms))
            .bind(text::stored(media.bytes))
            .bind(text::clean(&media.original_name))
            .bind(serde_json::Value::from(media.waveform.as_slice()))
            .bind(at(media.created_at))
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

    /// See [`Store::remove_media`](crate::store::Store::remove_media).
    pub async fn remove_media(&self, reference: &str) -> Result<MediaRemoved, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let removed = remove(&mut transaction, reference).await?;
            transaction.commit().await?;
            session.keep();
            Ok(removed)
        })
        .await
    }
}

async fn remove(connection: &mut PgConnection, reference: &str) -> Result<MediaRemoved, StoreError> {
    let Some(media) = find(connection, reference).await? else { return Ok(MediaRemoved::NotFound) };
    let users = players(&media, &campaigns::not_over(connection).await?, &surveys::all(connection).await?);
    if !users.is_empty() {
        return Ok(MediaRemoved::InUse(users));
    }
    sqlx::query("DELETE FROM media WHERE id = $1").bind(media.id.0).execute(&mut *connection).await?;
    let shared = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM media WHERE sha256 = $1)")
        .bind(&media.sha256)
        .fetch_one(connection)
        .await?;
    Ok(MediaRemoved::Yes { media, shared })
}

async fn find(connection: &mut PgConnection, reference: &str) -> Result<Option<Media>, StoreError> {
    let row = sqlx::query(select!("WHERE id = $1 OR name = $2"))
        .bind(text::written_id(reference))
        .bind(text::clean(reference))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(StoredRow::media).transpose()
}
