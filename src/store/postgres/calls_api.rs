//! Single calls: everything known of one, the newest of all, and what is said
//! about them afterwards.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, QueryBuilder};

use super::rows::at;
use super::session::{OPERATION, within};
use super::{Postgres, StoreError, do_not_call};
use crate::call::{CallId, Completion, GivenAnswer};
use crate::number::PhoneNumber;
use crate::store::call_results::{
    CallDetail, CallEdit, CallEdited, CallSearch, CampaignCall, Completed, DISPOSITIONS_KEPT, MOST_COMPLETIONS, Noted,
    SaidBy, millis, opt_out_reason,
};
use crate::store::call_rows::{SingleCallRow, stored};
use crate::store::model::DoNotCall;
use crate::store::rows::StoredRow;
use crate::store::{dnc, text};

/// A call with the names of campaign and contact.
macro_rules! select {
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT c.id, c.campaign_id, p.name AS campaign_name, c.caller_id, c.switch, c.target_id, c.number, k.name,
        c.attempt, c.created_at, c.ringing_at, c.answered_at, c.ended_at, c.outcome, c.cause, c.sip, c.detail, c.detected,
        c.detected_reason, c.detected_ms, c.message_left, c.survey, c.opted_out, c.transfer, c.recording, t.status,
        c.placed_at, c.trunk, c.opted_out_at, c.transfer_at, c.transferred_at, r.disposition, r.sentiment, r.summary,
        r.extracted_data",
            $more,
            "
    FROM calls AS c
    JOIN campaigns AS p ON p.id = c.campaign_id
    JOIN campaign_contacts AS t ON t.id = c.target_id
    JOIN contacts AS k ON k.id = t.contact_id
    LEFT JOIN call_results AS r ON r.call_id = c.id",
            $rest
        )
    };
}

pub(super) const ONE: &str = select!(
    ", c.recording_removed, r.notes, coalesce(r.edited_at, c.created_at) AS version, r.opt_out AS agent_opt_out,
        r.successful, r.ended_reason, r.agent_ms, r.transcript",
    " WHERE c.id = $1"
);

const MANY: &str = select!("", "");

const ANSWERS: &str = "SELECT call_id, position, question, given, digit, label, recording, answered_at
    FROM answers WHERE call_id = $1 ORDER BY position";

const BEGIN: &str = "INSERT INTO call_results (call_id, edited_at) SELECT id, created_at FROM calls WHERE id = $1
    ON CONFLICT (call_id) DO NOTHING";

const COMPLETE: &str = "UPDATE call_results SET
        opt_out = opt_out OR $2, successful = coalesce($3, successful), ended_reason = coalesce($4, ended_reason),
        agent_ms = coalesce($5, agent_ms), sentiment = coalesce($6, sentiment), summary = coalesce($7, summary),
        extracted_data = coalesce($8, extracted_data), transcript = coalesce($9, transcript)
    WHERE call_id = $1";

impl Postgres {
    /// See [`Store::call_detail`](crate::store::Store::call_detail).
    pub async fn call_detail(&self, call: CallId) -> Result<Option<CallDetail>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let detail = detail(session.connection(), call).await?;
            session.keep();
            Ok(detail)
        })
        .await
    }

    /// See [`Store::search_calls`](crate::store::Store::search_calls).
    pub async fn search_calls(&self, search: &CallSearch, limit: u32) -> Result<Vec<CampaignCall>, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut list = QueryBuilder::<sqlx::Postgres>::new(MANY);
            filter(&mut list, search);
            list.push(" LIMIT ").push_bind(i64::from(limit));
            let found = list.build().fetch_all(session.connection()).await?;
            session.keep();
            found.iter().map(SingleCallRow::campaign_call).collect()
        })
        .await
    }

    /// See [`Store::edit_call`](crate::store::Store::edit_call).
    pub async fn edit_call(&self, call: CallId, edit: &CallEdit, now: Timestamp) -> Result<CallEdited, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let edited = self::edit(&mut transaction, call, edit, now).await?;
            match edited {
                CallEdited::Yes => transaction.commit().await?,
                CallEdited::Stale | CallEdited::NotFound => transaction.rollback().await?,
            }
            session.keep();
            Ok(edited)
        })
        .await
    }

    /// See [`Store::complete_call`](crate::store::Store::complete_call).
    pub async fn complete_call(
        &self,
        call: CallId,
        completion: &Completion,
        now: Timestamp,
    ) -> Result<Completed, StoreError> {
        within(OPERATION, async {
            let mut session = self.session().await?;
            let mut transaction = session.connection().begin().await?;
            let completed = complete(&mut transaction, call, completion, now).await?;
            match completed {
                Completed::Yes => transaction.commit().await?,
                Completed::Again | Completed::TooMany | Completed::NotFound => transaction.rollback().await?,
            }
            session.keep();
            Ok(completed)
        })
        .await
    }
}

