//! An application inside somebody else's server: connections that others have accepted.

use std::any::Any;
use std::sync::{Arc, PoisonError, Weak};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::connection::{self, SessionTask};
use super::counted::{Counted, Shared};
use crate::app::App;
use crate::http::ConnectionInfo;
use crate::io::Stream;

impl App {
    /// Serves HTTP/1.1 and WebSocket on a connection that you have accepted: a socket, a TLS session, a pipe in memory. With the feature `http2`
    /// also HTTP/2, if the peer begins so.
    /// Resolves when the connection has ended, a WebSocket session included; dropping the future cuts it.
    ///
    /// How many connections there are is yours to bound. [`server::stop`](crate::server::stop) ends these connections too, as it
    /// does those of servers: idle ones at once, others after their answer.
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// use vernal::{App, Config, request_map};
    ///
    /// #[request_map("/")]
    /// fn index() -> &'static str {
    ///     "Hello"
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> vernal::Result {
    /// let app = App::from_registry(Config::new())?;
    /// let (mut client, server) = tokio::io::duplex(1024);
    /// tokio::spawn(app.serve_connection(server));
    /// client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await?;
    /// let mut answer = String::new();
    /// client.read_to_string(&mut answer).await?;
    /// assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nHello"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn serve_connection<S>(&self, stream: S) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.serve_connection_from(stream, ConnectionInfo::new(None, false))
    }

    /// [`App::serve_connection`] with what is known of the connection: [`Request::peer`](crate::Request::peer) and
    /// [`Request::is_secure`](crate::Request::is_secure) say so.
    pub fn serve_connection_from<S>(
        &self,
        stream: S,
        info: ConnectionInfo,
    ) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let counted = Counted::given(shared(self), info);
        connection::serve(transport(stream), counted, SessionTask::Same)
    }
}

/// A TCP socket is served as our own are.
fn transport<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(stream: S) -> Stream {
    let mut stream = Some(stream);
    if let Some(socket) = (&mut stream as &mut dyn Any).downcast_mut::<Option<TcpStream>>()
        && let Some(socket) = socket.take()
    {
        return Stream::Tcp(socket);
    }
    Stream::over(stream.expect("it was not taken"))
}

/// What the embedded connections of an application share. It lasts as long as they do, since it holds the application.
fn shared(app: &App) -> Arc<Shared> {
    let mut kept = app.0.embedding.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shared) = kept.upgrade().and_then(|shared| shared.downcast::<Shared>().ok())
        && !shared.lifecycle.is_stopping()
    {
        return shared;
    }
    let shared = Shared::in_memory(app.clone());
    let any: Arc<dyn Any + Send + Sync> = Arc::clone(&shared) as _;
    *kept = Arc::downgrade(&any) as Weak<_>;
    shared
}
