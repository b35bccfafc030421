//! `#[get("/path")]`, as other frameworks have it: an error that says what to write here.

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// Refuses an attribute that is named after a method, or after what it serves, and keeps its item.
pub(crate) fn verb(name: &str, arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    let written = arguments.to_string();
    let written = match written.trim_end_matches(',').trim() {
        "" => "\"/path\"",
        written => written,
    };
    let text = match name {
        "websocket" => {
            format!(
                "there is no `#[websocket(…)]`: write `#[websocket_handler({written})]` above an impl block of events, or above an \
                     `async fn` that takes `mut ws: WebSocket`"
            )
        }
        name => format!(
            "there is no `#[{name}(…)]`: write `#[request_map({written}, method = \"{}\")]`",
            name.to_ascii_uppercase()
        ),
    };
    let error = syn::Error::new(Span::call_site(), text).to_compile_error();
    quote!(#[allow(dead_code)] #item #error)
}
