//! The audit log, and what changed since one looked.

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::postgres::PgRow;

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::store::rows::StoredRow;
use crate::store::telling::{AuditEntry, AuditFrom, AuditQuery, AuditRecord};
use crate::store::telling_rows::TellingRow;
use crate::store::{CampaignVersion, text};

impl Postgres {
    /// See [`Store::note_audit`](crate::store::Store::note_audit).
    pub async fn note_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut details = entry.details.clone();
            text::clean_json(&mut details);
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::query(
                "INSERT INTO audit (at, actor, action, subject_kind, subject_id, ip, request_id, details)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(at(entry.at))
            .bind(text::clean(&entry.actor))
            .bind(text::clean(&entry.action))
            .bind(text::clean(&entry.subject_kind))
            .bind(text::clean_option(entry.subject_id.as_ref()))
            .bind(entry.ip.as_deref())
            .bind(text::clean_option(entry.request_id.as_ref()))
            .bind(details)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::audit`](crate::store::Store::audit).
    pub async fn audit(&self, query: &AuditQuery, from: AuditFrom, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        within(OPERATION, async {
            let mut list = sqlx::QueryBuilder::<sqlx::Postgres>::new(
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
                    list.push(sql).push_bind(at(instant));
                }
            }
            match from {
                AuditFrom::Newest => list.push(" ORDER BY id DESC"),
                AuditFrom::Before(id) => list.push(" AND id < ").push_bind(id).push(" ORDER BY id DESC"),
                AuditFrom::After(id) => list.push(" AND id > ").push_bind(id).push(" ORDER BY id"),
            };
            list.push(" LIMIT ").push_bind(i64::from(limit));
            let mut session = self.session().await?;
            let found: Vec<PgRow> = list.build().fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(TellingRow::audit_record).collect()
        })
        .await
    }

    /// See [`Store::campaigns_since`](crate::store::Store::campaigns_since).
    pub async fn campaigns_since(&self, since: Timestamp) -> Result<Vec<CampaignVersion>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let sql =
                "SELECT id, status, reason, updated_at FROM campaigns WHERE updated_at >= $1 ORDER BY updated_at, id";
            let found: Vec<PgRow> = sqlx::query(sql).bind(at(since)).fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(StoredRow::campaign_version).collect()
        })
        .await
    }
}
