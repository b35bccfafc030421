//! The preface of HTTP/2 (RFC 9113, section 3.4), by which a connection is told from one of HTTP/1.1.

/// Whether a connection begins as those of HTTP/2 do, as far as it has come. That it goes on so is judged later.
pub(crate) fn is_preface(bytes: &[u8]) -> bool {
    let known = bytes.len().min(PREFACE.len());
    known >= TELLING && bytes.get(..known) == PREFACE.get(..known)
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// With fewer bytes it could still be a request of HTTP/1.1.
const TELLING: usize = "PRI * HTTP/2".len();

/// What a connection does with its first bytes: for the properties below and the fuzz target.
#[cfg(any(test, fuzzing))]
pub(crate) mod exercise {
    use super::{PREFACE, is_preface};
    use crate::base::Headers;
    use crate::proto::Limits;
    use crate::proto::h1::H1;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Choice {
        /// More has to come.
        Open,
        Request,
        Refused,
        Http2,
    }

    /// What is chosen when the bytes come in pieces of this length.
    fn choice(input: &[u8], length: usize, limits: &Limits) -> Choice {
        let mut count = 0;
        loop {
            count = input.len().min(count + length.max(1));
            let (mut headers, mut target) = (Headers::new(), String::new());
            match H1::new().receive_head(&input[..count], limits, &mut headers, &mut target) {
                Ok(Some(_)) => return Choice::Request,
                Err(_) if is_preface(&input[..count]) => return Choice::Http2,
                Err(_) => return Choice::Refused,
                Ok(None) if count == input.len() => return Choice::Open,
                Ok(None) => {}
            }
        }
    }

    /// A preface is one however it is cut, known as soon as it has come, and never a request; nothing else is taken for one.
    pub(crate) fn check(input: &[u8], length: usize, limits: &Limits) {
        let (whole, cut) = (choice(input, input.len(), limits), choice(input, length, limits));
        let begins = input.iter().zip(PREFACE).take_while(|(one, other)| one == other).count();
        assert_eq!(whole == Choice::Request, cut == Choice::Request, "{input:?}");
        if whole == Choice::Http2 {
            assert_eq!(cut, Choice::Http2, "{input:?}");
        }
        if begins == PREFACE.len() {
            assert_eq!((whole, cut), (Choice::Http2, Choice::Http2), "{input:?}");
        }
        if cut == Choice::Http2 {
            assert!(begins >= super::TELLING && whole != Choice::Request, "{input:?}");
            assert!(whole == Choice::Http2 || begins < PREFACE.len(), "{input:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::Limits;

    proptest! {
        /// With something behind the preface, or in place of its end.
        #[test]
        fn a_preface_is_no_request(
            known in 0..=PREFACE.len(),
            rest in prop::collection::vec(any::<u8>(), 0..200),
            length in 1..40_usize,
        ) {
            exercise::check(&[&PREFACE[..known], &rest].concat(), length, &Limits::new());
        }
    }

    #[test]
    fn a_preface_is_known_by_its_first_bytes() {
        let table: [(&[u8], bool); 9] = [
            (b"", false),
            (b"PRI", false),
            (b"PRI * HTTP/", false),
            (b"PRI * HTTP/2", true),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04", true),
            (b"PRI * HTTP/2.0\r\nHost: h\r\n\r\n", false),
            (b"PRI * HTTP/1.1\r\n", false),
            (b"GET / HTTP/2.0\r\n\r\n", false),
        ];
        for (bytes, expected) in table {
            assert_eq!(is_preface(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
