//! A connection to a Redis, of whichever kind: each is asked alike.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
#[cfg(feature = "redis-cluster")]
use redis::cluster::{ClusterClient, ClusterConfig};
#[cfg(feature = "redis-cluster")]
use redis::cluster_async::ClusterConnection;
#[cfg(feature = "redis-cluster")]
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult,
    ServerErrorKind, Value,
};
#[cfg(feature = "redis-cluster")]
use redis::{ConnectionAddr, ConnectionInfo, TlsMode};

/// See the head of this file.
#[derive(Clone)]
pub(crate) enum Connection {
    One(MultiplexedConnection),
    #[cfg(feature = "redis-cluster")]
    Cluster(ClusterConnection),
}

impl Connection {
    /// To one server.
    pub(super) async fn to(
        client: &Client,
        within: Duration,
        answers: Option<Duration>,
    ) -> RedisResult<Connection> {
        let config = config(within, answers);
        client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::One)
    }

    /// To a cluster.
    #[cfg(feature = "redis-cluster")]
    pub(super) async fn to_cluster(
        client: &ClusterClient,
        within: Duration,
        answers: Option<Duration>,
    ) -> RedisResult<Connection> {
        // Those that hang must not take all the time.
        let config = ClusterConfig::new().set_connection_timeout(within / 4);
        let config = match answers {
            Some(answers) => config.set_response_timeout(answers),
            None => config,
        };
        client.get_async_connection_with_config(config).await.map(Connection::Cluster)
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Connection::One(connection) => connection.req_packed_command(command),
            #[cfg(feature = "redis-cluster")]
            Connection::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Connection::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            #[cfg(feature = "redis-cluster")]
            Connection::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Connection::One(connection) => connection.get_db(),
            #[cfg(feature = "redis-cluster")]
            Connection::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Whether nothing good comes from a connection any more: it is broken, leads to what was the primary once, or to a peer that vanished
/// without a word.
pub(super) fn is_worn(error: &RedisError) -> bool {
    use ServerErrorKind::{ClusterDown, MasterDown, Moved, ReadOnly};
    error.is_unrecoverable_error()
        || error.is_timeout()
        || matches!(error.kind(), ErrorKind::Server(ClusterDown | MasterDown | Moved | ReadOnly))
}

/// Sentinels, and which primary they are asked for.
#[cfg(feature = "redis-cluster")]
#[derive(Clone)]
pub(super) struct Sentinels {
    infos: Vec<ConnectionInfo>,
    service: String,
    primary: SentinelNodeConnectionInfo,
}

#[cfg(feature = "redis-cluster")]
impl Sentinels {
    /// `primary` says how it is spoken to, wherever it is.
    pub(super) fn new(infos: Vec<ConnectionInfo>, service: &str, primary: ConnectionInfo) -> Sentinels {
        let node = SentinelNodeConnectionInfo::default();
        let node = node.set_redis_connection_info(primary.redis_settings().clone());
        let node = match primary.addr() {
            ConnectionAddr::TcpTls { insecure: true, .. } => node.set_tls_mode(TlsMode::Insecure),
            ConnectionAddr::TcpTls { .. } => node.set_tls_mode(TlsMode::Secure),
            _ => node,
        };
        Sentinels { infos, service: service.to_owned(), primary: node }
    }

    /// A connection to whoever is the primary now.
    pub(super) async fn connect(
        &self,
        within: Duration,
        answers: Option<Duration>,
    ) -> RedisResult<Connection> {
        let mut infos = self.infos.clone();
        // One that hangs shall not be the first each time.
        let mut chance = [0];
        getrandom::fill(&mut chance).expect("the system has random bytes");
        infos.rotate_left(usize::from(chance[0]) % self.infos.len().max(1));
        let (service, primary) = (self.service.clone(), Some(self.primary.clone()));
        let mut client = SentinelClient::build(infos, service, primary, SentinelServerType::Master)?;
        client.get_async_connection_with_config(&config(within, answers)).await.map(Connection::One)
    }
}

fn config(within: Duration, answers: Option<Duration>) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(within)).set_response_timeout(answers)
}
