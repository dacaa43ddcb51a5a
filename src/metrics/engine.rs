//! The dialing engine: its calls, its limits, how quickly it answers.

use std::fmt;
use std::time::Duration;

use super::family::Page;
use crate::dialer::{BudgetUse, EngineMeasured, Stats};

/// Money is counted in millionths.
const MILLIONTHS: f64 = 1_000_000.0;

pub(super) fn write(
    page: &mut Page<'_>,
    stats: Option<&Stats>,
    engine: Option<&EngineMeasured>,
    lag: Duration,
) -> fmt::Result {
    page.gauge("canvass_engine_up", "Whether the dialing engine answers.", Some(engine.is_some()))?;
    page.gauge(
        "canvass_engine_lag_seconds",
        "How long a question waited in the engine's queue, behind all that happens, for its answer.",
        engine.map(|_| lag.as_secs_f64()),
    )?;
    page.gauge(
        "canvass_engine_draining",
        "Whether it is about to end and starts no more calls.",
        engine.map(|engine| engine.draining),
    )?;
    page.gauge("canvass_campaigns_running", "Campaigns that run.", engine.map(|engine| engine.running))?;
    calls(page, stats, engine)?;
    budget(page, engine.and_then(|engine| engine.budget.as_ref()))
}

fn calls(page: &mut Page<'_>, stats: Option<&Stats>, engine: Option<&EngineMeasured>) -> fmt::Result {
    page.counter("canvass_calls_placed_total", "Calls handed to a switch.", stats.map(Stats::started))?;
    page.counter("canvass_calls_answered_total", "Calls that were answered.", stats.map(Stats::answered))?;
    page.gauge("canvass_calls_in_progress", "Calls handed to a switch and not over.", stats.map(Stats::in_progress))?;
    page.gauge(
        "canvass_calls_planned",
        "Calls for which targets are being claimed.",
        engine.map(|engine| engine.planned),
    )?;
    page.gauge(
        "canvass_calls_limit",
        "Calls in progress at once over all campaigns, at most.",
        engine.map(|engine| engine.outbound_limit),
    )
}

fn budget(page: &mut Page<'_>, budget: Option<&BudgetUse>) -> fmt::Result {
    let money = |millionths: u64| millionths as f64 / MILLIONTHS;
    page.gauge("canvass_budget_calls", "Calls placed today.", budget.map(|budget| budget.calls))?;
    page.gauge(
        "canvass_budget_calls_limit",
        "Calls that may be placed today.",
        budget.and_then(|budget| budget.most_calls),
    )?;
    page.gauge("canvass_budget_spend", "What today's calls cost so far.", budget.map(|budget| money(budget.money)))?;
    page.gauge(
        "canvass_budget_spend_limit",
        "What today's calls may cost.",
        budget.and_then(|budget| budget.most_money).map(money),
    )
}
