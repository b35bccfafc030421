//! The body of a request as its stream brings it. The peer may send more when a piece has been taken.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use h2::{Reason, RecvStream};

use super::streams::Streams;
use crate::http::{Body, Error, Result};

/// See the head of this file.
pub(super) struct Incoming {
    /// `None` at its end.
    stream: Option<RecvStream>,
    streams: Arc<Streams>,
    /// Somebody wants it, so that a peer which waits for that may go on.
    is_wanted: Arc<AtomicBool>,
}

impl Incoming {
    /// The body of a request, with the length that its head declares.
    pub(super) fn body(
        stream: RecvStream,
        length: Option<u64>,
        streams: &Arc<Streams>,
        is_wanted: &Arc<AtomicBool>,
    ) -> Body {
        if stream.is_end_stream() {
            return Body::empty();
        }
        let (streams, is_wanted) = (Arc::clone(streams), Arc::clone(is_wanted));
        let incoming = Incoming { stream: Some(stream), streams, is_wanted };
        match length {
            Some(length) => Body::sized(length, incoming),
            None => Body::stream(incoming),
        }
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        let Some(stream) = &mut this.stream else { return Poll::Ready(None) };
        loop {
            if !this.is_wanted.load(Ordering::Relaxed) {
                this.is_wanted.store(true, Ordering::Relaxed);
            }
            match ready!(stream.poll_data(cx)) {
                Some(Ok(piece)) => {
                    // It cannot be more than there was.
                    let _ = stream.flow_control().release_capacity(piece.len());
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Some(Err(error)) => {
                    this.stream = None;
                    return Poll::Ready(Some(Err(cut(&error))));
                }
                None => {
                    this.stream = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

fn cut(error: &h2::Error) -> Error {
    Error::bad_request(match error.reason() {
        Some(Reason::PROTOCOL_ERROR) => {
            "the body broke the protocol, or is not as long as its Content-Length says"
        }
        _ => "the stream ended inside the body",
    })
}

/// What nobody has read is read by the connection, since a peer that is stopped in its midst may not see the answer.
impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take()
            && !stream.is_end_stream()
        {
            self.streams.leave_unread(stream);
        }
    }
}
