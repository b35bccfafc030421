//! A filter: what it takes besides its context it takes by what the types can do, the rest of the chain included.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::route::under_condition;
use super::tokens::{
    at, check, finished, local, location, optional_expression, optional_text, private, reemit, registered,
    states,
};
use crate::attr::{Framework, Mentions, RequestFilter, Written, take_siblings};
use crate::errors::Errors;
use crate::handler::{Argument, HandlerFn};

/// Expands `#[request_filter]` on a function, with all others of its kind below it.
pub(super) fn function(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let mut all = vec![written];
    all.extend(take_siblings(&mut function.attrs, &["request_filter"], &mut errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    let arguments = function.take_arguments(&[], &mut errors);
    check_arguments(&function, &arguments, &mut errors);
    let taken: Vec<&Argument> = arguments.iter().filter(|argument| argument.mutable.is_none()).collect();
    let needed: Vec<_> = taken
        .iter()
        .map(|Argument { ty, ty_span, .. }| {
            let place = at(*ty_span);
            quote_spanned!(place=> <#ty as __vernal::FilterArgument<'_>>::STATE)
        })
        .collect();
    let (constants, states) = states(&needed);
    let waits = taken.iter().filter(|_| !function.is_async()).map(|Argument { ty, ty_span, .. }| {
        check(*ty_span, quote!(check_waits(<#ty as __vernal::FilterArgument<'_>>::TAKES_NEXT)))
    });
    let call = call(&function, &arguments);
    let submitted = all.into_iter().map(|written| {
        let condition = written.condition.clone();
        let filter = RequestFilter::read(written, &mut errors);
        let (submitted, described) = (submit(&filter), described(&filter, &function));
        under_condition(condition.as_ref(), quote!(#submitted #described))
    });
    let submitted: Vec<_> = submitted.collect();
    let of_all = shared(&states, &function);
    let generated =
        registered(&function.cfgs(), &framework, &quote!(#constants #(#waits)* #call #of_all #(#submitted)*));
    finished(errors, mentions, reemit(&function), generated)
}

fn check_arguments(function: &HandlerFn, arguments: &[Argument], errors: &mut Errors) {
    if let Some(receiver) = function.sig.receiver() {
        errors.under(receiver, "a filter is a function of its own: take it out of the impl block");
    }
    for argument in arguments.iter().filter(|argument| argument.mutable.is_some()).skip(1) {
        errors.at(argument.ty_span, "a filter has one context: take one `cx: &mut FilterContext<'_>`");
    }
    refuse_options(arguments, "a filter", errors);
}

/// `#[arg]` is for what is bound by a name.
pub(super) fn refuse_options(arguments: &[Argument], what: &str, errors: &mut Errors) {
    let problem = format!("an argument of {what} is not bound from the request: leave `#[arg(…)]` out");
    refuse_options_of(arguments, &problem, errors);
}

/// The same in other words.
pub(super) fn refuse_options_of(arguments: &[Argument], problem: &str, errors: &mut Errors) {
    for Argument { options, span, .. } in arguments {
        if options.is_bound_otherwise() || !options.constraints.is_empty() {
            errors.at(*span, problem);
        }
    }
}

fn call(function: &HandlerFn, arguments: &[Argument]) -> TokenStream {
    let p = private();
    let [cx, next, context] = ["__cx", "__next", "__context"].map(|name| local(name, Span::call_site()));
    let takes: Vec<_> = arguments
        .iter()
        .enumerate()
        .map(|(index, Argument { ty, ty_span, mutable, .. })| {
            let place = at(*ty_span);
            let bound = local(&format!("__argument_{index}"), *ty_span);
            match mutable {
                Some(behind) => quote_spanned! {place=>
                    let #bound = __vernal::context_argument::<#behind>(&mut *#cx);
                },
                None => quote_spanned! {place=>
                    let #bound = <#ty as __vernal::FilterArgument<'_>>::take(&mut #next, #context)?;
                },
            }
        })
        .collect();
    let passed = arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| local(&format!("__argument_{index}"), argument.ty_span));
    let name = &function.sig.ident;
    let wait = function.is_async().then(|| quote!(.await));
    let result = local("__result", function.answer_span());
    let place = at(function.answer_span());
    let convert = quote_spanned!(place=> __vernal::filter_done(#result)?);
    quote! {
        fn __call<'c>(#cx: &'c mut #p::FilterContext<'_>, #next: #p::Next<'c>) -> #p::BoxFuture<'c, #p::Result> {
            ::std::boxed::Box::pin(async move {
                let #context = #p::context_of(&#next);
                let mut #next = ::core::option::Option::Some(#next);
                #(#takes)*
                match #name(#(#passed),*)#wait { #result => #convert }
                #p::run_rest(#cx, #next).await;
                ::core::result::Result::Ok(())
            })
        }
    }
}

/// What is one for all attributes: by it the framework knows that they are of one function.
fn shared(states: &TokenStream, function: &HandlerFn) -> TokenStream {
    let p = private();
    let at = location(&function.name(), function.sig.ident.span());
    quote! {
        static __FUNCTION: #p::FilterFunction =
            #p::FilterFunction { states: #states, call: __call, at: #at };
    }
}

fn submit(filter: &RequestFilter) -> TokenStream {
    let p = private();
    let paths = paths(filter);
    let regexp = optional_expression(filter.regexp.as_ref());
    let (order, unmatched, app) = (filter.order, filter.unmatched, optional_text(filter.app.as_ref()));
    quote! {
        #p::inventory::submit! {
            #p::DeclaredFilter {
                mapping: #p::Mapping {
                    paths: #paths,
                    regexp: #regexp,
                    order: #order,
                    app: #app,
                    ..#p::Mapping::ANY
                },
                unmatched: #unmatched,
                function: &__FUNCTION,
            }
        }
    }
}

fn paths(filter: &RequestFilter) -> TokenStream {
    let paths = filter.patterns.iter().map(|pattern| &pattern.text);
    quote!(&[#(#paths),*])
}

#[cfg(feature = "openapi")]
fn described(filter: &RequestFilter, function: &HandlerFn) -> TokenStream {
    let at = location(&function.name(), function.sig.ident.span());
    let paths = paths(filter);
    let regexp = optional_text(filter.regexp.as_ref().map(|regexp| &regexp.text));
    super::contract::filter(filter, &quote!(at: #at, paths: #paths, regexp: #regexp))
}

#[cfg(not(feature = "openapi"))]
fn described(_: &RequestFilter, _: &HandlerFn) -> TokenStream {
    TokenStream::new()
}
