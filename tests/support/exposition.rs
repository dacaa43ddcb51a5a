//! A strict reader of the OpenMetrics text format, version 1.0.0: whatever is
//! not as the specification wants it is a panic with the line.

#![allow(dead_code)] // not every test binary uses all of it

use std::collections::{BTreeMap, BTreeSet};

/// One sample: its labels and its value.
pub(crate) type Sample = (BTreeMap<String, String>, f64);

/// One family of metrics.
#[derive(Debug)]
pub(crate) struct Family {
    /// The name as one asks for it: `_total` and `_info` included.
    pub(crate) name: String,
    /// `gauge`, `counter`, `histogram` or `info`.
    pub(crate) kind: String,
    /// `seconds`, `bytes`, or nothing.
    pub(crate) unit: String,
    /// By name: a histogram has three.
    pub(crate) samples: Vec<(String, Sample)>,
}

/// All families, by name.
#[derive(Debug)]
pub(crate) struct Exposition(pub(crate) BTreeMap<String, Family>);

impl Exposition {
    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("it ends with # EOF");
        let mut families = BTreeMap::new();
        let mut known = BTreeSet::new();
        let mut lines = body.lines().peekable();
        while let Some(line) = lines.next() {
            let (base, help) = described(line, "# HELP ");
            assert!(is_name(base) && known.insert(base.to_owned()), "a name, told once: {line}");
            assert!(!help.trim().is_empty() && !help.contains('\\'), "{line}");
            let line = lines.next().expect("a type");
            let (same, kind) = described(line, "# TYPE ");
            assert_eq!(same, base, "{line}");
            let unit = lines.next_if(|line| line.starts_with("# UNIT ")).map_or("", |line| {
                let (same, unit) = described(line, "# UNIT ");
                assert_eq!(same, base, "{line}");
                assert!(base.ends_with(&format!("_{unit}")), "a unit ends the name: {line}");
                unit
            });
            for reserved in ["_total", "_info", "_count", "_sum", "_bucket", "_created"] {
                assert!(!base.ends_with(reserved), "{base}");
            }
            let suffixes: &[&str] = match kind {
                "gauge" => &[""],
                "counter" => &["_total"],
                "info" => &["_info"],
                "histogram" => &["_bucket", "_sum", "_count"],
                other => panic!("no type of ours: {other}"),
            };
            let mut samples = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let (name, sample) = sample(line);
                let suffix = name.strip_prefix(base).unwrap_or_else(|| panic!("of {base}: {line}"));
                assert!(suffixes.contains(&suffix), "{line}");
                if kind != "gauge" {
                    assert!(sample.1 >= 0.0 && sample.1.is_finite(), "{line}");
                }
                let twice = samples.iter().any(|(other, (labels, _))| *other == name && *labels == sample.0);
                assert!(!twice, "told twice: {line}");
                samples.push((name, sample));
            }
            if kind == "histogram" {
                check_histogram(base, &samples);
            }
            let name = match kind {
                "counter" | "info" => format!("{base}{}", suffixes[0]),
                _ => base.to_owned(),
            };
            let family = Family { name: name.clone(), kind: kind.to_owned(), unit: unit.to_owned(), samples };
            families.insert(name, family);
        }
        Self(families)
    }

    #[track_caller]
    pub(crate) fn family(&self, name: &str) -> &Family {
        self.0.get(name).unwrap_or_else(|| panic!("{name} is told"))
    }

    /// The value of the one sample that has these labels, among others.
    #[track_caller]
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let found = self.find(name, labels);
        assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}");
        found[0].1
    }

    /// The samples of a name that have these labels, among others.
    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Sample> {
        let all = self.0.values().flat_map(|family| &family.samples);
        let of = all.filter(|(other, _)| other == name).map(|(_, sample)| sample);
        of.filter(|(has, _)| labels.iter().all(|(key, value)| has.get(*key).is_some_and(|other| other == value)))
            .collect()
    }
}

#[track_caller]
fn described<'a>(line: &'a str, beginning: &str) -> (&'a str, &'a str) {
    let rest = line.strip_prefix(beginning).unwrap_or_else(|| panic!("{beginning}: {line}"));
    rest.split_once(' ').unwrap_or_else(|| panic!("a name and more: {line}"))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[track_caller]
fn sample(line: &str) -> (String, Sample) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("a value: {line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (key, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("a label: {line}"));
            assert!(is_name(key), "{line}");
            let (value, after) = quoted(after, line);
            assert!(labels.insert(key.to_owned(), value).is_none(), "{line}");
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}').unwrap_or_else(|| panic!("an end: {line}"));
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("one space: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("a number and nothing else: {line}"));
    (name.to_owned(), (labels, value))
}

/// A value up to its quote, and what follows.
fn quoted<'a>(text: &'a str, line: &str) -> (String, &'a str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next() {
                Some((_, '\\')) => '\\',
                Some((_, '"')) => '"',
                Some((_, 'n')) => '\n',
                other => panic!("escaped {other:?}: {line}"),
            }),
            c => value.push(c),
        }
    }
    panic!("a value without an end: {line}")
}

/// Buckets grow, the last is everything, and the count says the same.
#[track_caller]
fn check_histogram(base: &str, samples: &[(String, Sample)]) {
    let mut series: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
    for (name, (labels, value)) in samples {
        let mut labels = labels.clone();
        let le = labels.remove("le");
        assert_eq!(le.is_some(), name.ends_with("_bucket"), "{base}");
        let buckets = series.entry(labels).or_default();
        if let Some(le) = le {
            let bound = if le == "+Inf" { f64::INFINITY } else { le.parse().expect("a bound") };
            buckets.push((bound, *value));
        }
    }
    for (labels, buckets) in series {
        assert!(buckets.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1), "{base} {labels:?}");
        let all = buckets.last().filter(|(bound, _)| *bound == f64::INFINITY);
        let (_, all) = all.unwrap_or_else(|| panic!("a last bucket: {base}"));
        for (suffix, expected) in [("_count", Some(*all)), ("_sum", None)] {
            let name = format!("{base}{suffix}");
            let found: Vec<_> = samples.iter().filter(|(other, sample)| *other == name && sample.0 == labels).collect();
            assert_eq!(found.len(), 1, "{name} {labels:?}");
            assert!(expected.is_none_or(|expected| found[0].1.1 == expected), "{name} {labels:?}");
        }
    }
}
