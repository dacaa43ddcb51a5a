//! A channel's variables, kept as the lines in which they are sent.

use super::encode::{decode, encode};

/// `variable_name: value` lines, values encoded. Events copy them whole;
/// look-ups are rare.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    lines: Vec<u8>,
}

impl Variables {
    /// The lines.
    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// For a template to append whole lines, of names not there yet.
    pub(super) fn lines_mut(&mut self) -> &mut Vec<u8> {
        &mut self.lines
    }

    /// Appends a variable that is not there yet.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        if !name.contains(|c: char| c.is_control() || c == ':') {
            self.lines.extend_from_slice(b"variable_");
            self.lines.extend_from_slice(name.as_bytes());
            self.lines.extend_from_slice(b": ");
            encode(value, &mut self.lines);
            self.lines.push(b'\n');
        }
    }

    /// Sets a variable; an empty value takes it away.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if let Some((start, end)) = self.position(name) {
            self.lines.drain(start..end);
        }
        if !value.is_empty() {
            self.push(name, value);
        }
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let (start, end) = self.position(name)?;
        let value = start + "variable_".len() + name.len() + ": ".len();
        Some(decode(&self.lines[value..end - 1]))
    }

    /// From where to where its line goes, line end included.
    fn position(&self, name: &str) -> Option<(usize, usize)> {
        let key = format!("variable_{name}: ");
        let at_line_start = |at: &usize| *at == 0 || self.lines[at - 1] == b'\n';
        let start = memchr::memmem::find_iter(&self.lines, key.as_bytes()).find(at_line_start)?;
        let end = memchr::memchr(b'\n', &self.lines[start..])?;
        Some((start, start + end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn set_get_replace_and_remove() {
        let mut variables = Variables::default();
        variables.push("a", "1");
        variables.set("b", "x y\n{z}");
        variables.set("a", "2");
        assert_eq!(variables.lines(), b"variable_b: x%20y%0A%7Bz%7D\nvariable_a: 2\n");
        assert_eq!((variables.get("a").as_deref(), variables.get("b").as_deref()), (Some("2"), Some("x y\n{z}")));
        variables.set("a", "");
        assert_eq!((variables.get("a"), variables.get("variable_b")), (None, None));
    }

    #[test]
    fn a_name_that_would_break_the_lines_is_left_out() {
        let mut variables = Variables::default();
        variables.push("a\nUnique-ID", "1");
        variables.push("a: b", "1");
        assert_eq!(variables.lines(), b"");
    }
}
