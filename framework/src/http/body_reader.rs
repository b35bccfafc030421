//! The reader of a request's body as it comes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

use super::beginnings::{Beginning, Beginnings};
use super::received::Received;
use super::{Error, Result, Trailers};
use crate::base::Headers;
use crate::io::{BodyMemory, Pipe, Share};
use crate::proto::coding::{Decoding, Pulled};
use crate::proto::multipart::Bounds;
use crate::proto::{Limits, Refusal};

/// The body of a request as it comes. An argument of this type keeps the body from being read before the handler runs.
///
/// Nothing is read from the peer, and no `100 Continue` is sent, before the first [`BodyReader::read`]. What the
/// handler leaves unread is thrown away within [`Limits::drain_size`](crate::Limits), or the connection closes.
/// It is a [`tokio::io::AsyncRead`] too.
///
/// ```
/// use vernal::{BodyReader, Result, request_map};
///
/// #[request_map("/size", method = "PUT")]
/// async fn size(mut body: BodyReader) -> Result<String> {
///     let mut size = 0;
///     while let Some(piece) = body.read().await? {
///         size += piece.len();
///     }
///     Ok(size.to_string())
/// }
/// ```
pub struct BodyReader {
    origin: Origin,
    /// What undoes the body's codings.
    decoding: Option<Box<Encoded>>,
    /// What [`BodyReader::read`] lent last.
    lent: Bytes,
    /// What an `AsyncRead` has not taken yet.
    rest: Bytes,
    /// What its parts may cost, if it is a form.
    pub(super) bounds: Bounds,
    /// What came after it, once its end has.
    trailers: Option<Trailers>,
    /// Where to note which beginnings of pages are in it.
    beginning: Option<(Beginning, Arc<Beginnings>)>,
}

/// A body in a coding, and how far it is decoded.
struct Encoded {
    decoding: Decoding,
    input: Bytes,
    /// The origin has no more.
    is_over: bool,
    out: Vec<u8>,
    _share: Share,
}

enum Origin {
    Pipe(Arc<Pipe>),
    Received(Box<Received>),
    Memory(Bytes),
}

impl BodyReader {
    pub(crate) fn piped(pipe: Arc<Pipe>, limits: &Limits) -> BodyReader {
        BodyReader::of(Origin::Pipe(pipe), limits)
    }

    pub(crate) fn in_memory(bytes: Bytes) -> BodyReader {
        BodyReader::of(Origin::Memory(bytes), &Limits::new())
    }

    fn of(origin: Origin, limits: &Limits) -> BodyReader {
        BodyReader {
            origin,
            decoding: None,
            lent: Bytes::new(),
            rest: Bytes::new(),
            bounds: Bounds::of(limits),
            trailers: None,
            beginning: None,
        }
    }

    /// Undoes the body's codings while it is read. The memory of that is counted.
    ///
    /// # Errors
    /// There is not so much: 503.
    pub(crate) fn decoded(
        mut self,
        decoding: Option<Decoding>,
        bodies: &Arc<BodyMemory>,
    ) -> std::result::Result<BodyReader, Refusal> {
        let Some(decoding) = decoding else { return Ok(self) };
        let mut share = Share::of(bodies);
        share.set(decoding.memory())?;
        let (input, out) = (Bytes::new(), Vec::new());
        self.decoding = Some(Box::new(Encoded { decoding, input, is_over: false, out, _share: share }));
        Ok(self)
    }

    /// Notes which beginnings of pages are in it, for the answer's sake.
    pub(super) fn noted(mut self, beginnings: Arc<Beginnings>) -> BodyReader {
        self.beginning = Some((Beginning::default(), beginnings));
        self
    }

    pub(crate) fn received(received: Received, limits: &Limits) -> BodyReader {
        BodyReader::of(Origin::Received(Box::new(received)), limits)
    }

    /// With fields that have come after it.
    pub(super) fn trailed(mut self, trailers: &Trailers) -> BodyReader {
        self.trailers = Some(trailers.clone());
        self
    }

    /// The bytes, if all of them are in memory and nothing follows.
    pub(crate) fn in_memory_whole(&self) -> Option<Bytes> {
        match &self.origin {
            Origin::Memory(_) if self.trailers.as_ref().is_some_and(|trailers| !trailers.is_empty()) => None,
            Origin::Memory(bytes) if self.rest.is_empty() && self.decoding.is_none() => Some(bytes.clone()),
            _ => None,
        }
    }

