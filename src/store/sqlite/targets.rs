//! Targets: bulk import, and what a campaign's progress is read from.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, micros};
use super::{Durability, Sqlite, campaigns};
use crate::campaign::{Action, CampaignId, TargetStatus};
use crate::contact::{ContactFields, NewContact};
use crate::number::PhoneNumber;
use crate::store::ledger::TallyMoves;
use crate::store::listing::ContactsAdded;
use crate::store::model::{Added, Remaining, Tally, TargetId};
use crate::store::rows::StoredRow;
use crate::store::slice::Slice;
use crate::store::{StoreError, text};

/// Positions, in the array of numbers given, of those the campaign has.
const KNOWN: &str = "SELECT j.key FROM json_each(?1) AS j
    WHERE EXISTS (SELECT 1 FROM campaign_contacts AS t WHERE t.campaign_id = ?2 AND t.number = j.value)";

const ADD_CONTACTS: &str =
    "INSERT INTO contacts (id, number, name, email, company, notes, timezone, consent, variables, created_at)
    SELECT ?2 + j.key, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5,
        j.value ->> 6, j.value -> 7, ?3
    FROM jsonb_each(?1) AS j";

const ADD_TARGETS: &str =
    "INSERT INTO campaign_contacts (id, campaign_id, contact_id, number, status, due_at, updated_at)
    SELECT ?2 + (j.value ->> 1), ?4, ?3 + (j.value ->> 1), j.value ->> 0, 'pending', ?5, ?5
    FROM jsonb_each(?1) AS j";

pub(super) const REMAINING: &str =
    "SELECT (SELECT due_at FROM campaign_contacts WHERE campaign_id = ?1 AND due_at IS NOT NULL
            ORDER BY due_at LIMIT 1) AS next_due,
        EXISTS (SELECT 1 FROM campaign_contacts
            WHERE campaign_id = ?1 AND status IN ('calling', 'connected')) AS in_call";

/// The contacts of targets `t`.
macro_rules! contacts {
    ($which:literal) => {
        concat!(
            "SELECT c.number, name, email, company, notes, timezone, consent, json(variables) AS variables
             FROM campaign_contacts AS t JOIN contacts AS c ON c.id = t.contact_id ",
            $which
        )
    };
}

impl Sqlite {
    /// See [`Store::add_targets`](crate::store::Store::add_targets).
    pub async fn add_targets(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<Added, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        let added = add(&mut transaction, campaign, contacts, now).await?;
        transaction.commit().await?;
        Ok(added)
    }

    /// See [`Store::add_contacts`](crate::store::Store::add_contacts).
    pub async fn add_contacts(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<ContactsAdded, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Bulk).await?;
        match campaigns::status(&mut transaction, campaign).await? {
            None => return Ok(ContactsAdded::NotFound),
            Some(status) if !status.allows(Action::Edit) => return Ok(ContactsAdded::Conflict(status)),
            Some(_) => {}
        }
        let added = add(&mut transaction, campaign, contacts, now).await?;
        transaction.commit().await?;
        Ok(ContactsAdded::Yes(added))
    }

    /// See [`Store::tally`](crate::store::Store::tally).
    pub async fn tally(&self, campaign: CampaignId) -> Result<Tally, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT kind, key, count FROM campaign_tally WHERE campaign_id = ?1 AND count > 0")
            .bind(campaign.0)
            .fetch_all(reader.connection()?)
            .await?;
        SqliteRow::tally(&found)
    }

    /// See [`Store::remaining`](crate::store::Store::remaining).
    pub async fn remaining(&self, campaign: CampaignId) -> Result<Remaining, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(REMAINING).bind(campaign.0).fetch_one(reader.connection()?).await?;
        row.remaining()
    }

    /// See [`Store::target_by_number`](crate::store::Store::target_by_number).
    pub async fn target_by_number(
        &self,
        campaign: CampaignId,
        number: PhoneNumber,
    ) -> Result<Option<(TargetStatus, u32, Option<Timestamp>)>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(
            "SELECT status, attempts, due_at FROM campaign_contacts WHERE campaign_id = ?1 AND number = ?2",
        )
        .bind(campaign.0)
        .bind(number.to_string())
        .fetch_optional(reader.connection()?)
        .await?;
        row.as_ref().map(StoredRow::target).transpose()
    }

    /// See [`Store::contact_of`](crate::store::Store::contact_of).
    pub async fn contact_of(&self, target: TargetId) -> Result<Option<ContactFields>, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(contacts!("WHERE t.id = ?1")).bind(target.0).fetch_optional(reader.connection()?).await?;
        row.as_ref().map(StoredRow::contact).transpose()
    }

    /// See [`Store::first_contacts`](crate::store::Store::first_contacts).
    pub async fn first_contacts(&self, campaign: CampaignId, limit: u32) -> Result<Vec<ContactFields>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(contacts!("WHERE t.campaign_id = ?1 LIMIT +?2"))
            .bind(campaign.0)
            .bind(limit)
            .fetch_all(reader.connection()?)
            .await?;
        rows.iter().map(StoredRow::contact).collect()
    }

    /// See [`Store::due_contacts`](crate::store::Store::due_contacts).
    pub async fn due_contacts(&self, campaign: CampaignId, limit: u32) -> Result<Vec<ContactFields>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = sqlx::query(contacts!(
            "WHERE t.campaign_id = ?1 AND t.due_at IS NOT NULL ORDER BY t.due_at, t.id LIMIT +?2"
        ))
        .bind(campaign.0)
        .bind(limit)
        .fetch_all(reader.connection()?)
        .await?;
        rows.iter().map(StoredRow::contact).collect()
    }
}

