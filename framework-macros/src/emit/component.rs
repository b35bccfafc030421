//! Components, and what is called when an application begins and ends: functions whose arguments are states.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ReturnType;

use super::filter::refuse_options;
use super::route::under_condition;
use super::tokens::{at, finished, local, location, optional_text, private, reemit, registered, states};
use crate::attr::{Framework, Mentions, Options, Written, take_siblings};
use crate::errors::Errors;
use crate::handler::{Argument, HandlerFn};
use crate::lifetimes::erased;

/// Expands `#[component]`.
pub(super) fn component(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let name = "component";
    let (all, mentions, framework) = attributes(name, written, &mut function, &mut errors);
    let arguments = arguments("a component", &mut function, &mut errors);
    let Some(returned) = returned(&function, &mut errors) else {
        return finished(errors, mentions, reemit(&function), TokenStream::new());
    };
    let (constants, states) = needed(&arguments);
    let end = quote!(component);
    let made = quote!(::std::boxed::Box<dyn ::core::any::Any + ::core::marker::Send + ::core::marker::Sync>);
    let (call, work) = call(&function, &arguments, &end, &made);
    let p = private();
    let answer = local("__returned", function.answer_span());
    let place = at(function.answer_span());
    let made = quote_spanned! {place=>
        fn __made() -> __vernal::StateNeed {
            #[allow(unused_imports)]
            use __vernal::component::{FallibleKind as _, PlainKind as _};
            let #answer = __vernal::component::returned::<#returned>();
            (&&#answer).kind().made(&#answer)
        }
    };
    let place = location(&function.name(), function.sig.ident.span());
    let submitted = submitted(name, all, &mut errors, |app| {
        quote! {
            #p::inventory::submit! {
                #p::component::Component {
                    made: __made,
                    states: #states,
                    build: #work,
                    making: &#p::component::MAKING,
                    app: #app,
                    at: #place,
                }
            }
        }
    });
    let generated = registered(&function.cfgs(), &framework, &quote!(#constants #made #call #(#submitted)*));
    finished(errors, mentions, reemit(&function), generated)
}

/// Expands `#[on_start]` and `#[on_stop]`.
pub(super) fn life_function(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let (name, moment) = match written.name.as_str() {
        "on_start" => ("on_start", quote!(Start)),
        _ => ("on_stop", quote!(Stop)),
    };
    let (all, mentions, framework) = attributes(name, written, &mut function, &mut errors);
    let arguments = arguments(&format!("`#[{name}]`"), &mut function, &mut errors);
    let (constants, states) = needed(&arguments);
    let (call, work) = call(&function, &arguments, &quote!(life_done), &quote!(()));
    let p = private();
    let place = location(&function.name(), function.sig.ident.span());
    let submitted = submitted(name, all, &mut errors, |app| {
        quote! {
            #p::inventory::submit! {
                #p::component::LifeFunction {
                    on: #p::component::Moment::#moment,
                    states: #states,
                    call: #work,
                    making: &#p::component::MAKING,
                    app: #app,
                    at: #place,
                }
            }
        }
    });
    let generated = registered(&function.cfgs(), &framework, &quote!(#constants #call #(#submitted)*));
    finished(errors, mentions, reemit(&function), generated)
}

/// The attribute with all others of its name below it, and where the framework is.
fn attributes(
    name: &str,
    written: Written,
    function: &mut HandlerFn,
    errors: &mut Errors,
) -> (Vec<Written>, Mentions, Framework) {
    let mut all = vec![written];
    all.extend(take_siblings(&mut function.attrs, &[name], errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, errors);
    (all, mentions, framework)
}

/// One registration for each attribute.
fn submitted(
    name: &'static str,
    all: Vec<Written>,
    errors: &mut Errors,
    submit: impl Fn(TokenStream) -> TokenStream,
) -> Vec<TokenStream> {
    let submitted = all.into_iter().map(|written| {
        let mut options = Options::parse(written.tokens, errors);
        for text in &options.texts {
            errors.under(
                text,
                format!("`{name}` takes no text: write `#[{name}]`, or `#[{name}(app = \"…\")]`"),
            );
        }
        let app = options.take_text("app", errors);
        options.finish(name, errors);
        under_condition(written.condition.as_ref(), submit(optional_text(app.as_ref())))
    });
    submitted.collect()
}

fn arguments(what: &str, function: &mut HandlerFn, errors: &mut Errors) -> Vec<Argument> {
    let arguments = function.take_arguments(&[], errors);
    if let Some(receiver) = function.sig.receiver() {
        errors.under(receiver, format!("{what} is a function of its own: take it out of the impl block"));
    }
    for argument in arguments.iter().filter(|argument| argument.mutable.is_some()) {
        errors.at(argument.ty_span, "states are lent, for others have them too: take a `State<&T>`");
    }
    refuse_options(&arguments, what, errors);
    arguments
}

/// The type that the function returns.
fn returned(function: &HandlerFn, errors: &mut Errors) -> Option<TokenStream> {
    let ReturnType::Type(_, ty) = &function.sig.output else {
        errors.at(
            function.sig.ident.span(),
            "a component returns what it makes: write `-> Pool`, or `-> vernal::Result<Pool>`",
        );
        return None;
    };
    if let Some(place) = opaque(ty.to_token_stream()) {
        errors.at(
            place,
            "a state is asked for by its type, and `impl Trait` names none: write the type itself",
        );
        return None;
    }
    Some(erased(ty.to_token_stream(), &[]))
}

/// Where a type says `impl`.
fn opaque(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "impl" => Some(ident.span()),
        TokenTree::Group(group) => opaque(group.stream()),
        _ => None,
    })
}

