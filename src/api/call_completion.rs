//! What an agent's platform reports of a call.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::auth::{Allowed, CallsWrite};
use super::extract::{CallAt, JsonBody, JsonRequest};
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::{Api, read};
use crate::call::Completion;
use crate::store::Completed;

impl JsonRequest for Completion {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let mut completion: Self = read::json(body)?;
        let texts = [
            &mut completion.summary,
            &mut completion.sentiment,
            &mut completion.disposition,
            &mut completion.ended_reason,
        ];
        for text in texts {
            *text = text.take().filter(|text| !text.trim().is_empty());
        }
        let faults: Vec<_> =
            completion.check().into_iter().map(|(field, message)| Fault::new(field, message)).collect();
        if faults.is_empty() { Ok(completion) } else { Err(faults) }
    }
}

/// A completion that was received.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CompletionReceived {
    /// The call.
    id: Uuid,
    /// Whether anything changed; no: the same was received before.
    changed: bool,
}

/// Report what an agent learnt of a call
///
/// During the call, at its end or days later. The same again changes nothing,
/// even if another came in between. Another one replaces what it names and
/// leaves the rest; each is kept. With `opt_out` the callee's number is on the
/// do-not-call list before this is answered. A disposition a person set stays.
#[utoipa::path(post, path = "/api/calls/{id}/completion", tag = "calls", request_body = Completion,
    params(("id" = Uuid, Path, description = "The call's id")),
    responses(
        (status = 200, description = "It is kept", body = CompletionReceived),
        (status = 409, description = "The call has 50 of them already", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn complete(
    _: Allowed<CallsWrite>,
    State(api): State<Api>,
    CallAt(id): CallAt,
    JsonBody(completion): JsonBody<Completion>,
) -> Answer<Json<CompletionReceived>> {
    let changed = match api.store.complete_call(id, &completion, api.now()).await? {
        Completed::Yes => true,
        Completed::Again => false,
        Completed::TooMany => return Err(Problem::new(Kind::Conflict, "the call has 50 completions already")),
        Completed::NotFound => return Err(Problem::not_found(format_args!("call {id}"))),
    };
    Ok(Json(CompletionReceived { id: id.0, changed }))
}
