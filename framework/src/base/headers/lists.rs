//! Fields that are lists, and those that may stand but once (RFC 9110, section 5.6.1).

use super::Headers;

impl Headers {
    /// The elements of a comma-separated field, from all its lines; empty ones do not count (RFC 9110, section 5.6.1). One that
    /// is no text is left out, and nothing beside it.
    pub(crate) fn elements<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.element_bytes(name).filter_map(|element| std::str::from_utf8(element).ok())
    }

    /// The same elements, whatever they are.
    pub(crate) fn element_bytes<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.get_all_bytes(name)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|element| !element.is_empty())
    }

    /// The only value of `name`: empty if it came several times or is no text, so that neither is taken for a field that is
    /// not there.
    pub(crate) fn only<'h>(&'h self, name: &'h str) -> Option<&'h str> {
        let mut values = self.get_all_bytes(name);
        let first = values.next()?;
        Some(values.next().map_or_else(|| std::str::from_utf8(first).unwrap_or_default(), |_| ""))
    }

    /// Whether the `Vary` of an answer names this field of the request, or all (RFC 9110, section 12.5.5).
    pub(crate) fn varies_by(&self, name: &str) -> bool {
        self.elements("vary").any(|known| known == "*" || known.eq_ignore_ascii_case(name))
    }
}
