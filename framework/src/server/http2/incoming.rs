//! The body of a request as its stream brings it. The peer may send more when a piece has been taken.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use h2::{Reason, RecvStream};
use http::HeaderMap;

use super::request::judge_value;
use super::streams::Streams;
use crate::base::Headers;
use crate::http::{Body, Error, Result, Slot, Way};
use crate::proto::{too_many_trailers, trailers_too_long};

/// See the head of this file.
pub(super) struct Incoming {
    /// `None` at its end.
    stream: Option<RecvStream>,
    streams: Arc<Streams>,
    /// Somebody wants it, so that a peer which waits for that may go on.
    is_wanted: Arc<AtomicBool>,
    /// For the trailers.
    after: Slot,
    /// How large these may be, and how many.
    bounds: (usize, usize),
}

impl Incoming {
    /// The body of a request, with the length that its head declares.
    pub(super) fn body(
        mut stream: RecvStream,
        length: Option<u64>,
        streams: &Arc<Streams>,
        is_wanted: Arc<AtomicBool>,
    ) -> Body {
        if stream.is_end_stream() {
            return Body::empty();
        }
        let (after, limits) = (Slot::default(), &streams.counted.shared().app.0.limits);
        let trailing = after.trailing_by(Arc::clone(streams) as Arc<dyn Way>);
        streams.hold(&mut stream);
        let bounds = (limits.head_size, limits.header_count);
        let incoming =
            Incoming { stream: Some(stream), streams: Arc::clone(streams), is_wanted, after, bounds };
        let body = match length {
            Some(length) => Body::sized(length, incoming),
            None => Body::stream(incoming),
        };
        body.followed_by(Some(trailing))
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
                    drop(this.end());
                    return Poll::Ready(Some(Err(cut(&error))));
                }
                None => {
                    let trailers = ready!(stream.poll_trailers(cx));
                    drop(this.end());
                    return Poll::Ready(match trailers {
                        Ok(Some(fields)) => this.trail(&fields).err().map(Err),
                        Ok(None) => None,
                        Err(error) => Some(Err(cut(&error))),
                    });
                }
            }
        }
    }
}

impl Incoming {
    /// Nothing comes any more.
    fn end(&mut self) -> Option<RecvStream> {
        let stream = self.stream.take()?;
        self.streams.let_go(stream.stream_id());
        Some(stream)
    }

    /// Takes fields after the body in, as those of HTTP/1.1 are.
    ///
    /// # Errors
    /// They are too many, or too large: 431.
    fn trail(&self, fields: &HeaderMap) -> Result<()> {
        let (most, count) = self.bounds;
        if fields.len() > count {
            return Err(Error::from_refusal(too_many_trailers(count)));
        }
        // As lines of HTTP/1.1, the empty one at their end with them.
        let lines = fields.iter().map(|(name, value)| name.as_str().len() + ": \r\n".len() + value.len());
        if lines.sum::<usize>() + "\r\n".len() > most {
            return Err(Error::from_refusal(trailers_too_long(most)));
        }
        let mut headers = Headers::new();
        for (name, value) in fields {
            judge_value(name, value).map_err(Error::bad_request)?;
            headers.push_judged(name.as_str().as_bytes(), value.as_bytes());
        }
        self.after.put(&headers);
        Ok(())
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
        if let Some(stream) = self.end()
            && !stream.is_end_stream()
        {
            self.streams.leave_unread(stream);
        }
    }
}
