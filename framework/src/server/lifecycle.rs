//! The life of a server: bound, serving, stopping, stopped. Shared by its handles, listeners and connections.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::parting::Parting;
use crate::base::say;
use crate::io::stop::{self, Mark, Stop};

/// What the parts of one server share about its life.
pub(crate) struct Lifecycle {
    phase: AtomicU8,
    /// Wakes whoever waits for another phase.
    changed: Notify,
    /// Tells listeners and handlers when stopping begins.
    stop: Arc<Stop>,
    /// Wakes idle connections when stopping begins.
    watchers: Mutex<Watchers>,
    is_cut: AtomicBool,
    /// When stopping began.
    stopping_since: OnceLock<Instant>,
    connections: AtomicUsize,
    parting: Parting,
}

/// The tasks of idle connections, by place. Smaller in each connection than a notice of its own would be.
#[derive(Default)]
struct Watchers {
    wakers: Vec<Option<Waker>>,
    free: Vec<u32>,
}

/// A watcher without a place.
pub(crate) const UNPLACED: u32 = u32::MAX;

/// The phases, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    Bound,
    Serving,
    /// It goes on, and says that it will not for long.
    Leaving,
    Stopping,
    /// Nothing is served any more, and those are called who put things in order.
    Ending,
    Stopped,
}

impl Lifecycle {
    /// A server that is bound; known to [`stop_all`] from now on.
    pub(crate) fn new() -> Arc<Lifecycle> {
        Lifecycle::parting_by(Parting::default())
    }

