//! Lifetimes as a signature names them: which there are, and types without them, for adapters stand outside the function
//! and the impl block.

use proc_macro2::{Group, Ident, Punct, TokenStream, TokenTree};

/// Which lifetimes a type names.
#[derive(Default)]
pub(crate) struct Lifetimes {
    pub(crate) is_static: bool,
    /// Others, and those that a bare `&` leaves out.
    pub(crate) others: bool,
    /// It names `Self`, which may hold some.
    pub(crate) own: bool,
}

impl Lifetimes {
    pub(crate) fn read(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Punct(punct) if is_quote(&punct) => {
                    let is_static = matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "static");
                    self.is_static |= is_static;
                    self.others |= !is_static;
                }
                TokenTree::Punct(punct) if punct.as_char() == '&' => {
                    self.others |= !matches!(tokens.peek(), Some(TokenTree::Punct(next)) if is_quote(next));
                }
                TokenTree::Ident(name) => self.own |= name == "Self",
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

/// Tokens with the lifetimes of these names written `'_` and `Self` written [`SELF_ALIAS`], for adapters stand
/// outside the function and the impl block.
pub(crate) fn erased(tokens: TokenStream, lifetimes: &[String]) -> TokenStream {
    let mut erased = TokenStream::new();
    let mut after_quote = false;
    for token in tokens {
        let token = match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), self::erased(group.stream(), lifetimes));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            TokenTree::Ident(ident) if after_quote && lifetimes.iter().any(|name| ident == name) => {
                TokenTree::Ident(Ident::new("_", ident.span()))
            }
            TokenTree::Ident(ident) if ident == "Self" => {
                TokenTree::Ident(Ident::new(SELF_ALIAS, ident.span()))
            }
            other => other,
        };
        after_quote = matches!(&token, TokenTree::Punct(punct) if is_quote(punct));
        erased.extend([token]);
    }
    erased
}

fn is_quote(punct: &Punct) -> bool {
    punct.as_char() == '\''
}

/// What `Self` is called in adapters.
pub(crate) const SELF_ALIAS: &str = "__VernalSelf";

#[cfg(test)]
mod tests {
    use quote::quote;

    use crate::handler::HandlerFn;

    #[test]
    fn an_answer_that_borrows_from_nothing_says_so() {
        let table = [
            (
                quote!(
                    fn f() -> &'static [u8] {}
                ),
                true,
            ),
            (
                quote!(
                    fn f(id: u64) -> &'static [u8] {}
                ),
                true,
            ),
            (
                quote!(
                    fn f(id: u64) -> Result<(u16, &'static str)> {}
                ),
                true,
            ),
            (
                quote!(
                    fn f() -> Page {}
                ),
                true,
            ),
            (
                quote!(
                    fn f() -> Self {}
                ),
                false,
            ),
            (
                quote!(
                    fn f(id: u64) -> Page {}
                ),
                false,
            ),
            (
                quote!(
                    fn f() {}
                ),
                false,
            ),
            (
                quote!(
                    fn f(text: &str) -> &str {}
                ),
                false,
            ),
            (
                quote!(
                    fn f(text: &str) -> (&str, &'static str) {}
                ),
                false,
            ),
            (
                quote!(
                    fn f<'a>(text: &'a str) -> (Header<&'a str>, &'static str) {}
                ),
                false,
            ),
            (
                quote!(
                    fn f(agent: Agent) -> (Agent<'_>, &'static str) {}
                ),
                false,
            ),
        ];
        for (source, expected) in table {
            let shown = source.to_string();
            let function: HandlerFn = syn::parse2(source).expect("a function");
            assert_eq!(function.answers_static(), expected, "{shown}");
        }
    }
}
