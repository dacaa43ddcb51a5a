//! The ledger's transaction: answers, ends, claims.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::{self, hex, micros};
use super::{Durability, Sqlite, answers, campaigns, do_not_call, number_use, targets, told};
use crate::call::TalkFacts;
use crate::campaign::CampaignStatus;
use crate::compliance::Record;
use crate::store::ledger::{self, CallChange, Changes, Due, History, Known, Noted, Taking, TallyMoves, Turn};
use crate::store::model::{Claim, ClaimResult, Claimed, LedgerBatch};
use crate::store::rows::StoredRow;
use crate::store::talk::Talk;
use crate::store::{StoreError, text};

/// The open ones of the calls given.
const STANDING: &str =
    "SELECT c.id, c.campaign_id, c.target_id, c.caller_id, t.last_call_id IS c.id AS current, t.status, t.attempts, t.congestions,
        c.answered_at,
        EXISTS (SELECT 1 FROM webhooks WHERE active = 1) AS watched
    FROM json_each(?1) AS j
    CROSS JOIN calls AS c ON c.id = unhex(j.value)
    CROSS JOIN campaign_contacts AS t ON t.id = c.target_id
    WHERE c.ended_at IS NULL";

const WRITE_CALLS: &str = "UPDATE calls SET
        ringing_at = coalesce(j.value ->> 1, ringing_at), answered_at = coalesce(j.value ->> 2, answered_at),
        ended_at = j.value ->> 3, outcome = j.value ->> 4, cause = j.value ->> 5, sip = j.value ->> 6,
        detail = j.value ->> 7, placed_at = j.value ->> 9, trunk = j.value ->> 10
    FROM jsonb_each(?1) AS j
    WHERE calls.id = unhex(j.value ->> 0) AND ended_at IS NULL";

/// The ends of calls that have more to tell. Apart, as most have not.
const WRITE_TALKS: &str = "UPDATE calls SET
        ringing_at = coalesce(j.value ->> 1, ringing_at), answered_at = coalesce(j.value ->> 2, answered_at),
        ended_at = j.value ->> 3, outcome = j.value ->> 4, cause = j.value ->> 5, sip = j.value ->> 6,
        detail = j.value ->> 7, placed_at = j.value ->> 9, trunk = j.value ->> 10,
        detected = j.value ->> '$[8].detected',
        detected_reason = j.value ->> '$[8].detected_reason', detected_ms = j.value ->> '$[8].detected_ms',
        message_left = j.value ->> '$[8].message_left', survey = coalesce(j.value ->> '$[8].survey', survey),
        opted_out = j.value ->> '$[8].opted_out', transfer = j.value ->> '$[8].transfer',
        recording = j.value ->> '$[8].recording', opted_out_at = j.value ->> 11, transfer_at = j.value ->> 12,
        transferred_at = j.value ->> 13
    FROM jsonb_each(?1) AS j
    WHERE calls.id = unhex(j.value ->> 0) AND ended_at IS NULL";

const WRITE_TARGETS: &str = "UPDATE campaign_contacts SET
        status = j.value ->> 1, due_at = j.value ->> 2, attempts = j.value ->> 3, congestions = j.value ->> 4,
        last_outcome = coalesce(j.value ->> 5, last_outcome), updated_at = ?2
    FROM jsonb_each(?1) AS j
    WHERE campaign_contacts.id = j.value ->> 0";

/// Those of a claim's calls that are there already.
const KNOWN: &str = "SELECT c.id, c.campaign_id, c.caller_id, c.switch, c.target_id, c.number, c.attempt,
        t.congestions, c.ended_at IS NULL AS open, c.decision
    FROM json_each(?1) AS j
    CROSS JOIN calls AS c ON c.id = unhex(j.value)
    CROSS JOIN campaign_contacts AS t ON t.id = c.target_id";

/// The front of a campaign's dialing order.
const DUE: &str = "SELECT t.id, t.number, t.status, t.attempts, t.congestions,
        EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = t.number) AS do_not_call, k.timezone, k.consent
    FROM campaign_contacts AS t
    CROSS JOIN contacts AS k ON k.id = t.contact_id
    WHERE t.campaign_id = ?1 AND t.due_at IS NOT NULL AND t.due_at <= ?2
    ORDER BY t.due_at, t.id
    LIMIT +?3";

