//! An error page: its texts are told apart by the names of its arguments, all else by their types.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::adapter::answer;
use super::filter::refuse_options;
use super::route::under_condition;
use super::tokens::{
    at, check, finished, local, location, optional_text, private, reemit, registered, states,
};
use crate::attr::{ErrorMessage, Framework, Mentions, Written, take_siblings};
use crate::errors::{Errors, did_you_mean};
use crate::handler::{Argument, HandlerFn};

/// Expands `#[error_message]` on a function, with all others of its kind below it.
pub(super) fn function(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let mut all = vec![written];
    all.extend(take_siblings(&mut function.attrs, &["error_message"], &mut errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    let arguments = function.take_arguments(&[], &mut errors);
    if let Some(receiver) = function.sig.receiver() {
        errors.under(receiver, "an error page is a function of its own: take it out of the impl block");
    }
    for argument in arguments.iter().filter(|argument| argument.mutable.is_some()).skip(1) {
        errors.at(argument.ty_span, "there is one response: take one `&mut Response`");
    }
    refuse_options(&arguments, "an error page", &mut errors);
    let taken = || arguments.iter().filter(|argument| argument.mutable.is_none());
    let needed: Vec<_> = taken()
        .map(|Argument { ty, ty_span, .. }| {
            let place = at(*ty_span);
            quote_spanned!(place=> <#ty as __vernal::ErrorPageArgument<'_>>::STATE)
        })
        .collect();
    let (constants, states) = states(&needed);
    let names = taken().filter(|argument| !TEXTS.contains(&argument.name.as_str())).map(|argument| {
        let Argument { name, ty, span, .. } = argument;
        let problem = match did_you_mean(name, TEXTS) {
            Some(meant) => format!("an error page has no text `{name}`: did you mean `{meant}`?"),
            None => format!("an error page has no text `{name}`: call it `message` or `explain`"),
        };
        let is_text = quote!(<#ty as __vernal::ErrorPageArgument<'_>>::TEXT);
        check(*span, quote!(check_text_name(#is_text, #problem)))
    });
    let types: Vec<_> = taken()
        .map(|Argument { ty, ty_span, .. }| {
            let place = at(*ty_span);
            quote_spanned!(place=> <#ty as __vernal::ErrorPageArgument<'_>>::ERROR)
        })
        .collect();
    let count = types.len();
    let p = private();
    let error = quote! {
        const __TYPES: [::core::option::Option<#p::ErrorType>; #count] = [#(#types),*];
        const __ERROR: ::core::option::Option<#p::ErrorType> = #p::error_type(&__TYPES);
    };
    let one_type = taken()
        .enumerate()
        .skip(1)
        .map(|(index, argument)| check(argument.ty_span, quote!(check_one_error(&__TYPES, #index))));
    let call = call(&function, &arguments);
    let described = described(&function, &arguments);
    let submitted: Vec<_> = all
        .into_iter()
        .map(|written| {
            let condition = written.condition.clone();
            let page = ErrorMessage::read(written, &mut errors);
            let of_codes = page.span.map(|span| check(span, quote!(check_error_codes(__ERROR))));
            let submitted = submit(&page, &states, &function);
            under_condition(condition.as_ref(), quote!(#of_codes #submitted))
        })
        .collect();
    let generated = registered(
        &function.cfgs(),
        &framework,
        &quote!(#constants #error #(#names)* #(#one_type)* #call #described #(#submitted)*),
    );
    finished(errors, mentions, reemit(&function), generated)
}

fn call(function: &HandlerFn, arguments: &[Argument]) -> TokenStream {
    let p = private();
    let [cx, res] = ["__cx", "__res"].map(|name| local(name, Span::call_site()));
    let takes = arguments.iter().enumerate().filter(|(_, argument)| argument.mutable.is_none()).map(
        |(index, Argument { ty, ty_span, name, .. })| {
            let place = at(*ty_span);
            let bound = local(&format!("__argument_{index}"), *ty_span);
            quote_spanned! {place=>
                let #bound = <#ty as __vernal::ErrorPageArgument<'_>>::take(#cx, #name)?;
            }
        },
    );
    let responses = arguments.iter().enumerate().filter_map(|(index, Argument { ty_span, mutable, .. })| {
        let (place, behind) = (at(*ty_span), mutable.as_ref()?);
        let bound = local(&format!("__argument_{index}"), *ty_span);
        Some(quote_spanned!(place=> let #bound = __vernal::response_argument::<#behind>(&mut *#res);))
    });
    let passed = arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| local(&format!("__argument_{index}"), argument.ty_span));
    let name = &function.sig.ident;
    let wait = function.is_async().then(|| quote!(.await));
    let answer = answer(function, None);
    let body = quote! {
        #(#takes)*
        #(#responses)*
        match #name(#(#passed),*)#wait { #answer }
    };
    let signature = quote!(fn __call<'r>(#cx: &'r #p::ErrorContext<'r>, #res: &'r mut #p::Response));
    // A page may take nothing at all.
    let unused = quote!(let _ = #cx;);
    if function.is_async() {
        return quote! {
            #signature -> #p::BoxFuture<'r, #p::Result> { ::std::boxed::Box::pin(async move { #unused #body }) }
        };
    }
    quote!(#signature -> #p::Result { #unused #body })
}

fn submit(page: &ErrorMessage, states: &TokenStream, function: &HandlerFn) -> TokenStream {
    let p = private();
    let (codes, app) = (&page.codes, optional_text(page.app.as_ref()));
    let at = location(&function.name(), function.sig.ident.span());
    let kind = if function.is_async() { quote!(Async) } else { quote!(Now) };
    quote! {
        #p::inventory::submit! {
            #p::ErrorPage { codes: &[#(#codes),*], app: #app, error: __ERROR, states: #states, page: #p::Page::#kind(__call), at: #at }
        }
    }
}

/// What the page answers, for the description of the API.
#[cfg(feature = "openapi")]
fn described(function: &HandlerFn, arguments: &[Argument]) -> TokenStream {
    let at = location(&function.name(), function.sig.ident.span());
    super::contract::page(function, arguments, &at)
}

#[cfg(not(feature = "openapi"))]
fn described(_: &HandlerFn, _: &[Argument]) -> TokenStream {
    TokenStream::new()
}

const TEXTS: [&str; 2] = ["message", "explain"];
