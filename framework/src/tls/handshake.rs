//! The beginning of a connection on a TLS port: its first bytes, the handshake, and what is told to those who speak something
//! else.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use crate::io::{Stream, Transport};

/// A connection whose first bytes have been looked at; they are read again.
pub(crate) struct Begun {
    stream: Stream,
    first: Vec<u8>,
    /// Bytes that the stream has taken.
    taken: u64,
}

/// A connection that speaks something else, or failed to agree.
pub(crate) struct Failed {
    begun: Begun,
    error: io::Error,
    speaks_http: bool,
}

impl Begun {
    pub(crate) fn new(stream: Stream) -> Begun {
        Begun { stream, first: Vec::new(), taken: 0 }
    }

    /// Waits for the first bytes. `false`: there will be none.
    pub(crate) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut first = [0; FIRST];
        let mut buffer = ReadBuf::new(&mut first);
        ready!(self.stream.poll_read(cx, &mut buffer))?;
        self.first.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(!self.first.is_empty()))
    }

    /// Whether bytes have come that the runtime has not told of yet.
    pub(crate) fn has_unread(&self) -> bool {
        self.stream.has_unread()
    }

    /// Speaks TLS.
    ///
    /// # Errors
    /// The peer does not, or both do not agree.
    pub(crate) async fn shake_hands(self, config: Arc<ServerConfig>) -> Result<TlsStream<Begun>, Failed> {
        if self.speaks_http() {
            let error = io::Error::other("it speaks plain HTTP");
            return Err(Failed { begun: self, error, speaks_http: true });
        }
        let accepted = TlsAcceptor::from(config).accept(self).into_fallible().await;
        accepted.map_err(|(error, begun)| Failed { begun, error, speaks_http: false })
    }

    /// A record of TLS begins with a control character, a method with a letter. Nobody else begins so.
    fn speaks_http(&self) -> bool {
        self.first.first().is_some_and(u8::is_ascii_alphabetic)
    }
}

impl Failed {
    pub(crate) fn error(&self) -> &io::Error {
        &self.error
    }

    /// Says what is wrong, if the peer can understand it. It may be sending on.
    pub(crate) fn tell(self) -> Stream {
        let Begun { stream, first, .. } = self.begun;
        if self.speaks_http {
            let (head, body) = SPEAKS_HTTPS;
            let body = if first.starts_with(b"HEAD ") { "" } else { body };
            stream.try_write([head, body].concat().as_bytes());
        }
        stream
    }
}

/// What is written waits for its record, and records for the peer.
impl Transport for TlsStream<Begun> {
    fn beneath(&self) -> Option<(&Stream, u64)> {
        let begun = self.get_ref().0;
        Some((&begun.stream, begun.taken))
    }
}

impl AsyncRead for Begun {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return self.stream.poll_read(cx, buffer);
        }
        let count = self.first.len().min(buffer.remaining());
        buffer.put_slice(self.first.get(..count).unwrap_or_default());
        self.first.drain(..count);
        if self.first.is_empty() {
            self.first = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = ready!(self.stream.poll_write(cx, bytes))?;
        self.taken += taken as u64;
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = ready!(self.stream.poll_write_vectored(cx, slices))?;
        self.taken += taken as u64;
        Poll::Ready(Ok(taken))
    }

    /// So that several records go out by one system call.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_shutdown(cx)
    }
}

/// Room for the first message of a client.
const FIRST: usize = 1 << 10;

/// Head and body.
const SPEAKS_HTTPS: (&str, &str) = (
    "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
     content-length: 65\r\nconnection: close\r\n\r\n",
    "This port speaks HTTPS: write `https://` in place of `http://`.\r\n",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_length_is_that_of_the_text() {
        let (head, body) = SPEAKS_HTTPS;
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
