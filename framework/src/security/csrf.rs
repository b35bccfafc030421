//! Cross-site request forgery: requests that a foreign page makes a visitor's browser send, cookies included.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`; WHATWG Fetch Metadata), older ones at least the page's origin.
//! That is judged for every request which may change something. Tokens in forms are there for those who must have them.

use std::borrow::Cow;

use ::http::Method;

use super::csrf_token::Tokens;
use super::origin;
use crate::base::{is_token, shown};
use crate::chain::{Filter, FilterContext, Next};
use crate::contract::Guards;
use crate::http::{BoxFuture, Error, Request, Result};
use crate::matching::{self, Paths};

/// Refuses requests that pages of other sites make browsers send: 403, with the reason.
///
/// GET, HEAD, OPTIONS and TRACE pass, so they must not change anything. For any other method, with whatever body:
///
/// 1. `Sec-Fetch-Site`, which all browsers send over TLS and to `localhost` since 2023, must be `same-origin` or `none`;
/// 2. without it, `Origin` must be the host that the request is for, else `Referer` must;
/// 3. without any of the three it was no browser that sent it, and it passes;
/// 4. with [`Csrf::tokens`], it must bring a token too.
///
/// WebSocket handshakes are not concerned: their origin is judged by [`WebSocketConfig::origins`](crate::websocket::WebSocketConfig::origins).
/// Behind a proxy that changes `Host`, name the public origin by [`Csrf::trust`].
///
/// ```
/// use vernal::security::Csrf;
/// use vernal::server;
///
/// let csrf = Csrf::new().trust("https://login.example.com").exempt("/hooks/**");
/// let server = server::new().filter("/**", csrf);
/// # let _ = server;
/// ```
#[derive(Default)]
pub struct Csrf {
    trusted: Vec<String>,
    exempt: Paths,
    tokens: Option<Tokens>,
    problem: Option<String>,
}

impl Csrf {
    /// Judges where requests come from; asks for no tokens.
    pub fn new() -> Csrf {
        Csrf::default()
    }

    /// Trusts the pages of one more origin: `https://login.example.com`, without a path, in lower case. What they send needs
    /// no token. Anything but an origin is an error at start.
    #[must_use]
    pub fn trust(mut self, origin: impl Into<String>) -> Csrf {
        self.trusted.push(origin.into());
        self
    }

    /// Leaves out the paths of a pattern, as mappings have them: hooks that other servers call with a signature of their
    /// own. `/hooks/**` is `/hooks` too. A malformed pattern is an error at start.
    #[must_use]
    pub fn exempt(mut self, path: impl Into<Cow<'static, str>>) -> Csrf {
        let path = matching::kept(path);
        if let Err(problem) = self.exempt.add(path) {
            self.problem.get_or_insert(format!("`.exempt(\"{path}\")`: {problem}"));
        }
        self
    }

    /// Asks for a token as well: in the form's field `_csrf`, or in the field `X-CSRF-Token` of the head, which bodies other than
    /// forms and routes that take a [`BodyReader`](crate::BodyReader) need. Pages get theirs by the argument
    /// [`CsrfToken`](super::CsrfToken).
    ///
    /// The secret is kept in a cookie of 256 random bits, set when a page first asks for a token: `__Host-csrf` over
    /// TLS, `csrf` without, `HttpOnly`, `SameSite=Lax`. Nothing is kept on the server, so any node takes the tokens of another.
    #[must_use]
    pub fn tokens(mut self) -> Csrf {
        self.tokens.get_or_insert_default();
        self
    }

    /// Asks for tokens in a form field of another name.
    #[must_use]
    pub fn field(mut self, name: &'static str) -> Csrf {
        self.tokens.get_or_insert_default().field = name;
        self
    }

    /// Asks for tokens in a field of the head of another name.
    #[must_use]
    pub fn header(mut self, name: &'static str) -> Csrf {
        self.tokens.get_or_insert_default().header = name;
        self
    }

    /// Whether the browser, if it was one, sent it for a page of this site. `Ok(true)`: a trusted origin did.
    fn judge_source(&self, request: &Request) -> Result<bool> {
        let origin = origin::of(request);
        if origin.is_some_and(|origin| self.trusted.iter().any(|trusted| trusted == origin)) {
            return Ok(true);
        }
        let from = |origin: Option<&str>| {
            origin.map(|origin| format!(" of `{}`", shown(origin))).unwrap_or_default()
        };
        match request.headers.only("sec-fetch-site") {
            None => {}
            Some("same-origin" | "none") => return Ok(false),
            Some(site) => {
                let from = from(origin);
                let site = shown(site);
                let what = format!("A page{from} made the browser send this (Sec-Fetch-Site: {site})");
                return Err(forged(what));
            }
        }
        let (field, source) = match (origin, request.headers.only("referer")) {
            (Some(origin), _) => ("Origin", origin),
            (None, Some(referer)) => ("Referer", referer),
            (None, None) => return Ok(false),
        };
        if origin::is_same(source, request) {
            return Ok(false);
        }
        Err(forged(format!("A page of another site made the browser send this ({field}: {})", shown(source))))
    }
}

impl Filter for Csrf {
    /// A token may come in a form.
    fn reads_body(&self) -> bool {
        self.tokens.is_some()
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let issued = self.tokens.as_ref().map(|tokens| tokens.begin(cx.request));
            if !is_safe(&cx.request.method) && !self.exempt.contain(cx.request.path.matched()) {
                let is_trusted = self.judge_source(cx.request)?;
                if let (Some(tokens), Some(issued), false) = (&self.tokens, &issued, is_trusted) {
                    tokens.judge(issued, cx.request)?;
                }
            }
            next.run(cx).await;
            if let Some(issued) = issued {
                issued.end(cx.request, cx.response);
            }
            Ok(())
        })
    }

    fn check(&self) -> Result<(), String> {
        self.trusted.iter().try_for_each(|origin| {
            origin::check(origin).map_err(|problem| format!("`.trust(…)`: {problem}"))
        })?;
        if let Some(tokens) = &self.tokens {
            if tokens.field.is_empty() {
                return Err("`.field(\"\")` names no form field".to_owned());
            }
            if !is_token(tokens.header.as_bytes()) {
                return Err(format!("`.header({:?})` names no field of a head", tokens.header));
            }
        }
        self.problem.clone().map_or(Ok(()), Err)
    }

    fn describe(&self, guards: &mut Guards) {
        guards.refuses_unsafe(403);
    }
}

/// RFC 9110, section 9.2.1.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

fn forged(what: String) -> Error {
    Error::forbidden(format!(
        "{what}, and this site takes such requests from its own pages only (`Csrf::trust` names others)."
    ))
}
