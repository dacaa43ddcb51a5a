//! The do-not-call list.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Connection, PgConnection, Postgres as Database, Row};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, told};
use crate::number::PhoneNumber;
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::{dnc, text};

/// In order of number: two that add the same ones must not wait for each other.
/// A row that is there is locked, though nothing is written to it: it must not
/// be taken off before what is said here is kept beside it.
pub(super) const ADD: &str = "INSERT INTO do_not_call (number, reason, source, added_at)
    SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS j (number, reason, source, added_at)
    ORDER BY number COLLATE \"C\"
    ON CONFLICT (number) DO UPDATE SET source = do_not_call.source WHERE false
    RETURNING number";

/// Of numbers that are there with another source.
pub(super) const ADD_BESIDE: &str = "INSERT INTO do_not_call_also (number, source, reason, added_at)
    SELECT j.number, j.source, j.reason, j.added_at
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) WITH ORDINALITY
        AS j (number, reason, source, added_at, place)
    JOIN do_not_call AS d ON d.number = j.number
    WHERE left(d.source, 100) <> j.source
    ORDER BY j.number COLLATE \"C\", j.source, j.place
    ON CONFLICT (number, source) DO NOTHING";

/// Nothing sorts before the empty text. One statement, as a source may become
/// the entry meanwhile.
pub(super) const PAGE: &str = "WITH page AS MATERIALIZED (
        SELECT number, reason, source, added_at FROM do_not_call WHERE number > $1 ORDER BY number LIMIT $2
    )
    SELECT number, reason, source, added_at, 0 AS place FROM page
    UNION ALL
    SELECT number, reason, source, added_at, 1 FROM do_not_call_also
    WHERE number > $1 AND number <= (SELECT max(number) FROM page)
    ORDER BY number, place, added_at, source";

/// Which sources name these numbers.
pub(super) const KNOWN: &str = "SELECT number, left(source, 100) AS source FROM do_not_call WHERE number = ANY($1)
    UNION ALL
    SELECT number, source FROM do_not_call_also WHERE number = ANY($1)";

/// Who adds entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Adding {
    /// Somebody said so of these numbers: it holds whatever happens beside it.
    Wishes,
    /// A list: what it said before, which may be nearly all of it, is passed
    /// over without a lock.
    List,
}

impl Postgres {
    /// See [`Store::add_do_not_call`](crate::store::Store::add_do_not_call).
    pub async fn add_do_not_call(&self, entry: &DoNotCall) -> Result<(), StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            add(&mut transaction, std::slice::from_ref(entry), Adding::Wishes).await?;
            transaction.commit().await?;
            session.keep();
            Ok(())
        })
        .await
    }

    /// See [`Store::add_do_not_call_many`](crate::store::Store::add_do_not_call_many).
    pub async fn add_do_not_call_many(&self, entries: &[DoNotCall]) -> Result<u64, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let added = add(&mut transaction, entries, Adding::List).await?;
            transaction.commit().await?;
            session.keep();
            Ok(added)
        })
        .await
    }

    /// See [`Store::do_not_call_page`](crate::store::Store::do_not_call_page).
    pub async fn do_not_call_page(&self, after: Option<PhoneNumber>, limit: u32) -> Result<Vec<DoNotCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query(PAGE)
                .bind(after.map(|number| number.to_string()).unwrap_or_default())
                .bind(i64::from(limit))
                .fetch_all(session.connection())
                .await?;
            session.keep();
            found.iter().map(StoredRow::do_not_call).collect()
        })
        .await
    }

    /// See [`Store::do_not_call`](crate::store::Store::do_not_call).
    pub async fn do_not_call(&self, number: PhoneNumber) -> Result<Option<DoNotCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query("SELECT number, reason, source, added_at FROM do_not_call WHERE number = $1")
                .bind(number.to_string())
                .fetch_optional(session.connection())
                .await?;
            session.keep();
            row.as_ref().map(StoredRow::do_not_call).transpose()
        })
        .await
    }
}

/// Writes entries; of a number that is there already with another source, beside
/// its entry. Gives how many numbers were not there.
pub(super) async fn add(
    connection: &mut PgConnection,
    entries: &[DoNotCall],
    adding: Adding,
) -> Result<u64, StoreError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let known = match adding {
        Adding::Wishes => HashMap::new(),
        Adding::List => known(connection, entries).await?,
    };
    let is_known = |entry: &DoNotCall| {
        let source = text::clean(&entry.source);
        known.get(&entry.number).is_some_and(|sources| sources.iter().any(|known| known == dnc::beginning(&source)))
    };
    let said: Vec<_> = entries.iter().filter(|entry| !is_known(entry)).collect();
    if said.is_empty() {
        return Ok(0);
    }
    // A statement may meet each number once.
    let mut seen = HashSet::with_capacity(said.len());
    let first: Vec<_> = said.iter().copied().filter(|entry| seen.insert(entry.number)).collect();
    let added = with_entries(ADD, &first, |source| source).fetch_all(&mut *connection).await?;
    let found = added.iter().map(|row| row.try_get("number")).collect::<Result<Vec<String>, _>>()?;
    if !found.is_empty() && told::any(connection).await? {
        let fresh: HashSet<_> = found.iter().map(String::as_str).collect();
        told::do_not_call(connection, &fresh, entries).await?;
    }
    let beside = dnc::beside(said.into_iter(), &found);
    if !beside.is_empty() {
        with_entries(ADD_BESIDE, &beside, dnc::beginning).execute(connection).await?;
    }
    Ok(found.len() as u64)
}

/// Which sources name the numbers of these entries already.
async fn known(
    connection: &mut PgConnection,
    entries: &[DoNotCall],
) -> Result<HashMap<PhoneNumber, Vec<String>>, StoreError> {
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number.to_string()).collect();
    let mut known: HashMap<_, Vec<_>> = HashMap::new();
    for row in &sqlx::query(KNOWN).bind(numbers).fetch_all(connection).await? {
        known.entry(row.word("number")?).or_default().push(row.try_get("source")?);
    }
    Ok(known)
}

fn with_entries<'q>(
    sql: &'static str,
    entries: &[&DoNotCall],
    cut: impl Fn(&str) -> &str,
) -> Query<'q, Database, PgArguments> {
    let source = |entry: &DoNotCall| cut(&text::clean(&entry.source)).to_owned();
    let reason = |entry: &DoNotCall| text::clean_option(entry.reason.as_ref()).map(Cow::into_owned);
    sqlx::query(sql)
        .bind(entries.iter().map(|entry| entry.number.to_string()).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| reason(entry)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| source(entry)).collect::<Vec<_>>())
        .bind(entries.iter().map(|entry| at(entry.added_at)).collect::<Vec<_>>())
}
