//! Percent-encoding as in `text/event-plain`, and templates with holes.

/// Appends a header value, encoded as `switch_url_encode` does it.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(byte);
        } else {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// Appends a header line, its value encoded.
pub(super) fn line(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    encode(value, out);
    out.push(b'\n');
}

/// The encoded form of a text.
pub(super) fn encoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 16);
    encode(text, &mut out);
    // Nothing but ASCII comes out.
    String::from_utf8(out).unwrap_or_default()
}

fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) && !b" \"#%&+:;<=>?@[\\]^`{|}".contains(&byte)
}

/// The text behind an encoded value.
pub(super) fn decode(value: &[u8]) -> String {
    percent_encoding::percent_decode(value).decode_utf8_lossy().into_owned()
}

/// Appends a template, asking for what goes into each `{hole}`. Templates hold
/// encoded text, in which no brace can stand for itself.
pub(super) fn fill(template: &str, out: &mut Vec<u8>, mut hole: impl FnMut(&str, &mut Vec<u8>)) {
    let mut rest = template;
    while let Some(open) = memchr::memchr(b'{', rest.as_bytes()) {
        out.extend_from_slice(&rest.as_bytes()[..open]);
        rest = &rest[open + 1..];
        let close = memchr::memchr(b'}', rest.as_bytes()).unwrap_or(rest.len());
        hole(&rest[..close], out);
        rest = rest.get(close + 1..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Appends a number in decimal.
pub(super) fn number(value: i64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).unwrap_or_default();
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_recorded() {
        assert_eq!(encoded("Sat, 21 Nov"), "Sat,%2021%20Nov");
        assert_eq!(
            encoded("sofia/gateway/carrier/15550000001 &park()"),
            "sofia/gateway/carrier/15550000001%20%26park()"
        );
        assert_eq!(encoded("tone_stream://%(800,200,440);loops=2"), "tone_stream%3A//%25(800,200,440)%3Bloops%3D2");
        assert_eq!(encoded("<sip:gw+carrier@127.0.0.1>"), "%3Csip%3Agw%2Bcarrier%40127.0.0.1%3E");
        assert_eq!(encoded("ü~'\"\n"), "%C3%BC~'%22%0A");
        assert_eq!(decode(b"%C3%BC%20a"), "ü a");
    }

    #[test]
    fn holes_are_filled() {
        let mut out = Vec::new();
        fill("a{x}b{y}", &mut out, |hole, out| out.extend(hole.to_uppercase().bytes()));
        fill("{open", &mut out, |_, _| {});
        assert_eq!(out, b"aXbY");
    }

    #[test]
    fn numbers_in_decimal() {
        for value in [0, 7, 10, -42, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            number(value, &mut out);
            assert_eq!(out, value.to_string().into_bytes());
        }
    }
}