async fn detail(connection: &mut PgConnection, call: CallId) -> Result<Option<CallDetail>, StoreError> {
    let Some(row) = sqlx::query(ONE).bind(call.0).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let found = sqlx::query(ANSWERS).bind(call.0).fetch_all(&mut *connection).await?;
    let answers = found.iter().map(|row| Ok(row.answer()?.1)).collect::<Result<Vec<GivenAnswer>, StoreError>>()?;
    let mut detail = row.call_detail(answers)?;
    let found =
        sqlx::query("SELECT disposition, said_by, said_at FROM call_dispositions WHERE call_id = $1 ORDER BY position")
            .bind(call.0)
            .fetch_all(&mut *connection)
            .await?;
    detail.dispositions = found.iter().map(SingleCallRow::disposition_change).collect::<Result<_, _>>()?;
    let found = sqlx::query("SELECT received_at FROM call_completions WHERE call_id = $1 ORDER BY position")
        .bind(call.0)
        .fetch_all(connection)
        .await?;
    detail.completions = found.iter().map(|row| row.instant("received_at")).collect::<Result<_, _>>()?;
    Ok(Some(detail))
}

fn filter(list: &mut QueryBuilder<sqlx::Postgres>, search: &CallSearch) {
    list.push(" WHERE true");
    if let Some(campaign) = search.campaign {
        list.push(" AND c.campaign_id = ").push_bind(campaign.0);
    }
    if !search.outcomes.is_empty() {
        let outcomes: Vec<_> = search.outcomes.iter().map(|outcome| outcome.as_str()).collect();
        list.push(" AND c.outcome = ANY(").push_bind(outcomes).push(")");
    }
    match search.in_progress {
        Some(true) => list.push(" AND c.ended_at IS NULL"),
        Some(false) => list.push(" AND c.ended_at IS NOT NULL"),
        None => &mut *list,
    };
    if let Some(number) = search.number {
        list.push(" AND c.number = ").push_bind(number.to_string());
    }
    if let Some(caller) = search.caller_id {
        list.push(" AND c.caller_id = ").push_bind(caller.to_string());
    }
    if let Some(target) = search.target {
        list.push(" AND c.target_id = ").push_bind(target.0);
    }
    if let Some(from) = search.from {
        list.push(" AND c.created_at >= ").push_bind(at(from));
    }
    if let Some(until) = search.until {
        list.push(" AND c.created_at < ").push_bind(at(until));
    }
    // Each way along an index: a campaign's calls are kept by id.
    if search.campaign.is_some() && search.number.is_none() {
        if let Some(before) = search.before {
            list.push(" AND c.id < ").push_bind(before.0);
        }
        list.push(" ORDER BY c.id DESC");
    } else {
        if let Some(before) = search.before {
            list.push(" AND (c.created_at, c.id) < (SELECT created_at, id FROM calls WHERE id = ");
            list.push_bind(before.0).push(")");
        }
        list.push(" ORDER BY c.created_at DESC, c.id DESC");
    }
}

async fn edit(
    connection: &mut PgConnection,
    call: CallId,
    edit: &CallEdit,
    now: Timestamp,
) -> Result<CallEdited, StoreError> {
    let Some(before) = noted(connection, call).await? else { return Ok(CallEdited::NotFound) };
    if edit.if_version.is_some_and(|version| version.as_microsecond() != before.version.as_microsecond()) {
        return Ok(CallEdited::Stale);
    }
    note(connection, call, &before, &before.edited(edit, now), now).await?;
    Ok(CallEdited::Yes)
}

