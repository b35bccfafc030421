//! What `h2` reads from and writes to: the stream of the connection, with what has been read of it before, and the patience for a peer
//! that takes nothing. At the end the stream goes to who takes leave of the peer.
//!
//! While many requests are taken in at once, what is written is kept back, so that their answers go out together.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::base::say;
use crate::io::{Deadline, Pace, Stream, buffers};
use crate::proto::Tempo;

/// See the head of this file.
pub(super) struct Transport {
    stream: Stream,
    /// What has been read and not been taken yet.
    leftover: Bytes,
    /// What is kept back, and how much of it has been written.
    outbox: Vec<u8>,
    sent: usize,
    gate: Arc<Gate>,
    tempo: Tempo,
    /// Bytes that were written since the peer first kept us waiting.
    written: u64,
    slowness: Option<Box<(Pace, Deadline)>>,
}

/// What the connection and its transport, which `h2` has, know of each other.
#[derive(Default)]
pub(super) struct Gate {
    /// What is written is kept back.
    is_shut: AtomicBool,
    has_kept: AtomicBool,
    /// How often something was heard of the peer.
    heard: AtomicU64,
    /// The stream, once all has been said.
    left: Mutex<Option<Box<Stream>>>,
}

impl Gate {
    pub(super) fn shut(&self) {
        self.is_shut.store(true, Ordering::Relaxed);
    }

    /// Tells whether it was shut and something has been kept back, which goes out when the connection is driven again.
    pub(super) fn open(&self) -> bool {
        self.is_shut.swap(false, Ordering::Relaxed) && self.has_kept.load(Ordering::Relaxed)
    }

    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// What is left of a connection on which all has been said.
    pub(super) fn take_left(&self) -> Option<Box<Stream>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Transport {
    pub(super) fn new(stream: Stream, leftover: Vec<u8>, gate: Arc<Gate>, tempo: Tempo) -> Transport {
        let (outbox, slowness) = (Vec::new(), None);
        Transport { stream, leftover: leftover.into(), outbox, sent: 0, gate, tempo, written: 0, slowness }
    }

    /// Writes what was kept back.
    fn poll_outbox(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(kept) = self.outbox.get(self.sent..).filter(|kept| !kept.is_empty()) {
            let written = self.stream.poll_write(cx, kept);
            self.sent += ready!(self.judge(written, cx))?;
        }
        if self.outbox.capacity() > 0 {
            buffers::return_from_writing(std::mem::take(&mut self.outbox));
            self.sent = 0;
            self.gate.has_kept.store(false, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    /// The peer has taken something, or takes nothing now: how long that may last.
    fn judge(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (written, &mut self.slowness) {
            (Poll::Ready(Ok(0)), _) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
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
        if !this.leftover.is_empty() {
            let count = this.leftover.len().min(buffer.remaining());
            // What is split off to the end frees the memory with it.
            buffer.put_slice(&this.leftover.split_to(count));
            return Poll::Ready(Ok(()));
        }
        ready!(this.stream.poll_read(cx, buffer))?;
        this.gate.heard.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let size: usize = slices.iter().map(|slice| slice.len()).sum();
        if this.gate.is_shut.load(Ordering::Relaxed) && size <= COPIED && this.outbox.len() < ENOUGH {
            if this.outbox.capacity() == 0 {
                this.outbox = buffers::lend_for_writing();
                this.gate.has_kept.store(true, Ordering::Relaxed);
            }
            slices.iter().for_each(|slice| this.outbox.extend_from_slice(slice));
            return Poll::Ready(Ok(size));
        }
        ready!(this.poll_outbox(cx))?;
        let written = match slices {
            [only] => this.stream.poll_write(cx, only),
            _ => this.stream.poll_write_vectored(cx, slices),
        };
        this.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.gate.is_shut.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_outbox(cx))?;
        this.stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_outbox(cx))?;
        ready!(this.stream.poll_flush(cx))?;
        // It is not closed here, since the peer may be sending.
        let stream = std::mem::replace(&mut this.stream, Stream::handed_over());
        *this.gate.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(stream));
        Poll::Ready(Ok(()))
    }
}

/// What is written at once and larger than this goes out from where it lies.
const COPIED: usize = 8 << 10;

/// So much is kept back at most.
const ENOUGH: usize = 64 << 10;
