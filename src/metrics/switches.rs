//! The switches and their trunks.

use std::fmt;

use super::family::Page;
use crate::dialer::{SwitchMeasured, TrunkCalls, TrunkFlow, TrunkState};
use crate::switch::SwitchKind;

pub(super) fn write(page: &mut Page<'_>, switches: &[SwitchMeasured]) -> fmt::Result {
    let mut up = page.gauges("canvass_switch_up", "Whether the switch is connected.")?;
    for SwitchMeasured { state, .. } in switches {
        let kind = match state.kind {
            SwitchKind::Freeswitch => "freeswitch",
            SwitchKind::Asterisk => "asterisk",
        };
        up.gauge(&[("switch", &state.name), ("kind", kind)], state.connected)?;
    }
    type Gauge = fn(&SwitchMeasured) -> u64;
    let gauges: [(&str, &str, Gauge); 4] = [
        (
            "canvass_switch_ready",
            "Whether the switch gets calls: it is connected, and calls from before the start are settled.",
            |switch| switch.state.ready.into(),
        ),
        ("canvass_switch_calls", "Calls on the switch or on their way to it.", |switch| switch.state.calls.into()),
        ("canvass_switch_calls_limit", "Calls the switch may carry at once.", |switch| {
            switch.state.max_channels.into()
        }),
        ("canvass_switch_events_waiting", "Events of calls that arrived and were not looked at yet.", |switch| {
            switch.events.waiting
        }),
    ];
    for (name, help, value) in gauges {
        let mut samples = page.gauges(name, help)?;
        for switch in switches {
            samples.gauge(&[("switch", &switch.state.name)], value(switch))?;
        }
    }
    let counters: [(&str, &str, Gauge); 3] = [
        ("canvass_switch_events_total", "Events that arrived for calls.", |switch| switch.events.delivered),
        ("canvass_switch_disconnects_total", "How often the connection was lost.", |switch| switch.disconnects),
        ("canvass_switch_gaps_total", "How often events may have been missed while connected.", |switch| switch.gaps),
    ];
    for (name, help, value) in counters {
        let mut samples = page.counters(name, help)?;
        for switch in switches {
            samples.counter(&[("switch", &switch.state.name)], value(switch))?;
        }
    }
    trunks(page, switches)
}

fn trunks(page: &mut Page<'_>, switches: &[SwitchMeasured]) -> fmt::Result {
    let all: Vec<(&str, &TrunkState, &TrunkCalls)> = switches
        .iter()
        .flat_map(|switch| {
            let name = switch.state.name.as_str();
            switch.state.trunks.iter().zip(&switch.trunks).map(move |(state, calls)| (name, state, calls))
        })
        .collect();
    let mut states = page.gauges("canvass_trunk_state", "1 for the state the trunk is in, 0 for the others.")?;
    for (switch, trunk, _) in &all {
        let now = match trunk.flow {
            TrunkFlow::Open => "open",
            TrunkFlow::Slow => "slow",
            TrunkFlow::ClosedUntil(_) => "closed",
            TrunkFlow::Probing => "probing",
        };
        for state in ["open", "slow", "closed", "probing"] {
            states.gauge(&[("switch", switch), ("trunk", &trunk.name), ("state", state)], state == now)?;
        }
    }
    let mut rates = page.gauges(
        "canvass_trunk_calls_per_second",
        "Calls that may be started through the trunk a second, now; 0: no limit.",
    )?;
    for (switch, trunk, _) in &all {
        rates.gauge(&[("switch", switch), ("trunk", &trunk.name)], trunk.calls_per_second)?;
    }
    let mut calls =
        page.counters("canvass_trunk_calls_total", "Calls that are over, by what they say of the trunk.")?;
    for (switch, trunk, ended) in &all {
        let results = [("carried", ended.carried), ("congested", ended.congested), ("other", ended.other)];
        for (result, count) in results {
            calls.counter(&[("switch", switch), ("trunk", &trunk.name), ("result", result)], count)?;
        }
    }
    let mut trips = page
        .counters("canvass_trunk_closures_total", "How often the trunk was closed for a while: too much congestion.")?;
    for (switch, trunk, ended) in &all {
        trips.counter(&[("switch", switch), ("trunk", &trunk.name)], ended.trips)?;
    }
    Ok(())
}
