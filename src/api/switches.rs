//! The switches, as they are at this moment.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::auth::{Allowed, SwitchesRead};
use super::extract::SwitchAt;
use super::problem::{Answer, Kind, Problem, ProblemBody};
use crate::dialer::{LinkFault, SwitchState, TrunkFlow, TrunkState};
use crate::switch::SwitchKind;

/// A switch at this moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Switch)]
pub(super) struct SwitchBody {
    /// Its name in the configuration.
    #[schema(example = "main")]
    name: String,
    /// What it is.
    kind: SwitchKind,
    /// Whether the connection to it is up.
    connected: bool,
    /// Since when it is, or is not.
    since: Timestamp,
    /// Whether it gets calls: it is connected, and every call of a daemon
    /// before is settled.
    ready: bool,
    /// Why the connection was last lost or refused, since the daemon started.
    last_error: Option<LinkError>,
    /// Calls on it or on their way to it.
    #[schema(example = 12)]
    calls: u32,
    /// Calls it may carry at once.
    #[schema(example = 50)]
    max_channels: u32,
    /// Calls started on it a second, at most; none: no limit.
    #[schema(example = 10.0)]
    max_calls_per_second: Option<f64>,
    /// The trunk of campaigns that name none.
    #[schema(example = "carrier")]
    default_trunk: String,
    /// Its trunks, by name.
    trunks: Vec<TrunkBody>,
}

/// A connection that was lost or refused.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkError {
    /// When.
    at: Timestamp,
    /// Why, in words.
    #[schema(example = "connection refused")]
    reason: String,
}

/// A trunk at this moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trunk)]
pub(super) struct TrunkBody {
    /// Its name in the configuration.
    #[schema(example = "carrier")]
    name: String,
    /// Whether calls go through it.
    state: TrunkCondition,
    /// Until when none do, if none do.
    closed_until: Option<Timestamp>,
    /// Calls started through it a second, at most, at this moment; none: no
    /// limit.
    #[schema(example = 10.0)]
    calls_per_second: Option<f64>,
}

/// Whether calls go through a trunk.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TrunkCondition {
    /// As fast as they may.
    Open,
    /// Slower than they may: too many were turned away.
    Slow,
    /// None for a while: five in a row were turned away.
    Closed,
    /// One is tried after that, and its end decides.
    Probing,
}

/// All switches, and what they can carry together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Switches)]
pub(super) struct SwitchList {
    /// They, in the order of their names in the configuration.
    items: Vec<SwitchBody>,
    /// All that get calls, together.
    capacity: Capacity,
}

/// What the switches that get calls can carry together.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(super) struct Capacity {
    /// How many are connected.
    connected: u32,
    /// How many get calls.
    ready: u32,
    /// Calls on all switches, or on their way to them.
    calls: u32,
    /// Calls those that get some may carry at once.
    max_channels: u32,
    /// Calls started on those a second, at most; none: no limit.
    max_calls_per_second: Option<f64>,
    /// Calls in progress at once over all campaigns, at most: the setting
    /// `outbound_rate_limit`.
    outbound_rate_limit: u32,
}

impl From<SwitchState> for SwitchBody {
    fn from(state: SwitchState) -> Self {
        Self {
            name: state.name,
            kind: state.kind,
            connected: state.connected,
            since: state.since,
            ready: state.ready,
            last_error: state.last_error.map(|LinkFault { at, reason }| LinkError { at, reason }),
            calls: state.calls,
            max_channels: state.max_channels,
            max_calls_per_second: limit(state.max_calls_per_second),
            default_trunk: state.default_trunk,
            trunks: state.trunks.into_iter().map(TrunkBody::from).collect(),
        }
    }
}

