//! Rows and values, to and from what the rest of the program knows.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::call::{CallFacts, CallId, Cause, SipStatus};
use crate::campaign::CampaignId;
use crate::media::MediaId;
use crate::store::model::{CallRow, Campaign, Claimed, DoNotCall, Media, OpenCall, OwnNumber, PlannedCall, TargetId};
use crate::store::{StoreError, ledger, text};

/// An instant as stored.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// An id as it travels in JSON; `unhex()` makes a blob of it.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// Rows as one JSON array, for `jsonb_each`.
pub(super) fn json<T: serde::Serialize>(rows: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::Refused(sqlx::Error::Encode(error.into())))
}

pub(super) fn instant(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    read_instant(column, row.try_get(column)?)
}

pub(super) fn instant_option(row: &SqliteRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let micros: Option<i64> = row.try_get(column)?;
    micros.map(|micros| read_instant(column, micros)).transpose()
}

fn read_instant(column: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::unreadable(column, error))
}

/// A word of ours: a number, a status, an outcome.
pub(super) fn word<T>(row: &SqliteRow, column: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text::word(column, row.try_get(column)?)
}

pub(super) fn count(row: &SqliteRow, column: &'static str) -> Result<u32, StoreError> {
    Ok(text::count(row.try_get(column)?))
}

pub(super) fn campaign_id(row: &SqliteRow, column: &'static str) -> Result<CampaignId, StoreError> {
    Ok(CampaignId(row.try_get(column)?))
}

fn call_id(row: &SqliteRow, column: &'static str) -> Result<CallId, StoreError> {
    Ok(CallId(row.try_get(column)?))
}

fn target_id(row: &SqliteRow, column: &'static str) -> Result<TargetId, StoreError> {
    Ok(TargetId(row.try_get(column)?))
}

pub(super) fn campaign(row: &SqliteRow) -> Result<Campaign, StoreError> {
    let settings: &str = row.try_get("settings")?;
    let settings =
        serde_json::from_str(settings).map_err(|error| StoreError::unreadable("campaigns.settings", error))?;
    Ok(Campaign {
        id: campaign_id(row, "id")?,
        name: row.try_get("name")?,
        status: word(row, "status")?,
        reason: row.try_get("reason")?,
        settings: text::settings(settings)?,
        scheduled_at: instant_option(row, "scheduled_at")?,
        created_at: instant(row, "created_at")?,
        started_at: instant_option(row, "started_at")?,
        finished_at: instant_option(row, "finished_at")?,
    })
}

pub(super) fn planned(row: &SqliteRow) -> Result<PlannedCall, StoreError> {
    Ok(PlannedCall { call: call_id(row, "id")?, caller_id: word(row, "caller_id")?, switch: row.try_get("switch")? })
}

pub(super) fn standing(row: &SqliteRow) -> Result<ledger::Standing, StoreError> {
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

pub(super) fn due(row: &SqliteRow) -> Result<ledger::Due, StoreError> {
    Ok(ledger::Due {
        target: target_id(row, "id")?,
        number: word(row, "number")?,
        status: word(row, "status")?,
        attempts: count(row, "attempts")?,
        congestions: count(row, "congestions")?,
        do_not_call: row.try_get("do_not_call")?,
    })
}

pub(super) fn known(row: &SqliteRow) -> Result<ledger::Known, StoreError> {
    let claimed = Claimed {
        planned: planned(row)?,
        target: target_id(row, "target_id")?,
        number: word(row, "number")?,
        attempt: count(row, "attempt")?,
        congestions: count(row, "congestions")?,
    };
    Ok(ledger::Known { campaign: campaign_id(row, "campaign_id")?, claimed, open: row.try_get("open")? })
}

pub(super) fn open_call(row: &SqliteRow) -> Result<OpenCall, StoreError> {
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

pub(super) fn call_row(row: &SqliteRow) -> Result<CallRow, StoreError> {
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
            cause: text::code("calls.cause", row.try_get("cause")?)?.map(Cause),
            sip: text::code("calls.sip", row.try_get("sip")?)?.map(SipStatus),
            detail: row.try_get("detail")?,
        },
        target_status: word(row, "status")?,
    })
}

pub(super) fn own_number(row: &SqliteRow) -> Result<OwnNumber, StoreError> {
    Ok(OwnNumber { number: word(row, "number")?, label: row.try_get("label")?, active: row.try_get("active")? })
}

pub(super) fn do_not_call(row: &SqliteRow) -> Result<DoNotCall, StoreError> {
    Ok(DoNotCall {
        number: word(row, "number")?,
        reason: row.try_get("reason")?,
        source: row.try_get("source")?,
        added_at: instant(row, "added_at")?,
    })
}

pub(super) fn media(row: &SqliteRow) -> Result<Media, StoreError> {
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
