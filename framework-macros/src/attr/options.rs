//! What is between the parentheses of an attribute: texts first, then `key = value` and bare words.
//!
//! The grammar is the same for every attribute; which keys there are is the business of the attribute that asks.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, ExprField, ExprLit, Ident, Lit, LitInt, LitStr, Member, Token, UnOp};

use super::elsewhere;
use crate::errors::{Errors, suggestion};

/// The arguments of one attribute. Every `take` removes an option; [`Options::finish`] refuses what is left.
pub(crate) struct Options {
    /// The texts before the first option: paths, codes.
    pub(crate) texts: Vec<LitStr>,
    /// Whether something stood where texts stand, be it wrong.
    pub(crate) has_texts: bool,
    entries: Vec<Entry>,
    /// Keys asked for so far, for suggestions.
    known: Vec<&'static str>,
}

/// `key = value`, `key(…)`, or `key` alone.
struct Entry {
    key: Ident,
    value: Option<Expr>,
    group: Option<TokenStream>,
}

/// A text, a list of texts, or `any("…", "…")`.
pub(crate) struct Texts {
    pub(crate) list: Vec<LitStr>,
    /// `Some(true)` for `any(…)`, `Some(false)` for `[…]`, `None` for a single text, which decides nothing.
    pub(crate) any: Option<bool>,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Options {
        let mut options =
            Options { texts: Vec::new(), has_texts: false, entries: Vec::new(), known: Vec::new() };
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = options.parse_one(input, errors) {
                    errors.add(error);
                    skip_to_comma(input);
                } else if !input.is_empty() && !input.peek(Token![,]) {
                    errors.at(input.span(), "a comma belongs here, between two arguments of the attribute");
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
        options
    }

    fn parse_one(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        if input.peek(Ident::peek_any) && !input.peek2(Token![!]) && !input.peek2(Token![::]) {
            let key = input.call(Ident::parse_any)?;
            self.has_texts |= elsewhere::is_path(&key.to_string());
            if input.peek(syn::token::Paren) {
                let group: Group = input.parse()?;
                let word = key.to_string();
                if !GROUPS.contains(&&*word) {
                    // `response(404 = "why")`
                    let near = GROUPS.iter().find(|known| known.strip_suffix('s') == Some(&word));
                    return Err(match near {
                        Some(known) => {
                            syn::Error::new(key.span(), format!("write `{known}(…)`: there may be several"))
                        }
                        None => {
                            syn::Error::new(group.span(), format!("write `{key} = …`, without parentheses"))
                        }
                    });
                }
                return self.add(Entry { key, value: None, group: Some(group.stream()) }, errors);
            }
            let value = match input.parse::<Option<Token![=]>>()? {
                Some(_) => Some(input.parse::<Expr>()?),
                None => None,
            };
            return self.add(Entry { key, value, group: None }, errors);
        }
        self.has_texts = true;
        let expression: Expr = input.parse()?;
        let text = literal(&expression)?;
        if let Some(entry) = self.entries.first() {
            errors.at(text.span(), format!("write texts before options: move this before `{}`", entry.key));
        }
        self.texts.push(text);
        Ok(())
    }

    fn add(&mut self, entry: Entry, errors: &mut Errors) -> syn::Result<()> {
        let Entry { key, .. } = &entry;
        if let Some(known) = self.entries.iter().find(|known| known.key == *key) {
            let texts = [&known.value, &entry.value].map(|value| literal(value.as_ref()?).ok());
            let remedy = match texts {
                [Some(one), Some(other)] if LISTS.contains(&&*key.to_string()) => {
                    format!("write `{key} = [{:?}, {:?}]`", one.value(), other.value())
                }
                _ => "keep one of them".to_owned(),
            };
            errors.at(key.span(), format!("`{key}` is given twice: {remedy}"));
        } else {
            self.entries.push(entry);
        }
        Ok(())
    }

    /// `key(…)`: where it stands, and what is inside.
    pub(crate) fn take_group(
        &mut self,
        key: &'static str,
        example: &str,
        errors: &mut Errors,
    ) -> Option<(Span, TokenStream)> {
        let entry = self.take(key)?;
        if entry.group.is_none() {
            errors.at(entry.key.span(), format!("write `{key}({example})`, with parentheses"));
        }
        Some((entry.key.span(), entry.group?))
    }

    /// A bare word: where it stands, if it does.
    pub(crate) fn take_word(&mut self, key: &'static str, errors: &mut Errors) -> Option<Span> {
        let entry = self.take(key)?;
        if let Some(value) = &entry.value {
            errors.under(value, format!("write `{key}` alone, or leave it out"));
        }
        Some(entry.key.span())
    }

    /// `key = "…"`
    pub(crate) fn take_text(&mut self, key: &'static str, errors: &mut Errors) -> Option<LitStr> {
        let value = self.take_expression(key, "\"…\"", errors)?;
        errors.keep(literal(&value))
    }

    /// `key = 3`
    pub(crate) fn take_integer(&mut self, key: &'static str, errors: &mut Errors) -> Option<LitInt> {
        let value = self.take_expression(key, "1", errors)?;
        let integer = integer(&value);
        if integer.is_none() {
            let quoted = literal(&value).ok().and_then(|text| text.value().trim().parse::<i64>().ok());
            let meant = quoted.unwrap_or(1);
            errors.under(value, format!("`{key}` is a whole number: write `{key} = {meant}`"));
        }
        integer
    }

    /// `order = -1`
    pub(crate) fn take_order(&mut self, errors: &mut Errors) -> Option<i32> {
        let order = self.take_integer("order", errors)?;
        let parsed = order.base10_parse().ok();
        if parsed.is_none() {
            errors.under(order, format!("an order is a number from {} to {}", i32::MIN, i32::MAX));
        }
        parsed
    }

    /// `key = EXPR`; `example` is for the message when there is none.
    pub(crate) fn take_expression(
        &mut self,
        key: &'static str,
        example: &str,
        errors: &mut Errors,
    ) -> Option<Expr> {
        let entry = self.take(key)?;
        if entry.value.is_none() {
            errors.at(entry.key.span(), format!("`{key}` wants a value: write `{key} = {example}`"));
        }
        entry.value
    }

    /// `key` or `key = EXPR`
    pub(crate) fn take_optional(&mut self, key: &'static str) -> Option<(Ident, Option<Expr>)> {
        self.take(key).map(|entry| (entry.key, entry.value))
    }

    /// `key = "a"`, `key = ["a", "b"]`, and `key = any("a", "b")` where `any` is allowed.
    pub(crate) fn take_texts(
        &mut self,
        key: &'static str,
        with_any: bool,
        errors: &mut Errors,
    ) -> Option<Texts> {
        let value = self.take_expression(key, "[\"…\", \"…\"]", errors)?;
        let (elements, any) = match unwrapped(&value) {
            Expr::Array(array) => (array.elems.iter().collect::<Vec<_>>(), Some(false)),
            Expr::Call(call) if with_any && is_any(&call.func) => (call.args.iter().collect(), Some(true)),
            Expr::Call(call) => {
                let forms =
                    if with_any { "`\"…\"`, `[…]` or `any(…)`" } else { "`\"…\"` or `[…]`" };
                errors.under(call, format!("write {forms} here"));
                return None;
            }
            other => (vec![other], None),
        };
        if elements.is_empty() {
            errors.under(&value, format!("`{key}` is empty: write a text into it, or leave `{key}` out"));
            return None;
        }
        let list = elements.into_iter().filter_map(|element| errors.keep(literal(element))).collect();
        Some(Texts { list, any })
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self, attribute: &str, errors: &mut Errors) {
        for Entry { key, .. } in &self.entries {
            let word = key.unraw().to_string();
            let hint =
                elsewhere::instead_of(attribute, &word).unwrap_or_else(|| suggestion(&word, &self.known));
            errors.at(key.span(), format!("`{attribute}` has no option `{key}`: {hint}"));
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Entry> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }
}

/// The text of a string literal, also when a `macro_rules!` passed it on.
fn literal(expression: &Expr) -> syn::Result<LitStr> {
    match unwrapped(expression) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        Expr::Macro(call) => Err(syn::Error::new_spanned(
            call,
            "an attribute sees no macro's result: write the string literal itself, like \"/hello\"",
        )),
        Expr::Path(path) => {
            Err(unquoted(path, &path.path.segments.last().map(|last| last.ident.to_string())))
        }
        Expr::Field(ExprField { member: Member::Named(member), .. }) => {
            Err(unquoted(expression, &Some(member.to_string())))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            Err(unquoted(expression, &Some(number.base10_digits().to_owned())))
        }
        other => Err(syn::Error::new_spanned(other, "this must be a string literal, like \"/hello\"")),
    }
}

/// `Method::GET`, `StatusCode::NOT_FOUND`, `404`: what should have been written as a text.
fn unquoted(tokens: impl ToTokens, word: &Option<String>) -> syn::Error {
    let word = word.as_deref().unwrap_or("…");
    let text = STATUSES.iter().find(|(name, _)| *name == word).map_or(word, |(_, number)| number);
    syn::Error::new_spanned(tokens, format!("this must be a string literal: write \"{text}\", with quotes"))
}

/// Statuses that error pages are written for, by their names elsewhere.
const STATUSES: [(&str, &str); 14] = [
    ("BAD_REQUEST", "400"),
    ("UNAUTHORIZED", "401"),
    ("FORBIDDEN", "403"),
    ("NOT_FOUND", "404"),
    ("METHOD_NOT_ALLOWED", "405"),
    ("CONFLICT", "409"),
    ("GONE", "410"),
    ("PAYLOAD_TOO_LARGE", "413"),
    ("UNSUPPORTED_MEDIA_TYPE", "415"),
    ("UNPROCESSABLE_ENTITY", "422"),
    ("TOO_MANY_REQUESTS", "429"),
    ("INTERNAL_SERVER_ERROR", "500"),
    ("BAD_GATEWAY", "502"),
    ("SERVICE_UNAVAILABLE", "503"),
];

fn integer(expression: &Expr) -> Option<LitInt> {
    match unwrapped(expression) {
        Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) => Some(integer.clone()),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            let positive = integer(&unary.expr)?;
            Some(LitInt::new(&format!("-{}", positive.base10_digits()), unary.span()))
        }
        _ => None,
    }
}

