//! A function as it was written: its name, its arguments, whether it waits. Its body stays unread, so that the
//! compiler, not we, says what is wrong in it.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Pat, ReceiverKind, ReturnType, Safety, Signature, Token, Type, Visibility};

use crate::attr::{self, ArgOptions};
use crate::errors::Errors;
use crate::lifetimes::{Lifetimes, erased};

/// A function or method with its attributes.
pub(crate) struct HandlerFn {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    defaultness: Option<Ident>,
    pub(crate) sig: Signature,
    body: TokenStream,
    /// Whether an adapter calls it; helpers of a mapped impl block are left alone.
    is_called: bool,
}

/// An argument of a handler.
pub(crate) struct Argument {
    /// The name it is bound by; `_` when its pattern shows none.
    pub(crate) name: String,
    /// Whether its innermost pattern takes a tuple or a list apart.
    pub(crate) is_tuple: bool,
    /// Where its name or pattern stands.
    pub(crate) span: Span,
    /// Its type, with the lifetimes of the function written `'_`.
    pub(crate) ty: TokenStream,
    pub(crate) ty_span: Span,
    /// `&mut`: the only thing a macro reads from a type. Holds the type behind it.
    pub(crate) mutable: Option<TokenStream>,
    pub(crate) options: ArgOptions,
    /// Its doc comment, for the description of the API.
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
    pub(crate) docs: String,
}

/// `self` as a method takes it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum SelfBy {
    Reference,
    MutableReference,
    Value,
}

impl Parse for HandlerFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<HandlerFn> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let defaultness = match input.fork().parse::<Ident>() {
            Ok(word) if word == "default" => Some(input.parse()?),
            _ => None,
        };
        let sig: Signature = input.parse()?;
        let body = match input.parse()? {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => group.into_token_stream(),
            other => {
                return Err(syn::Error::new(
                    other.span(),
                    format!("`{}` needs a body: write `{{ … }}`", sig.ident),
                ));
            }
        };
        Ok(HandlerFn { attrs, vis, defaultness, sig, body, is_called: false })
    }
}

impl HandlerFn {
    /// Whether a function starts here, after its attributes and visibility.
    pub(crate) fn is_next(input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        let _ = ahead.call(Attribute::parse_outer);
        let _ = ahead.parse::<Visibility>();
        if ahead.fork().parse::<Ident>().is_ok_and(|word| word == "default") {
            let _ = ahead.parse::<Ident>();
        }
        while ahead.peek(Token![const]) || ahead.peek(Token![async]) || ahead.peek(Token![unsafe]) {
            let _ = ahead.parse::<TokenTree>();
        }
        if ahead.parse::<Option<syn::Abi>>().is_err() {
            return false;
        }
        ahead.peek(Token![fn])
    }

    /// The name without `r#`.
    pub(crate) fn name(&self) -> String {
        self.sig.ident.unraw().to_string()
    }

