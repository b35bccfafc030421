//! Fields that tell browsers to be careful with what they got, and the nonce of a content security policy.
//!
//! They are set before the handler runs, so that errors and answers that are written piece by piece have them; a field
//! that the handler sets itself stays.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::ops::Deref;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::fields;
use crate::base::{is_token, is_value};
use crate::bind::{Arg, FromRequest, Profile};
use crate::chain::{Filter, FilterContext, Next};
use crate::http::{BoxFuture, Error, Request, Result};

/// Sets the fields that keep browsers from guessing, framing and telling. On every answer of its paths, also on error pages, where nothing
/// is mapped, and on refusals that come before other filters ([`Filter::every_answer`]).
///
/// | field | default | set by |
/// |---|---|---|
/// | `X-Content-Type-Options` | `nosniff` | |
/// | `Referrer-Policy` | `strict-origin-when-cross-origin` | [`referrer_policy`](SecurityHeaders::referrer_policy) |
/// | `X-Frame-Options` | `DENY` | [`frame_options`](SecurityHeaders::frame_options) |
/// | `Cross-Origin-Opener-Policy` | `same-origin` | [`opener_policy`](SecurityHeaders::opener_policy) |
/// | `Cross-Origin-Resource-Policy` | `same-origin` | [`resource_policy`](SecurityHeaders::resource_policy) |
/// | `Strict-Transport-Security` | a year, over TLS only | [`hsts`](SecurityHeaders::hsts) |
/// | `Cross-Origin-Embedder-Policy` | not sent | [`embedder_policy`](SecurityHeaders::embedder_policy) |
/// | `Content-Security-Policy` | not sent | [`content_security_policy`](SecurityHeaders::content_security_policy) |
/// | `Permissions-Policy` | not sent | [`permissions_policy`](SecurityHeaders::permissions_policy) |
///
/// Each is left out by [`without`](SecurityHeaders::without), and a field that a handler sets itself is sent instead.
///
/// ```
/// use vernal::security::{CspNonce, SecurityHeaders};
/// use vernal::{request_map, server};
///
/// #[request_map("/")]
/// fn page(nonce: CspNonce<'_>) -> String {
///     format!("<html><script nonce=\"{nonce}\">hello()</script></html>")
/// }
///
/// let headers = SecurityHeaders::new()
///     .content_security_policy(
///         "default-src 'self'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'",
///     )
///     .permissions_policy("camera=(), microphone=()")
///     .without("cross-origin-resource-policy");
/// let server = server::new().filter("/**", headers);
/// # let _ = server;
/// ```
///
/// Over TLS the defaults are a B of MDN's HTTP Observatory, which misses nothing but a content security policy: one that breaks no page
/// guards little. [`strict`](SecurityHeaders::strict) has one, and is an A+.
pub struct SecurityHeaders {
    fields: Vec<(&'static str, String)>,
    hsts: Option<String>,
    has_nonce: bool,
    problem: Option<String>,
}

/// The nonce of one answer.
#[derive(Clone)]
struct Nonce(Box<str>);

/// The nonce of this answer's content security policy, to be written into its pages: `<script nonce="…">`.
///
/// Fresh for each request: 128 random bits as Base64. A 500 if the path has no [`SecurityHeaders`] with a policy that says
/// `{nonce}`, as that of [`SecurityHeaders::strict`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CspNonce<'r>(&'r str);

impl Default for SecurityHeaders {
    fn default() -> SecurityHeaders {
        SecurityHeaders::new()
    }
}

impl SecurityHeaders {
    /// The defaults of the table above.
    pub fn new() -> SecurityHeaders {
        SecurityHeaders { fields: Vec::new(), hsts: None, has_nonce: false, problem: None }
            .set("x-content-type-options", "nosniff")
            .referrer_policy("strict-origin-when-cross-origin")
            .frame_options("DENY")
            .opener_policy("same-origin")
            .resource_policy("same-origin")
            .hsts(YEAR)
    }