fn unwrapped(expression: &Expr) -> &Expr {
    match expression {
        Expr::Group(group) => unwrapped(&group.expr),
        other => other,
    }
}

fn is_any(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.path.is_ident("any"))
}

/// Options that take several texts.
const LISTS: [&str; 3] = ["headers", "method", "params"];

/// Options whose value stands in parentheses.
const GROUPS: [&str; 4] = ["receives", "responses", "security", "sends"];

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> (Vec<String>, Vec<String>) {
        let mut errors = Errors::new();
        let mut options = Options::parse(source.parse().expect("tokens"), &mut errors);
        let mut found: Vec<String> = options.texts.iter().map(LitStr::value).collect();
        if let Some(texts) = options.take_texts("params", true, &mut errors) {
            let list: Vec<_> = texts.list.iter().map(LitStr::value).collect();
            found.push(format!("params {:?} {}", texts.any, list.join(" ")));
        }
        found.extend(options.take_integer("order", &mut errors).map(|order| format!("order {order}")));
        found.extend(options.take_text("app", &mut errors).map(|app| format!("app {}", app.value())));
        found.extend(options.take_word("blocking", &mut errors).map(|_| "blocking".to_owned()));
        options.finish("request_map", &mut errors);
        (found, errors.texts())
    }

    #[test]
    fn options_are_read() {
        let table: [(&str, &[&str]); 8] = [
            ("", &[]),
            (r#""/a", "/b","#, &["/a", "/b"]),
            (r#""/a", params = "a=b""#, &["/a", "params None a=b"]),
            (r#"params = ["a", "!b"]"#, &["params Some(false) a !b"]),
            (r#"params = any("a", "b"), order = -3"#, &["params Some(true) a b", "order -3"]),
            ("order = 10, blocking", &["order 10", "blocking"]),
            (r#"blocking, app = "x""#, &["app x", "blocking"]),
            (r##"r#"/raw"#"##, &["/raw"]),
        ];
        for (source, expected) in table {
            assert_eq!(
                read(source),
                (expected.iter().map(|&text| text.to_owned()).collect(), vec![]),
                "{source}"
            );
        }
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let table: [(&str, &[&str]); 23] = [
            ("blocking = true", &["write `blocking` alone, or leave it out"]),
            ("app", &["`app` wants a value: write `app = \"…\"`"]),
            (
                "app = 1, order = \"x\"",
                &[
                    "`order` is a whole number: write `order = 1`",
                    "this must be a string literal: write \"1\", with quotes",
                ],
            ),
            ("ordre = 1", &["`request_map` has no option `ordre`: did you mean `order`?"]),
            (
                "colour = 1",
                &["`request_map` has no option `colour`: write `params`, `order`, `app` or `blocking`"],
            ),
            ("order = \"201\"", &["`order` is a whole number: write `order = 201`"]),
            ("order = 1, order = 2", &["`order` is given twice: keep one of them"]),
            ("app = \"a\", app = \"b\"", &["`app` is given twice: keep one of them"]),
            (
                "params = \"a=1\", params = \"b\"",
                &["`params` is given twice: write `params = [\"a=1\", \"b\"]`"],
            ),
            (r#"order = 1, "/a""#, &["write texts before options: move this before `order`"]),
            (
                r#"concat!("/a", "/b")"#,
                &["an attribute sees no macro's result: write the string literal itself, like \"/hello\""],
            ),
            (r#""/a" "/b""#, &["a comma belongs here, between two arguments of the attribute"]),
            ("app(\"x\")", &["write `app = …`, without parentheses"]),
            ("response(404 = \"none\")", &["write `responses(…)`: there may be several"]),
            ("send(String)", &["write `sends(…)`: there may be several"]),
            ("params = Method::GET", &["this must be a string literal: write \"GET\", with quotes"]),
            ("params = [RequestMethod.PUT]", &["this must be a string literal: write \"PUT\", with quotes"]),
            ("StatusCode::NOT_FOUND", &["this must be a string literal: write \"404\", with quotes"]),
            (r#""/a", GET"#, &["`request_map` has no option `GET`: write `method = \"GET\"`"]),
            (r#""/a", post"#, &["`request_map` has no option `post`: write `method = \"POST\"`"]),
            (
                "value = \"/a\"",
                &[
                    "`request_map` has no option `value`: paths come first, without a name: `#[request_map(\"/hello\")]`",
                ],
            ),
            ("rank = 1", &["`request_map` has no option `rank`: write `order = 1`; lower comes first"]),
            (
                "params = [], params2 = 1",
                &[
                    "`params` is empty: write a text into it, or leave `params` out",
                    "`request_map` has no option `params2`: did you mean `params`?",
                ],
            ),
        ];
        for (source, expected) in table {
            assert_eq!(read(source).1, expected, "{source}");
        }
    }
}
