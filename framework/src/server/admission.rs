//! What happens to a connection between its socket and its first request: it is counted or refused, and asked whom a
//! proxy speaks for.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;
use tokio::task::JoinSet;

use super::connection::{self, SessionTask};
use super::counted::{Counted, Shared};
use super::lingering;
#[cfg(feature = "tls")]
use super::secured;
use crate::base::say;
use crate::http::{BoxFuture, Via};
use crate::io::Stream;
use crate::proto::Refusal;
use crate::proto::proxy::{Decoder, Proxied};

/// Counts the connection and begins its task; one over a limit is told so and closed.
pub(super) fn admit(
    stream: Stream,
    peer: Option<SocketAddr>,
    shared: &Arc<Shared>,
    tasks: Option<&mut JoinSet<()>>,
) {
    let peer = peer.map(|peer| SocketAddr::new(peer.ip().to_canonical(), peer.port()));
    let is_trusted = shared.app.0.answers.context.trusted_proxies.contain_peer(peer);
    let counted = Counted::open(shared).and_then(|mut counted| {
        match peer {
            // A trusted proxy speaks for many, so it is not counted as one address.
            _ if is_trusted => counted.set_via(Via::of(peer)),
            Some(peer) => counted.count_by(peer)?,
            None => {}
        }
        Ok(counted)
    });
    let counted = match counted {
        Ok(counted) => counted,
        Err(refusal) => {
            if let Some(leaving) = refuse(stream, peer, &refusal, Arc::clone(shared)) {
                spawn_boxed(Box::pin(leaving), tasks);
            }
            return;
        }
    };
    // Linux takes it over from the listening socket, which saves a call for each connection.
    #[cfg(not(target_os = "linux"))]
    if let Stream::Tcp(stream) = &stream {
        let _ = stream.set_nodelay(true);
    }
    if is_trusted && shared.expects_proxy_header {
        return spawn_boxed(Box::pin(serve_proxied(stream, peer, counted)), tasks);
    }
    #[cfg(feature = "tls")]
    if let Some(acceptor) = &shared.tls {
        return spawn_boxed(Box::pin(secured::serve(stream, counted, Arc::clone(acceptor))), tasks);
    }
    spawn(connection::serve(stream, counted, SessionTask::Own), tasks);
}

fn spawn(connection: impl Future<Output = ()> + Send + 'static, tasks: Option<&mut JoinSet<()>>) {
    match tasks {
        Some(tasks) => drop(tasks.spawn(connection)),
        None => drop(tokio::spawn(connection)),
    }
}

/// [`spawn`] for what is rarer: a runtime's code for tasks is made anew for each type of them.
fn spawn_boxed(connection: BoxFuture<'static, ()>, tasks: Option<&mut JoinSet<()>>) {
    spawn(connection, tasks);
}

/// Says why a connection is not served; in vain where TLS is spoken. The request may be on its way, so the peer is given time
/// to read that.
fn refuse(
    stream: Stream,
    peer: Option<SocketAddr>,
    refusal: &Refusal,
    shared: Arc<Shared>,
) -> Option<impl Future<Output = ()> + Send + 'static> {
    let peer = peer.map_or_else(|| "a Unix socket".to_owned(), |peer| peer.to_string());
    let why = &refusal.explain;
    say!(warn, "refused a connection from {peer}: {why}");
    #[cfg(feature = "metrics")]
    shared.app.0.observers.refused(refusal);
    if shared.is_secured() {
        return None;
    }
    let body = format!("{{\"code\":503,\"message\":\"Service Unavailable\",\"explain\":\"{why}\"}}");
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         retry-after: 1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.try_write(answer.as_bytes());
    Some(async move { lingering::part(stream, &shared).await })
}

/// Serves a connection that begins with a header of the PROXY protocol.
async fn serve_proxied(mut stream: Stream, socket: Option<SocketAddr>, mut counted: Counted) {
    let shown = socket.map_or_else(|| "a Unix socket".to_owned(), |socket| socket.to_string());
    let limits = &counted.shared().app.0.limits;
    let header = tokio::time::timeout(limits.header_timeout, read_header(&mut stream, &counted));
    let proxied = match header.await {
        Ok(Ok(Some(proxied))) => proxied,
        Ok(Ok(None)) => return,
        Ok(Err(problem)) => {
            return say!(warn, "closed a connection from {shown}: {problem} (Server::proxy_protocol)");
        }
        Err(_) => {
            let limit = limits.header_timeout;
            return say!(
                debug,
                "closed a connection from {shown}: no header of the PROXY protocol came within {limit:?} (Limits::header_timeout)"
            );
        }
    };
    match proxied.client {
        Some(client) => {
            if let Err(refusal) = counted.count_by(client) {
                if let Some(leaving) = refuse(stream, Some(client), &refusal, counted.share()) {
                    leaving.await;
                }
                return;
            }
            let is_trusted = counted.shared().app.0.answers.context.trusted_proxies.contain(client.ip());
            counted.set_via(Via { client: Some(client), socket, is_trusted });
            counted.is_secure |= proxied.is_secure;
        }
        // What follows may come from anybody whom the proxy could not name, so its fields are nobody's word.
        None => counted.set_via(Via { client: socket, socket, is_trusted: false }),
    }
    #[cfg(feature = "tls")]
    if let Some(acceptor) = counted.shared().tls.clone() {
        return Box::pin(secured::serve(stream, counted, acceptor)).await;
    }
    Box::pin(connection::serve(stream, counted, SessionTask::Own)).await;
}

/// Reads the header and nothing that follows it. `None`: the peer left without a word, or the server stops before it
/// said one.
async fn read_header(stream: &mut Stream, counted: &Counted) -> Result<Option<Proxied>, String> {
    let lifecycle = &counted.shared().lifecycle;
    let mut stop = pin!(lifecycle.stop_notice());
    stop.as_mut().enable();
    let mut decoder = Decoder::new(counted.shared().app.0.limits.proxy_header);
    poll_fn(move |cx| {
        while let Poll::Ready(read) = poll_some(stream, &mut decoder, cx) {
            match read {
                Some(Ok(None)) => {}
                Some(read) => return Poll::Ready(read),
                None if decoder.is_empty() => return Poll::Ready(Ok(None)),
                None => {
                    return Poll::Ready(Err("it ended inside the header of the PROXY protocol".to_owned()));
                }
            }
        }
        let is_stopping = stop.as_mut().poll(cx).is_ready() || lifecycle.is_stopping();
        if is_stopping && decoder.is_empty() && !stream.has_unread() {
            return Poll::Ready(Ok(None));
        }
        Poll::Pending
    })
    .await
}

/// Reads as much as is certain to be of the header. `None`: the peer is gone.
fn poll_some(
    stream: &mut Stream,
    decoder: &mut Decoder,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Option<Proxied>, String>>> {
    let mut bytes = [0; 512];
    let wants = decoder.wants().min(bytes.len());
    let mut buffer = ReadBuf::new(&mut bytes[..wants]);
    let read = ready!(stream.poll_read(cx, &mut buffer));
    let filled = buffer.filled();
    Poll::Ready((read.is_ok() && !filled.is_empty()).then(|| decoder.receive(filled)))
}
