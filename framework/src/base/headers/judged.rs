//! Fields that come from another map, which judges them by the same rules.

use super::Headers;
use crate::base::Span;

impl Headers {
    /// Adds a field whose name and value somebody else has judged already.
    #[inline]
    pub(crate) fn push_judged(&mut self, name: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.push_span(Span::new(start, middle), Span::new(middle, self.bytes.len()));
    }
}
