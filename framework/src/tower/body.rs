//! Bodies as the `http-body` crate has them, both ways. Pieces pass as they are, and so do trailers; where HTTP/1.1
//! would have to leave out a known length for them, only those that a `Trailer` field announces.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::{Frame, SizeHint};

use super::BoxError;
use crate::http::{Body, BodyKind, Slot, fields_of, map_of};

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(piece) = ready!(self.as_mut().poll_next(cx)) {
            return Poll::Ready(Some(piece.map(Frame::data).map_err(BoxError::from)));
        }
        let trailers = ready!(self.poll_trailers(cx));
        let trailers = trailers.map(|fields| fields.filter(|fields| !fields.is_empty())).transpose();
        Poll::Ready(trailers.map(|fields| match fields {
            Ok(fields) => Ok(Frame::trailers(map_of(&fields))),
            Err(error) => Err(BoxError::from(error)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty() && !matches!(self.0, BodyKind::Trailed(_))
    }

    fn size_hint(&self) -> SizeHint {
        self.size().map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// A body of somebody else's as one of ours; our own come back as they were.
pub(super) fn taken<B>(body: B) -> Body
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let mut body = Some(body);
    if let Some(ours) = (&mut body as &mut dyn Any).downcast_mut::<Option<Body>>() {
        return ours.take().unwrap_or_default();
    }
    let Some(body) = body else { return Body::empty() };
    match body.size_hint().exact() {
        Some(0) => Body::empty(),
        Some(size) => followed(body, |pieces| Body::sized(size, pieces)),
        None if body.is_end_stream() => Body::empty(),
        None => followed(body, Body::stream),
    }
}

/// A body with its trailers.
fn followed<B>(body: B, made: impl FnOnce(Pieces<B>) -> Body) -> Body {
    let after = Slot::default();
    let trailing = after.trailing();
    made(Pieces { body: Box::pin(body), after }).followed_by(Some(trailing))
}

/// The data of such a body.
struct Pieces<B> {
    body: Pin<Box<B>>,
    /// For the trailers.
    after: Slot,
}

impl<B: http_body::Body> Stream for Pieces<B> {
    type Item = Result<Bytes, B::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => {
                    match frame.into_data() {
                        Ok(mut data) => {
                            // No copy where the data is `Bytes`.
                            let size = data.remaining();
                            return Poll::Ready(Some(Ok(data.copy_to_bytes(size))));
                        }
                        Err(frame) => {
                            if let Ok(trailers) = frame.into_trailers() {
                                self.after.put(&fields_of(&trailers));
                            }
                        }
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
