//! The two ends of an answer that is made elsewhere: a task sends, the connection drains.
//!
//! The channel is bounded, so that a slow peer slows the sender down, and the sender learns when the peer is gone.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::{Body, Error, Event, Result, Sse};

/// The sending end of [`Body::channel`] or [`Sse::channel`]. Dropping the last clone ends the answer.
pub struct Sender<T>(mpsc::Sender<T>);

impl<T> Sender<T> {
    /// Sends the next piece; waits while the peer is slow.
    ///
    /// # Errors
    /// The peer is gone: 499. There is nothing left to do but to stop.
    pub async fn send(&self, piece: impl Into<T>) -> Result {
        self.0.send(piece.into()).await.map_err(|_| {
            Error::new(499, "Client Closed Request").explain("the peer is gone, so nothing more can be sent")
        })
    }

    /// Waits until the peer is gone or the answer is dropped.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender(self.0.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

/// The other end, as a stream.
struct Pieces<T>(mpsc::Receiver<T>);

impl<T> Stream for Pieces<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(Ok))
    }
}

impl Body {
    /// A body that a task of yours sends piece by piece. At most `room` pieces wait for a slow peer.
    ///
    /// # Panics
    /// `room` is 0.
    ///
    /// ```
    /// use vernal::{Body, request_map};
    ///
    /// #[request_map("/numbers")]
    /// fn numbers() -> Body {
    ///     let (sender, body) = Body::channel(8);
    ///     tokio::spawn(async move {
    ///         for number in 0..1_000 {
    ///             if sender.send(format!("{number}\n")).await.is_err() {
    ///                 break; // The peer has gone.
    ///             }
    ///         }
    ///     });
    ///     body
    /// }
    /// ```
    pub fn channel(room: usize) -> (Sender<Bytes>, Body) {
        let (sender, receiver) = mpsc::channel(room.min(MOST));
        (Sender(sender), Body::stream(Pieces(receiver)))
    }
}

impl Sse {
    /// Server-sent events that a task of yours sends. At most `room` events wait for a slow peer.
    ///
    /// # Panics
    /// `room` is 0.
    ///
    /// ```
    /// use std::time::Duration;
    /// use vernal::{Event, Sse, request_map};
    ///
    /// #[request_map("/clock")]
    /// fn clock() -> Sse {
    ///     let (sender, events) = Sse::channel(1);
    ///     tokio::spawn(async move {
    ///         // `send` fails when the browser has gone, which ends the task.
    ///         while sender.send(Event::new("tick")).await.is_ok() {
    ///             tokio::time::sleep(Duration::from_secs(1)).await;
    ///         }
    ///     });
    ///     events
    /// }
    /// ```
    pub fn channel(room: usize) -> (Sender<Event>, Sse) {
        let (sender, receiver) = mpsc::channel(room.min(MOST));
        (Sender(sender), Sse::new(Pieces(receiver)))
    }
}

/// More than memory has, and as many as tokio can count.
const MOST: usize = tokio::sync::Semaphore::MAX_PERMITS;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_may_be_as_much_room_as_anybody_writes() {
        for room in [1, MOST, MOST + 1, usize::MAX] {
            let (sender, _body) = Body::channel(room);
            sender.send("a").await.expect("there is room");
            let (sender, _events) = Sse::channel(room);
            sender.send(Event::new("a")).await.expect("there is room");
        }
    }

    #[tokio::test]
    async fn a_sender_learns_that_the_peer_is_gone() {
        let (sender, body) = Body::channel(1);
        sender.send("a").await.expect("there is room");
        drop(body);
        assert_eq!(sender.send("b").await.expect_err("nobody drains").status(), 499);
        sender.closed().await;
    }
}
