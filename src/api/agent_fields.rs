//! What a client says about an agent, and what it is told.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::campaign_fields::{checked_name, merge};
use super::extract::JsonRequest;
use super::problem::Fault;
use super::read;
use crate::agent::{Agent, AgentFields, AgentId, MASK, Protocol, Secrets, check, check_headers};
use crate::media::leads_outside;

/// An agent to add. What is left out has its default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = AgentText)]
struct Said {
    /// What people call it; no two agents share a name. 1 to 200 characters.
    #[schema(required = true, value_type = String, example = "Sarah")]
    name: Option<String>,
    /// Its WebSocket, `ws://` or `wss://`, without user and password.
    #[schema(required = true, value_type = String, example = "wss://agent.example/stream")]
    url: Option<String>,
    /// How it is spoken to; `twilio` if not said.
    #[schema(value_type = Protocol)]
    protocol: Option<Protocol>,
    /// Headers sent when connecting, by name: up to 20. Their values are
    /// secrets and are never shown again.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"authorization": "Bearer …"}))]
    headers: Option<BTreeMap<String, String>>,
    /// What it is told to do; `{{columns}}` of the list are replaced for each
    /// call. Up to 50,000 characters.
    #[schema(example = "You are Sarah. Ask {{name}} about the demo.")]
    prompt: Option<String>,
    /// What it says first; `{{columns}}` are replaced, too. Up to 5,000 characters.
    #[schema(example = "Hi {{name}}, this is Sarah. Do you have a minute?")]
    first_message: Option<String>,
    /// What it is given with each call, by name: up to 100 texts.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"language": "en"}))]
    variables: Option<BTreeMap<String, String>>,
    /// Calls at once over all campaigns, at most; 0, and if not said: no limit.
    #[schema(value_type = u32, minimum = 0, maximum = 10000, example = 5)]
    max_concurrent_calls: Option<u32>,
    /// What is played to a callee when the agent cannot be reached: as an entry
    /// of a campaign's `prompts`.
    #[schema(example = "say:We will call you again.")]
    fallback_prompt: Option<String>,
}

/// An agent as a client wants it, every field of which is right.
#[derive(Debug)]
pub(super) struct NewAgent(pub(super) AgentFields);

/// Changes to an agent: a JSON merge patch (RFC 7396).
#[derive(Clone)]
pub(super) struct AgentPatch(Map<String, Value>);

/// Shows no value: there may be secrets among them.
impl std::fmt::Debug for AgentPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl JsonRequest for NewAgent {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        let said: Said = read::json(body)?;
        let mut faults = Vec::new();
        let name = checked_name(said.name.as_deref()).unwrap_or_else(|message| {
            faults.push(Fault::new("name", message));
            String::new()
        });
        if said.url.is_none() {
            faults.push(Fault::new("url", "is missing"));
        }
        let headers = said.headers.unwrap_or_default();
        // As they were written; what stands there twice is one afterwards.
        let wrong_headers = check_headers(&headers);
        let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let has_url = said.url.is_some();
        let fields = AgentFields {
            name,
            url: said.url.unwrap_or_default(),
            protocol: said.protocol.unwrap_or_default(),
            headers: Secrets::new(headers),
            prompt: text(said.prompt),
            first_message: text(said.first_message),
            variables: said.variables.unwrap_or_default(),
            max_concurrent_calls: said.max_concurrent_calls.unwrap_or_default(),
            fallback_prompt: text(said.fallback_prompt),
        };
        let others = check(&fields)
            .into_iter()
            .filter(|(field, _)| !field.starts_with("headers") && (has_url || field != "url"));
        faults.extend(wrong_headers.into_iter().chain(others).map(|(field, message)| Fault::new(field, message)));
        if let Some(entry) = fields.fallback_prompt.as_ref().filter(|entry| leads_outside(entry)) {
            faults.push(Fault::new("fallback_prompt", format!("{entry:?} leads out of the media folder")));
        }
        if faults.is_empty() { Ok(Self(fields)) } else { Err(faults) }
    }
}

impl JsonRequest for AgentPatch {
    fn read(body: Value) -> Result<Self, Vec<Fault>> {
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(vec![Fault::new("", "the body must be an object")]),
        }
    }
}

impl AgentPatch {
    /// What becomes of an agent, or everything that is wrong with that.
    pub(super) fn apply(self, to: &AgentFields) -> Result<NewAgent, Vec<Fault>> {
        let Self(mut patch) = self;
        if let Some(Value::Object(headers)) = patch.get_mut("headers") {
            // Names mean the same in any case. One that stands twice is left to
            // be found wrong.
            let mut times: HashMap<String, u32> = HashMap::new();
            for name in headers.keys() {
                *times.entry(name.to_ascii_lowercase()).or_default() += 1;
            }
            *headers = std::mem::take(headers)
                .into_iter()
                .map(|(name, value)| {
                    let lower = name.to_ascii_lowercase();
                    (if times.get(&lower) == Some(&1) { lower } else { name }, value)
                })
                .filter(|(name, value)| value != MASK || !to.headers.expose().contains_key(name))
                .collect();
        }
        let base = json!({
            "name": to.name,
            "url": to.url,
            "protocol": to.protocol,
            "headers": to.headers.expose(),
            "prompt": to.prompt,
            "first_message": to.first_message,
            "variables": to.variables,
            "max_concurrent_calls": to.max_concurrent_calls,
            "fallback_prompt": to.fallback_prompt,
        });
        let Value::Object(mut base) = base else { return Err(vec![Fault::new("", "the agent cannot be shown")]) };
        merge(&mut base, patch);
        NewAgent::read(Value::Object(base))
    }
}

