//! How FreeSWITCH cuts a string at a delimiter: quotes, backslashes and blanks.
//!
//! The rules of `switch_separate_string` in 1.10, restated. They are applied
//! anew at each level (command → variables → name and value), which is why so
//! few characters survive the way into a channel variable.

/// Cuts `text` into at most `limit` fields; the last keeps what is left.
pub(super) fn separate(text: &str, delimiter: char, limit: usize) -> Vec<String> {
    // `^^:` at the start chooses another delimiter.
    if let Some(rest) = text.strip_prefix("^^")
        && let Some(chosen) = rest.chars().next()
        && rest.len() > chosen.len_utf8()
    {
        return separate_by(&rest[chosen.len_utf8()..], chosen, limit);
    }
    separate_by(text, delimiter, limit)
}

fn separate_by(text: &str, delimiter: char, limit: usize) -> Vec<String> {
    let raw = if delimiter == ' ' { at_blanks(text, limit) } else { at_each(text, delimiter, limit) };
    raw.into_iter().map(|field| clean(field, delimiter)).collect()
}

/// Runs of blanks count once, and a quote opens whether it is closed or not.
fn at_blanks(text: &str, limit: usize) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && fields.len() < limit {
        rest = rest.trim_start_matches(' ');
        let (mut quoted, mut escaped) = (false, false);
        let end = rest.find(|c| {
            if escaped {
                escaped = false;
                return false;
            }
            match c {
                '\\' => escaped = true,
                '\'' => quoted = !quoted,
                _ => {}
            }
            c == ' ' && !quoted
        });
        let end = if fields.len() + 1 == limit { None } else { end };
        let (field, left) = rest.split_at(end.unwrap_or(rest.len()));
        fields.push(field);
        rest = left.trim_start_matches(' ');
    }
    fields
}

/// Every delimiter cuts; a quote opens only if another one follows.
fn at_each(text: &str, delimiter: char, limit: usize) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        if fields.len() + 1 >= limit {
            break;
        }
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '\'' && (quoted || text[at + 1..].contains('\'')) {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            fields.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    if start < text.len() {
        fields.push(&text[start..]);
    }
    fields
}

/// Takes away quotes, the backslash of known escapes, and blanks at both ends.
fn clean(field: &str, delimiter: char) -> String {
    let field = field.trim_start_matches(' ');
    let mut out = String::with_capacity(field.len());
    let mut keep = None;
    let mut quoted = false;
    let mut chars = field.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\'
            && let Some((_, next)) = chars.peek().copied()
            && let Some(meant) = escape(next, delimiter)
        {
            chars.next();
            out.push(meant);
            keep = Some(out.len());
        } else if c == '\'' && (quoted || field[at + 1..].contains('\'')) {
            quoted = !quoted;
            if quoted {
                keep = Some(out.len());
            }
        } else {
            out.push(c);
            if c != ' ' || quoted {
                keep = Some(out.len());
            }
        }
    }
    if let Some(keep) = keep {
        out.truncate(keep);
    }
    out
}

fn escape(c: char, delimiter: char) -> Option<char> {
    match c {
        '\'' | '"' | '\\' => Some(c),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        's' => Some(' '),
        // At the level of blanks no delimiter can be escaped away.
        _ if c == delimiter && delimiter != ' ' => Some(c),
        _ => None,
    }
}

/// Where the bracket that opens `text` is closed, counting nested ones.
pub(super) fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        } else if depth == 0 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_cut_but_not_inside_quotes() {
        assert_eq!(separate("{a=b}x  &park()", ' ', 10), ["{a=b}x", "&park()"]);
        assert_eq!(separate("{a='b c'}x &park()", ' ', 10), ["{a=b c}x", "&park()"]);
        assert_eq!(separate("it's all one &park()", ' ', 10), ["it's all one &park()"]);
        assert_eq!(separate("a b c d", ' ', 2), ["a", "b c d"]);
        assert!(separate("", ' ', 10).is_empty());
    }

    #[test]
    fn commas_cut_unless_escaped_or_quoted() {
        assert_eq!(separate("a=1,b=2", ',', 99), ["a=1", "b=2"]);
        assert_eq!(separate(r"a=1\,2,b=2", ',', 99), ["a=1,2", "b=2"]);
        assert_eq!(separate("a='1,2',b=2", ',', 99), ["a=1,2", "b=2"]);
        assert_eq!(separate("a=it's,b=2", ',', 99), ["a=it's", "b=2"]);
        assert_eq!(separate("^^:a=1,2:b=2", ',', 99), ["a=1,2", "b=2"]);
    }

    #[test]
    fn each_level_takes_one_layer_of_escapes_away() {
        assert_eq!(separate(r"a\\b", ' ', 10), [r"a\b"]);
        assert_eq!(separate(r"a\,b", ' ', 10), [r"a\,b"]);
        assert_eq!(separate(r"a\nb", ',', 10), ["a\nb"]);
        assert_eq!(separate(r"a\", ',', 10), [r"a\"]);
    }

    #[test]
    fn brackets_nest() {
        assert_eq!(closing("{a{b}c}d", '{', '}'), Some(6));
        assert_eq!(closing("{a{b}c", '{', '}'), None);
        assert_eq!(closing("x{}", '{', '}'), None);
    }
}
