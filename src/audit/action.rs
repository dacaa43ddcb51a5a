//! What a request does, from its method and the template of its path.

/// What is done, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// `campaigns.launch`, `dnc.create`, `campaigns.contacts.delete`.
    pub(crate) action: String,
    /// The first word of the path: `campaigns`.
    pub(crate) kind: String,
    /// The parameters of the path, by name, in order.
    pub(crate) parameters: Vec<(String, String)>,
}

impl Deed {
    /// Of a request with this method to `path`, which fits `template`
    /// (`/api/campaigns/{id}/launch`).
    pub(crate) fn of(method: &str, template: &str, path: &str) -> Self {
        let mut words = Vec::new();
        let mut parameters = Vec::new();
        let mut after_parameter = false;
        for (part, given) in parts(template).zip(parts(path)) {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) => {
                    let value = percent_encoding::percent_decode_str(given).decode_utf8_lossy().into_owned();
                    parameters.push((name.to_owned(), value));
                    after_parameter = true;
                }
                None => {
                    words.push(part);
                    after_parameter = false;
                }
            }
        }
        let kind = words.first().copied().unwrap_or("api").to_owned();
        let mut action = if words.is_empty() { kind.clone() } else { words.join(".") };
        // A word after all others says itself what is done; collections are
        // named in the plural, or stand alone.
        let last = words.last().copied().unwrap_or_default();
        let is_collection = !after_parameter && (words.len() == 1 || last.ends_with('s'));
        match method {
            "POST" if is_collection => action.push_str(".create"),
            "PATCH" => action.push_str(".edit"),
            "PUT" => action.push_str(".replace"),
            "DELETE" => action.push_str(".delete"),
            _ => {}
        }
        Self { action, kind, parameters }
    }

    /// To which one: the first parameter.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.parameters.first().map(|(_, value)| value.as_str())
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.split('/').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_named_after_its_path() {
        let deed = |method, template, path| {
            let deed = Deed::of(method, template, path);
            (deed.action.clone(), deed.kind.clone(), deed.subject().map(ToOwned::to_owned))
        };
        let named = |action: &str, kind: &str, id: Option<&str>| (action.into(), kind.into(), id.map(Into::into));
        assert_eq!(deed("POST", "/api/campaigns", "/api/campaigns"), named("campaigns.create", "campaigns", None));
        assert_eq!(
            deed("POST", "/api/campaigns/{id}/launch", "/api/campaigns/7/launch"),
            named("campaigns.launch", "campaigns", Some("7"))
        );
        assert_eq!(
            deed("DELETE", "/api/dnc/{number}", "/api/dnc/%2B15551234567"),
            named("dnc.delete", "dnc", Some("+15551234567"))
        );
        assert_eq!(deed("POST", "/api/dnc", "/api/dnc").0, "dnc.create");
        assert_eq!(deed("POST", "/api/dnc/import", "/api/dnc/import").0, "dnc.import");
        let contacts = Deed::of("DELETE", "/api/campaigns/{id}/contacts/{contact_id}", "/api/campaigns/7/contacts/3");
        assert_eq!((contacts.action.as_str(), contacts.subject()), ("campaigns.contacts.delete", Some("7")));
        assert_eq!(contacts.parameters[1], ("contact_id".into(), "3".into()));
        assert_eq!(
            deed("POST", "/api/campaigns/{id}/contacts", "/api/campaigns/7/contacts").0,
            "campaigns.contacts.create"
        );
        assert_eq!(deed("PATCH", "/api/calls/{id}", "/api/calls/7").0, "calls.edit");
        assert_eq!(deed("PUT", "/api/settings", "/api/settings").0, "settings.replace");
        assert_eq!(deed("POST", "", "").0, "api");
    }
}
