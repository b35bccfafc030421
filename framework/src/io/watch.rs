//! What runs on which thread: a mark that a handler leaves while it holds its thread, for a watchdog to look at.
//!
//! Leaving one costs a few instructions and waits for nothing. On a thread that nobody watches it costs one look.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::Location;

/// What runs on a thread, and how often something has begun to.
// As large as two cache lines, so that no thread writes where another one does.
#[repr(align(128))]
#[derive(Default)]
struct Mark {
    running: AtomicU32,
    runs: AtomicU32,
}

impl Mark {
    /// Only its own thread writes it, so two steps are as good as one.
    #[inline(always)]
    fn begin(&self, what: u32) -> u32 {
        let before = self.running.load(Ordering::Relaxed);
        self.running.store(what, Ordering::Relaxed);
        self.runs.store(self.runs.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        before
    }

    #[inline(always)]
    fn end(&self, before: u32) {
        self.running.store(before, Ordering::Relaxed);
    }
}

thread_local! {
    /// This thread's mark, if it is watched. Without a destructor, so that a look at it is one load.
    static MARK: Cell<Option<&'static Mark>> = const { Cell::new(None) };
    static LENT: Lent = Lent::new();
}

/// The marks of all threads, and those that no thread has.
#[derive(Default)]
struct Marks {
    all: Vec<&'static Mark>,
    free: Vec<&'static Mark>,
}

static MARKS: Mutex<Marks> = Mutex::new(Marks { all: Vec::new(), free: Vec::new() });

fn marks() -> MutexGuard<'static, Marks> {
    MARKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A mark, until its thread ends. Marks are never freed: there are as many as there were threads at once.
struct Lent(&'static Mark);

impl Lent {
    fn new() -> Lent {
        let mut marks = marks();
        let mark = marks.free.pop().unwrap_or_else(|| {
            let mark: &'static Mark = Box::leak(Box::default());
            marks.all.push(mark);
            mark
        });
        MARK.set(Some(mark));
        Lent(mark)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        MARK.set(None);
        self.0.end(0);
        marks().free.push(self.0);
    }
}

/// How many watchdogs there are.
static WATCHDOGS: AtomicUsize = AtomicUsize::new(0);

/// As long as this is there, threads leave marks.
pub(crate) struct Looking(());

impl Looking {
    pub(crate) fn begin() -> Looking {
        WATCHDOGS.fetch_add(1, Ordering::Relaxed);
        Looking(())
    }

    /// A look at all threads: what runs on each, 0 for nothing, and how often something has begun to.
    pub(crate) fn look(&self, seen: &mut Vec<(u32, u32)>) {
        let relaxed = Ordering::Relaxed;
        seen.clear();
        seen.extend(marks().all.iter().map(|mark| (mark.running.load(relaxed), mark.runs.load(relaxed))));
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        WATCHDOGS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The mark of this thread, if anybody looks at it. Runtimes have threads that nobody tells us of, so it is found out here.
#[inline(always)]
fn mark() -> Option<&'static Mark> {
    match MARK.get() {
        None if WATCHDOGS.load(Ordering::Relaxed) > 0 => lend(),
        mark => mark,
    }
}

#[cold]
fn lend() -> Option<&'static Mark> {
    // A thread that is at its end has none any more.
    LENT.try_with(|lent| lent.0).ok()
}

/// Who runs. Has values to spare, in which an enum around it keeps which variant it is.
#[derive(Clone, Copy)]
pub(crate) enum Runner {
    /// Nobody that could be named.
    Unknown,
    /// What stands where [`name_of`] says.
    Known(u32),
}

impl Runner {
    #[inline(always)]
    pub(crate) fn at(place: &Location) -> Runner {
        Runner::Known(name_of(place))
    }
}

/// What a mark says where nothing runs.
const NOBODY: u32 = 0;

/// What stands there, as a mark says it: the lower half of its address, since what a program has loaded lies closer together
/// than that.
#[inline(always)]
pub(crate) fn name_of(place: &Location) -> u32 {
    std::ptr::from_ref(place).addr() as u32
}

/// Calls a function and says meanwhile who runs; it must not unwind.
#[inline(always)]
pub(crate) fn marked<T>(runner: Runner, call: impl FnOnce() -> T) -> T {
    let mark = mark();
    let before = mark.map_or(NOBODY, |mark| match runner {
        Runner::Known(name) => mark.begin(name),
        Runner::Unknown => mark.begin(NOBODY),
    });
    let result = call();
    if let Some(mark) = mark {
        mark.end(before);
    }
    result
}

/// What runs on this thread is at its end: it panics, and looking up the way there, which may take long, is not its doing.
pub(crate) fn let_go() {
    if let Some(mark) = MARK.get() {
        mark.end(NOBODY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32) -> Location {
        Location { file: "watch", line, column: 1, module: "tests", name: "test" }
    }

    /// On a thread that nobody has looked at.
    fn apart<T: Send + 'static>(test: fn() -> T) -> T {
        std::thread::spawn(test).join().expect("no panic")
    }

    /// What runs on this thread by all that others can see, and how often something has.
    fn seen() -> (u32, u32) {
        let mark = MARK.get().expect("somebody looks");
        (mark.running.load(Ordering::Relaxed), mark.runs.load(Ordering::Relaxed))
    }

    #[test]
    fn a_mark_is_what_runs_innermost() {
        apart(|| {
            let _looking = Looking::begin();
            let (outer, inner) = (at(1), at(2));
            let (before, inside, after) =
                marked(Runner::at(&outer), || (seen(), marked(Runner::at(&inner), seen), seen()));
            let names = [before, inside, after].map(|seen| seen.0);
            assert_eq!(names, [&outer, &inner, &outer].map(name_of));
            assert_eq!(seen().0, 0);
            assert_eq!(marked(Runner::Unknown, seen).0, 0);
        });
    }

    #[test]
    fn who_panics_is_let_go() {
        apart(|| {
            let _looking = Looking::begin();
            let here = at(1);
            let inside = marked(Runner::at(&here), || {
                let before = seen().0;
                let_go();
                (before, seen().0)
            });
            assert_eq!(inside, (name_of(&here), NOBODY));
        });
    }

    #[test]
    fn others_see_what_runs_and_that_it_is_another_run() {
        apart(|| {
            let looking = Looking::begin();
            let here = at(1);
            let mut all = Vec::new();
            let runs = [(); 2].map(|()| {
                marked(Runner::at(&here), || {
                    looking.look(&mut all);
                    assert!(all.contains(&seen()));
                    seen()
                })
            });
            assert_eq!(runs.map(|run| run.0), [name_of(&here); 2]);
            assert_ne!(runs[0].1, runs[1].1);
        });
    }

    #[test]
    fn a_thread_gives_its_mark_back() {
        let _looking = Looking::begin();
        let lent =
            || marked(Runner::Unknown, || std::ptr::from_ref(MARK.get().expect("somebody looks")).addr());
        let mark = apart(lent);
        let known: Vec<_> = marks().all.iter().map(|known| std::ptr::from_ref(*known).addr()).collect();
        assert!(known.contains(&mark));
    }
}
