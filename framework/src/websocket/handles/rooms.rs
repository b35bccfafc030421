//! Rooms: sessions by name, of this node alone or of several.

use std::fmt;
use std::sync::Arc;

use super::broadcast::Broadcast;
use super::member::Member;
use super::session::WebSocketSession;
use crate::http::{Error, Result};
use crate::proto::ws::CloseCode;
use crate::websocket::core::Core;
use crate::websocket::core::room::All;

/// Rooms by name. Clones stand for the same rooms.
///
/// A room is there while somebody is in it. Members leave by themselves when their session ends. The rooms are those of this process;
/// with the feature `redis`, `Rooms::redis` shares them with other nodes.
///
/// ```
/// use vernal::websocket::{Rooms, WebSocketSession};
/// use vernal::{Result, websocket_handler};
///
/// #[derive(Default)]
/// struct Chat {
///     rooms: Rooms,
/// }
///
/// #[websocket_handler("/chat/{room}")]
/// impl Chat {
///     fn on_open(&self, session: &WebSocketSession, room: &str) -> Result {
///         self.rooms.join(room, session)
///     }
///
///     async fn on_message(&self, session: &WebSocketSession, room: &str, message: &str) -> Result {
///         self.rooms.to(room).except(session).send(message).await?;
///         Ok(())
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Rooms(pub(super) Arc<House>);

/// All rooms, and those who share them.
pub(super) struct House {
    pub(super) all: Arc<All<Core>>,
    #[cfg(feature = "redis")]
    pub(super) nodes: Option<crate::nodes::Nodes>,
    #[cfg(feature = "redis")]
    pub(super) on_gap: Option<OnGap>,
}

/// What is called when messages of other nodes may have been missed.
#[cfg(feature = "redis")]
pub(super) type OnGap = Arc<dyn Fn(&Rooms) + Send + Sync>;

impl Default for Rooms {
    fn default() -> Rooms {
        let all = Arc::default();
        make_known(&all);
        Rooms(Arc::new(House {
            all,
            #[cfg(feature = "redis")]
            nodes: None,
            #[cfg(feature = "redis")]
            on_gap: None,
        }))
    }
}

/// Adds to the rooms of the process, for those who count them.
pub(super) fn make_known(all: &Arc<All<Core>>) {
    #[cfg(feature = "actuator")]
    known().push(Arc::downgrade(all));
    #[cfg(not(feature = "actuator"))]
    let _ = all;
}

#[cfg(feature = "actuator")]
fn known() -> std::sync::MutexGuard<'static, Vec<std::sync::Weak<All<Core>>>> {
    use std::sync::{Mutex, PoisonError, Weak};
    static KNOWN: Mutex<Vec<Weak<All<Core>>>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|all| all.strong_count() > 0);
    known
}

impl Rooms {
    /// No rooms yet.
    pub fn new() -> Rooms {
        Rooms::default()
    }

    /// Takes a session into a room, which is made if there is none. One that is in already stays. Members on this node hear of what is
    /// said from now on; other nodes know of it a moment later, which [`Rooms::settled`] waits for.
    ///
    /// # Errors
    /// The session is closed. The name has more than 1,024 bytes: 400, and 1008 as a session's close code.
    pub fn join(&self, room: &str, session: &WebSocketSession) -> Result {
        check_name(room)?;
        // The list of the session's rooms is held until it is done, so that it cannot end in between.
        let mut memberships = session.0.memberships();
        if session.is_closed() {
            return Err(Error::bad_request("the WebSocket session is closed, so it cannot join a room"));
        }
        if let Some(membership) = self.0.all.join(room, &session.0) {
            memberships.add(membership);
        }
        Ok(())
    }

    /// Lets a session out of a room; tells whether it was in.
    pub fn leave(&self, room: &str, session: &WebSocketSession) -> bool {
        let mut memberships = session.0.memberships();
        let Some(room) = self.0.all.get(room) else { return false };
        memberships.remove(&room);
        self.0.all.remove(&room, &session.0)
    }

