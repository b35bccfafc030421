//! `#[request_map("/path", method = …, params = …, …)]`, also as the options of `#[endpoint]` and of impl blocks.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Expr, LitStr};

use super::options::Texts;
use super::{Contract, Options, Written};
use crate::check::{self, Regexp};
use crate::errors::Errors;

/// Which requests something is for, as one attribute says it. Paths are not joined with a prefix yet.
#[derive(Clone)]
pub(crate) struct Mapping {
    /// The attribute's name in the source, for messages.
    pub(crate) span: Span,
    /// The predicate of the `cfg_attr` around it.
    pub(crate) condition: Option<proc_macro2::TokenStream>,
    pub(crate) paths: Vec<LitStr>,
    pub(crate) regexp: Option<Regexp>,
    /// Empty when none is given.
    pub(crate) methods: Vec<String>,
    pub(crate) params: Expressions,
    pub(crate) headers: Expressions,
    pub(crate) order: Option<i32>,
    pub(crate) app: Option<LitStr>,
    pub(crate) limits: Option<Expr>,
    pub(crate) decompress: Option<Expr>,
    pub(crate) blocking: Option<Span>,
    pub(crate) contract: Contract,
    /// The status of arguments that are invalid, and where it is written.
    pub(crate) invalid: Option<(u16, Span)>,
}

/// `params` or `headers` expressions.
#[derive(Clone, Default)]
pub(crate) struct Expressions {
    pub(crate) list: Vec<String>,
    /// Whether one that holds is enough; `None` when the form does not say.
    pub(crate) any: Option<bool>,
}

/// Where a mapping stands, which decides what it must and may say.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// On a function: it needs a path or a regular expression.
    Function,
    /// On a method of a mapped impl block: without a path it is the block's own.
    Method,
    /// On an impl block: prefixes.
    Block,
    /// `#[endpoint]`: whole paths, and no methods, for these are the functions' names.
    Endpoint,
}

impl Mapping {
    pub(crate) fn read(written: Written, place: Place, errors: &mut Errors) -> Mapping {
        let name = written.name.clone();
        let mut options = Options::parse(written.tokens, errors);
        let mapping = Mapping::take(written.span, written.condition, place, &mut options, errors);
        options.finish(&name, errors);
        mapping
    }

    /// Takes what is a mapping's out of the options of an attribute.
    pub(crate) fn take(
        span: Span,
        condition: Option<proc_macro2::TokenStream>,
        place: Place,
        options: &mut Options,
        errors: &mut Errors,
    ) -> Mapping {
        let paths = options.texts.clone();
        let mut regexp = options.take_text("regexp", errors);
        match place {
            Place::Function => {
                check::paths_or_regexp(span, "request_map", options.has_texts, regexp.as_ref(), errors)
            }
            Place::Endpoint if paths.is_empty() => {
                errors.at(span, "an endpoint needs a path: write `#[endpoint(\"/users/{id}\")]`");
            }
            Place::Method if !paths.is_empty() && regexp.is_some() => {
                check::paths_or_regexp(span, "request_map", options.has_texts, regexp.as_ref(), errors);
            }
            _ => {}
        }
        if matches!(place, Place::Block | Place::Endpoint)
            && let Some(regexp) = regexp.take()
        {
            errors.under(
                regexp,
                "an impl block has no `regexp`: write it on the methods, where a prefix does not count",
            );
        }
        let methods = options.take_texts("method", false, errors);
        if place == Place::Endpoint
            && let Some(Texts { list, .. }) = &methods
        {
            errors.at(
                list.first().map_or(span, LitStr::span),
                "an endpoint takes its methods from the names of its functions: leave `method` out",
            );
        }
        let blocking = options.take_word("blocking", errors);
        if place == Place::Block
            && let Some(word) = blocking
        {
            errors.at(
                word,
                "`blocking` goes on the methods: write `#[request_map(blocking)]` on those that block",
            );
        }
        Mapping {
            span,
            condition,
            paths,
            regexp: regexp.and_then(|text| Regexp::parse(&text, errors)),
            methods: check::methods(methods.map(|texts| texts.list).unwrap_or_default(), errors),
            params: Expressions::read(options.take_texts("params", true, errors), false, errors),
            headers: Expressions::read(options.take_texts("headers", true, errors), true, errors),
            order: options.take_order(errors),
            app: options.take_text("app", errors),
            limits: limits(options, errors),
            decompress: options.take_expression("decompress", "Decompression::gzip()", errors),
            blocking,
            contract: Contract::take(matches!(place, Place::Block | Place::Endpoint), options, errors),
            invalid: invalid(options, errors),
        }
    }

