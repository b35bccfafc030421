//! The threads on which components are made and live.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::making::Work;
use crate::http::{Context, Error, Result};

/// A runtime of their own.
pub(super) struct Workers(Option<Runtime>);

/// How a piece of work ended.
pub(super) enum Ended<T> {
    Done(T),
    /// It failed or panicked, in these words.
    Failed(String),
    /// It had not ended when the time was over, or the wait was. It may go on.
    NotDone,
}

/// Ends the wait for a piece of work, and for those that come after it.
#[derive(Default)]
pub(super) struct Hurry(Mutex<Hurried>);

#[derive(Default)]
struct Hurried {
    is_on: bool,
    /// Tells whoever waits now.
    tell: Option<Box<dyn Fn() + Send>>,
}

impl Hurry {
    /// Begins; tells whether nobody has before.
    pub(super) fn begin(&self) -> bool {
        let mut hurried = self.lock();
        if let Some(tell) = hurried.tell.take() {
            tell();
        }
        !std::mem::replace(&mut hurried.is_on, true)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.lock().is_on
    }

    fn call(&self, tell: impl Fn() + Send + 'static) {
        let mut hurried = self.lock();
        if hurried.is_on {
            return tell();
        }
        hurried.tell = Some(Box::new(tell));
    }

    fn lock(&self) -> MutexGuard<'_, Hurried> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What whoever waits is told.
enum Told<T> {
    Ended(std::thread::Result<Result<T>>),
    Hurry,
}

impl Workers {
    pub(super) fn begin() -> Result<Workers> {
        let runtime = Builder::new_multi_thread().thread_name("vernal-component").enable_all().build();
        let runtime =
            runtime.map_err(|error| Error::internal(format!("components need threads: {error}")))?;
        Ok(Workers(Some(runtime)))
    }

    /// Does it, and waits so long for its end, or until there is a hurry.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: Work<T>,
        context: &Arc<Context>,
        limit: Duration,
        hurry: &Hurry,
    ) -> Ended<T> {
        let (tell, told) = mpsc::sync_channel(2);
        let hurried = tell.clone();
        hurry.call(move || drop(hurried.try_send(Told::Hurry)));
        let context = Arc::clone(context);
        let task = match work {
            Work::Now(call) => self.runtime().spawn_blocking(move || {
                let ended = catch_unwind(AssertUnwindSafe(|| call(&context)));
                // Whoever is told may go on with the context alone.
                drop(context);
                let _ = tell.send(Told::Ended(ended));
            }),
            Work::Async(call) => self.runtime().spawn(async move {
                let ended = {
                    let mut future = call(&context);
                    std::future::poll_fn(|cx| {
                        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut future).poll(cx))) {
                            Ok(poll) => poll.map(Ok),
                            Err(payload) => Poll::Ready(Err(payload)),
                        }
                    })
                    .await
                };
                drop(context);
                let _ = tell.send(Told::Ended(ended));
            }),
        };
        match told.recv_timeout(limit) {
            Ok(Told::Ended(Ok(Ok(value)))) => Ended::Done(value),
            Ok(Told::Ended(Ok(Err(error)))) => Ended::Failed(error.words_with_causes()),
            Ok(Told::Ended(Err(payload))) => Ended::Failed(format!("it panicked: {}", panic_text(&*payload))),
            Ok(Told::Hurry) | Err(_) => {
                task.abort();
                Ended::NotDone
            }
        }
    }

    /// Drops what lives here, and then the threads.
    pub(super) fn end<T>(mut self, inhabitants: T) {
        let Some(runtime) = self.0.take() else { return };
        {
            let _inside = runtime.enter();
            drop(inhabitants);
        }
        runtime.shutdown_background();
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("it is taken at the end")
    }
}

/// Threads are not waited for, since some of them may never end, and a thread of another runtime must not wait at all.
impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)")
}
