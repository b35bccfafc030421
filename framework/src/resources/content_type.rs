//! Content types by the extensions of names: what `mime_guess` knows, with a charset for text.

use std::borrow::Cow;

/// The content type of a file of that name.
pub(super) fn guess(name: &str) -> Cow<'static, str> {
    match mime_guess::from_path(name).first_raw() {
        None => Cow::Borrowed("application/octet-stream"),
        // What scripts are called since RFC 9239.
        Some("text/javascript" | "application/javascript") => Cow::Borrowed("text/javascript; charset=utf-8"),
        Some("text/html") => Cow::Borrowed("text/html; charset=utf-8"),
        Some(text) if text.starts_with("text/") => Cow::Owned(format!("{text}; charset=utf-8")),
        Some(other) => Cow::Borrowed(other),
    }
}

/// The same, unless the extension is among those that are given types of their own.
pub(super) fn of(name: &str, given: &[(String, String)]) -> Cow<'static, str> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match given.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(extension)) {
        Some((_, content_type)) => Cow::Owned(content_type.clone()),
        None => guess(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_have_types() {
        let table = [
            ("a.html", "text/html; charset=utf-8"),
            ("a.HTM", "text/html; charset=utf-8"),
            ("a.xhtml", "application/xhtml+xml"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.jpg", "image/jpeg"),
            ("a.JPEG", "image/jpeg"),
            ("a.png", "image/png"),
            ("a.ico", "image/x-icon"),
            ("a.svg", "image/svg+xml"),
            ("a.gif", "image/gif"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.pdf", "application/pdf"),
            ("a.mp4", "video/mp4"),
            ("a.mp3", "audio/mpeg"),
            ("a.wasm", "application/wasm"),
            ("a.woff2", "font/woff2"),
            ("a.tar.gz", "application/gzip"),
            ("a.unknown", "application/octet-stream"),
            ("a", "application/octet-stream"),
            ("dir.css/a", "application/octet-stream"),
        ];
        for (name, expected) in table {
            assert_eq!(guess(name), expected, "{name}");
        }
    }

    #[test]
    fn those_that_are_given_come_first() {
        let given =
            [("txt".to_owned(), "text/x-old".to_owned()), ("TXT".to_owned(), "text/x-new".to_owned())];
        assert_eq!(of("a.Txt", &given), "text/x-new");
        assert_eq!(of("a.css", &given), "text/css; charset=utf-8");
        assert_eq!(of("txt", &given), "application/octet-stream");
    }
}
