//! What a peer sent, as it may stand in an answer or a log: short, and unable to break a line or a page.
//!
//! Explanations quote peers, error pages put explanations into HTML, and consoles print them. So whatever is quoted
//! passes through here: control characters and those that HTML gives a meaning stand as escapes.

use std::fmt::Write;

/// The text with its dangerous characters as `\u{…}` or `\n`, cut after 80 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(LENGTH));
    for (index, char) in text.chars().enumerate() {
        if index == LENGTH {
            safe.push('…');
            break;
        }
        match char {
            '<' | '>' | '&' | '"' | '\'' => {
                let _ = write!(safe, "{}", char.escape_unicode());
            }
            char => safe.extend(char.escape_debug()),
        }
    }
    safe
}

/// The same for bytes; what is not UTF-8 is replaced.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    shown(&String::from_utf8_lossy(bytes.get(..LENGTH * 4).unwrap_or(bytes)))
}

const LENGTH: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_dangerous_is_left() {
        let table = [
            ("plain text / ü 中", "plain text / ü 中"),
            ("a\r\nb\0\u{1b}[31m", "a\\r\\nb\\0\\u{1b}[31m"),
            ("<script>", "\\u{3c}script\\u{3e}"),
            ("\"'&", "\\u{22}\\u{27}\\u{26}"),
            ("back\\slash", "back\\\\slash"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text:?}");
        }
        assert_eq!(shown(&"x".repeat(80)).chars().count(), 80);
        assert_eq!(shown(&"x".repeat(81)).chars().count(), 81);
        assert_eq!(shown_bytes(b"a\xff<"), "a\u{fffd}\\u{3c}");
    }
}
