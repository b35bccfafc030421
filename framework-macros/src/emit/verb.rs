//! `#[get("/path")]`, as other frameworks have it: an error that says what to write here.

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// Refuses an attribute that is named after a method, and keeps its item.
pub(crate) fn verb(name: &str, arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    let written = arguments.to_string();
    let written = match written.trim_end_matches(',').trim() {
        "" => "\"/path\"",
        written => written,
    };
    let text = format!(
        "there is no `#[{name}(…)]`: write `#[request_map({written}, method = \"{}\")]`",
        name.to_ascii_uppercase()
    );
    let error = syn::Error::new(Span::call_site(), text).to_compile_error();
    quote!(#[allow(dead_code)] #item #error)
}
