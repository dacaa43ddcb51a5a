//! Rows and values, to and from what the rest of the program knows.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::call::{CallFacts, CallId, Cause, SipStatus};
use crate::campaign::CampaignId;
use crate::media::MediaId;
use crate::store::model::{CallRow, Campaign, Claimed, DoNotCall, Media, OpenCall, OwnNumber, PlannedCall, TargetId};
use crate::store::{StoreError, ledger, text};

/// An instant as stored: to the microsecond.
pub(super) fn at(at: Timestamp) -> jiff_sqlx::Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at).to_sqlx()
}

pub(super) fn instant(row: &PgRow, column: &'static str) -> Result<Timestamp, StoreError> {
    let at: jiff_sqlx::Timestamp = row.try_get(column)?;
    Ok(at.to_jiff())
}

pub(super) fn instant_option(row: &PgRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<jiff_sqlx::Timestamp> = row.try_get(column)?;
    Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// A word of ours: a number, a status, an outcome.
pub(super) fn word<T>(row: &PgRow, column: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text::word(column, row.try_get(column)?)
}

pub(super) fn count(row: &PgRow, column: &'static str) -> Result<u32, StoreError> {
    Ok(text::count(i64::from(row.try_get::<i32, _>(column)?)))
}

/// A count as stored.
pub(super) fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn code(row: &PgRow, column: &'static str) -> Result<Option<i64>, StoreError> {
    let code: Option<i32> = row.try_get(column)?;
    Ok(code.map(i64::from))
}

pub(super) fn campaign_id(row: &PgRow, column: &'static str) -> Result<CampaignId, StoreError> {
    Ok(CampaignId(row.try_get(column)?))
}

fn call_id(row: &PgRow, column: &'static str) -> Result<CallId, StoreError> {
    Ok(CallId(row.try_get(column)?))
}

fn target_id(row: &PgRow, column: &'static str) -> Result<TargetId, StoreError> {
    Ok(TargetId(row.try_get(column)?))
}

pub(super) fn campaign(row: &PgRow) -> Result<Campaign, StoreError> {
    Ok(Campaign {
        id: campaign_id(row, "id")?,
        name: row.try_get("name")?,
        status: word(row, "status")?,
        reason: row.try_get("reason")?,
        settings: text::settings(row.try_get("settings")?)?,
        scheduled_at: instant_option(row, "scheduled_at")?,
        created_at: instant(row, "created_at")?,
        started_at: instant_option(row, "started_at")?,
        finished_at: instant_option(row, "finished_at")?,
    })
}

pub(super) fn planned(row: &PgRow) -> Result<PlannedCall, StoreError> {
    Ok(PlannedCall { call: call_id(row, "id")?, caller_id: word(row, "caller_id")?, switch: row.try_get("switch")? })
}

pub(super) fn standing(row: &PgRow) -> Result<ledger::Standing, StoreError> {
    Ok(ledger::Standing {
        call: call_id(row, "id")?,
        campaign: campaign_id(row, "campaign_id")?,
        target: target_id(row, "target_id")?,
        current: row.try_get("current")?,
        status: word(row, "status")?,
        attempts: count(row, "attempts")?,
        congestions: count(row, "congestions")?,
    })
}

pub(super) fn due(row: &PgRow) -> Result<ledger::Due, StoreError> {
    Ok(ledger::Due {
        target: target_id(row, "id")?,
        number: word(row, "number")?,
        status: word(row, "status")?,
        attempts: count(row, "attempts")?,
        congestions: count(row, "congestions")?,
        do_not_call: row.try_get("do_not_call")?,
    })
}

pub(super) fn known(row: &PgRow) -> Result<ledger::Known, StoreError> {
    let claimed = Claimed {
        planned: planned(row)?,
        target: target_id(row, "target_id")?,
        number: word(row, "number")?,
        attempt: count(row, "attempt")?,
        congestions: count(row, "congestions")?,
    };
    Ok(ledger::Known { campaign: campaign_id(row, "campaign_id")?, claimed, open: row.try_get("open")? })
}

pub(super) fn open_call(row: &PgRow) -> Result<OpenCall, StoreError> {
    Ok(OpenCall {
        planned: planned(row)?,
        campaign: campaign_id(row, "campaign_id")?,
        target: target_id(row, "target_id")?,
        number: word(row, "number")?,
        attempt: count(row, "attempt")?,
        congestions: count(row, "congestions")?,
        created_at: instant(row, "created_at")?,
        answered_at: instant_option(row, "answered_at")?,
    })
}

pub(super) fn call_row(row: &PgRow) -> Result<CallRow, StoreError> {
    let PlannedCall { call, caller_id, switch } = planned(row)?;
    let outcome: Option<&str> = row.try_get("outcome")?;
    Ok(CallRow {
        call,
        target: target_id(row, "target_id")?,
        number: word(row, "number")?,
        name: row.try_get("name")?,
        attempt: count(row, "attempt")?,
        caller_id,
        switch,
        created_at: instant(row, "created_at")?,
        outcome: outcome.map(|outcome| text::word("calls.outcome", outcome)).transpose()?,
        facts: CallFacts {
            ringing_at: instant_option(row, "ringing_at")?,
            answered_at: instant_option(row, "answered_at")?,
            ended_at: instant_option(row, "ended_at")?,
            cause: text::code("calls.cause", code(row, "cause")?)?.map(Cause),
            sip: text::code("calls.sip", code(row, "sip")?)?.map(SipStatus),
            detail: row.try_get("detail")?,
        },
        target_status: word(row, "status")?,
    })
}

pub(super) fn own_number(row: &PgRow) -> Result<OwnNumber, StoreError> {
    Ok(OwnNumber { number: word(row, "number")?, label: row.try_get("label")?, active: row.try_get("active")? })
}

pub(super) fn do_not_call(row: &PgRow) -> Result<DoNotCall, StoreError> {
    Ok(DoNotCall {
        number: word(row, "number")?,
        reason: row.try_get("reason")?,
        source: row.try_get("source")?,
        added_at: instant(row, "added_at")?,
    })
}

pub(super) fn media(row: &PgRow) -> Result<Media, StoreError> {
    Ok(Media {
        id: MediaId(row.try_get("id")?),
        name: row.try_get("name")?,
        sha256: row.try_get("sha256")?,
        duration_ms: text::size(row.try_get("duration_ms")?),
        bytes: text::size(row.try_get("bytes")?),
        original_name: row.try_get("original_name")?,
        waveform: text::waveform(row.try_get("waveform")?)?,
        created_at: instant(row, "created_at")?,
    })
}
