//! Where a Redis is: one server, the primary that Sentinels know, or a cluster. One way of writing it for all that uses one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::Client;
use redis::{ConnectionAddr, RedisResult};
#[cfg(feature = "redis-cluster")]
use redis::{IntoConnectionInfo, cluster::ClusterClient};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::connection::Connection;
#[cfg(feature = "redis-cluster")]
use super::connection::Sentinels;
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
/// ask for a password get that of `?sentinel_password=…`, and the name of `sentinel_user`. `?protocol=resp3` is heard in each. Ports are
/// 6379 by default, those of Sentinels 26379.
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
        #[cfg(not(feature = "tls"))]
        if url.starts_with("rediss") {
            return Err(Error::internal("TLS to Redis needs vernal's feature `tls`"));
        }
        let Some((scheme, rest)) = url.split_once("://") else { return Err(malformed("it has no scheme")) };
        match scheme.split_once('+') {
            Some((scheme @ ("redis" | "rediss"), kind @ ("sentinel" | "cluster"))) => {
                several(scheme, kind, rest)
            }
            _ => Client::open(url).map(RedisAddress::from).map_err(malformed),
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

    /// Whether it is there, and lets us in.
    pub(crate) async fn check(&self, within: Duration) -> RedisResult<()> {
        let mut connection = self.connect(within, Some(within)).await?;
        redis::cmd("PING").query_async(&mut connection).await
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
        let (name, is_tls) = (format!("the Redis at {address}"), is_tls(address));
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

#[cfg(not(feature = "redis-cluster"))]
fn several(scheme: &str, kind: &str, _rest: &str) -> Result<RedisAddress> {
    Err(Error::internal(format!("`{scheme}+{kind}` needs vernal's feature `redis-cluster`")))
}

/// Sentinels or nodes of a cluster: each host is read as the URL of one server would be.
#[cfg(feature = "redis-cluster")]
fn several(scheme: &str, kind: &str, rest: &str) -> Result<RedisAddress> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let infos = |user: &str, port: u16| {
        let info = |host: &str| {
            let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
            let port = if has_port { String::new() } else { format!(":{port}") };
            format!("{scheme}://{user}@{host}{port}/?{query}").into_connection_info().map_err(malformed)
        };
        hosts.split(',').map(info).collect::<Result<Vec<_>>>()
    };
    let is_tls = scheme == "rediss";
    if kind == "cluster" {
        if !matches!(path, "" | "0") {
            return Err(malformed("a cluster has no databases"));
        }
        let name = format!("the Redis Cluster at {hosts}");
        let client = ClusterClient::new(infos(user, 6379)?).map_err(malformed)?;
        return Ok(RedisAddress { name, is_tls, way: Way::Cluster(Box::new(client)) });
    }
    let (service, database) = path.split_once('/').unwrap_or((path, ""));
    if service.is_empty() {
        return Err(malformed("the name of the primary is missing: `redis+sentinel://host/name`"));
    }
    let said = |key: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| *name == key)
            .map_or("", |(_, value)| value)
    };
    let own = match (said("sentinel_user"), said("sentinel_password")) {
        ("", "") => String::new(),
        (user, password) => format!("{user}:{password}"),
    };
    let primary = format!("{scheme}://{user}@primary/{database}?{query}");
    let sentinels =
        Sentinels::new(infos(&own, 26379)?, service, primary.into_connection_info().map_err(malformed)?);
    let name = format!("the Redis `{service}` of the Sentinels at {hosts}");
    Ok(RedisAddress { name, is_tls, way: Way::Sentinel(sentinels) })
}

#[cfg(all(test, feature = "redis-cluster"))]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_or_refused_with_words() {
        for (url, name) in [
            ("redis://:secret@localhost:7000/2", "the Redis at localhost:7000"),
            ("redis+unix:///run/redis.sock", "the Redis at /run/redis.sock"),
            ("redis+sentinel://a,b:26380/main", "the Redis `main` of the Sentinels at a,b:26380"),
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
        for (url, words) in [
            ("localhost:6379", "no scheme"),
            ("http://localhost", "did not parse"),
            ("redis+sentinel://a,b", "name of the primary is missing"),
            ("redis+sentinel://a,b:port/main", "did not parse"),
            ("redis+sentinel://a/main/first", "database number"),
            ("redis+cluster://a,b/3", "no databases"),
            ("redis+cluster://", "did not parse"),
            ("redis+both://a", "did not parse"),
        ] {
            let error = RedisAddress::new(url).expect_err(url);
            let told = error.explain_text().to_lowercase();
            assert!(told.contains(words) && told.contains("url of redis"), "{url}: {told}");
        }
    }
}
