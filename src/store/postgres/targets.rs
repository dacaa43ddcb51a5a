//! Targets: bulk import, and what a campaign's progress is read from.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, campaigns};
use crate::campaign::{Action, CampaignId, TargetStatus};
use crate::contact::{ContactFields, NewContact};
use crate::number::PhoneNumber;
use crate::store::ledger::TallyMoves;
use crate::store::listing::ContactsAdded;
use crate::store::model::{Added, Remaining, Tally, TargetId};
use crate::store::rows::StoredRow;
use crate::store::slice::Slice;
use crate::store::text;

/// For an import of one slice.
const IMPORT: Duration = Duration::from_secs(90);

/// An import may take longer than a claim, and can be repeated after a crash.
const BULK: &str = "SET LOCAL statement_timeout = '60s';
    SET LOCAL lock_timeout = '30s';
    SET LOCAL synchronous_commit = off";

/// Imports into one campaign take turns, so that what [`KNOWN`] gives holds
/// until the end of the transaction.
pub(super) const TAKE_TURNS: &str = "SELECT pg_advisory_xact_lock(hashtextextended('canvass import ' || $1::text, 0))";

/// Positions, from 1, of numbers the campaign has.
const KNOWN: &str = "SELECT j.place FROM UNNEST($1::text[]) WITH ORDINALITY AS j (number, place)
    WHERE EXISTS (SELECT 1 FROM campaign_contacts AS t WHERE t.campaign_id = $2 AND t.number = j.number)";

/// Contacts and their targets; the order of the arrays becomes the order of ids.
const ADD: &str = "WITH added AS (
        INSERT INTO contacts (number, name, email, company, notes, timezone, consent, variables, created_at)
        SELECT number, name, email, company, notes, timezone, consent, variables, $10
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
            WITH ORDINALITY AS j (number, name, email, company, notes, timezone, consent, variables, place)
        ORDER BY place
        RETURNING id, number
    )
    INSERT INTO campaign_contacts (campaign_id, contact_id, number, status, due_at, updated_at)
    SELECT $9, id, number, 'pending', $10, $10 FROM added ORDER BY id";

pub(super) const REMAINING: &str =
    "SELECT (SELECT due_at FROM campaign_contacts WHERE campaign_id = $1 AND due_at IS NOT NULL
            ORDER BY due_at LIMIT 1) AS next_due,
        EXISTS (SELECT 1 FROM campaign_contacts
            WHERE campaign_id = $1 AND status IN ('calling', 'connected')) AS in_call";

/// The contacts of targets `t`.
macro_rules! contacts {
    ($which:literal) => {
        concat!(
            "SELECT c.number, name, email, company, notes, timezone, consent, variables
             FROM campaign_contacts AS t JOIN contacts AS c ON c.id = t.contact_id ",
            $which
        )
    };
}

impl Postgres {
    /// See [`Store::add_targets`](crate::store::Store::add_targets).
    pub async fn add_targets(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<Added, StoreError> {
        within(IMPORT, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::raw_sql(BULK).execute(&mut *transaction).await?;
            sqlx::query(TAKE_TURNS).bind(campaign.to_string()).execute(&mut *transaction).await?;
            let added = add(&mut transaction, campaign, contacts, now).await?;
            transaction.commit().await?;
            session.keep();
            Ok(added)
        })
        .await
    }

    /// See [`Store::add_contacts`](crate::store::Store::add_contacts).
    pub async fn add_contacts(
        &self,
        campaign: CampaignId,
        contacts: &[NewContact],
        now: Timestamp,
    ) -> Result<ContactsAdded, StoreError> {
        within(IMPORT, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            sqlx::raw_sql(BULK).execute(&mut *transaction).await?;
            sqlx::query(TAKE_TURNS).bind(campaign.to_string()).execute(&mut *transaction).await?;
            let added = match campaigns::held(&mut transaction, campaign).await? {
                None => ContactsAdded::NotFound,
                Some(status) if !status.allows(Action::Edit) => ContactsAdded::Conflict(status),
                Some(_) => ContactsAdded::Yes(add(&mut transaction, campaign, contacts, now).await?),
            };
            transaction.commit().await?;
            session.keep();
            Ok(added)
        })
        .await
    }

    /// See [`Store::tally`](crate::store::Store::tally).
    pub async fn tally(&self, campaign: CampaignId) -> Result<Tally, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let found = sqlx::query("SELECT kind, key, count FROM campaign_tally WHERE campaign_id = $1 AND count > 0")
                .bind(campaign.0)
                .fetch_all(session.connection())
                .await?;
            session.keep();
            PgRow::tally(&found)
        })
        .await
    }

    /// See [`Store::remaining`](crate::store::Store::remaining).
    pub async fn remaining(&self, campaign: CampaignId) -> Result<Remaining, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(REMAINING).bind(campaign.0).fetch_one(session.connection()).await?;
            session.keep();
            row.remaining()
        })
        .await
    }

    /// See [`Store::target_by_number`](crate::store::Store::target_by_number).
    pub async fn target_by_number(
        &self,
        campaign: CampaignId,
        number: PhoneNumber,
    ) -> Result<Option<(TargetStatus, u32, Option<Timestamp>)>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row = sqlx::query(
                "SELECT status, attempts, due_at FROM campaign_contacts WHERE campaign_id = $1 AND number = $2",
            )
            .bind(campaign.0)
            .bind(number.to_string())
            .fetch_optional(session.connection())
            .await?;
            session.keep();
            row.as_ref().map(StoredRow::target).transpose()
        })
        .await
    }

    /// See [`Store::contact_of`](crate::store::Store::contact_of).
    pub async fn contact_of(&self, target: TargetId) -> Result<Option<ContactFields>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let row =
                sqlx::query(contacts!("WHERE t.id = $1")).bind(target.0).fetch_optional(session.connection()).await?;
            session.keep();
            row.as_ref().map(StoredRow::contact).transpose()
        })
        .await
    }

    /// See [`Store::first_contacts`](crate::store::Store::first_contacts).
    pub async fn first_contacts(&self, campaign: CampaignId, limit: u32) -> Result<Vec<ContactFields>, StoreError> {
        let query = sqlx::query(contacts!("WHERE t.campaign_id = $1 LIMIT $2")).bind(campaign.0).bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(StoredRow::contact).collect()
    }

    /// See [`Store::due_contacts`](crate::store::Store::due_contacts).
    pub async fn due_contacts(&self, campaign: CampaignId, limit: u32) -> Result<Vec<ContactFields>, StoreError> {
        let query = sqlx::query(contacts!(
            "WHERE t.campaign_id = $1 AND t.due_at IS NOT NULL ORDER BY t.due_at, t.id LIMIT $2"
        ))
        .bind(campaign.0)
        .bind(i64::from(limit));
        self.rows_of(query).await?.iter().map(StoredRow::contact).collect()
    }
}