/// Calls to these numbers, of every campaign.
pub(super) const HISTORY: &str = "SELECT c.number, c.created_at, c.ringing_at, c.answered_at, c.outcome
    FROM json_each(?1) AS j
    CROSS JOIN calls AS c ON c.number = j.value
    WHERE c.created_at >= ?2
    UNION ALL
    SELECT d.number, d.at, d.at, CASE WHEN d.facts ->> 'answered_at' IS NOT NULL THEN d.at END, d.facts ->> 'outcome'
    FROM json_each(?1) AS j
    CROSS JOIN decisions AS d ON d.number = j.value
    WHERE d.call_id IS NOT NULL AND d.at >= ?2";

const CALL_TARGETS: &str = "UPDATE campaign_contacts SET
        status = 'calling', due_at = NULL, held_since = NULL, attempts = attempts + 1, last_call_id = unhex(j.value ->> 1),
        updated_at = ?2
    FROM jsonb_each(?1) AS j
    WHERE campaign_contacts.id = j.value ->> 0";

const BAR_TARGETS: &str = "UPDATE campaign_contacts SET
        status = j.value ->> 1, due_at = NULL, held_since = NULL, last_outcome = 'blocked', updated_at = ?2
    FROM jsonb_each(?1) AS j
    WHERE campaign_contacts.id = j.value ->> 0";

const HOLD_TARGETS: &str = "UPDATE campaign_contacts SET
        held_since = coalesce(held_since, due_at), due_at = j.value ->> 1, updated_at = ?2
    FROM jsonb_each(?1) AS j
    WHERE campaign_contacts.id = j.value ->> 0";

const ADD_DECISIONS: &str = "INSERT INTO decisions (at, campaign_id, target_id, number, verdict, rule, facts)
    SELECT ?3, ?2, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value -> 4
    FROM jsonb_each(?1) AS j";

const ADD_CALLS: &str =
    "INSERT INTO calls (id, campaign_id, target_id, number, attempt, caller_id, switch, decision, created_at)
    SELECT unhex(j.value ->> 0), ?2, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5,
        j.value -> 6, ?3
    FROM jsonb_each(?1) AS j";

impl Sqlite {
    /// See [`Store::commit`](crate::store::Store::commit).
    pub async fn commit(&self, batch: &LedgerBatch, now: Timestamp) -> Result<Vec<ClaimResult>, StoreError> {
        let mut writer = self.writer().await;
        let mut transaction = writer.begin(Durability::Full).await?;
        let mut tally = TallyMoves::default();
        answers::add(&mut transaction, &batch.answers).await?;
        do_not_call::add(&mut transaction, &batch.opt_outs).await?;
        settle(&mut transaction, batch, now, &mut tally).await?;
        let known = known(&mut transaction, &batch.claims).await?;
        let mut running = HashMap::new();
        let mut results = Vec::with_capacity(batch.claims.len());
        for claim in &batch.claims {
            let runs = match running.get(&claim.campaign) {
                Some(runs) => *runs,
                None => {
                    let status = campaigns::status(&mut transaction, claim.campaign).await?;
                    *running.entry(claim.campaign).or_insert(status == Some(CampaignStatus::Running))
                }
            };
            let mut result = match ledger::again(claim, &known) {
                Some(claimed) => ClaimResult { claimed, ..ClaimResult::default() },
                None if runs => take(&mut transaction, claim, now, &mut tally).await?,
                None => ClaimResult::default(),
            };
            result.not_running = !runs;
            results.push(result);
        }
        number_use::write(&mut transaction, &tally.numbers).await?;
        targets::write_tally(&mut transaction, &tally).await?;
        transaction.commit().await?;
        Ok(results)
    }
}

/// Applies the answers and ends of a batch.
async fn settle(
    connection: &mut SqliteConnection,
    batch: &LedgerBatch,
    now: Timestamp,
    tally: &mut TallyMoves,
) -> Result<(), StoreError> {
    let named: Vec<_> = ledger::calls_named(batch).iter().map(|call| hex(call.0)).collect();
    if named.is_empty() {
        return Ok(());
    }
    let standing = sqlx::query(STANDING).bind(rows::json(&named)?).fetch_all(&mut *connection).await?;
    let standing = standing.iter().map(StoredRow::standing).collect::<Result<_, _>>()?;
    let Changes { calls, targets, watched } = ledger::settle(batch, standing, now, tally);
    let (plain, told): (Vec<_>, Vec<_>) = calls.iter().partition(|change| change.facts.talk == TalkFacts::default());
    for (sql, calls) in [(WRITE_CALLS, plain), (WRITE_TALKS, told)] {
        if !calls.is_empty() {
            let lines: Vec<_> = calls.iter().map(|change| end_line(change)).collect();
            sqlx::query(sql).bind(rows::json(&lines)?).execute(&mut *connection).await?;
        }
    }
    if !targets.is_empty() {
        let lines: Vec<_> = targets
            .iter()
            .map(|change| {
                (
                    change.target.0,
                    change.status,
                    change.due_at.map(micros),
                    change.attempts,
                    change.congestions,
                    change.last_outcome,
                )
            })
            .collect();
        sqlx::query(WRITE_TARGETS).bind(rows::json(&lines)?).bind(micros(now)).execute(&mut *connection).await?;
    }
    if watched {
        told::calls(connection, &calls, now).await?;
    }
    Ok(())
}