    /// The next piece, of whatever size it came in; `None` at the end.
    ///
    /// # Errors
    /// The body is larger than [`Limits::body_size`](crate::Limits), be it when it is decompressed (413), too slow (408),
    /// malformed, corrupt in its coding or cut off (400).
    pub async fn read(&mut self) -> Result<Option<&[u8]>> {
        // The next piece may come into the same memory.
        self.lent = Bytes::new();
        match self.next().await? {
            Some(piece) => {
                self.lent = piece;
                Ok(Some(&self.lent))
            }
            None => Ok(None),
        }
    }

    /// The next piece, owned; `None` at the end.
    ///
    /// # Errors
    /// As [`BodyReader::read`].
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// All that is left, in one piece.
    ///
    /// # Errors
    /// As [`BodyReader::read`], and 413 when there are more than `limit` bytes.
    pub async fn read_to_end(&mut self, limit: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            if all.len() + piece.len() > limit {
                return Err(Error::status_only(413)
                    .explain(format!("the body is larger than the {limit} bytes that this handler reads")));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    /// The fields that come after the body: none if none came. What has not been read of the body is thrown away.
    ///
    /// ```
    /// use vernal::{BodyReader, Result, request_map};
    ///
    /// #[request_map("/sum", method = "PUT")]
    /// async fn sum(mut body: BodyReader) -> Result<String> {
    ///     let mut sum = 0_u64;
    ///     while let Some(piece) = body.read().await? {
    ///         sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    ///     }
    ///     let said = body.trailers().await?.get("x-sum");
    ///     Ok(format!("{sum}, said to be {}", said.unwrap_or("unknown")))
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`BodyReader::read`], and 431 where they are longer than [`Limits::head_size`](crate::Limits) or more than `Limits::header_count`.
    pub async fn trailers(&mut self) -> Result<&Trailers> {
        while self.next().await?.is_some() {}
        let fields = std::future::poll_fn(|cx| self.poll_trailers(cx)).await?;
        Ok(self.trailers.insert(Trailers::received(fields)))
    }

    /// What came after it, once; ask at its end.
    pub(super) fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Headers>> {
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(trailers.sound());
        }
        // A coding may end before the body does.
        while ready!(self.origin.poll_next(cx)).map_err(Error::from_refusal)?.is_some() {}
        Poll::Ready(Ok(self.origin.take_trailers().unwrap_or_default()))
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.rest))));
        }
        let next = match &mut self.decoding {
            Some(encoded) => encoded.poll_next(&mut self.origin, cx),
            None => self.origin.poll_next(cx),
        };
        if let (Some((beginning, beginnings)), Poll::Ready(Ok(Some(piece)))) = (&mut self.beginning, &next) {
            beginning.watch(piece, beginnings);
        }
        next.map_err(Error::from_refusal)
    }
}

impl Origin {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Refusal>> {
        match self {
            Origin::Pipe(pipe) => pipe.poll_take(cx),
            Origin::Received(received) => received.poll_next(cx),
            Origin::Memory(bytes) if bytes.is_empty() => Poll::Ready(Ok(None)),
            Origin::Memory(bytes) => Poll::Ready(Ok(Some(std::mem::take(bytes)))),
        }
    }

    fn take_trailers(&mut self) -> Option<Headers> {
        match self {
            Origin::Pipe(pipe) => pipe.take_trailers(),
            Origin::Received(received) => received.take_trailers(),
            Origin::Memory(_) => None,
        }
    }
}

impl Encoded {
    fn poll_next(
        &mut self,
        origin: &mut Origin,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Refusal>> {
        loop {
            let mut source = &self.input[..];
            let pulled = self.decoding.pull(&mut source, self.is_over, &mut self.out)?;
            let consumed = self.input.len() - source.len();
            self.input.advance(consumed);
            match pulled {
                Pulled::Piece => {
                    let piece = Bytes::copy_from_slice(&self.out);
                    self.out.clear();
                    return Poll::Ready(Ok(Some(piece)));
                }
                Pulled::End => return Poll::Ready(Ok(None)),
                Pulled::NeedsMore => match ready!(origin.poll_next(cx))? {
                    Some(bytes) => self.input = bytes,
                    None => self.is_over = true,
                },
            }
        }
    }
}

impl AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            let next = ready!(self.poll_next(cx))
                .map_err(|error| io::Error::other(Box::<dyn std::error::Error + Send + Sync>::from(error)))?;
            let Some(piece) = next else { return Poll::Ready(Ok(())) };
            self.rest = piece;
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for BodyReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyReader")
    }
}
