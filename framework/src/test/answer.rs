//! An answer as a test reads it, with what it asserts of it.

use std::fmt::Display;

use bytes::{Buf, BytesMut};
use http::{StatusCode, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt;

use crate::base::Headers;

/// An answer, read to its end. Its asserts panic with the whole answer in their text, and return the answer for the next.
#[derive(Clone, Debug)]
pub struct Answer {
    version: Version,
    status: StatusCode,
    reason: String,
    headers: Headers,
    body: Vec<u8>,
    trailers: Headers,
    pub(super) target: String,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The version of HTTP that it came over.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The target of the request that this answers: not that of the first one where redirects were followed.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The reason phrase. HTTP/2 has none: it is empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The first value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body, without its chunks.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The fields that came after the body; they are asked for by `.header("te", "trailers")`.
    pub fn trailers(&self) -> &Headers {
        &self.trailers
    }

    /// The body as text.
    ///
    /// # Panics
    /// It is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        match std::str::from_utf8(&self.body) {
            Ok(text) => text,
            Err(error) => panic!("the body is not UTF-8: {error}"),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is no such JSON.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body is no such JSON: {error}\n{self}"),
        }
    }

    /// Asserts the status.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Answer {
        assert_eq!(self.status.as_u16(), status, "the status is another one:\n{self}");
        self
    }

    /// Asserts the reason phrase, of which there is none in HTTP/2.
    #[track_caller]
    pub fn assert_reason(&self, reason: &str) -> &Answer {
        let reason = if self.version == Version::HTTP_2 { "" } else { reason };
        assert_eq!(self.reason, reason, "the reason phrase is another one:\n{self}");
        self
    }

    /// Asserts that the first value of a header field is this.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Answer {
        assert_eq!(self.header(name), Some(value), "the header {name} is another one:\n{self}");
        self
    }

    /// Asserts that there is no such header field.
    #[track_caller]
    pub fn assert_no_header(&self, name: &str) -> &Answer {
        assert_eq!(self.header(name), None, "there is a header {name}:\n{self}");
        self
    }

    /// Asserts the whole body.
    #[track_caller]
    pub fn assert_text(&self, text: &str) -> &Answer {
        assert_eq!(self.text(), text, "the body is another one:\n{self}");
        self
    }

    /// Asserts a part of the body.
    #[track_caller]
    pub fn assert_contains(&self, part: &str) -> &Answer {
        assert!(self.text().contains(part), "the body does not contain {part:?}:\n{self}");
        self
    }

    /// Asserts the body as JSON; order and white space do not matter.
    #[track_caller]
    pub fn assert_json(&self, value: impl Serialize) -> &Answer {
        match serde_json::to_value(value) {
            Ok(expected) => {
                assert_eq!(self.json::<serde_json::Value>(), expected, "the body is another one:\n{self}")
            }
            Err(error) => panic!("what is expected cannot be written as JSON: {error}"),
        }
        self
    }

    /// One that came over HTTP/2.
    #[cfg(feature = "http2")]
    pub(super) fn over_http2(
        status: StatusCode,
        headers: Headers,
        body: Vec<u8>,
        trailers: Headers,
    ) -> Answer {
        let (version, reason) = (Version::HTTP_2, String::new());
        Answer { version, status, reason, headers, body, trailers, target: String::new() }
    }

    /// Reads one final answer; interim ones are passed over.
    pub(super) async fn read(mut stream: impl tokio::io::AsyncRead + Unpin, is_head: bool) -> Answer {
        let mut inbox = BytesMut::new();
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 256];
            let mut head = httparse::Response::new(&mut fields);
            let length = match head.parse(&inbox) {
                Ok(httparse::Status::Complete(length)) => length,
                Ok(httparse::Status::Partial) => {
                    let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
                    assert!(count > 0, "the connection was closed without an answer; it sent {inbox:?}");
                    continue;
                }
                Err(error) => panic!("the head of the answer is malformed: {error}\n{inbox:?}"),
            };
            let status = StatusCode::from_u16(head.code.unwrap_or(0)).unwrap_or_default();
            let version = if head.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
            let reason = head.reason.unwrap_or("").to_owned();
            let headers: Headers = head.headers.iter().map(|field| (field.name, field.value)).collect();
            inbox.advance(length);
            if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                continue;
            }
            let has_body = !is_head && !matches!(status.as_u16(), 101 | 204 | 304);
            let (body, trailers) = match has_body {
                true => read_body(&mut stream, inbox, &headers).await,
                false => Default::default(),
            };
            return Answer { version, status, reason, headers, body, trailers, target: String::new() };
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {}", self.status.as_u16(), self.reason)?;
        for (name, value) in self.headers.iter() {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))?;
        for (name, value) in self.trailers.iter() {
            write!(f, "\n{name}: {}", String::from_utf8_lossy(value))?;
        }
        Ok(())
    }
}

async fn read_body(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    mut inbox: BytesMut,
    headers: &Headers,
) -> (Vec<u8>, Headers) {
    if let Some(length) = headers.get("content-length") {
        let length: usize =
            length.parse().unwrap_or_else(|_| panic!("the content length {length:?} is no number"));
        while inbox.len() < length {
            let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
            assert!(count > 0, "the connection was closed after {} of {length} bytes", inbox.len());
        }
        return (inbox[..length].to_vec(), Headers::new());
    }
    if !headers.contains("transfer-encoding") {
        while stream.read_buf(&mut inbox).await.unwrap_or(0) > 0 {}
        return (inbox.to_vec(), Headers::new());
    }
    let mut body = Vec::new();
    loop {
        let line_end = loop {
            if let Some(at) = inbox.windows(2).position(|two| two == b"\r\n") {
                break at;
            }
            let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
            assert!(count > 0, "the connection was closed inside a chunked body");
        };
        let line = String::from_utf8_lossy(&inbox[..line_end]).into_owned();
        let size = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("{line:?} is no chunk size"));
        inbox.advance(line_end + 2);
        if size == 0 {
            return (body, read_trailers(stream, inbox).await);
        }
        while inbox.len() < size + 2 {
            let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
            assert!(count > 0, "the connection was closed inside a chunk");
        }
        body.extend_from_slice(&inbox[..size]);
        inbox.advance(size + 2);
    }
}

async fn read_trailers(stream: &mut (impl tokio::io::AsyncRead + Unpin), mut inbox: BytesMut) -> Headers {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 256];
        match httparse::parse_headers(&inbox, &mut fields) {
            Ok(httparse::Status::Complete((_, fields))) => {
                return fields.iter().map(|field| (field.name, field.value)).collect();
            }
            Ok(httparse::Status::Partial) => {
                let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
                assert!(count > 0, "the connection was closed before the end of a chunked body");
            }
            Err(error) => panic!("the trailers of the answer are malformed: {error}\n{inbox:?}"),
        }
    }
}
