//! The system's allocator, counting what the thread of one server allocates and holds. For a test that is alone in its process.

#![allow(dead_code, reason = "each suite counts what it needs")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use vernal::server::Bound;

/// Serves on a thread of its own, which is counted.
pub fn serve(bound: Bound) -> JoinHandle<()> {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        IS_COUNTED.set(true);
        let result = runtime.block_on(bound.serve());
        IS_COUNTED.set(false);
        result.expect("served to its end");
    })
}

/// How often it has allocated.
pub fn so_far() -> usize {
    ALLOCATIONS.load(Ordering::SeqCst)
}

/// How many bytes it has allocated and not given back.
pub fn held() -> usize {
    HELD.load(Ordering::SeqCst)
}

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Begins in the middle: what was allocated before anything was counted is given back as well.
static HELD: AtomicUsize = AtomicUsize::new(usize::MAX / 2);

thread_local! {
    static IS_COUNTED: Cell<bool> = const { Cell::new(false) };
}

/// The system's allocator, counting what a thread that asked for it allocates.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn is_counted() -> bool {
    IS_COUNTED.try_with(Cell::get).unwrap_or(false)
}

fn count(size: usize) {
    if is_counted() {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
        HELD.fetch_add(size, Ordering::SeqCst);
    }
}

fn give_back(size: usize) {
    if is_counted() {
        HELD.fetch_sub(size, Ordering::SeqCst);
    }
}

// SAFETY: all calls go on to the system's allocator as they are.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        give_back(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}
