//! The one timer of a connection: moved often, armed rarely.
//!
//! Setting a deadline is a store. The timer behind it is registered when the connection first has to wait, and
//! again only when it fires; until then it may be early, and then simply looks at the deadline.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, Sleep};

/// See the head of this file.
pub(crate) struct Deadline {
    at: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    /// The task the timer wakes.
    waker: Option<Waker>,
}

impl Deadline {
    pub(crate) fn new(at: Instant) -> Deadline {
        Deadline { at, sleep: None, waker: None }
    }

    /// Moves the deadline. An armed timer that would fire too late is set anew at the next wait.
    #[inline]
    pub(crate) fn set(&mut self, at: Instant) {
        self.at = at;
    }

    /// Moves a deadline that is later than `at`, or over.
    pub(crate) fn bring_forward(&mut self, now: Instant, at: Instant) {
        if self.at > at || self.at <= now {
            self.at = at;
        }
    }

    /// Whether the timer wakes this task already.
    #[inline]
    pub(crate) fn is_armed_for(&self, cx: &Context<'_>) -> bool {
        self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
    }

    /// Ready once the deadline has passed.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let (Some(sleep), Some(waker)) = (&self.sleep, &self.waker)
            && waker.will_wake(cx.waker())
            && !sleep.is_elapsed()
            && sleep.deadline() <= self.at
        {
            return Poll::Pending;
        }
        self.arm(cx)
    }

    #[cold]
    fn arm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(self.at)));
        loop {
            if sleep.deadline() > self.at {
                sleep.as_mut().reset(self.at);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                self.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if Instant::now() >= self.at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_moved_deadline_is_kept_both_ways() {
        let start = Instant::now();
        let mut deadline = Deadline::new(start + Duration::from_secs(10));
        assert!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await.is_pending());
        deadline.set(start + Duration::from_secs(30));
        poll_fn(|cx| deadline.poll(cx)).await;
        assert_eq!(start.elapsed().as_secs(), 30);
        deadline.set(start + Duration::from_secs(100));
        assert!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await.is_pending());
        deadline.set(start + Duration::from_secs(40));
        poll_fn(|cx| deadline.poll(cx)).await;
        assert_eq!(start.elapsed().as_secs(), 40);
    }
}
