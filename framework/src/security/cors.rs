//! Cross-origin resource sharing (WHATWG Fetch, "CORS protocol"): which pages of other origins may read answers.
//!
//! The fields are set before anything else runs, so that errors, refusals and answers that are written piece by piece have them.
//! Whether an answer depends on the origin is said on every answer, or a cache would hand it to the wrong page.

use std::time::Duration;

use ::http::{Method, StatusCode};

use super::{fields, origin};
use crate::base::{Headers, is_token, shown};
use crate::chain::{Filter, FilterContext, Next};
use crate::http::{BoxFuture, Error, Request, Result};

/// Lets pages of other origins read answers. [`Cors::new`] allows nothing until it is told what.
///
/// A preflight (OPTIONS with `Origin` and `Access-Control-Request-Method`) is answered here for every path of the filter's
/// pattern, mapped or not: 204 with what is allowed, or 403 with what is not. All other requests go on to their handlers,
/// whoever sent them: CORS tells browsers who may read the answer, it guards nothing. Answers to origins that are not
/// allowed just lack the fields.
///
/// It runs before all filters that are not of this kind, wherever it is given, and has a say in every answer of its
/// paths: scripts can read a 401, a 429 or a 413 as well, those of requests that no other filter ever sees among them
/// ([`Filter::every_answer`]). Only a 503 for too many connections, for which no request has been read, has no such fields.
///
/// Where several of these match a path, the one given first decides.
///
/// ```
/// use std::time::Duration;
/// use vernal::security::Cors;
/// use vernal::server;
///
/// let cors = Cors::new()
///     .origins(["https://app.example.com", "http://localhost:3000"])
///     .methods(["PUT", "DELETE"])
///     .headers(["content-type", "authorization"])
///     .expose(["x-total"])
///     .credentials()
///     .max_age(Duration::from_secs(3600));
/// let server = server::new().filter("/api/**", cors);
/// # let _ = server;
/// ```
#[derive(Default)]
pub struct Cors {
    any_origin: bool,
    origins: Vec<String>,
    chosen: Option<Chosen>,
    any_method: bool,
    methods: Vec<String>,
    any_header: bool,
    headers: Vec<String>,
    exposed: Vec<String>,
    credentials: bool,
    max_age: Option<Duration>,
    private_network: bool,
}

type Chosen = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A request whose origin has been judged, so that a further filter leaves it alone.
#[derive(Clone, Copy)]
struct Judged;

impl Cors {
    /// Allows nothing.
    pub fn new() -> Cors {
        Cors::default()
    }

