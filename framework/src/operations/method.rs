//! The method and the version of a request, as those are named who count and tell of it.

use ::http::{Method, Version};

/// A method that is registered, or `_OTHER`: peers may send others, as many as they like.
pub(crate) fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// A version as the conventions of OpenTelemetry have it.
pub(crate) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
