//! What is said in WebSocket sessions where no argument says it: `receives(Json<Say>)`, `sends(Json<Said>, String)`.

use proc_macro2::Span;
use syn::parse::{ParseStream, Parser};
use syn::{Token, Type};

use super::Options;
use crate::errors::Errors;

/// The types of messages that one attribute lists.
#[derive(Clone, Default)]
pub(crate) struct Conversation {
    pub(crate) receives: Vec<Type>,
    pub(crate) sends: Vec<Type>,
    /// Where `receives` stands, and the first of the two.
    pub(crate) receives_at: Option<Span>,
    pub(crate) at: Option<(&'static str, Span)>,
}

impl Conversation {
    pub(super) fn take(options: &mut Options, errors: &mut Errors) -> Conversation {
        let receives = listed("receives", "Json<Say>", options, errors);
        let sends = listed("sends", "Json<Said>", options, errors);
        let at = |word, listed: &Option<(Span, Vec<Type>)>| listed.as_ref().map(|(at, _)| (word, *at));
        Conversation {
            receives_at: at("receives", &receives).map(|(_, at)| at),
            at: at("receives", &receives).or(at("sends", &sends)),
            receives: receives.map(|(_, types)| types).unwrap_or_default(),
            sends: sends.map(|(_, types)| types).unwrap_or_default(),
        }
    }
}

fn listed(
    key: &'static str,
    example: &str,
    options: &mut Options,
    errors: &mut Errors,
) -> Option<(Span, Vec<Type>)> {
    let (at, tokens) = options.take_group(key, example, errors)?;
    let read = |input: ParseStream<'_>| input.parse_terminated(<Type as syn::parse::Parse>::parse, Token![,]);
    match read.parse2(tokens) {
        Ok(types) if types.is_empty() => {
            errors.at(at, format!("`{key}` says nothing: write `{key}({example})`, or leave it out"));
            None
        }
        Ok(types) => Some((at, types.into_iter().collect())),
        Err(error) => {
            errors.at(error.span(), format!("`{key}` lists the types of messages: write `{key}({example})`"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn lists_are_read() {
        let mut errors = Errors::new();
        let mut options = Options::parse(quote!(receives(Json<Say<'_>>, &str), sends(String,)), &mut errors);
        let taken = Conversation::take(&mut options, &mut errors);
        assert_eq!((taken.receives.len(), taken.sends.len()), (2, 1));
        assert_eq!(taken.at.map(|(word, _)| word), Some("receives"));
        assert_eq!(errors.texts(), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            (quote!(sends()), "`sends` says nothing: write `sends(Json<Said>)`, or leave it out"),
            (quote!(receives("text")), "`receives` lists the types of messages: write `receives(Json<Say>)`"),
            (quote!(sends = String), "write `sends(Json<Said>)`, with parentheses"),
        ];
        for (tokens, expected) in table {
            let mut errors = Errors::new();
            let mut options = Options::parse(tokens, &mut errors);
            let _ = Conversation::take(&mut options, &mut errors);
            assert_eq!(errors.texts(), [expected]);
        }
    }
}
