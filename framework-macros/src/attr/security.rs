//! How a filter that is a function knows whom a request is from, for the description of the API: `security(session)`,
//! `security(header = "X-Api-Key", optional)`.

use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

use super::Options;
use crate::errors::Errors;

/// What requests bring.
#[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
pub(crate) struct Security {
    pub(crate) scheme: Scheme,
    /// Whether those without get through.
    pub(crate) is_optional: bool,
}

#[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
pub(crate) enum Scheme {
    Session,
    Basic,
    Bearer,
    Header(LitStr),
    Cookie(LitStr),
}

/// `security(session)`
pub(super) fn take_security(options: &mut Options, errors: &mut Errors) -> Option<Security> {
    let (word, tokens) = options.take_group("security", "session", errors)?;
    if tokens.is_empty() {
        errors.at(word, format!("`security` says nothing: write {FORMS}, or leave it out"));
        return None;
    }
    errors.keep(read.parse2(tokens))
}

fn read(input: ParseStream<'_>) -> syn::Result<Security> {
    let scheme = scheme(input)?;
    let mut is_optional = false;
    if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        let word: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), ONLY))?;
        if word != "optional" {
            return Err(syn::Error::new(word.span(), ONLY));
        }
        is_optional = true;
        input.parse::<Option<Token![,]>>()?;
    }
    if !input.is_empty() {
        return Err(input.error(ONLY));
    }
    Ok(Security { scheme, is_optional })
}

fn scheme(input: ParseStream<'_>) -> syn::Result<Scheme> {
    let other = |span| syn::Error::new(span, format!("this is no way to say who one is: write {FORMS}"));
    let word: Ident = input.parse().map_err(|error: syn::Error| other(error.span()))?;
    let named = |input: ParseStream<'_>| {
        let shown = if word == "header" { "header = \"X-Api-Key\"" } else { "cookie = \"key\"" };
        let refused = |span| syn::Error::new(span, format!("say which one it is: write `{shown}`"));
        input.parse::<Option<Token![=]>>()?.ok_or_else(|| refused(word.span()))?;
        let name: LitStr = input.parse().map_err(|error: syn::Error| refused(error.span()))?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.value().is_empty() || !name.value().bytes().all(is_token) {
            return Err(refused(name.span()));
        }
        Ok(name)
    };
    match &*word.to_string() {
        "session" => Ok(Scheme::Session),
        "basic" => Ok(Scheme::Basic),
        "bearer" => Ok(Scheme::Bearer),
        "header" => Ok(Scheme::Header(named(input)?)),
        "cookie" => Ok(Scheme::Cookie(named(input)?)),
        _ => Err(other(word.span())),
    }
}

const FORMS: &str = "`security(session)`, `security(basic)`, `security(bearer)`, `security(header = \"X-Api-Key\")` or \
    `security(cookie = \"key\")`";

const ONLY: &str =
    "only `optional` may follow: write it where requests without get through as nobody, or leave it out";

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn mistakes_are_told() {
        let table = [
            (quote!(security()), format!("`security` says nothing: write {FORMS}, or leave it out")),
            (quote!(security = session), "write `security(session)`, with parentheses".to_owned()),
            (quote!(security("session")), format!("this is no way to say who one is: write {FORMS}")),
            (quote!(security(jwt)), format!("this is no way to say who one is: write {FORMS}")),
            (quote!(security(header)), "say which one it is: write `header = \"X-Api-Key\"`".to_owned()),
            (
                quote!(security(header = "X Api")),
                "say which one it is: write `header = \"X-Api-Key\"`".to_owned(),
            ),
            (quote!(security(cookie = key)), "say which one it is: write `cookie = \"key\"`".to_owned()),
            (quote!(security(session, bearer)), ONLY.to_owned()),
            (quote!(security(session optional)), ONLY.to_owned()),
        ];
        for (tokens, expected) in table {
            let mut errors = Errors::new();
            let mut options = Options::parse(tokens, &mut errors);
            let _ = take_security(&mut options, &mut errors);
            assert_eq!(errors.texts(), [expected]);
        }
    }
}
