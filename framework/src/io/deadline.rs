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
        woken: Identity,
    }
}

/// What tells a waker from others that are there at the same time, in half its room: as long as a timer is to wake a task it keeps that
/// task's waker, so that nobody else can take its place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity(usize);

impl Identity {
    #[inline]
    fn of(waker: &Waker) -> Identity {
        Identity(waker.data().addr() ^ std::ptr::from_ref(waker.vtable()).addr())
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
        self.alarm.as_ref().is_some_and(|alarm| alarm.woken == Identity::of(cx.waker()))
    }

    /// Ready once the deadline has passed.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(alarm) = &self.alarm
            && alarm.woken == Identity::of(cx.waker())
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
            Box::pin(Alarm { sleep: tokio::time::sleep_until(self.at), woken: Identity::of(Waker::noop()) })
        });
        let Projected { mut sleep, woken } = alarm.as_mut().project();
        loop {
            if sleep.deadline() > self.at {
                sleep.as_mut().reset(self.at);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                // A task that has spent its turn is only told to come again: nothing has been registered.
                let is_armed = tokio::task::coop::has_budget_remaining();
                *woken = Identity::of(if is_armed { cx.waker() } else { Waker::noop() });
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
    async fn a_task_that_had_spent_its_turn_is_woken_all_the_same() {
        for is_armed_before in [false, true] {
            let start = Instant::now();
            let mut deadline = Deadline::new(start + Duration::from_secs(10));
            if is_armed_before {
                assert!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await.is_pending());
            }
            let waiting = tokio::spawn(async move {
                while tokio::task::coop::has_budget_remaining() {
                    tokio::task::coop::consume_budget().await;
                }
                poll_fn(|cx| deadline.poll(cx)).await;
            });
            let ended = tokio::time::timeout(Duration::from_secs(60), waiting).await;
            ended.expect("it is woken").expect("no panic");
            assert_eq!(start.elapsed().as_secs(), 10, "{is_armed_before}");
        }
    }

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

    #[tokio::test(start_paused = true)]
    async fn who_waits_now_is_woken_and_not_who_waited_before() {
        let mut deadline = Deadline::new(Instant::now() + Duration::from_secs(10));
        assert!(deadline.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let woken = tokio::time::timeout(Duration::from_secs(20), poll_fn(|cx| deadline.poll(cx)));
        assert!(woken.await.is_ok());
    }

    #[test]
    fn a_timer_is_small() {
        // With what an allocator keeps of a block, one of 128.
        assert!(size_of::<Alarm>() <= 120, "{}", size_of::<Alarm>());
    }
}