    /// Waits until all nodes know of those who have joined and left on this one. Without other nodes there is nothing to wait for.
    ///
    /// ```
    /// use vernal::websocket::{Rooms, WebSocketSession};
    /// use vernal::{Result, State, websocket_open};
    ///
    /// #[websocket_open("/news")]
    /// async fn listen(session: &WebSocketSession, rooms: State<&Rooms>) -> Result {
    ///     rooms.join("news", session)?;
    ///     rooms.settled().await?;
    ///     session.send("you hear all from now on").await
    /// }
    /// ```
    ///
    /// # Errors
    /// 503: Redis is away.
    pub async fn settled(&self) -> Result {
        #[cfg(feature = "redis")]
        if let Some(nodes) = &self.0.nodes {
            return nodes.settled().await;
        }
        Ok(())
    }

    /// A message to the members of a room.
    pub fn to(&self, room: &str) -> Broadcast<'_> {
        let broadcast = Broadcast::new(check_name(room).map(|()| self.0.all.get(room)));
        #[cfg(feature = "redis")]
        if let Some(nodes) = &self.0.nodes {
            return broadcast.also_to(nodes, room);
        }
        broadcast
    }

    /// How many are in a room, on all nodes.
    ///
    /// # Errors
    /// Where rooms are shared, 503: Redis is away. [`Rooms::here`] needs none.
    pub async fn len(&self, room: &str) -> Result<usize> {
        let here = self.0.all.lock().get(room).map_or(0, |room| room.members().len());
        #[cfg(feature = "redis")]
        if let Some(nodes) = &self.0.nodes {
            return Ok(here + nodes.count(room).await?);
        }
        Ok(here)
    }

    /// Who is in a room, on all nodes.
    ///
    /// # Errors
    /// As [`Rooms::len`].
    pub async fn members(&self, room: &str) -> Result<Vec<Member>> {
        let members: Vec<_> = self.here(room).into_iter().map(Member::here).collect();
        #[cfg(feature = "redis")]
        if let Some(nodes) = &self.0.nodes {
            let mut members = members;
            let elsewhere = nodes.members(room).await?.into_iter();
            members.extend(elsewhere.map(|id| Member::elsewhere(super::session::SessionId::from(id))));
            return Ok(members);
        }
        Ok(members)
    }

    /// The sessions of this node that are in a room.
    pub fn here(&self, room: &str) -> Vec<WebSocketSession> {
        let Some(room) = self.0.all.get(room) else { return Vec::new() };
        let members = room.members();
        members.iter().map(|member| WebSocketSession(Arc::clone(member))).collect()
    }

    /// Whether no session of this node is in any room.
    pub fn is_empty(&self) -> bool {
        self.0.all.lock().is_empty()
    }

    /// The names of the rooms that sessions of this node are in, in no order.
    pub fn names(&self) -> Vec<String> {
        self.0.all.lock().keys().map(|name| name.to_string()).collect()
    }

    /// How many rooms there are in the process, and how many members they have together.
    #[cfg(feature = "actuator")]
    pub(crate) fn totals() -> (usize, usize) {
        let known: Vec<_> = known().iter().filter_map(std::sync::Weak::upgrade).collect();
        let rooms = known.iter().map(|all| {
            let rooms = all.lock();
            (rooms.len(), rooms.values().map(|room| room.members().len()).sum::<usize>())
        });
        rooms.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
    }
}

/// Checks the name of a room, which is often one that a peer has sent.
fn check_name(room: &str) -> Result {
    if room.len() <= LONGEST { Ok(()) } else { Err(too_long(room)) }
}

#[cold]
fn too_long(room: &str) -> Error {
    let length = room.len();
    Error::bad_request(format!("The name of a room has at most {LONGEST} bytes; this one has {length}."))
        .with_close_code(CloseCode::POLICY)
}

/// Names are sent to other nodes with each message, and kept for each of them.
const LONGEST: usize = 1024;

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.all.lock();
        f.debug_map().entries(all.iter().map(|(name, room)| (name, room.members().len()))).finish()
    }
}