    /// All that pages can do without, for those that are written for it. Beside the defaults:
    ///
    /// | field | value | what it costs |
    /// |---|---|---|
    /// | `Content-Security-Policy` | scripts and styles, pictures, fonts, media and requests of this origin only; `base-uri` and frames `'none'`, forms to this origin | inline scripts and styles need the nonce ([`CspNonce`]), attributes such as `onclick` and `style` do nothing; nothing comes from other hosts or `data:`, and nothing is shown in frames; `<base>` does nothing |
    /// | `Referrer-Policy` | `same-origin` | other sites do not learn where a visitor comes from |
    /// | `Permissions-Policy` | no camera, microphone, place, payment, USB or screen | pages that use one of these must set another |
    ///
    /// What is set after it counts: `.strict().content_security_policy("…")`.
    ///
    /// ```
    /// use vernal::security::{CspNonce, SecurityHeaders};
    /// use vernal::{request_map, server};
    ///
    /// #[request_map("/")]
    /// fn page(nonce: CspNonce<'_>) -> String {
    ///     format!("<html><script src=\"/app.js\"></script><script nonce=\"{nonce}\">start()</script></html>")
    /// }
    ///
    /// let server = server::new().filter("/**", SecurityHeaders::new().strict());
    /// # let _ = server;
    /// ```
    #[must_use]
    pub fn strict(self) -> SecurityHeaders {
        self.content_security_policy(STRICT_POLICY)
            .referrer_policy("same-origin")
            .permissions_policy(NO_PERMISSIONS)
    }

    /// How much of a page's address links and requests from it tell.
    #[must_use]
    pub fn referrer_policy(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("referrer-policy", policy)
    }

    /// Who may show the page in a frame: `DENY` or `SAMEORIGIN`. For others use `frame-ancestors` of a content security policy
    /// and leave this out.
    #[must_use]
    pub fn frame_options(self, option: impl Into<String>) -> SecurityHeaders {
        self.set("x-frame-options", option)
    }

    /// Whether windows of other origins keep a reference to the page's window.
    #[must_use]
    pub fn opener_policy(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("cross-origin-opener-policy", policy)
    }

    /// Which sites may embed what is answered: `same-origin`, `same-site`, or `cross-origin` for pictures and the like that
    /// others are to show.
    #[must_use]
    pub fn resource_policy(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("cross-origin-resource-policy", policy)
    }

    /// What the page may embed: `require-corp`, together with the opener policy, isolates it.
    #[must_use]
    pub fn embedder_policy(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("cross-origin-embedder-policy", policy)
    }

    /// What the page may use of the device: `camera=(), geolocation=(self)`.
    #[must_use]
    pub fn permissions_policy(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("permissions-policy", policy)
    }

    /// What the page may load and run. `{nonce}` in it stands for a fresh nonce, which handlers take as [`CspNonce`]. Write
    /// `base-uri 'none'` beside it: a `<base>` that somebody slips into a page would send the paths of its own scripts elsewhere, nonce
    /// and all.
    #[must_use]
    pub fn content_security_policy(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("content-security-policy", policy)
    }

    /// A policy whose breaches are reported only, to try it out.
    #[must_use]
    pub fn content_security_policy_report_only(self, policy: impl Into<String>) -> SecurityHeaders {
        self.set("content-security-policy-report-only", policy)
    }

    /// How long browsers use nothing but TLS for this host (RFC 6797), in whole seconds. Sent over TLS only. Zero makes
    /// them forget.
    #[must_use]
    pub fn hsts(mut self, age: Duration) -> SecurityHeaders {
        self.hsts = Some(format!("max-age={}", age.as_secs()));
        self
    }

    /// The same for all hosts below this one as well; [`SecurityHeaders::preload`] needs it.
    #[must_use]
    pub fn hsts_with_subdomains(mut self, age: Duration) -> SecurityHeaders {
        self.hsts = Some(format!("max-age={}; includeSubDomains", age.as_secs()));
        self
    }

    /// Asks to be in the list that browsers are shipped with. Hard to undo.
    #[must_use]
    pub fn preload(mut self) -> SecurityHeaders {
        match &mut self.hsts {
            Some(value) if value.ends_with("includeSubDomains") => value.push_str("; preload"),
            _ => self.complain("`.preload()` needs `.hsts_with_subdomains(…)` of a year at least before it"),
        }
        self
    }

    /// Leaves a field out. A name that is not set is an error at start.
    #[must_use]
    pub fn without(mut self, name: &str) -> SecurityHeaders {
        let before = self.fields.len();
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        let is_hsts = name.eq_ignore_ascii_case(HSTS) && self.hsts.take().is_some();
        if self.fields.len() == before && !is_hsts {
            let known: Vec<_> =
                self.fields.iter().map(|(name, _)| *name).chain(self.hsts.as_ref().map(|_| HSTS)).collect();
            self.complain(&format!(
                "`.without(\"{}\")` names no field that is set; set are {}",
                name.escape_debug(),
                known.join(", ")
            ));
        }
        self.find_nonce();
        self
    }

