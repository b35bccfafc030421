//! Model bindings: a function that makes a `T` becomes `T`'s binding.
//!
//! The `T` of `Result<T>` is read from the return type as it is spelled. This is the one place that does so: an impl
//! needs a type to stand on, and a projection like `<Result<T> as Trait>::Ok` cannot carry one.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::filter::refuse_options;
use super::tokens::{at, finished, local, location, optional_text, private, reemit, registered};
use crate::attr::{Framework, Mentions, Options, Written};
use crate::errors::Errors;
use crate::handler::{Argument, HandlerFn};
use crate::lifetimes::erased;

/// Expands `#[model_binding]`.
pub(super) fn binding(mut written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let framework = Framework::take(std::slice::from_mut(&mut written), &mut errors);
    let options = Options::parse(written.tokens, &mut errors);
    for text in &options.texts {
        errors
            .under(text, "`model_binding` takes no arguments: it is for the type that the function returns");
    }
    options.finish("model_binding", &mut errors);
    let lifetimes: Vec<String> =
        function.sig.generics.lifetimes().map(|lifetime| lifetime.lifetime.ident.to_string()).collect();
    let arguments = take_arguments(&mut function, &mut errors);
    let Some(model) = model(&function.sig.output) else {
        errors.at(function.answer_span(), "a model binding returns what it makes: write `-> Result<Person>`");
        return finished(errors, Mentions::default(), reemit(&function), TokenStream::new());
    };
    let model = borrowing(erased(model.to_token_stream(), &lifetimes));
    let implementation = implement(&function, &arguments, &model);
    let generated = registered(&function.cfgs(), &framework, &implementation);
    finished(errors, Mentions::default(), reemit(&function), generated)
}

/// Expands `#[default_model_binding]`.
pub(super) fn default_binding(mut written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let framework = Framework::take(std::slice::from_mut(&mut written), &mut errors);
    let mut options = Options::parse(written.tokens, &mut errors);
    for text in &options.texts {
        errors.under(
            text,
            "`default_model_binding` takes no text: it is for all types without a binding of their own",
        );
    }
    let app = options.take_text("app", &mut errors);
    options.finish("default_model_binding", &mut errors);
    let arguments = take_arguments(&mut function, &mut errors);
    if let Some(word) = &function.sig.asyncness {
        errors.under(word, "the default model binding cannot wait: make it a plain `fn`, and `#[model_binding]` those that wait");
    }
    let p = private();
    let [req, arg] = ["__req", "__arg"].map(|name| local(name, Span::call_site()));
    let takes = takes(&arguments);
    let passed = passed(&arguments);
    let name = &function.sig.ident;
    let result = result(&function);
    let (app, place) = (optional_text(app.as_ref()), location(&function.name(), function.sig.ident.span()));
    let generated = quote! {
        fn __call(#req: &#p::Request, #arg: &#p::Arg) -> #p::Result<#p::Value> {
            let _ = (#req, #arg);
            #takes
            match #name(#(#passed),*) { #result }
        }
        #p::inventory::submit! {
            #p::DefaultBinding { call: __call, app: #app, at: #place }
        }
    };
    let generated = registered(&function.cfgs(), &framework, &generated);
    finished(errors, Mentions::default(), reemit(&function), generated)
}

fn take_arguments(function: &mut HandlerFn, errors: &mut Errors) -> Vec<Argument> {
    let arguments = function.take_arguments(&[], errors);
    if let Some(receiver) = function.sig.receiver() {
        errors.under(receiver, "a model binding is a function of its own: take it out of the impl block");
    }
    refuse_options(&arguments, "a model binding", errors);
    arguments
}

fn implement(function: &HandlerFn, arguments: &[Argument], model: &TokenStream) -> TokenStream {
    let p = private();
    let [req, arg] = ["__req", "__arg"].map(|name| local(name, Span::call_site()));
    let (takes, passed, name) = (takes(arguments), passed(arguments), &function.sig.ident);
    let result = result(function);
    if function.is_async() {
        return quote! {
            impl<'__r> #p::ModelBinding<'__r> for #model {
                fn bind(
                    #req: &'__r #p::Request,
                    #arg: &#p::Arg,
                ) -> impl ::core::future::Future<Output = #p::Result<Self>> + ::core::marker::Send {
                    async move {
                        let _ = (#req, #arg);
                        #takes
                        match #name(#(#passed),*).await { #result }
                    }
                }
            }
        };
    }
    let needed = arguments.iter().map(|Argument { ty, ty_span, .. }| {
        let place = at(*ty_span);
        quote_spanned!(place=> <#ty as __vernal::ModelArgument<'_, '_>>::STATE)
    });
    quote! {
        impl<'__r> #p::FromRequest<'__r> for #model {
            const PROFILE: #p::Profile = #p::model_profile(&[#(#needed),*]);

            fn from_request(#req: &'__r #p::Request, #arg: &#p::Arg) -> #p::Result<Self> {
                let _ = (#req, #arg);
                #takes
                match #name(#(#passed),*) { #result }
            }
        }
    }
}

fn takes(arguments: &[Argument]) -> TokenStream {
    let takes = arguments.iter().enumerate().map(|(index, Argument { ty, ty_span, .. })| {
        let place = at(*ty_span);
        let [bound, req, arg] =
            [&*format!("__argument_{index}"), "__req", "__arg"].map(|name| local(name, *ty_span));
        quote_spanned! {place=>
            let #bound = <#ty as __vernal::ModelArgument<'_, '_>>::take(#req, #arg)?;
        }
    });
    takes.collect()
}

fn passed(arguments: &[Argument]) -> Vec<Ident> {
    let locals = arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| local(&format!("__argument_{index}"), argument.ty_span));
    locals.collect()
}

/// The arm that turns whatever error the function returns into ours.
fn result(function: &HandlerFn) -> TokenStream {
    let place = function.answer_span();
    let result = local("__result", place);
    let place = at(place);
    quote_spanned!(place=> #result => __vernal::done(#result),)
}

/// `T` of `Result<T>`.
fn model(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    let mut ty = &**ty;
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    if last.ident != "Result" {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The model's type where everything it borrows it borrows from the request: `'_` and elided lifetimes are `'__r`.
fn borrowing(tokens: TokenStream) -> TokenStream {
    let mut named = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), borrowing(group.stream()));
                inner.set_span(group.span());
                named.extend([TokenTree::Group(inner)]);
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let is_named =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                named.extend([TokenTree::Punct(punct)]);
                if !is_named {
                    named.extend(quote!('__r));
                }
            }
            TokenTree::Ident(ident) if ident == "_" => {
                named.extend([TokenTree::Ident(Ident::new("__r", ident.span()))])
            }
            other => named.extend([other]),
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_from_the_result() {
        let table = [
            (quote!(-> Result<Person>), Some("Person")),
            (quote!(-> vernal::Result<Agent<'_>>), Some("Agent < '__r >")),
            (quote!(-> std::result::Result<&str, E>), Some("& '__r str")),
            (quote!(-> Result<Agent<'static>>), Some("Agent < 'static >")),
            (quote!(-> Result<(&'_ str, Vec<&u8>)>), Some("(& '__r str , Vec < & '__r u8 >)")),
            (quote!(-> Person), None),
            (quote!(-> Result), None),
            (quote!(), None),
        ];
        for (output, expected) in table {
            let output: ReturnType = syn::parse2(output).expect("a return type");
            let found = model(&output).map(|model| borrowing(model.to_token_stream()).to_string());
            assert_eq!(found.as_deref(), expected);
        }
    }
}
