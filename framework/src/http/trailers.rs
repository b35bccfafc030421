//! Fields that come after a body (RFC 9110, section 6.5).

use std::fmt;
use std::ops::Deref;

use super::{Error, Result};
use crate::base::{HeaderError, Headers, IntoHeaderValue};
use crate::proto::may_trail;

/// Fields that come after a body, for what is known only then: a sum, a signature, a result.
///
/// **Of a request**: `trailers: &Trailers` as an argument beside one that takes the body whole, [`Request::trailers`](crate::Request::trailers), and
/// [`BodyReader::trailers`](crate::BodyReader::trailers) where the handler reads the body itself. They are bounded as a head is, by
/// [`Limits::head_size`](crate::Limits) and `Limits::header_count` (431), and never become header fields.
///
/// **Of an answer**: a part of what a handler returns, [`Response::set_trailers`](crate::Response::set_trailers), or
/// [`Body::with_trailers`](crate::Body::with_trailers) where they are known at the end of the body. They are sent to clients that say
/// `TE: trailers`, with a `Trailer` field that announces them; others, HTTP/1.0, and answers without a body get none, and all else stays as it is. In HTTP/1.1 such
/// an answer is chunked.
///
/// Fields that must be known before the body cannot be trailers (RFC 9110, section 6.5.1): those of framing (`Content-Length`,
/// `Transfer-Encoding`, `Connection`, …), routing (`Host`, `Forwarded`, `X-Forwarded-…`), conditions and negotiation (`If-…`, `Range`, `Accept…`),
/// authentication (`Authorization`, `Cookie`, `Set-Cookie`, …), control (`Cache-Control`, `Location`, `Vary`, `Date`, …), of security
/// (`Access-Control-…`, `Origin`, `Sec-…`), and what tells of the content (`Content-…`, but `Content-Digest` may). Those that come are left out;
/// an answer with one is a 500 that names it.
///
/// ```
/// use vernal::{Result, Text, Trailers, request_map};
///
/// #[request_map("/notes", method = "POST")]
/// fn note(text: Text<&str>, trailers: &Trailers) -> (String, Trailers) {
///     let said = trailers.get("x-length").unwrap_or("unknown");
///     (format!("said {said}\n"), Trailers::from([("x-length", text.len())]))
/// }
/// ```
#[derive(Clone, Default)]
pub struct Trailers(Headers);

impl Trailers {
    /// No fields.
    pub const fn new() -> Trailers {
        Trailers(Headers::new())
    }

    /// Those that have come.
    pub(crate) fn received(fields: Headers) -> Trailers {
        Trailers(fields)
    }

    /// Adds a field, keeping those of the same name. What cannot be a trailer is refused as by [`Headers::append`]: it is not stored, and
    /// the answer is a 500 that names it, or is cut where its head is out.
    pub fn append(&mut self, name: &str, value: impl IntoHeaderValue) {
        if let Err(error) = self.try_append(name, value) {
            self.0.refuse(error);
        }
    }

    /// Adds a field, keeping those of the same name.
    ///
    /// # Errors
    /// Its name cannot be that of a trailer, or is no token, or the value holds a control character. Nothing is changed then.
    pub fn try_append(&mut self, name: &str, value: impl IntoHeaderValue) -> Result<(), HeaderError> {
        if !may_trail(name) {
            let why = "cannot come after the body, for it must be known before: send it as a header field";
            return Err(HeaderError::because(name, why));
        }
        self.0.try_append(name, value)
    }

    /// The fields, for whoever sends them.
    ///
    /// # Errors
    /// One was refused.
    pub(crate) fn sound(self) -> Result<Headers> {
        match self.0.refused() {
            Some(refused) => Err(Error::internal(refused.to_string())),
            None => Ok(self.0),
        }
    }

    /// Their names, as a `Trailer` field says them.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.0.iter() {
            let name = name.to_ascii_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

/// They are read as header fields are.
impl Deref for Trailers {
    type Target = Headers;

    fn deref(&self) -> &Headers {
        &self.0
    }
}

impl<N: AsRef<str>, V: IntoHeaderValue> FromIterator<(N, V)> for Trailers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Trailers {
        let mut trailers = Trailers::new();
        for (name, value) in fields {
            trailers.append(name.as_ref(), value);
        }
        trailers
    }
}

impl<N: AsRef<str>, V: IntoHeaderValue, const LENGTH: usize> From<[(N, V); LENGTH]> for Trailers {
    fn from(fields: [(N, V); LENGTH]) -> Trailers {
        fields.into_iter().collect()
    }
}

impl fmt::Debug for Trailers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
