//! The loops that accept from listening sockets.
//!
//! Connections are counted, in all and by address, before anything is read from them. When stopping begins, what
//! waits in the backlog is still accepted and answered.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::admission::admit;
use super::lifecycle::Lifecycle;
use super::listener::{Entrance, Listener};
#[cfg(unix)]
use super::unix::SocketFile;
use crate::base::say;
use crate::http::Result;
use crate::io::Stream;

/// A socket that listens, in a runtime.
enum Accepting {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, Option<Arc<SocketFile>>),
}

impl Accepting {
    fn new(listener: Listener) -> io::Result<Accepting> {
        Ok(match listener {
            Listener::Tcp(socket) => {
                // A head and its body may be two writes, and the second must not wait for the peer's word on the first.
                let _ = SockRef::from(&socket).set_tcp_nodelay(true);
                Accepting::Tcp(TcpListener::from_std(socket)?)
            }
            #[cfg(unix)]
            Listener::Unix(socket, file) => Accepting::Unix(UnixListener::from_std(socket)?, file),
        })
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Option<SocketAddr>)>> {
        match self {
            Accepting::Tcp(socket) => {
                socket.poll_accept(cx).map_ok(|(stream, peer)| (Stream::Tcp(stream), Some(peer)))
            }
            #[cfg(unix)]
            Accepting::Unix(socket, _) => {
                socket.poll_accept(cx).map_ok(|(stream, _)| (Stream::Unix(Box::new(stream)), None))
            }
        }
    }

    /// Takes what waits in the backlog, then listens no more. The runtime may not have told of it, so the system itself
    /// is asked.
    fn drain(self, mut each: impl FnMut(Stream, Option<SocketAddr>)) -> Result {
        match self {
            Accepting::Tcp(socket) => {
                let socket = socket.into_std()?;
                drain(
                    || socket.accept(),
                    |(stream, peer)| {
                        stream.set_nonblocking(true)?;
                        each(Stream::Tcp(TcpStream::from_std(stream)?), Some(peer));
                        Ok(())
                    },
                )
            }
            #[cfg(unix)]
            Accepting::Unix(socket, file) => {
                // First the file, so that nobody comes to a socket which is about to close.
                drop(file);
                let socket = socket.into_std()?;
                drain(
                    || socket.accept(),
                    |(stream, _)| {
                        stream.set_nonblocking(true)?;
                        each(Stream::Unix(Box::new(UnixStream::from_std(stream)?)), None);
                        Ok(())
                    },
                )
            }
        }
    }
}

fn drain<S>(mut accept: impl FnMut() -> io::Result<S>, mut each: impl FnMut(S) -> Result) -> Result {
    loop {
        match accept() {
            Ok(stream) => each(stream)?,
            Err(error) if is_of_the_peer(&error) => {}
            Err(_) => return Ok(()),
        }
    }
}

/// Accepts and serves until stopping begins. Connections are tasks of the current runtime; `tasks` holds them where the
/// runtime is not ours and they must be cut with the server.
pub(super) async fn accept(
    entrances: Vec<Entrance>,
    lifecycle: Arc<Lifecycle>,
    mut tasks: Option<&mut JoinSet<()>>,
) -> Result {
    let mut listeners = Vec::new();
    for (listener, shared) in entrances {
        listeners.push((Accepting::new(listener)?, shared));
    }
    let mut stop = pin!(lifecycle.stop_notice());
    stop.as_mut().enable();
    // Who is asked first: the one after the one that had something last, so that none waits for ever.
    let mut first = 0;
    loop {
        let accepted = std::future::poll_fn(|cx| {
            if let Some(tasks) = &mut tasks {
                while let Poll::Ready(Some(_)) = tasks.poll_join_next(cx) {}
            }
            for index in (first..listeners.len()).chain(0..first) {
                let (listener, shared) = &listeners[index];
                if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                    first = (index + 1) % listeners.len();
                    return Poll::Ready(Some(accepted.map(|(stream, peer)| (stream, peer, shared))));
                }
            }
            if lifecycle.is_stopping() || stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        match accepted.await {
            Some(Ok((stream, peer, shared))) => admit(stream, peer, shared, tasks.as_deref_mut()),
            Some(Err(error)) if is_of_the_peer(&error) => {}
            Some(Err(error)) => {
                say!(error, "cannot accept connections: {error}; trying again in {BACK_OFF:?}");
                tokio::time::sleep(BACK_OFF).await;
            }
            None => break,
        }
    }
    for (listener, shared) in listeners {
        listener.drain(|stream, peer| admit(stream, peer, &shared, tasks.as_deref_mut()))?;
    }
    Ok(())
}

/// Errors of a connection that died before it was accepted; the listener is well.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Pause after an error of the listener itself, such as no file descriptors left.
const BACK_OFF: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_accepted_sends_without_waiting_for_more() {
        let listening = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listening.set_nonblocking(true).expect("a socket");
        let address = listening.local_addr().expect("an address");
        let accepting = Accepting::new(Listener::Tcp(listening)).expect("a runtime");
        let _peer = std::net::TcpStream::connect(address).expect("somebody listens");
        let (stream, _) = std::future::poll_fn(|cx| accepting.poll_accept(cx)).await.expect("a connection");
        let Stream::Tcp(stream) = stream else { panic!("no TCP") };
        if cfg!(target_os = "linux") {
            assert!(stream.nodelay().expect("a socket"));
        }
    }
}
