//! Bodies as streams: what an answer carries, for whoever takes it out instead of sending it.

use crate::base::{counted, say};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::body::Kind;
use super::trailing::Slot;
use super::{Body, BodyReader, BoxFuture, BoxStream, Error, FileBody, FilePath, Response, Result, Stretch};
use crate::io::blocking;

impl Body {
    /// The whole body in memory.
    ///
    /// # Errors
    /// It is larger than `limit` bytes, or fails before its end.
    pub async fn into_bytes(self, limit: usize) -> Result<Bytes> {
        let too_large =
            || Error::internal(format!("the body is larger than the {limit} bytes that are to be held"));
        if self.size().is_some_and(|size| size > limit as u64) {
            return Err(too_large());
        }
        if let Kind::Bytes(bytes) = self.0 {
            return Ok(bytes);
        }
        let mut body = Box::pin(self);
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(piece) = std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            let piece = piece?;
            if first.len() + all.len() + piece.len() > limit {
                return Err(too_large());
            }
            if first.is_empty() && all.is_empty() {
                first = piece;
                continue;
            }
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&piece);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// No body, but the length of one: for an answer to HEAD.
    #[cfg(feature = "tower")]
    pub(crate) fn announced(size: u64) -> Body {
        Body(Kind::Sized(Box::pin(Body::empty()), size))
    }

    /// Whether there is nothing to wait for.
    #[cfg(feature = "tower")]
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.0, Kind::Empty | Kind::Buffer | Kind::Bytes(_))
    }

    /// A stream as [`Body::stream`], whose size is known: it is sent with a `Content-Length`. A stream of another size is cut
    /// where that shows, so that the peer does not take it for whole.
    pub fn sized<S, B, E>(size: u64, stream: S) -> Body
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match Body::stream(stream).0 {
            Kind::Stream(stream) => {
                let measured = Measured { stream, left: size, is_over: false };
                Body(Kind::Sized(Box::pin(measured), size))
            }
            other => Body(other),
        }
    }
}

impl Response {
    /// Takes the body out. The header fields stay, `Content-Type` among them once the answer came from
    /// [`App::handle`](crate::App::handle).
    pub fn into_body(mut self) -> Body {
        self.take_body()
    }

    /// The whole body in memory.
    ///
    /// ```
    /// # use vernal::{App, Config, Request, request_map};
    /// # #[request_map("/")]
    /// # fn index() -> &'static str { "Hello" }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> vernal::Result {
    /// let app = App::from_registry(Config::new())?;
    /// let bytes = app.handle(Request::get("/")).await.into_bytes(1 << 20).await?;
    /// assert_eq!(bytes, "Hello");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// It is larger than `limit` bytes, or fails before its end.
    pub async fn into_bytes(self, limit: usize) -> Result<Bytes> {
        self.into_body().into_bytes(limit).await
    }

    /// Takes the body out and leaves none, for filters that send another one made of it. There is none to take of an answer that
    /// its handler writes piece by piece.
    pub fn take_body(&mut self) -> Body {
        let trailing = self.trailing.take();
        self.take_content().followed_by(trailing)
    }

    /// The same without what is to follow it.
    pub(crate) fn take_content(&mut self) -> Body {
        match std::mem::take(&mut self.body) {
            Body(Kind::Buffer) => Body(Kind::Bytes(Bytes::from(std::mem::take(&mut self.buffer)))),
            body => body,
        }
    }
}

/// The pieces of the body, as they come: files in pieces of 256 KiB, streams as they yield them.
impl Stream for Body {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            match &mut self.0 {
                Kind::Empty | Kind::Buffer | Kind::Written => return Poll::Ready(None),
                Kind::Bytes(bytes) => {
                    let bytes = std::mem::take(bytes);
                    self.0 = Kind::Empty;
                    return Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)));
                }
                Kind::Stream(stream) => return stream.as_mut().poll_next(cx),
                Kind::Sized(stream, left) => {
                    let next = ready!(stream.as_mut().poll_next(cx));
                    if let Some(Ok(piece)) = &next {
                        *left -= (piece.len() as u64).min(*left);
                    }
                    return Poll::Ready(next);
                }
                Kind::Trailed(trailed) => return Pin::new(&mut trailed.0).poll_next(cx),
                Kind::OpenFile(file) => {
                    let next = ready!(Pin::new(&mut **file).poll_next(cx));
                    if !matches!(next, Some(Ok(_))) {
                        self.0 = Kind::Empty;
                    }
                    return Poll::Ready(next);
                }
                Kind::File(_) => {
                    let Kind::File(path) = std::mem::take(&mut self.0) else { continue };
                    self.0 = Kind::Stream(Box::pin(Unopened { opening: Box::pin(open(path)), body: None }));
                }
                #[cfg(feature = "negotiation")]
                Kind::Content(_) => {
                    let text = "content has a form only once its answer is complete: let the application answer with it";
                    self.0 = Kind::Empty;
                    return Poll::Ready(Some(Err(Error::internal(text))));
                }
                #[cfg(feature = "templates")]
                Kind::View(view) => {
                    let text = format!(
                        "the view `{}` is a page only once its answer is complete: let the application answer with it, or \
                         call `Templates::render`",
                        view.template
                    );
                    self.0 = Kind::Empty;
                    return Poll::Ready(Some(Err(Error::internal(text))));
                }
            }
        }
    }
}

