//! Bearer tokens (RFC 6750): whoever brings the token may pass.

use std::sync::Arc;

use super::auth::{Asking, Bearer, Challenge, Credentials, Verdict, ask, credentials};
use super::fields::quoted;
use crate::chain::{Filter, FilterContext, Next};
use crate::contract::Guards;
use crate::http::{BoxFuture, Error, Result};

/// Asks for a token in the `Authorization` field, and a hook whose it is.
///
/// | request | answer | `WWW-Authenticate` |
/// |---|---|---|
/// | no token, or another scheme | 401 | `Bearer` |
/// | malformed or too long | 400 | `error="invalid_request"` |
/// | the hook knows nobody | 401 | `error="invalid_token"` |
/// | [`BearerAuth::insufficient_scope`] of hook or handler | 403 | `error="insufficient_scope"` |
///
/// Who it is goes into `request.extensions`; handlers take it as [`Identity`](super::Identity). Tokens in the query or in
/// a form are not looked for: they end up in logs.
///
/// ```
/// use vernal::security::{BearerAuth, Identity};
/// use vernal::{Result, request_map, server};
///
/// #[derive(Clone)]
/// struct Client { name: &'static str, may_write: bool }
///
/// async fn client_of(token: String) -> Option<Client> {
///     (token == "t0ken").then_some(Client { name: "cron", may_write: false })
/// }
///
/// #[request_map("/api/jobs", method = "POST")]
/// fn add(Identity(client): Identity<&Client>) -> Result<String> {
///     if !client.may_write {
///         return Err(BearerAuth::insufficient_scope("jobs:write"));
///     }
///     Ok(format!("added by {}", client.name))
/// }
///
/// let server = server::new().filter("/api/**", BearerAuth::new(client_of));
/// # let _ = server;
/// ```
pub struct BearerAuth {
    realm: Option<String>,
    most_bytes: usize,
    hook: Box<dyn Fn(String) -> Asking + Send + Sync>,
    is_optional: bool,
}

impl BearerAuth {
    /// The hook says whose a token is: see [`Verdict`]. Look tokens up by their hash, or compare them with
    /// [`constant_time_eq`](super::constant_time_eq).
    pub fn new<F, Fut, V>(hook: F) -> BearerAuth
    where
        F: Fn(String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = V> + Send + 'static,
        V: Verdict<Bearer> + Send,
    {
        BearerAuth {
            realm: None,
            most_bytes: 8 << 10,
            hook: Box::new(move |token| {
                let asked = hook(token);
                Box::pin(async move { ask(asked, "").await })
            }),
            is_optional: false,
        }
    }

    /// Names the realm in challenges. One that is empty or not printable ASCII is an error at start.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> BearerAuth {
        self.realm = Some(realm.into());
        self
    }

    /// The most bytes of a token. Default 8 KiB; the bounds of a head apply as well.
    #[must_use]
    pub fn token_size(mut self, most_bytes: usize) -> BearerAuth {
        self.most_bytes = most_bytes;
        self
    }

    /// Lets requests without a token pass; nobody is known to their handlers. Wrong tokens are still a 401.
    #[must_use]
    pub fn optional(mut self) -> BearerAuth {
        self.is_optional = true;
        self
    }

    /// The error of a token that is good but not for this: 403 with the scope that is missing.
    pub fn insufficient_scope(scope: &str) -> Error {
        let shown = quoted(scope).unwrap_or_else(|_| "\"\"".to_owned());
        Error::forbidden(format!("The token is not for this: it lacks the scope {shown}."))
            .header("www-authenticate", format!("Bearer error=\"insufficient_scope\", scope={shown}"))
    }

    fn challenge(&self, error: &str) -> String {
        let realm = self.realm.as_deref().map(|realm| format!("realm={}", quoted(realm).unwrap_or_default()));
        let error = (!error.is_empty()).then(|| format!("error=\"{error}\""));
        let parameters: Vec<_> = realm.into_iter().chain(error).collect();
        format!("Bearer {}", parameters.join(", ")).trim_end().to_owned()
    }
}

impl Filter for BearerAuth {
    fn reads_body(&self) -> bool {
        false
    }

    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let refused =
                |error: Error, code: &str| Err(error.header("www-authenticate", self.challenge(code)));
            match credentials(cx.request, "bearer", self.most_bytes) {
                Credentials::Absent if self.is_optional => {
                    let challenge: Arc<str> = self.challenge("").into();
                    cx.request.extensions.insert(Challenge(challenge));
                }
                Credentials::Absent => return refused(Error::unauthorized("A token is needed here."), ""),
                Credentials::Malformed(why) => return refused(Error::bad_request(why), "invalid_request"),
                Credentials::Given(token) if !is_token68(token) => {
                    let why = "The token holds what no token may: letters, digits and `-._~+/` make one.";
                    return refused(Error::bad_request(why), "invalid_request");
                }
                Credentials::Given(token) => match (self.hook)(token.to_owned()).await? {
                    Some(entry) => entry(&mut cx.request.extensions),
                    None => {
                        return refused(
                            Error::unauthorized("The token is not known here, or no longer."),
                            "invalid_token",
                        );
                    }
                },
            }
            next.run(cx).await;
            Ok(())
        })
    }

    fn unmatched(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), String> {
        match self.realm.as_deref().map(quoted) {
            Some(Err(why)) => {
                Err(format!("the realm of a `BearerAuth` {why}: name it, `.realm(\"api\")`, or leave it out"))
            }
            _ if self.most_bytes == 0 => {
                Err("`.token_size(0)` takes no token at all: write the most bytes of one".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn describe(&self, guards: &mut Guards) {
        guards.bearer(self.is_optional);
        guards.refuses(400);
        guards.refuses(403);
    }
}

/// RFC 6750, section 2.1.
fn is_token68(text: &str) -> bool {
    let start = text.trim_end_matches('=');
    !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}
