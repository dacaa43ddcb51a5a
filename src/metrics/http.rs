//! Requests to the HTTP API.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::family::Page;
use crate::histogram::Histogram;

/// Up to the first byte of an answer, in microseconds.
const TIMES: &[u64] =
    &[1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];

/// Methods that have samples of their own, and one for all others.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];

/// A path no route has: what strangers ask for must not become labels.
const NO_ROUTE: &str = "none";

/// What tells requests apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    method: &'static str,
    route: String,
    status: &'static str,
}

/// Requests that were answered.
#[derive(Debug)]
pub(crate) struct Http {
    requests: Family<Kind, Counter>,
    times: [Histogram; METHODS.len()],
}

impl Default for Http {
    fn default() -> Self {
        Self { requests: Family::default(), times: METHODS.map(|_| Histogram::new(TIMES)) }
    }
}

impl Http {
    /// One more. `route`: the path as it is described, none if there is no such.
    pub(crate) fn answered(&self, method: &str, route: Option<&str>, status: u16, took: Duration) {
        let at = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        let status = match status {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        let kind = Kind { method: METHODS[at], route: route.unwrap_or(NO_ROUTE).to_owned(), status };
        self.requests.get_or_create(&kind).inc();
        self.times[at].record(took);
    }

    pub(super) fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        page.counter_family(
            "canvass_http_requests_total",
            "Requests to the HTTP API that were answered.",
            &self.requests,
        )?;
        let mut times = page.histograms(
            "canvass_http_request_seconds",
            "From the head of a request to the head of its answer, by method.",
        )?;
        for (method, histogram) in METHODS.iter().zip(&self.times) {
            let counted = histogram.counted();
            if counted.count() > 0 {
                times.histogram(&[("method", method)], &counted)?;
            }
        }
        Ok(())
    }
}
