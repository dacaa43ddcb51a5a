//! The do-not-call list by its sources, and what a source names no longer.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError};
use crate::number::PhoneNumber;
use crate::store::dnc::{DncReplacement, DncWithdrawn, ListSource};
use crate::store::rows::StoredRow;
use crate::store::text;

/// In the order of the index that filters use. A source that can be replaced is
/// shorter than what the index holds of one.
const ENTRIES_OF: &str = "SELECT number, added_at FROM do_not_call
    WHERE left(source, 100) = $1 AND (added_at, number) > (coalesce($2, '-infinity'::timestamptz), $3)
    ORDER BY added_at, number LIMIT $4";

const ALSO_OF: &str = "SELECT number FROM do_not_call_also
    WHERE source = $1 AND number > $2 ORDER BY number LIMIT $3";

const BEGIN: &str = "INSERT INTO do_not_call_replacements (source, run, began_at) VALUES ($1, $2, $3)
    ON CONFLICT (source) DO UPDATE SET run = excluded.run, began_at = excluded.began_at";

/// Another one waits with its beginning for the end of the transaction.
const IS_LATEST: &str = "SELECT 1 FROM do_not_call_replacements WHERE source = $1 AND run = $2 FOR SHARE";

/// In order of number, as those who add entries. What is beside a number that is
/// held here does not change, so it is read after this.
const HOLD: &str = "SELECT 1 FROM do_not_call WHERE number = ANY($1) ORDER BY number FOR UPDATE";

const REMEMBER: &str = "INSERT INTO do_not_call_removals
        (number, reason, source, added_at, removed_at, removed_by, removed_reason)
    SELECT d.number, d.reason, d.source, d.added_at, $4::timestamptz, $5, $6
    FROM do_not_call AS d
    WHERE d.number = ANY($1) AND d.source = $2 AND d.added_at < $3
    UNION ALL
    SELECT a.number, a.reason, a.source, a.added_at, $4::timestamptz, $5, $6
    FROM do_not_call_also AS a
    WHERE a.number = ANY($1) AND a.source = $2 AND a.added_at < $3";

/// What was beside other entries.
const LEAVE: &str = "DELETE FROM do_not_call_also
    WHERE number = ANY($1) AND source = $2 AND added_at < $3";

/// Entries pass to the oldest of those beside them.
const PASS_ON: &str = "UPDATE do_not_call SET (reason, source, added_at) = (
        SELECT a.reason, a.source, a.added_at FROM do_not_call_also AS a
        WHERE a.number = do_not_call.number ORDER BY a.added_at, a.source LIMIT 1
    )
    WHERE number = ANY($1) AND source = $2 AND added_at < $3
        AND EXISTS (SELECT 1 FROM do_not_call_also AS a WHERE a.number = do_not_call.number)";

/// Those are beside no longer.
const PASSED_ON: &str = "DELETE FROM do_not_call_also
    WHERE number = ANY($1)
        AND source = (SELECT d.source FROM do_not_call AS d WHERE d.number = do_not_call_also.number)";

/// Entries that nothing is left of.
const FREE: &str = "DELETE FROM do_not_call
    WHERE number = ANY($1) AND source = $2 AND added_at < $3";

impl Postgres {
    /// Up to `limit` numbers whose entries a source made, after one of them.
    /// See [`Store::do_not_call_held`](crate::store::Store::do_not_call_held).
    pub async fn do_not_call_entries_of(
        &self,
        source: &ListSource,
        after: Option<(Timestamp, PhoneNumber)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, PhoneNumber)>, StoreError> {
        let query = sqlx::query(ENTRIES_OF)
            .bind(source.as_str())
            .bind(after.map(|(instant, _)| at(instant)))
            .bind(after.map(|(_, number)| number.to_string()).unwrap_or_default())
            .bind(i64::from(limit));
        let found = self.rows_of(query).await?;
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
        let query = sqlx::query(ALSO_OF)
            .bind(source.as_str())
            .bind(after.map(|number| number.to_string()).unwrap_or_default())
            .bind(i64::from(limit));
        let found = self.rows_of(query).await?;
        found.iter().map(|row| row.word("number")).collect()
    }

    /// See [`Store::begin_dnc_replacement`](crate::store::Store::begin_dnc_replacement).
    pub async fn begin_dnc_replacement(&self, replacement: &DncReplacement) -> Result<(), StoreError> {
        let query =
            sqlx::query(BEGIN).bind(replacement.source.as_str()).bind(replacement.run).bind(at(replacement.began));
        self.rows_of(query).await?;
        Ok(())
    }

