//! A range into the buffer that holds it: eight bytes instead of a borrowed slice.
//!
//! A span says nothing about which buffer it belongs to; whoever stores spans stores the buffer beside them
//! and never lets the buffer shrink below them.

/// Start and end of a piece of some buffer, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The span of `start..end`. Buffers of requests are bounded far below 4 GiB by [`crate::Limits`].
    #[inline]
    pub(crate) fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end && end <= u32::MAX as usize);
        Span { start: start as u32, end: end as u32 }
    }

    /// Where `part` lies inside `whole`; `part` must be a slice of `whole`.
    #[inline]
    pub(crate) fn of(part: &[u8], whole: &[u8]) -> Span {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        Span::new(start, start + part.len())
    }

    /// The bytes of this span in the buffer it was made for; empty if the buffer is another one.
    #[inline]
    pub(crate) fn bytes(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The text of this span in the buffer it was made for; empty if the buffer is another one.
    #[inline]
    pub(crate) fn text(self, buffer: &str) -> &str {
        buffer.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The same length, moved by `by` bytes.
    #[inline]
    pub(crate) fn moved(self, by: usize) -> Span {
        Span::new(self.start as usize + by, self.end as usize + by)
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_finds_its_part_again() {
        let whole = b"GET /path HTTP/1.1";
        let span = Span::of(&whole[4..9], whole);
        assert_eq!(span, Span::new(4, 9));
        assert_eq!(span.bytes(whole), b"/path");
        assert_eq!(span.moved(1).bytes(whole), b"path ");
        assert_eq!(span.len(), 5);
        assert_eq!(Span::new(90, 99).bytes(whole), b"");
        assert_eq!(Span::new(1, 2).text("é"), "");
    }
}
