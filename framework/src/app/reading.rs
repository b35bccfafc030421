//! Which requests look at what an application tells of itself.

use crate::chain::FilterContext;
use crate::http::{Error, Result};

/// What is shown is only looked at.
pub(super) fn for_reading(cx: &FilterContext<'_>) -> Result {
    if matches!(cx.request.method.as_str(), "GET" | "HEAD") {
        return Ok(());
    }
    Err(Error::new(405, "Method Not Allowed")
        .explain("This path takes GET and HEAD.")
        .header("allow", "GET, HEAD"))
}
