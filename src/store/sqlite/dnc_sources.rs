//! The do-not-call list by its sources, and what a source names no longer.

use jiff::Timestamp;
use sqlx::Row;

use super::rows::{self, micros};
use super::{Durability, Sqlite};
use crate::number::PhoneNumber;
use crate::store::dnc::{DncReplacement, DncWithdrawn, ListSource};
use crate::store::rows::StoredRow;
use crate::store::{StoreError, text};

/// In the order of the index that filters use. A source that can be replaced is
/// shorter than what the index holds of one.
const ENTRIES_OF: &str = "SELECT number, added_at FROM do_not_call
    WHERE substr(source, 1, 100) = ?1 AND (added_at, number) > (?2, ?3)
    ORDER BY added_at, number LIMIT +?4";

const ALSO_OF: &str = "SELECT number FROM do_not_call_also
    WHERE source = ?1 AND number > ?2 ORDER BY number LIMIT +?3";

const BEGIN: &str = "INSERT INTO do_not_call_replacements (source, run, began_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (source) DO UPDATE SET run = excluded.run, began_at = excluded.began_at";

const IS_LATEST: &str = "SELECT EXISTS (SELECT 1 FROM do_not_call_replacements WHERE source = ?1 AND run = ?2)";

const REMEMBER: &str = "INSERT INTO do_not_call_removals
        (number, reason, source, added_at, removed_at, removed_by, removed_reason)
    SELECT d.number, d.reason, d.source, d.added_at, ?4, ?5, ?6
    FROM json_each(?1) AS j CROSS JOIN do_not_call AS d ON d.number = j.value
    WHERE d.source = ?2 AND d.added_at < ?3
    UNION ALL
    SELECT a.number, a.reason, a.source, a.added_at, ?4, ?5, ?6
    FROM json_each(?1) AS j CROSS JOIN do_not_call_also AS a ON a.number = j.value AND a.source = ?2
    WHERE a.added_at < ?3";

/// What was beside other entries.
const LEAVE: &str = "DELETE FROM do_not_call_also
    WHERE number IN (SELECT value FROM json_each(?1)) AND source = ?2 AND added_at < ?3";

/// Entries pass to the oldest of those beside them.
const PASS_ON: &str = "UPDATE do_not_call SET (reason, source, added_at) = (
        SELECT a.reason, a.source, a.added_at FROM do_not_call_also AS a
        WHERE a.number = do_not_call.number ORDER BY a.added_at, a.source LIMIT 1
    )
    WHERE number IN (SELECT value FROM json_each(?1)) AND source = ?2 AND added_at < ?3
        AND EXISTS (SELECT 1 FROM do_not_call_also AS a WHERE a.number = do_not_call.number)";

/// Those are beside no longer.
const PASSED_ON: &str = "DELETE FROM do_not_call_also
    WHERE number IN (SELECT value FROM json_each(?1))
        AND source = (SELECT d.source FROM do_not_call AS d WHERE d.number = do_not_call_also.number)";

/// Entries that nothing is left of.
const FREE: &str = "DELETE FROM do_not_call
    WHERE number IN (SELECT value FROM json_each(?1)) AND source = ?2 AND added_at < ?3";

impl Sqlite {
    /// Up to `limit` numbers whose entries a source made, after one of them.
    /// See [`Store::do_not_call_held`](crate::store::Store::do_not_call_held).
    pub async fn do_not_call_entries_of(
        &self,
        source: &ListSource,
        after: Option<(Timestamp, PhoneNumber)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, PhoneNumber)>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(ENTRIES_OF)
            .bind(source.as_str())
            .bind(after.map_or(i64::MIN, |(at, _)| micros(at)))
            .bind(after.map(|(_, number)| number.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(reader.connection()?)
            .await?;
        found.iter().map(|row| Ok((row.instant("added_at")?, row.word("number")?))).collect()
    }

    /// Up to `limit` numbers that a source names beside their entries, after one
    /// of them.
    pub async fn do_not_call_also_of(
        &self,
        source: &ListSource,
        after: Option<PhoneNumber>,
        limit: u32,
    ) -> Result<Vec<PhoneNumber>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(ALSO_OF)
            .bind(source.as_str())
            .bind(after.map(|number| number.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(reader.connection()?)
            .await?;
        found.iter().map(|row| row.word("number")).collect()
    }

    /// See [`Store::begin_dnc_replacement`](crate::store::Store::begin_dnc_replacement).
    pub async fn begin_dnc_replacement(&self, replacement: &DncReplacement) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        sqlx::query(BEGIN)
            .bind(replacement.source.as_str())
            .bind(replacement.run)
            .bind(micros(replacement.began))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// See [`Store::withdraw_do_not_call`](crate::store::Store::withdraw_do_not_call).
    pub async fn withdraw_do_not_call(
        &self,
        replacement: &DncReplacement,
        numbers: &[PhoneNumber],
        now: Timestamp,
    ) -> Result<Option<DncWithdrawn>, StoreError> {
        let (source, began) = (replacement.source.as_str(), micros(replacement.began));
        let numbers = rows::json(numbers)?;
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let latest = sqlx::query(IS_LATEST).bind(source).bind(replacement.run).fetch_one(&mut *transaction).await?;
        if !latest.try_get(0)? {
            return Ok(None);
        }
        let removed = sqlx::query(REMEMBER)
            .bind(&numbers)
            .bind(source)
            .bind(began)
            .bind(micros(now))
            .bind(text::clean(&replacement.by))
            .bind(replacement.reason())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        let slice = |sql: &'static str| sqlx::query(sql).bind(&numbers).bind(source).bind(began);
        slice(LEAVE).execute(&mut *transaction).await?;
        slice(PASS_ON).execute(&mut *transaction).await?;
        sqlx::query(PASSED_ON).bind(&numbers).execute(&mut *transaction).await?;
        let freed = slice(FREE).execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(Some(DncWithdrawn { removed, still_listed: removed.saturating_sub(freed) }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{do_not_call, do_not_call_list};
    use super::*;

    /// However long the list, and however many sources: a page costs a page, a
    /// step costs a step.
    #[tokio::test]
    async fn every_statement_goes_by_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        store.migrate().await.expect("a schema");
        let mut reader = store.reader().await.expect("a reader");
        for (sql, sorts) in [
            (do_not_call::ADD_BESIDE, false),
            (do_not_call::PAGE, true),
            (do_not_call_list::AMONG, true),
            (ENTRIES_OF, false),
            (ALSO_OF, false),
            (REMEMBER, false),
            (LEAVE, false),
            (PASS_ON, true),
            (PASSED_ON, false),
            (FREE, false),
        ] {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let steps = sqlx::query(explain).fetch_all(reader.connection().expect("one")).await.expect("a plan");
            let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            assert!(steps.iter().any(|step| step.contains("SEARCH")), "{sql}\n{steps:#?}");
            // What is read through is what was given, or found so far.
            let given = |step: &String| ["json_each", "SCAN j", "SCAN page"].iter().any(|given| step.contains(given));
            assert_eq!(steps.iter().find(|step| step.contains("SCAN") && !given(step)), None, "{sql}\n{steps:#?}");
            // Millions may be of one instant.
            let goes_on = steps.iter().any(|step| step.contains("(added_at,number)>(?,?)"));
            assert_eq!(goes_on, sql == ENTRIES_OF, "{sql}\n{steps:#?}");
            assert!(sorts || !steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
        }
    }
}
