//! Where a Redis is: one server, the primary that Sentinels know, or a cluster. One way of writing it for all that uses one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::Client;
#[cfg(feature = "redis-cluster")]
use redis::cluster::ClusterClient;
use redis::{ConnectionAddr, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::connection::Connection;
#[cfg(feature = "redis-cluster")]
use super::connection::Sentinels;
use super::url::{Kind, Url};
use crate::http::{Error, Result};

/// Where a Redis is. Read from a URL: of a setting, say; or made of a client of one's own. Needs the feature `redis`.
///
/// | URL | |
/// |---|---|
/// | `redis://[user][:password@]host[:port][/database]` | one server |
/// | `redis+unix:///path` | the same by a socket |
/// | `redis+sentinel://[user][:password@]host[:port][,host[:port]…]/name[/database]` | the primary of this name, as the Sentinels at these hosts know it |
/// | `redis+cluster://[user][:password@]host[:port][,host[:port]…]` | a Redis Cluster, of which these are some nodes |
///
/// With `rediss` in place of `redis` it is TLS (feature `tls`), to Sentinels, too. Those and clusters need the feature `redis-cluster`. Sentinels that
/// ask for a password get that of `?sentinel_password=…`, and the name of `sentinel_user`; a socket has `?user=…&pass=…&db=…`. `?protocol=resp3` is
/// heard in each. Ports are 6379 by default, those of Sentinels 26379. `valkey` may stand for `redis`.
///
/// Names, users and passwords may be percent-encoded (RFC 3986, section 2.1); a `/`, `?`, `#` or `%` in a user or password has to be (`%2F`, `%3F`, `%23`, `%25`), and
/// an `&` in one that stands in the query (`%26`). What the URL has too much is refused, so that nothing in it goes unheard.
///
/// [`RedisStore`](crate::RedisStore), [`RedisRooms`](crate::websocket::RedisRooms) and [`RedisRates`](crate::security::RedisRates) take such a URL as
/// text, or the address itself by `of`. As a field of one's settings, a mistake in it is told at start with file and line. A password is never
/// shown.
///
/// ```
/// use vernal::{RedisAddress, RedisStore};
///
/// # fn main() -> vernal::Result {
/// let address: RedisAddress = "redis://localhost:6379/2".parse()?;
/// let sessions = RedisStore::of(address);
/// # let _ = sessions;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisAddress {
    way: Way,
    name: String,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there is none"))]
    is_tls: bool,
}

#[derive(Clone)]
enum Way {
    One(Client),
    #[cfg(feature = "redis-cluster")]
    Sentinel(Sentinels),
    #[cfg(feature = "redis-cluster")]
    Cluster(Box<ClusterClient>),
}

impl RedisAddress {
    /// The one behind a URL.
    ///
    /// # Errors
    /// 500: the URL is malformed, or needs a feature that is off.
    pub fn new(url: &str) -> Result<RedisAddress> {
        let url = Url::new(url).map_err(malformed)?;
        if url.is_tls && cfg!(not(feature = "tls")) {
            return Err(Error::internal("TLS to Redis needs vernal's feature `tls`"));
        }
        match &url.kind {
            Kind::Server | Kind::Socket(_) => {
                Client::open(url.server()).map(RedisAddress::from).map_err(malformed)
            }
            #[cfg(feature = "redis-cluster")]
            Kind::Sentinel(name) => {
                let sentinels = Sentinels::new(url.sentinels(), name, url.server());
                let name = format!("the Redis `{name}` of the Sentinels at {}", url.hosts());
                Ok(RedisAddress { name, is_tls: url.is_tls, way: Way::Sentinel(sentinels) })
            }
            #[cfg(feature = "redis-cluster")]
            Kind::Cluster => {
                let client = ClusterClient::new(url.nodes()).map_err(malformed)?;
                let name = format!("the Redis Cluster at {}", url.hosts());
                Ok(RedisAddress { name, is_tls: url.is_tls, way: Way::Cluster(Box::new(client)) })
            }
            #[cfg(not(feature = "redis-cluster"))]
            Kind::Sentinel(_) | Kind::Cluster => {
                Err(Error::internal("Sentinels and clusters of Redis need vernal's feature `redis-cluster`"))
            }
        }
    }

    /// Host and port, for the log; the password stays out of it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether keys lie in several servers, so that a script reaches only some.
    pub(crate) fn is_cluster(&self) -> bool {
        match self.way {
            #[cfg(feature = "redis-cluster")]
            Way::Cluster(_) => true,
            _ => false,
        }
    }

