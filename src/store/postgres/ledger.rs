//! The ledger's transaction: answers, ends, claims.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Connection, PgConnection, Postgres as Database};

use super::rows::{self, at};
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, answers, do_not_call, number_use, targets, told};
use crate::call::TalkFacts;
use crate::campaign::CampaignId;
use crate::compliance::Record;
use crate::store::ledger::{self, CallChange, Changes, Due, History, Known, Taking, TallyMoves, Turn};
use crate::store::model::{Claim, ClaimResult, LedgerBatch};
use crate::store::rows::StoredRow;
use crate::store::talk::Talk;
use crate::store::text;

/// The open ones of the calls given, locked in order.
const STANDING: &str =
    "SELECT c.id, c.campaign_id, c.target_id, c.caller_id, t.last_call_id IS NOT DISTINCT FROM c.id AS current,
        t.status, t.attempts, t.congestions, c.answered_at,
        EXISTS (SELECT 1 FROM webhooks WHERE active) AS watched
    FROM calls AS c
    JOIN campaign_contacts AS t ON t.id = c.target_id
    WHERE c.id = ANY($1) AND c.ended_at IS NULL
    ORDER BY c.id
    FOR UPDATE OF c, t";

const WRITE_CALLS: &str = "UPDATE calls AS c SET
        ringing_at = coalesce(j.ringing_at, c.ringing_at), answered_at = coalesce(j.answered_at, c.answered_at),
        ended_at = j.ended_at, outcome = j.outcome, cause = j.cause, sip = j.sip, detail = j.detail,
        placed_at = j.placed_at, trunk = j.trunk
    FROM UNNEST($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int[], $7::int[],
        $8::text[], $9::timestamptz[], $10::text[])
        AS j (id, ringing_at, answered_at, ended_at, outcome, cause, sip, detail, placed_at, trunk)
    WHERE c.id = j.id AND c.ended_at IS NULL";

