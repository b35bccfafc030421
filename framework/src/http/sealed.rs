//! Cookies that only the server can make: signed ones, which everybody can read, and private ones, which nobody can.
//!
//! The crate `cookie` does the cryptography: HMAC-SHA256 and AES-256-GCM. Its signature is over the value alone; here
//! each name has a key of its own, so that a value does not pass under another name.

use std::fmt;

use cookie::{Cookie, CookieJar, Key};

use super::{Error, Request, Result, SetCookie};

/// The key of [`SignedCookies`] and [`PrivateCookies`], given to the server as a state.
///
/// Keep it secret, and the same on all servers of a site; with another key all cookies made before are void.
#[derive(Clone)]
pub struct CookieKey(Key);

impl CookieKey {
    /// A key of at least 64 random bytes.
    ///
    /// # Errors
    /// 500: there are fewer.
    pub fn from_bytes(bytes: &[u8]) -> Result<CookieKey> {
        match Key::try_from(bytes) {
            Ok(key) => Ok(CookieKey(key)),
            Err(_) => {
                Err(Error::internal(format!("a cookie key needs 64 random bytes, not {}", bytes.len())))
            }
        }
    }

    /// A key made of at least 32 random bytes.
    ///
    /// # Errors
    /// 500: there are fewer.
    pub fn derive_from(bytes: &[u8]) -> Result<CookieKey> {
        if bytes.len() < 32 {
            return Err(Error::internal(format!(
                "a cookie key is derived from 32 random bytes, not {}",
                bytes.len()
            )));
        }
        Ok(CookieKey(Key::derive_from(bytes)))
    }

    /// A random key: its cookies are void when the process ends.
    ///
    /// # Errors
    /// 500: the system has no random bytes.
    pub fn random() -> Result<CookieKey> {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::internal(format!("there are no random bytes: {error}")))?;
        CookieKey::from_bytes(&bytes)
    }

    /// The key for cookies of this name.
    fn of(&self, name: &str) -> Key {
        Key::derive_from(&[self.0.master(), name.as_bytes()].concat())
    }
}

impl fmt::Debug for CookieKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKey")
    }
}

/// Reads the cookies of a request that [`SignedCookies::seal`] made, and makes such: everybody can read them, nobody
/// can change them. One that was tampered with, or is another's, is absent.
///
/// A signature does not make a cookie fresh or tie it to a browser: what was once sent may come back at any time.
///
/// ```
/// use vernal::{CookieKey, SetCookie, SignedCookies, request_map, server};
///
/// #[request_map("/visit")]
/// fn visit(cookies: SignedCookies<'_>) -> (SetCookie, String) {
///     let visits = cookies.get("visits").and_then(|text| text.parse().ok()).unwrap_or(0) + 1;
///     (cookies.seal("visits", visits).path("/").http_only(), format!("visit {visits}"))
/// }
///
/// # fn main() -> vernal::Result {
/// // 64 random bytes that were kept somewhere safe.
/// # let secret = [7; 64];
/// let server = server::new().state(CookieKey::from_bytes(&secret)?);
/// # let _ = server;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct SignedCookies<'r> {
    request: &'r Request,
    key: &'r CookieKey,
}

/// The same as [`SignedCookies`], but the values are encrypted as well, so that nobody can read them either.
#[derive(Clone, Copy)]
pub struct PrivateCookies<'r> {
    request: &'r Request,
    key: &'r CookieKey,
}

macro_rules! sealed {
    ($name:ident, $jar:ident, $jar_mut:ident) => {
        impl<'r> $name<'r> {
            /// Those of a request, for filters; handlers take them as an argument.
            ///
            /// # Errors
            /// 500: the server was given no [`CookieKey`] as a state.
            pub fn of(request: &'r Request) -> Result<$name<'r>> {
                match request.state::<CookieKey>() {
                    Some(key) => Ok($name { request, key }),
                    None => Err(Error::internal(
                        "no cookie key was given: write `server::new().state(CookieKey::…)`",
                    )),
                }
            }

            /// The value of a cookie, as it was sealed; `None` if there is none, or it was not made with this key for this
            /// name. Of several, the first that is good counts.
            pub fn get(&self, name: &str) -> Option<String> {
                let mut texts = self.request.cookies().iter().filter(|(known, _)| *known == name).peekable();
                texts.peek()?;
                let (jar, key) = (CookieJar::new(), self.key.of(name));
                let jar = jar.$jar(&key);
                // Somebody may plant cookies of the same name; a few are enough.
                texts.take(4).find_map(|(_, text)| {
                    let sealed = jar.verified(Cookie::new(name.to_owned(), text.to_owned()))?;
                    Some(sealed.value().to_owned())
                })
            }

            /// A sealed cookie to answer with. Set its path and age as of any other.
            pub fn seal(&self, name: impl ToString, value: impl ToString) -> SetCookie {
                let name = name.to_string();
                let (mut jar, key) = (CookieJar::new(), self.key.of(&name));
                jar.$jar_mut(&key).add(Cookie::new(name.clone(), value.to_string()));
                let sealed = jar.get(&name).map(|sealed| sealed.value().to_owned());
                SetCookie::new(name, sealed.unwrap_or_default())
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

sealed!(SignedCookies, signed, signed_mut);
sealed!(PrivateCookies, private, private_mut);

/// One name for what the crate calls by two.
trait Verified {
    fn verified(&self, cookie: Cookie<'static>) -> Option<Cookie<'static>>;
}

impl Verified for cookie::SignedJar<&CookieJar> {
    fn verified(&self, cookie: Cookie<'static>) -> Option<Cookie<'static>> {
        self.verify(cookie)
    }
}

impl Verified for cookie::PrivateJar<&CookieJar> {
    fn verified(&self, cookie: Cookie<'static>) -> Option<Cookie<'static>> {
        self.decrypt(cookie)
    }
}
