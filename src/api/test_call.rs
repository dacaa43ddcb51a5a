//! One call, to try a switch, a trunk, a caller ID or a prompt.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::auth::{Allowed, SwitchesWrite};
use super::campaign_fields::CampaignFields;
use super::extract::{JsonBody, JsonRequest, SwitchAt};
use super::noting::AlsoNoted;
use super::problem::{Answer, Fault, Kind, Problem, ProblemBody};
use super::switches::known;
use super::{Api, read};
use crate::access::Role;
use crate::campaign::CampaignId;
use crate::compliance::Rule;
use crate::control::{self, LONGEST_REASON, LONGEST_TEXT, Wish, words};
use crate::number::{NumberRules, PhoneNumber};

/// Whom to call, and what they hear.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TestCall {
    /// Whom to call, written in any way.
    #[schema(required = true, value_type = String, example = "+15551234567")]
    phone_number: Option<String>,
    /// What they see: one of our active numbers; if not said, the first.
    #[schema(value_type = Option<String>, example = "+15550100001")]
    caller_id: Option<String>,
    /// The trunk; if not said, the switch's default.
    #[schema(example = "carrier")]
    trunk: Option<String>,
    /// What they hear, in sequence, as in a campaign; nothing: they are hung up
    /// on when they answer.
    prompts: Vec<String>,
    /// A text to be spoken to them after that; up to 1,000 characters.
    #[schema(example = "This is a test call.")]
    say: Option<String>,
    /// Call although rules forbid it: for administrators, with a `reason`.
    force: bool,
    /// Why it is forced; up to 500 characters. Kept with the decision and in the
    /// audit log.
    #[schema(example = "The customer asked on ticket 4711 to hear the new greeting")]
    reason: Option<String>,
}

impl JsonRequest for TestCall {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let request: Self = read::json(body)?;
        let mut faults = Vec::new();
        if request.phone_number.is_none() {
            faults.push(Fault::new("phone_number", "is missing"));
        }
        if request.say.as_ref().is_some_and(|text| words(text, LONGEST_TEXT).is_none()) {
            faults.push(Fault::new("say", format!("must have 1 to {LONGEST_TEXT} characters")));
        }
        match (&request.reason, request.force) {
            (Some(reason), true) if words(reason, LONGEST_REASON).is_some() => {}
            (_, true) => {
                let message = format!("must say in 1 to {LONGEST_REASON} characters why it is forced");
                faults.push(Fault::new("reason", message));
            }
            (Some(_), false) => {
                faults.push(Fault::new("reason", "says why a call is forced: it needs \"force\": true"))
            }
            (None, false) => {}
        }
        if faults.is_empty() { Ok(request) } else { Err(faults) }
    }
}

/// A test call that is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestCallPlaced {
    /// The campaign made for it, of one contact.
    campaign_id: CampaignId,
    /// What is doubtful about it.
    warnings: Vec<String>,
    /// The rules that forbid the call and are overridden.
    overridden: Vec<Rule>,
    /// Where its state is told: it is completed when the call is over.
    #[schema(example = "/api/campaigns/0199…")]
    campaign: String,
    /// Where the call is told of.
    #[schema(example = "/api/campaigns/0199…/runs")]
    runs: String,
}