/// The ends of calls that have more to tell. Apart, as most have not.
const WRITE_TALKS: &str = "UPDATE calls AS c SET
        ringing_at = coalesce(j.ringing_at, c.ringing_at), answered_at = coalesce(j.answered_at, c.answered_at),
        ended_at = j.ended_at, outcome = j.outcome, cause = j.cause, sip = j.sip, detail = j.detail,
        placed_at = j.placed_at, trunk = j.trunk, detected = j.detected, detected_reason = j.detected_reason, detected_ms = j.detected_ms,
        message_left = j.message_left, survey = coalesce(j.survey, c.survey), opted_out = j.opted_out,
        transfer = j.transfer, recording = j.recording, opted_out_at = j.opted_out_at, transfer_at = j.transfer_at,
        transferred_at = j.transferred_at
    FROM UNNEST($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int[], $7::int[],
        $8::text[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::int[], $14::bool[], $15::text[],
        $16::bool[], $17::text[], $18::text[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[])
        AS j (id, ringing_at, answered_at, ended_at, outcome, cause, sip, detail, placed_at, trunk, detected,
        detected_reason, detected_ms, message_left, survey, opted_out, transfer, recording, opted_out_at, transfer_at,
        transferred_at)
    WHERE c.id = j.id AND c.ended_at IS NULL";

const WRITE_TARGETS: &str = "UPDATE campaign_contacts AS t SET
        status = j.status, due_at = j.due_at, attempts = j.attempts, congestions = j.congestions,
        last_outcome = coalesce(j.last_outcome, t.last_outcome), updated_at = $7
    FROM UNNEST($1::bigint[], $2::text[], $3::timestamptz[], $4::int[], $5::int[], $6::text[])
        AS j (id, status, due_at, attempts, congestions, last_outcome)
    WHERE t.id = j.id";

/// Those of a claim's calls that are there already.
const KNOWN: &str = "SELECT c.id, c.campaign_id, c.caller_id, c.switch, c.target_id, c.number, c.attempt,
        t.congestions, c.ended_at IS NULL AS open, c.decision
    FROM calls AS c
    JOIN campaign_contacts AS t ON t.id = c.target_id
    WHERE c.id = ANY($1)";

/// The running ones of these campaigns; none of them is paused or cancelled
/// before the transaction ends.
const RUNNING: &str = "SELECT id FROM campaigns WHERE id = ANY($1) AND status = 'running' ORDER BY id FOR SHARE";

/// The front of a campaign's dialing order, but for what others claim just now.
const DUE: &str = "SELECT t.id, t.number, t.status, t.attempts, t.congestions,
        EXISTS (SELECT 1 FROM do_not_call AS d WHERE d.number = t.number) AS do_not_call, k.timezone, k.consent
    FROM campaign_contacts AS t
    JOIN contacts AS k ON k.id = t.contact_id
    WHERE t.campaign_id = $1 AND t.due_at IS NOT NULL AND t.due_at <= $2
    ORDER BY t.due_at, t.id
    LIMIT $3
    FOR UPDATE OF t SKIP LOCKED";

/// Calls to these numbers, of every campaign.
pub(super) const HISTORY: &str = "SELECT c.number, c.created_at, c.ringing_at, c.answered_at, c.outcome
    FROM calls AS c
    WHERE c.number = ANY($1) AND c.created_at >= $2
    UNION ALL
    SELECT d.number, d.at, d.at, CASE WHEN d.facts ->> 'answered_at' IS NOT NULL THEN d.at END, d.facts ->> 'outcome'
    FROM decisions AS d
    WHERE d.number = ANY($1) AND d.call_id IS NOT NULL AND d.at >= $2";

const CALL_TARGETS: &str = "UPDATE campaign_contacts AS t SET
        status = 'calling', due_at = NULL, held_since = NULL, attempts = t.attempts + 1, last_call_id = j.call_id,
        updated_at = $3
    FROM UNNEST($1::bigint[], $2::uuid[]) AS j (id, call_id)
    WHERE t.id = j.id";

const BAR_TARGETS: &str = "UPDATE campaign_contacts AS t SET
        status = j.status, due_at = NULL, held_since = NULL, last_outcome = 'blocked', updated_at = $3
    FROM UNNEST($1::bigint[], $2::text[]) AS j (id, status)
    WHERE t.id = j.id";

const HOLD_TARGETS: &str = "UPDATE campaign_contacts AS t SET
        held_since = coalesce(t.held_since, t.due_at), due_at = j.due_at, updated_at = $3
    FROM UNNEST($1::bigint[], $2::timestamptz[]) AS j (id, due_at)
    WHERE t.id = j.id";

const ADD_DECISIONS: &str = "INSERT INTO decisions (at, campaign_id, target_id, number, verdict, rule, facts)
    SELECT $7, $6, target_id, number, verdict, rule, facts
    FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
        AS j (target_id, number, verdict, rule, facts)";

const ADD_CALLS: &str =
    "INSERT INTO calls (id, campaign_id, target_id, number, attempt, caller_id, switch, decision, created_at)
    SELECT id, $8, target_id, number, attempt, caller_id, switch, decision, $9
    FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::text[], $6::text[], $7::jsonb[])
        AS j (id, target_id, number, attempt, caller_id, switch, decision)";

impl Postgres {
    /// See [`Store::commit`](crate::store::Store::commit).
    pub async fn commit(&self, batch: &LedgerBatch, now: Timestamp) -> Result<Vec<ClaimResult>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let results = apply(&mut transaction, batch, now).await.map_err(overtaken)?;
            transaction.commit().await?;
            session.keep();
            Ok(results)
        })
        .await
    }
}

/// An earlier commit of the same claims, whose answer was lost, was still under
/// way and became visible only now: next time its calls are found.
fn overtaken(error: StoreError) -> StoreError {
    match error {
        StoreError::Refused(sqlx::Error::Database(error)) if error.constraint() == Some("calls_pkey") => {
            StoreError::Away(sqlx::Error::Database(error))
        }
        other => other,
    }
}

async fn apply(
    connection: &mut PgConnection,
    batch: &LedgerBatch,
    now: Timestamp,
) -> Result<Vec<ClaimResult>, StoreError> {
    let mut tally = TallyMoves::default();
    answers::add(connection, &batch.answers).await?;
    do_not_call::add(connection, &batch.opt_outs, do_not_call::Adding::Wishes).await?;
    settle(connection, batch, now, &mut tally).await?;
    let known = known(connection, &batch.claims).await?;
    let running = running(connection, &batch.claims).await?;
    let mut results = Vec::with_capacity(batch.claims.len());
    for claim in &batch.claims {
        let runs = running.contains(&claim.campaign);
        let mut result = match ledger::again(claim, &known) {
            Some(claimed) => ClaimResult { claimed, ..ClaimResult::default() },
            None if runs => take(connection, claim, now, &mut tally).await?,
            None => ClaimResult::default(),
        };
        result.not_running = !runs;
        results.push(result);
    }
    number_use::write(connection, &tally.numbers).await?;
    targets::write_tally(connection, &tally).await?;
    Ok(results)
}

