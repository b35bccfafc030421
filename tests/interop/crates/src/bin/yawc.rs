//! The crate `yawc`.

use clients::{Client, Event, Sent, Stop, drive};
use futures_util::{SinkExt, StreamExt};
use yawc::close::CloseCode;
use yawc::frame::{Frame, OpCode};
use yawc::{CompressionLevel, HttpRequestBuilder, Options, TcpWebSocket, WebSocket, WebSocketError};

struct Session(TcpWebSocket);

impl Client for Session {
    const CRATE: &'static str = "yawc";

    async fn connect(
        url: &str,
        deflate: bool,
        subprotocols: &str,
    ) -> Result<(Session, Option<String>), Stop> {
        let request = HttpRequestBuilder::new().header("sec-websocket-protocol", subprotocols);
        let mut options = Options::default();
        if deflate {
            options = options.with_compression_level(CompressionLevel::default());
        }
        match WebSocket::connect(url.parse()?).with_options(options).with_request(request).await {
            Ok(ws) => Ok((Session(ws), None)),
            Err(WebSocketError::InvalidStatusCode(status)) => Err(Stop::Refused(status, None)),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&mut self, sent: Sent) -> Result<(), Stop> {
        let frame = match sent {
            Sent::Text(text) => Frame::text(text),
            Sent::Binary(bytes) => Frame::binary(bytes),
            Sent::Ping(payload) => Frame::ping(payload),
            Sent::Close(None) => return Ok(self.0.close().await?),
            Sent::Close(Some((code, text))) => Frame::close(CloseCode::from(code), text),
            Sent::Fragments(pieces) => {
                let count = pieces.len();
                for (at, piece) in pieces.into_iter().enumerate() {
                    let frame = if at == 0 { Frame::text(piece) } else { Frame::continuation(piece) };
                    self.0.send(frame.with_fin(at + 1 == count)).await?;
                }
                return Ok(());
            }
        };
        Ok(self.0.send(frame).await?)
    }

    async fn next(&mut self) -> Result<Event, Stop> {
        loop {
            let frame = self.0.next_frame().await?;
            return match frame.opcode() {
                OpCode::Text => Ok(Event::Text(frame.as_str().to_owned())),
                OpCode::Binary => Ok(Event::Binary(frame.into_payload().into())),
                OpCode::Pong => Ok(Event::Pong(frame.into_payload().into())),
                OpCode::Close => {
                    let code = frame.close_code().map_or(1005, u16::from);
                    let text = frame.close_reason()?.unwrap_or_default().to_owned();
                    // It answers while it is read.
                    while self.0.next().await.is_some() {}
                    Ok(Event::Close(code, text))
                }
                OpCode::Ping | OpCode::Continuation => continue,
            };
        }
    }
}

fn main() {
    drive::<Session>();
}
