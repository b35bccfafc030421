//! What a server answers in place of a session, as a client sees it.

use std::fmt;
use std::time::Duration;

use ::http::StatusCode;
use tokio::io::AsyncReadExt;

use crate::base::{Headers, shown};
use crate::http::Error;
use crate::io::Stream;

/// A server's answer to a handshake that is not 101: the source of the error that [`connect`](super::connect) gives.
///
/// ```no_run
/// # async fn example() {
/// use vernal::websocket::{Refused, connect};
///
/// if let Err(error) = connect("ws://localhost:9090/private").await
///     && let Some(refused) = error.source().and_then(|source| source.downcast_ref::<Refused>())
/// {
///     println!("{}: {}", refused.status(), String::from_utf8_lossy(refused.body()));
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Refused {
    status: StatusCode,
    headers: Headers,
    body: Vec<u8>,
}

impl Refused {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body as it was sent, up to 64 KiB.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where it sends the client to.
    pub(super) fn location(&self) -> Option<&str> {
        let is_redirect = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        self.headers.only("location").filter(|location| is_redirect && !location.is_empty())
    }

    pub(super) fn into_error(self) -> Error {
        Error::from(self).with_status(StatusCode::BAD_GATEWAY)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answers {} instead of opening a WebSocket session", self.status.as_u16())?;
        match self.location() {
            Some(location) => write!(
                f,
                " and sends the client to `{}`: where it may be sent, write `connect(url).redirects(3)`",
                shown(location)
            ),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// Reads the body of a refusal, as far as it is of interest and comes without a wait.
    pub(super) async fn read(
        status: StatusCode,
        headers: Headers,
        mut stream: Stream,
        inbox: &[u8],
    ) -> Refused {
        let mut refused = Refused { status, headers, body: inbox.to_vec() };
        // Where it leads is all that is of interest.
        if refused.location().is_none() && !matches!(status.as_u16(), 204 | 304) {
            let is_chunked = refused
                .headers
                .elements("transfer-encoding")
                .any(|coding| coding.eq_ignore_ascii_case("chunked"));
            let length = refused.headers.get("content-length").and_then(|length| length.parse().ok());
            let length = length.unwrap_or(BODY_SIZE).min(BODY_SIZE);
            let has_all = |body: &[u8]| body.len() >= length || is_chunked && body.ends_with(b"0\r\n\r\n");
            while !has_all(&refused.body) {
                let reading = tokio::time::timeout(SILENCE, stream.read_buf(&mut refused.body)).await;
                if !reading.is_ok_and(|read| read.is_ok_and(|count| count > 0)) {
                    break;
                }
            }
            refused.body.truncate(length);
            if is_chunked {
                refused.body = without_chunks(&refused.body);
            }
        }
        refused
    }
}

/// The data of chunks, as far as they are whole.
fn without_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(rest)
        && let Some(end) = usize::try_from(length).ok().and_then(|length| start.checked_add(length))
        && let Some(chunk) = rest.get(start..end).filter(|chunk| !chunk.is_empty())
    {
        data.extend_from_slice(chunk);
        rest = rest.get(end.saturating_add(2)..).unwrap_or_default();
    }
    data
}

/// How long the body of a refusal may be silent.
const SILENCE: Duration = Duration::from_secs(1);

/// How much of the body of a refusal is read.
const BODY_SIZE: usize = 64 << 10;
