//! From a function to its adapter: bind every argument, call, let the answer write itself.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::binding::{Binder, Source, bound_local};
use super::tokens::{at, check, local, private, states};
use crate::check::{Pattern, Regexp};
use crate::errors::{Errors, did_you_mean};
use crate::handler::{Argument, HandlerFn, SelfBy};

/// What is called with the bound arguments.
pub(super) enum Callee {
    /// The function itself.
    Function,
    /// A method of a type: how its object is got, and lent.
    Method { object: Option<(TokenStream, SelfBy)> },
}

/// The adapter of one function. It serves all routes of the function.
pub(super) struct Adapter<'f> {
    pub(super) function: &'f HandlerFn,
    pub(super) arguments: &'f [Argument],
    pub(super) callee: Callee,
    pub(super) source: Source,
    /// The status of an answer that says none itself.
    pub(super) status: Option<u16>,
    /// The status of arguments that are invalid, if it is not 400.
    pub(super) invalid: Option<u16>,
}

impl Adapter<'_> {
    /// Arguments that are bound; the others are the response.
    pub(super) fn bound(&self) -> impl Iterator<Item = (usize, &Argument)> {
        self.arguments.iter().enumerate().filter(|(_, argument)| argument.mutable.is_none())
    }

    /// The items of the adapter: `__call`, `__PROFILES`, `__STATES`, and checks that concern no single route.
    pub(super) fn items(&self) -> TokenStream {
        let p = private();
        let call = self.call();
        let profiles = self.profiles();
        let names: Vec<_> = self.bound().map(|(_, argument)| &argument.name).collect();
        let count = names.len();
        let bodies = self.bound().enumerate().skip(1).map(|(index, (_, argument))| {
            check(argument.ty_span, quote!(check_body(&__PROFILES, &__NAMES, #index)))
        });
        let needed: Vec<_> = (0..count).map(|index| quote!(__PROFILES[#index].state)).collect();
        let (states, _) = states(&needed);
        let tables = (count > 0).then(|| {
            quote! {
                const __PROFILES: [#p::Profile; #count] = [#(#profiles),*];
                #states
            }
        });
        let names =
            (count > 1).then(|| quote!(const __NAMES: [&::core::primitive::str; #count] = [#(#names),*];));
        quote! {
            #[allow(unused_imports)]
            use #p::binding::*;
            #tables
            #names
            #(#bodies)*
            #call
        }
    }

    /// What the compiler knows of the types of the bound arguments.
    pub(super) fn profiles(&self) -> Vec<TokenStream> {
        let profile = |(_, Argument { ty, ty_span, .. }): (usize, &Argument)| {
            let place = at(*ty_span);
            let kind = self.source.kind(place, quote_spanned!(place=> __bind));
            quote_spanned!(place=> __vernal::profile::<#ty, _>(|__bind| #kind))
        };
        self.bound().map(profile).collect()
    }

    /// `Handler::…(__call)`
    pub(super) fn handler(&self, is_blocking: bool) -> TokenStream {
        let p = private();
        match (self.function.is_async(), is_blocking) {
            (true, _) => quote!(#p::Handler::Async(__call)),
            (false, true) => quote!(#p::Handler::Blocking(__call)),
            (false, false) => quote!(#p::Handler::Now(__call)),
        }
    }

    /// `Needs { … }`, of a route with these paths.
    pub(super) fn needs(&self, patterns: &[Pattern]) -> TokenStream {
        let p = private();
        if self.bound().next().is_none() {
            return quote!(#p::Needs { body: #p::BodyUse::None, states: &[] });
        }
        let in_path = self.bound().map(|(_, argument)| {
            !patterns.is_empty() && patterns.iter().all(|pattern| pattern.variables.contains(&argument.name))
        });
        quote!(#p::Needs { body: #p::body_use(&__PROFILES, &[#(#in_path),*]), states: &__STATES })
    }

    fn call(&self) -> TokenStream {
        let p = private();
        let (req, res) = (local("__req", Span::call_site()), local("__res", Span::call_site()));
        let body = self.body();
        if self.function.is_async() {
            return quote! {
                fn __call<'r>(#req: &'r #p::Request, #res: &'r mut #p::Response) -> #p::BoxFuture<'r, #p::Result> {
                    ::std::boxed::Box::pin(async move { #body })
                }
            };
        }
        quote! {
            fn __call<'r>(#req: &'r #p::Request, #res: &'r mut #p::Response) -> #p::Result { #body }
        }
    }

    fn body(&self) -> TokenStream {
        let (prepare, function) = self.function_path();
        let bindings = self.bindings(true);
        let responses = self.arguments.iter().enumerate().filter_map(|(index, argument)| {
            let behind = argument.mutable.as_ref()?;
            let place = at(argument.ty_span);
            let (name, res) = (bound_local(index, argument), local("__res", argument.ty_span));
            Some(quote_spanned!(place=> let #name = __vernal::response_argument::<#behind>(&mut *#res);))
        });
        let mut passed: Vec<TokenStream> = Vec::new();
        if let Callee::Method { object: Some((_, by)) } = &self.callee {
            let object = local("__object", Span::call_site());
            passed.push(match by {
                SelfBy::Reference => quote!(&#object),
                SelfBy::MutableReference => quote!(&mut #object),
                SelfBy::Value => quote!(#object),
            });
        }
        passed.extend(self.arguments.iter().enumerate().map(|(index, argument)| {
            let name = bound_local(index, argument);
            quote!(#name)
        }));
        let place = at(self.function.sig.ident.span());
        let wait = self.function.is_async().then(|| quote_spanned!(place=> .await));
        let answer = answer(self.function, self.status);
        quote! {
            #prepare
            #bindings
            #(#responses)*
            match #function(#(#passed),*)#wait { #answer }
        }
    }

    /// What makes the object ready, and the function to call.
    fn function_path(&self) -> (TokenStream, TokenStream) {
        let name = &self.function.sig.ident;
        match &self.callee {
            Callee::Function => (TokenStream::new(), quote!(#name)),
            Callee::Method { object } => {
                let prepare = object.as_ref().map(|(make, by)| {
                    let object = local("__object", Span::call_site());
                    let mutability = (*by == SelfBy::MutableReference).then(|| quote!(mut));
                    quote!(let #mutability #object = #make;)
                });
                (prepare.unwrap_or_default(), quote!(<__VernalSelf>::#name))
            }
        }
    }

    /// Binds the arguments.
    pub(super) fn bindings(&self, tells_all: bool) -> TokenStream {
        let arguments: Vec<_> = self.bound().collect();
        Binder { tells_all, ..self.binder() }.all(&arguments)
    }

    pub(super) fn binder(&self) -> Binder {
        Binder {
            source: self.source,
            is_async: self.function.is_async(),
            is_method: matches!(self.callee, Callee::Method { .. }),
            tells_all: true,
            invalid: self.invalid,
        }
    }

    /// `of(…)` or `empty()`, of a default.
    #[cfg(feature = "openapi")]
    pub(super) fn default_call(&self, place: Span, default: Option<&syn::Expr>) -> TokenStream {
        self.binder().default_call(place, default)
    }

    /// An expression of an attribute as it stands in generated code, outside the impl block.
    pub(super) fn outside(&self, expression: TokenStream) -> TokenStream {
        self.binder().outside(expression)
    }

    /// What can only be checked when types are known, for one route: a name the path lacks, a group the regular
    /// expression lacks, an argument without a name.
    pub(super) fn checks(
        &self,
        patterns: &[Pattern],
        regexp: Option<&Regexp>,
        errors: &mut Errors,
    ) -> TokenStream {
        let mut checks = TokenStream::new();
        for (index, (_, argument)) in self.bound().enumerate() {
            let missing = unknown_path_name(argument, patterns, regexp.is_some());
            let group = unknown_group(argument, regexp, errors);
            let nameless = (argument.name == "_").then_some(NAMELESS);
            if missing.is_none() && group.is_none() && nameless.is_none() {
                continue;
            }
            let [missing, group, nameless] =
                [missing.as_deref(), group.as_deref(), nameless].map(|problem| match problem {
                    Some(text) => quote!(::core::option::Option::Some(#text)),
                    None => quote!(::core::option::Option::None),
                });
            let is_tuple = argument.is_tuple;
            let call = quote!(check_argument(__PROFILES[#index], #missing, #group, #nameless, #is_tuple));
            checks.extend(check(if argument.name == "_" { argument.span } else { argument.ty_span }, call));
        }
        checks
    }

    /// Names in a path literal that no argument takes.
    pub(super) fn check_seen(&self, own: &Pattern, errors: &mut Errors) -> TokenStream {
        let mut checks = TokenStream::new();
        for variable in own.variables.iter().filter(|variable| !variable.starts_with('_')) {
            let problem = self.unseen(variable);
            let is_named: Vec<_> = self.bound().map(|(_, argument)| argument.name == *variable).collect();
            if is_named.is_empty() {
                errors.at(own.span, problem);
            } else {
                checks.extend(check(own.span, quote!(check_seen(&__PROFILES, &[#(#is_named),*], #problem))));
            }
        }
        checks
    }

    /// What to say if no argument turns out to take this variable.
    fn unseen(&self, variable: &str) -> String {
        let function = self.function.name();
        if self.arguments.iter().any(|argument| argument.name == variable) {
            return format!(
                "no argument takes `{variable}` from the path, for the one of that name takes something else: let `{function}` take \
                 a `PathValue<…>`, or write `{{_{variable}}}` if it does not matter"
            );
        }
        let names = self.arguments.iter().map(|argument| argument.name.as_str()).filter(|name| *name != "_");
        match did_you_mean(variable, names) {
            Some(meant) => {
                format!("no argument takes `{variable}` from the path: did you mean it by `{meant}`?")
            }
            None => format!(
                "no argument takes `{variable}` from the path: add `{variable}: &str` to `{function}`, or write `{{_{variable}}}` if it \
                 does not matter"
            ),
        }
    }

    /// What can be said of the arguments without their types.
    pub(super) fn check_responses(&self, errors: &mut Errors) {
        for argument in self.arguments.iter().filter(|argument| argument.mutable.is_some()).skip(1) {
            errors.at(argument.ty_span, "there is one response: take one `&mut Response`");
        }
        for argument in self.arguments.iter().filter(|argument| argument.mutable.is_some()) {
            if argument.options.is_bound_otherwise() || !argument.options.constraints.is_empty() {
                errors.at(argument.span, "the response is not bound by a name: leave `#[arg(…)]` out");
            }
        }
    }
}

/// The arm that writes the answer; its type is shown under what the function returns.
pub(super) fn answer(function: &HandlerFn, status: Option<u16>) -> TokenStream {
    let place = function.answer_span();
    let (answer, res) = (local("__answer", place), local("__res", place));
    let respond = local(if function.answers_static() { "respond_static" } else { "respond" }, place);
    let place = at(place);
    let responded =
        quote_spanned! {place=> (&&&__vernal::answered(&#answer)).kind().#respond(#answer, #res) };
    let responded = match status {
        None => responded,
        Some(status) => quote_spanned!(place=> __vernal::with_status(#responded, #res, #status)),
    };
    quote_spanned! {place=>
        #answer => {
            #[allow(unused_imports)]
            use __vernal::answering::*;
            #responded
        }
    }
}

/// What to say if the argument turns out to be a `PathValue`, and the path has no such name.
fn unknown_path_name(argument: &Argument, patterns: &[Pattern], by_regexp: bool) -> Option<String> {
    let name = &argument.name;
    if argument.options.default.is_some() {
        return None;
    }
    if by_regexp {
        return Some(format!(
            "a regular expression has groups, not names: take `{name}: RegGroup<…>`, with `#[arg(group = 1)]`"
        ));
    }
    let lacking = patterns.iter().find(|pattern| !pattern.has_star && !pattern.variables.contains(name))?;
    let path = &lacking.text;
    if let Some(meant) = did_you_mean(name, lacking.variables.iter().map(String::as_str)) {
        return Some(format!("the path \"{path}\" has no `{{{name}}}`: did you mean `{meant}`?"));
    }
    let names: Vec<_> = lacking.variables.iter().map(|name| format!("`{name}`")).collect();
    Some(match names.as_slice() {
        [] => format!(
            "the path \"{path}\" has no `{{{name}}}`: write it into the path, or take an `Option<PathValue<…>>`"
        ),
        names => format!("the path \"{path}\" has no `{{{name}}}`: it has {}", names.join(" and ")),
    })
}

/// What to say if the argument turns out to be a `RegGroup`, and there is no such group.
fn unknown_group(argument: &Argument, regexp: Option<&Regexp>, errors: &mut Errors) -> Option<String> {
    let problem = match regexp {
        None => "a `RegGroup` needs a mapping by `regexp = \"…\"`: this one is by paths".to_owned(),
        Some(regexp) => {
            let group = argument.options.group.map_or(1, |(group, _)| group);
            if group <= regexp.groups {
                return None;
            }
            match regexp.groups {
                0 => format!("the regular expression has no parentheses, so there is no group {group}"),
                1 => format!("the regular expression has 1 group, so there is no group {group}"),
                groups => format!("the regular expression has {groups} groups, so there is no group {group}"),
            }
        }
    };
    let Some((_, span)) = argument.options.group else { return Some(problem) };
    errors.at(span, problem);
    None
}

const NAMELESS: &str = "an argument needs a name to be bound by: call it `name` (or `_name`), or write `#[arg(name = \"…\")]` before it";
