//! Text inside HTML.

use std::fmt::Write;

/// Makes text safe inside HTML, attributes included.
pub(crate) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char if char.is_control() && char != '\n' && char != '\t' => {
                let _ = write!(escaped, "{}", char.escape_debug());
            }
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_escaped() {
        assert_eq!(escape_html("<b a=\"x\">'&\r</b>"), "&lt;b a=&quot;x&quot;&gt;&#39;&amp;\\r&lt;/b&gt;");
    }
}
