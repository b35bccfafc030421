//! Sessions in memory, by one thread and by two at a time: looking one up, and setting a value of it. Every round takes
//! another session.
//!
//! `cargo bench -p vernal --bench sessions`. A lookup allocates nothing: it lends the values, which are counted.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use divan::{AllocProfiler, Bencher};
use vernal::__bench::Sessions;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

static SESSIONS: LazyLock<Sessions> = LazyLock::new(|| Sessions::with(100_000));

/// How many lookups are one round, so that reading the clock does not count.
const ROUND: usize = 1_000;

fn main() {
    divan::main();
}

#[divan::bench(threads = [1, 2])]
fn find(bencher: Bencher) {
    rounds(bencher, |number| SESSIONS.find(number));
}

#[divan::bench(threads = [1, 2])]
fn set(bencher: Bencher) {
    rounds(bencher, |number| SESSIONS.set(number));
}

/// One session for all: the worst case.
#[divan::bench(threads = [1, 2])]
fn find_the_same(bencher: Bencher) {
    rounds(bencher, |_| SESSIONS.find(7));
}

fn rounds(bencher: Bencher, work: impl Fn(usize) -> bool + Sync) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    bencher.counter(divan::counter::ItemsCount::new(ROUND)).bench(|| {
        let begin = NEXT.fetch_add(ROUND * 7, Ordering::Relaxed);
        for number in begin..begin + ROUND {
            assert!(work(number), "it is there");
        }
    });
}
