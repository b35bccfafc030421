//! What basic and bearer authentication share: the `Authorization` field (RFC 9110, section 11.6.2), challenges, and what
//! the hooks of an application may say.

use std::pin::Pin;

use ::http::Extensions;

use super::user_name::UserName;
use crate::http::{Error, Request, Result};

/// What a hook says of credentials: nobody (`None`, `false`), an identity (`Some(…)`), or an error with a status of its own
/// when it could not find out.
///
/// The identity is put into `request.extensions`, and handlers take it as [`Identity<&T>`](super::Identity). Of a `bool`,
/// which only [`BasicAuth`](super::BasicAuth) understands, it is the [`UserName`](super::UserName).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whose credentials these are",
    label = "answer with `Option<T>` or `Result<Option<T>>`, and for `BasicAuth` with `bool` too",
    note = "`T` is the identity: `Clone + Send + Sync + 'static`"
)]
pub trait Verdict<Scheme> {
    /// Whose they are.
    type Identity: Clone + Send + Sync + 'static;

    /// Whose they are, or nobody's. `name` is what basic credentials call the user.
    ///
    /// # Errors
    /// It could not be found out.
    fn verdict(self, name: &str) -> Result<Option<Self::Identity>>;
}

/// Names the scheme of [`BasicAuth`](super::BasicAuth) in [`Verdict`].
#[derive(Debug)]
pub enum Basic {}

/// Names the scheme of [`BearerAuth`](super::BearerAuth) in [`Verdict`].
#[derive(Debug)]
pub enum Bearer {}

impl Verdict<Basic> for bool {
    type Identity = UserName;

    fn verdict(self, name: &str) -> Result<Option<UserName>> {
        Ok(self.then(|| UserName::new(name)))
    }
}

impl<Scheme, T: Clone + Send + Sync + 'static> Verdict<Scheme> for Option<T> {
    type Identity = T;

    fn verdict(self, _: &str) -> Result<Option<T>> {
        Ok(self)
    }
}

impl<Scheme, V: Verdict<Scheme>, E: Into<Box<dyn std::error::Error + Send + Sync>>> Verdict<Scheme>
    for Result<V, E>
{
    type Identity = V::Identity;

    fn verdict(self, name: &str) -> Result<Option<V::Identity>> {
        self.map_err(|error| Error::from_boxed(error.into()))?.verdict(name)
    }
}

/// A hook's answer without its type: what puts the identity into the request's extensions.
pub(super) type Entry = Box<dyn FnOnce(&mut Extensions) + Send>;
pub(super) type Asking = Pin<Box<dyn Future<Output = Result<Option<Entry>>> + Send>>;

/// Waits for a hook, and forgets the type of what it says.
pub(super) async fn ask<Scheme, V: Verdict<Scheme>>(
    hook: impl Future<Output = V>,
    name: &str,
) -> Result<Option<Entry>> {
    let identity = hook.await.verdict(name)?;
    Ok(identity.map(|identity| {
        Box::new(move |extensions: &mut Extensions| {
            extensions.insert(identity);
        }) as Entry
    }))
}

/// The challenge of a filter that let a request without credentials pass, for the 401 of a handler that wants some.
#[derive(Clone)]
pub(super) struct Challenge(pub(super) std::sync::Arc<str>);

/// What an `Authorization` field holds for one scheme.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials<'r> {
    /// There is no such field, or it is of another scheme.
    Absent,
    /// The text after the scheme.
    Given(&'r str),
    /// Why it cannot be read.
    Malformed(&'static str),
}

/// Reads the `Authorization` field. Names of schemes compare without regard to case.
pub(super) fn credentials<'r>(request: &'r Request, scheme: &str, most_bytes: usize) -> Credentials<'r> {
    let mut fields = request.headers.get_all_bytes("authorization");
    let Some(field) = fields.next() else { return Credentials::Absent };
    if fields.next().is_some() {
        return Credentials::Malformed("There is more than one `Authorization` field.");
    }
    let Ok(field) = std::str::from_utf8(field) else {
        return Credentials::Malformed("The `Authorization` field is not text.");
    };
    let (named, rest) = field.trim().split_once(' ').unwrap_or((field.trim(), ""));
    if !named.eq_ignore_ascii_case(scheme) {
        return Credentials::Absent;
    }
    match rest.trim_start() {
        "" => Credentials::Malformed("There is nothing after the scheme in the `Authorization` field."),
        text if text.len() > most_bytes => {
            Credentials::Malformed("The credentials are longer than is taken here.")
        }
        text => Credentials::Given(text),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::Context;

    #[test]
    fn credentials_are_those_of_the_scheme() {
        let malformed = Credentials::Malformed;
        let table: [(&[&[u8]], Credentials<'_>); 12] = [
            (&[], Credentials::Absent),
            (&[b"Basic abc"], Credentials::Given("abc")),
            (&[b"bASIC   abc "], Credentials::Given("abc")),
            (&[b"Basic a b"], Credentials::Given("a b")),
            (&[b"Bearer abc"], Credentials::Absent),
            (&[b"Basicabc"], Credentials::Absent),
            (&[b""], Credentials::Absent),
            (&[b"Basic"], malformed("There is nothing after the scheme in the `Authorization` field.")),
            (&[b"Basic 12345678"], Credentials::Given("12345678")),
            (&[b"Basic 123456789"], malformed("The credentials are longer than is taken here.")),
            (&[b"Basic a", b"Basic a"], malformed("There is more than one `Authorization` field.")),
            (&[b"Basic \xff"], malformed("The `Authorization` field is not text.")),
        ];
        for (fields, expected) in table {
            let mut request = Request::new(Arc::new(Context::default()));
            for field in fields {
                request.headers.append("Authorization", *field);
            }
            assert_eq!(credentials(&request, "basic", 8), expected, "{fields:?}");
        }
    }
}
