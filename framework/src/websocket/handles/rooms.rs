//! Rooms: sessions by name, and one message for all of them.
//!
//! A message is framed once, and compressed once for each form that members have agreed on; they share its bytes. Nobody waits for
//! slow members: what happens to them says [`Overflow`](crate::websocket::Overflow).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::session::WebSocketSession;
use crate::http::{Error, Result};
use crate::proto::ws::{Frame, Role, Rsv, compress_alone, write_frame};
use crate::websocket::core::message::{IntoMessage, Outgoing};
use crate::websocket::core::room::{All, Room};
use crate::websocket::core::{Core, opcode};

/// Rooms by name. Clones stand for the same rooms.
///
/// A room is there while somebody is in it. Members leave by themselves when their session ends.
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
pub struct Rooms(Arc<All<Core>>);

impl Default for Rooms {
    fn default() -> Rooms {
        let all = Arc::default();
        #[cfg(feature = "actuator")]
        known().push(Arc::downgrade(&all));
        Rooms(all)
    }
}

/// The rooms of the process, for those who count them.
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

    /// Takes a session into a room, which is made if there is none. One that is in already stays.
    ///
    /// # Errors
    /// The session is closed.
    pub fn join(&self, room: &str, session: &WebSocketSession) -> Result {
        // The list of the session's rooms is held until it is done, so that it cannot end in between.
        let mut memberships = session.0.memberships();
        if session.is_closed() {
            return Err(Error::bad_request("the WebSocket session is closed, so it cannot join a room"));
        }
        memberships.extend(self.0.join(room, &session.0));
        Ok(())
    }

    /// Lets a session out of a room; tells whether it was in.
    pub fn leave(&self, room: &str, session: &WebSocketSession) -> bool {
        let mut memberships = session.0.memberships();
        let Some(room) = self.0.get(room) else { return false };
        memberships.retain(|membership| !membership.is_of(&room));
        self.0.remove(&room, &session.0)
    }

    /// A message to the members of a room.
    pub fn to(&self, room: &str) -> Broadcast<'_> {
        Broadcast { room: self.0.get(room), except: None }
    }

    /// How many are in a room.
    pub fn len(&self, room: &str) -> usize {
        self.0.lock().get(room).map_or(0, |room| room.members().len())
    }

    /// Whether there is no room at all.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// The members of a room.
    pub fn members(&self, room: &str) -> Vec<WebSocketSession> {
        let Some(room) = self.0.get(room) else { return Vec::new() };
        let members = room.members();
        members.iter().map(|member| WebSocketSession(Arc::clone(member))).collect()
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

    /// The names of all rooms, in no order.
    pub fn names(&self) -> Vec<String> {
        self.0.lock().keys().map(|name| name.to_string()).collect()
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.lock();
        f.debug_map().entries(all.iter().map(|(name, room)| (name, room.members().len()))).finish()
    }
}

/// A message to the members of a room. Made by [`Rooms::to`].
#[must_use = "nothing is sent before `send` is called"]
pub struct Broadcast<'s> {
    room: Option<Arc<Room<Core>>>,
    except: Option<&'s WebSocketSession>,
}

impl<'s> Broadcast<'s> {
    /// Leaves one session out, usually the one whose message it is.
    pub fn except(mut self, session: &'s WebSocketSession) -> Broadcast<'s> {
        self.except = Some(session);
        self
    }

    /// Sends it; tells to how many it is on its way. It never waits for members: it is `async` since rooms may be spread over
    /// several nodes one day.
    ///
    /// # Errors
    /// The message cannot be made: a value that is no JSON.
    pub async fn send<'m>(self, message: impl IntoMessage<'m>) -> Result<usize> {
        let message = message.into_message()?;
        let Some(room) = self.room else { return Ok(0) };
        let mut shared = Shared::new(&message);
        let members = room.members();
        let others =
            members.iter().filter(|member| !self.except.is_some_and(|except| Arc::ptr_eq(&except.0, member)));
        Ok(others.filter(|member| shared.send_to(member)).count())
    }
}

/// A message in the forms that sessions share.
struct Shared<'m> {
    message: &'m Outgoing<'m>,
    /// As extensions take it.
    frame: Option<Frame>,
    plain: Option<Bytes>,
    compressed: Vec<((u32, u8), Bytes)>,
}

impl<'m> Shared<'m> {
    fn new(message: &'m Outgoing<'m>) -> Shared<'m> {
        Shared { message, frame: None, plain: None, compressed: Vec::new() }
    }

    fn send_to(&mut self, core: &Core) -> bool {
        if core.role == Role::Client || self.message.payload.bytes().len() > core.config.frame_payload {
            return core.push_shared(self.frame());
        }
        // Held until the frame is in the outbox, since it decides about the order of messages.
        let Some(mut extensions) = core.lock_extensions() else { return core.push_ready(self.plain()) };
        let Some(deflate) = extensions.deflate_alone() else {
            drop(extensions);
            return core.push_shared(self.frame());
        };
        if !deflate.compresses(self.frame()) {
            return core.push_ready(self.plain());
        }
        let form = deflate.form();
        let known = self.compressed.iter().position(|(known, _)| *known == form);
        let index = match known {
            Some(index) => index,
            None => {
                let Ok(payload) = compress_alone(form, self.message.payload.bytes()) else { return false };
                self.compressed.push((form, framed(self.message, Rsv::RSV1, &payload)));
                self.compressed.len() - 1
            }
        };
        deflate.forget_context();
        core.push_ready(&self.compressed[index].1)
    }

    fn frame(&mut self) -> &Frame {
        let message = self.message;
        self.frame.get_or_insert_with(|| Frame::new(opcode(message.is_text), message.payload.to_bytes()))
    }

    fn plain(&mut self) -> &Bytes {
        let message = self.message;
        self.plain.get_or_insert_with(|| framed(message, Rsv::NONE, message.payload.bytes()))
    }
}

fn framed(message: &Outgoing<'_>, rsv: Rsv, payload: &[u8]) -> Bytes {
    let mut frames = Vec::new();
    write_frame(&mut frames, (true, rsv, opcode(message.is_text)), payload, None);
    frames.into()
}
