//! Sending the peer elsewhere.

use ::http::StatusCode;

use super::{Error, Responder, Response, Result};
use crate::base::uri_reference;
use crate::contract::{Answers, Statuses};

/// Sends the peer elsewhere.
///
/// | the peer asks there | once | for ever |
/// |---|---|---|
/// | with a GET, by custom | [`Redirect::to`], 302 | [`Redirect::permanent`], 301 |
/// | with a GET | [`Redirect::see_other`], 303 | |
/// | with the same method and body | [`Redirect::temporary`], 307 | [`Redirect::permanent_same_method`], 308 |
///
/// The location is a URI-reference, absolute or relative to the request (RFC 9110, section 10.2.2). What may not stand in one
/// is percent-encoded: `/a b/ü` is sent as `/a%20b/%C3%BC`. What is encoded already stays, so a `%` of a text that is to be a
/// part of a path must be encoded before. Nothing a location holds can end its line or make the answer fail.
///
/// A location that a peer may choose can lead to another site, `//evil.example` for instance: check it, or put it behind a
/// path of your own.
///
/// ```
/// use vernal::{Redirect, request_map};
///
/// #[request_map("/old")]
/// fn old() -> Redirect {
///     Redirect::to("/new")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Redirect {
    status: StatusCode,
    location: String,
}

macro_rules! redirects {
    ($($(#[$doc:meta])* $name:ident, $tried:ident, $status:ident;)+) => {
        impl Redirect { $(
            $(#[$doc])*
            pub fn $name(location: impl Into<String>) -> Redirect {
                Redirect::of(StatusCode::$status, &location.into())
            }
        )+ }

        /// For locations that come from outside and shall be refused rather than encoded.
        impl Redirect { $(
            #[doc = concat!("As [`Redirect::", stringify!($name), "`], unless the location holds what no address has.")]
            ///
            /// # Errors
            /// It holds a control character, such as a line feed: 400.
            pub fn $tried(location: impl Into<String>) -> Result<Redirect> {
                let location = location.into();
                check(&location)?;
                Ok(Redirect::$name(location))
            }
        )+ }
    };
}

redirects! {
    /// 302 Found: look there, this time. Browsers turn a POST into a GET.
    to, try_to, FOUND;
    /// 301 Moved Permanently: look there from now on. Browsers turn a POST into a GET, and remember this for long.
    permanent, try_permanent, MOVED_PERMANENTLY;
    /// 303 See Other: look there with a GET, after a POST.
    see_other, try_see_other, SEE_OTHER;
    /// 307 Temporary Redirect: repeat the same method there, this time.
    temporary, try_temporary, TEMPORARY_REDIRECT;
    /// 308 Permanent Redirect: repeat the same method there, from now on.
    permanent_same_method, try_permanent_same_method, PERMANENT_REDIRECT;
}

/// The same by the names of their statuses.
impl Redirect {
    /// 302 Found: [`Redirect::to`].
    pub fn found(location: impl Into<String>) -> Redirect {
        Redirect::to(location)
    }

    /// 301 Moved Permanently: [`Redirect::permanent`].
    pub fn moved_permanently(location: impl Into<String>) -> Redirect {
        Redirect::permanent(location)
    }

    /// 307 Temporary Redirect: [`Redirect::temporary`].
    pub fn temporary_redirect(location: impl Into<String>) -> Redirect {
        Redirect::temporary(location)
    }

    /// 308 Permanent Redirect: [`Redirect::permanent_same_method`].
    pub fn permanent_redirect(location: impl Into<String>) -> Redirect {
        Redirect::permanent_same_method(location)
    }
}

impl Redirect {
    fn of(status: StatusCode, location: &str) -> Redirect {
        Redirect { status, location: uri_reference(location).into_owned() }
    }
}

impl Responder for Redirect {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_redirect(self.status, &self.location);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.statuses(Statuses::Class(3));
        answers.header("Location", "Where to go.");
    }
}

impl Response {
    /// Sends the peer elsewhere with a 302. The location is encoded as that of a [`Redirect`].
    ///
    /// This is the whole answer: what the handler returns or sends as an error after it is left out, and the log says so.
    /// Fields and cookies may still be added.
    pub fn redirect(&mut self, location: &str) {
        if self.is_whole() {
            return;
        }
        self.offer_redirect(StatusCode::FOUND, &uri_reference(location));
        self.marks.is_whole = true;
    }

    /// As [`Response::redirect`], unless the location holds what no address has.
    ///
    /// # Errors
    /// It holds a control character, such as a line feed: 400.
    pub fn try_redirect(&mut self, location: &str) -> Result {
        check(location)?;
        self.redirect(location);
        Ok(())
    }

    fn offer_redirect(&mut self, status: StatusCode, location: &str) {
        if self.is_whole() {
            return;
        }
        self.status = status;
        self.reason = None;
        self.headers.insert("location", location);
        self.is_answered = true;
    }
}

fn check(location: &str) -> Result {
    match location.chars().find(|char| char.is_control()) {
        Some(char) => Err(Error::bad_request(format!(
            "an address to redirect to holds the control character {}",
            char.escape_unicode()
        ))),
        None => Ok(()),
    }
}
