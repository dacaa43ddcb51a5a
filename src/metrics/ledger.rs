//! What was written to the database, and how long that took.

use std::fmt;

use super::family::Page;
use crate::dialer::{EngineMeasured, LedgerStats};

pub(super) fn write(page: &mut Page<'_>, ledger: Option<&LedgerStats>, engine: Option<&EngineMeasured>) -> fmt::Result {
    let mut ended = page.counters("canvass_calls_ended_total", "Calls whose end is in the database, by outcome.")?;
    for (outcome, count) in ledger.into_iter().flat_map(LedgerStats::ended) {
        ended.counter(&[("outcome", outcome.as_str())], count)?;
    }
    page.histogram(
        "canvass_call_ring_seconds",
        "From placing a call to its answer, of answered calls.",
        ledger.map(LedgerStats::rings),
    )?;
    page.histogram("canvass_call_talk_seconds", "How long answered calls lasted.", ledger.map(LedgerStats::talks))?;
    let mut barred = page.counters(
        "canvass_targets_blocked_total",
        "Targets that are not called at all, by the rule that forbade it.",
    )?;
    for (rule, count) in ledger.into_iter().flat_map(LedgerStats::barred) {
        barred.counter(&[("rule", rule.as_str())], count)?;
    }
    page.counter(
        "canvass_targets_postponed_total",
        "How often a target that was due must wait for a time when it may be called.",
        ledger.map(LedgerStats::postponed),
    )?;
    page.counter("canvass_opt_outs_total", "People who opted out in a call.", ledger.map(LedgerStats::opted_out))?;
    page.histogram(
        "canvass_ledger_commit_seconds",
        "How long a transaction of claims and ends of calls took.",
        ledger.map(LedgerStats::commits),
    )?;
    page.histogram(
        "canvass_ledger_claim_seconds",
        "From the wish to claim targets to the answer, the wait for the transaction before included.",
        ledger.map(LedgerStats::claims),
    )?;
    page.counter(
        "canvass_ledger_commit_failures_total",
        "Transactions that failed; they are tried again.",
        ledger.map(LedgerStats::failures),
    )?;
    page.gauge(
        "canvass_ledger_waiting",
        "Claims, answers and ends of calls that wait to be written.",
        ledger.map(LedgerStats::waiting),
    )?;
    page.gauge(
        "canvass_ledger_refused",
        "Ends of calls and the like that the database refused, kept and offered again.",
        ledger.map(LedgerStats::refused),
    )?;
    page.gauge(
        "canvass_ledger_stalled",
        "Whether the database is away and dialing stands still for it.",
        engine.map(|engine| engine.database_away),
    )
}
