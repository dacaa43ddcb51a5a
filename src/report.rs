//! A campaign's calls as CSV, a row per call.

use std::io::Write;

use jiff::Timestamp;

use crate::campaign::CampaignId;
use crate::store::{CallRow, Store};

/// Rows read from the database at a time.
const PAGE: u32 = 5_000;

const HEADER: [&str; 24] = [
    "call_id",
    "phone_number",
    "name",
    "attempt",
    "caller_id",
    "switch",
    "outcome",
    "cause",
    "sip_status",
    "created_at",
    "ringing_at",
    "answered_at",
    "ended_at",
    "ring_seconds",
    "talk_seconds",
    "contact_status",
    "detail",
    "detected",
    "detected_reason",
    "message_left",
    "survey",
    "opted_out",
    "transfer",
    "recording",
];

/// Writes every call of a campaign in order of dialing; gives their number.
/// Constant memory however long the campaign.
pub(crate) async fn write(store: &Store, campaign: CampaignId, to: impl Write) -> anyhow::Result<u64> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(HEADER)?;
    let mut written = 0;
    let mut after = None;
    loop {
        let page = store.calls_page(campaign, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.call);
        for row in &page {
            csv.write_record(record(row))?;
            written += 1;
        }
    }
    csv.flush()?;
    Ok(written)
}

/// The first line, as bytes of CSV.
pub(crate) fn header() -> std::io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(HEADER)?;
    csv.into_inner().map_err(|error| error.into_error())
}

/// Some calls, as bytes of CSV.
pub(crate) fn rows(rows: &[CallRow]) -> std::io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for row in rows {
        csv.write_record(record(row))?;
    }
    csv.into_inner().map_err(|error| error.into_error())
}

fn record(row: &CallRow) -> [String; 24] {
    let (facts, talk) = (&row.facts, &row.facts.talk);
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        row.call.to_string(),
        row.number.to_string(),
        text(row.name.as_deref().map(defused)),
        row.attempt.to_string(),
        row.caller_id.to_string(),
        defused(&row.switch),
        text(row.outcome.map(|outcome| outcome.to_string())),
        text(facts.cause.map(|cause| cause.0.to_string())),
        text(facts.sip.map(|sip| sip.0.to_string())),
        row.created_at.to_string(),
        text(facts.ringing_at.map(|at| at.to_string())),
        text(facts.answered_at.map(|at| at.to_string())),
        text(facts.ended_at.map(|at| at.to_string())),
        seconds(facts.ringing_at, facts.answered_at.or(facts.ended_at)),
        seconds(facts.answered_at, facts.ended_at),
        row.target_status.to_string(),
        text(facts.detail.as_deref().map(defused)),
        text(talk.detected.as_ref().map(|detected| defused(&detected.answer))),
        text(talk.detected.as_ref().map(|detected| defused(&detected.reason))),
        talk.message_left.to_string(),
        text(talk.survey.map(|state| state.as_str().to_owned())),
        talk.opted_out.to_string(),
        text(talk.transfer.map(|state| state.as_str().to_owned())),
        text(talk.recording.as_deref().map(defused)),
    ]
}

/// The seconds between two instants, where both are known.
pub(super) fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{:.1}", to.duration_since(from).as_secs_f64()),
        (None, _) | (_, None) => String::new(),
    }
}

/// Text that a spreadsheet would take for a formula gets an apostrophe in
/// front (OWASP, "CSV Injection"). Numbers in E.164 stay as they are: a plus
/// and digits calculate nothing.
pub(crate) fn defused(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn formulas_are_defused() {
        assert_eq!(defused("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(defused("@cmd"), "'@cmd");
        assert_eq!(defused("Ann O'Neil"), "Ann O'Neil");
        assert_eq!(defused(""), "");
    }
}