impl From<TrunkState> for TrunkBody {
    fn from(trunk: TrunkState) -> Self {
        let (state, closed_until) = match trunk.flow {
            TrunkFlow::Open => (TrunkCondition::Open, None),
            TrunkFlow::Slow => (TrunkCondition::Slow, None),
            TrunkFlow::ClosedUntil(until) => (TrunkCondition::Closed, Some(until)),
            TrunkFlow::Probing => (TrunkCondition::Probing, None),
        };
        Self { name: trunk.name, state, closed_until, calls_per_second: limit(trunk.calls_per_second) }
    }
}

/// The engine writes no limit as 0.
fn limit(per_second: f64) -> Option<f64> {
    (per_second > 0.0).then_some(per_second)
}

fn capacity(states: &[SwitchState], outbound_rate_limit: u32) -> Capacity {
    let count = |all: usize| u32::try_from(all).unwrap_or(u32::MAX);
    let ready = || states.iter().filter(|state| state.ready);
    Capacity {
        connected: count(states.iter().filter(|state| state.connected).count()),
        ready: count(ready().count()),
        calls: states.iter().fold(0, |sum, state| sum.saturating_add(state.calls)),
        max_channels: ready().fold(0, |sum, state| sum.saturating_add(state.max_channels)),
        max_calls_per_second: ready().map(|state| limit(state.max_calls_per_second)).sum(),
        outbound_rate_limit,
    }
}

/// All switches
///
/// As they are at this moment: connections, calls, trunks.
#[utoipa::path(get, path = "/api/switches", tag = "switches",
    responses((status = 200, description = "All of them", body = SwitchList),
        (status = 503, description = "Nothing dials here, or the daemon is about to end", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list(_: Allowed<SwitchesRead>, State(api): State<Api>) -> Answer<Json<SwitchList>> {
    let states = states(&api).await?;
    let capacity = capacity(&states, api.settings.general().outbound_rate_limit);
    Ok(Json(SwitchList { items: states.into_iter().map(SwitchBody::from).collect(), capacity }))
}

/// One switch
#[utoipa::path(get, path = "/api/switches/{name}", tag = "switches",
    params(("name" = String, Path, description = "Its name in the configuration")),
    responses((status = 200, description = "The switch", body = SwitchBody),
        (status = 503, description = "Nothing dials here, or the daemon is about to end", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn show(
    _: Allowed<SwitchesRead>,
    State(api): State<Api>,
    SwitchAt(name): SwitchAt,
) -> Answer<Json<SwitchBody>> {
    Ok(Json(known(&api, &name).await?.into()))
}

/// A switch that must be there.
pub(super) async fn known(api: &Api, name: &str) -> Answer<SwitchState> {
    let found = states(api).await?.into_iter().find(|state| state.name == name);
    found.ok_or_else(|| Problem::not_found(format_args!("switch {name}")))
}

async fn states(api: &Api) -> Answer<Vec<SwitchState>> {
    let gone = || Problem::wait(Kind::Unavailable, "nothing dials here now", Duration::from_secs(5));
    let engine = api.engine.as_ref().ok_or_else(gone)?;
    engine.switches().await.map_err(|_| gone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_counts_those_that_get_calls() {
        let state = |ready, max_channels, rate| SwitchState {
            name: "x".into(),
            kind: SwitchKind::Asterisk,
            connected: true,
            since: Timestamp::UNIX_EPOCH,
            last_error: None,
            ready,
            calls: 3,
            max_channels,
            max_calls_per_second: rate,
            default_trunk: "carrier".into(),
            trunks: Vec::new(),
        };
        let all = [state(true, 10, 2.5), state(false, 100, 7.0), state(true, 20, 1.5)];
        let together = Capacity {
            connected: 3,
            ready: 2,
            calls: 9,
            max_channels: 30,
            max_calls_per_second: Some(4.0),
            outbound_rate_limit: 10,
        };
        assert_eq!(capacity(&all, 10), together);
        assert_eq!(capacity(&[state(true, 1, 0.0), state(true, 1, 3.0)], 10).max_calls_per_second, None);
    }
}