/// Place a test call
///
/// Through the whole engine, as any other: a campaign of one contact, called
/// "Test call by SWITCH at TIME", bound to this switch, starts at once. It is made
/// once: there are no further attempts. Whatever forbids a call forbids this one,
/// and the answer names every rule that does.
///
/// An administrator may repeat it with `force` and a `reason`. Then the call is
/// made within ten minutes or not at all, and the audit log and the record of
/// decisions say that it was forced, by whom, why and against which rules. Never
/// forced are calls to premium-rate, satellite and service numbers
/// (`premium_rate`, `satellite`, `international_service`, `service_code`), to a
/// number that is in another call, and beyond the day's budget.
///
/// Takes an `Idempotency-Key`.
#[utoipa::path(post, path = "/api/switches/{name}/test-call", tag = "switches", request_body = TestCall,
    params(("name" = String, Path, description = "The switch's name in the configuration")),
    responses(
        (status = 202, description = "It is on its way", body = TestCallPlaced,
            headers(("Location" = String, description = "The campaign made for it"))),
        (status = 403, description = "Only an administrator may force a call", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Rules forbid the call, `rules` names them; or the switch takes no calls now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It cannot be placed; `reasons` says why. Or a field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing dials here, or the daemon is about to end", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn place(
    by: Allowed<SwitchesWrite>,
    State(api): State<Api>,
    SwitchAt(name): SwitchAt,
    JsonBody(request): JsonBody<TestCall>,
) -> Answer<Response> {
    if request.force && by.caller.role() != Role::Admin {
        return Err(Problem::new(Kind::Forbidden, "only an administrator may force a call"));
    }
    let switch = known(&api, &name).await?;
    let mut faults = Vec::new();
    let rules = api.rules();
    let number = number("phone_number", request.phone_number.as_deref(), rules, &mut faults);
    let shown = number_shown(&api, request.caller_id.as_deref(), rules, &mut faults).await?;
    let trunk = request.trunk.unwrap_or(switch.default_trunk);
    if !switch.trunks.iter().any(|known| known.name == trunk) {
        let known = switch.trunks.iter().map(|trunk| trunk.name.as_str());
        faults.push(Fault::new("trunk", read::unknown(&trunk, known)));
    }
    let mut prompts = request.prompts;
    prompts.extend(request.say.map(|text| format!("say:{}", text.trim())));
    let fields = json!({
        "name": control::TestCall::name_of(&name, api.now()),
        "number_pool": shown.into_iter().collect::<Vec<_>>(),
        "prompts": prompts,
        "switch": name,
        "trunk": trunk,
    });
    // The rules of any campaign: which files a key may have played, for one.
    let fields = CampaignFields::read(fields).map_err(|wrong| faults.extend(wrong));
    let (Ok(fields), Some(number), true) = (fields, number, faults.is_empty()) else {
        return Err(Problem::fields(faults));
    };
    if !switch.ready {
        return Err(Problem::conflict(format!("switch {name} takes no calls now"), ["show"]));
    }
    let forced = request.reason.map(|reason| Wish { by: by.caller.actor(), reason: reason.trim().to_owned() });
    let call = control::TestCall { name: fields.name, number, settings: fields.settings, forced };
    let organization = api.in_force().compliance.clone();
    let placed = control::test_call(&api.store, &api.sounds, &organization, call, api.now()).await?;
    api.changed();
    let (id, overridden) = (placed.campaign, &placed.overridden);
    tracing::info!(by = %by.caller.actor(), switch = %name, %number, campaign = %id, ?overridden, "a test call");
    let campaign = format!("/api/campaigns/{id}");
    let headers = HeaderValue::from_str(&campaign).ok().map(|place| (header::LOCATION, place));
    let noted = request.force.then(|| Extension(AlsoNoted("overridden", json!(overridden))));
    let body = TestCallPlaced {
        campaign_id: id,
        warnings: placed.warnings,
        overridden: placed.overridden,
        runs: format!("{campaign}/runs"),
        campaign,
    };
    Ok((StatusCode::ACCEPTED, HeaderMap::from_iter(headers), noted, Json(body)).into_response())
}

fn number(field: &str, written: Option<&str>, rules: NumberRules, faults: &mut Vec<Fault>) -> Option<PhoneNumber> {
    let parsed = PhoneNumber::parse(written?, rules);
    parsed.map_err(|error| faults.push(Fault::new(field, error.to_string()))).ok()
}

/// The caller ID that was named, or the first there is.
async fn number_shown(
    api: &Api,
    named: Option<&str>,
    rules: NumberRules,
    faults: &mut Vec<Fault>,
) -> Answer<Option<PhoneNumber>> {
    let active: Vec<_> =
        api.store.numbers().await?.into_iter().filter(|own| own.active).map(|own| own.number).collect();
    if named.is_none() {
        if active.is_empty() {
            faults.push(Fault::new("caller_id", "is missing, and there is no active number of ours"));
        }
        return Ok(active.first().copied());
    }
    let shown = number("caller_id", named, rules, faults);
    if let Some(shown) = shown.filter(|shown| !active.contains(shown)) {
        faults.push(Fault::new("caller_id", format!("is {shown}, which is no active number of ours")));
    }
    Ok(shown)
}