fn needed(arguments: &[Argument]) -> (TokenStream, TokenStream) {
    let needed: Vec<_> = arguments
        .iter()
        .map(|Argument { ty, ty_span, .. }| {
            let place = at(*ty_span);
            quote_spanned!(place=> <#ty as __vernal::FromContext<'_>>::STATE)
        })
        .collect();
    states(&needed)
}

/// The adapter, and how it is registered.
fn call(
    function: &HandlerFn,
    arguments: &[Argument],
    end: &TokenStream,
    made: &TokenStream,
) -> (TokenStream, TokenStream) {
    let p = private();
    let context = local("__context", Span::call_site());
    let takes = arguments.iter().enumerate().map(|(index, Argument { ty, ty_span, .. })| {
        let (place, bound) = (at(*ty_span), argument(index, *ty_span));
        quote_spanned! {place=>
            let #bound = <#ty as __vernal::FromContext<'_>>::from_context(#context)?;
        }
    });
    let passed = arguments.iter().enumerate().map(|(index, taken)| argument(index, taken.ty_span));
    let name = &function.sig.ident;
    let wait = function.is_async().then(|| quote!(.await));
    let result = local("__result", function.answer_span());
    let place = at(function.answer_span());
    let value = quote_spanned!(place=> (&&__vernal::component::returned_by(&#result)).kind().value(#result));
    let end = quote_spanned!(place=> __vernal::component::#end(#value));
    let body = quote! {
        let _ = #context;
        #(#takes)*
        #[allow(unused_imports)]
        use __vernal::component::{FallibleKind as _, PlainKind as _};
        match #name(#(#passed),*)#wait { #result => #end }
    };
    if function.is_async() {
        let call = quote! {
            fn __call<'c>(#context: &'c #p::component::Context) -> #p::component::BoxFuture<'c, #p::component::Result<#made>> {
                ::std::boxed::Box::pin(async move { #body })
            }
        };
        return (call, quote!(#p::component::Work::Async(__call)));
    }
    let call = quote! {
        fn __call(#context: &#p::component::Context) -> #p::component::Result<#made> { #body }
    };
    (call, quote!(#p::component::Work::Now(__call)))
}

fn argument(index: usize, place: Span) -> Ident {
    local(&format!("__argument_{index}"), place)
}
