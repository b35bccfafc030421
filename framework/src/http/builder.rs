//! A request made in the process: what [`App::handle`](crate::App::handle) is given instead of bytes from a socket.

use std::fmt::{self, Display};
use std::net::SocketAddr;

use ::http::{Extensions, Method, Version};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{Body, Request};
use crate::base::{Headers, IntoHeaderValue};
use crate::proto::h1::Head;
use crate::proto::{Limits, Refusal};

/// A request that is being made. [`Request::get`] and its like begin one; [`App::handle`](crate::App::handle) takes it.
///
/// What is wrong with it (a target that is no path, a header field that cannot be sent) is answered as it would be to a
/// peer: with a 400.
///
/// ```
/// use vernal::{App, Config, Request, request_map};
///
/// #[request_map("/hello/{name}")]
/// fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
///     format!("Hello, {name}! ").repeat(times)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> vernal::Result {
/// let app = App::from_registry(Config::new())?;
/// let answer = app.handle(Request::get("/hello/ann").query("times", 2)).await;
/// assert_eq!(answer.status, 200);
/// assert_eq!(answer.into_bytes(1024).await?, "Hello, ann! Hello, ann! ");
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until it is handled"]
pub struct RequestBuilder {
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) extensions: Extensions,
    pub(crate) body: Body,
    form: String,
    peer: Option<SocketAddr>,
    is_secure: bool,
    failure: Option<Refusal>,
}

macro_rules! beginnings {
    ($($name:ident $method:ident $shown:literal;)*) => { $(
        #[doc = concat!("Begins a ", $shown, " request. The target is a path, with a query if there is one; blanks and the like in it \
                         are percent-encoded.")]
        pub fn $name(target: impl AsRef<str>) -> RequestBuilder {
            RequestBuilder::new(Method::$method, target.as_ref())
        }
    )* };
}

/// Requests that are made in the process, for [`App::handle`](crate::App::handle).
impl Request {
    beginnings! {
        get GET "GET";
        head HEAD "HEAD";
        post POST "POST";
        put PUT "PUT";
        patch PATCH "PATCH";
        delete DELETE "DELETE";
    }

    /// Begins a request of any method.
    pub fn builder(method: Method, target: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(method, target.as_ref())
    }
}

impl RequestBuilder {
    pub(super) fn new(method: Method, target: &str) -> RequestBuilder {
        RequestBuilder {
            method,
            version: Version::HTTP_11,
            target: utf8_percent_encode(target, NOT_IN_TARGET).to_string(),
            headers: Headers::new(),
            extensions: Extensions::new(),
            body: Body::empty(),
            form: String::new(),
            peer: None,
            is_secure: false,
            failure: None,
        }
    }

    /// Adds a field to the query.
    pub fn query(mut self, name: &str, value: impl Display) -> RequestBuilder {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        push_field(&mut self.target, name, &value.to_string());
        self
    }

    /// Adds a header field. `Content-Length` and the like need not be set.
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> RequestBuilder {
        self.headers.append(name, value);
        self
    }

    /// Adds a field to a form body, and sets the content type.
    pub fn form(mut self, name: &str, value: impl Display) -> RequestBuilder {
        if !self.form.is_empty() {
            self.form.push('&');
        }
        push_field(&mut self.form, name, &value.to_string());
        self.headers.insert("content-type", "application/x-www-form-urlencoded");
        self
    }

    /// Sets a JSON body, and the content type.
    pub fn json(mut self, value: &impl Serialize) -> RequestBuilder {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body = Body::from(bytes),
            Err(error) => {
                self.failure = Some(Refusal::bad_request(format!(
                    "the body of the request cannot be written as JSON: {error}"
                )));
            }
        }
        self.headers.insert("content-type", "application/json");
        self
    }

    /// Sets the body. One that streams is read as the handler reads it, within the same limits as one from a socket.
    pub fn body(mut self, body: impl Into<Body>) -> RequestBuilder {
        self.body = body.into();
        self
    }

    /// Leaves a value in [`Request::extensions`]; one of each type.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> RequestBuilder {
        self.extensions.insert(value);
        self
    }

    /// Says what is known of the connection the request came over.
    #[cfg(feature = "tower")]
    pub(crate) fn of_connection(self, info: super::ConnectionInfo) -> RequestBuilder {
        RequestBuilder { peer: info.peer(), is_secure: info.is_secure(), ..self }
    }

    /// Says which address the request comes from. Default: none is known.
    pub fn peer(mut self, peer: SocketAddr) -> RequestBuilder {
        self.peer = Some(peer);
        self
    }

    /// Says whether the request came over TLS. Default: no.
    pub fn secure(mut self, is_secure: bool) -> RequestBuilder {
        self.is_secure = is_secure;
        self
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish()
    }
}

impl Request {
    /// Takes over what was made; returns the body, which is still to be read.
    ///
    /// # Errors
    /// What would have been refused on the wire.
    pub(crate) fn take_built(
        &mut self,
        built: RequestBuilder,
        limits: &Limits,
    ) -> std::result::Result<Body, Refusal> {
        self.headers = built.headers;
        self.extensions = built.extensions;
        self.set_peer(built.peer);
        self.is_secure = built.is_secure;
        self.path.target = built.target;
        if let Some(failure) = built.failure {
            return Err(failure);
        }
        if let Some(refused) = self.headers.take_refused() {
            return Err(Refusal::bad_request(refused.to_string()));
        }
        let parts = (&*self.path.target, &self.headers);
        let mut head = Head::of_parts(built.method, built.version, parts, limits)?;
        self.take_head(&mut head)?;
        Ok(if built.form.is_empty() { built.body } else { Body::from(built.form) })
    }
}

fn push_field(text: &mut String, name: &str, value: &str) {
    let (name, value) =
        (utf8_percent_encode(name, NON_ALPHANUMERIC), utf8_percent_encode(value, NON_ALPHANUMERIC));
    text.extend([name.to_string().as_str(), "=", value.to_string().as_str()]);
}

/// What a request target cannot hold as it is.
const NOT_IN_TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'#');