/// A body that is passed on as it comes; one that is in memory stays one piece.
impl From<BodyReader> for Body {
    fn from(reader: BodyReader) -> Body {
        match reader.in_memory_whole() {
            Some(bytes) => Body::from(bytes),
            None => {
                let after = Slot::default();
                let trailing = after.trailing();
                Body(Kind::Stream(Box::pin(Pieces { reader, after }))).followed_by(Some(trailing))
            }
        }
    }
}

struct Pieces {
    reader: BodyReader,
    /// For the trailers.
    after: Slot,
}

impl Stream for Pieces {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Pieces { reader, after } = &mut *self;
        match ready!(reader.poll_next(cx)) {
            Ok(None) => {}
            next => return Poll::Ready(next.transpose()),
        }
        let trailers = ready!(reader.poll_trailers(cx));
        Poll::Ready(trailers.map(|fields| after.put(&fields)).err().map(Err))
    }
}

/// A file that was named and not opened: its answer was taken out before it was complete.
struct Unopened {
    opening: BoxFuture<'static, Result<Body>>,
    body: Option<Body>,
}

impl Stream for Unopened {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.body.is_none() {
            match ready!(self.opening.as_mut().poll(cx)) {
                Ok(body) => self.body = Some(body),
                Err(error) => {
                    self.body = Some(Body::empty());
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

/// Opens a file as a body, off the runtime's threads.
///
/// # Errors
/// It is missing, or no regular file: 404.
async fn open(path: FilePath) -> Result<Body> {
    let opened = blocking(move || {
        let (file, metadata) = path.open()?;
        FileBody::new(file, [Stretch::File(0..metadata.len())]).read_first().map(Body::from)
    });
    opened.await?.map_err(|error| {
        say!(debug, "a static file cannot be sent: {error}");
        Error::not_found("Cannot find file for this url.")
    })
}

/// A stream held to the size it was announced with, so that nobody takes a part for the whole.
struct Measured {
    stream: BoxStream,
    left: u64,
    is_over: bool,
}

impl Stream for Measured {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let failure = match ready!(self.stream.as_mut().poll_next(cx)) {
            Some(Ok(piece)) if piece.len() as u64 <= self.left => {
                self.left -= piece.len() as u64;
                return Poll::Ready(Some(Ok(piece)));
            }
            Some(Ok(_)) => Some(Error::internal("a body is longer than the length it was announced with")),
            Some(Err(error)) => Some(error),
            None if self.left == 0 => None,
            None => Some(Error::internal(format!("a body lacks {} at its end", counted(self.left, "byte")))),
        };
        self.is_over = true;
        Poll::Ready(failure.map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream of these pieces.
    struct Of(std::vec::IntoIter<Result<Bytes>>);

    impl Stream for Of {
        type Item = Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
            Poll::Ready(self.0.next())
        }
    }

    fn of(pieces: &[&'static str]) -> Of {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        Of(pieces.into_iter())
    }

    #[tokio::test]
    async fn bodies_are_taken_out_whole_and_within_a_limit() {
        type Make = fn() -> Body;
        let table: [(&str, Make, usize, Option<&str>); 9] = [
            ("empty", Body::empty, 0, Some("")),
            ("bytes", || Body::from("abc"), 3, Some("abc")),
            ("bytes over", || Body::from("abc"), 2, None),
            ("stream", || Body::stream(of(&["ab", "", "c", "d"])), 4, Some("abcd")),
            ("stream over", || Body::stream(of(&["ab", "c"])), 2, None),
            ("sized", || Body::sized(3, of(&["ab", "c"])), 3, Some("abc")),
            ("sized over", || Body::sized(3, of(&["ab", "c"])), 2, None),
            ("too little", || Body::sized(3, of(&["ab"])), 9, None),
            ("too much", || Body::sized(3, of(&["ab", "cd"])), 9, None),
        ];
        for (name, make, limit, expected) in table {
            let bytes = make().into_bytes(limit).await.ok();
            assert_eq!(bytes.as_deref(), expected.map(str::as_bytes), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_is_opened_when_it_is_read() {
        let body =
            Body(Kind::File(FilePath::Anywhere(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into())));
        let bytes = body.into_bytes(1 << 20).await.expect("it is there");
        assert!(bytes.starts_with(b"[package]"));
        let missing = Body(Kind::File(FilePath::Anywhere("/nowhere".into())));
        assert_eq!(missing.into_bytes(1).await.expect_err("it is not").status(), 404);
    }
}
