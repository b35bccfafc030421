//! The method of a request, where what it is counted by must be bounded.

use ::http::Method;

/// A method that is registered, or `_OTHER`: peers may send others, as many as they like.
pub(crate) fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}
