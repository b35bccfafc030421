//! A server on its port: serving, in the caller's runtime or on threads of its own, and the end of it.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

use super::accepting;
use super::address::LocalAddr;
use super::console;
use super::counted::Shared;
use super::handle::Handle;
use super::lifecycle::{Lifecycle, Phase};
use super::listener::Entrance;
use super::listening::Place;
use super::signals::{Signals, begin, stop_on_signals};
use super::watchdog::Watchdog;
use crate::app::{App, Exchange, MAPPED, SHOWN};
use crate::base::{counted, say, say_lines};
use crate::http::{Error, Result};

/// A server that is bound to its port and does not serve yet.
pub struct Bound {
    pub(super) shared: Arc<Shared>,
    pub(super) places: Vec<(Place, Arc<Shared>)>,
    pub(super) threads: usize,
    pub(super) shared_threads: Option<SharedThreads>,
    pub(super) grace: Duration,
    pub(super) watchdog: Duration,
    pub(super) handles_signals: bool,
    /// Whether it says what is mapped; `None` is in debug builds, and not all of many.
    pub(super) shows_mappings: Option<bool>,
    pub(super) stopped: Stopped,
}

impl Bound {
    /// The first address of TCP it listens on, with the port the system chose.
    ///
    /// # Panics
    /// It listens on Unix sockets alone; [`Bound::local_addrs`] tells of all.
    pub fn local_addr(&self) -> SocketAddr {
        let first = self.local_addrs().find_map(LocalAddr::tcp);
        first.expect("the server listens on Unix sockets alone: ask `local_addrs()`")
    }

    /// All addresses it listens on: first that of [`Server::host`](super::Server::host) and [`Server::port`](super::Server::port), then those of [`Server::listen`](super::Server::listen), then
    /// the sockets that were given, and last the port that redirects to TLS.
    pub fn local_addrs(&self) -> impl Iterator<Item = &LocalAddr> {
        self.places.iter().map(|(place, _)| &place.address)
    }

    /// A handle to stop the server with and to ask how it is.
    pub fn handle(&self) -> Handle {
        Handle::of(&self.shared)
    }

    /// Serves inside the caller's runtime until the server is stopped.
    ///
    /// # Errors
    /// The listener could not be used.
    pub async fn serve(self) -> Result {
        let _serving = console::Serving::begin();
        let _watchdog = Watchdog::begin(self.watchdog, &self.shared.app.0);
        let lifecycle = Arc::clone(&self.shared.lifecycle);
        let addresses = shown(&self.places);
        let _stopped = self.stopped;
        let shared = Arc::clone(&self.shared);
        let mut signals = Signals::new(self.handles_signals);
        let mut signals = pin!(stop_on_signals(&shared, &mut signals));
        begin(signals.as_mut()).await;
        announce(&self.shared, &addresses, self.shows_mappings);
        let entrances = self.places.into_iter().flat_map(|(place, shared)| place.entrances(shared)).collect();
        let mut tasks = JoinSet::new();
        {
            let mut accepting = pin!(accepting::accept(entrances, Arc::clone(&lifecycle), Some(&mut tasks)));
            std::future::poll_fn(|cx| {
                let _ = signals.as_mut().poll(cx);
                accepting.as_mut().poll(cx)
            })
            .await?;
        }
        let mut drained = pin!(drain(&lifecycle, self.grace));
        std::future::poll_fn(|cx| {
            let _ = signals.as_mut().poll(cx);
            drained.as_mut().poll(cx)
        })
        .await;
        // What was cut is not to go on while things are put in order.
        tasks.abort_all();
        end(&shared, signals, self.grace).await;
        self.shared.app.0.observers.flush();
        Exchange::free_all();
        Ok(())
    }

    /// Serves on threads of its own until the server is stopped.
    pub(super) fn run(self) -> Result {
        let lifecycle = Arc::clone(&self.shared.lifecycle);
        if let Some(SharedThreads(run)) = self.shared_threads {
            return run(self);
        }
        let _serving = console::Serving::begin();
        let _watchdog = Watchdog::begin(self.watchdog, &self.shared.app.0);
        let addresses = shown(&self.places);
        let _stopped = self.stopped;
        let mut sets = Place::share_out(self.places, self.threads)?.into_iter();
        let first = sets.next().ok_or_else(|| Error::internal("no listener"))?;
        let mut threads = Vec::new();
        for (index, entrances) in sets.enumerate() {
            let (shared, grace) = (Arc::clone(&self.shared), self.grace);
            let thread = std::thread::Builder::new().name(format!("vernal-{}", index + 1));
            threads.push(thread.spawn(move || {
                serve_on_thread(entrances, &shared, grace, &mut Signals::new(false), &|| ())
            })?);
        }
        let shared = &self.shared;
        let mut signals = Signals::new(self.handles_signals);
        let result = serve_on_thread(first, shared, self.grace, &mut signals, &|| {
            announce(shared, &addresses, self.shows_mappings);
        });
        lifecycle.enter(Phase::Stopping);
        for thread in threads {
            thread.join().map_err(|payload| Error::from_panic(&*payload))??;
        }
        // The others have cut what was left by their end.
        match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let ending = async {
                    let signals = pin!(stop_on_signals(shared, &mut signals));
                    end(shared, signals, self.grace).await;
                    Ok(())
                };
                block_on(&runtime, Box::pin(ending))?;
            }
            Err(_) => self.shared.app.stop_now(lifecycle.left_of(self.grace)),
        }
        self.shared.app.0.observers.flush();
        result
    }
}

