//! The description of the API for programs: OpenAPI 3.1, made of the code.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::problem::ProblemBody;
use super::{events, router, webhooks};

/// What no handler says.
#[derive(OpenApi)]
#[openapi(components(schemas(ProblemBody)))]
struct Beginning;

pub(super) fn beginning() -> utoipa::openapi::OpenApi {
    let mut beginning = Beginning::openapi();
    beginning.merge(webhooks::Sent::openapi());
    beginning.merge(events::Streamed::openapi());
    beginning
}

const ABOUT: &str = "\
Campaigns, their contacts and calls, of a canvass daemon.

Every request but those under **health**, `POST /api/login` and signed links to uploaded lists carries `Authorization: Bearer` and an API key (`cv_…`; \
`canvass key create` makes one) or a session (`cs_…`; logging in opens one). Bodies are \
JSON; unknown fields are refused. Whatever is not done is answered with problem details (RFC 9457), whose `type` is one of \
those listed at `/problems`; `errors` names every wrong field at once. Lists come in pages (`page`, `limit` up to 500). \
Instants carry an offset. `POST` requests take an `Idempotency-Key`: the same request with the same key is answered as the \
first time, for 24 hours. `ETag` and `If-Match` keep two people from overwriting each other's changes.";

const TAGS: &[(&str, &str)] = &[
    ("campaigns", "Create, read, change, delete."),
    ("campaign life", "Launch, pause, resume, cancel, and copies."),
    ("contacts", "The people a campaign calls."),
    ("contact groups", "Saved contacts, which campaigns share, and groups of them."),
    ("watching", "Figures, calls and reports."),
    ("surveys", "What campaigns ask."),
    ("media", "The sounds campaigns play."),
    ("calls", "Single calls: what happened, recordings, notes, what agents report."),
    ("agents", "AI agents that talk in calls."),
    ("do not call", "Numbers that are never called."),
    ("phone numbers", "Our own numbers, used as caller IDs."),
    ("switches", "How the switches are, and test calls."),
    ("settings", "What holds for the whole installation."),
    ("users", "The people who may use this API, and their sessions."),
    ("API keys", "The programs that may use this API."),
    ("webhooks", "Others are told what happened."),
    ("audit", "Who did what; why somebody was called, or not."),
    ("metrics", "What is measured, for Prometheus."),
    ("health", "For supervisors and load balancers; without a key."),
];

