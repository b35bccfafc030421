//! The crate `tokio-websockets`.

use clients::{Client, Event, Sent, Stop, drive};
use futures_util::{SinkExt, StreamExt};
use http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, CloseCode, Error, MaybeTlsStream, Message, WebSocketStream, upgrade};

struct Session(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client for Session {
    const CRATE: &'static str = "tokio-websockets";

    async fn connect(
        url: &str,
        deflate: bool,
        subprotocols: &str,
    ) -> Result<(Session, Option<String>), Stop> {
        if deflate {
            return Err(Stop::Cannot("deflate"));
        }
        let builder = ClientBuilder::from_uri(url.parse()?);
        match builder.add_header(SEC_WEBSOCKET_PROTOCOL, subprotocols.parse()?)?.connect().await {
            Ok((ws, answer)) => {
                let subprotocol = answer.headers().get(SEC_WEBSOCKET_PROTOCOL);
                Ok((Session(ws), subprotocol.map(|name| name.to_str().expect("ASCII").to_owned())))
            }
            Err(Error::Upgrade(upgrade::Error::DidNotSwitchProtocols(status))) => {
                Err(Stop::Refused(status, None))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&mut self, sent: Sent) -> Result<(), Stop> {
        let message = match sent {
            Sent::Text(text) => Message::text(text),
            Sent::Binary(bytes) => Message::binary(bytes),
            Sent::Ping(payload) => Message::ping(payload),
            Sent::Fragments(_) => return Err(Stop::Cannot("fragments")),
            Sent::Close(None) => return Ok(self.0.close().await?),
            Sent::Close(Some((code, text))) => {
                let code = CloseCode::try_from(code).map_err(|error| Stop::Failed(format!("{error:?}")))?;
                Message::close(Some(code), &text)
            }
        };
        Ok(self.0.send(message).await?)
    }

    async fn next(&mut self) -> Result<Event, Stop> {
        loop {
            let Some(message) = self.0.next().await else {
                return Err(Stop::Failed("the end".to_owned()));
            };
            let message = message?;
            if let Some((code, text)) = message.as_close() {
                let event = Event::Close(code.into(), text.to_owned());
                // It answers while it is read.
                while let Some(Ok(_)) = self.0.next().await {}
                return Ok(event);
            }
            if let Some(text) = message.as_text() {
                return Ok(Event::Text(text.to_owned()));
            }
            if message.is_binary() {
                return Ok(Event::Binary(message.as_payload().to_vec()));
            }
            if message.is_pong() {
                return Ok(Event::Pong(message.as_payload().to_vec()));
            }
        }
    }
}

fn main() {
    drive::<Session>();
}