/// What serves on threads that share their work. It is handed over by whoever asks for them, so that a program that does not has no scheduler for
/// several threads.
#[derive(Clone, Copy)]
pub(super) struct SharedThreads(fn(Bound) -> Result);

impl SharedThreads {
    pub(super) fn new() -> SharedThreads {
        SharedThreads(|bound| {
            let threads = bound.threads;
            let runtime =
                runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
            block_on(&runtime, Box::pin(bound.serve()))
        })
    }
}

/// Says that the server is there. Signals are listened to by then, so that whoever reads this can send one.
fn announce(shared: &Shared, addresses: &str, shows_mappings: Option<bool>) {
    match shows_mappings {
        Some(true) => say_lines!(MAPPED, shared.app.table(usize::MAX)),
        None if cfg!(debug_assertions) && is_new(&shared.app) => {
            say_lines!(MAPPED, shared.app.table(SHOWN));
        }
        _ => {}
    }
    shared.lifecycle.enter(Phase::Serving);
    say!(info, "listening on {addresses} with {}", shared.app.told_counts());
}

/// Whether no server of the process has said before what this application is made of.
fn is_new(app: &App) -> bool {
    static TOLD: Mutex<Vec<Option<String>>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = !told.iter().any(|name| name.as_deref() == app.name());
    if is_new {
        told.push(app.name().map(str::to_owned));
    }
    is_new
}

/// The addresses as they are announced.
fn shown(places: &[(Place, Arc<Shared>)]) -> String {
    let shown = places.iter().map(|(place, shared)| match &place.address {
        LocalAddr::Tcp(address) if shared.is_secured() => format!("https://{address}"),
        LocalAddr::Tcp(address) => format!("http://{address}"),
        address @ LocalAddr::Unix(_) => address.to_string(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// One thread of a server whose threads share nothing: a runtime, its listeners, and the connections it accepts. Leaving
/// the runtime cuts what is left of them.
fn serve_on_thread(
    entrances: Vec<Entrance>,
    shared: &Arc<Shared>,
    grace: Duration,
    signals: &mut Signals,
    ready: &dyn Fn(),
) -> Result {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let serving = async {
        let lifecycle = &shared.lifecycle;
        let mut signals = pin!(stop_on_signals(shared, signals));
        begin(signals.as_mut()).await;
        ready();
        let mut serving = pin!(async {
            accepting::accept(entrances, Arc::clone(lifecycle), None).await?;
            drain(lifecycle, grace).await;
            Ok(())
        });
        std::future::poll_fn(|cx| {
            let _ = signals.as_mut().poll(cx);
            serving.as_mut().poll(cx)
        })
        .await
    };
    let result = block_on(&runtime, Box::pin(serving));
    runtime.shutdown_background();
    Exchange::free_all();
    result
}

/// Whatever a thread waits for is one kind of future to the runtime, for its code to wait is made anew for each kind.
fn block_on<'f>(runtime: &Runtime, future: Pin<Box<dyn Future<Output = Result> + 'f>>) -> Result {
    runtime.block_on(future)
}

/// Waits until the connections have ended, or the grace period has.
async fn drain(lifecycle: &Lifecycle, grace: Duration) {
    if let Ok(0) = tokio::time::timeout(grace, lifecycle.drained()).await {
        return;
    }
    let left = lifecycle.connection_count();
    if left > 0 && lifecycle.cut() {
        let left = counted(left as u64, "connection");
        say!(warn, "cut {left} not done {grace:?} after the stop");
    }
}

/// Lets the application come to its end, as long as is left of the grace period, or until a signal cuts that short.
async fn end(shared: &Shared, mut signals: Pin<&mut impl Future>, grace: Duration) {
    shared.lifecycle.enter(Phase::Ending);
    let mut ending = pin!(shared.app.stop(shared.lifecycle.left_of(grace)));
    std::future::poll_fn(|cx| {
        let _ = signals.as_mut().poll(cx);
        ending.as_mut().poll(cx)
    })
    .await;
}

/// Says that the server has stopped, however it did: also when it is given up before it serves.
pub(super) struct Stopped(pub(super) Arc<Lifecycle>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.enter(Phase::Stopped);
    }
}