/// Applies the answers and ends of a batch.
async fn settle(
    connection: &mut PgConnection,
    batch: &LedgerBatch,
    now: Timestamp,
    tally: &mut TallyMoves,
) -> Result<(), StoreError> {
    let named: Vec<_> = ledger::calls_named(batch).iter().map(|call| call.0).collect();
    if named.is_empty() {
        return Ok(());
    }
    let standing = sqlx::query(STANDING).bind(named).fetch_all(&mut *connection).await?;
    let standing = standing.iter().map(StoredRow::standing).collect::<Result<_, _>>()?;
    let Changes { calls, targets, watched } = ledger::settle(batch, standing, now, tally);
    let (plain, told): (Vec<_>, Vec<_>) = calls.iter().partition(|change| change.facts.talk == TalkFacts::default());
    if !plain.is_empty() {
        ends(WRITE_CALLS, &plain).execute(&mut *connection).await?;
    }
    if !told.is_empty() {
        let talks: Vec<_> = told.iter().map(|change| Talk::of(&change.facts.talk)).collect();
        let talks = || talks.iter();
        ends(WRITE_TALKS, &told)
            .bind(talks().map(|talk| talk.detected).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.detected_reason.as_deref()).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.detected_ms.map(rows::int)).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.message_left).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.survey).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.opted_out).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.transfer).collect::<Vec<_>>())
            .bind(talks().map(|talk| talk.recording.as_deref()).collect::<Vec<_>>())
            .bind(told.iter().map(|change| change.facts.talk.opted_out_at.map(at)).collect::<Vec<_>>())
            .bind(told.iter().map(|change| change.facts.talk.transfer_at.map(at)).collect::<Vec<_>>())
            .bind(told.iter().map(|change| change.facts.talk.transferred_at.map(at)).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    if !targets.is_empty() {
        sqlx::query(WRITE_TARGETS)
            .bind(targets.iter().map(|change| change.target.0).collect::<Vec<_>>())
            .bind(targets.iter().map(|change| change.status.as_str()).collect::<Vec<_>>())
            .bind(targets.iter().map(|change| change.due_at.map(at)).collect::<Vec<_>>())
            .bind(targets.iter().map(|change| rows::int(change.attempts)).collect::<Vec<_>>())
            .bind(targets.iter().map(|change| rows::int(change.congestions)).collect::<Vec<_>>())
            .bind(targets.iter().map(|change| change.last_outcome.map(|outcome| outcome.as_str())).collect::<Vec<_>>())
            .bind(at(now))
            .execute(&mut *connection)
            .await?;
    }
    if watched {
        told::calls(connection, &calls, now).await?;
    }
    Ok(())
}

/// A statement with what [`WRITE_CALLS`] and [`WRITE_TALKS`] begin with.
fn ends<'q>(sql: &'static str, calls: &[&CallChange]) -> Query<'q, Database, PgArguments> {
    let facts = || calls.iter().map(|change| &change.facts);
    sqlx::query(sql)
        .bind(calls.iter().map(|change| change.call.0).collect::<Vec<_>>())
        .bind(facts().map(|facts| facts.ringing_at.map(at)).collect::<Vec<_>>())
        .bind(facts().map(|facts| facts.answered_at.map(at)).collect::<Vec<_>>())
        .bind(facts().map(|facts| facts.ended_at.map(at)).collect::<Vec<_>>())
        .bind(calls.iter().map(|change| change.outcome.map(|outcome| outcome.as_str())).collect::<Vec<_>>())
        .bind(facts().map(|facts| facts.cause.map(|cause| i32::from(cause.0))).collect::<Vec<_>>())
        .bind(facts().map(|facts| facts.sip.map(|sip| i32::from(sip.0))).collect::<Vec<_>>())
        .bind(facts().map(|facts| text::clean_option(facts.detail.as_ref())).collect::<Vec<_>>())
        .bind(facts().map(|facts| facts.placed_at.map(at)).collect::<Vec<_>>())
        .bind(facts().map(|facts| text::clean_option(facts.trunk.as_ref())).collect::<Vec<_>>())
}

