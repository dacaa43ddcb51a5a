//! Rows, to what the rest of the program knows: once for both engines, which
//! differ only in how they keep instants, whole numbers and JSON.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

use super::model::{
    CallRow, Campaign, Claimed, DoNotCall, Media, OpenCall, OwnNumber, PlannedCall, Remaining, Tally, TargetId,
};
use super::{StoreError, ledger, text};
use crate::call::{CallFacts, CallId, Cause, SipStatus, TalkFacts};
use crate::campaign::{CampaignId, TargetStatus};
use crate::contact::{ContactFields, NewContact};
use crate::media::MediaId;

/// A row of either engine.
pub(super) trait StoredRow: Row
where
    for<'c> &'c str: ColumnIndex<Self>,
    for<'r> &'r str: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> String: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> Uuid: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> i64: Decode<'r, Self::Database> + Type<Self::Database>,
    for<'r> bool: Decode<'r, Self::Database> + Type<Self::Database>,
{
    /// An instant as the engine keeps it.
    type Instant: for<'r> Decode<'r, Self::Database> + Type<Self::Database>;
    /// A count or a code as the engine keeps it.
    type Int: for<'r> Decode<'r, Self::Database> + Type<Self::Database> + Into<i64>;

    /// The instant behind what stands in this column.
    fn timestamp(column: &'static str, stored: Self::Instant) -> Result<Timestamp, StoreError>;

    /// What is kept as JSON.
    fn json(&self, column: &'static str) -> Result<Value, StoreError>;

    fn instant(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        Self::timestamp(column, self.try_get(column)?)
    }

    fn instant_option(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let stored: Option<Self::Instant> = self.try_get(column)?;
        stored.map(|stored| Self::timestamp(column, stored)).transpose()
    }

    /// A word of ours: a number, a status, an outcome.
    fn word<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        text::word(column, self.try_get(column)?)
    }

    fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        let count: Self::Int = self.try_get(column)?;
        Ok(text::count(count.into()))
    }

    /// A cause or SIP code; `what` is its table and column.
    fn code(&self, column: &'static str, what: &'static str) -> Result<Option<u16>, StoreError> {
        let code: Option<Self::Int> = self.try_get(column)?;
        text::code(what, code.map(Into::into))
    }

    fn campaign_id(&self, column: &'static str) -> Result<CampaignId, StoreError> {
        Ok(CampaignId(self.try_get(column)?))
    }

    fn call_id(&self, column: &'static str) -> Result<CallId, StoreError> {
        Ok(CallId(self.try_get(column)?))
    }

    fn target_id(&self, column: &'static str) -> Result<TargetId, StoreError> {
        Ok(TargetId(self.try_get(column)?))
    }

    fn campaign(&self) -> Result<Campaign, StoreError> {
        Ok(Campaign {
            id: self.campaign_id("id")?,
            name: self.try_get("name")?,
            status: self.word("status")?,
            reason: self.try_get("reason")?,
            settings: text::settings(self.json("settings")?)?,
            scheduled_at: self.instant_option("scheduled_at")?,
            created_at: self.instant("created_at")?,
            started_at: self.instant_option("started_at")?,
            finished_at: self.instant_option("finished_at")?,
        })
    }

    fn contact(&self) -> Result<ContactFields, StoreError> {
        let variables = serde_json::from_value(self.json("variables")?)
            .map_err(|error| StoreError::unreadable("contacts.variables", error))?;
        Ok(ContactFields::of(&NewContact {
            number: self.word("number")?,
            name: self.try_get("name")?,
            email: self.try_get("email")?,
            company: self.try_get("company")?,
            notes: self.try_get("notes")?,
            timezone: self.try_get("timezone")?,
            consent: self.try_get("consent")?,
            variables,
        }))
    }

    fn planned(&self) -> Result<PlannedCall, StoreError> {
        Ok(PlannedCall {
            call: self.call_id("id")?,
            caller_id: self.word("caller_id")?,
            switch: self.try_get("switch")?,
        })
    }

    fn standing(&self) -> Result<ledger::Standing, StoreError> {
        Ok(ledger::Standing {
            call: self.call_id("id")?,
            campaign: self.campaign_id("campaign_id")?,
            target: self.target_id("target_id")?,
            current: self.try_get("current")?,
            status: self.word("status")?,
            attempts: self.count("attempts")?,
            congestions: self.count("congestions")?,
        })
    }

    fn due(&self) -> Result<ledger::Due, StoreError> {
        Ok(ledger::Due {
            target: self.target_id("id")?,
            number: self.word("number")?,
            status: self.word("status")?,
            attempts: self.count("attempts")?,
            congestions: self.count("congestions")?,
            do_not_call: self.try_get("do_not_call")?,
        })
    }

    fn known(&self) -> Result<ledger::Known, StoreError> {
        let claimed = Claimed {
            planned: self.planned()?,
            target: self.target_id("target_id")?,
            number: self.word("number")?,
            attempt: self.count("attempt")?,
            congestions: self.count("congestions")?,
        };
        Ok(ledger::Known { campaign: self.campaign_id("campaign_id")?, claimed, open: self.try_get("open")? })
    }

    fn open_call(&self) -> Result<OpenCall, StoreError> {
        Ok(OpenCall {
            planned: self.planned()?,
            campaign: self.campaign_id("campaign_id")?,
            target: self.target_id("target_id")?,
            number: self.word("number")?,
            attempt: self.count("attempt")?,
            congestions: self.count("congestions")?,
            created_at: self.instant("created_at")?,
            answered_at: self.instant_option("answered_at")?,
        })
    }

    fn call_row(&self) -> Result<CallRow, StoreError> {
        let PlannedCall { call, caller_id, switch } = self.planned()?;
        let outcome: Option<&str> = self.try_get("outcome")?;
        Ok(CallRow {
            call,
            target: self.target_id("target_id")?,
            number: self.word("number")?,
            name: self.try_get("name")?,
            attempt: self.count("attempt")?,
            caller_id,
            switch,
            created_at: self.instant("created_at")?,
            outcome: outcome.map(|outcome| text::word("calls.outcome", outcome)).transpose()?,
            facts: CallFacts {
                ringing_at: self.instant_option("ringing_at")?,
                answered_at: self.instant_option("answered_at")?,
                ended_at: self.instant_option("ended_at")?,
                cause: self.code("cause", "calls.cause")?.map(Cause),
                sip: self.code("sip", "calls.sip")?.map(SipStatus),
                detail: self.try_get("detail")?,
                talk: TalkFacts::default(),
            },
            target_status: self.word("status")?,
        })
    }

    fn own_number(&self) -> Result<OwnNumber, StoreError> {
        Ok(OwnNumber { number: self.word("number")?, label: self.try_get("label")?, active: self.try_get("active")? })
    }

    fn do_not_call(&self) -> Result<DoNotCall, StoreError> {
        Ok(DoNotCall {
            number: self.word("number")?,
            reason: self.try_get("reason")?,
            source: self.try_get("source")?,
            added_at: self.instant("added_at")?,
        })
    }

    fn media(&self) -> Result<Media, StoreError> {
        Ok(Media {
            id: MediaId(self.try_get("id")?),
            name: self.try_get("name")?,
            sha256: self.try_get("sha256")?,
            duration_ms: text::size(self.try_get("duration_ms")?),
            bytes: text::size(self.try_get("bytes")?),
            original_name: self.try_get("original_name")?,
            waveform: text::waveform(self.json("waveform")?)?,
            created_at: self.instant("created_at")?,
        })
    }

    fn remaining(&self) -> Result<Remaining, StoreError> {
        Ok(Remaining { next_due: self.instant_option("next_due")?, in_call: self.try_get("in_call")? })
    }

    /// A target's status, attempts, and when it is due.
    fn target(&self) -> Result<(TargetStatus, u32, Option<Timestamp>), StoreError> {
        Ok((self.word("status")?, self.count("attempts")?, self.instant_option("due_at")?))
    }

    /// A campaign's counters, one a row.
    fn tally(rows: &[Self]) -> Result<Tally, StoreError>
    where
        Self: Sized,
    {
        let mut tally = Tally::default();
        for row in rows {
            let count = u64::try_from(row.try_get::<i64, _>("count")?).unwrap_or(0);
            match row.try_get::<&str, _>("kind")? {
                kind if kind == ledger::TallyKind::Target.as_str() => tally.targets.push((row.word("key")?, count)),
                kind if kind == ledger::TallyKind::Outcome.as_str() => tally.outcomes.push((row.word("key")?, count)),
                other => return Err(StoreError::unreadable("campaign_tally.kind", other)),
            }
        }
        tally.targets.sort_unstable();
        tally.outcomes.sort_unstable();
        Ok(tally)
    }
}
