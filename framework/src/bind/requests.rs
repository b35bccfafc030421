//! Requests for the tests of this floor, as dispatch would have filled them.

use std::sync::Arc;

use crate::base::Span;
use crate::http::{Context, Request};

/// A request with a query.
pub(super) fn get(query: &str) -> Request {
    let mut req = Request::new(Arc::new(Context::default()));
    req.query.parse(query.as_bytes(), 1000).expect("few parameters");
    req
}

/// A request with a body, whose form is decoded if it is one.
pub(super) fn post(content_type: &str, body: impl AsRef<[u8]>) -> Request {
    let mut req = get("");
    if !content_type.is_empty() {
        req.headers.append("Content-Type", content_type);
    }
    req.body = body.as_ref().to_vec();
    if req.is_form() {
        req.form.parse(body.as_ref(), 1000).expect("few parameters");
    }
    req
}

/// Adds a path and the values that a mapping found in it.
pub(super) fn at(mut req: Request, path: &str, values: &[(&'static str, &str)]) -> Request {
    req.path.set(path.as_bytes()).expect("well formed");
    for (name, value) in values {
        let span = span_of(req.path(), value);
        req.path_values.named.push((name, span));
    }
    req
}

/// Adds a header field.
pub(super) fn with(mut req: Request, name: &str, value: &str) -> Request {
    req.headers.append(name, value);
    req
}

pub(super) fn span_of(path: &str, value: &str) -> Span {
    let start = path.find(value).expect("a part of the path");
    Span::new(start, start + value.len())
}
