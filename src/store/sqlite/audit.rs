//! The audit log, and what changed since one looked.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::rows::micros;
use super::{Durability, Sqlite};
use crate::store::rows::StoredRow;
use crate::store::telling::{AuditEntry, AuditFrom, AuditQuery, AuditRecord};
use crate::store::telling_rows::TellingRow;
use crate::store::{CampaignVersion, StoreError, text};

impl Sqlite {
    /// See [`Store::note_audit`](crate::store::Store::note_audit).
    pub async fn note_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut details = entry.details.clone();
        text::clean_json(&mut details);
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(
            "INSERT INTO audit (at, actor, action, subject_kind, subject_id, ip, request_id, details)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(micros(entry.at))
        .bind(text::clean(&entry.actor))
        .bind(text::clean(&entry.action))
        .bind(text::clean(&entry.subject_kind))
        .bind(text::clean_option(entry.subject_id.as_ref()))
        .bind(entry.ip.as_deref())
        .bind(text::clean_option(entry.request_id.as_ref()))
        .bind(details.to_string())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::audit`](crate::store::Store::audit).
    pub async fn audit(&self, query: &AuditQuery, from: AuditFrom, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let mut list = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
            "SELECT id, at, actor, action, subject_kind, subject_id, ip, request_id, details FROM audit WHERE true",
        );
        let words = [
            (" AND actor = ", &query.actor),
            (" AND action = ", &query.action),
            (" AND subject_kind = ", &query.subject_kind),
            (" AND subject_id = ", &query.subject_id),
        ];
        for (sql, word) in words {
            if let Some(word) = word {
                list.push(sql).push_bind(text::clean(word).into_owned());
            }
        }
        for (sql, instant) in [(" AND at >= ", query.from), (" AND at < ", query.until)] {
            if let Some(instant) = instant {
                list.push(sql).push_bind(micros(instant));
            }
        }
        match from {
            AuditFrom::Newest => list.push(" ORDER BY id DESC"),
            AuditFrom::Before(id) => list.push(" AND id < ").push_bind(id).push(" ORDER BY id DESC"),
            AuditFrom::After(id) => list.push(" AND id > ").push_bind(id).push(" ORDER BY id"),
        };
        list.push(" LIMIT +").push_bind(limit);
        let mut reader = self.reader().await?;
        let found: Vec<SqliteRow> = list.build().fetch_all(reader.connection()?).await?;
        found.iter().map(TellingRow::audit_record).collect()
    }

    /// See [`Store::campaigns_since`](crate::store::Store::campaigns_since).
    pub async fn campaigns_since(&self, since: Timestamp) -> Result<Vec<CampaignVersion>, StoreError> {
        let mut reader = self.reader().await?;
        let sql = "SELECT id, status, reason, updated_at FROM campaigns WHERE updated_at >= ?1 ORDER BY updated_at, id";
        let found: Vec<SqliteRow> = sqlx::query(sql).bind(micros(since)).fetch_all(reader.connection()?).await?;
        found.iter().map(StoredRow::campaign_version).collect()
    }
}