    /// Joins what the impl block says with what a method says (rows N53 to N56). Paths are joined elsewhere.
    pub(crate) fn under(mut self, block: &Mapping) -> Mapping {
        if self.methods.is_empty() {
            self.methods.clone_from(&block.methods);
        }
        self.params = self.params.under(&block.params);
        self.headers = self.headers.under(&block.headers);
        self.order = self.order.or(block.order);
        self.app = self.app.or_else(|| block.app.clone());
        self.limits = self.limits.or_else(|| block.limits.clone());
        self.decompress = self.decompress.or_else(|| block.decompress.clone());
        self.blocking = self.blocking.or(block.blocking);
        self.contract = self.contract.under(&block.contract);
        self.invalid = self.invalid.or(block.invalid);
        self
    }
}

/// `invalid = 422`
fn invalid(options: &mut Options, errors: &mut Errors) -> Option<(u16, Span)> {
    let written = options.take_integer("invalid", errors)?;
    let status = written.base10_parse().ok().filter(|status| (400..500).contains(status));
    if status.is_none() {
        errors.under(
            &written,
            "what is invalid is the client's mistake: write a status from 400 to 499, like `invalid = 422`",
        );
    }
    Some((status?, written.span()))
}

/// `limits = …`. New limits come with new versions, so that no struct expression can name them all.
fn limits(options: &mut Options, errors: &mut Errors) -> Option<Expr> {
    let limits = options.take_expression("limits", "Limits::new().body_size(1024)", errors)?;
    let Expr::Struct(written) = &limits else { return Some(limits) };
    let set = written
        .fields
        .iter()
        .map(|field| format!(".{}({})", field.member.to_token_stream(), field.expr.to_token_stream()));
    let set: String = if written.fields.is_empty() { ".body_size(…)".to_owned() } else { set.collect() };
    errors.under(&limits, format!("limits are set one by one: write `Limits::new(){set}`"));
    None
}

impl Expressions {
    pub(super) fn read(texts: Option<Texts>, are_headers: bool, errors: &mut Errors) -> Expressions {
        let Some(Texts { list, any }) = texts else { return Expressions::default() };
        let list = list.iter().filter(|text| check::expression(text, are_headers, errors)).map(LitStr::value);
        Expressions { list: list.collect(), any }
    }

    /// United with the impl block's; the method's form decides between any and all, else the block's, else all.
    fn under(mut self, block: &Expressions) -> Expressions {
        let own = std::mem::take(&mut self.list);
        self.list.clone_from(&block.list);
        for expression in own {
            if !self.list.contains(&expression) {
                self.list.push(expression);
            }
        }
        self.any = self.any.or(block.any);
        self
    }

    pub(crate) fn is_any(&self) -> bool {
        self.any == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn read(tokens: proc_macro2::TokenStream, place: Place) -> (Mapping, Vec<String>) {
        let mut errors = Errors::new();
        let written = Written::expanding("request_map", tokens);
        let mapping = Mapping::read(written, place, &mut errors);
        (mapping, errors.texts())
    }

    #[test]
    fn a_method_replaces_methods_and_unites_expressions() {
        let (block, _) = read(quote!("/shop", method = "GET", params = any("a=b"), order = 3), Place::Block);
        let (method, _) = read(quote!("/buy", params = "x=y"), Place::Method);
        let joined = method.under(&block);
        assert_eq!(joined.methods, ["GET"]);
        assert_eq!(joined.params.list, ["a=b", "x=y"]);
        assert!(joined.params.is_any());
        assert_eq!(joined.order, Some(3));
        let (method, _) = read(quote!("/buy", method = "post, put", params = ["x=y", "a=b"]), Place::Method);
        let joined = method.under(&block);
        assert_eq!(joined.methods, ["POST", "PUT"]);
        assert_eq!(joined.params.list, ["a=b", "x=y"]);
        assert!(!joined.params.is_any());
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            (
                quote!(),
                Place::Function,
                "write a path, like `#[request_map(\"/hello\")]`, or `regexp = \"^…$\"`",
            ),
            (
                quote!("/a", regexp = "^a"),
                Place::Function,
                "a path and a regular expression exclude each other: keep one, or write two attributes",
            ),
            (
                quote!(regexp = "^a"),
                Place::Block,
                "an impl block has no `regexp`: write it on the methods, where a prefix does not count",
            ),
            (
                quote!("/a", method = "GET"),
                Place::Endpoint,
                "an endpoint takes its methods from the names of its functions: leave `method` out",
            ),
            (
                quote!("/a", methods = "GET"),
                Place::Function,
                "`request_map` has no option `methods`: did you mean `method`?",
            ),
            (
                quote!("/a", limits = Limits { body_size: 1 << 20, ..Limits::default() }),
                Place::Function,
                "limits are set one by one: write `Limits::new().body_size(1 << 20)`",
            ),
        ];
        for (tokens, place, expected) in table {
            assert_eq!(read(tokens, place).1, [expected]);
        }
    }
}