    /// See [`Store::withdraw_do_not_call`](crate::store::Store::withdraw_do_not_call).
    pub async fn withdraw_do_not_call(
        &self,
        replacement: &DncReplacement,
        numbers: &[PhoneNumber],
        now: Timestamp,
    ) -> Result<Option<DncWithdrawn>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let done = withdraw(&mut transaction, replacement, numbers, now).await?;
            transaction.commit().await?;
            session.keep();
            Ok(done)
        })
        .await
    }
}

async fn withdraw(
    connection: &mut PgConnection,
    replacement: &DncReplacement,
    numbers: &[PhoneNumber],
    now: Timestamp,
) -> Result<Option<DncWithdrawn>, StoreError> {
    let (source, began) = (replacement.source.as_str(), at(replacement.began));
    let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
    let latest = sqlx::query(IS_LATEST).bind(source).bind(replacement.run).fetch_optional(&mut *connection).await?;
    if latest.is_none() {
        return Ok(None);
    }
    sqlx::query(HOLD).bind(&numbers).execute(&mut *connection).await?;
    let slice = |sql: &'static str| sqlx::query(sql).bind(&numbers).bind(source).bind(began);
    let removed = slice(REMEMBER)
        .bind(at(now))
        .bind(text::clean(&replacement.by))
        .bind(replacement.reason())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    slice(LEAVE).execute(&mut *connection).await?;
    slice(PASS_ON).execute(&mut *connection).await?;
    sqlx::query(PASSED_ON).bind(&numbers).execute(&mut *connection).await?;
    let freed = slice(FREE).execute(connection).await?.rows_affected();
    Ok(Some(DncWithdrawn { removed, still_listed: removed.saturating_sub(freed) }))
}

#[cfg(test)]
mod tests {
    use super::super::ledger::server;
    use super::super::ledger::tests::plan;
    use super::super::{do_not_call, do_not_call_list};
    use super::*;

    const FILL: &str = "INSERT INTO do_not_call (number, reason, source, added_at)
            SELECT '+1555' || lpad(n::text, 7, '0'), NULL, CASE WHEN n % 10 = 0 THEN 'key' ELSE 'federal' END,
                now() - n * interval '1 second'
            FROM generate_series(1, 50000) AS n;
        INSERT INTO do_not_call_also (number, source, reason, added_at)
            SELECT number, CASE WHEN source = 'key' THEN 'federal' ELSE 'state' END, NULL, added_at FROM do_not_call;
        ANALYZE";

    /// However long the list, and however many sources: a page costs a page, a
    /// step costs a step.
    #[tokio::test]
    async fn every_statement_goes_by_an_index() {
        let test = "store::postgres::dnc_sources::every_statement_goes_by_an_index";
        let Some(database) = server::Database::create(test).await else { return };
        let store = Postgres::open(&database.url().to_owned().into()).await.expect("a store");
        store.migrate().await.expect("a schema");
        let mut session = store.session().await.expect("a session");
        let connection = session.connection();
        sqlx::raw_sql(FILL).execute(&mut *connection).await.expect("rows");
        let row = "ARRAY['+15550000001'], ARRAY[NULL], ARRAY['state'], ARRAY[now()]";
        let slice = "ARRAY['+15550000001'], 'federal', now()";
        for (sql, parameters) in [
            (do_not_call::KNOWN, "ARRAY['+15550000001']".to_owned()),
            (do_not_call::ADD_BESIDE, row.to_owned()),
            (do_not_call::PAGE, "'', 100".to_owned()),
            (do_not_call_list::AMONG, "ARRAY['+15550000001']".to_owned()),
            (ENTRIES_OF, "'federal', now(), '', 100".to_owned()),
            (ALSO_OF, "'federal', '', 100".to_owned()),
            (HOLD, "ARRAY['+15550000001']".to_owned()),
            (REMEMBER, format!("{slice}, now(), 'cli', ''")),
            (LEAVE, slice.to_owned()),
            (PASS_ON, slice.to_owned()),
            (PASSED_ON, "ARRAY['+15550000001']".to_owned()),
            (FREE, slice.to_owned()),
        ] {
            let steps = plan(connection, sql, &parameters).await;
            assert!(steps.contains("Index"), "{sql}\n{steps}");
            assert!(!steps.contains("Seq Scan on do_not_call"), "{sql}\n{steps}");
        }
        for sql in [ENTRIES_OF, ALSO_OF] {
            let parameters = if sql == ALSO_OF { "'federal', '', 100" } else { "'federal', now(), '', 100" };
            let steps = plan(connection, sql, parameters).await;
            assert!(!steps.contains("Sort"), "{sql}\n{steps}");
            // Millions may be of one instant.
            let goes_on = |step: &str| step.contains("Index Cond") && step.contains("ROW(added_at, number) > ROW(");
            let goes_on = steps.lines().any(goes_on);
            assert_eq!(goes_on, sql == ENTRIES_OF, "{sql}\n{steps}");
        }
    }
}
