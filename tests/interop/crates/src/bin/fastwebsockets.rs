//! The crate `fastwebsockets`.

use bytes::Bytes;
use clients::{Client, Event, Sent, Stop, drive};
use fastwebsockets::handshake::{self, generate_key};
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, WebSocketError};
use http_body_util::Empty;
use hyper::Request;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

struct Session(FragmentCollector<TokioIo<Upgraded>>);

impl Client for Session {
    const CRATE: &'static str = "fastwebsockets";

    async fn connect(
        url: &str,
        deflate: bool,
        subprotocols: &str,
    ) -> Result<(Session, Option<String>), Stop> {
        if deflate {
            return Err(Stop::Cannot("deflate"));
        }
        let uri: http::Uri = url.parse()?;
        let host = uri.authority().expect("a host").as_str();
        let request = Request::get(uri.path())
            .header("host", host)
            .header("upgrade", "websocket")
            .header("connection", "upgrade")
            .header("sec-websocket-key", generate_key())
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", subprotocols)
            .body(Empty::<Bytes>::new())?;
        let stream = TcpStream::connect(host).await?;
        match handshake::client(&TokioExecutor::new(), request, stream).await {
            Ok((ws, answer)) => {
                let subprotocol = answer.headers().get("sec-websocket-protocol");
                let subprotocol = subprotocol.map(|name| name.to_str().expect("ASCII").to_owned());
                Ok((Session(FragmentCollector::new(ws)), subprotocol))
            }
            Err(WebSocketError::InvalidStatusCode(status)) => Err(Stop::Refused(status, None)),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&mut self, sent: Sent) -> Result<(), Stop> {
        let frame = match sent {
            Sent::Text(text) => Frame::text(text.into_bytes().into()),
            Sent::Binary(bytes) => Frame::binary(bytes.into()),
            Sent::Ping(payload) => Frame::new(true, OpCode::Ping, None, payload.into_bytes().into()),
            Sent::Close(None) => Frame::close(1000, b""),
            Sent::Close(Some((code, text))) => Frame::close(code, text.as_bytes()),
            Sent::Fragments(pieces) => {
                let count = pieces.len();
                for (at, piece) in pieces.into_iter().enumerate() {
                    let opcode = if at == 0 { OpCode::Text } else { OpCode::Continuation };
                    let piece = Payload::from(piece.into_bytes());
                    self.0.write_frame(Frame::new(at + 1 == count, opcode, None, piece)).await?;
                }
                return Ok(());
            }
        };
        Ok(self.0.write_frame(frame).await?)
    }

    async fn next(&mut self) -> Result<Event, Stop> {
        loop {
            let frame = self.0.read_frame().await?;
            let payload = frame.payload.to_vec();
            return match frame.opcode {
                OpCode::Text => Ok(Event::Text(String::from_utf8(payload)?)),
                OpCode::Binary => Ok(Event::Binary(payload)),
                OpCode::Pong => Ok(Event::Pong(payload)),
                OpCode::Close => {
                    let (code, text) = payload.split_at_checked(2).unwrap_or((&[3, 237], &[]));
                    Ok(Event::Close(
                        u16::from_be_bytes([code[0], code[1]]),
                        String::from_utf8(text.to_vec())?,
                    ))
                }
                OpCode::Ping | OpCode::Continuation => continue,
            };
        }
    }
}

fn main() {
    drive::<Session>();
}
