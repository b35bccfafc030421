//! The loops that accept from listening sockets.
//!
//! Connections are counted, in all and by address, before anything is read from them. When stopping begins, what
//! waits in the backlog is still accepted and answered.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connection;
use super::counted::{Counted, Shared};
#[cfg(feature = "tls")]
use super::secured;
use crate::http::Result;
use crate::io::Stream;

/// Accepts and serves until stopping begins. Connections are tasks of the current runtime; `tasks` holds them where the
/// runtime is not ours and they must be cut with the server.
pub(crate) async fn accept(
    listener: StdListener,
    shared: Arc<Shared>,
    mut tasks: Option<&mut JoinSet<()>>,
) -> Result {
    let listener = TcpListener::from_std(listener)?;
    let lifecycle = Arc::clone(&shared.lifecycle);
    let mut stop = pin!(lifecycle.stop_notice());
    stop.as_mut().enable();
    let start = |stream, peer, tasks: &mut Option<&mut JoinSet<()>>| {
        let Some((stream, counted)) = admit(stream, peer, &shared) else { return };
        #[cfg(feature = "tls")]
        if let Some(acceptor) = &shared.tls {
            return spawn(secured::serve(stream, counted, Arc::clone(acceptor)), tasks);
        }
        spawn(connection::serve(stream, counted), tasks);
    };
    loop {
        let accepted = std::future::poll_fn(|cx| {
            if let Some(tasks) = &mut tasks {
                while let Poll::Ready(Some(_)) = tasks.poll_join_next(cx) {}
            }
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(Some(accepted));
            }
            if lifecycle.is_stopping() || stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        match accepted.await {
            Some(Ok((stream, peer))) => start(stream, peer, &mut tasks),
            Some(Err(error)) if is_of_the_peer(&error) => {}
            Some(Err(error)) => {
                tracing::error!(target: "vernal", "cannot accept connections: {error}; trying again in {BACK_OFF:?}");
                tokio::time::sleep(BACK_OFF).await;
            }
            None => break,
        }
    }
    // The runtime may not have told of those that wait in the backlog, so the system itself is asked.
    let listener = listener.into_std()?;
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                stream.set_nonblocking(true)?;
                start(TcpStream::from_std(stream)?, peer, &mut tasks);
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(_) => return Ok(()),
        }
    }
}

fn spawn(connection: impl Future<Output = ()> + Send + 'static, tasks: &mut Option<&mut JoinSet<()>>) {
    match tasks {
        Some(tasks) => drop(tasks.spawn(connection)),
        None => drop(tokio::spawn(connection)),
    }
}

/// Counts the connection; one over a limit is told so and closed.
fn admit(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>) -> Option<(Stream, Counted)> {
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    match Counted::open(shared, peer) {
        Ok(counted) => {
            let _ = stream.set_nodelay(true);
            Some((Stream::Tcp(stream), counted))
        }
        Err(limit) => {
            tracing::warn!(target: "vernal", "refused a connection from {peer}: {limit}");
            let body =
                format!("{{\"code\":503,\"message\":\"Service Unavailable\",\"explain\":\"{limit}\"}}");
            let answer = format!(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 retry-after: 1\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            if !shared.is_secured() {
                let _ = stream.try_write(answer.as_bytes());
            }
            None
        }
    }
}

/// Errors of a connection that died before it was accepted; the listener is well.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Pause after an error of the listener itself, such as no file descriptors left.
const BACK_OFF: Duration = Duration::from_millis(100);
