//! Bodies that are compressed while they are sent.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::http::{Body, BodyKind, Error, Result};
use crate::proto::coding::{Encoder, Failed, Flush, Form};

/// What the pieces of an answer go through.
pub(crate) trait Pieces: Send {
    /// What a piece becomes, to be decoded at once.
    ///
    /// # Errors
    /// As for [`Encoder::encode`].
    fn piece(&mut self, piece: &[u8]) -> std::result::Result<&[u8], Failed>;

    /// What is left to send at the end. Nothing the second time.
    ///
    /// # Errors
    /// As for [`Encoder::encode`].
    fn end(&mut self) -> std::result::Result<&[u8], Failed>;
}

/// A compressor at work on one body, and what it made of the last piece.
pub(super) struct Compressing {
    encoder: Option<Encoder>,
    out: Vec<u8>,
}

/// Where the plain body comes from.
pub(super) enum Source {
    Memory(Bytes),
    /// A file, which never pauses for long.
    Stored(Body),
    Stream(Body),
}

/// The compressed body.
struct Compressed {
    source: Source,
    /// `None` when its end is out.
    compressing: Option<Compressing>,
    /// Bytes compressed since other tasks had their turn.
    since_pause: usize,
}

impl Compressing {
    /// For a body of `size` bytes, if that is known.
    ///
    /// # Errors
    /// There is no memory for a compressor.
    pub(super) fn new(form: Form, size: Option<u64>) -> std::result::Result<Compressing, Failed> {
        Ok(Compressing { encoder: Some(Encoder::lend(form, size)?), out: Vec::new() })
    }

    fn encode(&mut self, piece: &[u8], flush: Flush) -> std::result::Result<&[u8], Failed> {
        self.out.clear();
        if let Some(encoder) = &mut self.encoder
            && (!piece.is_empty() || flush == Flush::End)
        {
            encoder.encode(piece, flush, &mut self.out)?;
        }
        Ok(&self.out)
    }
}

impl Pieces for Compressing {
    fn piece(&mut self, piece: &[u8]) -> std::result::Result<&[u8], Failed> {
        self.encode(piece, Flush::Piece)
    }

    fn end(&mut self) -> std::result::Result<&[u8], Failed> {
        self.encode(&[], Flush::End)?;
        if let Some(encoder) = self.encoder.take() {
            encoder.give_back();
        }
        Ok(&self.out)
    }
}

impl Source {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        match self {
            Source::Memory(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Memory(bytes) => Poll::Ready(Some(Ok(bytes.split_to(bytes.len().min(PIECE))))),
            Source::Stored(body) | Source::Stream(body) => Pin::new(body).poll_next(cx),
        }
    }

    /// Only a stream may pause after a piece.
    fn flush(&self) -> Flush {
        if matches!(self, Source::Stream(_)) { Flush::Piece } else { Flush::Nothing }
    }
}

impl Stream for Compressed {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Compressed { source, compressing, since_pause } = &mut *self;
        loop {
            let Some(at_work) = compressing else { return Poll::Ready(None) };
            if *since_pause >= TURN {
                *since_pause = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let encoded = match ready!(source.poll_piece(cx)) {
                Some(Ok(piece)) => {
                    *since_pause += piece.len();
                    at_work.encode(&piece, source.flush())
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => at_work.end(),
            };
            let encoded = match encoded {
                Ok(encoded) => Bytes::copy_from_slice(encoded),
                Err(Failed) => return Poll::Ready(Some(Err(Error::internal("the compressor failed")))),
            };
            if at_work.encoder.is_none() {
                *compressing = None;
            }
            if !encoded.is_empty() {
                return Poll::Ready(Some(Ok(encoded)));
            }
        }
    }
}

/// A body that is compressed while it is sent.
pub(super) fn compressed(source: Source, compressing: Compressing) -> Body {
    Body(BodyKind::Stream(Box::pin(Compressed { source, compressing: Some(compressing), since_pause: 0 })))
}

/// A body of unknown length that is not sent.
pub(super) fn nothing() -> Body {
    struct Nothing;

    impl Stream for Nothing {
        type Item = Result<Bytes>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
            Poll::Ready(None)
        }
    }

    Body(BodyKind::Stream(Box::pin(Nothing)))
}

/// How much of what is there already is compressed at once.
const PIECE: usize = 64 << 10;

/// How much is compressed before other tasks of the thread have their turn: about two milliseconds' worth.
const TURN: usize = 256 << 10;
