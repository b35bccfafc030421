//! Tokens against forged forms: a secret in a cookie, which pages of other sites cannot read, and the same secret in the
//! form (OWASP, "double-submit cookie").
//!
//! A page never shows the secret itself but a mask and the secret under it, fresh for each request, so that what compression
//! tells of a page's size tells nothing of the secret. A `__Host-` cookie cannot be set by sibling hosts or without TLS.

use std::fmt::{self, Debug, Display};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::constant_time_eq;
use super::fields::vary;
use crate::base::escape_html;
use crate::base::say;
use crate::bind::{Arg, FromRequest, Profile};
use crate::http::{Error, Request, Response, Result, SameSite, SetCookie};

/// A token for the forms of a page, where [`Csrf::tokens`](super::Csrf::tokens) asks for them.
///
/// It differs each time and all stay valid as long as the browser keeps the cookie, so several windows may be open. The
/// answer becomes `Cache-Control: private` unless it says otherwise. Take it before a piece of the answer is written,
/// since the cookie is in its head. A 500 if the path has no such filter.
///
/// ```
/// use vernal::security::{Csrf, CsrfToken};
/// use vernal::{request_map, server};
///
/// #[request_map("/transfer", method = "GET")]
/// fn form(token: CsrfToken) -> String {
///     format!("<html><form method=\"post\">{} <input name=\"to\"></form></html>", token.field())
/// }
///
/// #[request_map("/transfer", method = "POST")]
/// fn transfer(to: &str) -> String {
///     format!("sent to {to}")
/// }
///
/// let server = server::new().filter("/**", Csrf::new().tokens());
/// # let _ = server;
/// ```
#[derive(Clone)]
pub struct CsrfToken {
    field: &'static str,
    text: String,
}

impl CsrfToken {
    /// The token: letters, digits, `-` and `_`. For scripts, which send it as `X-CSRF-Token`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The hidden field of a form, in HTML.
    pub fn field(&self) -> String {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape_html(self.field), self.text)
    }
}

impl Display for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Shows nothing: logs are read by others.
impl Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfToken").finish_non_exhaustive()
    }
}

impl<'r> FromRequest<'r> for CsrfToken {
    const PROFILE: Profile = Profile::PART;

    fn from_request(req: &'r Request, _: &Arg) -> Result<CsrfToken> {
        let issued = req.extensions.get::<Issued>().ok_or_else(|| {
            Error::internal("there are no tokens for this path: write `server::new().filter(\"/**\", Csrf::new().tokens())`")
        })?;
        let secret = issued.secret_to_show()?;
        let mut masked = [0; 2 * SIZE];
        let (mask, covered) = masked.split_at_mut(SIZE);
        getrandom::fill(mask)?;
        for ((covered, mask), secret) in covered.iter_mut().zip(mask).zip(secret) {
            *covered = *mask ^ secret;
        }
        Ok(CsrfToken { field: issued.0.field, text: BASE64_URL_SAFE_NO_PAD.encode(masked) })
    }
}

/// Where tokens are looked for.
pub(super) struct Tokens {
    pub(super) field: &'static str,
    pub(super) header: &'static str,
}

/// The secret of one request's visitor.
#[derive(Clone)]
pub(super) struct Issued(Arc<Secret>);

struct Secret {
    field: &'static str,
    /// The one of the cookie.
    known: Option<[u8; SIZE]>,
    /// The one that a page was given: the known one or a new one.
    shown: OnceLock<[u8; SIZE]>,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens { field: "_csrf", header: "x-csrf-token" }
    }
}

impl Tokens {
    /// Reads the cookie, and lets handlers make tokens.
    pub(super) fn begin(&self, request: &mut Request) -> Issued {
        let cookie = request.cookies().get(cookie_name(request.is_secure()));
        let known = cookie.and_then(decode::<SIZE>);
        let issued = Issued(Arc::new(Secret { field: self.field, known, shown: OnceLock::new() }));
        request.extensions.insert(issued.clone());
        issued
    }

