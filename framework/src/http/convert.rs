//! Requests and answers in both forms, ours and those of the `http` crate. Fields of one name keep their order; bodies pass as
//! they are.

use ::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Body, RequestBuilder, Responder, Response, Result};
use crate::base::Headers;
use crate::contract::Answers;

/// The parts of another kind of request: its target is that of the URI, its host too if that has one.
impl<B: Into<Body>> From<::http::Request<B>> for RequestBuilder {
    fn from(request: ::http::Request<B>) -> RequestBuilder {
        let (parts, body) = request.into_parts();
        let mut headers = fields_of(&parts.headers);
        let target = match (parts.uri.authority(), parts.uri.path_and_query()) {
            (Some(authority), None) => authority.as_str().to_owned(),
            (_, target) => target.map_or("/", |target| target.as_str()).to_owned(),
        };
        // RFC 9112, section 3.2.2: the target's own host is the one that counts.
        if let (Some(authority), Some(_)) = (parts.uri.authority(), parts.uri.scheme()) {
            headers.insert("host", authority.as_str());
        }
        let mut built = RequestBuilder::new(parts.method, "");
        built.version = parts.version;
        built.target = target;
        built.headers = headers;
        built.extensions = parts.extensions;
        built.body = body.into();
        built
    }
}

/// The answer in another form, as [`App::handle`](crate::App::handle) gives it. A reason phrase of its own is lost.
///
/// ```
/// use vernal::{App, Body, Config, Request, request_map};
///
/// #[request_map("/")]
/// fn index() -> (&'static str, vernal::Headers) {
///     ("Hello", vernal::Headers::from([("x-a", "1"), ("x-a", "2")]))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> vernal::Result {
/// let app = App::from_registry(Config::new())?;
/// let answer: http::Response<Body> = app.handle(Request::get("/")).await.into();
/// assert_eq!(answer.headers().get_all("x-a").iter().count(), 2);
/// # Ok(())
/// # }
/// ```
impl From<Response> for ::http::Response<Body> {
    fn from(mut response: Response) -> ::http::Response<Body> {
        let mut out = ::http::Response::new(response.take_body());
        *out.status_mut() = response.status;
        *out.headers_mut() = map_of(&response.headers);
        out
    }
}

/// An answer in the other form, as a client of another service gives it, may be answered with: its content type is what its
/// fields say.
impl<B: Into<Body>> Responder for ::http::Response<B> {
    fn respond(self, res: &mut Response) -> Result {
        let (parts, body) = self.into_parts();
        let mut response = Response::new(parts.status);
        response.headers = fields_of(&parts.headers);
        response.place(body.into());
        response.respond(res)
    }

    fn describe(answers: &mut Answers) {
        Response::describe(answers);
    }
}

pub(crate) fn fields_of(map: &HeaderMap) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in map {
        headers.append(name.as_str(), value);
    }
    headers
}

pub(crate) fn map_of(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.fields() {
        // Both are tokens and values already.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}
