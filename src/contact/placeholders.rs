//! `{{placeholders}}` in a text that is spoken to a contact.
//!
//! `{{first_name}}` is the contact's first name, `{{city}}` what their list has
//! in that column, `{{name|friend}}` their name, or "friend" without one. How a
//! column is written does not matter: `{{First Name}}` and `{{first_name}}` are
//! one. Nobody is to hear braces: without a value and a default a placeholder
//! is left out, and so is the space before it.

use std::collections::{BTreeMap, HashSet};

use super::NewContact;
use super::header::{FIRST_NAME, LAST_NAME, key, known_as};

/// Characters of one value that are spoken, at most: a cell may hold a novel.
const LONGEST_VALUE: usize = 200;
/// Characters between the braces, at most; longer is no placeholder.
const LONGEST_PLACEHOLDER: usize = 300;

/// What is known of a contact, by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFields(BTreeMap<String, String>);

impl ContactFields {
    /// The columns of a contact: the known ones, and its variables. A first and
    /// a last name are taken from the name where the list has none.
    pub fn of(contact: &NewContact) -> Self {
        let mut fields = Self::default();
        for (name, value) in &contact.variables {
            fields.add(name, value);
        }
        // A variable may have the name of a known column that another column
        // filled better: the known one counts.
        let known = [
            ("name", &contact.name),
            ("email", &contact.email),
            ("company", &contact.company),
            ("notes", &contact.notes),
            ("timezone", &contact.timezone),
            ("consent", &contact.consent),
        ];
        for (name, value) in known {
            fields.add(name, value.as_deref().unwrap_or_default());
        }
        fields.add("phone_number", &contact.number.to_string());
        let (first, last) = split(contact.name.as_deref().unwrap_or_default());
        for (spellings, part) in [(FIRST_NAME, first), (LAST_NAME, last)] {
            let written = spellings.iter().find_map(|spelling| fields.0.get(*spelling)).cloned();
            fields.add(spellings[0], &written.unwrap_or_else(|| part.to_owned()));
        }
        fields
    }

    /// Keeps a value that says something.
    fn add(&mut self, name: &str, value: &str) {
        let value = speakable(value, LONGEST_VALUE);
        if !value.is_empty() {
            self.0.insert(identity(name), value);
        }
    }

    /// The columns that have a value.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let key = identity(name);
        // As the list has it; else the known column that may be written so.
        let found = self.0.get(&key).or_else(|| self.0.get(known_as(&key)?));
        found.map(String::as_str)
    }
}

/// The names of the placeholders in a text, each once, as first written.
pub fn placeholders(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    Parts(text)
        .filter_map(|part| match part {
            Part::Placeholder { name, .. } => seen.insert(identity(name)).then(|| name.to_owned()),
            Part::Text(_) => None,
        })
        .collect()
}

/// The placeholders of a text that no contact has a column for: neither a
/// known one nor one of `variables`, the list's further columns.
pub fn unknown_placeholders<'a>(text: &str, variables: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let variables: HashSet<String> = variables.into_iter().map(identity).collect();
    let unknown = |key: String| known_as(&key).is_none() && !variables.contains(&key);
    placeholders(text).into_iter().filter(|name| unknown(identity(name))).collect()
}

/// The text as it is spoken to a contact: values filled in, control characters
/// gone, single spaces.
pub fn fill(text: &str, fields: &ContactFields) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut hole = false;
    for part in Parts(text) {
        let piece = match part {
            Part::Text(text) => text,
            Part::Placeholder { name, default } => fields.get(name).unwrap_or(default),
        };
        if piece.trim().is_empty() && matches!(part, Part::Placeholder { .. }) {
            hole = true;
            continue;
        }
        // "Hello {{name}}, …" without a name is "Hello, …".
        if std::mem::take(&mut hole) && piece.starts_with([',', '.', ';', ':', '!', '?']) {
            filled.truncate(filled.trim_end().len());
        }
        filled.push_str(piece);
    }
    speakable(&filled, usize::MAX)
}

