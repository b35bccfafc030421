//! The notice that a server begins to stop, for whoever is called by it: what runs for a server finds its notice without being
//! told, and what runs for none hears of all.
//!
//! Entering costs a store on the thread, and nothing is shared with others for it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// The notice of one server.
pub(crate) struct Stop {
    mark: Mark,
    has_begun: AtomicBool,
    notice: Notify,
}

/// Which server something runs for; 0 is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

thread_local! {
    /// What runs on this thread now. Without a destructor, so that a look at it is one load.
    static RUNNING: Cell<Mark> = const { Cell::new(Mark(0)) };
}

/// How often the process was asked to stop.
static TIMES: AtomicU64 = AtomicU64::new(0);

/// Wakes those who run for no server.
static ANY: Notify = Notify::const_new();

impl Stop {
    pub(crate) fn new() -> Arc<Stop> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mark = Mark(NEXT.fetch_add(1, Ordering::Relaxed));
        let stop = Arc::new(Stop { mark, has_begun: AtomicBool::new(false), notice: Notify::new() });
        let mut all = all();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&stop));
        stop
    }

    /// Wakes all who wait.
    pub(crate) fn begin(&self) {
        self.has_begun.store(true, Ordering::SeqCst);
        self.notice.notify_waiters();
        ANY.notify_waiters();
    }

    /// Notified when stopping begins. Enable it, then look whether it has begun, then wait.
    pub(crate) fn notice(&self) -> Notified<'_> {
        self.notice.notified()
    }

    fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::SeqCst)
    }

    /// What runs for this server is called within it.
    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }
}

impl Mark {
    /// That of what runs now.
    pub(crate) fn here() -> Mark {
        RUNNING.get()
    }

    /// Calls something that runs for this server.
    #[inline]
    pub(crate) fn within<T>(self, call: impl FnOnce() -> T) -> T {
        let _before = Before(RUNNING.replace(self));
        call()
    }
}

/// What ran before, to be put back.
struct Before(Mark);

impl Drop for Before {
    #[inline]
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// Waits until the server that this runs for begins to stop; if it runs for none, until all have.
pub(crate) fn stopping() -> impl Future<Output = ()> + Send + Sync + use<> {
    let here = Mark::here();
    let own = all().iter().filter_map(Weak::upgrade).find(|stop| stop.mark == here);
    async move {
        match own {
            Some(stop) => wait_for(&stop.notice, |_| stop.has_begun()).await,
            None => wait_for(&ANY, have_all_begun).await,
        }
    }
}

async fn wait_for(notify: &Notify, is_time: impl Fn(bool) -> bool) {
    let mut has_heard = false;
    loop {
        let mut notice = std::pin::pin!(notify.notified());
        notice.as_mut().enable();
        if is_time(has_heard) {
            return;
        }
        notice.await;
        has_heard = true;
    }
}

/// Whether no server goes on, and there was one: it is stopping, or has just been heard of.
fn have_all_begun(has_heard: bool) -> bool {
    let servers: Vec<_> = all().iter().filter_map(Weak::upgrade).collect();
    servers.iter().all(|stop| stop.has_begun()) && (has_heard || !servers.is_empty())
}

/// The process is asked to stop, whatever servers there are.
pub(crate) fn stop_process() {
    TIMES.fetch_add(1, Ordering::SeqCst);
    ANY.notify_waiters();
}

/// How often the process was asked to stop: who remembers the number sees whether it has been since.
#[cfg(feature = "actuator")]
pub(crate) fn times() -> u64 {
    TIMES.load(Ordering::SeqCst)
}

fn all() -> MutexGuard<'static, Vec<Weak<Stop>>> {
    static ALL: Mutex<Vec<Weak<Stop>>> = Mutex::new(Vec::new());
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}
