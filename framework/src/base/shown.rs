//! Texts of peers, as they may stand in a log or be quoted in an answer: unable to begin a line or to turn one around.
//!
//! Only control characters change. What HTML gives a meaning is the business of whoever writes HTML, and an escape holds
//! nothing that is escaped again.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// A peer's text as an explanation quotes it: without control characters, and cut after 80 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(LENGTH));
    let end = text.char_indices().nth(LENGTH).map(|(end, _)| end);
    let _ = Escaping(&mut safe).write_str(text.get(..end.unwrap_or(text.len())).unwrap_or_default());
    if end.is_some() {
        safe.push('…');
    }
    safe
}

/// The same for bytes; what is not UTF-8 is replaced.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    shown(&String::from_utf8_lossy(bytes.get(..LENGTH * 4).unwrap_or(bytes)))
}

const LENGTH: usize = 80;

/// A text of so many bytes at most: one that is longer ends with `…`, behind a word if there is one near, else behind a character.
pub(crate) fn cut(text: Cow<'static, str>, most: usize) -> Cow<'static, str> {
    if text.len() <= most {
        return text;
    }
    let fits = &text[..text.floor_char_boundary(most.saturating_sub('…'.len_utf8()))];
    let words = fits.rsplit_once(' ').map(|(words, _)| words).filter(|words| words.len() >= most / 2);
    let words = if text[fits.len()..].starts_with(' ') { fits } else { words.unwrap_or(fits) };
    format!("{}…", words.trim_end()).into()
}

/// Says something in the log, whole and on one line, whatever it quotes: everything Vernal says goes through here, but the lines of
/// answers.
macro_rules! say {
    ($level:ident, $($text:tt)+) => {
        ::tracing::$level!(target: "vernal", "{}", $crate::base::Logged(::core::format_args!($($text)+)))
    };
}

pub(crate) use say;

/// Says a text of several lines to a target of its own, if anybody listens; what is in a line is escaped, and its end stays.
macro_rules! say_lines {
    ($target:expr, $text:expr) => {
        if ::tracing::event_enabled!(target: $target, ::tracing::Level::INFO) {
            ::tracing::info!(target: $target, "{}", $crate::base::LoggedLines(&$text))
        }
    };
}

pub(crate) use say_lines;

/// A text as it stands in a log that lets it have several lines: all but their ends is escaped.
pub(crate) struct LoggedLines<'t>(pub(crate) &'t str);

impl Display for LoggedLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.split('\n').enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{}", Logged(line))?;
        }
        Ok(())
    }
}

/// A count with the name of what is counted, which stands alone for one and has an `s` for others.
pub(crate) fn counted(count: u64, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// A text as it stands in a log: whole, its control characters as `\n` or `\u{…}`.
pub(crate) struct Logged<T>(pub(crate) T);

impl<T: Display> Display for Logged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// Writes on, with control characters escaped.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(text, &mut self.0, needs_escape, |char, to| write!(to, "{}", char.escape_debug()))
    }
}

/// Writes a text; of the characters that may not stand there, what stands for them.
pub(crate) fn escape<W: Write>(
    mut text: &str,
    to: &mut W,
    is_meant: impl Fn(char) -> bool,
    stands_for: impl Fn(char, &mut W) -> fmt::Result,
) -> fmt::Result {
    while let Some((at, char)) = text.char_indices().find(|(_, char)| is_meant(*char)) {
        to.write_str(text.get(..at).unwrap_or_default())?;
        stands_for(char, to)?;
        text = text.get(at + char.len_utf8()..).unwrap_or_default();
    }
    to.write_str(text)
}

/// Whether a character ends a line, speaks to a terminal, or changes the direction of what follows.
pub(crate) fn needs_escape(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_control_characters_are_escaped_and_none_twice() {
        let table = [
            ("plain text / ü 中 👩\u{200d}🔬", "plain text / ü 中 👩\u{200d}🔬"),
            ("a\r\nb\0\u{1b}[31m\t\u{7f}\u{85}", "a\\r\\nb\\0\\u{1b}[31m\\t\\u{7f}\\u{85}"),
            ("<script>\"'&", "<script>\"'&"),
            ("C:\\new", "C:\\new"),
            ("a\u{2028}b\u{2029}c", "a\\u{2028}b\\u{2029}c"),
            ("\u{202e}drawkcab\u{2066}", "\\u{202e}drawkcab\\u{2066}"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), expected, "{text:?}");
            assert_eq!(Logged(text).to_string(), expected, "{text:?}");
            assert_eq!(Logged(shown(text)).to_string(), expected, "{text:?}");
            assert_eq!(Logged(Logged(text)).to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_of_what_may_have_several_stay_lines() {
        let text = LoggedLines("a\r\nb\u{1b}[31m\n\nc\n").to_string();
        assert_eq!(text, "a\\r\nb\\u{1b}[31m\n\nc\n");
    }

    #[test]
    fn a_text_is_cut_behind_a_word() {
        let table = [
            ("no more", "no more"),
            ("ten bytes!", "ten bytes!"),
            ("a word more", "a word…"),
            ("seven c and more", "seven c…"),
            ("abcdefghijklm", "abcdefg…"),
            ("a bcdefghijklm", "a bcdef…"),
            ("üüüüüü", "üüü…"),
        ];
        for (text, expected) in table {
            assert_eq!(cut(text.into(), 10), expected, "{text}");
        }
    }

    #[test]
    fn what_is_quoted_is_cut_and_what_is_logged_is_not() {
        assert_eq!(shown(&"x".repeat(80)).chars().count(), 80);
        assert_eq!(shown(&"ü".repeat(81)), "ü".repeat(80) + "…");
        assert_eq!(Logged("ü".repeat(9000)).to_string(), "ü".repeat(9000));
        assert_eq!(shown_bytes(b"a\xff<"), "a\u{fffd}<");
    }
}
