//! What `h2` reads from and writes to: the stream of the connection, with what has been read of it before, and the patience for a peer
//! that takes nothing. No peer keeps the thread for itself: after some bytes it is the turn of others. At the end the stream goes to who takes leave of the peer.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::base::say;
use crate::io::{Deadline, Pace, Stream};
use crate::proto::Tempo;

/// See the head of this file.
pub(super) struct Transport {
    stream: Stream,
    /// What has been read and not been taken yet.
    leftover: Bytes,
    /// Bytes that were read in this turn.
    taken: usize,
    known: Arc<Known>,
    tempo: Tempo,
    /// Bytes that were written since the peer first kept us waiting.
    written: u64,
    slowness: Option<Box<(Pace, Deadline)>>,
}

/// What the connection knows of its transport, which `h2` has.
#[derive(Default)]
pub(super) struct Known {
    /// How often something was heard of the peer.
    heard: AtomicU64,
    /// The stream, once all has been said.
    left: Mutex<Option<Box<Stream>>>,
}

impl Known {
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// What is left of a connection on which all has been said.
    pub(super) fn take_left(&self) -> Option<Box<Stream>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Transport {
    pub(super) fn new(stream: Stream, leftover: Vec<u8>, known: Arc<Known>, tempo: Tempo) -> Transport {
        Transport { stream, leftover: leftover.into(), taken: 0, known, tempo, written: 0, slowness: None }
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
        if this.taken >= TURN {
            this.taken = 0;
            // Wakes when the others have run, and what has come for them is known.
            let _ = pin!(tokio::task::yield_now()).poll(cx);
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let Poll::Ready(read) = this.stream.poll_read(cx, buffer) else {
            this.taken = 0;
            return Poll::Pending;
        };
        read?;
        this.taken += buffer.filled().len() - before;
        this.known.heard.fetch_add(1, Ordering::Relaxed);
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
        self.get_mut().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.stream.poll_flush(cx))?;
        // It is not closed here, since the peer may be sending.
        let stream = std::mem::replace(&mut this.stream, Stream::handed_over());
        *this.known.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(stream));
        Poll::Ready(Ok(()))
    }
}

/// So many bytes are read in one turn. `h2` handles all frames that can be read before it returns, and some thousand are in
/// this; what tokio lets a task read by itself is sixteen times as much.
const TURN: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::proto::Limits;

    const SENT: usize = 1 << 20;

    async fn flooded() -> Transport {
        let (ours, mut theirs) = tokio::io::duplex(SENT);
        theirs.write_all(&vec![0; SENT]).await.expect("there is room");
        Transport::new(Stream::over(ours), Vec::new(), Arc::default(), Limits::new().answer_tempo())
    }

    #[tokio::test]
    async fn a_peer_that_sends_on_is_read_by_turns() {
        const PIECE: usize = 8 << 10;
        let mut transport = flooded().await;
        for turn in 0..SENT / TURN {
            let count = poll_fn(|cx| {
                let mut count = 0;
                loop {
                    let mut room = [0; PIECE];
                    let mut buffer = ReadBuf::new(&mut room);
                    match Pin::new(&mut transport).poll_read(cx, &mut buffer) {
                        Poll::Ready(read) => read.expect("it is open"),
                        Poll::Pending => return Poll::Ready(count),
                    }
                    count += buffer.filled().len();
                }
            });
            assert_eq!(count.await, TURN, "{turn}");
            // As the task of a connection does.
            tokio::task::yield_now().await;
        }
        // Who waits is woken.
        let mut came = vec![1; SENT];
        flooded().await.read_exact(&mut came).await.expect("all of it");
        assert_eq!(came, vec![0; SENT]);
    }
}
