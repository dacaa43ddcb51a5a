//! From JSON and queries to requests, with every fault named at once.
//!
//! A derived `Deserialize` stops at the first fault. Here what was wrong is
//! taken out and the rest is read again, until nothing is wrong any more.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::problem::Fault;

/// Faults named in one answer, at most.
const MOST: usize = 50;

/// Longest text of a fault, in characters: it may quote the request.
const LONGEST: usize = 300;
/// Bytes of a name that others are compared with, at most.
const LONGEST_COMPARED: usize = 64;

/// Reads a request from JSON.
pub(super) fn json<T: DeserializeOwned>(mut value: Value) -> Result<T, Vec<Fault>> {
    let mut faults: Vec<Fault> = Vec::new();
    // How many elements were taken off the front of an array that had a wrong one.
    let mut taken: HashMap<String, usize> = HashMap::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) if faults.is_empty() => return Ok(read),
            Ok(_) => return Err(faults),
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let path: Vec<Segment> = error.path().iter().cloned().collect();
        let fault = if let Some(name) = quoted(&message, "unknown field") {
            remove_unknown(&mut value, &path, name, &taken).map(|field| Fault::new(field, unknown_field(&message)))
        } else if let Some(name) = quoted(&message, "missing field") {
            let field = join(&shown(&path, &taken), name);
            if !faults.iter().any(|fault| fault.field == field) {
                faults.push(Fault::new(field, "is missing"));
            }
            return Err(faults);
        } else {
            let field = shown(&path, &taken);
            remove(&mut value, &path, &mut taken).then(|| Fault::new(field, plain(&message)))
        };
        match fault {
            Some(fault) => faults.push(fault),
            None => {
                faults.push(Fault::new(shown(&path, &taken), plain(&message)));
                return Err(faults);
            }
        }
        if faults.len() >= MOST {
            return Err(faults);
        }
    }
}

/// What was said of a field, null included: with `serde(default)` none is what
/// was left out.
pub(super) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Reads a request from the query of a URL. A name without a value counts as
/// left out.
pub(super) fn query<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Fault>> {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, with_plus(value)))
        .collect();
    let mut faults: Vec<Fault> = Vec::new();
    loop {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(encoded.as_bytes()));
        let error = match serde_path_to_error::deserialize::<_, T>(deserializer) {
            Ok(read) if faults.is_empty() => return Ok(read),
            Ok(_) => return Err(faults),
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let (field, text) = if let Some(name) = quoted(&message, "unknown field") {
            (name.to_owned(), unknown_field(&message))
        } else if let Some(name) = quoted(&message, "duplicate field") {
            (name.to_owned(), "stands twice".to_owned())
        } else if let Some(name) = quoted(&message, "missing field") {
            faults.push(Fault::new(name, "is missing"));
            return Err(faults);
        } else {
            (error.path().to_string(), plain(&message))
        };
        let before = pairs.len();
        pairs.retain(|(name, _)| *name != field);
        faults.push(Fault::new(field, text));
        if pairs.len() == before || faults.len() >= MOST {
            return Err(faults);
        }
    }
}

/// An instant whose offset lost its plus: in a query that is a space.
fn with_plus(mut value: String) -> String {
    if let Some(at) = value.len().checked_sub("+00:00".len())
        && value.get(at..).is_some_and(|offset| offset.starts_with(' ') && offset.as_bytes().get(3) == Some(&b':'))
    {
        value.replace_range(at..=at, "+");
    }
    value
}

/// "unknown field", with the nearest of those there are.
pub(super) fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    // A distance costs as much as both are long, times each other.
    let comparable = known.iter().filter(|_| name.len() <= LONGEST_COMPARED);
    let near = comparable
        .map(|other| (strsim::damerau_levenshtein(name, other), *other))
        .min()
        .filter(|(distance, _)| *distance <= name.chars().count().max(3) / 2);
    match near {
        Some((_, other)) => format!("is unknown; did you mean {other}?"),
        None if known.is_empty() => "is unknown; nothing is expected here".to_owned(),
        None => short(&format!("is unknown; known are {}", known.join(", "))),
    }
}

/// Takes apart serde's "unknown field `x`, expected one of `a`, `b`".
fn unknown_field(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let name = names.next().unwrap_or_default();
    unknown(name, names)
}

/// The name in serde's "`what` `name`".
fn quoted<'a>(message: &'a str, what: &str) -> Option<&'a str> {
    message.strip_prefix(what)?.split('`').nth(1)
}

/// serde's words without what only a programmer understands.
fn plain(message: &str) -> String {
    let words = [
        ("unknown variant", "is none of the values allowed:"),
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected u64", "expected a whole number"),
        ("expected i64", "expected a whole number"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("invalid type: map", "invalid type: object"),
        ("invalid type: sequence", "invalid type: list"),
    ];
    let mut text = message.to_owned();
    for (from, to) in words {
        text = text.replacen(from, to, 1);
    }
    match text.find("expected struct ") {
        Some(at) => short(&format!("{}expected an object", text.get(..at).unwrap_or_default())),
        None => short(&text),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A path as people write it, with the places things had in the request.
fn shown(path: &[Segment], taken: &HashMap<String, usize>) -> String {
    let mut text = String::new();
    let mut raw = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                let before = taken.get(&raw).copied().unwrap_or(0);
                text.push_str(&format!("[{}]", index + before));
                raw.push_str(&format!("[{index}]"));
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                text = join(&text, key);
                raw = join(&raw, key);
            }
            Segment::Unknown => {}
        }
    }
    text
}