    pub(crate) fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }

    /// `#[cfg(…)]` attributes, which generated code must carry too.
    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        attr::cfgs(&self.attrs)
    }

    /// Where to show what is wrong with the answer: the return type, else the name.
    pub(crate) fn answer_span(&self) -> Span {
        match &self.sig.output {
            ReturnType::Default => self.sig.ident.span(),
            ReturnType::Type(_, ty) => ty.span(),
        }
    }

    /// Whether the answer says that it borrows from nothing: `'static` is the only lifetime that its type names, or there is
    /// nothing to borrow from.
    pub(crate) fn answers_static(&self) -> bool {
        let ReturnType::Type(_, ty) = &self.sig.output else { return false };
        let mut named = Lifetimes::default();
        named.read(ty.to_token_stream());
        !named.others && (named.is_static || self.sig.inputs.is_empty() && !named.own)
    }

    /// How the method takes `self`; `None` for a function without.
    pub(crate) fn self_by(&self, errors: &mut Errors) -> Option<SelfBy> {
        let receiver = self.sig.receiver()?;
        match &receiver.kind {
            ReceiverKind::Value => Some(SelfBy::Value),
            ReceiverKind::Reference(_, _, mutability) if mutability.is_none() => Some(SelfBy::Reference),
            ReceiverKind::Reference(..) => Some(SelfBy::MutableReference),
            _ => {
                errors
                    .under(receiver, "a mapped method takes `&self`: its object is no `Box`, `Rc` or `Arc`");
                Some(SelfBy::Reference)
            }
        }
    }

    /// The same without a word about what is wrong.
    #[cfg(feature = "openapi")]
    pub(crate) fn self_by_syntax(&self) -> SelfBy {
        match self.sig.receiver().map(|receiver| &receiver.kind) {
            Some(ReceiverKind::Value) => SelfBy::Value,
            Some(ReceiverKind::Reference(_, _, mutability)) if !mutability.is_none() => {
                SelfBy::MutableReference
            }
            _ => SelfBy::Reference,
        }
    }

    /// Refuses what an adapter cannot call, and reads the arguments, `self` excluded. The attributes on them are
    /// taken out of the signature.
    pub(crate) fn take_arguments(
        &mut self,
        outer_lifetimes: &[String],
        errors: &mut Errors,
    ) -> Vec<Argument> {
        self.is_called = true;
        self.check_shape(errors);
        let mut lifetimes = outer_lifetimes.to_vec();
        lifetimes.extend(self.sig.generics.lifetimes().map(|lifetime| lifetime.lifetime.ident.to_string()));
        let keep_for_others = self.attrs.iter().any(may_be_ours);
        let mut arguments = Vec::new();
        for input in &mut self.sig.inputs {
            let attrs = match input {
                FnArg::Receiver(_) => continue,
                FnArg::Typed(argument) => &mut argument.attrs,
            };
            reveal_args(attrs);
            let hidden = if keep_for_others { hidden_args(attrs) } else { Vec::new() };
            let options = ArgOptions::take(attrs, errors);
            let docs = attr::docs(attrs);
            // The compiler takes none on an argument.
            attrs.retain(|attr| !attr.path().is_ident("doc"));
            for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
                errors.under(
                    attr,
                    "an argument of a handler cannot depend on a `cfg`: put `#[cfg(…)]` on two functions",
                );
            }
            attrs.extend(hidden);
            let FnArg::Typed(argument) = input else { continue };
            if let Type::ImplTrait(ty) = &*argument.ty {
                errors.under(ty, "an argument needs a type to be bound as: `impl Trait` names none");
                continue;
            }
            let own_name = name_in(&argument.pat);
            let name = match (&options.name, own_name) {
                (Some(name), _) => name.value(),
                (None, Some(name)) => name,
                (None, None) => "_".to_owned(),
            };
            let mutable = match ungrouped(&argument.ty) {
                Type::Reference(reference) if reference.mutability.is_some() => {
                    Some(erased(reference.elem.to_token_stream(), &lifetimes))
                }
                _ => None,
            };
            arguments.push(Argument {
                name,
                is_tuple: takes_apart(&argument.pat),
                span: argument.pat.span(),
                ty: erased(argument.ty.to_token_stream(), &lifetimes),
                ty_span: argument.ty.span(),
                mutable,
                options,
                docs,
            });
        }
        arguments
    }

    fn check_shape(&self, errors: &mut Errors) {
        let sig = &self.sig;
        if let Safety::Unsafe(word) = &sig.safety {
            errors.under(word, "vernal calls no `unsafe fn`: wrap it in a safe function and map that");
        }
        if let Some(abi) = &sig.abi {
            errors.under(abi, "a mapped function has Rust's own ABI: leave `extern` out");
        }
        if let Some(word) = &sig.constness {
            errors.under(word, "a mapped function runs for every request: leave `const` out");
        }
        if let Some(variadic) = &sig.variadic {
            errors.under(variadic, "an argument needs a name and a type to be bound");
        }
        for parameter in &sig.generics.params {
            if !matches!(parameter, syn::GenericParam::Lifetime(_)) {
                errors.under(
                    parameter,
                    "a mapped function has no type parameters, for nothing would choose them: write the types themselves",
                );
            }
        }
    }

    /// The function as the user wrote it, without our attributes. Its signature is chosen for the framework, so lints
    /// about signatures have nothing to say.
    pub(crate) fn reemitted(&self) -> TokenStream {
        let HandlerFn { attrs, vis, defaultness, sig, body, is_called } = self;
        if !is_called {
            return quote!(#(#attrs)* #vis #defaultness #sig #body);
        }
        let many = (sig.inputs.len() > 7).then(|| quote!(clippy::too_many_arguments,));
        let owned = (!sig.inputs.is_empty()).then(|| quote!(clippy::needless_pass_by_value,));
        let waits = self.is_async().then(|| quote!(clippy::unused_async,));
        let lints = quote!(#many #owned #waits);
        let allowed = (!lints.is_empty()).then(|| quote!(#[allow(#lints)]));
        quote!(#(#attrs)* #allowed #vis #defaultness #sig #body)
    }

    /// The same when there were errors: it is not called, which is not worth a warning now.
    pub(crate) fn reemitted_unused(&self) -> TokenStream {
        let function = self.reemitted();
        quote!(#[allow(dead_code)] #function)
    }
}

/// Whether an attribute that stays may be one of ours under another name, which will want to read `#[arg]` too.
fn may_be_ours(attr: &Attribute) -> bool {
    const BUILT_IN: [&str; 21] = [
        "allow",
        "cfg",
        "cold",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "forbid",
        "inline",
        "must_use",
        "no_mangle",
        "optimize",
        "rustfmt",
        "clippy",
        "track_caller",
        "warn",
        "ignore",
        "test",
        "should_panic",
        "tracing",
        "instrument",
    ];
    !attr.path().segments.first().is_some_and(|segment| BUILT_IN.iter().any(|known| segment.ident == known))
}

/// `#[arg(…)]` and doc comments in a form that the compiler drops and we still read: `#[cfg_attr(any(), arg(…))]`.
fn hidden_args(attrs: &[Attribute]) -> Vec<Attribute> {
    let ours = attrs.iter().filter(|attr| is_ours(attr.path()));
    ours.map(|attr| {
        let meta = &attr.meta;
        syn::parse_quote!(#[cfg_attr(any(), #meta)])
    })
    .collect()
}

/// What we read on an argument, and the compiler must not see.
fn is_ours(path: &syn::Path) -> bool {
    path.is_ident("arg") || path.is_ident("doc")
}

/// The reverse of [`hidden_args`].
fn reveal_args(attrs: &mut [Attribute]) {
    for attr in attrs {
        if !attr.path().is_ident("cfg_attr") {
            continue;
        }
        let inside = attr.parse_args_with(|input: ParseStream<'_>| {
            let predicate: syn::Meta = input.parse()?;
            input.parse::<Token![,]>()?;
            Ok((predicate, input.parse::<syn::Meta>()?))
        });
        if let Ok((predicate, meta)) = inside
            && predicate.to_token_stream().to_string().replace(' ', "") == "any()"
            && is_ours(meta.path())
        {
            attr.meta = meta;
        }
    }
}

/// The innermost name of a pattern: `name`, `Json(order)`, `&name`. An underscore before it only says that the
/// function does not use it, so it is left out.
fn name_in(pat: &Pat) -> Option<String> {
    match pat {
        Pat::Ident(ident) => {
            let name = ident.ident.unraw().to_string();
            let bare = name.trim_start_matches('_');
            Some(if bare.is_empty() { name } else { bare.to_owned() })
        }
        Pat::Paren(inner) => name_in(&inner.pat),
        Pat::Reference(inner) => name_in(&inner.pat),
        Pat::TupleStruct(outer) => {
            let mut inner = outer.elems.iter().filter(|pat| !matches!(pat, Pat::Rest(_)));
            let only = inner.next()?;
            inner.next().is_none().then(|| name_in(only)).flatten()
        }
        _ => None,
    }
}

/// Whether the innermost pattern is that of a tuple, a tuple struct or a list: `(a, b)`, `Model(Pair(a, b))`.
fn takes_apart(pat: &Pat) -> bool {
    match pat {
        Pat::Tuple(_) | Pat::Slice(_) => true,
        Pat::Paren(inner) => takes_apart(&inner.pat),
        Pat::Reference(inner) => takes_apart(&inner.pat),
        Pat::TupleStruct(outer) if outer.elems.len() == 1 => outer.elems.iter().any(takes_apart),
        Pat::TupleStruct(_) => true,
        _ => false,
    }
}

fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(source: TokenStream) -> (HandlerFn, Vec<Argument>, Vec<String>) {
        let mut function: HandlerFn = syn::parse2(source).expect("a function");
        let mut errors = Errors::new();
        let arguments = function.take_arguments(&[], &mut errors);
        (function, arguments, errors.texts())
    }

    #[test]
    fn names_come_from_the_innermost_pattern() {
        let (_, arguments, errors) = arguments(quote! {
            fn f(
                plain: u8, mut changed: u8, Json(order): Json<u8>, PathValue(id): PathValue<u8>, _unused: u8, _: u8,
                (a, b): (u8, u8), r#type: u8, Outer(Inner(deep)): X, Pair(a, b): X, One(a, ..): X, &by: &u8,
                #[arg(name = "X-Y")] renamed: u8, #[arg(name = "pair")] (c, d): (u8, u8),
            ) {}
        });
        let names: Vec<_> = arguments.iter().map(|argument| argument.name.as_str()).collect();
        let expected = [
            "plain", "changed", "order", "id", "unused", "_", "_", "type", "deep", "_", "a", "by", "X-Y",
            "pair",
        ];
        assert_eq!((names, errors), (expected.to_vec(), vec![]));
    }

    #[test]
    fn lifetimes_of_the_function_are_erased() {
        let (_, arguments, _) = arguments(quote! {
            fn f<'a, 'b: 'a>(x: &'a str, y: Json<Order<'b>>, z: &'static str, w: for<'c> fn(&'c str), m: &'a mut X) {}
        });
        let types: Vec<_> =
            arguments.iter().map(|argument| argument.ty.to_string().replace(' ', "")).collect();
        assert_eq!(types, ["&'_str", "Json<Order<'_>>", "&'staticstr", "for<'c>fn(&'cstr)", "&'_mutX"]);
        assert_eq!(arguments[4].mutable.as_ref().map(ToString::to_string).as_deref(), Some("X"));
    }

    #[test]
    fn attributes_are_stripped_or_hidden() {
        let (function, _, _) = arguments(quote!(
            #[inline]
            fn f(#[arg(default = 3)] a: u8) {}
        ));
        assert!(!function.reemitted().to_string().contains("arg"));
        let (function, _, _) = arguments(quote!(
            #[get("/x")]
            fn f(#[arg(default = 3)] a: u8) {}
        ));
        let once = function.reemitted();
        assert!(once.to_string().contains("# [cfg_attr (any () , arg (default = 3))] a : u8"), "{once}");
        let (function, read_again, _) = arguments(once);
        assert!(read_again[0].options.default.is_some());
        assert!(
            function.reemitted().to_string().contains("any ()"),
            "kept while the other attribute is there"
        );
    }

    #[test]
    fn shapes_that_cannot_be_called_are_refused() {
        let table = [
            (
                quote!(
                    unsafe fn f() {}
                ),
                "unsafe",
            ),
            (
                quote!(
                    extern "C" fn f() {}
                ),
                "extern",
            ),
            (
                quote!(
                    const fn f() {}
                ),
                "const",
            ),
            (
                quote!(
                    fn f<T>(x: T) {}
                ),
                "type parameters",
            ),
            (
                quote!(
                    fn f<const N: usize>() {}
                ),
                "type parameters",
            ),
            (
                quote!(
                    fn f(x: impl Copy) {}
                ),
                "impl Trait",
            ),
            (
                quote!(
                    fn f(#[cfg(unix)] x: u8) {}
                ),
                "cfg",
            ),
        ];
        for (source, part) in table {
            let shown = source.to_string();
            let (_, _, errors) = arguments(source);
            assert!(errors.len() == 1 && errors[0].contains(part), "{shown}: {errors:?}");
        }
        assert!(
            syn::parse2::<HandlerFn>(quote!(
                fn f();
            ))
            .is_err()
        );
    }

    #[test]
    fn bodies_are_not_read() {
        let (function, _, errors) = arguments(quote!(pub(crate) async fn f() -> u8 { let = ; }));
        assert!(errors.is_empty() && function.is_async());
        assert!(function.reemitted().to_string().ends_with("pub (crate) async fn f () -> u8 { let = ; }"));
    }
}
