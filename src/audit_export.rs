//! "Everything we know about +1…": what the audit log says of a number, as rows
//! and as JSON. What the command line and the API both give.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::number::PhoneNumber;
use crate::report::defused;
use crate::store::dnc::DncNumber;
use crate::store::{AuditContact, AuditDecision, DoNotCall, NumberAudit};

/// Everything that is known of a number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberHistory<'a> {
    /// The number.
    phone_number: PhoneNumber,
    /// Its entry on the do-not-call list; none: it is not there.
    do_not_call: Option<OptOut<'a>>,
    /// What else names it there, the oldest first.
    do_not_call_also: Vec<OptOut<'a>>,
    /// Where it is in campaigns' lists, with its consent.
    contacts: &'a [AuditContact],
    /// What was decided, and the calls that were made: oldest first.
    decisions: &'a [AuditDecision],
    /// There is more: these are the newest.
    truncated: bool,
}

/// An entry of the do-not-call list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OptOut<'a> {
    /// Why.
    reason: Option<&'a str>,
    /// Where the entry came from.
    source: &'a str,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    added_at: jiff::Timestamp,
}

impl<'a> From<&'a DoNotCall> for OptOut<'a> {
    fn from(entry: &'a DoNotCall) -> Self {
        Self { reason: entry.reason.as_deref(), source: &entry.source, added_at: entry.added_at }
    }
}

impl<'a> From<&'a NumberAudit> for NumberHistory<'a> {
    fn from(audit: &'a NumberAudit) -> Self {
        Self {
            phone_number: audit.number,
            do_not_call: audit.do_not_call.as_ref().map(|number| OptOut::from(&number.entry)),
            do_not_call_also: audit.do_not_call.iter().flat_map(|number| &number.also).map(OptOut::from).collect(),
            contacts: &audit.contacts,
            decisions: &audit.decisions,
            truncated: audit.truncated,
        }
    }
}

/// As JSON.
pub(crate) fn json(audit: &NumberAudit) -> Value {
    serde_json::to_value(NumberHistory::from(audit)).unwrap_or(Value::Null)
}

/// One thing that is known of a number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// When, in UTC.
    pub(crate) at: String,
    /// `contact`, `decision`, `call` or `do_not_call`.
    pub(crate) what: &'static str,
    /// `allow`, `wait` or `block`.
    pub(crate) verdict: &'static str,
    /// The rule that forbade the call.
    pub(crate) rule: String,
    /// The campaign's id.
    pub(crate) campaign: String,
    /// The call's id.
    pub(crate) call: String,
    /// How the call ended.
    pub(crate) outcome: String,
    /// The rest, as JSON or in words.
    pub(crate) detail: String,
}

/// Everything, oldest first.
pub(crate) fn rows(audit: &NumberAudit) -> Vec<Row> {
    let mut rows: Vec<_> = audit.contacts.iter().map(contact).chain(audit.decisions.iter().map(decision)).collect();
    let opt_outs = audit.do_not_call.iter().flat_map(DncNumber::sources);
    rows.extend(opt_outs.map(|entry| Row {
        at: entry.added_at.to_string(),
        what: "do_not_call",
        detail:
            [Some(entry.source.as_str()), entry.reason.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(": "),
        ..Row::default()
    }));
    rows.sort_by(|a, b| a.at.cmp(&b.at));
    rows
}

fn contact(contact: &AuditContact) -> Row {
    let detail = serde_json::json!({
        "campaign": contact.campaign,
        "name": contact.name,
        "consent": contact.consent,
        "timezone": contact.timezone,
        "status": contact.status,
        "attempts": contact.attempts,
    });
    Row {
        at: contact.added_at.to_string(),
        what: "contact",
        campaign: contact.campaign_id.to_string(),
        detail: detail.to_string(),
        ..Row::default()
    }
}

fn decision(decision: &AuditDecision) -> Row {
    let call = decision.call.as_ref();
    Row {
        at: decision.at.to_string(),
        what: if call.is_some() { "call" } else { "decision" },
        verdict: decision.verdict.as_str(),
        rule: decision.rule.map(|rule| rule.to_string()).unwrap_or_default(),
        campaign: decision.campaign_id.to_string(),
        call: call.map(|call| call.call_id.to_string()).unwrap_or_default(),
        outcome: call.and_then(|call| call.outcome).map(|outcome| outcome.to_string()).unwrap_or_default(),
        detail: decision.facts.as_ref().and_then(|facts| serde_json::to_string(facts).ok()).unwrap_or_default(),
    }
}

/// As CSV, a row for each.
pub(crate) fn csv(audit: &NumberAudit, to: impl Write) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(["number", "at", "what", "verdict", "rule", "campaign_id", "call_id", "outcome", "detail"])?;
    let number = audit.number.to_string();
    for row in rows(audit) {
        writer.write_record([
            number.as_str(),
            &row.at,
            row.what,
            row.verdict,
            &row.rule,
            &row.campaign,
            &row.call,
            &row.outcome,
            &defused(&row.detail),
        ])?;
    }
    writer.flush()?;
    Ok(())
}
