//! The head of a request, from the fields of its stream (RFC 9113, section 8.3.1): it keeps the law and the limits of every other one.

use h2::ext::Protocol;
use http::header::{COOKIE, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};

use crate::base::{Headers, shown_bytes};
use crate::http::Request;
use crate::proto::h1::Head;
use crate::proto::{Limits, Refusal};

/// Whether a request asks for WebSocket (RFC 8441, section 4).
pub(super) fn asks_for_websocket(parts: &Parts) -> bool {
    parts.extensions.get::<Protocol>().is_some_and(|protocol| protocol.as_str() == "websocket")
}

/// Takes a head over. One that asks for WebSocket becomes what it would have been in HTTP/1.1, but for the key, which it need not have.
///
/// Tells whether the peer waits for a word before it sends the body.
///
/// # Errors
/// It breaks the law or a limit.
pub(super) fn take_head(request: &mut Request, parts: Parts, limits: &Limits) -> Result<bool, Refusal> {
    let is_websocket = asks_for_websocket(&parts);
    let is_other = parts.extensions.get::<Protocol>().is_some() && !is_websocket;
    let Parts { method, uri, headers: fields, .. } = parts;
    let authority = uri.authority().map(|authority| authority.as_str());
    let target = match uri.path_and_query() {
        Some(target) => target.as_str(),
        None => authority.unwrap_or("/"),
    };
    request.headers.clear();
    let taken = take_fields(&mut request.headers, &fields, authority);
    let method = if is_websocket { Method::GET } else { method };
    if is_websocket {
        request.headers.push_judged(b"upgrade", b"websocket");
    }
    let judged = taken.and_then(|is_waiting| {
        if is_other {
            let text = "the only protocol that CONNECT opens here is `websocket` (RFC 8441)";
            return Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, text));
        }
        request.path.target.clear();
        let mut head = Head::of_parts(method.clone(), Version::HTTP_2, (target, &request.headers), limits)?;
        request.path.target.push_str(target);
        request.take_head(&mut head).map(|()| is_waiting)
    });
    if judged.is_err() {
        // What the request before left is not shown to anybody.
        let headers = std::mem::take(&mut request.headers);
        request.forget_head();
        request.headers = headers;
        (request.method, request.version) = (method, Version::HTTP_2);
        if target.len() <= limits.uri_length {
            request.path.target.push_str(target);
        }
    }
    judged
}

/// Takes the fields over in one pass; tells whether the peer waits for a word before it sends the body.
///
/// # Errors
/// There is no host, or there are two; a value is malformed; or something is expected that cannot be met.
fn take_fields(headers: &mut Headers, fields: &HeaderMap, authority: Option<&str>) -> Result<bool, Refusal> {
    if let Some(authority) = authority {
        headers.push_judged(b"host", authority.as_bytes());
    }
    let (mut has_host, mut has_cookies, mut is_waiting) = (authority.is_some(), false, false);
    let mut problem = None;
    for (name, value) in fields {
        if let Err(words) = judge_value(name, value) {
            problem.get_or_insert_with(|| Refusal::bad_request(words));
        }
        if *name == COOKIE {
            has_cookies = true;
            continue;
        }
        if *name == HOST {
            has_host = true;
            if let Some(authority) = authority {
                if !value.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) {
                    problem.get_or_insert_with(|| other_host(value.as_bytes(), authority));
                }
                continue;
            }
        } else if *name == EXPECT {
            is_waiting = true;
            if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") {
                let text = "the only expectation that can be met is `Expect: 100-continue`";
                problem.get_or_insert_with(|| Refusal::new(StatusCode::EXPECTATION_FAILED, text));
            }
        }
        headers.push_judged(name.as_str().as_bytes(), value.as_bytes());
    }
    if has_cookies {
        take_cookies(headers, fields);
    }
    if !has_host {
        return Err(Refusal::bad_request("an HTTP/2 request needs an `:authority` or a Host field"));
    }
    problem.map_or(Ok(is_waiting), Err)
}

#[cold]
fn other_host(host: &[u8], authority: &str) -> Refusal {
    Refusal::bad_request(format!(
        "the Host field '{}' is another than the `:authority` '{}'",
        shown_bytes(host),
        shown_bytes(authority.as_bytes())
    ))
}

/// White space around a value is no part of it in HTTP/1.1, and makes a message malformed here (RFC 9113, section 8.2.1).
///
/// # Errors
/// What is wrong, in words.
pub(super) fn judge_value(name: &HeaderName, value: &http::HeaderValue) -> Result<(), String> {
    let is_blank = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    match is_blank(value.as_bytes().first()) || is_blank(value.as_bytes().last()) {
        true => Err(format!("the value of the field '{name}' begins or ends with white space")),
        false => Ok(()),
    }
}

/// Clients part cookies into fields of their own, which are one again before anybody sees them (RFC 9113, section 8.2.3).
fn take_cookies(headers: &mut Headers, fields: &HeaderMap) {
    let mut values = fields.get_all(COOKIE).iter().map(http::HeaderValue::as_bytes);
    match (values.next(), values.next()) {
        (Some(only), None) => headers.push_judged(b"cookie", only),
        _ => {
            let all: Vec<_> = fields.get_all(COOKIE).iter().map(http::HeaderValue::as_bytes).collect();
            headers.push_judged(b"cookie", &all.join(&b"; "[..]));
        }
    }
}
