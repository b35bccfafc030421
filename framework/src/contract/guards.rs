//! What a filter asks of the requests to its paths.

/// What a filter asks of requests, and refuses them with, for the description of the API.
///
/// ```
/// use vernal::contract::Guards;
/// use vernal::{BoxFuture, Error, Filter, FilterContext, Next, Result};
///
/// /// Lets those through who have signed in.
/// struct SignedIn;
///
/// impl Filter for SignedIn {
///     fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
///         Box::pin(async move {
///             let session = cx.request.existing_session().await?;
///             if session.and_then(|session| session.get::<u64>("user")).is_none() {
///                 return Err(Error::unauthorized("Sign in first."));
///             }
///             next.run(cx).await;
///             Ok(())
///         })
///     }
///
///     fn describe(&self, guards: &mut Guards) {
///         guards.session();
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Guards {
    pub(crate) schemes: Vec<(Scheme, bool)>,
    pub(crate) refusals: Vec<u16>,
    /// Those of requests whose method is not safe.
    pub(crate) unsafe_refusals: Vec<u16>,
}

/// How a request says whom it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
    /// A key in this header field.
    Header(&'static str),
    /// A key in this cookie.
    Cookie(&'static str),
    /// The session, in its cookie.
    Session,
}

impl Guards {
    /// Requests bring name and password (RFC 7617), all of them or, if `is_optional`, those that do.
    pub fn basic(&mut self, is_optional: bool) {
        self.schemes.push((Scheme::Basic, is_optional));
        self.refuses(401);
    }

    /// Requests bring a bearer token (RFC 6750), all of them or, if `is_optional`, those that do.
    pub fn bearer(&mut self, is_optional: bool) {
        self.schemes.push((Scheme::Bearer, is_optional));
        self.refuses(401);
    }

    /// Requests bring a key in this header field.
    pub fn key_in_header(&mut self, name: &'static str) {
        self.schemes.push((Scheme::Header(name), false));
        self.refuses(401);
    }

    /// Requests bring a key in this cookie.
    pub fn key_in_cookie(&mut self, name: &'static str) {
        self.schemes.push((Scheme::Cookie(name), false));
        self.refuses(401);
    }

    /// Requests bring the cookie of a session that began before: somebody has signed in.
    pub fn session(&mut self) {
        self.schemes.push((Scheme::Session, false));
        self.refuses(401);
    }

    /// What `describe` says, and whoever does not bring it gets through as nobody.
    pub fn optional(&mut self, describe: impl FnOnce(&mut Guards)) {
        let mut own = Guards::default();
        describe(&mut own);
        self.schemes.extend(own.schemes.into_iter().map(|(scheme, _)| (scheme, true)));
    }

    /// A request may be refused with this status.
    pub fn refuses(&mut self, status: u16) {
        if !self.refusals.contains(&status) {
            self.refusals.push(status);
        }
    }

    /// A request whose method is not safe (RFC 9110, section 9.2.1), be it POST, PUT or DELETE, may be refused with this status.
    pub fn refuses_unsafe(&mut self, status: u16) {
        if !self.unsafe_refusals.contains(&status) {
            self.unsafe_refusals.push(status);
        }
    }
}
