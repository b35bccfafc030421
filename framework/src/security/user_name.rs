//! Who somebody is, by name alone.

use std::fmt::{self, Display};
use std::ops::Deref;
use std::sync::Arc;

/// The name that somebody proved to have, where the hook of a [`BasicAuth`](super::BasicAuth) says `true`. Access lines tell it, also
/// where a filter of yours has put it into `request.extensions`.
///
/// ```
/// # use vernal::{FilterContext, request_filter, security::UserName};
/// #[request_filter("/account/**")]
/// fn known(cx: &mut FilterContext<'_>) {
///     if let Some(name) = cx.request.header("x-user").map(UserName::new) {
///         cx.request.extensions.insert(name);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserName(Arc<str>);

impl UserName {
    /// A name.
    pub fn new(name: &str) -> UserName {
        UserName(name.into())
    }
}

impl Deref for UserName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
