//! The body of an answer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tracing::Span;

use super::file::FileBody;
use super::guard::caught;
use super::safe_path::FilePath;
use super::trailing::Trailing;
use super::{Error, Result};

/// The body of an answer.
///
/// ```
/// use vernal::Body;
///
/// let body = Body::from("Hello");
/// assert_eq!(body.size(), Some(5));
/// assert!(Body::empty().is_empty());
/// ```
#[derive(Default)]
pub struct Body(pub(crate) Kind);

#[derive(Default)]
pub(crate) enum Kind {
    #[default]
    Empty,
    /// The bytes are in the response's own buffer.
    Buffer,
    Bytes(Bytes),
    File(FilePath),
    Stream(BoxStream),
    /// A stream that yields this many bytes, or fails.
    Sized(BoxStream, u64),
    /// The handler wrote it through `write_bytes`; the pipe has it.
    Written,
    /// Another body, and what follows it.
    Trailed(Box<(Body, Box<Trailing>)>),
    /// An opened file: what is left to send of it.
    OpenFile(Box<FileBody>),
    /// A page that is still to be made of its template.
    #[cfg(feature = "templates")]
    View(Box<View>),
    /// A value that is still to be written in the form that the peer prefers.
    #[cfg(feature = "negotiation")]
    Content(Box<dyn erased_serde::Serialize + Send>),
}

/// A page before it is made.
#[cfg(feature = "templates")]
pub(crate) struct View {
    pub(crate) template: std::borrow::Cow<'static, str>,
    pub(crate) model: minijinja::Value,
}

pub(crate) type BoxStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

impl Body {
    /// No body.
    pub const fn empty() -> Body {
        Body(Kind::Empty)
    }

    /// A body that is sent piece by piece, as the stream yields them. The connection asks for the next piece only when
    /// the peer has taken the one before. An `Err` cuts the connection, so that the peer does not take half an answer
    /// for a whole one; it is logged.
    pub fn stream<S, B, E>(stream: S) -> Body
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Body(Kind::Stream(Box::pin(Pieces { stream: Box::pin(stream) })))
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.size() == Some(0)
    }

    /// The number of bytes, if it is known before sending.
    pub fn size(&self) -> Option<u64> {
        match &self.0 {
            Kind::Empty => Some(0),
            Kind::Bytes(bytes) => Some(bytes.len() as u64),
            Kind::OpenFile(file) => Some(file.size()),
            Kind::Sized(_, size) => Some(*size),
            Kind::Trailed(trailed) => trailed.0.size(),
            Kind::Buffer | Kind::File(_) | Kind::Stream(_) | Kind::Written => None,
            #[cfg(feature = "templates")]
            Kind::View(_) => None,
            #[cfg(feature = "negotiation")]
            Kind::Content(_) => None,
        }
    }

    /// Whether it is only named yet: a file to open, a view to render, content to write.
    #[inline]
    pub(crate) fn is_unfinished(&self) -> bool {
        match self.0 {
            Kind::File(_) => true,
            #[cfg(feature = "templates")]
            Kind::View(_) => true,
            #[cfg(feature = "negotiation")]
            Kind::Content(_) => true,
            _ => false,
        }
    }

    /// Makes what is still to come run in a span.
    pub(crate) fn run_in(&mut self, span: &Span) {
        if let Kind::Stream(stream) | Kind::Sized(stream, _) = &mut self.0 {
            let inner = std::mem::replace(stream, Box::pin(NoPieces));
            *stream = Box::pin(Spanned { stream: inner, span: span.clone() });
        }
    }

    pub(crate) fn is_some(&self) -> bool {
        !matches!(self.0, Kind::Empty)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Buffer => f.write_str("Body(buffered)"),
            Kind::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::File(path) => write!(f, "Body(file {path})"),
            Kind::OpenFile(file) => write!(f, "Body(file, {} bytes)", file.size()),
            Kind::Trailed(trailed) => write!(f, "{:?} with {:?}", trailed.0, trailed.1),
            Kind::Sized(_, size) => write!(f, "Body(stream, {size} bytes)"),
            #[cfg(feature = "templates")]
            Kind::View(view) => write!(f, "Body(view {})", view.template),
            #[cfg(feature = "negotiation")]
            Kind::Content(_) => f.write_str("Body(content)"),
            Kind::Stream(_) | Kind::Written => f.write_str("Body(stream)"),
        }
    }
}

macro_rules! owned_bodies {
    ($($kind:ty)*) => { $(
        impl From<$kind> for Body {
            fn from(bytes: $kind) -> Body {
                Body(Kind::Bytes(bytes.into()))
            }
        }
    )* };
}
owned_bodies! { Bytes Vec<u8> String &'static str &'static [u8] }

/// A stream that ends at once.
struct NoPieces;

impl Stream for NoPieces {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        Poll::Ready(None)
    }
}

/// A stream in a span.
struct Spanned {
    stream: BoxStream,
    span: Span,
}

impl Stream for Spanned {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Spanned { stream, span } = &mut *self;
        span.in_scope(|| stream.as_mut().poll_next(cx))
    }
}

/// Turns a user's stream into one of [`Bytes`] and [`Error`].
struct Pieces<S: ?Sized> {
    stream: Pin<Box<S>>,
}

impl<S, B, E> Stream for Pieces<S>
where
    S: Stream<Item = Result<B, E>>,
    B: Into<Bytes>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        // A panic ends this body, not the connection, which others may share.
        let piece = match caught(|| self.stream.as_mut().poll_next(cx)) {
            Ok(piece) => ready!(piece),
            Err(panic) => return Poll::Ready(Some(Err(panic))),
        };
        Poll::Ready(piece.map(|piece| match piece {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) => Err(Error::from_boxed(error.into())),
        }))
    }
}

impl From<FileBody> for Body {
    fn from(file: FileBody) -> Body {
        Body(match file.whole() {
            Ok(bytes) => Kind::Bytes(bytes),
            Err(file) => Kind::OpenFile(Box::new(file)),
        })
    }
}
