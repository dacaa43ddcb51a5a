//! What a request said, as far as it may be kept for ever: no secrets, no
//! people, and not without end.

use serde_json::{Map, Value};

/// Instead of a secret.
const MASK: &str = "***";
/// Longest text that is kept, in characters.
const TEXT: usize = 200;
/// Most fields, and things of a list, that are kept.
const MOST: usize = 50;
/// How deep is looked.
const DEPTH: usize = 6;

/// Names that hold secrets, or parts of such names.
const SECRETS: [&str; 9] =
    ["password", "passphrase", "secret", "token", "credential", "authorization", "cookie", "api_key", "apikey"];

/// A JSON body without what must not be kept: values of fields whose name says
/// that they are secret, users, passwords and queries of URLs, and lists of
/// objects (contacts, for example), of which only the number is told.
pub(crate) fn masked(body: &Value) -> Value {
    within(body, 0)
}

fn within(value: &Value, depth: usize) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(short(&without_credentials(text))),
        Value::Array(_) | Value::Object(_) if depth >= DEPTH => Value::String("…".into()),
        Value::Array(items) if items.iter().any(Value::is_object) || items.len() > MOST => {
            Value::String(format!("{} items", items.len()))
        }
        Value::Array(items) => items.iter().map(|item| within(item, depth + 1)).collect(),
        Value::Object(fields) => Value::Object(object(fields, depth)),
    }
}

fn object(fields: &Map<String, Value>, depth: usize) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in fields.iter().take(MOST) {
        let value = match value {
            Value::Null => Value::Null,
            // Of headers the names are of interest.
            Value::Object(inner) if is_headers(name) => {
                inner.keys().take(MOST).map(|name| (short(name), Value::from(MASK))).collect()
            }
            _ if is_headers(name) || is_secret(name) => MASK.into(),
            other => within(other, depth + 1),
        };
        kept.insert(short(name), value);
    }
    if fields.len() > MOST {
        kept.insert("…".into(), format!("{} more", fields.len() - MOST).into());
    }
    kept
}

fn is_headers(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("headers")
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    name == "key" || name == "auth" || name == "pin" || SECRETS.iter().any(|secret| name.contains(secret))
}

/// A URL without user, password, query and fragment.
fn without_credentials(text: &str) -> String {
    let web = ["http://", "https://", "ws://", "wss://"];
    if !web.iter().any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))) {
        return text.to_owned();
    }
    let Ok(mut url) = reqwest::Url::parse(text) else { return MASK.to_owned() };
    let hidden = url.query().is_some() || url.fragment().is_some();
    // Cannot fail: these schemes have a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    if hidden { format!("{url}?{MASK}") } else { url.into() }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_secret_is_kept() {
        let body = json!({
            "name": "Spring", "password": "hunter2", "new_password": "hunter2", "headers": {"Authorization": "hunter2"},
            "nested": {"client_secret": "hunter2", "list": [{"token": "hunter2"}], "API-Key": "hunter2"},
            "url": "https://me:hunter2@example.com/hook?sig=hunter2#hunter2", "key": "hunter2", "auth": ["hunter2"],
            "extra_headers": "hunter2", "nothing_secret": null,
        });
        let kept = masked(&body);
        assert!(!kept.to_string().contains("hunter2"), "{kept}");
        assert_eq!(kept["name"], "Spring");
        assert_eq!(kept["headers"], json!({"Authorization": "***"}));
        assert_eq!(kept["url"], "https://example.com/hook?***");
    }

    #[test]
    fn people_are_counted_and_what_is_long_is_cut() {
        let body = json!({
            "contacts": [{"phone_number": "+15551234567"}, {"phone_number": "+15551234568"}],
            "prompts": ["a.wav", "b.wav"], "notes": "x".repeat(1_000), "numbers": vec![1; 1_000],
        });
        let kept = masked(&body);
        assert_eq!(kept["contacts"], "2 items");
        assert_eq!(kept["prompts"], json!(["a.wav", "b.wav"]));
        assert_eq!(kept["notes"].as_str().map(|text| text.chars().count()), Some(201));
        assert_eq!(kept["numbers"], "1000 items");
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!({ "x": deep });
        }
        assert!(masked(&deep).to_string().len() < 100);
        let wide: Map<String, Value> = (0..200).map(|n| (n.to_string(), json!("ä".repeat(500)))).collect();
        assert_eq!(masked(&Value::Object(wide)).as_object().map(Map::len), Some(51));
    }
}
