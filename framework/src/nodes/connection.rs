//! How a Redis is reached.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};

use crate::http::{Error, Result};

/// A Redis, as it is reached.
#[derive(Clone)]
pub(crate) struct Server {
    client: Client,
}

impl Server {
    /// The one behind a URL.
    ///
    /// # Errors
    /// 500: the URL is malformed, or asks for TLS and the feature `tls` is off.
    pub(crate) fn new(url: &str) -> Result<Server> {
        #[cfg(not(feature = "tls"))]
        if url.starts_with("rediss:") {
            return Err(Error::internal("TLS to Redis needs vernal's feature `tls`"));
        }
        let client = Client::open(url)
            .map_err(|error| Error::internal(format!("the URL of Redis is malformed: {error}")))?;
        Ok(Server { client })
    }

    /// The one that a client is for.
    pub(crate) fn of(client: Client) -> Server {
        Server { client }
    }

    /// Host and port, for the log; the password stays out of it.
    pub(crate) fn name(&self) -> String {
        format!("the Redis at {}", self.client.get_connection_info().addr())
    }

    /// A fresh connection, made within this time. `answers` bounds the time of each answer.
    pub(crate) async fn connect(
        &self,
        within: Duration,
        answers: Option<Duration>,
    ) -> RedisResult<MultiplexedConnection> {
        #[cfg(feature = "tls")]
        self.provide();
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(within)).set_response_timeout(answers);
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Whether it is there, and lets us in.
    pub(crate) async fn check(&self, within: Duration) -> RedisResult<()> {
        let mut connection = self.connect(within, Some(within)).await?;
        redis::cmd("PING").query_async(&mut connection).await
    }

    /// Redis's client takes what the process has agreed on for its TLS, and panics where that is nothing.
    #[cfg(feature = "tls")]
    fn provide(&self) {
        use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
        let is_tls = matches!(self.client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. });
        if is_tls && CryptoProvider::get_default().is_none() {
            // Another thread may have been faster.
            let _ = ring::default_provider().install_default();
        }
    }
}
