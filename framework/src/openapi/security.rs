//! How whoever opens an operation or a channel says who they are.

use serde_json::{Value, json};

use super::names::sanitized;
use crate::contract::{Guards, Scheme};

/// One way.
pub(super) struct Way<'a> {
    /// The name of its scheme.
    pub(super) name: String,
    pub(super) how: How<'a>,
    pub(super) is_optional: bool,
}

/// What is sent.
pub(super) enum How<'a> {
    Basic,
    Bearer,
    /// A key in this header field.
    Header(&'static str),
    /// A key or a session in this cookie.
    Cookie(&'a str),
}

impl Way<'_> {
    /// Its scheme, as the document describes it; `key` is what keys are called there.
    pub(super) fn scheme(&self, key: &str) -> Value {
        match self.how {
            How::Basic => json!({ "type": "http", "scheme": "basic" }),
            How::Bearer => json!({ "type": "http", "scheme": "bearer" }),
            How::Header(name) => json!({ "type": key, "in": "header", "name": name }),
            How::Cookie(name) => json!({ "type": key, "in": "cookie", "name": name }),
        }
    }

    /// The header field of a key.
    pub(super) fn key(&self) -> Option<&'static str> {
        match self.how {
            How::Header(name) => Some(name),
            _ => None,
        }
    }
}

/// The ways that filters ask for, and a session's. Where somebody must be known, none of those of filters is optional; a session
/// begins by itself, unless it is what somebody is known by.
pub(super) fn ways<'a>(
    guards: &Guards,
    needs_identity: bool,
    takes_session: bool,
    session_cookie: &'a str,
) -> Vec<Way<'a>> {
    let of_filters = guards.schemes.iter().map(|(scheme, is_optional)| {
        let (name, how) = match scheme {
            Scheme::Basic => ("basic".to_owned(), How::Basic),
            Scheme::Bearer => ("bearer".to_owned(), How::Bearer),
            Scheme::Header(name) => (of_key("header", name), How::Header(name)),
            Scheme::Cookie(name) => (of_key("cookie", name), How::Cookie(name)),
            Scheme::Session => ("session".to_owned(), How::Cookie(session_cookie)),
        };
        Way { name, how, is_optional: *is_optional && !needs_identity }
    });
    // Where no filter says how it knows whom a request is from, it is by a session.
    let needs_session = needs_identity && guards.schemes.is_empty();
    let of_session = (takes_session || needs_session).then(|| Way {
        name: "session".to_owned(),
        how: How::Cookie(session_cookie),
        is_optional: !needs_session,
    });
    let mut ways: Vec<Way<'_>> = Vec::new();
    for way in of_filters.chain(of_session) {
        match ways.iter_mut().find(|known| known.name == way.name) {
            Some(known) => known.is_optional &= way.is_optional,
            None => ways.push(way),
        }
    }
    ways
}

/// The name of a scheme that is a key, apart from all others. Most keys are in header fields.
fn of_key(place: &str, name: &str) -> String {
    let is_taken = ["basic", "bearer", "session"].contains(&name);
    if place == "header" && !is_taken { sanitized(name) } else { format!("{place}.{}", sanitized(name)) }
}
