//! A client of HTTP/2 with prior knowledge, by the crate `h2`: for suites that look at what a user of HTTP/2 sees.

#![allow(dead_code, reason = "each suite takes what it needs")]

use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough for a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
pub struct Peer {
    pub send: SendRequest<Bytes>,
    pub driver: JoinHandle<Result<(), h2::Error>>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
}

impl Answer {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

impl Peer {
    pub async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Peer {
        Peer::by(Builder::new().enable_push(false), stream).await
    }

    pub async fn by(builder: &Builder, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Peer {
        let (send, connection) = builder.handshake(stream).await.expect("a connection");
        Peer { send, driver: tokio::spawn(connection) }
    }

    /// Begins a request; its body follows unless it `is_whole`.
    pub async fn begin(&self, request: Request<()>, is_whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let ready = timeout(PATIENCE, self.send.clone().ready()).await.expect("it is ready in time");
        ready.expect("an open connection").send_request(request, is_whole).expect("a request")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(request("GET", path, &[]), None).await
    }

    pub async fn ask(&self, request: Request<()>, body: Option<&[u8]>) -> Answer {
        let (answer, mut sending) = self.begin(request, body.is_none()).await;
        if let Some(body) = body {
            sending.send_data(Bytes::copy_from_slice(body), true).expect("an open stream");
        }
        whole(answer).await.expect("an answer")
    }
}

/// Waits for all of an answer.
pub async fn whole(answer: ResponseFuture) -> Result<Answer, h2::Error> {
    let answer = timeout(PATIENCE, answer).await.expect("it answers in time")?;
    let (head, mut body) = answer.into_parts();
    let bytes = rest(&mut body).await?;
    let trailers = body.trailers().await?;
    let status = head.status.as_u16();
    Ok(Answer { status, headers: head.headers, body: bytes, trailers })
}

/// All that is left of a body.
pub async fn rest(body: &mut RecvStream) -> Result<Bytes, h2::Error> {
    let mut all = Vec::new();
    while let Some(piece) = timeout(PATIENCE, body.data()).await.expect("something comes in time") {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        all.extend_from_slice(&piece);
    }
    Ok(all.into())
}

/// A request to `localhost`.
pub fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(format!("http://localhost{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}

/// The status as a number.
pub fn number(status: StatusCode) -> u16 {
    status.as_u16()
}
