//! Basic authentication (RFC 7617): name and password with each request. Worth something over TLS only.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::auth::{Asking, Basic, Challenge, Credentials, Verdict, ask, credentials};
use super::fields::quoted;
use crate::chain::{Filter, FilterContext, Next};
use crate::contract::Guards;
use crate::http::{BoxFuture, Error, Result};

/// Asks for a name and a password, and a hook whose they are.
///
/// Without credentials, with wrong or malformed ones the answer is a 401 with a challenge, at which browsers ask the user.
/// Credentials of more than 4 KiB are malformed. Who it is goes into `request.extensions`; handlers take it as
/// [`Identity`](super::Identity).
///
/// Compare passwords with [`constant_time_eq`](super::constant_time_eq), or by the function of a password hash in
/// `spawn_blocking`. A [`RateLimit`](super::RateLimit) given before this one slows down those who guess.
///
/// ```
/// use vernal::security::{BasicAuth, Identity, UserName, constant_time_eq};
/// use vernal::{request_map, server};
///
/// #[request_map("/admin/hello")]
/// fn hello(Identity(user): Identity<&UserName>) -> String {
///     format!("Hello, {user}.")
/// }
///
/// let auth = BasicAuth::new("admin", |user, password| async move {
///     user == "root" && constant_time_eq(password, "secret")
/// });
/// let server = server::new().filter("/admin/**", auth);
/// # let _ = server;
/// ```
///
/// An identity of one's own is `Some(…)`; what goes wrong while it is looked up keeps its status:
///
/// ```
/// use vernal::security::BasicAuth;
/// use vernal::{Error, Result};
///
/// #[derive(Clone)]
/// struct Account { id: u64 }
///
/// async fn account_of(user: String, password: String) -> Result<Option<Account>> {
///     if user == "offline" {
///         return Err(Error::unavailable("The directory is down."));
///     }
///     Ok((password == "right").then_some(Account { id: 7 }))
/// }
///
/// let auth = BasicAuth::new("accounts", account_of);
/// # let _ = auth;
/// ```
pub struct BasicAuth {
    realm: String,
    challenge: Arc<str>,
    hook: Box<dyn Fn(String, String) -> Asking + Send + Sync>,
    is_optional: bool,
}

impl BasicAuth {
    /// Asks for credentials of this realm, which browsers show; the hook says whose they are: see [`Verdict`].
    ///
    /// A realm that is empty or not printable ASCII is an error at start.
    pub fn new<F, Fut, V>(realm: impl Into<String>, hook: F) -> BasicAuth
    where
        F: Fn(String, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = V> + Send + 'static,
        V: Verdict<Basic> + Send,
    {
        let realm = realm.into();
        let shown = quoted(&realm).unwrap_or_default();
        BasicAuth {
            realm,
            challenge: format!("Basic realm={shown}, charset=\"UTF-8\"").into(),
            hook: Box::new(move |user, password| {
                let asked = hook(user.clone(), password);
                Box::pin(async move { ask(asked, &user).await })
            }),
            is_optional: false,
        }
    }

    /// Lets requests without credentials pass; nobody is known to their handlers. Wrong credentials are still a 401.
    #[must_use]
    pub fn optional(mut self) -> BasicAuth {
        self.is_optional = true;
        self
    }

    fn refused(&self, explain: &'static str) -> Error {
        Error::unauthorized(explain).header("www-authenticate", &*self.challenge)
    }
}

impl Filter for BasicAuth {
    fn reads_body(&self) -> bool {
        false
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            match credentials(cx.request, "basic", MOST_BYTES) {
                Credentials::Absent if self.is_optional => {
                    cx.request.extensions.insert(Challenge(Arc::clone(&self.challenge)));
                }
                Credentials::Absent => return Err(self.refused("Name and password are needed here.")),
                Credentials::Malformed(why) => return Err(self.refused(why)),
                Credentials::Given(text) => {
                    let (user, password) = decode(text).map_err(|why| self.refused(why))?;
                    let found = (self.hook)(user, password).await?;
                    let entry = found.ok_or_else(|| self.refused("Name or password is wrong."))?;
                    entry(&mut cx.request.extensions);
                }
            }
            next.run(cx).await;
            Ok(())
        })
    }

    fn unmatched(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), String> {
        quoted(&self.realm).map(drop).map_err(|why| {
            format!(
                "the realm {:?} {why}: write what browsers are to show, `BasicAuth::new(\"admin\", …)`",
                self.realm
            )
        })
    }

    fn describe(&self, guards: &mut Guards) {
        guards.basic(self.is_optional);
    }
}

/// Name and password of RFC 7617, section 2; the password may hold colons.
fn decode(text: &str) -> Result<(String, String), &'static str> {
    let bytes = GENEROUS.decode(text).map_err(|_| "The credentials are not Base64 of `name:password`.")?;
    let pair = String::from_utf8(bytes).map_err(|_| "Name and password are not UTF-8.")?;
    if pair.chars().any(char::is_control) {
        return Err("Name or password holds a control character.");
    }
    let (user, password) = pair.split_once(':').ok_or("There is no colon between name and password.")?;
    Ok((user.to_owned(), password.to_owned()))
}

/// With or without padding, since some clients leave it out.
const GENEROUS: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The most bytes of encoded credentials: a password hash takes its time for each.
const MOST_BYTES: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_are_parted_at_the_first_colon() {
        type Row<'a> = (&'a [u8], Result<(&'a str, &'a str), &'a str>);
        let table: [Row<'_>; 8] = [
            (b"ann:secret", Ok(("ann", "secret"))),
            (b"ann:a:b", Ok(("ann", "a:b"))),
            (b":", Ok(("", ""))),
            ("\u{e4}nn:\u{e9}\u{4e2d}".as_bytes(), Ok(("\u{e4}nn", "\u{e9}\u{4e2d}"))),
            (b"ann", Err("no colon")),
            (b"\xe4nn:x", Err("not UTF-8")),
            (b"ann:a\nb", Err("control character")),
            (b"a\0:b", Err("control character")),
        ];
        for (pair, expected) in table {
            let decoded = decode(&base64::prelude::BASE64_STANDARD.encode(pair));
            match expected {
                Ok((user, password)) => assert_eq!(decoded, Ok((user.to_owned(), password.to_owned()))),
                Err(why) => assert!(decoded.is_err_and(|said| said.contains(why)), "{pair:?}"),
            }
        }
        assert_eq!(decode("YTpiYg").expect("without padding"), ("a".to_owned(), "bb".to_owned()));
        for text in ["YTpi YTpi", "%%%", "YTpiY", "YTpiYg=x"] {
            assert!(decode(text).is_err_and(|why| why.contains("Base64")), "{text}");
        }
    }
}