/// An agent as a client is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub(super) struct AgentBody {
    /// Its id: what campaigns name in `agent_id`.
    id: AgentId,
    /// What people call it.
    #[schema(example = "Sarah")]
    name: String,
    /// Its WebSocket.
    #[schema(example = "wss://agent.example/stream")]
    url: String,
    /// How it is spoken to.
    protocol: Protocol,
    /// The names of the headers sent when connecting, their values masked.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"authorization": "********"}))]
    headers: BTreeMap<String, &'static str>,
    /// What it is told to do.
    prompt: Option<String>,
    /// What it says first.
    first_message: Option<String>,
    /// What it is given with each call, by name.
    variables: BTreeMap<String, String>,
    /// Calls at once over all campaigns, at most; 0: no limit.
    #[schema(example = 5)]
    max_concurrent_calls: u32,
    /// What is played to a callee when it cannot be reached.
    fallback_prompt: Option<String>,
    /// When it was added.
    created_at: Timestamp,
    /// When it last changed; its version.
    updated_at: Timestamp,
}

impl AgentBody {
    pub(super) fn id(&self) -> AgentId {
        self.id
    }
}

impl From<Agent> for AgentBody {
    fn from(agent: Agent) -> Self {
        let Agent { id, fields, created_at, updated_at } = agent;
        Self {
            id,
            name: fields.name,
            url: fields.url,
            protocol: fields.protocol,
            headers: fields.headers.masked(),
            prompt: fields.prompt,
            first_message: fields.first_message,
            variables: fields.variables,
            max_concurrent_calls: fields.max_concurrent_calls,
            fallback_prompt: fields.fallback_prompt,
            created_at,
            updated_at,
        }
    }
}

/// The description of what is said about an agent.
fn described(about: &str, required: bool) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut schema)) = Said::schema() else { return RefOr::T(Schema::default()) };
    if !required {
        schema.required.clear();
    }
    schema.description = Some(about.to_owned());
    RefOr::T(Schema::Object(schema))
}

macro_rules! described {
    ($name:ty, $shown:literal, $about:literal, required: $required:literal) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                described($about, $required)
            }
        }

        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $shown.into()
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                Said::schemas(schemas);
            }
        }
    };
}

described!(NewAgent, "NewAgent", "An agent to add. What is left out has its default.", required: true);
described!(AgentPatch, "AgentChanges", "Changes to an agent, as a JSON merge patch (RFC 7396): what is left out stays, null takes away.", required: false);

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(body: Value) -> AgentFields {
        NewAgent::read(body).expect("an agent").0
    }

    fn fields(faults: Vec<Fault>) -> Vec<String> {
        let mut fields: Vec<_> = faults.into_iter().map(|fault| fault.field).collect();
        fields.sort();
        fields
    }

    #[test]
    fn every_wrong_field_is_named_and_no_secret_quoted() {
        let wrong = NewAgent::read(json!({
            "url": "https://agent.example", "headers": {"Host": "hush", "X-Key": "a\nhush"}, "protocl": "raw",
            "max_concurrent_calls": 10001, "fallback_prompt": "/etc/passwd.wav"
        }));
        let faults = wrong.expect_err("faults");
        assert!(!format!("{faults:?}").contains("hush"), "{faults:?}");
        // What cannot be read is told first.
        assert_eq!(fields(faults), ["protocl"]);
        let wrong = NewAgent::read(json!({
            "url": "https://agent.example", "headers": {"Host": "hush", "X-Key": "a\nhush"},
            "max_concurrent_calls": 10001, "fallback_prompt": "/etc/passwd.wav"
        }));
        let expected = ["fallback_prompt", "headers.Host", "headers.X-Key", "max_concurrent_calls", "name", "url"];
        assert_eq!(fields(wrong.expect_err("faults")), expected);
        assert_eq!(fields(NewAgent::read(json!({})).expect_err("faults")), ["name", "url"]);
    }

    #[test]
    fn a_patch_keeps_secrets_it_does_not_name() {
        let before = agent(json!({
            "name": "Sarah", "url": "wss://agent.example", "headers": {"Authorization": "Bearer hush", "X-A": "1"},
            "variables": {"a": "1"}, "prompt": "Hi"
        }));
        let patch = |value| AgentPatch::read(value).expect("an object").apply(&before);
        let after = patch(json!({"headers": {"AUTHORIZATION": MASK, "x-a": null, "X-B": "2"}, "prompt": null}));
        let after = after.expect("changed").0;
        let values: Vec<_> = after.headers.expose().iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(values, [("authorization", "Bearer hush"), ("x-b", "2")]);
        assert_eq!((after.prompt, after.variables.len()), (None, 1));
        assert_eq!(patch(json!({})).expect("the same").0, before);
        assert!(patch(json!({"headers": null})).expect("changed").0.headers.expose().is_empty());
        // The mask is no value of its own.
        assert_eq!(fields(patch(json!({"headers": {"X-New": MASK}})).expect_err("a fault")), ["headers.x-new"]);
        assert_eq!(fields(patch(json!({"headers": {"X-C": "1", "x-c": "2"}})).expect_err("a fault")), ["headers.x-c"]);
        assert!(!format!("{:?}", AgentPatch::read(json!({"headers": {"x": "hush"}}))).contains("hush"));
    }
}
