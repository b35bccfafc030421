//! The origin of a request, and whether it is of the server's own site.

use crate::http::Request;
pub(super) use crate::proto::origin::check;
use crate::proto::origin::is_of_host;

/// The request's `Origin`, if there is one: one that came several times or is no text matches nothing.
pub(super) fn of(request: &Request) -> Option<&str> {
    request.headers.only("origin")
}

/// Whether a page of this origin, or at this address, was served by the host that the request is for. Over TLS the
/// scheme must be `https`; else both are taken, since TLS may end at a proxy.
pub(super) fn is_same(origin: &str, request: &Request) -> bool {
    is_of_host(origin, request.host(), request.is_secure())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::Context;

    #[test]
    fn the_origin_of_a_request_is_its_only_one() {
        let table: [(&[&[u8]], Option<&str>); 4] = [
            (&[], None),
            (&[b"https://a"], Some("https://a")),
            (&[b"https://a", b"https://a"], Some("")),
            (&[b"\xff"], Some("")),
        ];
        for (fields, expected) in table {
            let mut request = Request::new(Arc::new(Context::default()));
            for field in fields {
                request.headers.append("Origin", *field);
            }
            assert_eq!(of(&request), expected, "{fields:?}");
        }
    }
}
