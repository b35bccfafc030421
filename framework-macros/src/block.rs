//! An impl block as it was written: its type, its functions, and the rest untouched.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, ImplItem, Token, Type, braced};

use crate::attr;
use crate::errors::Errors;
use crate::handler::HandlerFn;

/// An impl block with its attributes.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    /// All between the attributes and the braces.
    head: TokenStream,
    impl_span: Span,
    generics: Generics,
    of_trait: Option<TokenStream>,
    pub(crate) self_ty: Type,
    pub(crate) members: Vec<Member>,
}

/// A member of an impl block.
pub(crate) enum Member {
    Function(Box<HandlerFn>),
    Other(TokenStream),
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Block> {
        let attrs = input.call(Attribute::parse_outer)?;
        let unsafety: Option<Token![unsafe]> = input.parse()?;
        let impl_token: Token![impl] = input.parse()?;
        let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
        let negative: Option<Token![!]> = input.parse()?;
        let mut self_ty: Type = input.parse()?;
        let mut of_trait = None;
        if let Some(word) = input.parse::<Option<Token![for]>>()? {
            let of = self_ty;
            self_ty = input.parse()?;
            of_trait = Some(quote!(#negative #of #word));
        }
        generics.where_clause = input.parse()?;
        let where_clause = &generics.where_clause;
        let head = quote!(#unsafety #impl_token #generics #of_trait #self_ty #where_clause);
        let body;
        braced!(body in input);
        let inner = body.call(Attribute::parse_inner)?;
        let mut members = vec![Member::Other(quote!(#(#inner)*))];
        while !body.is_empty() {
            members.push(if HandlerFn::is_next(&body) {
                Member::Function(Box::new(body.parse()?))
            } else {
                Member::Other(body.parse::<ImplItem>()?.into_token_stream())
            });
        }
        Ok(Block { attrs, head, impl_span: impl_token.span, generics, of_trait, self_ty, members })
    }
}

impl Block {
    /// Refuses blocks whose methods belong to no single type.
    pub(crate) fn check_shape(&self, errors: &mut Errors) {
        if !self.generics.params.is_empty() {
            errors.under(
                &self.generics,
                "a mapped impl block has no type parameters, for nothing would choose them: write the types themselves",
            );
        }
        if self.of_trait.is_some() {
            errors.at(
                self.impl_span,
                "the methods of a trait cannot be mapped: put them into an impl block of the type itself, `impl Shop { … }`",
            );
        }
    }

    pub(crate) fn functions(&mut self) -> impl Iterator<Item = &mut HandlerFn> {
        self.members.iter_mut().filter_map(|member| match member {
            Member::Function(function) => Some(&mut **function),
            Member::Other(_) => None,
        })
    }

    pub(crate) fn functions_ref(&self) -> impl Iterator<Item = &HandlerFn> {
        self.members.iter().filter_map(|member| match member {
            Member::Function(function) => Some(&**function),
            Member::Other(_) => None,
        })
    }

    /// The type's name as it is written, for messages.
    pub(crate) fn type_name(&self) -> String {
        let name = self.self_ty.to_token_stream().to_string().replace(' ', "");
        name.rsplit("::").next().map_or(name.clone(), str::to_owned)
    }

    /// `#[cfg(…)]` attributes, which generated code must carry too.
    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        attr::cfgs(&self.attrs)
    }

    /// The block as the user wrote it, without our attributes.
    pub(crate) fn reemitted(&self, with_errors: bool) -> TokenStream {
        let Block { attrs, head, .. } = self;
        let members = self.members.iter().map(|member| match member {
            Member::Function(function) if with_errors => function.reemitted_unused(),
            Member::Function(function) => function.reemitted(),
            Member::Other(tokens) => tokens.clone(),
        });
        quote!(#(#attrs)* #head { #(#members)* })
    }
}

/// Whether one of these attributes is there, by the last word of its path.
pub(crate) fn has_attribute(attributes: &[Attribute], names: &[&str]) -> bool {
    let mut words = attributes.iter().filter_map(|attribute| attribute.path().segments.last());
    words.any(|word| names.iter().any(|name| word.ident == name))
}
