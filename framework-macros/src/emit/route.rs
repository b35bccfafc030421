//! A mapped function: its adapter, and one route for each of its attributes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Expr, LitStr};

use super::adapter::{Adapter, Callee};
use super::binding::Source;
use super::conversation;
use super::tokens::{
    at, check, const_block, finished, location, optional_expression, optional_text, private, reemit,
    registered,
};
#[cfg(not(feature = "openapi"))]
use crate::attr::What;
use crate::attr::{self, Expressions, Framework, Mapping, Mentions, Written, take_siblings};
use crate::check::{Pattern, join};
use crate::errors::Errors;
use crate::handler::HandlerFn;

/// The names of the mapping attribute.
pub(super) const MAPPING: [&str; 2] = ["request_map", "route"];

/// Expands a mapping attribute on a function, with all others of its kind below it.
pub(super) fn function(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let mut all = vec![written];
    all.extend(take_siblings(&mut function.attrs, &MAPPING, &mut errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    let mappings: Vec<Mapping> =
        all.into_iter().map(|written| Mapping::read(written, attr::Place::Function, &mut errors)).collect();
    let arguments = function.take_arguments(&[], &mut errors);
    if let Some(receiver) = function.sig.receiver() {
        errors.under(
            receiver,
            "a method alone does not know its type: write `#[controller]` (one shared object) or `#[request_map(\"/prefix\")]` \
             (a new object for each request) above the impl block",
        );
    }
    let adapter = Adapter {
        function: &function,
        arguments: &arguments,
        callee: Callee::Function,
        source: Source::Request,
        status: status(&mappings, &mut errors),
        invalid: invalid_of(&mappings, &mut errors),
    };
    adapter.check_responses(&mut errors);
    let name = function.name();
    let routes: Vec<TokenStream> = mappings
        .iter()
        .map(|mapping| route(&adapter, mapping, &Place { name: &name, ..Place::default() }, &mut errors))
        .collect();
    let (items, described) = (adapter.items(), described(&adapter, &mappings));
    let generated = registered(&function.cfgs(), &framework, &quote!(#items #described #(#routes)*));
    finished(errors, mentions, reemit(&function), generated)
}

/// Where a mapped function stands.
#[derive(Default)]
pub(super) struct Place<'p> {
    /// `hello`, or `Shop::buy`.
    pub(super) name: &'p str,
    /// Those of the impl block.
    pub(super) prefixes: &'p [LitStr],
    pub(super) is_endpoint: bool,
    /// The type of the impl block, and its doc comment.
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
    pub(super) owner: Option<(&'p str, &'p str)>,
}

/// The status of answers that say none: one for all mappings of a function.
pub(super) fn status(mappings: &[Mapping], errors: &mut Errors) -> Option<u16> {
    let (status, span) = mappings.iter().find_map(|mapping| mapping.contract.status)?;
    if mappings.iter().any(|mapping| mapping.contract.status.map(|(status, _)| status) != Some(status)) {
        errors.at(
            span,
            format!("a function answers with one status: write `status = {status}` in all its mappings"),
        );
    }
    Some(status)
}

/// What the operations of a function share in the description of the API.
#[cfg(feature = "openapi")]
pub(super) fn described(adapter: &Adapter<'_>, mappings: &[Mapping]) -> TokenStream {
    if mappings.iter().all(|mapping| mapping.contract.is_hidden) {
        return TokenStream::new();
    }
    super::contract::function(adapter)
}

/// What the operations of a function share in the description of the API, which nobody makes.
#[cfg(not(feature = "openapi"))]
pub(super) fn described(_: &Adapter<'_>, _: &[Mapping]) -> TokenStream {
    TokenStream::new()
}

#[cfg(feature = "openapi")]
fn operation(
    adapter: &Adapter<'_>,
    mapping: &Mapping,
    place: &Place<'_>,
    value: &TokenStream,
    at: &TokenStream,
) -> TokenStream {
    let owner = place.owner.map(|(name, docs)| super::contract::Owner { name, docs });
    super::contract::operation(adapter, mapping, owner.as_ref(), (value, at))
}

/// Types of further answers must be types all the same.
#[cfg(not(feature = "openapi"))]
fn operation(
    adapter: &Adapter<'_>,
    mapping: &Mapping,
    _: &Place<'_>,
    _: &TokenStream,
    _: &TokenStream,
) -> TokenStream {
    let types = mapping.contract.responses.iter().filter_map(|response| match &response.what {
        What::Type(ty) => Some(adapter.outside(ty.to_token_stream())),
        What::Meaning(_) => None,
    });
    types.map(|ty| quote!(const _: ::core::option::Option<#ty> = ::core::option::Option::None;)).collect()
}

/// The status of what is invalid, which is one for the function: whichever route was asked, its arguments are bound by the same
/// code.
pub(super) fn invalid_of(mappings: &[Mapping], errors: &mut Errors) -> Option<u16> {
    let invalid = mappings.first()?.invalid;
    for other in mappings.iter().filter(|mapping| mapping.invalid.map(of) != invalid.map(of)) {
        let place = other.invalid.or(invalid).map_or(other.span, |(_, place)| place);
        errors.at(
            place,
            "a function has one status for what is invalid: write the same `invalid` in all its attributes",
        );
    }
    invalid.map(of)
}

fn of((status, _): (u16, Span)) -> u16 {
    status
}

/// What is checked of the types that `receives(…)` and `sends(…)` list, and that there is a session to say it in.
fn said(adapter: &Adapter<'_>, mapping: &Mapping, errors: &mut Errors) -> TokenStream {
    let conversation = &mapping.contract.conversation;
    let Some((word, place)) = conversation.at else { return TokenStream::new() };
    let problem = format!(
        "`{word}` tells of a WebSocket session, but no argument opens one: take a `WebSocketRequest`"
    );
    let checks = conversation::checks(conversation, |ty| adapter.outside(ty));
    if adapter.bound().next().is_none() {
        errors.at(place, problem);
        return checks;
    }
    let opens = check(place, quote!(check_opens(&__PROFILES, #problem)));
    quote!(#opens #checks)
}

/// One route, joined with the prefixes of an impl block, and the checks it needs.
pub(super) fn route(
    adapter: &Adapter<'_>,
    mapping: &Mapping,
    place: &Place<'_>,
    errors: &mut Errors,
) -> TokenStream {
    let &Place { name, prefixes, is_endpoint, .. } = place;
    if let Some(word) = mapping.blocking
        && adapter.function.is_async()
        && !is_endpoint
    {
        errors.at(word, "an `async fn` must not block: leave `blocking` out, or make it a plain `fn`");
    }
    let (patterns, own) = patterns(mapping, prefixes, errors);
    let seen: TokenStream = if is_endpoint {
        TokenStream::new()
    } else {
        own.iter().map(|own| adapter.check_seen(own, errors)).collect()
    };
    let checks = adapter.checks(&patterns, mapping.regexp.as_ref(), errors);
    let markers: TokenStream = if prefixes.is_empty() && !is_endpoint {
        patterns.iter().map(|pattern| marker(pattern, mapping)).collect()
    } else {
        TokenStream::new()
    };
    let said = said(adapter, mapping, errors);
    let p = private();
    let paths = patterns.iter().map(|pattern| &pattern.text);
    let regexp = optional_expression(mapping.regexp.as_ref());
    let methods = &mapping.methods;
    let (params, headers) = (expressions(&mapping.params), expressions(&mapping.headers));
    let order = mapping.order.unwrap_or(0);
    let app = optional_text(mapping.app.as_ref());
    let (handler, needs) = (adapter.handler(mapping.blocking.is_some()), adapter.needs(&patterns));
    let evaluated = |setting: &Option<Expr>| match setting {
        Some(setting) => {
            let setting = adapter.outside(setting.to_token_stream());
            quote!(::core::option::Option::Some(|| #setting))
        }
        None => quote!(::core::option::Option::None),
    };
    let (limits, decompress) = (evaluated(&mapping.limits), evaluated(&mapping.decompress));
    let at = location(name, adapter.function.sig.ident.span());
    let value = quote! {
        #p::Mapping {
            paths: &[#(#paths),*],
            regexp: #regexp,
            methods: &[#(#methods),*],
            params: #params,
            headers: #headers,
            order: #order,
            app: #app,
            ..#p::Mapping::ANY
        }
    };
    let operation = operation(adapter, mapping, place, &value, &at);
    let submitted = quote! {
        #seen
        #checks
        #said
        #markers
        #p::inventory::submit! {
            #p::Route {
                mapping: #value,
                handler: #handler,
                needs: #needs,
                limits: #limits,
                decompress: #decompress,
                endpoint: #is_endpoint,
                at: #at,
            }
        }
        #operation
    };
    under_condition(mapping.condition.as_ref(), submitted)
}

/// Puts items under the predicate of the `cfg_attr` that held their attribute.
pub(super) fn under_condition(condition: Option<&TokenStream>, items: TokenStream) -> TokenStream {
    let Some(condition) = condition else { return items };
    let cfg: Attribute = syn::parse_quote!(#[cfg(#condition)]);
    const_block(&[cfg], &items)
}

/// The whole patterns, and those written at the function itself.
fn patterns(mapping: &Mapping, prefixes: &[LitStr], errors: &mut Errors) -> (Vec<Pattern>, Vec<Pattern>) {
    let own: Vec<Option<Pattern>> =
        mapping.paths.iter().map(|path| Pattern::parse(path, &path.value(), errors)).collect();
    let mut whole = Vec::new();
    if mapping.regexp.is_some() {
        return (whole, own.into_iter().flatten().collect());
    }
    if prefixes.is_empty() {
        whole.extend(own.iter().flatten().cloned());
    } else if mapping.paths.is_empty() {
        whole.extend(prefixes.iter().filter_map(|prefix| Pattern::parse(prefix, &prefix.value(), errors)));
    }
    for prefix in prefixes {
        for (path, _) in mapping.paths.iter().zip(&own).filter(|(_, own)| own.is_some()) {
            whole.extend(Pattern::parse(path, &join(&prefix.value(), &path.value()), errors));
        }
    }
    for (index, pattern) in whole.iter().enumerate() {
        if whole[..index].iter().any(|other| other.shape() == pattern.shape()) {
            errors
                .at(pattern.span, format!("the path \"{}\" is listed twice: keep one of them", pattern.text));
        }
    }
    (whole, own.into_iter().flatten().collect())
}

pub(super) fn expressions(expressions: &Expressions) -> TokenStream {
    let p = private();
    if expressions.list.is_empty() {
        return quote!(#p::Expressions::NONE);
    }
    let (list, any) = (&expressions.list, expressions.is_any());
    quote!(#p::Expressions { list: &[#(#list),*], any: #any })
}

/// A hidden macro named after method and path: two mappings of the same have the same name, which the compiler
/// refuses (E0428), naming both places, in whichever modules of the crate they are. Only for mappings that nothing narrows; the rest is
/// found at start.
fn marker(pattern: &Pattern, mapping: &Mapping) -> TokenStream {
    let is_narrowed = !mapping.params.list.is_empty() || !mapping.headers.list.is_empty();
    if is_narrowed || mapping.app.is_some() || mapping.order.is_some_and(|order| order != 0) {
        return TokenStream::new();
    }
    let any = ["any".to_owned()];
    let methods = if mapping.methods.is_empty() { &any[..] } else { &mapping.methods };
    let place = pattern.span;
    let macros = methods.iter().map(|method| {
        let name = marker_name(method, &pattern.shape(), place);
        let place = at(place);
        quote_spanned! {place=>
            #[doc(hidden)]
            #[macro_export]
            macro_rules! #name { () => {} }
        }
    });
    macros.collect()
}

/// A sentence, since the compiler prints nothing of ours but this name: what is mapped twice, and what to do about it. It ends with a
/// number made of method and path, which tells those apart that read alike.
fn marker_name(method: &str, shape: &str, place: Span) -> Ident {
    let method = if method == "any" { "all_methods_of" } else { method };
    let shape_in_words = shape.replace("{}", "X");
    let words = [method].into_iter().chain(shape_in_words.split('/'));
    let words = words.map(|word| word.replace(|char: char| !char.is_ascii_alphanumeric(), "_"));
    let mut what: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    if what.len() == 1 {
        what.push("root".to_owned());
    }
    let number = method
        .bytes()
        .chain(*b" ")
        .chain(shape.bytes())
        .fold(0x811c_9dc5_u32, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let what = what.join("_");
    let name = format!(
        "__{what}_is_mapped_twice__change_one_path_or_method__or_add_order_or_params_or_headers__{number:x}"
    );
    Ident::new(&name, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_names_tell_mappings_apart() {
        let name = |method: &str, shape: &str| marker_name(method, shape, Span::call_site()).to_string();
        let told = [
            ("GET", "/hello/{}", "__GET_hello_X_is_mapped_twice__change_one_path_or_method__"),
            ("any", "/", "__all_methods_of_root_is_mapped_twice__"),
            ("M-SEARCH", "/a.b/**", "__M_SEARCH_a_b____is_mapped_twice__"),
        ];
        for (method, shape, expected) in told {
            assert!(name(method, shape).starts_with(expected), "{}", name(method, shape));
        }
        let all = [
            name("GET", "/a"),
            name("any", "/a"),
            name("POST", "/a"),
            name("GET", "/a/"),
            name("GET", "/a_b"),
            name("GET", "/a/b"),
            name("GET", "/a5Fb"),
            name("GET", "/a-b"),
            name("GET", "/X"),
            name("GET", "/{}"),
            name("GET", "/*"),
            name("GET", "/**"),
            name("GET", "/"),
            name("GET", "/root"),
            name("GET", "/中"),
            name("M-SEARCH", "/a"),
        ];
        for (index, left) in all.iter().enumerate() {
            assert!(!all[..index].contains(left), "{left}");
        }
    }
}
