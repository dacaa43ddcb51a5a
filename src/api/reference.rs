//! The description of the API for people: pages without any script, made of the
//! same document that programs read. No key is needed to read them.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;

use super::extract::PageAt;
use super::problem::{Answer, Kind, Problem};
use super::{Api, openapi};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
code,pre{font:14px/1.4 ui-monospace,monospace;background:#f3f3f3;border-radius:3px;padding:.1em .3em}\
table{border-collapse:collapse;width:100%;margin:.5rem 0}td,th{border-bottom:1px solid #ddd;padding:.3rem .5rem;text-align:left;vertical-align:top}\
h2{margin-top:2.5rem;border-bottom:2px solid #ddd}h3{margin-top:2rem}.m{font-weight:700;text-transform:uppercase}a{color:#0645ad}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code,pre{background:#2a2a2a}td,th,h2{border-color:#444}a{color:#8ab4f8}}";

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);
static JSON: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT));
static PROBLEMS: LazyLock<String> = LazyLock::new(problems);

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], JSON.as_str())))
        .route("/api/docs", get(async || Html(PAGE.as_str())))
        .route("/problems", get(async || Html(PROBLEMS.as_str())))
        .route("/problems/{name}", get(problem))
}

/// The page of one kind is its place on the page of all.
async fn problem(PageAt(name): PageAt) -> Answer<Html<&'static str>> {
    match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
        Some(_) => Ok(Html(PROBLEMS.as_str())),
        None => Err(Problem::not_found("problem of that name")),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text with `code` and **bold** in it, in paragraphs.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        html.push_str("<p>");
        html.push_str(&inline(paragraph));
        html.push_str("</p>");
    }
    html
}

fn inline(text: &str) -> String {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = escape(part);
        if at % 2 == 1 {
            html.push_str(&format!("<code>{part}</code>"));
        } else {
            for (at, part) in part.split("**").enumerate() {
                html.push_str(&if at % 2 == 1 { format!("<b>{part}</b>") } else { part.to_owned() });
            }
        }
    }
    html
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>",
        title = escape(title)
    )
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn page(document: &Value) -> String {
    let mut body = format!(
        "<h1>canvass API {}</h1>{}<p>For programs: <a href=\"/api/openapi.json\">openapi.json</a> · <a href=\"/problems\">problems</a></p>",
        escape(text(&document["info"], "version")),
        prose(text(&document["info"], "description")),
    );
    let empty = serde_json::Map::new();
    let paths = document["paths"].as_object().unwrap_or(&empty);
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(tag, "name");
        body.push_str(&format!("<h2>{}</h2>{}", escape(name), prose(text(tag, "description"))));
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == name {
                    body.push_str(&describe(path, method, operation));
                }
            }
        }
    }
    body.push_str("<h2>Types</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        body.push_str(&format!("<h3 id=\"{0}\">{0}</h3>{1}", escape(name), prose(text(schema, "description"))));
        body.push_str(&fields(schema));
    }
    frame("canvass API", &body)
}

fn describe(path: &str, method: &str, operation: &Value) -> String {
    let mut html = format!(
        "<h3>{}</h3><p><code><span class=\"m\">{}</span> {}</code></p>{}",
        escape(text(operation, "summary")),
        escape(method),
        escape(path),
        prose(text(operation, "description")),
    );
    let parameters: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>");
        for parameter in parameters {
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text(parameter, "name")),
                escape(text(parameter, "in")),
                kind(&parameter["schema"]),
                inline(text(parameter, "description")),
            );
        }
        html.push_str("</table>");
    }
    for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let _ = write!(html, "<p>Body: {} as <code>{}</code></p>", kind(&content["schema"]), escape(media));
    }
    html.push_str("<table><tr><th>Status</th><th></th><th>Body</th></tr>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let content = response["content"].as_object().into_iter().flatten().next();
        let body = content.map(|(_, content)| kind(&content["schema"])).unwrap_or_default();
        let about = inline(text(response, "description"));
        let _ = write!(html, "<tr><td>{}</td><td>{about}</td><td>{body}</td></tr>", escape(status));
    }
    html.push_str("</table>");
    html
}

fn fields(schema: &Value) -> String {
    let mut html = String::new();
    if let Some(properties) = schema["properties"].as_object() {
        html.push_str("<table><tr><th>Field</th><th>Type</th><th></th></tr>");
        for (name, property) in properties {
            let needed = schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
            let _ = write!(
                html,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
                escape(name),
                if needed { "" } else { " <small>optional</small>" },
                kind(property),
                inline(text(property, "description")),
            );
        }
        html.push_str("</table>");
    } else {
        let _ = write!(html, "<p>{}</p>", kind(schema));
    }
    html
}

/// What kind of value a schema describes.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escape(name));
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[key].as_array() {
            let parts: Vec<_> = parts.iter().map(kind).filter(|part| part != "null").collect();
            return parts.join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> =
            values.iter().map(|value| format!("<code>{}</code>", escape(value.as_str().unwrap_or_default()))).collect();
        return values.join(", ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => escape(name),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect();
            escape(&names.join(" or "))
        }
        _ => "object".to_owned(),
    }
}

fn problems() -> String {
    let mut body = "<h1>Problems</h1><p>What the API says when it does not do what was asked. The path in \
        <code>type</code> never changes.</p><table><tr><th>type</th><th>Status</th><th></th></tr>"
        .to_owned();
    for kind in Kind::ALL {
        let _ = write!(
            body,
            "<tr id=\"{0}\"><td><code>/problems/{0}</code></td><td>{1}</td><td><b>{2}.</b> {3}</td></tr>",
            kind.name(),
            kind.status().as_u16(),
            escape(kind.title()),
            escape(kind.about()),
        );
    }
    body.push_str("</table><p><a href=\"/api/docs\">The whole API</a></p>");
    frame("Problems of the canvass API", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_operation_and_no_script() {
        let page = PAGE.as_str();
        for path in DOCUMENT["paths"].as_object().expect("paths").keys() {
            assert!(page.contains(&escape(path)), "{path}");
        }
        assert!(!page.contains("<script") && !page.contains("src=\"http") && !page.contains("href=\"http"));
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(inline("a `<b>` **c**"), "a <code>&lt;b&gt;</code> <b>c</b>");
    }

    #[test]
    fn every_problem_is_listed() {
        for kind in Kind::ALL {
            assert!(PROBLEMS.contains(&format!("/problems/{}<", kind.name())), "{kind:?}");
        }
    }
}
