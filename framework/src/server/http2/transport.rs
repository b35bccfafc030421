//! What `h2` reads from and writes to: the stream of the connection, with what has been read of it before, and the patience for a peer
//! that takes nothing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::base::say;
use crate::io::{Deadline, Pace, Stream};
use crate::proto::Tempo;

/// See the head of this file.
pub(super) struct Transport {
    stream: Stream,
    /// What has been read, and how much of it has been taken.
    leftover: Vec<u8>,
    taken: usize,
    /// How often something was heard of the peer.
    heard: Arc<AtomicU64>,
    tempo: Tempo,
    /// Bytes that were written since the peer first kept us waiting.
    written: u64,
    slowness: Option<Box<(Pace, Deadline)>>,
}

impl Transport {
    pub(super) fn new(stream: Stream, leftover: Vec<u8>, heard: Arc<AtomicU64>, tempo: Tempo) -> Transport {
        Transport { stream, leftover, taken: 0, heard, tempo, written: 0, slowness: None }
    }

    /// The peer has taken something, or takes nothing now: how long that may last.
    fn judge(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (written, &mut self.slowness) {
            (Poll::Ready(Ok(count)), slowness) => {
                if let Some(slowness) = slowness {
                    slowness.0.moved();
                    self.written += count as u64;
                }
                Poll::Ready(Ok(count))
            }
            (Poll::Pending, slowness) => {
                let (pace, deadline) = &mut **slowness
                    .get_or_insert_with(|| Box::new((Pace::default(), Deadline::new(Instant::now()))));
                deadline.set(pace.due(self.tempo, self.written));
                ready!(deadline.poll(cx));
                say!(
                    debug,
                    "reset a connection of HTTP/2 whose peer took nothing, or too little, for too long (Limits::write_timeout, \
                     Limits::answer_rate)"
                );
                self.stream.abort_on_drop();
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            (failed, _) => failed,
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(left) = this.leftover.get(this.taken..).filter(|left| !left.is_empty()) {
            let count = left.len().min(buffer.remaining());
            buffer.put_slice(&left[..count]);
            this.taken += count;
            if this.taken == this.leftover.len() {
                (this.leftover, this.taken) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(()));
        }
        ready!(this.stream.poll_read(cx, buffer))?;
        this.heard.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.stream.poll_write(cx, bytes);
        this.judge(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.stream.poll_write_vectored(cx, slices);
        this.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.poll_shutdown(cx)
    }
}
