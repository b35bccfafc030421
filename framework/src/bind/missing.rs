//! What is said of a parameter that is missing: what came in its place, and what to send. Where a server shows its errors, also
//! what to write.

use super::brackets;
use crate::http::{Error, Request, Result, shortened};

/// Why a parameter is missing, as far as that can be seen.
#[cold]
pub(super) fn parameter(error: Error, is_list: bool, req: &Request) -> Error {
    let came = req.form.iter().chain(req.query.iter()).map(|(name, _)| name);
    let error = brackets::explained(error, came, ARGUMENT_NAME, req.context().show_errors);
    beside_what_body(why_required(error, is_list, req), req)
}

/// How an argument is given another name.
pub(super) const ARGUMENT_NAME: &str = "#[arg(name = …)]";

/// Says of a list that is missing what to write for one that may be empty, where a server shows its errors.
#[cold]
pub(super) fn why_required(error: Error, is_list: bool, req: &Request) -> Error {
    if !is_list || !error.is_missing() || !req.context().show_errors {
        return error;
    }
    let explain = format!("{} {FOR_EMPTY_LISTS}", error.explain_text());
    error.explain(explain)
}

pub(super) const FOR_EMPTY_LISTS: &str =
    "For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.";

/// Says of a missing parameter that there was a body, if it was of a kind that holds none.
#[inline]
pub(super) fn beside_body<T>(bound: Result<T>, req: &Request) -> Result<T> {
    match bound {
        Err(error) if error.is_missing() => Err(beside_what_body(error, req)),
        bound => bound,
    }
}

#[cold]
fn beside_what_body(error: Error, req: &Request) -> Error {
    let is_empty = match req.header("content-length") {
        Some(length) => length == "0",
        None => req.header("transfer-encoding").is_none() && req.body().is_empty(),
    };
    if is_empty || req.is_form() || req.is_multipart() {
        return error;
    }
    let kind = match req.header("content-type") {
        Some(kind) => format!("is `{}`, which holds no parameters", shortened(kind)),
        None => "has no `Content-Type`, so it holds no parameters".to_owned(),
    };
    let mut explain = format!("{} The body {kind}: send a form, or a query.", error.explain_text());
    if req.context().show_errors {
        explain.push_str(" A handler takes the body itself as `Text<String>`, `Json<T>` or `Bytes`.");
    }
    error.explain(explain)
}
