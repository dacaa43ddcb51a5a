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
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::auth::{Allowed, MetricsRead};
use super::problem::{Answer, Kind, Problem};
use super::{Api, Limits, listener};
use crate::guard::is_public;
use crate::metrics::{self, Metrics};

/// Who scrapes are few, and quick; whoever asks all the time shall not keep the
/// engine from its work.
const CONNECTIONS: u32 = 8;
const PAUSE: Duration = Duration::from_secs(10);
/// How long a scrape may go on after [`MetricsServer::stop`].
const LAST_ANSWERS: Duration = Duration::from_secs(2);

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

/// A listener that shows what is measured without a key, to clients on this
/// machine and in private networks alone.
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl MetricsServer {
    /// Answers on a listener from now on.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn start(listener: TcpListener, metrics: Metrics) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (ending, end) = watch::channel(false);
        let limits = Limits {
            connections: CONNECTIONS,
            connections_of_one: CONNECTIONS,
            client_pause: PAUSE,
            ..Limits::default()
        };
        let router = Router::new().route("/metrics", get(scraped)).with_state(metrics);
        let task = tokio::spawn(listener::serve(listener, router, limits, end));
        Ok(Self { address, ending, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections; what is being answered is answered, for two
    /// seconds at most.
    pub async fn stop(mut self) {
        let _ = self.ending.send(true);
        if tokio::time::timeout(LAST_ANSWERS, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn scraped(State(metrics): State<Metrics>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Answer<Response> {
    if is_public(peer.ip()) {
        return Err(Problem::new(Kind::Forbidden, "metrics are shown to private addresses alone"));
    }
    page(&metrics).await
}
