//! What webhooks are told, written with the facts themselves.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::rows::{self, hex, micros};
use crate::call::{CallId, GivenAnswer};
use crate::campaign::{CampaignId, CampaignStatus};
use crate::store::StoreError;
use crate::store::ledger::CallChange;
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::telling::Told;
use crate::store::telling_rows::TellingRow;
use crate::webhook::{CampaignTold, EventType};

/// Whether any webhook is told anything: all it costs where there is none.
pub(super) const ANY: &str = "SELECT EXISTS (SELECT 1 FROM webhooks WHERE active = 1)";

const WANTED: &str = "SELECT DISTINCT e.value FROM webhooks AS w, json_each(w.events) AS e WHERE w.active = 1";

const ADD: &str = "INSERT INTO webhook_deliveries (webhook_id, event_id, event, data, created_at, status, next_at)
    SELECT w.id, unhex(j.value ->> 0), j.value ->> 1, j.value ->> 2, ?2, 'pending', ?2
    FROM webhooks AS w
    CROSS JOIN json_each(?1) AS j
    WHERE w.active = 1 AND EXISTS (SELECT 1 FROM json_each(w.events) AS e WHERE e.value = j.value ->> 1)";

pub(super) const CALLS: &str = "SELECT c.id, c.caller_id, c.switch, c.target_id, c.number, k.name, c.attempt,
        c.created_at, c.ringing_at, c.answered_at, c.ended_at, c.outcome, c.cause, c.sip, c.detail, c.detected,
        c.detected_reason, c.detected_ms, c.message_left, c.survey, c.opted_out, c.transfer, c.recording, t.status,
        c.placed_at, c.trunk, c.opted_out_at, c.transfer_at, c.transferred_at, r.disposition, r.sentiment, r.summary,
        r.extracted_data,
        c.campaign_id, p.name AS campaign_name, k.variables
    FROM json_each(?1) AS j
    CROSS JOIN calls AS c ON c.id = unhex(j.value)
    CROSS JOIN campaigns AS p ON p.id = c.campaign_id
    CROSS JOIN campaign_contacts AS t ON t.id = c.target_id
    CROSS JOIN contacts AS k ON k.id = t.contact_id
    LEFT JOIN call_results AS r ON r.call_id = c.id";

const ANSWERS: &str = "SELECT a.call_id, a.position, a.question, a.given, a.digit, a.label, a.recording, a.answered_at
    FROM json_each(?1) AS j
    CROSS JOIN answers AS a ON a.call_id = unhex(j.value)
    ORDER BY a.call_id, a.position";

/// Whether any webhook is told anything.
pub(super) async fn any(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(ANY).fetch_one(connection).await?)
}

/// What is to be told of, by anybody.
async fn wanted(connection: &mut SqliteConnection) -> Result<HashSet<EventType>, StoreError> {
    let words: Vec<String> = sqlx::query_scalar(WANTED).fetch_all(connection).await?;
    Ok(words.iter().filter_map(|word| word.parse().ok()).collect())
}

/// Tells of calls that were answered or have ended.
pub(super) async fn calls(
    connection: &mut SqliteConnection,
    changes: &[CallChange],
    now: Timestamp,
) -> Result<(), StoreError> {
    let wanted = wanted(connection).await?;
    let of = crate::store::told::events(changes, &wanted);
    if of.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = of.keys().map(|call| hex(call.0)).collect();
    let ids = rows::json(&ids)?;
    let found: Vec<SqliteRow> = sqlx::query(CALLS).bind(&ids).fetch_all(&mut *connection).await?;
    let given: Vec<SqliteRow> = sqlx::query(ANSWERS).bind(&ids).fetch_all(&mut *connection).await?;
    let mut answers: HashMap<CallId, Vec<GivenAnswer>> = HashMap::new();
    for row in &given {
        let (call, answer) = row.answer()?;
        answers.entry(call).or_default().push(answer);
    }
    let mut told = Vec::new();
    for row in &found {
        let call = row.call_id("id")?;
        let data = match row.call_told() {
            Ok(told) => told(answers.remove(&call).unwrap_or_default()),
            Err(error) => {
                // A call must have its end, whatever others are told of it.
                tracing::error!(%call, %error, "webhooks are not told of a call");
                continue;
            }
        };
        told.extend(of.get(&call).into_iter().flatten().map(|event| Told::new(*event, &data, now)));
    }
    add(connection, &told, now).await
}

/// Tells that a campaign came into a state.
pub(super) async fn campaign(
    connection: &mut SqliteConnection,
    id: CampaignId,
    to: CampaignStatus,
    ran: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(event) = EventType::of_status(to, ran) else { return Ok(()) };
    if !any(connection).await? || !wanted(connection).await?.contains(&event) {
        return Ok(());
    }
    let row = sqlx::query(
        "SELECT id, name, status, reason, settings, scheduled_at, created_at, started_at, finished_at, forced
         FROM campaigns WHERE id = ?1",
    )
    .bind(id.0)
    .fetch_one(&mut *connection)
    .await?;
    let found = sqlx::query("SELECT kind, key, count FROM campaign_tally WHERE campaign_id = ?1 AND count > 0")
        .bind(id.0)
        .fetch_all(&mut *connection)
        .await?;
    let data = CampaignTold::of(row.campaign()?, &SqliteRow::tally(&found)?);
    add(connection, &[Told::new(event, &data, now)], now).await
}

/// Tells of those entries of the do-not-call list that are new on it.
pub(super) async fn do_not_call(
    connection: &mut SqliteConnection,
    fresh: &HashSet<&str>,
    entries: &[DoNotCall],
) -> Result<(), StoreError> {
    if !wanted(connection).await?.contains(&EventType::DncAdded) {
        return Ok(());
    }
    let Some(now) = entries.first().map(|entry| entry.added_at) else { return Ok(()) };
    add(connection, &crate::store::told::of_list(fresh, entries), now).await
}

/// Writes a delivery for each active webhook that wants to know.
async fn add(connection: &mut SqliteConnection, told: &[Told], now: Timestamp) -> Result<(), StoreError> {
    if told.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = told.iter().map(|one| (hex(one.id.0), one.event.as_str(), one.data.to_string())).collect();
    sqlx::query(ADD).bind(rows::json(&lines)?).bind(micros(now)).execute(connection).await?;
    Ok(())
}
