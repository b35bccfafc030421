//! The crate `tungstenite`, by `tokio-tungstenite`.

use clients::{Client, Event, Sent, Stop, drive};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Session(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client for Session {
    const CRATE: &'static str = "tokio-tungstenite";

    async fn connect(
        url: &str,
        deflate: bool,
        subprotocols: &str,
    ) -> Result<(Session, Option<String>), Stop> {
        if deflate {
            return Err(Stop::Cannot("deflate"));
        }
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", subprotocols.parse()?);
        match connect_async(request).await {
            Ok((ws, answer)) => {
                let subprotocol = answer.headers().get("sec-websocket-protocol");
                Ok((Session(ws), subprotocol.map(|name| name.to_str().expect("ASCII").to_owned())))
            }
            Err(Error::Http(answer)) => {
                let body = answer.body().as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
                Err(Stop::Refused(answer.status().as_u16(), body))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&mut self, sent: Sent) -> Result<(), Stop> {
        let message = match sent {
            Sent::Text(text) => Message::text(text),
            Sent::Binary(bytes) => Message::binary(bytes),
            Sent::Ping(payload) => Message::Ping(payload.into()),
            Sent::Close(reason) => {
                let reason = reason.map(|(code, text)| CloseFrame { code: code.into(), reason: text.into() });
                return Ok(self.0.close(reason).await?);
            }
            Sent::Fragments(pieces) => {
                let count = pieces.len();
                for (at, piece) in pieces.into_iter().enumerate() {
                    let opcode = OpCode::Data(if at == 0 { Data::Text } else { Data::Continue });
                    let frame = Frame::message(piece.into_bytes(), opcode, at + 1 == count);
                    self.0.send(Message::Frame(frame)).await?;
                }
                return Ok(());
            }
        };
        Ok(self.0.send(message).await?)
    }

    async fn next(&mut self) -> Result<Event, Stop> {
        loop {
            return match self.0.next().await {
                Some(Ok(Message::Text(text))) => Ok(Event::Text(text.to_string())),
                Some(Ok(Message::Binary(bytes))) => Ok(Event::Binary(bytes.into())),
                Some(Ok(Message::Pong(payload))) => Ok(Event::Pong(payload.into())),
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(reason))) => {
                    let reason = reason.map(|reason| (u16::from(reason.code), reason.reason.to_string()));
                    let (code, text) = reason.unwrap_or((1005, String::new()));
                    // It answers while it is read.
                    while let Some(Ok(_)) = self.0.next().await {}
                    Ok(Event::Close(code, text))
                }
                Some(Err(error)) => Err(error.into()),
                None => Err(Stop::Failed("the end".to_owned())),
            };
        }
    }
}

fn main() {
    drive::<Session>();
}