    /// Allows these origins, as browsers write them: `https://app.example.com`, without a path, in lower case; `null` for
    /// pages from files and sandboxes. Anything else is an error at start.
    #[must_use]
    pub fn origins<T: Into<String>>(mut self, origins: impl IntoIterator<Item = T>) -> Cors {
        self.origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// Allows the origins that this says yes to, beside those listed.
    ///
    /// ```
    /// use vernal::security::Cors;
    ///
    /// let cors = Cors::new().origin_if(|origin| {
    ///     origin.strip_prefix("https://").is_some_and(|host| host.ends_with(".example.com"))
    /// });
    /// # let _ = cors;
    /// ```
    #[must_use]
    pub fn origin_if(mut self, is_allowed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Cors {
        self.chosen = Some(Box::new(is_allowed));
        self
    }

    /// Allows every origin, with `*`. Not together with [`Cors::credentials`].
    #[must_use]
    pub fn any_origin(mut self) -> Cors {
        self.any_origin = true;
        self
    }

    /// Allows these methods beside GET, HEAD and POST, which browsers send unasked.
    #[must_use]
    pub fn methods<T: Into<String>>(mut self, methods: impl IntoIterator<Item = T>) -> Cors {
        self.methods.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Allows whatever method is asked for.
    #[must_use]
    pub fn any_method(mut self) -> Cors {
        self.any_method = true;
        self
    }

    /// Allows these request fields, `content-type` for JSON among them, beside the few that browsers send unasked.
    #[must_use]
    pub fn headers<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Cors {
        self.headers.extend(names.into_iter().map(Into::into));
        self
    }

    /// Allows whatever request fields are asked for.
    #[must_use]
    pub fn any_header(mut self) -> Cors {
        self.any_header = true;
        self
    }

    /// Shows these fields of answers to scripts, beside the few that they always see.
    #[must_use]
    pub fn expose<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Cors {
        self.exposed.extend(names.into_iter().map(Into::into));
        self
    }

    /// Lets browsers send cookies and credentials, and scripts read the answers to such requests. Needs origins that are
    /// listed or chosen: with [`Cors::any_origin`] it is an error at start.
    #[must_use]
    pub fn credentials(mut self) -> Cors {
        self.credentials = true;
        self
    }

    /// How long browsers may remember the answer to a preflight, in whole seconds. They have bounds of their own (2 hours in
    /// Chromium, 24 in Firefox); without it it is 5 seconds.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Cors {
        self.max_age = Some(age);
        self
    }

    /// Allows public pages to reach this server in a private network, for browsers that ask
    /// (`Access-Control-Request-Private-Network`).
    #[must_use]
    pub fn private_network(mut self) -> Cors {
        self.private_network = true;
        self
    }

    fn allows(&self, origin: &str) -> bool {
        let is_listed = || self.origins.iter().any(|known| known == origin);
        let is_chosen = || self.chosen.as_ref().is_some_and(|is_allowed| is_allowed(origin));
        self.any_origin || !origin.is_empty() && (is_listed() || is_chosen())
    }

    /// Whether every origin gets the same answer, so that nothing depends on it.
    fn is_the_same_for_all(&self) -> bool {
        self.any_origin || self.origins.is_empty() && self.chosen.is_none()
    }

    /// What the answer to an origin says, be it of a preflight or not. `None`: there is none, or it is not allowed.
    fn mark(&self, origin: Option<&str>, headers: &mut Headers) {
        if self.any_origin {
            headers.insert("access-control-allow-origin", "*");
        } else if let Some(origin) = origin {
            headers.insert("access-control-allow-origin", origin);
            if self.credentials {
                headers.insert("access-control-allow-credentials", "true");
            }
        }
        if !self.is_the_same_for_all() {
            fields::vary(headers, "Origin");
        }
    }

    fn expose_on(&self, headers: &mut Headers) {
        if !self.exposed.is_empty() {
            headers.insert("access-control-expose-headers", self.exposed.join(", "));
        }
    }

    /// Answers a preflight.
    fn preflight(&self, request: &Request, origin: &str, method: &str, headers: &mut Headers) -> Result {
        for name in ["Access-Control-Request-Method", "Access-Control-Request-Headers"] {
            fields::vary(headers, name);
        }
        if !self.allows(origin) {
            self.mark(None, headers);
            return Err(refused(format!(
                "The origin `{}` may not use this: it is not among those of `Cors::origins`.",
                shown(origin)
            )));
        }
        self.mark(Some(origin), headers);
        let is_safe = [Method::GET, Method::HEAD, Method::POST].iter().any(|safe| safe == method);
        if !(is_safe
            || self.any_method && is_token(method.as_bytes())
            || self.methods.iter().any(|known| known == method))
        {
            return Err(refused(format!(
                "Pages of other origins may not use the method {}: it is not among those of `Cors::methods`.",
                shown(method)
            )));
        }
        let asked = request.headers.element_bytes("access-control-request-headers");
        let asked: Vec<_> = asked.map(String::from_utf8_lossy).collect();
        let is_known = |name: &str| match self.any_header {
            true => is_token(name.as_bytes()),
            false => self.headers.iter().any(|known| known.eq_ignore_ascii_case(name)),
        };
        if let Some(unknown) = asked.iter().find(|name| !is_known(name)) {
            return Err(refused(format!(
                "Pages of other origins may not send the field {}: it is not among those of `Cors::headers`.",
                shown(unknown)
            )));
        }
        match self.any_method {
            true => headers.insert("access-control-allow-methods", method),
            false => headers.insert(
                "access-control-allow-methods",
                ["GET", "HEAD", "POST"]
                    .into_iter()
                    .chain(self.methods.iter().map(String::as_str))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        }
        match self.any_header {
            true if asked.is_empty() => {}
            true => headers.insert("access-control-allow-headers", asked.join(", ")),
            false if self.headers.is_empty() => {}
            false => headers.insert("access-control-allow-headers", self.headers.join(", ")),
        }
        if let Some(age) = self.max_age {
            headers.insert("access-control-max-age", age.as_secs());
        }
        if self.private_network && request.header("access-control-request-private-network") == Some("true") {
            headers.insert("access-control-allow-private-network", "true");
        }
        Ok(())
    }
}

impl Filter for Cors {
    fn reads_body(&self) -> bool {
        false
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let origin = origin::of(cx.request).map(str::to_owned);
            if origin.is_some() && cx.request.extensions.insert(Judged).is_some() {
                next.run(cx).await;
                return Ok(());
            }
            if let (Some(origin), Some(method)) =
                (&origin, cx.request.header("access-control-request-method"))
                && cx.request.method == Method::OPTIONS
            {
                self.preflight(cx.request, origin, method, &mut cx.response.headers)?;
                cx.response.set_status(StatusCode::NO_CONTENT);
                return Ok(());
            }
            let allowed = origin.as_deref().filter(|origin| self.allows(origin));
            let may_be_read = self.any_origin || allowed.is_some();
            self.mark(allowed, &mut cx.response.headers);
            if may_be_read {
                self.expose_on(&mut cx.response.headers);
            }
            next.run(cx).await;
            // A handler that answers with fields of its own may have put them in the place of these.
            self.mark(allowed, &mut cx.response.headers);
            Ok(())
        })
    }

    /// A script is to read a 404 as well, and a 413.
    fn every_answer(&self) -> bool {
        true
    }

    fn doubt(&self) -> Option<String> {
        let allows_nobody = self.origins.is_empty() && self.chosen.is_none() && !self.any_origin;
        let text = "no origin is allowed, so that browsers show answers to no page of another one: list them, \
                    `.origins([\"https://app.example.com\"])`, or write `.any_origin()`";
        allows_nobody.then(|| text.to_owned())
    }

    fn check(&self) -> Result<(), String> {
        if self.credentials && self.any_origin {
            return Err("`.credentials()` cannot stand with `.any_origin()`: browsers refuse credentials for `*`, and any page \
                        could act as its visitor. List the origins, `.origins([\"https://app.example.com\"])`, or choose \
                        them, `.origin_if(|origin| …)`"
                .to_owned());
        }
        for origin in &self.origins {
            origin::check(origin).map_err(|problem| match origin.contains('*') {
                true => format!(
                    "{problem}; for all origins write `.any_origin()`, for some `.origin_if(|origin| …)`"
                ),
                false => problem,
            })?;
        }
        let names = [("methods", &self.methods), ("headers", &self.headers), ("expose", &self.exposed)];
        for (setting, names) in names {
            for name in names {
                if name == "*" {
                    let any = ["any_method()", "any_header()"].iter().find(|any| any.contains(&setting[..4]));
                    let instead = any.map_or("name the fields".to_owned(), |any| format!("write `.{any}`"));
                    return Err(format!(
                        "`*` in `.{setting}(…)` is not understood by browsers that send credentials: {instead}"
                    ));
                }
                if !is_token(name.as_bytes()) {
                    return Err(format!("`{}` in `.{setting}(…)` is no name", name.escape_debug()));
                }
                if setting == "methods" && name.bytes().any(|byte| byte.is_ascii_lowercase()) {
                    return Err(format!(
                        "the method `{name}` is written in lower case, and methods compare with regard to case: write `{}`",
                        name.to_ascii_uppercase()
                    ));
                }
            }
        }
        Ok(())
    }
}

fn refused(explain: String) -> Error {
    Error::forbidden(explain)
}
