//! A message to all who are in a room.
//!
//! It is framed once, and compressed once for each form that members have agreed on; they share its bytes. Nobody waits for slow
//! members: what happens to them says [`Overflow`](crate::websocket::Overflow).

use std::sync::Arc;

use bytes::Bytes;

use super::session::WebSocketSession;
use crate::http::Result;
use crate::proto::ws::{Frame, Role, Rsv, write_frame};
use crate::websocket::core::message::{IntoMessage, Outgoing};
use crate::websocket::core::room::Room;
use crate::websocket::core::{Core, opcode};

/// A message to the members of a room. Made by [`Rooms::to`](crate::websocket::Rooms::to).
#[must_use = "nothing is sent before `send` is called"]
pub struct Broadcast<'s> {
    /// An error where no room can have that name.
    room: Result<Option<Arc<Room<Core>>>>,
    except: Option<&'s WebSocketSession>,
    #[cfg(feature = "redis")]
    elsewhere: Option<(&'s crate::nodes::Nodes, Box<str>)>,
}

impl<'s> Broadcast<'s> {
    pub(super) fn new(room: Result<Option<Arc<Room<Core>>>>) -> Broadcast<'s> {
        Broadcast {
            room,
            except: None,
            #[cfg(feature = "redis")]
            elsewhere: None,
        }
    }

    /// It goes to the members on other nodes, too.
    #[cfg(feature = "redis")]
    pub(super) fn also_to(mut self, nodes: &'s crate::nodes::Nodes, room: &str) -> Broadcast<'s> {
        self.elsewhere = Some((nodes, room.into()));
        self
    }

    /// Leaves one session out, usually the one whose message it is.
    pub fn except(mut self, session: &'s WebSocketSession) -> Broadcast<'s> {
        self.except = Some(session);
        self
    }

    /// Sends it; tells to how many it is on its way. It never waits for members. Where rooms are shared by several nodes, members on
    /// this node have it at once; then it waits until it is handed over to the others. Messages that one task sends one after the
    /// other come in their order everywhere.
    ///
    /// # Errors
    /// The message cannot be made: a value that is no JSON. The name of the room is too long, as for
    /// [`join`](crate::websocket::Rooms::join). Where rooms are shared: 503, and 1013 as a session's close code, if it could
    /// not be handed over, with `Undelivered` as its source; members on this node have got it then.
    pub async fn send<'m>(self, message: impl IntoMessage<'m>) -> Result<usize> {
        let message = message.into_message()?;
        let here = match &self.room? {
            Some(room) => deliver(room, &message, self.except),
            None => 0,
        };
        #[cfg(feature = "redis")]
        if let Some((nodes, room)) = &self.elsewhere {
            let handing = nodes.hand_over(room, message.is_text, message.payload.to_bytes());
            return match handing.done().await {
                Ok(elsewhere) => Ok(here + elsewhere),
                Err(undelivered) => Err(not_handed_over(undelivered)),
            };
        }
        Ok(here)
    }
}

#[cfg(feature = "redis")]
#[cold]
fn not_handed_over(undelivered: crate::nodes::Undelivered) -> crate::http::Error {
    use crate::proto::ws::CloseCode;
    crate::http::Error::unavailable(undelivered.told())
        .with_close_code(CloseCode::TRY_AGAIN_LATER)
        .caused_by(undelivered)
}

/// Gives a message to those who are in a room on this node; tells to how many it is on its way.
pub(super) fn deliver(room: &Room<Core>, message: &Outgoing<'_>, except: Option<&WebSocketSession>) -> usize {
    let mut shared = Shared::new(message);
    let members = room.members();
    let others = members.iter().filter(|member| !except.is_some_and(|except| Arc::ptr_eq(&except.0, member)));
    others.filter(|member| shared.send_to(member)).count()
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
        if core.folded.role == Role::Client || self.message.payload.bytes().len() > core.config.frame_payload
        {
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
                let Ok(payload) = deflate.compress_alone(self.message.payload.bytes()) else { return false };
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
