//! Header fields that several parts of an answer have a say in.

use crate::base::Headers;

/// Says that the answer depends on this field of the request (RFC 9110, section 12.5.5), unless that is said already.
pub(super) fn vary(headers: &mut Headers, name: &str) {
    if !headers.varies_by(name) {
        headers.append("vary", name);
    }
}

/// Gives way where a handler has added a field that was set before it: ours, the first, goes.
pub(super) fn give_way(headers: &mut Headers, name: &str, ours: &[u8]) {
    let values: Vec<Vec<u8>> = headers.get_all_bytes(name).map(<[u8]>::to_vec).collect();
    let [first, others @ ..] = &values[..] else { return };
    if others.is_empty() || first != ours {
        return;
    }
    headers.remove(name);
    for value in others {
        headers.append(name, &value[..]);
    }
}

/// A text as a quoted string (RFC 9110, section 5.6.4).
///
/// # Errors
/// It is empty, or holds what cannot be quoted: control characters or non-ASCII text.
pub(super) fn quoted(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    if !text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return Err("holds a control character or non-ASCII text");
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_said_once() {
        let table: [(&[&str], &[&str]); 6] = [
            (&[], &["Origin"]),
            (&["Accept"], &["Accept", "Origin"]),
            (&["origin"], &["origin"]),
            (&["Accept , ORIGIN"], &["Accept , ORIGIN"]),
            (&["*"], &["*"]),
            (&["X-Origin"], &["X-Origin", "Origin"]),
        ];
        for (before, after) in table {
            let mut headers: Headers = before.iter().map(|value| ("vary", *value)).collect();
            vary(&mut headers, "Origin");
            assert_eq!(headers.get_all("vary").collect::<Vec<_>>(), after, "{before:?}");
        }
    }

    #[test]
    fn the_field_of_a_handler_stays() {
        let table: [(&[&str], &[&str]); 4] = [
            (&["ours"], &["ours"]),
            (&["ours", "a", "b"], &["a", "b"]),
            (&["a", "b"], &["a", "b"]),
            (&[], &[]),
        ];
        for (before, after) in table {
            let mut headers: Headers = before.iter().map(|value| ("x", *value)).collect();
            give_way(&mut headers, "X", b"ours");
            assert_eq!(headers.get_all("x").collect::<Vec<_>>(), after, "{before:?}");
        }
    }

    #[test]
    fn texts_are_quoted() {
        let table = [
            ("a b", Ok("\"a b\"")),
            ("a\"\\", Ok("\"a\\\"\\\\\"")),
            (" ", Err("is empty")),
            ("ä", Err("holds a control character or non-ASCII text")),
            ("a\r\nb", Err("holds a control character or non-ASCII text")),
        ];
        for (text, expected) in table {
            assert_eq!(quoted(text).as_deref().map_err(|why| *why), expected, "{text}");
        }
    }
}
