//! What is only looked at: files, and what an application tells of itself.

#[cfg(any(feature = "actuator", feature = "openapi"))]
use crate::chain::{FilterContext, Unmapped, end_without_handler};
#[cfg(any(feature = "actuator", feature = "openapi"))]
use crate::http::Result;

/// What is only looked at takes these, as a value of `Allow`.
pub(super) const READ: &str = "GET, HEAD, OPTIONS";

/// Whether a request looks at what is shown. Any other is answered as a mapping of GET answers it.
#[cfg(any(feature = "actuator", feature = "openapi"))]
pub(super) fn is_looked_at(cx: &mut FilterContext<'_>) -> Result<bool> {
    let unmapped = match cx.request.method.as_str() {
        "GET" | "HEAD" => return Ok(true),
        "OPTIONS" => Unmapped::Options(READ.to_owned()),
        _ => Unmapped::MethodNotAllowed(READ.to_owned()),
    };
    end_without_handler(&unmapped, cx.request, cx.response).map(|()| false)
}
