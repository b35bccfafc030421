//! The handshake of a WebSocket client as a proxy takes it from HTTP/1.1 to HTTP/2 (RFC 8441): the session then runs in a stream.

use std::future::poll_fn;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use h2::client::{Builder, SendRequest};
use h2::ext::Protocol;
use h2::{Ping, RecvStream, SendStream};
use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split};

use super::http2::{is_of_a_connection, map_of};
use crate::http::BoxFuture;

/// A connection for a client of HTTP/1.1 to open its session on; `server` is one with the server.
pub(super) fn through(server: DuplexStream) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    tokio::spawn(translate(server, theirs));
    ours
}

/// Until the session has ended; `None` if something ends before.
async fn translate(server: DuplexStream, client: DuplexStream) -> Option<()> {
    let (mut reading, mut writing) = split(client);
    let (request, leftover) = match read_request(&mut reading).await? {
        Ok(read) => read,
        Err(error) => {
            let refusal = format!("HTTP/1.1 400 \r\n\r\nthis cannot be sent over HTTP/2: {error}");
            writing.write_all(refusal.as_bytes()).await.ok()?;
            return writing.shutdown().await.ok();
        }
    };
    let mut sender = open(server).await?;
    let (answer, mut sending) = sender.send_request(request, false).ok()?;
    let (head, mut receiving) = answer.await.ok()?.into_parts();
    let is_open = head.status == StatusCode::OK;
    let mut text = match is_open {
        true => b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n".to_vec(),
        false => format!("HTTP/1.1 {} \r\n", head.status.as_u16()).into_bytes(),
    };
    for (name, value) in &head.headers {
        text.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    text.extend_from_slice(b"\r\n");
    writing.write_all(&text).await.ok()?;
    if is_open {
        send(&mut sending, leftover).await?;
        let both = [
            Box::pin(go_up(&mut reading, &mut sending)) as BoxFuture<'_, Option<()>>,
            Box::pin(go_down(&mut receiving, &mut writing)),
        ];
        return all(both).await;
    }
    go_down(&mut receiving, &mut writing).await
}

/// Waits for both ways to end, or for one to fail.
async fn all(ways: [BoxFuture<'_, Option<()>>; 2]) -> Option<()> {
    let mut ways = ways.map(Some);
    poll_fn(|cx| {
        for way in &mut ways {
            match way.as_mut().map(|way| way.as_mut().poll(cx)) {
                Some(Poll::Ready(Some(()))) => *way = None,
                Some(Poll::Ready(None)) => return Poll::Ready(None),
                Some(Poll::Pending) | None => {}
            }
        }
        if ways.iter().all(Option::is_none) { Poll::Ready(Some(())) } else { Poll::Pending }
    })
    .await
}

/// The request as one of HTTP/2, and what came behind it; however many fields it has, for those are the server's to judge.
async fn read_request(reading: &mut ReadHalf<DuplexStream>) -> Option<Result<(Request<()>, Bytes), String>> {
    let mut inbox = BytesMut::new();
    loop {
        if reading.read_buf(&mut inbox).await.ok()? == 0 {
            return None;
        }
        let lines = inbox.iter().filter(|byte| **byte == b'\n').count();
        let mut fields = vec![httparse::EMPTY_HEADER; lines + 1];
        let mut head = httparse::Request::new(&mut fields);
        let length = match head.parse(&inbox) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => continue,
            Err(error) => return Some(Err(error.to_string())),
        };
        let fields = head.headers.iter().map(|field| (field.name, field.value));
        let (hosts, fields): (Vec<_>, Vec<_>) =
            fields.partition(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = hosts.first().and_then(|(_, host)| std::str::from_utf8(host).ok())?;
        let uri = format!("http://{host}{}", head.path?);
        let mut request = match Request::builder().method(Method::CONNECT).uri(uri).body(()) {
            Ok(request) => request,
            Err(error) => return Some(Err(error.to_string())),
        };
        request.extensions_mut().insert(Protocol::from_static("websocket"));
        *request.headers_mut() = map_of(fields.into_iter().filter(|(name, _)| !is_of_a_connection(name)));
        return Some(Ok((request, inbox.split_off(length).freeze())));
    }
}

/// Opens a connection, and waits until the server has said that it takes such requests.
async fn open(server: DuplexStream) -> Option<SendRequest<Bytes>> {
    let (sender, mut connection) = Builder::new().enable_push(false).handshake(server).await.ok()?;
    let mut pinging = connection.ping_pong()?;
    tokio::spawn(connection);
    pinging.ping(Ping::opaque()).await.ok()?;
    sender.ready().await.ok()
}

async fn go_up(reading: &mut ReadHalf<DuplexStream>, sending: &mut SendStream<Bytes>) -> Option<()> {
    loop {
        let mut piece = BytesMut::with_capacity(16 << 10);
        if reading.read_buf(&mut piece).await.ok()? == 0 {
            return sending.send_data(Bytes::new(), true).ok();
        }
        send(sending, piece.freeze()).await?;
    }
}

/// Sends bytes as there is room for them.
async fn send(sending: &mut SendStream<Bytes>, mut bytes: Bytes) -> Option<()> {
    while !bytes.is_empty() {
        sending.reserve_capacity(bytes.len());
        let room = poll_fn(|cx| sending.poll_capacity(cx)).await?.ok()?;
        sending.send_data(bytes.split_to(room.min(bytes.len())), false).ok()?;
    }
    Some(())
}

async fn go_down(receiving: &mut RecvStream, writing: &mut WriteHalf<DuplexStream>) -> Option<()> {
    while let Some(piece) = receiving.data().await {
        let piece = piece.ok()?;
        writing.write_all(&piece).await.ok()?;
        receiving.flow_control().release_capacity(piece.len()).ok()?;
    }
    writing.shutdown().await.ok()
}
