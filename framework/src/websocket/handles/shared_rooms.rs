//! How rooms are shared by nodes, as users set it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::broadcast::deliver;
use super::rooms::{House, OnGap, Rooms, make_known};
use crate::http::{Error, Result};
use crate::nodes::{Delivered, Link, Local, MemberId, Nodes, RedisAddress, Settings};
use crate::websocket::core::Core;
use crate::websocket::core::message::{Outgoing, Payload};
use crate::websocket::core::room::{All, Room};

/// Rooms of several nodes that share a Redis, 6.2 or newer, or Valkey. Given to [`Rooms::redis`]. Needs the feature `redis`; with
/// `tls`, `rediss://` is TLS.
///
/// Each setting has a default that suits most; the chapter "Many nodes" of the book tells what happens when
/// something fails.
///
/// ```no_run
/// use std::time::Duration;
/// use vernal::server;
/// use vernal::websocket::{RedisRooms, Rooms};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> vernal::Result {
/// let shared = RedisRooms::connect("redis://localhost:6379/").await?.prefix("chat");
/// server::new().state(Rooms::redis(shared)).start_async().await
/// # }
/// ```
#[derive(Clone)]
pub struct RedisRooms {
    pub(super) settings: Settings,
    pub(super) on_gap: Option<OnGap>,
}

impl RedisRooms {
    /// Rooms in the Redis behind the URL of a [`RedisAddress`].
    ///
    /// # Errors
    /// 500: the URL is malformed, there is no Redis, or it refuses: better to know at start.
    pub async fn connect(url: &str) -> Result<RedisRooms> {
        let rooms = RedisRooms::new(url)?;
        let Settings { server, timeout, .. } = &rooms.settings;
        let link = Link::new(server.clone(), *timeout);
        link.check(&rooms.settings.base()).await.map_err(Error::internal)?;
        Ok(rooms)
    }

    /// The same without asking whether there is a Redis yet.
    ///
    /// # Errors
    /// 500: the URL is malformed.
    pub fn new(url: &str) -> Result<RedisRooms> {
        Ok(RedisRooms::at(RedisAddress::new(url)?))
    }

    /// Rooms behind an address, or a client of one's own: with certificates, say, that no URL holds. Nobody asks whether there is a Redis
    /// yet.
    pub fn of(address: impl Into<RedisAddress>) -> RedisRooms {
        RedisRooms::at(address.into())
    }

    fn at(server: RedisAddress) -> RedisRooms {
        RedisRooms { settings: Settings::new(server), on_gap: None }
    }

    /// Begins the names of all keys with this, in braces. Default `vernal:rooms`. Applications that share a Redis and not their rooms
    /// have one each.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> RedisRooms {
        self.settings.prefix = prefix.into();
        self
    }

    /// How long a node is taken to be there without a word from it: after so long, the members of one that was killed are no longer
    /// counted. One that was held up for longer comes back as a new one. Default 10 seconds; at least 1, at most
    /// a day.
    #[must_use]
    pub fn lease(mut self, time: Duration) -> RedisRooms {
        self.settings.lease = time.clamp(Duration::from_secs(1), Duration::from_secs(86_400));
        self
    }

    /// How long Redis may take for an answer. After that the connection is made anew, and the question repeated. Default 2 seconds.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> RedisRooms {
        self.settings.timeout = time;
        self
    }

    /// How long a message waits for a Redis that is away, before its sender gets an error. Default 10 seconds.
    #[must_use]
    pub fn wait(mut self, time: Duration) -> RedisRooms {
        self.settings.wait = time;
        self
    }

    /// How many bytes of messages may wait for Redis on this node; what comes on top is an error at once. Default 16 MiB. As much
    /// again may be kept of what Redis has and others have not read, to be repeated should Redis forget it.
    #[must_use]
    pub fn queue_size(mut self, bytes: usize) -> RedisRooms {
        self.settings.queue_size = bytes;
        self
    }

    /// How many bytes may wait in Redis for one node that does not keep up; what comes on top is an error of its sender, for all other
    /// nodes, too. Default 32 MiB.
    #[must_use]
    pub fn inbox_size(mut self, bytes: usize) -> RedisRooms {
        self.settings.inbox_size = bytes;
        self
    }

    /// Calls this when messages of other nodes may have been missed on this one: to tell its members, say, that they load again what
    /// they show. It must not wait.
    ///
    /// ```
    /// use vernal::websocket::RedisRooms;
    ///
    /// # fn main() -> vernal::Result {
    /// let shared = RedisRooms::new("redis://localhost")?.on_gap(|rooms| {
    ///     for room in rooms.names() {
    ///         for session in rooms.here(&room) {
    ///             let _ = session.try_send("reload");
    ///         }
    ///     }
    /// });
    /// # let _ = shared;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on_gap(mut self, call: impl Fn(&Rooms) + Send + Sync + 'static) -> RedisRooms {
        self.on_gap = Some(Arc::new(call));
        self
    }
}

impl fmt::Debug for RedisRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { server, prefix, .. } = &self.settings;
        f.debug_struct("RedisRooms").field("server", &server.name()).field("prefix", prefix).finish()
    }
}

impl Rooms {
    /// Rooms that are shared with other nodes: whoever is in one, on any node, hears what is said in it.
    ///
    /// Members on the node of the sender hear it at once. For those on others it goes through Redis, to the nodes that have members in
    /// the room, each once, in the order of its sender. While Redis is away it waits for some time, then its sender gets an error:
    /// nothing is lost in silence.
    ///
    /// It speaks with Redis from its first use on, in the runtime of that.
    ///
    /// ```no_run
    /// use vernal::websocket::{RedisRooms, Rooms};
    ///
    /// # fn main() -> vernal::Result {
    /// let rooms = Rooms::redis(RedisRooms::new("redis://localhost:6379/")?);
    /// # let _ = rooms;
    /// # Ok(())
    /// # }
    /// ```
    pub fn redis(shared: RedisRooms) -> Rooms {
        let house = Arc::new_cyclic(|house: &Weak<House>| {
            let nodes = Nodes::new(shared.settings, house.clone());
            let listener = nodes.listener();
            let all = Arc::new(All::told_to(Box::new(move |room, core: &Core, is_in| {
                listener(room, core.id(), is_in);
            })));
            make_known(&all);
            House { all, nodes: Some(nodes), on_gap: shared.on_gap }
        });
        Rooms(house)
    }

    /// How often messages of other nodes may have been missed on this one; 0 where rooms are not shared.
    pub fn gaps(&self) -> u64 {
        self.0.nodes.as_ref().map_or(0, Nodes::gaps)
    }

    /// Whether other nodes can be reached: for an indicator of health. Well where rooms are not shared.
    ///
    /// # Errors
    /// 503: Redis is away.
    pub async fn check(&self) -> Result {
        match &self.0.nodes {
            Some(nodes) => nodes.check().await,
            None => Ok(()),
        }
    }
}

impl Local for House {
    fn deliver(&self, room: &str, message: Delivered) {
        let Some(room) = self.all.get(room) else { return };
        let message = Outgoing { is_text: message.is_text, payload: Payload::Shared(message.payload) };
        deliver(&room, &message, None);
    }

    fn members(&self) -> Vec<(Arc<str>, Vec<MemberId>)> {
        let all = self.all.lock();
        let members = |room: &Room<Core>| room.members().iter().map(|member| member.id()).collect();
        all.iter().map(|(name, room)| (Arc::clone(name), members(room))).collect()
    }

    fn gap(self: Arc<Self>) {
        if let Some(call) = self.on_gap.clone() {
            call(&Rooms(self));
        }
    }
}
