//! What SIGINT and SIGTERM do: the first begins to stop the server, the second ends the time that it goes on for, if there is one, and
//! the next cuts what is left: of the connections, and once they are gone of the functions that are called at the end.

use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::counted::Shared;
use crate::base::say;

/// The signals of the process, from when they are first asked for on: none is lost between two runtimes that listen.
pub(crate) struct Signals {
    /// Whether they are to do anything.
    is_on: bool,
    #[cfg(unix)]
    both: Option<[tokio::signal::unix::Signal; 2]>,
}

/// Lets signals stop the server, if they are to, and what a stop begins with come to its end. Never ends.
pub(crate) async fn stop_on_signals(shared: &Shared, signals: &mut Signals) {
    let mut leaving = pin!(shared.lifecycle.leave());
    let mut listening = pin!(listen(shared, signals));
    std::future::poll_fn(|cx| {
        let _ = leaving.as_mut().poll(cx);
        listening.as_mut().poll(cx)
    })
    .await;
}

async fn listen(shared: &Shared, signals: &mut Signals) {
    let lifecycle = &shared.lifecycle;
    while signals.is_on {
        if let Err(error) = signals.next().await {
            say!(error, "cannot listen to signals: {error}");
            break;
        }
        // The second ends what the first has begun with.
        if lifecycle.stop() || lifecycle.stop_now() {
            continue;
        }
        if !lifecycle.is_ending() {
            if lifecycle.cut() {
                say!(info, "stopping at once: what is left of the connections is cut");
            }
        } else if shared.app.0.life.as_ref().is_some_and(|life| life.hurry()) {
            say!(info, "stopping at once: no `#[on_stop]` is waited for");
        }
    }
    std::future::pending::<()>().await;
}

/// Lets a future come to its first wait.
pub(crate) async fn begin(mut future: Pin<&mut impl Future>) {
    std::future::poll_fn(|cx| {
        let _ = future.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}

impl Signals {
    pub(crate) fn new(is_on: bool) -> Signals {
        Signals {
            is_on,
            #[cfg(unix)]
            both: None,
        }
    }

    #[cfg(unix)]
    async fn next(&mut self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let both = match self.both.take() {
            Some(both) => both,
            None => [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?],
        };
        let both = self.both.insert(both);
        std::future::poll_fn(|cx| {
            let came = both.iter_mut().any(|signal| signal.poll_recv(cx).is_ready());
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Ok(())
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
