//! A connection on a TLS port: the handshake, within its time and counted like all others, and then HTTP.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::AsyncBufReadExt;
use tokio::time::timeout_at;

use super::connection::{self, SessionTask};
use super::counted::Counted;
use super::lingering;
use crate::base::say;
use crate::io::{Stream, clock};
use crate::tls::Acceptor;
use crate::tls::handshake::Begun;

/// Serves one connection until it ends.
// Not an `async fn`, and the handshake in a box: an open connection does not keep the room of what opened it.
pub(crate) fn serve(
    stream: Stream,
    counted: Counted,
    acceptor: Arc<Acceptor>,
) -> impl Future<Output = ()> + Send + 'static {
    let opening = Box::pin(open(stream, counted, acceptor));
    async move {
        if let Some((stream, counted, agreed)) = opening.await {
            match agreed {
                Agreed::Http1 => connection::serve(stream, counted, SessionTask::Own).await,
                #[cfg(feature = "http2")]
                Agreed::Http2 => super::http2::serve(stream, Vec::new(), counted).await,
            }
        }
    }
}

/// What both sides have agreed to speak inside (RFC 7301).
enum Agreed {
    /// Or nothing was said of it.
    Http1,
    #[cfg(feature = "http2")]
    Http2,
}

/// Waits for a peer that speaks TLS; others are told, and gone.
async fn open(
    stream: Stream,
    mut counted: Counted,
    acceptor: Arc<Acceptor>,
) -> Option<(Stream, Counted, Agreed)> {
    let limit = counted.shared().app.0.limits.handshake_timeout;
    let deadline = clock::after(limit);
    let mut begun = Begun::new(stream);
    let opened = timeout_at(deadline, async {
        if !begins(&mut begun, &counted).await {
            return None;
        }
        Some(begun.shake_hands(acceptor.config().await).await)
    });
    let mut stream = match opened.await {
        Ok(Some(Ok(stream))) => stream,
        Ok(Some(Err(failed))) => {
            say!(debug, "no TLS with {}: {}", Peer(&counted), failed.error());
            lingering::part(failed.tell(), counted.shared()).await;
            return None;
        }
        Ok(None) => return None,
        Err(_) => {
            say!(
                debug,
                "no TLS with {}: the handshake took longer than {limit:?} (Limits::handshake_timeout)",
                Peer(&counted)
            );
            return None;
        }
    };
    let certificates = stream.get_ref().1.peer_certificates();
    let certificates =
        certificates.map(|chain| chain.iter().map(|certificate| certificate.to_vec()).collect());
    counted.identify(certificates);
    if counted.shared().lifecycle.is_stopping() {
        // What comes right after the handshake is answered. Later, an idle connection is closed at once.
        let _ = timeout_at(deadline, stream.fill_buf()).await;
    }
    #[cfg(feature = "http2")]
    let agreed = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Agreed::Http2,
        _ => Agreed::Http1,
    };
    #[cfg(not(feature = "http2"))]
    let agreed = Agreed::Http1;
    Some((Stream::Boxed(Box::new(stream)), counted, agreed))
}

/// Waits for the first bytes. `false`: the peer is gone, or the server stops before it has said anything.
async fn begins(begun: &mut Begun, counted: &Counted) -> bool {
    poll_fn(|cx| {
        if let Poll::Ready(first) = begun.poll_first(cx) {
            return Poll::Ready(first.unwrap_or(false));
        }
        counted.watch(cx.waker());
        if counted.shared().lifecycle.is_stopping() && !begun.has_unread() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await
}

/// Who it is, for the log.
struct Peer<'c>(&'c Counted);

impl std::fmt::Display for Peer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.peer() {
            Some(peer) => peer.fmt(f),
            None => f.write_str("a peer without address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an idle TLS connection costs beside its socket and what the library keeps.
    #[test]
    fn an_idle_connection_is_small() {
        let size = size_of_output(serve);
        assert!(size <= 640, "{size} bytes");
    }

    fn size_of_output<F>(_: fn(Stream, Counted, Arc<Acceptor>) -> F) -> usize {
        size_of::<F>()
    }
}
