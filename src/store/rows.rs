//! Rows, to what the rest of the program knows: once for both engines, which
//! differ only in how they keep instants, whole numbers and JSON.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

use super::blocks::{Upload, UploadId};
use super::call_results::{CallResults, object};
use super::listing::ActiveCampaigns;
use super::model::{
    CallRow, Campaign, Claimed, DoNotCall, Media, NumberHour, OpenCall, OwnNumber, PlannedCall, RecordedCall,
    Remaining, StoredSurvey, Tally, TargetId,
};
use super::surveys::Use;
use super::{CampaignVersion, StoreError, ledger, text};
use crate::call::{
    CallFacts, CallId, Cause, Detected, Given, GivenAnswer, Outcome, SipStatus, SurveyState, TalkFacts, TransferState,
};
use crate::caller_id::{Figures, Limits};
use crate::campaign::{CampaignId, TargetStatus};
use crate::compliance::{Force, PastCall, Record, Rule};
use crate::contact::{ContactFields, NewContact};
use crate::media::MediaId;
use crate::number::PhoneNumber;
use crate::survey::SurveyId;

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

    /// The same, where there may be nothing.
    fn json_option(&self, column: &'static str) -> Result<Option<Value>, StoreError>;

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

    fn count_option(&self, column: &'static str) -> Result<Option<u32>, StoreError> {
        let count: Option<Self::Int> = self.try_get(column)?;
        Ok(count.map(|count| text::count(count.into())))
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
            forced: self.force()?,
        })
    }

    /// Campaigns, one a row. One that cannot be read does not hide the others.
    fn active_campaigns(rows: &[Self]) -> Result<ActiveCampaigns, StoreError>
    where
        Self: Sized,
    {
        let mut active = ActiveCampaigns::default();
        for row in rows {
            match row.campaign() {
                Ok(campaign) => active.campaigns.push(campaign),
                Err(error) => active.unreadable.push((row.campaign_id("id")?, error)),
            }
        }
        Ok(active)
    }

    fn campaign_version(&self) -> Result<CampaignVersion, StoreError> {
        Ok(CampaignVersion {
            id: self.campaign_id("id")?,
            status: self.word("status")?,
            reason: self.try_get("reason")?,
            updated_at: self.instant("updated_at")?,
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
            caller_id: self.word("caller_id")?,
            current: self.try_get("current")?,
            status: self.word("status")?,
            attempts: self.count("attempts")?,
            congestions: self.count("congestions")?,
            answered_at: self.instant_option("answered_at")?,
            watched: self.try_get("watched")?,
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
            timezone: self.try_get("timezone")?,
            consent: self.try_get("consent")?,
        })
    }

    fn known(&self) -> Result<ledger::Known, StoreError> {
        let allowed = self.record("decision")?.unwrap_or_default();
        let claimed = Claimed {
            planned: self.planned()?,
            target: self.target_id("target_id")?,
            number: self.word("number")?,
            attempt: self.count("attempt")?,
            congestions: self.count("congestions")?,
            allowed_until: allowed.until,
            despite_opt_out: allowed.overridden().contains(&Rule::DoNotCall),
        };
        Ok(ledger::Known { campaign: self.campaign_id("campaign_id")?, claimed, open: self.try_get("open")? })
    }

    /// The call of a campaign that is forced.
    fn force(&self) -> Result<Option<Force>, StoreError> {
        let Some(stored) = self.json_option("forced")? else { return Ok(None) };
        serde_json::from_value(stored).map(Some).map_err(|error| StoreError::unreadable("campaigns.forced", error))
    }

    /// What a decision was made of.
    fn record(&self, column: &'static str) -> Result<Option<Record>, StoreError> {
        let Some(stored) = self.json_option(column)? else { return Ok(None) };
        serde_json::from_value(stored).map(Some).map_err(|error| StoreError::unreadable(column, error))
    }

    /// A call to a number, and the number.
    fn past_call(&self) -> Result<(PhoneNumber, PastCall), StoreError> {
        let outcome: Option<Outcome> = match self.try_get::<Option<&str>, _>("outcome")? {
            Some(outcome) => Some(text::word("calls.outcome", outcome)?),
            None => None,
        };
        let answered_at = self.instant_option("answered_at")?;
        let rang = answered_at.is_some() || self.instant_option("ringing_at")?.is_some();
        let past = PastCall {
            at: self.instant("created_at")?,
            attempt: rang || outcome.is_none_or(Outcome::is_attempt),
            answered_at: answered_at.filter(|_| outcome.is_none_or(|outcome| outcome == Outcome::Answered)),
            in_progress: outcome.is_none(),
        };
        Ok((self.word("number")?, past))
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
                placed_at: self.instant_option("placed_at")?,
                trunk: self.try_get("trunk")?,
                ringing_at: self.instant_option("ringing_at")?,
                answered_at: self.instant_option("answered_at")?,
                ended_at: self.instant_option("ended_at")?,
                cause: self.code("cause", "calls.cause")?.map(Cause),
                sip: self.code("sip", "calls.sip")?.map(SipStatus),
                detail: self.try_get("detail")?,
                talk: self.talk()?,
            },
            results: self.call_results()?,
            target_status: self.word("status")?,
        })
    }

    fn call_results(&self) -> Result<CallResults, StoreError> {
        let extracted = self.json_option("extracted_data")?;
        Ok(CallResults {
            disposition: self.try_get("disposition")?,
            sentiment: self.try_get("sentiment")?,
            summary: self.try_get("summary")?,
            extracted_data: extracted.map(|json| object("call_results.extracted_data", json)).transpose()?,
        })
    }

    fn talk(&self) -> Result<TalkFacts, StoreError> {
        let detected: Option<String> = self.try_get("detected")?;
        let detected = detected.map(|answer| {
            let reason: Option<String> = self.try_get("detected_reason")?;
            let at_ms: Option<Self::Int> = self.try_get("detected_ms")?;
            let at_ms = at_ms.map_or(0, |at| text::count(at.into()));
            Ok::<_, StoreError>(Detected { answer, reason: reason.unwrap_or_default(), at_ms })
        });
        Ok(TalkFacts {
            detected: detected.transpose()?,
            message_left: self.try_get("message_left")?,
            survey: self.one_of("survey", "calls.survey", SurveyState::ALL, SurveyState::as_str)?,
            opted_out: self.try_get("opted_out")?,
            opted_out_at: self.instant_option("opted_out_at")?,
            transfer: self.one_of("transfer", "calls.transfer", TransferState::ALL, TransferState::as_str)?,
            transfer_at: self.instant_option("transfer_at")?,
            transferred_at: self.instant_option("transferred_at")?,
            recording: self.try_get("recording")?,
        })
    }

    /// One of a few words; `what` is its table and column.
    fn one_of<T: Copy, const N: usize>(
        &self,
        column: &'static str,
        what: &'static str,
        all: [T; N],
        word: fn(T) -> &'static str,
    ) -> Result<Option<T>, StoreError> {
        let Some(stored) = self.try_get::<Option<&str>, _>(column)? else { return Ok(None) };
        let known = all.into_iter().find(|one| word(*one) == stored);
        known.map(Some).ok_or_else(|| StoreError::unreadable(what, stored))
    }

    /// An answer and its call.
    fn answer(&self) -> Result<(CallId, GivenAnswer), StoreError> {
        let unreadable = || StoreError::unreadable("answers.given", "a key without its digit, or no kind of answer");
        let given = match self.try_get("given")? {
            "key" => {
                let digit: Option<&str> = self.try_get("digit")?;
                let digit = digit.and_then(|digit| digit.chars().next()).ok_or_else(unreadable)?;
                let label: Option<String> = self.try_get("label")?;
                Given::Key { digit, label: label.unwrap_or_default() }
            }
            "speech" => {
                let recording: Option<String> = self.try_get("recording")?;
                Given::Speech { recording: recording.unwrap_or_default() }
            }
            "nothing" => Given::Nothing,
            _ => return Err(unreadable()),
        };
        let position = u16::try_from(self.count("position")?);
        let answer = GivenAnswer {
            question: self.try_get("question")?,
            position: position.map_err(|error| StoreError::unreadable("answers.position", error))?,
            given,
            at: self.instant("answered_at")?,
        };
        Ok((self.call_id("call_id")?, answer))
    }

    /// One recording a row, those of a call together.
    fn recorded(rows: &[Self]) -> Result<Vec<RecordedCall>, StoreError>
    where
        Self: Sized,
    {
        let mut calls: Vec<RecordedCall> = Vec::new();
        for row in rows {
            let (call, recording) = (row.call_id("id")?, row.try_get("recording")?);
            match calls.last_mut().filter(|last| last.call == call) {
                Some(last) => last.recordings.push(recording),
                None => calls.push(RecordedCall { call, switch: row.try_get("switch")?, recordings: vec![recording] }),
            }
        }
        Ok(calls)
    }

    fn survey(&self) -> Result<StoredSurvey, StoreError> {
        Ok(StoredSurvey {
            id: SurveyId(self.try_get("id")?),
            name: self.try_get("name")?,
            survey: text::survey(self.json("definition")?)?,
            created_at: self.instant("created_at")?,
            updated_at: self.instant("updated_at")?,
        })
    }

    /// A campaign that asks a survey.
    fn survey_use(&self) -> Result<Use, StoreError> {
        Ok(Use {
            id: self.campaign_id("id")?,
            campaign: self.try_get("name")?,
            status: self.word("status")?,
            called: self.try_get("called")?,
            by_name: self.try_get("by_name")?,
        })
    }

    fn own_number(&self) -> Result<OwnNumber, StoreError> {
        Ok(OwnNumber {
            number: self.word("number")?,
            label: self.try_get("label")?,
            active: self.try_get("active")?,
            limits: Limits {
                daily_cap: self.count_option("daily_cap")?,
                cool_down_seconds: self.count_option("cool_down_seconds")?,
                max_concurrent: self.count_option("max_concurrent")?,
            },
            resting_until: self.instant_option("resting_until")?,
            rest_reason: self.try_get("rest_reason")?,
            judged_from: self.instant_option("judged_from")?,
        })
    }

    fn number_hour(&self) -> Result<NumberHour, StoreError> {
        let size = |column: &'static str| Ok::<_, StoreError>(text::size(self.try_get(column)?));
        Ok(NumberHour {
            number: self.word("number")?,
            hour: self.try_get("hour")?,
            figures: Figures {
                calls: size("calls")?,
                judged: size("judged")?,
                answered: size("answered")?,
                short: size("short")?,
                rejected: size("rejected")?,
                flagged: size("flagged")?,
            },
            last_at: self.instant_option("last_at")?,
        })
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
            updated_at: self.instant("updated_at")?,
        })
    }

    fn upload(&self) -> Result<Upload, StoreError> {
        Ok(Upload {
            id: UploadId(self.try_get("id")?),
            campaign: self.campaign_id("campaign_id")?,
            name: self.try_get("name")?,
            sha256: self.try_get("sha256")?,
            bytes: text::size(self.try_get("bytes")?),
            accepted: text::size(self.try_get("accepted")?),
            duplicates: text::size(self.try_get("duplicates")?),
            rejected: text::size(self.try_get("rejected")?),
            uploaded_at: self.instant("uploaded_at")?,
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