    /// The same, of one that takes leave in this way.
    pub(crate) fn parting_by(parting: Parting) -> Arc<Lifecycle> {
        let lifecycle = Arc::new(Lifecycle {
            phase: AtomicU8::new(Phase::Bound as u8),
            changed: Notify::new(),
            stop: Stop::new(),
            watchers: Mutex::default(),
            is_cut: AtomicBool::new(false),
            stopping_since: OnceLock::new(),
            connections: AtomicUsize::new(0),
            parting,
        });
        let mut all = all();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&lifecycle));
        lifecycle
    }

    /// How it takes leave.
    pub(crate) fn parting(&self) -> &Parting {
        &self.parting
    }

    /// Begins to stop, and says so; tells whether nobody has before.
    pub(crate) fn stop(&self) -> bool {
        if !self.parting.delay.is_zero() && self.is_serving() && self.enter(Phase::Leaving) {
            say!(
                info,
                "stopping in {:?}; whoever asks is told that this server is not ready any more",
                self.parting.delay
            );
            return true;
        }
        // Who says it again does not mean a shorter time.
        self.phase.load(Ordering::SeqCst) != Phase::Leaving as u8 && self.stop_now()
    }

    /// Begins to stop without going on first; tells whether that is news.
    pub(crate) fn stop_now(&self) -> bool {
        let begins = self.enter(Phase::Stopping);
        if begins {
            say!(info, "stopping");
        }
        begins
    }

    /// Stops when it has gone on for its time after somebody has asked it to stop. Never ends.
    pub(crate) async fn leave(&self) {
        self.reached(Phase::Leaving).await;
        let _ = tokio::time::timeout(self.parting.delay, self.reached(Phase::Stopping)).await;
        self.stop_now();
        std::future::pending::<()>().await;
    }

    /// Goes on to a later phase; an earlier one is not gone back to. Tells whether it was not reached before.
    pub(crate) fn enter(&self, phase: Phase) -> bool {
        let is_later = self.phase.fetch_max(phase as u8, Ordering::SeqCst) < phase as u8;
        if is_later {
            self.changed.notify_waiters();
            if phase >= Phase::Stopping {
                let _ = self.stopping_since.set(Instant::now());
                self.stop.begin();
                self.wake_watchers();
            }
        }
        is_later
    }

    /// Whether nothing is served any more.
    pub(crate) fn is_ending(&self) -> bool {
        self.phase.load(Ordering::SeqCst) >= Phase::Ending as u8
    }

    #[inline]
    pub(crate) fn is_serving(&self) -> bool {
        self.phase.load(Ordering::SeqCst) == Phase::Serving as u8
    }

    #[inline]
    pub(crate) fn is_stopping(&self) -> bool {
        self.phase.load(Ordering::Acquire) >= Phase::Stopping as u8
    }

    /// Notified when stopping begins. Enable it, then look at [`Lifecycle::is_stopping`], then wait.
    pub(crate) fn stop_notice(&self) -> tokio::sync::futures::Notified<'_> {
        self.stop.notice()
    }

    /// Wakes this task when stopping begins; look at [`Lifecycle::is_stopping`] after this. The place is the watcher's own,
    /// to be given back with [`Lifecycle::unwatch`].
    pub(crate) fn watch(&self, place: &AtomicU32, waker: &Waker) {
        let mut watchers = self.watchers();
        let mut index = place.load(Ordering::Relaxed);
        if index == UNPLACED {
            index = watchers.free.pop().unwrap_or(watchers.wakers.len() as u32);
            place.store(index, Ordering::Relaxed);
        }
        let index = index as usize;
        if watchers.wakers.len() <= index {
            watchers.wakers.resize(index + 1, None);
        }
        watchers.wakers[index] = Some(waker.clone());
    }

    fn wake_watchers(&self) {
        self.watchers().wakers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }

    /// Whether what is left of the connections is to end at once: the grace period is over, or the server is at its end.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::SeqCst) || self.phase.load(Ordering::SeqCst) == Phase::Stopped as u8
    }

    /// Gives a place back.
    pub(crate) fn unwatch(&self, place: &AtomicU32) {
        let index = place.swap(UNPLACED, Ordering::Relaxed);
        if index != UNPLACED {
            let mut watchers = self.watchers();
            watchers.wakers[index as usize] = None;
            watchers.free.push(index);
        }
    }

    fn watchers(&self) -> std::sync::MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a phase, or a later one.
    pub(crate) async fn reached(&self, phase: Phase) {
        loop {
            let mut notice = std::pin::pin!(self.changed.notified());
            notice.as_mut().enable();
            if self.phase.load(Ordering::SeqCst) >= phase as u8 {
                return;
            }
            notice.await;
        }
    }

    /// What is left of the connections is to be cut now; tells whether nobody has said so before.
    pub(crate) fn cut(&self) -> bool {
        let is_first = !self.is_cut.swap(true, Ordering::SeqCst);
        self.changed.notify_waiters();
        self.wake_watchers();
        is_first
    }

    /// When half of the grace period is over, once stopping has begun.
    #[cfg(feature = "http2")]
    pub(crate) fn half_of_grace(&self) -> tokio::time::Instant {
        let gone = self.stopping_since.get().map(Instant::elapsed).unwrap_or_default();
        crate::io::clock::after((self.parting.grace / 2).saturating_sub(gone))
    }

    /// What is left of the grace period for those who wait for the last request.
    pub(crate) fn left_of(&self, grace: Duration) -> Duration {
        let gone = self.stopping_since.get().map(Instant::elapsed).unwrap_or_default();
        grace.saturating_sub(gone).max(LEAST)
    }

    /// How many connections are open.
    pub(crate) fn connection_count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until no connection is left, or for [`Lifecycle::cut`]. Returns how many are left.
    pub(crate) async fn drained(&self) -> usize {
        loop {
            let mut notice = std::pin::pin!(self.changed.notified());
            notice.as_mut().enable();
            let left = self.connections.load(Ordering::SeqCst);
            if left == 0 || self.is_cut.load(Ordering::SeqCst) {
                return left;
            }
            notice.await;
        }
    }

    /// What runs for this server is called within it.
    pub(crate) fn mark(&self) -> Mark {
        self.stop.mark()
    }

    /// Counts a connection in; returns how many there were.
    pub(crate) fn connection_opened(&self) -> usize {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn connection_closed(&self) {
        if self.connections.fetch_sub(1, Ordering::AcqRel) == 1 && self.is_stopping() {
            self.changed.notify_waiters();
        }
    }
}

/// Requests that took the whole grace period leave this much, for else nothing would ever be put in order.
const LEAST: Duration = Duration::from_secs(1);
#[cfg(feature = "actuator")]
impl crate::operations::Life for Lifecycle {
    fn is_ready(&self) -> bool {
        self.is_serving()
    }

    fn connections(&self) -> usize {
        self.connection_count()
    }
}

/// Nobody is served any more, whether somebody has said so or not.
impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.stop.begin();
    }
}

/// Begins to stop every server of the process.
pub(crate) fn stop_all() -> usize {
    stop::stop_process();
    let running: Vec<_> = all().iter().filter_map(Weak::upgrade).collect();
    running.iter().filter(|server| server.stop()).count()
}

/// Whether any server of the process serves.
pub(crate) fn any_serving() -> bool {
    all().iter().filter_map(Weak::upgrade).any(|server| server.is_serving())
}

fn all() -> std::sync::MutexGuard<'static, Vec<Weak<Lifecycle>>> {
    static ALL: Mutex<Vec<Weak<Lifecycle>>> = Mutex::new(Vec::new());
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}