/// Adds what the campaign does not have.
async fn add(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    campaign: CampaignId,
    slice: &mut Slice<'_>,
) -> Result<(), StoreError> {
    let numbers: Vec<_> = slice.numbers().map(|number| number.to_string()).collect();
    let known = sqlx::query(KNOWN).bind(numbers).bind(campaign.0).fetch_all(connection).await?;
    for row in &known {
        slice.known(row.try_get::<i64, _>("place")? - 1);
    }
    Ok(())
}

/// Adds contacts and targets.
async fn insert(
    connection: &mut PgConnection,
    campaign: CampaignId,
    fresh: &[&NewContact],
    now: Timestamp,
) -> Result<(), StoreError> {
    let column = |field: fn(&NewContact) -> Option<&String>| -> Vec<_> {
        fresh.iter().map(|contact| text::clean_option(field(contact))).collect()
    };
    let numbers: Vec<_> = fresh.iter().map(|contact| contact.number.to_string()).collect();
    let variables: Vec<_> = fresh.iter().map(|contact| text::variables(&contact.variables)).collect();
    sqlx::query(ADD)
        .bind(numbers)
        .bind(column(|contact| contact.name.as_ref()))
        .bind(column(|contact| contact.email.as_ref()))
        .bind(column(|contact| contact.company.as_ref()))
        .bind(column(|contact| contact.notes.as_ref()))
        .bind(column(|contact| contact.timezone.as_ref()))
        .bind(column(|contact| contact.consent.as_ref()))
        .bind(variables)
        .bind(campaign.0)
        .bind(at(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds differences to the counters.
pub(super) async fn write_tally(connection: &mut PgConnection, tally: &TallyMoves) -> Result<(), StoreError> {
    write_counts(connection, tally).await?;
    write_talks(connection, tally).await
}

async fn write_talks(connection: &mut PgConnection, tally: &TallyMoves) -> Result<(), StoreError> {
    let talks: Vec<_> = tally.talks().collect();
    if talks.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO campaign_talk AS t (campaign_id, calls, total_us, longest_us, shortest_us)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
         ON CONFLICT (campaign_id) DO UPDATE SET calls = t.calls + excluded.calls,
             total_us = t.total_us + excluded.total_us, longest_us = greatest(t.longest_us, excluded.longest_us),
             shortest_us = least(t.shortest_us, excluded.shortest_us)",
    )
    .bind(talks.iter().map(|(campaign, _)| campaign.0).collect::<Vec<_>>())
    .bind(talks.iter().map(|(_, talked)| talked.calls).collect::<Vec<_>>())
    .bind(talks.iter().map(|(_, talked)| talked.total).collect::<Vec<_>>())
    .bind(talks.iter().map(|(_, talked)| talked.longest).collect::<Vec<_>>())
    .bind(talks.iter().map(|(_, talked)| talked.shortest).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_counts(connection: &mut PgConnection, tally: &TallyMoves) -> Result<(), StoreError> {
    let (mut campaigns, mut kinds, mut keys, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((campaign, kind, key), count) in tally.iter() {
        campaigns.push(campaign.0);
        kinds.push(kind.as_str());
        keys.push(key);
        counts.push(count);
    }
    if campaigns.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO campaign_tally AS t (campaign_id, kind, key, count)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[])
         ON CONFLICT (campaign_id, kind, key) DO UPDATE SET count = t.count + excluded.count",
    )
    .bind(campaigns)
    .bind(kinds)
    .bind(keys)
    .bind(counts)
    .execute(connection)
    .await?;
    Ok(())
}
