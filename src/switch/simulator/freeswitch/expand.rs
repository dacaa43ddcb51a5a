//! `${…}` in the value of a variable.

/// Replaces each `${name}` by what `look_up` says; `\$` stands for itself.
/// Functions (`${name(argument)}`) give nothing here.
pub(super) fn expand(text: &str, look_up: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('\\') {
            out.push_str(before);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        let Some(end) = super::separate::closing(&rest[at + 1..], '{', '}') else { break };
        out.push_str(&rest[..at]);
        let name = &rest[at + 2..at + 1 + end];
        if !name.contains('(') {
            out.push_str(&look_up(name));
        }
        rest = &rest[at + 2 + end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn names_are_replaced_and_escapes_are_not() {
        let look_up = |name: &str| if name == "uuid" { "u-1".to_owned() } else { String::new() };
        assert_eq!(expand("a ${uuid} b ${nobody}.", look_up), "a u-1 b .");
        assert_eq!(expand(r"\${uuid}", look_up), "${uuid}");
        assert_eq!(expand("${system(ls)}x", look_up), "x");
        assert_eq!(expand("open ${uuid", look_up), "open ${uuid");
        assert_eq!(expand("${", look_up), "${");
    }
}