    fn set(mut self, name: &'static str, value: impl Into<String>) -> SecurityHeaders {
        let value = value.into();
        if value.trim().is_empty() || !is_value(value.as_bytes()) || !is_token(name.as_bytes()) {
            self.complain(&format!(
                "the value {value:?} of `{name}` is empty or holds a control character; write it in one line"
            ));
        }
        match self.fields.iter_mut().find(|(known, _)| *known == name) {
            Some(field) => field.1 = value,
            None => self.fields.push((name, value)),
        }
        self.find_nonce();
        self
    }

    /// What is sent with one answer.
    fn sent(&self, is_secure: bool, nonce: Option<Nonce>) -> Vec<(&'static str, Cow<'_, str>)> {
        let fields = self.fields.iter().map(|(name, value)| match &nonce {
            Some(nonce) if value.contains(PLACE) => (*name, Cow::Owned(value.replace(PLACE, &nonce.0))),
            _ => (*name, Cow::Borrowed(&**value)),
        });
        let hsts = self.hsts.as_deref().filter(|_| is_secure).map(|value| (HSTS, Cow::Borrowed(value)));
        fields.chain(hsts).collect()
    }

    fn find_nonce(&mut self) {
        self.has_nonce = self.fields.iter().any(|(_, value)| value.contains(PLACE));
    }

    fn complain(&mut self, problem: &str) {
        self.problem.get_or_insert_with(|| problem.to_owned());
    }
}

impl Filter for SecurityHeaders {
    fn reads_body(&self) -> bool {
        false
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let nonce = self.has_nonce.then(|| nonce_of(cx.request)).transpose()?;
            let sent = self.sent(cx.request.is_secure(), nonce);
            for (name, value) in &sent {
                cx.response.headers.insert(name, &**value);
            }
            next.run(cx).await;
            for (name, value) in &sent {
                fields::give_way(&mut cx.response.headers, name, value.as_bytes());
            }
            Ok(())
        })
    }

    fn every_answer(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), String> {
        self.problem.clone().map_or(Ok(()), Err)
    }
}

/// The nonce of this request's answer: where two of these filters match, both say the same.
fn nonce_of(request: &mut Request) -> Result<Nonce> {
    if let Some(nonce) = request.extensions.get::<Nonce>() {
        return Ok(nonce.clone());
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    let nonce = Nonce(BASE64_URL_SAFE_NO_PAD.encode(bytes).into());
    request.extensions.insert(nonce.clone());
    Ok(nonce)
}

impl<'r> FromRequest<'r> for CspNonce<'r> {
    const PROFILE: Profile = Profile::PART;

    fn from_request(req: &'r Request, _: &Arg) -> Result<CspNonce<'r>> {
        req.extensions.get::<Nonce>().map(|nonce| CspNonce(&nonce.0)).ok_or_else(|| {
            Error::internal(
                "there is no nonce for this path: write `server::new().filter(\"/**\", SecurityHeaders::new()\
                 .content_security_policy(\"script-src 'nonce-{nonce}'; base-uri 'none'\"))`, or `.strict()`",
            )
        })
    }
}

impl Deref for CspNonce<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl Display for CspNonce<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What [`SecurityHeaders::strict`] lets pages load and run.
const STRICT_POLICY: &str = "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; \
                             font-src 'self'; media-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
                             base-uri 'none'; frame-ancestors 'none'";

/// What [`SecurityHeaders::strict`] lets pages use of the device.
const NO_PERMISSIONS: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

const HSTS: &str = "strict-transport-security";
const PLACE: &str = "{nonce}";
const YEAR: Duration = Duration::from_secs(31_536_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_transport_security_is_sent_over_tls_only() {
        let day = Duration::from_secs(86_400);
        let table = [
            (SecurityHeaders::new(), Some("max-age=31536000")),
            (SecurityHeaders::new().hsts(day), Some("max-age=86400")),
            (SecurityHeaders::new().hsts_with_subdomains(YEAR), Some("max-age=31536000; includeSubDomains")),
            (
                SecurityHeaders::new().hsts_with_subdomains(YEAR).preload(),
                Some("max-age=31536000; includeSubDomains; preload"),
            ),
            (SecurityHeaders::new().without("Strict-Transport-Security"), None),
        ];
        for (headers, expected) in table {
            assert_eq!(headers.check(), Ok(()));
            let of = |is_secure| {
                let sent = headers.sent(is_secure, None).into_iter().find(|(name, _)| *name == HSTS);
                sent.map(|(_, value)| value.into_owned())
            };
            assert_eq!((of(true).as_deref(), of(false)), (expected, None));
        }
    }
}
