//! HTTP/2 (RFC 9113), by the crate `h2`: each stream becomes the same request as one of HTTP/1.1, and its answer goes out again.
//!
//! What differs between the versions is settled in here, in both directions, so that no application sees it. A connection is one task,
//! which answers at once what a plain `fn` answers; what has to be waited for is a task for itself.

mod answer;
mod connection;
mod draining;
mod incoming;
mod pump;
mod request;
mod sending;
mod session;
mod stream;
mod streams;
mod times;
mod transport;
mod tunnel;

use super::Counted;
use crate::http::BoxFuture;
use crate::io::Stream;

/// Serves one connection until it ends. `leftover` has been read of it already.
pub(super) fn serve(stream: Stream, leftover: Vec<u8>, counted: Counted) -> BoxFuture<'static, ()> {
    Box::pin(connection::serve(stream, leftover, counted))
}

/// Whether a connection begins as those of HTTP/2 do, as far as it has come (RFC 9113, section 3.4). That it goes on so is judged later.
pub(super) fn is_preface(bytes: &[u8]) -> bool {
    let known = bytes.len().min(PREFACE.len());
    known >= TELLING && bytes.get(..known) == PREFACE.get(..known)
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// With fewer bytes it could still be a request of HTTP/1.1.
const TELLING: usize = "PRI * HTTP/2".len();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Headers;
    use crate::proto::Limits;
    use crate::proto::h1::H1;

    proptest! {
        /// What comes behind the preface, or in place of its end, makes no request of HTTP/1.1 of it.
        #[test]
        fn what_is_a_preface_is_no_request(length in 0..=PREFACE.len(), rest in prop::collection::vec(any::<u8>(), 0..200)) {
            let input = [&PREFACE[..length], &rest].concat();
            let mut headers = Headers::new();
            let head = H1::new().receive_head(&input, &Limits::new(), &mut headers, &mut String::new());
            prop_assert!(!is_preface(&input) || !matches!(head, Ok(Some(_))), "{:?}", input);
            // It is known as soon as it can be, and refused where nobody knows it.
            prop_assert!(length < PREFACE.len() || is_preface(&input) && head.is_err());
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
