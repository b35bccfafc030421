//! What blocks, on the threads that are there for it.
//!
//! To the runtime all of it is one kind of task, for its code is made anew for each kind, and is some 4 KiB.

use std::any::Any;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

/// Work that has been handed over. Dropped, it goes on all the same.
#[derive(Debug)]
pub(crate) struct Blocking<T> {
    task: JoinHandle<Box<dyn Any + Send>>,
    given: PhantomData<fn() -> T>,
}

type Work = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

/// Hands work to the blocking pool of the runtime that runs here.
pub(crate) fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Blocking<T> {
    blocking_on(&Handle::current(), work)
}

/// Hands work to the blocking pool of a runtime.
pub(crate) fn blocking_on<T: Send + 'static>(
    runtime: &Handle,
    work: impl FnOnce() -> T + Send + 'static,
) -> Blocking<T> {
    let work: Work = Box::new(|| Box::new(work()));
    Blocking { task: begin(runtime, work), given: PhantomData }
}

fn begin(runtime: &Handle, work: Work) -> JoinHandle<Box<dyn Any + Send>> {
    runtime.spawn_blocking(work)
}

/// What the work gave; an error if it panicked, or its runtime ended before it began.
impl<T: 'static> Future for Blocking<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        let given = |given: Box<dyn Any + Send>| *given.downcast().expect("the work gives this type");
        Pin::new(&mut self.task).poll(cx).map(|ended| ended.map(given))
    }
}