/// The whole description, as JSON.
pub fn document() -> Value {
    let (_, mut described) = router::resources().split_for_parts();
    let (_, open) = router::open().split_for_parts();
    described.merge(open);
    let mut document = serde_json::to_value(described).unwrap_or_default();
    document["info"] = json!({
        "title": "canvass",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This daemon"}]);
    document["tags"] = TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    document["security"] = json!([{"key": []}]);
    document["components"]["securitySchemes"] = json!({
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, or a session: cv_ or cs_ and 64 hexadecimal digits."}
    });
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        for operations in paths.values_mut().filter_map(Value::as_object_mut) {
            for (method, operation) in operations.iter_mut() {
                if let Some(operation) = operation.as_object_mut() {
                    complete(method, operation);
                }
            }
        }
    }
    tidy(&mut document["components"]["schemas"]);
    document
}

/// A field that may be null is one of null and something with the field's
/// description: that belongs to the field.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let inner = fields
                .get("oneOf")
                .and_then(Value::as_array)
                .filter(|parts| parts.iter().any(|part| part["type"] == "null"));
            let about = inner.and_then(|parts| parts.iter().find_map(|part| part.get("description"))).cloned();
            if let Some(about) = about.filter(|_| !fields.contains_key("description")) {
                fields.insert("description".into(), about);
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(parts) => parts.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Adds what every operation of a kind has.
fn complete(method: &str, operation: &mut Map<String, Value>) {
    let open = operation.get("security").is_some();
    if open {
        operation.insert("security".into(), json!([]));
    }
    let content = operation.get("requestBody").and_then(|body| body.get("content"));
    let (json, form) = (
        content.is_some_and(|content| content.get("application/json").is_some()),
        content.is_some_and(|content| content.get("multipart/form-data").is_some()),
    );
    // The answers of these are secrets.
    let described = operation.get("description").and_then(Value::as_str).unwrap_or_default();
    // What is secret is not kept to be answered again.
    let secret = operation.get("tags").is_some_and(|tags| tags[0] == "API keys" || tags[0] == "users")
        || described.contains("`Idempotency-Key` is refused here");
    let keyed = method == "post" && !form && !secret;
    if keyed {
        let parameter = json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "Of your choice, 1 to 255 characters: the same request with the same key is done once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        });
        if let Value::Array(parameters) = operation.entry("parameters").or_insert_with(|| json!([])) {
            parameters.push(parameter);
        }
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let has = |place: &str| parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] == place));
    let (path, query, header) = (has("path"), has("query"), has("header"));
    let problems: [(&str, bool, &str); 11] = [
        ("400", json || form || header, "The request cannot be read"),
        ("401", !open, "No valid API key or session"),
        ("403", !open, "Your role, or the key's scopes, do not allow this"),
        ("404", path, "There is no such thing"),
        ("409", keyed, "A request with the same Idempotency-Key is being worked on"),
        ("413", json || form || keyed, "The body is too large"),
        ("415", json || form, "The body is of another media type"),
        ("422", json || form || query || keyed, "Some fields are wrong; `errors` names them all"),
        ("429", !open, "You ask too often; `Retry-After` says when to ask again"),
        ("500", true, "Something is broken here"),
        (
            "503",
            true,
            "Not possible for the moment: the database is away, for one; `Retry-After` says when to ask again",
        ),
    ];
    if let Value::Object(responses) = operation.entry("responses").or_insert_with(|| json!({})) {
        for (status, applies, about) in problems {
            if applies && !responses.contains_key(status) {
                let schema = json!({"$ref": "#/components/schemas/Problem"});
                let content = json!({"application/problem+json": {"schema": schema}});
                responses.insert(status.into(), json!({"description": about, "content": content}));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations() -> Vec<(String, Value)> {
        let document = document();
        let paths = document["paths"].as_object().expect("paths").clone();
        let each = |(path, operations): (String, Value)| {
            let operations = operations.as_object().expect("operations").clone();
            operations.into_iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        };
        paths.into_iter().flat_map(each).collect()
    }

    #[test]
    fn it_is_openapi_3_1_and_every_operation_is_described() {
        assert!(document()["openapi"].as_str().expect("a version").starts_with("3.1"));
        let operations = operations();
        assert!(operations.len() >= 37, "{}", operations.len());
        let tags: Vec<_> = TAGS.iter().map(|(name, _)| *name).collect();
        for (name, operation) in operations {
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name}");
            let tag = operation["tags"][0].as_str().expect("a tag");
            assert!(tags.contains(&tag), "{name}: {tag}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let described = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(described, "{name}: {parameter}");
            }
            for (status, response) in operation["responses"].as_object().expect("responses") {
                assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} {status}");
                if status.starts_with(['4', '5']) {
                    assert!(response["content"]["application/problem+json"].is_object(), "{name} {status}");
                }
            }
        }
    }

    #[test]
    fn every_field_and_every_type_has_a_description() {
        let document = document();
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        let mut bare = Vec::new();
        for (name, schema) in schemas {
            look(name, schema, &mut bare);
        }
        assert!(bare.is_empty(), "{bare:#?}");
    }

    /// Properties without a description, anywhere in a schema.
    fn look(at: &str, schema: &Value, bare: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            let described = property["description"].as_str().is_some_and(|text| !text.trim().is_empty());
            if !described {
                bare.push(at.clone());
            }
            look(&at, property, bare);
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            for part in schema[key].as_array().into_iter().flatten() {
                look(at, part, bare);
            }
        }
        if schema["items"].is_object() {
            look(at, &schema["items"], bare);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        let references = text.split("\"#/components/schemas/").skip(1);
        let mut count = 0;
        for reference in references {
            let name = reference.split('"').next().expect("an end");
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
            count += 1;
        }
        assert!(count > 50, "{count}");
    }
}
