//! Stands in for `described.rs` where the description of the API is off: nothing is emitted.

use proc_macro2::TokenStream;
use syn::Attribute;

use super::event::Event;
use crate::attr::WebSocketRoute;

/// A function or an impl block.
#[expect(dead_code, reason = "only told where there is a description")]
pub(super) struct Subject<'s> {
    pub(super) attrs: &'s [Attribute],
    pub(super) type_name: Option<&'s str>,
    pub(super) is_part: bool,
}

/// Nothing.
pub(super) fn events(_: &[WebSocketRoute], _: &[&Event<'_>], _: &Subject<'_>) -> TokenStream {
    TokenStream::new()
}

/// Nothing.
pub(super) fn channel(_: &WebSocketRoute, _: &Subject<'_>, _: (&TokenStream, &TokenStream)) -> TokenStream {
    TokenStream::new()
}
