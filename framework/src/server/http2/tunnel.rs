//! The bytes of a WebSocket inside a stream (RFC 8441, section 5): what a session reads from and writes to.
//!
//! The end of the stream is the end of either side, and a reset is the loss of the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::streams::Place;

/// See the head of this file.
pub(super) struct Tunnel {
    /// `None` once it is dropped.
    receiving: Option<RecvStream>,
    sending: SendStream<Bytes>,
    /// What has come and not been read yet.
    inbox: Bytes,
    is_ended: bool,
    /// Something has come.
    is_used: bool,
    place: Place,
}

impl Tunnel {
    pub(super) fn new(mut receiving: RecvStream, sending: SendStream<Bytes>, mut place: Place) -> Tunnel {
        place.is_settled = true;
        place.streams.hold(&mut receiving);
        let (inbox, is_ended, is_used) = (Bytes::new(), false, false);
        Tunnel { receiving: Some(receiving), sending, inbox, is_ended, is_used, place }
    }

    /// The peer has reset the stream. One that has sent nothing before only cost us a handler, as if it had not been answered.
    fn was_reset(&mut self) {
        self.place.is_settled = self.is_used;
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(receiving) = &mut this.receiving else { return Poll::Ready(Ok(())) };
        while this.inbox.is_empty() {
            match ready!(receiving.poll_data(cx)) {
                Some(Ok(piece)) => (this.inbox, this.is_used) = (piece, true),
                Some(Err(error)) => {
                    this.was_reset();
                    return Poll::Ready(Err(io::Error::other(error)));
                }
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = this.inbox.len().min(buffer.remaining());
        buffer.put_slice(&this.inbox[..count]);
        this.inbox.advance(count);
        let _ = receiving.flow_control().release_capacity(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        // A peer that has reset the stream is seen where nothing is read as well.
        if let Poll::Ready(reset) = this.sending.poll_reset(cx) {
            this.was_reset();
            return Poll::Ready(Err(
                reset.map_or_else(io::Error::other, |_| io::ErrorKind::ConnectionReset.into())
            ));
        }
        this.sending.reserve_capacity(bytes.len().min(AT_ONCE));
        loop {
            let room = this.sending.capacity().min(bytes.len());
            if room > 0 {
                let piece = Bytes::copy_from_slice(&bytes[..room]);
                this.sending.send_data(piece, false).map_err(io::Error::other)?;
                return Poll::Ready(Ok(room));
            }
            match ready!(this.sending.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_ended {
            this.is_ended = true;
            this.sending.send_data(Bytes::new(), true).map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(()))
    }
}

/// A session that ends without a close is lost for its peer. After one, the peer has time to end its side.
impl Drop for Tunnel {
    fn drop(&mut self) {
        let receiving = self.receiving.take();
        if let Some(receiving) = &receiving {
            self.place.streams.let_go(receiving.stream_id());
        }
        if !self.is_ended {
            self.sending.send_reset(Reason::CANCEL);
        } else if let Some(receiving) = receiving.filter(|it| !it.is_end_stream()) {
            self.place.streams.leave_unread(receiving);
        }
    }
}

/// How much room is asked for at once.
const AT_ONCE: usize = 64 << 10;
