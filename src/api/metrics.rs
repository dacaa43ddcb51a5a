//! What is measured, for Prometheus: with a key, or at a listener of its own
//! without one.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::auth::{Allowed, MetricsRead};
use super::problem::{Answer, Kind, Problem};
use super::{Api, Limits};
use crate::guard::is_public;
use crate::metrics::{self, Metrics};

/// What is measured
///
/// In the OpenMetrics text format, for Prometheus: calls, switches, trunks, the
/// database, our own numbers, requests. Numbers in it are our own, never those
/// of people who are called. `docs/metrics.md` tells of every metric.
#[utoipa::path(get, path = "/metrics", tag = "metrics", responses(
    (status = 200, description = "Every metric", body = String, content_type = "application/openmetrics-text"),
))]
pub(super) async fn show(_: Allowed<MetricsRead>, State(api): State<Api>) -> Answer<Response> {
    page(&api.metrics).await
}

async fn page(metrics: &Metrics) -> Answer<Response> {
    let text = Box::pin(metrics.exposition()).await.map_err(Problem::internal)?;
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE), (CACHE_CONTROL, "no-store")], text).into_response())
}

/// Counts requests by what they ask for, not by what they say.
pub(super) async fn count(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    let begun = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map(MatchedPath::as_str);
    api.metrics.http().answered(method.as_str(), route, response.status().as_u16(), begun.elapsed());
    response
}

/// What the listener without a key answers.
pub(super) fn router(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(scraped)).with_state(metrics)
}

/// Who scrapes are few, and quick; whoever asks all the time shall not keep the
/// engine from its work.
pub(super) fn limits() -> Limits {
    Limits { connections: 8, connections_of_one: 8, client_pause: Duration::from_secs(10), ..Limits::default() }
}

async fn scraped(State(metrics): State<Metrics>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Answer<Response> {
    if is_public(peer.ip()) {
        return Err(Problem::new(Kind::Forbidden, "metrics are shown to private addresses alone"));
    }
    page(&metrics).await
}
