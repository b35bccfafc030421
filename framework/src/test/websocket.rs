//! WebSockets of an application in the same process: the real handshake and real frames, without a port.

use std::future::{Future, IntoFuture};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Client;
use super::target::{self, HOST};
#[cfg(feature = "http2")]
use super::tunnel;
use crate::base::IntoHeaderValue;
use crate::http::Error;
use crate::websocket::{
    CloseReason, Connect, Deflate, Extension, Message, Refused, WebSocket, WebSocketConfig, connect,
};

/// A session being opened. Await it; it panics if the handshake is refused, unless [`SocketBuilder::try_open`] is asked.
#[must_use = "a session is opened when it is awaited"]
pub struct SocketBuilder {
    client: Client,
    connect: Connect,
}

impl Client {
    /// A WebSocket session with the handler of a path, which may have a query.
    ///
    /// ```
    /// # use vernal::websocket::WebSocket;
    /// # use vernal::{Result, test, websocket_handler};
    /// # #[websocket_handler("/echo")]
    /// # async fn echo(mut ws: WebSocket) -> Result {
    /// #     while let Some(message) = ws.next().await {
    /// #         ws.send(message).await?;
    /// #     }
    /// #     Ok(())
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result {
    /// let mut ws = test::Client::new().websocket("/echo").header("x-user", "ann").await;
    /// ws.send("hi").await?;
    /// ws.expect_text("hi").await;
    /// ws.close(1000, "")?;
    /// ws.expect_close(1000).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn websocket(&self, path: &str) -> SocketBuilder {
        let target = target::encoded(path);
        let cookies = self.kept_cookies(HOST, &target);
        let mut connect = connect(format!("ws://{HOST}{target}"));
        if !cookies.is_empty() {
            let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            connect = connect.header("cookie", cookies.join("; "));
        }
        SocketBuilder { client: self.clone(), connect }
    }
}

impl SocketBuilder {
    /// Adds a header field.
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> SocketBuilder {
        self.connect = self.connect.header(name, value);
        self
    }

    /// Offers a subprotocol.
    pub fn subprotocol(mut self, name: &str) -> SocketBuilder {
        self.connect = self.connect.subprotocol(name);
        self
    }

    /// Offers an extension.
    pub fn extension<X: Extension>(mut self, make: impl Fn() -> X + Send + Sync + 'static) -> SocketBuilder {
        self.connect = self.connect.extension(make);
        self
    }

    /// Offers permessage-deflate.
    pub fn deflate(mut self, settings: Deflate) -> SocketBuilder {
        self.connect = self.connect.deflate(settings);
        self
    }

    /// Sets bounds and times of the client's side.
    pub fn config(mut self, config: WebSocketConfig) -> SocketBuilder {
        self.connect = self.connect.config(config);
        self
    }

    /// Expects that the handshake is refused with this status; gives the answer.
    pub async fn expect_refusal(self, status: u16) -> Refused {
        let error = match self.try_open().await {
            Ok(_) => panic!("the session was opened, but a refusal with {status} was expected"),
            Err(error) => error,
        };
        match error.source().and_then(|source| source.downcast_ref::<Refused>()) {
            Some(refused) => {
                assert_eq!(refused.status().as_u16(), status, "the status is another one: {refused:?}");
                refused.clone()
            }
            None => panic!("a refusal with {status} was expected, but: {error:?}"),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// The handshake is refused: the source of the error is the [`Refused`] answer.
    pub async fn try_open(self) -> Result<TestSocket, Error> {
        let stream = self.client.connect();
        #[cfg(feature = "http2")]
        let stream = if self.client.speaks_http2 { tunnel::through(stream) } else { stream };
        Ok(TestSocket(self.connect.over(stream).await?))
    }
}

impl IntoFuture for SocketBuilder {
    type Output = TestSocket;
    type IntoFuture = Pin<Box<dyn Future<Output = TestSocket> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.try_open().await {
                Ok(socket) => socket,
                Err(error) => panic!("the session was not opened: {error:?}"),
            }
        })
    }
}

/// An open session: everything a [`WebSocket`] can, and expectations that panic with what came instead.
pub struct TestSocket(WebSocket);

impl TestSocket {
    /// The next message; panics if there is none within 10 s.
    pub async fn expect_message(&mut self) -> Message {
        match tokio::time::timeout(PATIENCE, self.0.next()).await {
            Ok(Some(message)) => message,
            Ok(None) => panic!("a message was expected, but {}", self.ended()),
            Err(_) => panic!("a message was expected, but none came within {PATIENCE:?}"),
        }
    }

    /// Expects a text.
    pub async fn expect_text(&mut self, text: &str) {
        let message = self.expect_message().await;
        assert_eq!(message.as_text(), Some(text), "the message is another one: {message:?}");
    }

    /// Expects bytes.
    pub async fn expect_binary(&mut self, bytes: impl AsRef<[u8]>) {
        let message = self.expect_message().await;
        assert!(!message.is_text(), "the message is text: {message:?}");
        assert_eq!(message.as_bytes(), bytes.as_ref(), "the message is another one");
    }

    /// Expects JSON, in text or in bytes; order and white space do not matter.
    pub async fn expect_json(&mut self, value: impl Serialize) {
        let message = self.expect_message().await;
        let found: Value = match serde_json::from_slice(message.as_bytes()) {
            Ok(found) => found,
            Err(error) => panic!("the message is no JSON: {error}\n{message:?}"),
        };
        match serde_json::to_value(value) {
            Ok(expected) => assert_eq!(found, expected, "the message is another one"),
            Err(error) => panic!("what is expected cannot be written as JSON: {error}"),
        }
    }

    /// Expects that the session ends with this code before another message comes, and waits until it has.
    pub async fn expect_close(&mut self, code: u16) -> CloseReason {
        match tokio::time::timeout(PATIENCE, self.0.next()).await {
            Ok(None) => {}
            Ok(Some(message)) => panic!("the end was expected, but a message came: {message:?}"),
            Err(_) => panic!("the end was expected, but nothing came within {PATIENCE:?}"),
        }
        let reason = self.0.closed().await.clone();
        assert_eq!(reason.code().value(), code, "the session ended otherwise: {reason}");
        reason
    }

    fn ended(&self) -> String {
        self.0.close_reason().map_or_else(|| "the session ended".to_owned(), ToString::to_string)
    }
}

impl Deref for TestSocket {
    type Target = WebSocket;

    fn deref(&self) -> &WebSocket {
        &self.0
    }
}

impl DerefMut for TestSocket {
    fn deref_mut(&mut self) -> &mut WebSocket {
        &mut self.0
    }
}

/// How long an expectation waits. Nothing takes that long unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);