/// Adds what the campaign does not have.
async fn add(
    connection: &mut SqliteConnection,
    campaign: CampaignId,
    contacts: &[NewContact],
    now: Timestamp,
) -> Result<Added, StoreError> {
    let mut slice = Slice::new(contacts);
    mark_known(connection, campaign, &mut slice).await?;
    let fresh = slice.fresh();
    if !fresh.is_empty() {
        insert(connection, campaign, &fresh, now).await?;
        write_tally(connection, &slice.moves(campaign)).await?;
    }
    Ok(slice.added())
}

/// Marks the numbers that the campaign has.
async fn mark_known(
    connection: &mut SqliteConnection,
    campaign: CampaignId,
    slice: &mut Slice<'_>,
) -> Result<(), StoreError> {
    let numbers: Vec<_> = slice.numbers().collect();
    let numbers = rows::json(&numbers)?;
    let known: Vec<i64> = sqlx::query_scalar(KNOWN).bind(numbers).bind(campaign.0).fetch_all(connection).await?;
    known.into_iter().for_each(|position| slice.known(position));
    Ok(())
}

/// Adds contacts and targets. Nobody else writes meanwhile, so the ids can be
/// counted on from the last ones given.
async fn insert(
    connection: &mut SqliteConnection,
    campaign: CampaignId,
    fresh: &[&NewContact],
    now: Timestamp,
) -> Result<(), StoreError> {
    let lines: Vec<_> = fresh
        .iter()
        .map(|contact| {
            (
                contact.number,
                text::clean_option(contact.name.as_ref()),
                text::clean_option(contact.email.as_ref()),
                text::clean_option(contact.company.as_ref()),
                text::clean_option(contact.notes.as_ref()),
                text::clean_option(contact.timezone.as_ref()),
                text::clean_option(contact.consent.as_ref()),
                text::variables(&contact.variables),
            )
        })
        .collect();
    let lines = rows::json(&lines)?;
    // By number, each with its position: the index of numbers is the one whose
    // order is not that of the ids, and walking it in its own order is cheaper.
    let mut numbers: Vec<_> = fresh.iter().map(|contact| contact.number).zip(0_i64..).collect();
    numbers.sort_unstable();
    let next_contact = next_id(connection, "contacts").await?;
    let next_target = next_id(connection, "campaign_contacts").await?;
    sqlx::query(ADD_CONTACTS).bind(&lines).bind(next_contact).bind(micros(now)).execute(&mut *connection).await?;
    sqlx::query(ADD_TARGETS)
        .bind(rows::json(&numbers)?)
        .bind(next_target)
        .bind(next_contact)
        .bind(campaign.0)
        .bind(micros(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// The id after the highest a table ever had.
pub(super) async fn next_id(connection: &mut SqliteConnection, table: &str) -> Result<i64, StoreError> {
    let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?1")
        .bind(table)
        .fetch_optional(connection)
        .await?;
    Ok(last.unwrap_or(0) + 1)
}

/// Adds differences to the counters.
pub(super) async fn write_tally(connection: &mut SqliteConnection, tally: &TallyMoves) -> Result<(), StoreError> {
    write_counts(connection, tally).await?;
    write_talks(connection, tally).await
}

async fn write_talks(connection: &mut SqliteConnection, tally: &TallyMoves) -> Result<(), StoreError> {
    let lines: Vec<_> = tally
        .talks()
        .map(|(campaign, talked)| (rows::hex(campaign.0), talked.calls, talked.total, talked.longest, talked.shortest))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO campaign_talk (campaign_id, calls, total_us, longest_us, shortest_us)
         SELECT unhex(j.value ->> 0), j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4
         FROM jsonb_each(?1) AS j WHERE true
         ON CONFLICT (campaign_id) DO UPDATE SET calls = calls + excluded.calls,
             total_us = total_us + excluded.total_us, longest_us = max(longest_us, excluded.longest_us),
             shortest_us = min(shortest_us, excluded.shortest_us)",
    )
    .bind(rows::json(&lines)?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_counts(connection: &mut SqliteConnection, tally: &TallyMoves) -> Result<(), StoreError> {
    let lines: Vec<_> =
        tally.iter().map(|((campaign, kind, key), count)| (rows::hex(campaign.0), kind.as_str(), key, count)).collect();
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO campaign_tally (campaign_id, kind, key, count)
         SELECT unhex(j.value ->> 0), j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM jsonb_each(?1) AS j WHERE true
         ON CONFLICT (campaign_id, kind, key) DO UPDATE SET count = count + excluded.count",
    )
    .bind(rows::json(&lines)?)
    .execute(connection)
    .await?;
    Ok(())
}