/// A call as [`WRITE_CALLS`] and [`WRITE_TALKS`] take it.
fn end_line(change: &CallChange) -> impl serde::Serialize {
    let facts = &change.facts;
    (
        hex(change.call.0),
        facts.ringing_at.map(micros),
        facts.answered_at.map(micros),
        facts.ended_at.map(micros),
        change.outcome.map(|outcome| outcome.as_str()),
        facts.cause,
        facts.sip,
        text::clean_option(facts.detail.as_ref()),
        (facts.talk != TalkFacts::default()).then(|| Talk::of(&facts.talk)),
        facts.placed_at.map(micros),
        text::clean_option(facts.trunk.as_ref()),
        facts.talk.opted_out_at.map(micros),
        facts.talk.transfer_at.map(micros),
        facts.talk.transferred_at.map(micros),
    )
}

/// The calls of these claims that an earlier commit has written.
async fn known(connection: &mut SqliteConnection, claims: &[Claim]) -> Result<Vec<Known>, StoreError> {
    let planned: Vec<_> = claims.iter().flat_map(|claim| &claim.calls).map(|planned| hex(planned.call.0)).collect();
    if planned.is_empty() {
        return Ok(Vec::new());
    }
    let found = sqlx::query(KNOWN).bind(rows::json(&planned)?).fetch_all(connection).await?;
    found.iter().map(StoredRow::known).collect()
}

