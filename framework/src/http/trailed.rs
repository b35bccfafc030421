//! Bodies with something behind them.

use std::task::{Context, Poll, ready};

use super::body::Kind;
use super::trailing::Trailing;
use super::{Body, Result, Trailers};
use crate::base::Headers;

impl Body {
    /// The same body with fields after it that are known when it has been sent: `trailers` is waited for then, and dropped if the client
    /// does not say `TE: trailers`. `announced` are the names for the `Trailer` field of the head; a field whose name is not among them is
    /// sent all the same. An `Err` cuts the connection as that of a stream does.
    ///
    /// ```
    /// use vernal::{Body, Trailers, request_map};
    ///
    /// #[request_map("/numbers")]
    /// fn numbers() -> Body {
    ///     let (sender, body) = Body::channel(8);
    ///     let (done, sum) = tokio::sync::oneshot::channel();
    ///     tokio::spawn(async move {
    ///         let mut sum = 0_u64;
    ///         for number in 0..1_000 {
    ///             sum += number;
    ///             if sender.send(format!("{number}\n")).await.is_err() {
    ///                 return; // The peer has gone.
    ///             }
    ///         }
    ///         let _ = done.send(sum);
    ///     });
    ///     body.with_trailers(&["x-sum"], async move { Ok(Trailers::from([("x-sum", sum.await?)])) })
    /// }
    /// ```
    #[must_use]
    pub fn with_trailers<F>(self, announced: &[&str], trailers: F) -> Body
    where
        F: Future<Output = Result<Trailers>> + Send + 'static,
    {
        let trailing = Trailing::later(announced, Box::pin(trailers));
        self.split().0.followed_by(Some(Box::new(trailing)))
    }

    /// The same body and what follows it, if something does.
    pub(crate) fn followed_by(self, trailing: Option<Box<Trailing>>) -> Body {
        match trailing {
            Some(trailing) => Body(Kind::Trailed(Box::new((self, trailing)))),
            None => self,
        }
    }

    /// The body alone, and what follows it.
    pub(crate) fn split(self) -> (Body, Option<Box<Trailing>>) {
        match self.0 {
            Kind::Trailed(trailed) => {
                let (body, trailing) = *trailed;
                (body, Some(trailing))
            }
            kind => (Body(kind), None),
        }
    }

    /// Whether its peer could not send, since other bodies that nobody reads hold what it may.
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(&self.0, Kind::Trailed(trailed) if trailed.1.is_blocked())
    }

    /// What follows the body, once; ask when it has ended.
    pub(crate) fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Headers>>> {
        let Kind::Trailed(trailed) = &mut self.0 else { return Poll::Ready(Ok(None)) };
        let trailers = ready!(trailed.1.poll(cx));
        self.0 = Kind::Empty;
        Poll::Ready(trailers.map(Some))
    }
}
