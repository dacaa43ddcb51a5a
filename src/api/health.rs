//! Whether this process lives, and whether it can work. Without a key.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::problem::{Answer, Kind, Problem, ProblemBody};

/// How it is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`; if it is not, there is no such answer.
    #[schema(example = "ok")]
    status: &'static str,
    /// The program's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(5);

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// Whether the process lives
///
/// Answers as long as the process does. For a supervisor that restarts it.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, description = "It lives", body = Health)))]
pub(super) async fn healthz() -> Json<Health> {
    Json(OK)
}

/// Whether it can work
///
/// Asks the database. For a load balancer, and for scripts that wait for a start.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses(
    (status = 200, description = "It can work", body = Health),
    (status = 503, description = "The database is away, or the process is about to end", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(super) async fn readyz(State(api): State<Api>) -> Answer<Json<Health>> {
    if *api.0.ending.borrow() {
        return Err(Problem::wait(Kind::Unavailable, "the process is about to end", Duration::from_secs(5)));
    }
    // Who asks waits seconds, not for a reader that is busy with a long list.
    match tokio::time::timeout(PATIENCE, api.store.ping()).await {
        Ok(answer) => answer?,
        Err(_) => {
            return Err(Problem::wait(Kind::Unavailable, "the database does not answer", Duration::from_secs(5)));
        }
    }
    Ok(Json(OK))
}
