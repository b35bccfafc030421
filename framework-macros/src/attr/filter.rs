//! `#[request_filter("/a/**", order = 10, unmatched, security(session), responses(401 = "Who are you?"))]`

use syn::LitStr;

use super::contract::{Response, take_responses};
use super::security::{Security, take_security};
use super::{Options, Written};
use crate::check::{self, Pattern, Regexp};
use crate::errors::Errors;

/// Which paths a filter runs for, and when.
pub(crate) struct RequestFilter {
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) regexp: Option<Regexp>,
    pub(crate) order: i32,
    pub(crate) unmatched: bool,
    pub(crate) app: Option<LitStr>,
    /// What it may answer by itself, for the description of the API.
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
    pub(crate) responses: Vec<Response>,
    /// How requests say whom they are from.
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
    pub(crate) security: Option<Security>,
}

impl RequestFilter {
    pub(crate) fn read(written: Written, errors: &mut Errors) -> RequestFilter {
        let mut options = Options::parse(written.tokens, errors);
        let patterns: Vec<Pattern> =
            options.texts.iter().filter_map(|text| Pattern::parse(text, &text.value(), errors)).collect();
        let regexp = options.take_text("regexp", errors);
        check::paths_or_regexp(written.span, "request_filter", options.has_texts, regexp.as_ref(), errors);
        let regexp = regexp.and_then(|text| Regexp::parse(&text, errors));
        let order = options.take_order(errors);
        let unmatched = options.take_word("unmatched", errors).is_some();
        let app = options.take_text("app", errors);
        let responses = take_responses(&mut options, errors);
        let security = take_security(&mut options, errors);
        options.finish("request_filter", errors);
        RequestFilter { patterns, regexp, order: order.unwrap_or(0), unmatched, app, responses, security }
    }
}
