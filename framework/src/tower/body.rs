//! Bodies as the `http-body` crate has them, both ways. Pieces pass as they are; trailers do not pass.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::{Frame, SizeHint};

use super::BoxError;
use crate::http::Body;

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let next = ready!(self.poll_next(cx));
        Poll::Ready(next.map(|piece| piece.map(Frame::data).map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
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
        Some(size) => Body::sized(size, Pieces(Box::pin(body))),
        None if body.is_end_stream() => Body::empty(),
        None => Body::stream(Pieces(Box::pin(body))),
    }
}

/// The data of such a body.
struct Pieces<B>(Pin<Box<B>>);

impl<B: http_body::Body> Stream for Pieces<B> {
    type Item = Result<Bytes, B::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.0.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        // No copy where the data is `Bytes`.
                        let size = data.remaining();
                        return Poll::Ready(Some(Ok(data.copy_to_bytes(size))));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