/// The do-not-call list first, then what belongs to the call: the ledger takes
/// its locks in this order, too.
async fn complete(
    connection: &mut PgConnection,
    call: CallId,
    completion: &Completion,
    now: Timestamp,
) -> Result<Completed, StoreError> {
    let fingerprint = completion.fingerprint();
    let row = sqlx::query("SELECT number FROM calls WHERE id = $1").bind(call.0).fetch_optional(&mut *connection);
    let Some(row) = row.await? else { return Ok(Completed::NotFound) };
    let number: PhoneNumber = row.word("number")?;
    let opt_out = completion.opt_out == Some(true);
    if opt_out {
        let entry = DoNotCall { number, reason: Some(opt_out_reason(call)), source: dnc::AGENT.into(), added_at: now };
        do_not_call::add(connection, &[entry], do_not_call::Adding::Wishes).await?;
    }
    let Some(before) = noted(connection, call).await? else { return Ok(Completed::NotFound) };
    // Nobody else completes this call before the transaction ends.
    let (kept, same): (i64, bool) = sqlx::query_as(
        "SELECT count(*), coalesce(bool_or(sha256 = $2), false) FROM call_completions WHERE call_id = $1",
    )
    .bind(call.0)
    .bind(fingerprint.as_slice())
    .fetch_one(&mut *connection)
    .await?;
    if same {
        return Ok(Completed::Again);
    }
    if kept >= MOST_COMPLETIONS {
        return Ok(Completed::TooMany);
    }
    note(connection, call, &before, &before.completed(completion, now), now).await?;
    sqlx::query(COMPLETE)
        .bind(call.0)
        .bind(opt_out)
        .bind(completion.successful)
        .bind(text::clean_option(completion.ended_reason.as_ref()))
        .bind(completion.duration_seconds.map(millis))
        .bind(text::clean_option(completion.sentiment.as_ref()))
        .bind(text::clean_option(completion.summary.as_ref()))
        .bind(completion.extracted_data.as_ref().map(stored).transpose()?)
        .bind(completion.transcript.as_ref().map(stored).transpose()?)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO call_completions (call_id, position, sha256, content, received_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(call.0)
    .bind(i32::try_from(kept + 1).unwrap_or(i32::MAX))
    .bind(fingerprint.as_slice())
    .bind(stored(completion)?)
    .bind(at(now))
    .execute(connection)
    .await?;
    Ok(Completed::Yes)
}

/// Disposition and notes of a call, a row for which is there from now on; none:
/// there is no such call.
async fn noted(connection: &mut PgConnection, call: CallId) -> Result<Option<Noted>, StoreError> {
    sqlx::query(BEGIN).bind(call.0).execute(&mut *connection).await?;
    let row = sqlx::query(
        "SELECT disposition, disposition_by, notes, edited_at FROM call_results WHERE call_id = $1
             FOR UPDATE",
    )
    .bind(call.0)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(SingleCallRow::noted).transpose()
}

/// Writes what disposition and notes have become.
async fn note(
    connection: &mut PgConnection,
    call: CallId,
    before: &Noted,
    after: &Noted,
    now: Timestamp,
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    sqlx::query(
        "UPDATE call_results SET disposition = $2, disposition_by = $3, notes = $4, edited_at = $5 WHERE call_id = $1",
    )
    .bind(call.0)
    .bind(text::clean_option(after.disposition.as_ref()))
    .bind(after.by.map(SaidBy::as_str))
    .bind(text::clean_option(after.notes.as_ref()))
    .bind(at(after.version))
    .execute(&mut *connection)
    .await?;
    if before.disposition == after.disposition {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO call_dispositions (call_id, position, disposition, said_by, said_at)
         SELECT $1, coalesce(max(position), 0) + 1, $2, $3, $4 FROM call_dispositions WHERE call_id = $1",
    )
    .bind(call.0)
    .bind(text::clean_option(after.disposition.as_ref()))
    .bind(after.by.unwrap_or(SaidBy::Person).as_str())
    .bind(at(now))
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM call_dispositions WHERE call_id = $1
             AND position <= (SELECT max(position) FROM call_dispositions WHERE call_id = $1) - $2",
    )
    .bind(call.0)
    .bind(DISPOSITIONS_KEPT)
    .execute(connection)
    .await?;
    Ok(())
}
