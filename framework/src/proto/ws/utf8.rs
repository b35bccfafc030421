//! UTF-8 that comes in pieces, refused at the first byte that cannot be right.

/// Holds the beginning of a character that a piece ended in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf8 {
    begun: [u8; 4],
    length: u8,
}

/// The text is not UTF-8, and nothing that follows can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

impl Utf8 {
    /// Looks at the next piece.
    #[inline]
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), Invalid> {
        if self.length == 0 && simdutf8::basic::from_utf8(piece).is_ok() {
            return Ok(());
        }
        self.push_slowly(piece)
    }

    #[cold]
    fn push_slowly(&mut self, piece: &[u8]) -> Result<(), Invalid> {
        let mut rest = piece;
        while self.length > 0
            && let [byte, after @ ..] = rest
        {
            self.begun[usize::from(self.length)] = *byte;
            self.length += 1;
            rest = after;
            match std::str::from_utf8(&self.begun[..usize::from(self.length)]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Invalid),
            }
        }
        let Err(error) = simdutf8::compat::from_utf8(rest) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(Invalid);
        }
        let begun = &rest[error.valid_up_to()..];
        self.begun[..begun.len()].copy_from_slice(begun);
        self.length = begun.len() as u8;
        Ok(())
    }

    /// The text ends here: not inside a character. Starts anew.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<(), Invalid> {
        if std::mem::take(&mut self.length) == 0 { Ok(()) } else { Err(Invalid) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The length of the longest beginning that could still become UTF-8.
    fn good(bytes: &[u8]) -> usize {
        (0..=bytes.len())
            .rev()
            .find(|&end| match std::str::from_utf8(&bytes[..end]) {
                Ok(_) => true,
                Err(error) => error.error_len().is_none(),
            })
            .unwrap_or(0)
    }

    fn check(bytes: &[u8]) {
        let (good, is_whole) = (good(bytes), std::str::from_utf8(bytes).is_ok());
        for size in [1, 2, 3, 7, bytes.len().max(1)] {
            let mut utf8 = Utf8::default();
            let mut seen = 0;
            let outcome = bytes.chunks(size).try_for_each(|piece| {
                seen += piece.len();
                utf8.push(piece)
            });
            assert_eq!(outcome.is_ok(), good == bytes.len(), "{bytes:x?} in pieces of {size}");
            if outcome.is_err() {
                assert_eq!(seen.div_ceil(size), (good + 1).div_ceil(size), "{bytes:x?}: refused in time");
            } else {
                assert_eq!(utf8.finish().is_ok(), is_whole, "{bytes:x?}");
            }
        }
    }

    #[test]
    fn texts_in_pieces() {
        let long = "κόσμε".repeat(40);
        let table: [&[u8]; 14] = [
            b"",
            b"plain",
            "κόσμε".as_bytes(),
            "\u{10ffff}\u{fffd}\u{0}".as_bytes(),
            long.as_bytes(),
            b"\xf4\x90\x80\x80",
            b"a\xed\xa0\x80b",
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xfe\xff",
            b"\x80",
            b"\xce\xba\xe1",
            b"\xf0\x9f\x98",
            b"\xf8\x88\x80\x80\x80",
        ];
        table.into_iter().for_each(check);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            check(&bytes);
        }

        #[test]
        fn any_text(text in ".{0,30}", cut in 0_usize..8) {
            let bytes = text.as_bytes();
            check(&bytes[..bytes.len().saturating_sub(cut)]);
        }
    }
}