/// The calls of these claims that an earlier commit has written.
async fn known(connection: &mut PgConnection, claims: &[Claim]) -> Result<Vec<Known>, StoreError> {
    let planned: Vec<_> = claims.iter().flat_map(|claim| &claim.calls).map(|planned| planned.call.0).collect();
    if planned.is_empty() {
        return Ok(Vec::new());
    }
    let found = sqlx::query(KNOWN).bind(planned).fetch_all(connection).await?;
    found.iter().map(StoredRow::known).collect()
}

async fn running(connection: &mut PgConnection, claims: &[Claim]) -> Result<HashSet<CampaignId>, StoreError> {
    if claims.is_empty() {
        return Ok(HashSet::new());
    }
    let campaigns: Vec<_> = claims.iter().map(|claim| claim.campaign.0).collect();
    let found = sqlx::query(RUNNING).bind(campaigns).fetch_all(connection).await?;
    found.iter().map(|row| row.campaign_id("id")).collect()
}

/// Claims what is due.
async fn take(
    connection: &mut PgConnection,
    claim: &Claim,
    now: Timestamp,
    tally: &mut TallyMoves,
) -> Result<ClaimResult, StoreError> {
    let mut taking = Taking::new(claim, now);
    while let Some(window) = taking.window() {
        let found = sqlx::query(DUE)
            .bind(claim.campaign.0)
            .bind(at(now))
            .bind(i64::try_from(window).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await?;
        let due = found.iter().map(StoredRow::due).collect::<Result<Vec<_>, _>>()?;
        let history = history(&mut *connection, &due, taking.looks_back_to()).await?;
        let Turn { called, settled, waiting, decisions } = taking.take(window, due, &history, tally);
        if !called.is_empty() {
            let (targets, calls): (Vec<_>, Vec<_>) = called.iter().map(|(target, call)| (target.0, call.0)).unzip();
            sqlx::query(CALL_TARGETS).bind(targets).bind(calls).bind(at(now)).execute(&mut *connection).await?;
        }
        if !settled.is_empty() {
            let (targets, statuses): (Vec<_>, Vec<_>) =
                settled.iter().map(|(target, status)| (target.0, status.as_str())).unzip();
            sqlx::query(BAR_TARGETS).bind(targets).bind(statuses).bind(at(now)).execute(&mut *connection).await?;
        }
        if !waiting.is_empty() {
            let (targets, times): (Vec<_>, Vec<_>) =
                waiting.iter().map(|(target, until)| (target.0, at(*until))).unzip();
            sqlx::query(HOLD_TARGETS).bind(targets).bind(times).bind(at(now)).execute(&mut *connection).await?;
        }
        if !decisions.is_empty() {
            let decisions = || decisions.iter();
            sqlx::query(ADD_DECISIONS)
                .bind(decisions().map(|against| against.target.0).collect::<Vec<_>>())
                .bind(decisions().map(|against| against.number.to_string()).collect::<Vec<_>>())
                .bind(decisions().map(|against| against.verdict.as_str()).collect::<Vec<_>>())
                .bind(decisions().map(|against| against.rule.as_str()).collect::<Vec<_>>())
                .bind(records(decisions().map(|against| &against.record))?)
                .bind(claim.campaign.0)
                .bind(at(now))
                .execute(&mut *connection)
                .await?;
        }
    }
    let (result, allowed) = taking.finish();
    let claimed = || result.claimed.iter();
    if !result.claimed.is_empty() {
        sqlx::query(ADD_CALLS)
            .bind(claimed().map(|claimed| claimed.planned.call.0).collect::<Vec<_>>())
            .bind(claimed().map(|claimed| claimed.target.0).collect::<Vec<_>>())
            .bind(claimed().map(|claimed| claimed.number.to_string()).collect::<Vec<_>>())
            .bind(claimed().map(|claimed| rows::int(claimed.attempt)).collect::<Vec<_>>())
            .bind(claimed().map(|claimed| claimed.planned.caller_id.to_string()).collect::<Vec<_>>())
            .bind(claimed().map(|claimed| text::clean(&claimed.planned.switch)).collect::<Vec<_>>())
            .bind(records(&allowed)?)
            .bind(claim.campaign.0)
            .bind(at(now))
            .execute(connection)
            .await?;
    }
    Ok(result)
}

/// What decisions were made of, as they are stored.
fn records<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Vec<Value>, StoreError> {
    let values = records.into_iter().map(serde_json::to_value).collect::<Result<_, _>>();
    values.map_err(|error| StoreError::Refused(sqlx::Error::Encode(error.into())))
}

/// The calls to these targets' numbers.
async fn history(connection: &mut PgConnection, due: &[Due], since: Timestamp) -> Result<History, StoreError> {
    let mut history = History::new();
    if due.is_empty() {
        return Ok(history);
    }
    let numbers: Vec<_> = due.iter().map(|due| due.number.to_string()).collect();
    let found = sqlx::query(HISTORY).bind(numbers).bind(at(since)).fetch_all(connection).await?;
    for row in &found {
        let (number, past) = row.past_call()?;
        history.entry(number).or_default().push(past);
    }
    Ok(history)
}

#[cfg(test)]
#[path = "../../../tests/support/need.rs"]
mod need;
#[cfg(test)]
#[path = "../../../tests/support/postgres.rs"]
pub(super) mod server;

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::call::CallId;
    use crate::compliance::Rules;
    use crate::number::PhoneNumber;
    use crate::store::model::PlannedCall;
    use crate::store::postgres::{calls_api, recordings};
    use sqlx::Row;

    /// Twenty thousand targets that wait, half of them in another campaign,
    /// and as many ended calls.
    pub(in crate::store::postgres) const FILL: &str = "
        INSERT INTO campaigns (id, name, status, settings, created_at, updated_at)
            SELECT lpad(n::text, 32, '0')::uuid, 'c', 'running', '{}', now(), now() FROM generate_series(1, 2) AS n;
        INSERT INTO contacts (number, created_at)
            SELECT '+1555' || lpad(n::text, 7, '0'), now() FROM generate_series(1, 20000) AS n;
        INSERT INTO campaign_contacts (campaign_id, contact_id, number, status, due_at, updated_at)
            SELECT lpad((1 + id % 2)::text, 32, '0')::uuid, id, number, 'pending', now(), now() FROM contacts;
        INSERT INTO calls (id, campaign_id, target_id, number, attempt, caller_id, switch, created_at, ended_at, outcome)
            SELECT gen_random_uuid(), campaign_id, id, number, 1, number, 'fs1', now(), now(), 'busy'
            FROM campaign_contacts;
        INSERT INTO answers (call_id, position, campaign_id, question, given, recording, answered_at)
            SELECT id, 1, campaign_id, 'q', 'speech', id::text, now() FROM calls;
        UPDATE calls SET recording = id::text;
        ANALYZE";

    /// The server finishes a commit nobody waits for any more while its
    /// repetition is under way already.
    #[tokio::test]
    async fn a_claim_repeated_while_the_first_commit_goes_on() {
        let test = "store::postgres::ledger::a_claim_repeated_while_the_first_commit_goes_on";
        let Some(database) = server::Database::create(test).await else { return };
        let store = Postgres::open(&database.url().to_owned().into()).await.expect("a store");
        store.migrate().await.expect("a schema");
        let mut session = store.session().await.expect("a session");
        sqlx::raw_sql(FILL).execute(session.connection()).await.expect("rows");

        let campaign = CampaignId("00000000-0000-0000-0000-000000000001".parse().expect("an id"));
        let number = PhoneNumber::from_e164("+15550000002").expect("a number");
        let planned = PlannedCall { call: CallId::new(), caller_id: number, switch: "fs1".into() };
        let claims = vec![Claim {
            campaign,
            calls: vec![planned.clone()],
            nearby: Vec::new(),
            rules: Arc::new(Rules::laboratory()),
        }];
        let batch = LedgerBatch { claims, ..LedgerBatch::default() };
        let mut first = session.connection().begin().await.expect("a transaction");
        let results = apply(&mut first, &batch, Timestamp::now()).await.expect("a claim");

        let second = tokio::spawn({
            let (store, batch) = (store.clone(), batch.clone());
            async move { store.commit(&batch, Timestamp::now()).await }
        });
        let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)";
        for _ in 0..500 {
            if sqlx::query_scalar(waits).fetch_one(&mut *first).await.expect("the locks") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        first.commit().await.expect("a commit");
        let second = second.await.expect("no panic");
        assert!(matches!(second, Err(StoreError::Away(_))), "{second:?}");
        let third = store.commit(&batch, Timestamp::now()).await.expect("the third time");
        assert_eq!(third, results);
    }

    /// How the server would run a statement, one line a step.
    pub(in crate::store::postgres) async fn plan(connection: &mut PgConnection, sql: &str, parameters: &str) -> String {
        let name = format!("plan_{}", uuid::Uuid::new_v4().simple());
        let statements = [
            format!("PREPARE {name} AS {sql}"),
            // As after many executions: one plan for any parameters.
            "SET plan_cache_mode = force_generic_plan".to_owned(),
        ];
        for statement in statements {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *connection).await.expect("a statement");
        }
        let explain = format!("EXPLAIN EXECUTE {name} ({parameters})");
        let steps = sqlx::raw_sql(sqlx::AssertSqlSafe(explain)).fetch_all(connection).await.expect("a plan");
        steps.iter().map(|step| step.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn every_statement_goes_by_an_index() {
        let Some(database) =
            server::Database::create("store::postgres::ledger::every_statement_goes_by_an_index").await
        else {
            return;
        };
        let store = Postgres::open(&database.url().to_owned().into()).await.expect("a store");
        store.migrate().await.expect("a schema");
        let mut session = store.session().await.expect("a session");
        let connection = session.connection();
        sqlx::raw_sql(FILL).execute(&mut *connection).await.expect("rows");
        let id = "'00000000-0000-0000-0000-000000000001'";
        let cases = [
            (STANDING, format!("ARRAY[{id}]::uuid[]")),
            (calls_api::ONE, id.to_owned()),
            (KNOWN, format!("ARRAY[{id}]::uuid[]")),
            (DUE, format!("{id}, now(), 50")),
            (targets::REMAINING, id.to_owned()),
            (answers::ADD, format!("ARRAY[{id}]::uuid[], ARRAY[1], ARRAY['q'], ARRAY['key'], ARRAY['1'], ARRAY['Yes'], ARRAY[NULL], ARRAY[now()]")),
            (answers::BEGUN, format!("ARRAY[{id}]::uuid[]")),
            (answers::OF_CALLS, format!("{id}, {id}, {id}")),
            (recordings::CALL_OF, "'x'".to_owned()),
            (CALL_TARGETS, format!("ARRAY[1], ARRAY[{id}]::uuid[], now()")),
            (BAR_TARGETS, "ARRAY[1], ARRAY['skipped'], now()".to_owned()),
            (HOLD_TARGETS, "ARRAY[1], ARRAY[now()], now()".to_owned()),
            (HISTORY, "ARRAY['+15550000001'], now()".to_owned()),
            (WRITE_TARGETS, "ARRAY[1], ARRAY['busy'], ARRAY[now()], ARRAY[1], ARRAY[0], ARRAY['busy'], now()".to_owned()),
            (
                WRITE_CALLS,
                format!(
                    "ARRAY[{id}]::uuid[], ARRAY[now()], ARRAY[now()], ARRAY[now()], ARRAY['busy'], ARRAY[17], ARRAY[486],
                     ARRAY[''], ARRAY[now()], ARRAY['carrier']"
                ),
            ),
            (
                WRITE_TALKS,
                format!(
                    "ARRAY[{id}]::uuid[], ARRAY[now()], ARRAY[now()], ARRAY[now()], ARRAY['busy'], ARRAY[17], ARRAY[486],
                     ARRAY[''], ARRAY[now()], ARRAY['carrier'], ARRAY['human'], ARRAY[''], ARRAY[1], ARRAY[true],
                     ARRAY['partial'], ARRAY[true], ARRAY['tried'], ARRAY['x'], ARRAY[now()], ARRAY[now()], ARRAY[now()]"
                ),
            ),
        ];
        for (sql, parameters) in cases {
            let steps = plan(connection, sql, &parameters).await;
            assert!(steps.contains("Index"), "{sql}\n{steps}");
            for table in ["calls", "campaign_contacts", "answers"] {
                assert!(!steps.contains(&format!("Seq Scan on {table}")), "{sql}\n{steps}");
            }
        }
        let due = plan(connection, DUE, &format!("{id}, now(), 50")).await;
        assert!(due.contains("Index Scan using campaign_contacts_due"), "{due}");
        assert!(!due.contains("Sort"), "{due}");
    }
}
