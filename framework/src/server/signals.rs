//! What SIGINT and SIGTERM do: the first begins to stop the server, the second ends the time that it goes on for, if there is one, and
//! the next cuts what is left.

use crate::base::say;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::lifecycle::Lifecycle;

/// Lets signals stop the server, if they are to, and what a stop begins with come to its end. Never ends.
pub(crate) async fn stop_on_signals(lifecycle: &Lifecycle, is_on: bool) {
    let mut leaving = pin!(lifecycle.leave());
    let mut signals = pin!(listen(lifecycle, is_on));
    std::future::poll_fn(|cx| {
        let _ = leaving.as_mut().poll(cx);
        signals.as_mut().poll(cx)
    })
    .await;
}

async fn listen(lifecycle: &Lifecycle, is_on: bool) {
    if is_on {
        loop {
            if let Err(error) = signal().await {
                say!(error, "cannot listen to signals: {error}");
                break;
            }
            // The second ends what the first has begun with.
            if !lifecycle.stop() && !lifecycle.stop_now() && lifecycle.cut() {
                say!(info, "stopping at once: what is left of the connections is cut");
            }
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

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    std::future::poll_fn(|cx| {
        if terminate.poll_recv(cx).is_ready() || interrupt.poll_recv(cx).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