/// Up to so many characters of a text; control characters are dropped, each run
/// of white space is one space, and there is none around it.
pub(crate) fn speakable(text: &str, longest: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        let mut fresh = true;
        for c in word.chars().filter(|c| !c.is_control()) {
            if std::mem::take(&mut fresh) && !out.is_empty() {
                out.push(' ');
                count += 1;
            }
            if count >= longest {
                out.truncate(out.trim_end().len());
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

/// What tells columns apart: letters and digits, if the name has any.
fn identity(name: &str) -> String {
    let key = key(name);
    if key.is_empty() { name.trim().to_owned() } else { key }
}

/// First and last name: `Ann Lee` and `Lee, Ann` alike.
fn split(name: &str) -> (&str, &str) {
    if let Some((last, first)) = name.split_once(',') {
        return (first.split_whitespace().next().unwrap_or_default(), last.trim());
    }
    let mut words = name.split_whitespace();
    (words.next().unwrap_or_default(), words.next_back().unwrap_or_default())
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Placeholder { name: &'a str, default: &'a str },
}

/// Takes a text apart. Braces that are no placeholder are text.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self(rest) = *self;
        if rest.is_empty() {
            return None;
        }
        let Some(close) = rest.find("}}") else { return self.text(rest.len()) };
        // The last opening before the closing: in "{{ {{name}}" it is the second.
        let Some(open) = rest.get(..close).and_then(|before| before.rfind("{{")) else { return self.text(close + 2) };
        let inner = rest.get(open + 2..close).unwrap_or_default();
        let (name, default) = inner.split_once('|').unwrap_or((inner, ""));
        if name.trim().is_empty() || inner.chars().count() > LONGEST_PLACEHOLDER {
            return self.text(close + 2);
        }
        if open > 0 {
            return self.text(open);
        }
        self.0 = rest.get(close + 2..).unwrap_or_default();
        Some(Part::Placeholder { name: name.trim(), default: default.trim() })
    }
}

impl<'a> Parts<'a> {
    /// So many bytes of plain text.
    fn text(&mut self, length: usize) -> Option<Part<'a>> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Part::Text(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::PhoneNumber;
    use proptest::prelude::*;
    use rstest::rstest;

    fn ann() -> ContactFields {
        let mut contact = NewContact::of(PhoneNumber::from_e164("+15551234567").expect("a number"));
        contact.name = Some("Ann Mary  Lee".into());
        contact.company = Some(" ".into());
        contact.variables = [("City of birth", "Springfield"), ("Balance", "12\u{0}\n50\u{7}"), ("%", "7")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        ContactFields::of(&contact)
    }

    #[rstest]
    #[case::nothing_to_fill("Hello.", "Hello.")]
    #[case::a_name("Hello {{name}}.", "Hello Ann Mary Lee.")]
    #[case::parts_of_it("{{first_name}}/{{last_name}}", "Ann/Lee")]
    #[case::however_written("{{ First Name }} {{FIRST_NAME}} {{first-name}}", "Ann Ann Ann")]
    #[case::a_variable("From {{city_of_birth}}?", "From Springfield?")]
    #[case::the_number("{{phone_number}}", "+15551234567")]
    #[case::another_spelling("{{Telephone}} {{full name}}", "+15551234567 Ann Mary Lee")]
    #[case::a_column_without_letters("{{%}} per cent", "7 per cent")]
    #[case::control_characters("{{balance}}", "12 50")]
    #[case::a_default_not_needed("Hi {{name|friend}}", "Hi Ann Mary Lee")]
    #[case::a_default("Hi {{nick|dear friend }}!", "Hi dear friend!")]
    #[case::an_empty_value("{{company|your firm}}", "your firm")]
    #[case::left_out("Hello {{nick}}, how  are you?", "Hello, how are you?")]
    #[case::left_out_in_the_middle("So {{nick}} is {{nick}} it", "So is it")]
    #[case::left_out_twice("Hello {{nick}} {{nick}}.", "Hello.")]
    #[case::left_out_whole("{{nick}}", "")]
    #[case::no_placeholder("a {{ b", "a {{ b")]
    #[case::empty_braces("a {{}} {{ | x }} b }}", "a {{}} {{ | x }} b }}")]
    #[case::inner_braces("{{ {{name}} }}", "{{ Ann Mary Lee }}")]
    #[case::control_characters_in_the_text("a\u{7}b\tc\n\nd", "ab c d")]
    fn texts(#[case] text: &str, #[case] want: &str) {
        assert_eq!(fill(text, &ann()), want);
    }

    #[test]
    fn what_a_list_says_of_the_first_name_counts() {
        let mut contact = NewContact::of(PhoneNumber::from_e164("+15551234567").expect("a number"));
        contact.name = Some("Lee, Ann".into());
        assert_eq!(fill("{{first name}} {{last name}}", &ContactFields::of(&contact)), "Ann Lee");
        contact.variables = [("Given Name".to_owned(), "Annie Sue".to_owned())].into();
        assert_eq!(fill("{{first name}} {{last name}}", &ContactFields::of(&contact)), "Annie Sue Lee");
        contact.name = Some("Cher".into());
        contact.variables.clear();
        assert_eq!(fill("{{first name}}{{last name}}", &ContactFields::of(&contact)), "Cher");
    }

    #[test]
    fn a_value_is_bounded_and_is_not_filled_again() {
        let mut contact = NewContact::of(PhoneNumber::from_e164("+15551234567").expect("a number"));
        contact.notes = Some("é".repeat(10_000));
        contact.name = Some("{{notes}}".into());
        let fields = ContactFields::of(&contact);
        assert_eq!(fill("{{notes}}", &fields), "é".repeat(200));
        assert_eq!(fill("{{name}}", &fields), "{{notes}}");
    }

    #[test]
    fn placeholders_are_named_once_and_the_unknown_among_them() {
        let text = "{{Name}} {{name|x}} {{ city }} {{%}} {{last name}} {{}}";
        assert_eq!(placeholders(text), ["Name", "city", "%", "last name"]);
        assert_eq!(unknown_placeholders(text, ["City"]), ["%"]);
        assert_eq!(unknown_placeholders(text, []), ["city", "%"]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[{}|a \n\u{7}é]{0,40}") {
            let filled = fill(&text, &ann());
            prop_assert!(!filled.chars().any(char::is_control) && !filled.contains("  "));
            prop_assert_eq!(filled.trim(), filled.as_str());
            // Nothing is lost where there is nothing to fill.
            let parts: String = Parts(&text).filter_map(|part| match part {
                Part::Text(text) => Some(text),
                Part::Placeholder { .. } => None,
            }).collect();
            prop_assert!(!placeholders(&text).is_empty() || parts == text);
        }
    }
}