    /// Whether the request brings a token of its cookie's secret.
    ///
    /// # Errors
    /// It does not: 403.
    pub(super) fn judge(&self, issued: &Issued, request: &Request) -> Result {
        let Tokens { field, header } = self;
        let brought = request.header(header).or_else(|| request.form().get(field));
        let Some(brought) = brought else {
            return Err(Error::forbidden(format!(
                "There is no token: it must come in the form's field `{field}`, or in the field `{header}` of the head, \
                 which all but forms need."
            )));
        };
        let Some(secret) = issued.0.known else {
            return Err(Error::forbidden(format!(
                "There is a token, but no cookie `{}` that it could belong to: the browser does not keep cookies, or has \
                 lost it. Load the page with the form again.",
                cookie_name(request.is_secure())
            )));
        };
        let is_right = decode::<{ 2 * SIZE }>(brought).is_some_and(|masked| {
            let (mask, covered) = masked.split_at(SIZE);
            let bare: Vec<u8> = mask.iter().zip(covered).map(|(mask, covered)| mask ^ covered).collect();
            constant_time_eq(bare, secret)
        });
        if is_right {
            return Ok(());
        }
        Err(Error::forbidden("The token is not one of this browser's. Load the page with the form again."))
    }
}

impl Issued {
    fn secret_to_show(&self) -> Result<[u8; SIZE]> {
        if let Some(secret) = self.0.shown.get() {
            return Ok(*secret);
        }
        let mut fresh = self.0.known.unwrap_or_default();
        if self.0.known.is_none() {
            getrandom::fill(&mut fresh)?;
        }
        Ok(*self.0.shown.get_or_init(|| fresh))
    }

    /// Sets the cookie if a page got tokens of a new secret.
    pub(super) fn end(self, request: &Request, response: &mut Response) {
        let Some(secret) = self.0.shown.get() else { return };
        if response.is_committed() {
            if self.0.known.is_none() {
                say!(
                    error,
                    "a handler wrote a piece of its answer before the cookie of its `CsrfToken` could be set: return the page whole"
                );
            }
            return;
        }
        vary(&mut response.headers, "Cookie");
        if !response.headers.contains("cache-control") {
            response.headers.insert("cache-control", "private");
        }
        if self.0.known.is_none() {
            response.add_cookie(cookie_of(secret, request.is_secure()));
        }
    }
}

fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure { "__Host-csrf" } else { "csrf" }
}

fn cookie_of(secret: &[u8; SIZE], is_secure: bool) -> SetCookie {
    let cookie = SetCookie::new(cookie_name(is_secure), BASE64_URL_SAFE_NO_PAD.encode(secret))
        .path("/")
        .http_only()
        .same_site(SameSite::Lax);
    if is_secure { cookie.secure() } else { cookie }
}

/// Bytes of a text that has exactly so many.
fn decode<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    if text.len() != (LENGTH * 4).div_ceil(3) {
        return None;
    }
    let mut bytes = [0; LENGTH];
    let length = BASE64_URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (length == LENGTH).then_some(bytes)
}

/// Bytes of a secret.
const SIZE: usize = 32;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::Context;

    fn request(is_secure: bool, cookies: &str) -> Request {
        let mut request = Request::new(Arc::new(Context::default()));
        request.is_secure = is_secure;
        request.headers.append("cookie", cookies);
        request
    }

    #[test]
    fn over_tls_the_cookie_is_bound_to_its_host() {
        let secret = [0; SIZE];
        let value = BASE64_URL_SAFE_NO_PAD.encode(secret);
        let rest = "; Path=/";
        let table = [
            (false, format!("csrf={value}{rest}; SameSite=Lax; HttpOnly")),
            (true, format!("__Host-csrf={value}{rest}; SameSite=Lax; HttpOnly; Secure")),
        ];
        for (is_secure, expected) in table {
            assert_eq!(cookie_of(&secret, is_secure).to_string(), expected);
            // A cookie of the other name, which anybody may set, does not count.
            let cookies = format!("{}={value}", cookie_name(is_secure));
            for (asked_over, is_known) in [(is_secure, true), (!is_secure, false)] {
                let issued = Tokens::default().begin(&mut request(asked_over, &cookies));
                assert_eq!(issued.0.known.is_some(), is_known, "{cookies} over {asked_over}");
            }
        }
    }

    #[test]
    fn a_text_of_another_length_is_no_secret() {
        let right = BASE64_URL_SAFE_NO_PAD.encode([7; SIZE]);
        assert_eq!(decode::<SIZE>(&right), Some([7; SIZE]));
        for text in
            ["", "A", &right[1..], &format!("{right}A"), &right.replace('B', "="), &"\u{e4}".repeat(22)]
        {
            assert_eq!(decode::<SIZE>(text), None, "{text}");
        }
    }
}
