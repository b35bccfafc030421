//! What a mapping adds to the description of its answers: `status = 201`, `responses(404 = "no such order")`, `tag = "…"`, `hidden`.

use proc_macro2::Span;
use syn::parse::{ParseStream, Parser};
use syn::{LitInt, LitStr, Token, Type};

use super::{Conversation, Options};
use crate::errors::Errors;

/// What one attribute says beside what types say.
#[derive(Clone, Default)]
pub(crate) struct Contract {
    /// The status of an answer that says none itself.
    pub(crate) status: Option<(u16, Span)>,
    pub(crate) responses: Vec<Response>,
    pub(crate) tag: Option<LitStr>,
    pub(crate) is_hidden: bool,
    /// What is said where it opens a WebSocket session.
    pub(crate) conversation: Conversation,
}

/// `tag = "…"`
pub(super) fn take_tag(options: &mut Options, errors: &mut Errors) -> Option<LitStr> {
    options.take_text("tag", errors).filter(|tag| {
        let is_empty = tag.value().trim().is_empty();
        if is_empty {
            errors.under(tag, "a tag without a name is none: write `tag = \"orders\"`, or leave it out");
        }
        !is_empty
    })
}

/// A further answer.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) what: What,
}

#[derive(Clone)]
pub(crate) enum What {
    /// An error with this meaning.
    Meaning(#[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))] LitStr),
    /// What a type is answered with as.
    Type(Box<Type>),
}

impl Contract {
    /// Takes what is the contract's out of the options of an attribute, on one function or for all of an impl block.
    pub(super) fn take(is_for_many: bool, options: &mut Options, errors: &mut Errors) -> Contract {
        let status = options.take_integer("status", errors).and_then(|status| {
            if is_for_many {
                errors.under(
                    &status,
                    "`status` goes on a method: write it in its `#[request_map(…)]`, or return it, as in `(201, Json(order))`",
                );
            }
            Some((in_range(&status, 200, errors)?, status.span()))
        });
        let responses = take_responses(options, errors);
        let tag = take_tag(options, errors);
        let is_hidden = options.take_word("hidden", errors).is_some();
        let conversation = Conversation::take(options, errors);
        if is_for_many && let Some((word, at)) = conversation.at {
            errors.at(at, format!("`{word}` goes on a method that takes a `WebSocketRequest`: write it in its `#[request_map(…)]`"));
        }
        Contract { status, responses, tag, is_hidden, conversation }
    }

    /// Joins what the impl block says with what a method says.
    pub(super) fn under(mut self, block: &Contract) -> Contract {
        let own: Vec<u16> = self.responses.iter().map(|response| response.status).collect();
        self.responses
            .extend(block.responses.iter().filter(|response| !own.contains(&response.status)).cloned());
        self.tag = self.tag.or_else(|| block.tag.clone());
        self.is_hidden |= block.is_hidden;
        self
    }
}

/// `responses(404 = "no such order")`
pub(super) fn take_responses(options: &mut Options, errors: &mut Errors) -> Vec<Response> {
    let Some((word, tokens)) = options.take_group("responses", "404 = \"no such order\"", errors) else {
        return Vec::new();
    };
    let read = |input: ParseStream<'_>| {
        let listed = input.parse_terminated(|input| response(input), Token![,])?;
        Ok(listed.into_iter().collect::<Vec<_>>())
    };
    match read.parse2(tokens) {
        Ok(listed) if listed.is_empty() => {
            errors.at(
                word,
                "`responses` says nothing: write `responses(404 = \"no such order\")`, or leave it out",
            );
            Vec::new()
        }
        Ok(listed) => checked(listed, errors),
        Err(error) => {
            errors.add(error);
            Vec::new()
        }
    }
}

fn response(input: ParseStream<'_>) -> syn::Result<(LitInt, What)> {
    if !input.peek(LitInt) {
        return Err(input.error(
            "a response begins with its status: write `404 = \"no such order\"` or `409 = Json<Conflict>`",
        ));
    }
    let status: LitInt = input.parse()?;
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            status.span(),
            format!(
                "say what a {status} is: write `{status} = \"why\"`, or the type it is answered with, `{status} = Json<…>`"
            ),
        ));
    }
    input.parse::<Token![=]>()?;
    let what = if input.peek(LitStr) { What::Meaning(input.parse()?) } else { What::Type(input.parse()?) };
    Ok((status, what))
}

fn checked(listed: Vec<(LitInt, What)>, errors: &mut Errors) -> Vec<Response> {
    let mut responses: Vec<Response> = Vec::new();
    for (written, what) in listed {
        let Some(status) = in_range(&written, 100, errors) else { continue };
        if responses.iter().any(|response| response.status == status) {
            errors.under(&written, format!("the response {status} is listed twice: keep one of them"));
            continue;
        }
        responses.push(Response { status, what });
    }
    responses
}

fn in_range(written: &LitInt, least: u16, errors: &mut Errors) -> Option<u16> {
    let status = written.base10_parse().ok().filter(|status| (least..600).contains(status));
    if status.is_none() {
        errors.under(written, format!("`{written}` is no status to answer with: write {least} to 599"));
    }
    status
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn mistakes_are_told() {
        let table = [
            (quote!(status = 99), "`99` is no status to answer with: write 200 to 599"),
            (quote!(status = 1000), "`1000` is no status to answer with: write 200 to 599"),
            (
                quote!(responses()),
                "`responses` says nothing: write `responses(404 = \"no such order\")`, or leave it out",
            ),
            (quote!(responses(700 = "x")), "`700` is no status to answer with: write 100 to 599"),
            (quote!(responses(404 = "x", 404 = "y")), "the response 404 is listed twice: keep one of them"),
            (
                quote!(responses(404)),
                "say what a 404 is: write `404 = \"why\"`, or the type it is answered with, `404 = Json<…>`",
            ),
            (
                quote!(responses("gone")),
                "a response begins with its status: write `404 = \"no such order\"` or `409 = Json<Conflict>`",
            ),
            (quote!(responses = 404), "write `responses(404 = \"no such order\")`, with parentheses"),
            (quote!(tag = " "), "a tag without a name is none: write `tag = \"orders\"`, or leave it out"),
            (quote!(hidden = true), "write `hidden` alone, or leave it out"),
        ];
        for (tokens, expected) in table {
            let mut errors = Errors::new();
            let mut options = Options::parse(tokens, &mut errors);
            let _ = Contract::take(false, &mut options, &mut errors);
            assert_eq!(errors.texts(), [expected]);
        }
    }
}
