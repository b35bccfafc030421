//! A request over HTTP/2, by a client with prior knowledge (RFC 9113): what this version has no place for is left out.

use bytes::Bytes;
use h2::RecvStream;
use h2::client::Builder;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use tokio::io::DuplexStream;

use super::Answer;
use super::target::HOST;
use crate::base::Headers;

/// What is asked.
pub(super) struct Asked<'r> {
    pub(super) method: &'r str,
    pub(super) target: &'r str,
    pub(super) headers: &'r Headers,
    pub(super) cookies: String,
    pub(super) body: Option<&'r [u8]>,
    pub(super) trailers: &'r Headers,
}

/// Sends it over a connection of its own.
pub(super) async fn send(asked: &Asked<'_>, stream: DuplexStream) -> Answer {
    let (head, body) = (head_of(asked), Bytes::copy_from_slice(asked.body.unwrap_or_default()));
    let trails = !asked.trailers.is_empty();
    let mut builder = Builder::new();
    builder.enable_push(false).initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
    let (mut sender, mut connection) = match builder.handshake::<_, Bytes>(stream).await {
        Ok(opened) => opened,
        Err(error) => panic!("the connection of HTTP/2 was not opened: {error}"),
    };
    let pinging = connection.ping_pong();
    let driver = tokio::spawn(connection);
    let (answer, mut sending) = match sender.send_request(head, body.is_empty() && !trails) {
        Ok(sent) => sent,
        Err(error) => panic!("this cannot be sent over HTTP/2: {error}"),
    };
    // The server may answer and reset the stream before it has read everything.
    if !body.is_empty() {
        let _ = sending.send_data(body, !trails);
    }
    if trails {
        let _ = sending.send_trailers(map_of(asked.trailers.iter()));
    }
    let answer = match answer.await {
        Ok(answer) => read(answer).await,
        Err(error) => panic!("the stream was ended without an answer: {error}"),
    };
    if let Some(mut pinging) = pinging {
        // What the server does at the end of a stream is done when it answers.
        let _ = pinging.ping(h2::Ping::opaque()).await;
    }
    driver.abort();
    answer
}

fn head_of(asked: &Asked<'_>) -> Request<()> {
    let Asked { method, target, headers, .. } = asked;
    let hosts: Vec<_> = headers.get_all("host").collect();
    let authority = match &hosts[..] {
        [] => Authority::try_from(HOST).ok(),
        // What is none goes as a field, so that the server judges it.
        [host] => Authority::try_from(*host).ok(),
        _ => None,
    };
    let is_named = authority.is_some();
    let (uri, version) = match uri_of(target, authority) {
        Ok(uri) => uri,
        Err(error) => panic!("the target {target:?} cannot be sent over HTTP/2: {error}"),
    };
    let fields = headers.iter().filter(|(name, value)| match name {
        name if name.eq_ignore_ascii_case("host") => !is_named,
        name if name.eq_ignore_ascii_case("te") => value.eq_ignore_ascii_case(b"trailers"),
        name => !is_of_a_connection(name),
    });
    let mut fields = map_of(fields);
    if !asked.cookies.is_empty() {
        fields.append("cookie", value(asked.cookies.as_bytes()));
    }
    if let Some(body) = asked.body
        && asked.trailers.is_empty()
        && !headers.contains("content-length")
    {
        fields.append("content-length", body.len().into());
    }
    let mut head = Request::new(());
    *head.method_mut() = match Method::from_bytes(method.as_bytes()) {
        Ok(method) => method,
        Err(error) => panic!("the method {method:?} cannot be sent over HTTP/2: {error}"),
    };
    (*head.uri_mut(), *head.version_mut(), *head.headers_mut()) = (uri, version, fields);
    head
}

/// Whether a field says what HTTP/2 says otherwise (RFC 9113, section 8.2.2).
pub(super) fn is_of_a_connection(name: &str) -> bool {
    OF_A_CONNECTION.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// The target with its authority, and the version that `h2` takes it in: that of a request which may have none.
fn uri_of(target: &str, authority: Option<Authority>) -> Result<(Uri, Version), http::Error> {
    if !target.starts_with(['/', '*']) {
        return Ok((Uri::try_from(target)?, Version::HTTP_2));
    }
    let target = PathAndQuery::try_from(target)?;
    match authority {
        Some(authority) => {
            let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query(target);
            Ok((uri.build()?, Version::HTTP_2))
        }
        None => Ok((Uri::builder().path_and_query(target).build()?, Version::HTTP_11)),
    }
}

async fn read(answer: http::Response<RecvStream>) -> Answer {
    let (head, mut stream) = answer.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = stream.data().await {
        match piece {
            Ok(piece) => {
                // It cannot be more than there was.
                let _ = stream.flow_control().release_capacity(piece.len());
                body.extend_from_slice(&piece);
            }
            Err(error) => panic!("the stream was ended after {} bytes of the body: {error}", body.len()),
        }
    }
    let trailers = match stream.trailers().await {
        Ok(trailers) => trailers.unwrap_or_default(),
        Err(error) => panic!("the trailers of the answer did not come: {error}"),
    };
    Answer::over_http2(head.status, headers_of(&head.headers), body, headers_of(&trailers))
}

fn headers_of(fields: &HeaderMap) -> Headers {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

pub(super) fn map_of<'f>(fields: impl Iterator<Item = (&'f str, &'f [u8])>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, bytes) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("it is a token in any version");
        map.append(name, value(bytes));
    }
    map
}

fn value(bytes: &[u8]) -> HeaderValue {
    // Around a value they are no part of it, and may not be sent (RFC 9113, section 8.2.1).
    HeaderValue::from_bytes(bytes.trim_ascii()).expect("it has no control characters in any version")
}

const OF_A_CONNECTION: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"];

/// So that no answer waits for us.
const WINDOW: u32 = 1 << 30;