/// The value at a path, as far as there is one.
fn at<'a>(value: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Seq { index } => value.get_mut(*index),
        Segment::Map { key } | Segment::Enum { variant: key } => value.get_mut(key),
        Segment::Unknown => None,
    })
}

/// Takes out the field of a name that means nothing; gives its whole path.
fn remove_unknown(value: &mut Value, path: &[Segment], name: &str, taken: &HashMap<String, usize>) -> Option<String> {
    // The path may end with the field or with what holds it.
    let parents = [Some(path), path.split_last().map(|(_, rest)| rest)];
    for parent in parents.into_iter().flatten() {
        if let Some(Value::Object(fields)) = at(value, parent)
            && fields.remove(name).is_some()
        {
            return Some(join(&shown(parent, taken), name));
        }
    }
    None
}

/// Takes out what is at a path, or what of it there is.
fn remove(value: &mut Value, path: &[Segment], taken: &mut HashMap<String, usize>) -> bool {
    let mut path = path;
    while let Some((last, parent)) = path.split_last() {
        match (last, at(value, parent)) {
            (Segment::Map { key } | Segment::Enum { variant: key }, Some(Value::Object(fields)))
                if fields.contains_key(key) =>
            {
                fields.remove(key);
                return true;
            }
            (Segment::Seq { index }, Some(Value::Array(items))) if *index < items.len() => {
                // Those before it are right.
                items.drain(..=*index);
                *taken.entry(shown(parent, &HashMap::new())).or_default() += index + 1;
                return true;
            }
            _ => path = parent,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        busy: bool,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        count: u32,
        names: Vec<String>,
        inner: Inner,
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Left,
        Right,
    }

    fn faults(value: Value) -> Vec<(String, String)> {
        let faults = super::json::<Outer>(value).expect_err("faults");
        faults.into_iter().map(|fault| (fault.field, fault.message)).collect()
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let found = faults(json!({
            "count": "three", "nmaes": [], "inner": {"bussy": true, "busy": 1}, "names": ["a", 2, "c", 4], "kind": "up"
        }));
        let mut fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["count", "inner.bussy", "inner.busy", "kind", "names[1]", "names[3]", "nmaes"]);
        let message = |field: &str| &found.iter().find(|(name, _)| name == field).expect("there").1;
        assert_eq!(message("nmaes"), "is unknown; did you mean names?");
        assert!(message("kind").contains("`left`"), "{}", message("kind"));
        assert!(message("count").contains("whole number"), "{}", message("count"));
    }

    #[test]
    fn a_body_that_is_no_object_is_a_fault() {
        assert_eq!(faults(json!("text")).len(), 1);
        assert_eq!(faults(json!(null)).len(), 1);
    }

    #[test]
    fn what_is_right_is_read() {
        let read: Outer = super::json(json!({"count": 3, "names": ["x"], "inner": {}})).expect("read");
        assert_eq!((read.count, read.names.len()), (3, 1));
    }

    #[test]
    fn long_values_are_not_sent_back_whole() {
        let found = faults(json!({"count": "x".repeat(10_000)}));
        assert!(found[0].1.chars().count() <= LONGEST + 1);
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Asked {
        page: Option<u32>,
        status: Option<Kind>,
    }

    #[test]
    fn a_query_is_read_the_same_way() {
        let asked: Asked = super::query("page=2&status=").expect("read");
        assert!(asked.page == Some(2) && asked.status.is_none());
        let found = super::query::<Asked>("page=-1&status=up&pgae=2&page=3").expect_err("faults");
        let fields: Vec<_> = found.iter().map(|fault| fault.field.as_str()).collect();
        assert!(fields.contains(&"page") && fields.contains(&"status") && fields.contains(&"pgae"), "{found:?}");
    }

    #[test]
    fn an_offset_gets_its_plus_back() {
        assert_eq!(with_plus("2026-03-01T00:00:00 05:30".into()), "2026-03-01T00:00:00+05:30");
        assert_eq!(with_plus("at noon".into()), "at noon");
        assert_eq!(with_plus("ä 05:0".into()), "ä 05:0");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        let name = prop_oneof![
            Just("count".to_owned()),
            Just("names".to_owned()),
            Just("inner".to_owned()),
            Just("busy".to_owned()),
            ".{0,6}"
        ];
        leaf.prop_recursive(3, 24, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::hash_map(name.clone(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// It ends, whatever comes, and what it names is bounded.
        #[test]
        fn anything_is_read_or_refused(value in any_json()) {
            if let Err(faults) = super::json::<Outer>(value) {
                prop_assert!((1..=MOST).contains(&faults.len()));
            }
        }

        #[test]
        fn any_query_is_read_or_refused(text in ".{0,60}") {
            if let Err(faults) = super::query::<Asked>(&text) {
                prop_assert!((1..=MOST).contains(&faults.len()));
            }
        }
    }
}
