//! From arguments to what binds them: `let __argument_0 = …?;` for each, and what tells of all that fail.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit};

use super::constraint::{checked, rules};
use super::tokens::{at, local, private};
use crate::handler::Argument;
use crate::lifetimes::erased;

/// What arguments are bound from.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Source {
    /// `__req`
    Request,
    /// `__cx`: the session too.
    Event,
}

impl Source {
    /// How a type is bound: an event has one kind more to try, so one more reference to look through.
    pub(super) fn kind(self, place: Span, bind: TokenStream) -> TokenStream {
        match self {
            Source::Request => quote_spanned!(place=> (&&&&#bind).kind()),
            Source::Event => quote_spanned!(place=> (&&&&&#bind).kind()),
        }
    }
}

/// How the arguments of one function are bound.
#[derive(Clone, Copy)]
pub(super) struct Binder {
    pub(super) source: Source,
    pub(super) is_async: bool,
    /// Whether expressions of the user's are to stand outside his impl block.
    pub(super) is_method: bool,
    /// Whether one that fails has those behind it tried.
    pub(super) tells_all: bool,
    /// The status of what is invalid, if it is not 400.
    pub(super) invalid: Option<u16>,
}

impl Binder {
    /// Binds all of these, each under the number it has among all arguments.
    pub(super) fn all(self, arguments: &[(usize, &Argument)]) -> TokenStream {
        let tried = arguments.get(1..).unwrap_or_default();
        let mistakes = (self.tells_all && !tried.is_empty()).then(|| self.mistakes(tried));
        let bindings = arguments.iter().enumerate().map(|(place, &(index, argument))| {
            let is_last = place + 1 == arguments.len();
            let failed = (mistakes.is_some() && !is_last).then_some(place);
            self.one(index, argument, failed)
        });
        let bindings: TokenStream = bindings.collect();
        quote!(#mistakes #bindings)
    }

    /// `let __argument_0 = …?;` If there are others behind it, `failed` is its number among those that are bound.
    fn one(self, index: usize, argument: &Argument, failed: Option<usize>) -> TokenStream {
        let place = at(argument.ty_span);
        let bound = bound_local(index, argument);
        let value = self.value(argument);
        let mut error = quote_spanned!(place=> __error);
        if let Some(failed) = failed {
            let request = match self.source {
                Source::Request => self.from(argument.ty_span),
                Source::Event => {
                    let from = self.from(argument.ty_span);
                    quote_spanned!(place=> __vernal::BindingSource::request(#from))
                }
            };
            error = quote_spanned!(place=> __mistakes(#request, #error, #failed));
        }
        if let Some(status) = self.invalid {
            error = quote_spanned!(place=> __vernal::mistakes::invalid(#error, #status));
        }
        if failed.is_none() && self.invalid.is_none() {
            return quote_spanned!(place=> let #bound = { #value }?;);
        }
        quote_spanned! {place=>
            let #bound = match #value {
                ::core::result::Result::Ok(__bound) => __bound,
                ::core::result::Result::Err(__error) => return ::core::result::Result::Err(#error),
            };
        }
    }

    /// What binds it: a `Result`.
    fn value(self, argument: &Argument) -> TokenStream {
        let Argument { ty, ty_span, options, .. } = argument;
        let place = at(*ty_span);
        let (req, arg) = (self.from(*ty_span), of_argument(argument));
        let kind = self.kind_of(argument);
        let asked = self.asked(argument).unwrap_or_default();
        let taken = |bind: TokenStream| match self.is_async {
            true => quote_spanned! {place=>
                '__bound: {
                    // Nothing but the future lives over the wait.
                    let __later = match #bind.at_once() {
                        ::core::result::Result::Ok(__bound) => break '__bound __bound,
                        ::core::result::Result::Err(__later) => __later,
                    };
                    __later.await
                }
            },
            false => quote_spanned!(place=> #bind.now::<#ty>()),
        };
        let Some(default) = &options.default else {
            let bind = taken(quote_spanned!(place=> #kind.bind::<#ty>(#req, #arg)));
            return self.checked(bind, argument, &req, &asked);
        };
        let bind = taken(quote_spanned!(place=> #kind.optional::<#ty>(#req, #arg)));
        let bind = self.checked(bind, argument, &req, &asked);
        let default = self.default_call(place, default.as_ref());
        quote_spanned! {place=>
            __vernal::or_default(
                #bind,
                || (&&__vernal::DefaultOf::<#ty>::new()).kind().#default,
            )
        }
    }

    /// `of(…)` or `empty()`, of a default.
    pub(super) fn default_call(self, place: Span, default: Option<&Expr>) -> TokenStream {
        match default {
            None => quote_spanned!(place=> empty()),
            Some(text) if is_text(text) => {
                let text = quote_spanned!(at(text.span())=> __vernal::text(#text));
                quote_spanned!(place=> of(#text))
            }
            Some(value) => {
                let value = self.outside(value.to_token_stream());
                quote_spanned!(place=> of(#value))
            }
        }
    }

    /// What `bound` gives, held against the argument's constraints; `asked` is what its rules were asked before it was bound.
    fn checked(
        self,
        bound: TokenStream,
        argument: &Argument,
        from: &TokenStream,
        asked: &TokenStream,
    ) -> TokenStream {
        let (place, arg, ty) = (at(argument.ty_span), of_argument(argument), self.bound_as(argument));
        let told = quote_spanned!(place=> #from, #arg);
        checked(bound, &argument.options.constraints, &ty, &told, asked, |written| self.outside(written))
    }

    /// The type that is bound: with a default, nothing may come.
    fn bound_as(self, Argument { ty, ty_span, options, .. }: &Argument) -> TokenStream {
        let place = at(*ty_span);
        match options.default {
            Some(_) => quote_spanned!(place=> ::core::option::Option<#ty>),
            None => ty.clone(),
        }
    }

    /// What the rules of an argument are asked before it is bound; nothing if it has none.
    fn asked(self, argument: &Argument) -> Option<TokenStream> {
        let (place, own, kind) = (at(argument.ty_span), &argument.ty, self.kind_of(argument));
        let rules = rules(&argument.options.constraints, &self.bound_as(argument))?;
        Some(quote_spanned!(place=> __vernal::rules::asked::<#own, _, _>(#rules, #kind)))
    }

    /// `fn __mistakes(…)`: tries the arguments behind the one that failed, and gives one error for all. These are all but the
    /// first, which nothing is behind.
    fn mistakes(self, arguments: &[(usize, &Argument)]) -> TokenStream {
        let p = private();
        let [req, error, failed, found] =
            ["__req", "__error", "__failed", "__found"].map(|name| local(name, Span::call_site()));
        let tries = arguments.iter().enumerate().map(|(index, (_, argument))| {
            let Argument { ty, ty_span, options, .. } = argument;
            let place = at(*ty_span);
            let (kind, arg) = (self.kind_of(argument), of_argument(argument));
            let req = local("__req", *ty_span).into_token_stream();
            let found = local("__found", *ty_span);
            if options.constraints.is_empty() {
                let attempted = match options.default {
                    Some(_) => quote_spanned!(place=> attempted_optional),
                    None => quote_spanned!(place=> attempted),
                };
                return quote_spanned! {place=>
                    let #found = #found.then(#index, __vernal::mistakes::#attempted::<#ty, _>(#kind), #arg);
                };
            }
            let attempt = match options.default {
                Some(_) => quote_spanned!(place=> attempt_optional),
                None => quote_spanned!(place=> attempt),
            };
            let asked = local("__asked", *ty_span);
            let asks = self.asked(argument).map(|asks| quote_spanned!(place=> let #asked = #asks;));
            let tried = quote_spanned!(place=> __tried);
            let tried = self.checked(tried, argument, &req, &asked.to_token_stream());
            quote_spanned! {place=>
                #asks
                let mut #found = #found;
                if #found.tries(#index)
                    && let ::core::option::Option::Some(__tried) =
                        __vernal::mistakes::#attempt::<#ty, _>(#kind, #req, #arg)
                {
                    #found = #found.also(#tried);
                }
            }
        });
        quote! {
            #[cold]
            fn __mistakes<'r>(#req: &'r #p::Request, #error: #p::Error, #failed: usize) -> #p::Error {
                let #found = #p::mistakes::Mistakes::new(#error, #req, #failed);
                #(#tries)*
                #found.finish()
            }
        }
    }

    fn from(self, place: Span) -> TokenStream {
        let name = match self.source {
            Source::Request => "__req",
            Source::Event => "__cx",
        };
        local(name, place).into_token_stream()
    }

    fn kind_of(self, Argument { ty, ty_span, .. }: &Argument) -> TokenStream {
        let place = at(*ty_span);
        self.source.kind(place, quote_spanned!(place=> __vernal::Bind::<#ty>::new()))
    }

    /// An expression of an attribute as it stands in generated code, outside the impl block.
    pub(super) fn outside(self, expression: TokenStream) -> TokenStream {
        if self.is_method { erased(expression, &[]) } else { expression }
    }
}

/// The message of an event as the type of its argument, held against its constraints.
pub(super) fn message(argument: &Argument, message: &syn::Ident, binder: Binder) -> TokenStream {
    let Argument { ty, ty_span, options, .. } = argument;
    let (place, arg) = (at(*ty_span), of_argument(argument));
    let taken = quote_spanned!(place=> __vernal::take_message::<#ty>(#message));
    if options.constraints.is_empty() {
        return quote_spanned!(place=> #taken?);
    }
    let told = quote_spanned!(place=> __vernal::constraint::OfMessage(#message.as_bytes()), #arg);
    let asked = rules(&options.constraints, ty)
        .map(|rules| quote_spanned!(place=> __vernal::rules::asked_of_message(#rules)))
        .unwrap_or_default();
    let taken = checked(taken, &options.constraints, ty, &told, &asked, |written| binder.outside(written));
    quote_spanned!(place=> __vernal::acceptable(#taken)?)
}

/// The local that holds a bound argument.
pub(super) fn bound_local(index: usize, argument: &Argument) -> syn::Ident {
    local(&format!("__argument_{index}"), argument.ty_span)
}

/// `&Arg`
fn of_argument(Argument { name, ty_span, options, .. }: &Argument) -> TokenStream {
    let place = at(*ty_span);
    let renamed = options.name.as_ref().map(|_| quote_spanned!(place=> .renamed()));
    let group = options.group.map(|(group, _)| quote_spanned!(place=> .group(#group)));
    quote_spanned!(place=> const { &__vernal::Arg::named(#name) #renamed #group })
}

fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => true,
        Expr::Group(group) => is_text(&group.expr),
        _ => false,
    }
}
