//! The one timer of a connection: moved often, armed rarely.
//!
//! Setting a deadline is a store. The timer behind it is registered when the connection first has to wait, and
//! again only when it fires; until then it may be early, and then simply looks at the deadline.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

/// See the head of this file.
pub(crate) struct Deadline {
    at: Instant,
    alarm: Option<Pin<Box<Alarm>>>,
}

pin_project! {
    /// A timer, and the task that it wakes.
    #[project = Projected]
    struct Alarm {
        #[pin]
        sleep: Sleep,
        waker: Waker,
    }
}

impl Deadline {
    pub(crate) fn new(at: Instant) -> Deadline {
        Deadline { at, alarm: None }
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
        self.alarm.as_ref().is_some_and(|alarm| alarm.waker.will_wake(cx.waker()))
    }

    /// Ready once the deadline has passed.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(alarm) = &self.alarm
            && alarm.waker.will_wake(cx.waker())
            && !alarm.sleep.is_elapsed()
            && alarm.sleep.deadline() <= self.at
        {
            return Poll::Pending;
        }
        self.arm(cx)
    }

    #[cold]
    fn arm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let alarm = self.alarm.get_or_insert_with(|| {
            Box::pin(Alarm { sleep: tokio::time::sleep_until(self.at), waker: Waker::noop().clone() })
        });
        let Projected { mut sleep, waker } = alarm.as_mut().project();
        loop {
            if sleep.deadline() > self.at {
                sleep.as_mut().reset(self.at);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                waker.clone_from(cx.waker());
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