    /// A fresh connection, made within this time. `answers` bounds the time of each answer.
    pub(crate) async fn connect(
        &self,
        within: Duration,
        answers: Option<Duration>,
    ) -> RedisResult<Connection> {
        #[cfg(feature = "tls")]
        self.provide();
        match &self.way {
            Way::One(client) => Connection::to(client, within, answers).await,
            #[cfg(feature = "redis-cluster")]
            Way::Sentinel(sentinels) => sentinels.connect(within, answers).await,
            #[cfg(feature = "redis-cluster")]
            Way::Cluster(client) => Connection::to_cluster(client, within, answers).await,
        }
    }

    /// What to write instead, when it refuses to be used in this way.
    pub(super) fn advice(&self, error: &RedisError) -> &'static str {
        use ServerErrorKind::{Ask, Moved, ReadOnly};
        let is_one = matches!(self.way, Way::One(_));
        match error.kind() {
            _ if error.code() == Some("NOAUTH") => {
                "; its URL has no password: `:password@`, or `user:password@`, stands before the host"
            }
            ErrorKind::Server(Moved | Ask) if is_one => "; it is a node of a cluster: `redis+cluster://host`",
            ErrorKind::Server(ReadOnly) if is_one => "; it is a replica: the URL has to lead to its primary",
            _ if is_one && error.detail().is_some_and(|detail| detail.contains("unknown command")) => {
                "; it may be a Sentinel, which knows where the primary is: `redis+sentinel://host/name`"
            }
            _ => "",
        }
    }

    /// Redis's client takes what the process has agreed on for its TLS, and panics where that is nothing.
    #[cfg(feature = "tls")]
    fn provide(&self) {
        use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
        if self.is_tls && CryptoProvider::get_default().is_none() {
            // Another thread may have been faster.
            let _ = ring::default_provider().install_default();
        }
    }
}

impl From<Client> for RedisAddress {
    fn from(client: Client) -> RedisAddress {
        let address = client.get_connection_info().addr();
        let name = match address {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }
                if host.contains(':') =>
            {
                format!("the Redis at [{host}]:{port}")
            }
            _ => format!("the Redis at {address}"),
        };
        let is_tls = is_tls(address);
        RedisAddress { name, is_tls, way: Way::One(client) }
    }
}

/// A cluster by a client of one's own: with certificates, say. TLS by it needs a `CryptoProvider` of rustls that the process has installed.
#[cfg(feature = "redis-cluster")]
impl From<ClusterClient> for RedisAddress {
    fn from(client: ClusterClient) -> RedisAddress {
        RedisAddress {
            name: "the Redis Cluster".to_owned(),
            is_tls: false,
            way: Way::Cluster(Box::new(client)),
        }
    }
}

impl FromStr for RedisAddress {
    type Err = Error;

    fn from_str(url: &str) -> Result<RedisAddress> {
        RedisAddress::new(url)
    }
}

impl<'de> Deserialize<'de> for RedisAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RedisAddress, D::Error> {
        let url = String::deserialize(deserializer)?;
        RedisAddress::new(&url).map_err(|error| D::Error::custom(error.explain_text()))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({})", self.name)
    }
}

fn is_tls(address: &ConnectionAddr) -> bool {
    matches!(address, ConnectionAddr::TcpTls { .. })
}

fn malformed(why: impl fmt::Display) -> Error {
    Error::internal(format!("the URL of Redis is malformed: {why}"))
}

#[cfg(all(test, feature = "redis-cluster"))]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_passwords() {
        for (url, name) in [
            ("redis://:secret@localhost:7000/2", "the Redis at localhost:7000"),
            ("redis://user:secret@[::1]", "the Redis at [::1]:6379"),
            ("redis+unix:///run/redis.sock?user=user&pass=secret", "the Redis at /run/redis.sock"),
            ("redis+sentinel://a,b:26380/my%20main", "the Redis `my main` of the Sentinels at a,b:26380"),
            (
                "redis+sentinel://user:secret@[::1],[::2]:5/main/3?sentinel_password=secret&protocol=resp3",
                "the Redis `main` of the Sentinels at [::1],[::2]:5",
            ),
            ("redis+cluster://:secret@a:1,b,c/", "the Redis Cluster at a:1,b,c"),
        ] {
            let address =
                RedisAddress::new(url).unwrap_or_else(|error| panic!("{url}: {}", error.explain_text()));
            assert_eq!(address.name(), name, "{url}");
            assert_eq!(format!("{address:?}"), format!("RedisAddress({name})"));
        }
    }
}
