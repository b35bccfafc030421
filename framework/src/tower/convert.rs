//! Requests and answers as tower's services have them, both ways, with bodies of any kind.
//!
//! Extensions pass as they are, and with them [`ConnectionInfo`].

use ::http::header::{CONTENT_LENGTH, HeaderMap};
use ::http::{Method, StatusCode, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::BoxError;
use super::body::taken;
use super::seam::Seam;
use crate::http::ConnectionInfo;
use crate::http::{
    Body, BodyReader, Error, FormKind, Received, Request, RequestBuilder, Response, Result, fields_of, map_of,
};
use crate::proto::Limits;

/// A request from another server.
pub(super) fn request_in<B>(request: ::http::Request<B>) -> RequestBuilder
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let info = request.extensions().get::<ConnectionInfo>().copied();
    let request = RequestBuilder::from(request.map(taken));
    match info {
        Some(info) => request.of_connection(info),
        None => request,
    }
}

/// The request as a service inside the application gets it: it has a copy of the head, and the body itself.
pub(super) fn request_out(request: &mut Request, body: Body) -> ::http::Request<Body> {
    let mut out = ::http::Request::new(body);
    *out.method_mut() = request.method.clone();
    *out.version_mut() = request.version();
    *out.uri_mut() = uri_of(request);
    *out.headers_mut() = map_of(&request.headers);
    // A copy, since those of the chain outside look at theirs again.
    out.extensions_mut().clone_from(&request.extensions);
    out.extensions_mut().insert(ConnectionInfo::new(request.peer(), request.is_secure()));
    out
}

/// Takes a request back that went out by [`request_out`]: method, fields, body and extensions. What was in memory is read
/// into memory again.
///
/// # Errors
/// The body fails, or passes a limit, which a layer may have made it do.
pub(super) async fn request_back(
    request: &mut Request,
    back: ::http::Request<Body>,
    is_streamed: bool,
    limits: &Limits,
) -> Result {
    let (mut parts, body) = back.into_parts();
    parts.extensions.remove::<Seam>();
    parts.extensions.remove::<ConnectionInfo>();
    request.method = parts.method;
    request.extensions = parts.extensions;
    request.replace_headers(fields_of(&parts.headers));
    if body.is_empty() {
        return Ok(());
    }
    let is_upload = is_streamed && request.form_kind() == Some(FormKind::Multipart);
    let bound = if is_upload { limits.upload_bound() } else { limits.body_bound() };
    let received = Received::new(body, limits, bound).map_err(Error::from_refusal)?;
    if is_streamed {
        request.set_reader(BodyReader::received(received, limits));
    } else {
        request.receive_all(received).await.map_err(Error::from_refusal)?;
    }
    Ok(())
}

/// Adds an answer to what filters outside have set already: its fields replace theirs of the same name, cookies are added.
pub(super) fn merge<B>(answer: ::http::Response<B>, method: &Method, response: &mut Response)
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut headers = std::mem::take(&mut response.headers);
    response_in(answer, method, response);
    for (name, _) in response.headers.iter() {
        if !name.eq_ignore_ascii_case("set-cookie") {
            headers.remove(name);
        }
    }
    headers.extend(&response.headers);
    response.headers = headers;
}

/// Takes over an answer that a service inside the application has given, in place of what was there.
pub(super) fn response_in<B>(answer: ::http::Response<B>, method: &Method, response: &mut Response)
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (parts, body) = answer.into_parts();
    response.set_status(parts.status);
    response.content_type = None;
    response.headers = fields_of(&parts.headers);
    let body = match length_of(&parts.headers) {
        Some(length) if *method == Method::HEAD => Body::announced(length),
        _ if parts.status == StatusCode::SWITCHING_PROTOCOLS => Body::empty(),
        _ => taken(body),
    };
    response.place(body);
}

/// The target as a URI. One that the `http` crate does not take, with a bare `{` or such, is escaped.
fn uri_of(request: &Request) -> Uri {
    let target = request.target();
    target.parse().unwrap_or_else(|_| {
        let escaped = utf8_percent_encode(target, NOT_IN_URI).to_string();
        escaped.parse().unwrap_or_else(|_| Uri::from_static("/"))
    })
}

fn length_of(map: &HeaderMap) -> Option<u64> {
    map.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What a target on the wire may hold, and a URI of the `http` crate may not.
const NOT_IN_URI: &AsciiSet =
    &CONTROLS.add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