/// Claims what is due.
async fn take(
    connection: &mut SqliteConnection,
    claim: &Claim,
    now: Timestamp,
    tally: &mut TallyMoves,
) -> Result<ClaimResult, StoreError> {
    let mut taking = Taking::new(claim, now);
    while let Some(window) = taking.window() {
        let found = sqlx::query(DUE)
            .bind(claim.campaign.0)
            .bind(micros(now))
            .bind(i64::try_from(window).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await?;
        let due = found.iter().map(StoredRow::due).collect::<Result<Vec<_>, _>>()?;
        let history = history(&mut *connection, &due, taking.looks_back_to()).await?;
        let Turn { called, settled, waiting, decisions } = taking.take(window, due, &history, tally);
        if !called.is_empty() {
            let lines: Vec<_> = called.iter().map(|(target, call)| (target.0, hex(call.0))).collect();
            sqlx::query(CALL_TARGETS).bind(rows::json(&lines)?).bind(micros(now)).execute(&mut *connection).await?;
        }
        if !settled.is_empty() {
            let lines: Vec<_> = settled.iter().map(|(target, status)| (target.0, status)).collect();
            sqlx::query(BAR_TARGETS).bind(rows::json(&lines)?).bind(micros(now)).execute(&mut *connection).await?;
        }
        if !waiting.is_empty() {
            let lines: Vec<_> = waiting.iter().map(|(target, until)| (target.0, micros(*until))).collect();
            sqlx::query(HOLD_TARGETS).bind(rows::json(&lines)?).bind(micros(now)).execute(&mut *connection).await?;
        }
        if !decisions.is_empty() {
            let lines: Vec<_> = decisions.iter().map(decision_line).collect();
            sqlx::query(ADD_DECISIONS)
                .bind(rows::json(&lines)?)
                .bind(claim.campaign.0)
                .bind(micros(now))
                .execute(&mut *connection)
                .await?;
        }
    }
    let (result, allowed) = taking.finish();
    if !result.claimed.is_empty() {
        let lines: Vec<_> = result.claimed.iter().zip(&allowed).map(call_line).collect();
        sqlx::query(ADD_CALLS)
            .bind(rows::json(&lines)?)
            .bind(claim.campaign.0)
            .bind(micros(now))
            .execute(connection)
            .await?;
    }
    Ok(result)
}

/// A claimed call as [`ADD_CALLS`] takes it.
fn call_line((claimed, allowed): (&Claimed, &Record)) -> impl serde::Serialize {
    let planned = &claimed.planned;
    (
        hex(planned.call.0),
        claimed.target.0,
        claimed.number,
        claimed.attempt,
        planned.caller_id,
        text::clean(&planned.switch).into_owned(),
        allowed.clone(),
    )
}

/// A decision as [`ADD_DECISIONS`] takes it.
fn decision_line(noted: &Noted) -> impl serde::Serialize {
    (noted.target.0, noted.number, noted.verdict.as_str(), noted.rule.as_str(), noted.record.clone())
}

/// The calls to these targets' numbers.
async fn history(connection: &mut SqliteConnection, due: &[Due], since: Timestamp) -> Result<History, StoreError> {
    let mut history = History::new();
    if due.is_empty() {
        return Ok(history);
    }
    let numbers: Vec<_> = due.iter().map(|due| due.number).collect();
    let found = sqlx::query(HISTORY).bind(rows::json(&numbers)?).bind(micros(since)).fetch_all(connection).await?;
    for row in &found {
        let (number, past) = row.past_call()?;
        history.entry(number).or_default().push(past);
    }
    Ok(history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::CampaignId;
    use sqlx::Row;

    /// How SQLite would run a statement, one line a step.
    async fn plan(store: &Sqlite, sql: &str) -> Vec<String> {
        let mut reader = store.reader().await.expect("a reader");
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps = sqlx::query(explain).fetch_all(reader.connection().expect("a connection")).await.expect("a plan");
        steps.iter().map(|step| step.get("detail")).collect()
    }

    /// The cost of a claim and of a settlement grows neither with the contacts
    /// nor with the calls: no step reads through a table, or sorts.
    #[tokio::test]
    async fn every_statement_goes_by_an_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        store.migrate().await.expect("a schema");
        let ledger = [
            STANDING,
            WRITE_CALLS,
            WRITE_TALKS,
            WRITE_TARGETS,
            KNOWN,
            DUE,
            CALL_TARGETS,
            BAR_TARGETS,
            HISTORY,
            HOLD_TARGETS,
        ];
        let others = [targets::REMAINING, super::super::calls::PAGE, super::super::calls_api::ONE];
        let numbers = [number_use::OF_NUMBERS];
        let survey = [answers::ADD, answers::BEGUN, answers::OF_CALLS, super::super::recordings::CALL_OF];
        use super::super::{told, webhooks};
        let telling = [told::ANY, told::CALLS, webhooks::TAKE];
        for sql in ledger.into_iter().chain(others).chain(numbers).chain(survey).chain(telling) {
            let steps = plan(&store, sql).await;
            assert!(steps.iter().any(|step| step.contains("SEARCH")), "{sql}\n{steps:#?}");
            // What is read through is the batch itself.
            let reads = |step: &&String| {
                step.contains("SCAN")
                    && !step.contains("SCAN j")
                    && !step.contains("json_each")
                    && !step.contains("SCAN CONSTANT ROW")
            };
            assert_eq!(steps.iter().find(reads), None, "{sql}\n{steps:#?}");
            assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}\n{steps:#?}");
        }
        let due = plan(&store, DUE).await;
        assert!(due[0].starts_with("SEARCH t USING INDEX campaign_contacts_due"), "{due:#?}");
    }

    /// A task that gives up in the middle of a transaction leaves nothing
    /// behind, not even the lock.
    #[tokio::test]
    async fn a_transaction_dropped_is_rolled_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        store.migrate().await.expect("a schema");
        let insert = "INSERT INTO phone_numbers (number, added_at) VALUES ('+15550000000', 0)";
        {
            let mut writer = store.writer().await;
            let mut transaction = writer.begin(Durability::Full).await.expect("a transaction");
            sqlx::query(insert).execute(&mut *transaction).await.expect("a row");
        }
        let other = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        other.commit(&LedgerBatch::default(), Timestamp::UNIX_EPOCH).await.expect("the lock is free");
        assert_eq!(store.numbers().await.expect("numbers"), []);
    }

    /// An import must not leave the ledger less durable than it has to be.
    #[tokio::test]
    async fn the_ledger_syncs_after_an_import_did_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("canvass.db")).await.expect("a store");
        store.migrate().await.expect("a schema");
        for (durability, expected) in [(Durability::Bulk, 1), (Durability::Full, 2), (Durability::Bulk, 1)] {
            let mut writer = store.writer().await;
            let mut transaction = writer.begin(durability).await.expect("a transaction");
            let set: i64 =
                sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *transaction).await.expect("a value");
            assert_eq!(set, expected);
        }
        let nobody = CampaignId::new();
        store.add_targets(nobody, &[], Timestamp::UNIX_EPOCH).await.expect("an import of nothing");
    }
}
