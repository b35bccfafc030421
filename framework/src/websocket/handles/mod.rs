//! What users hold of a session: the receiving end, the handle that sends, rooms, and what event functions take.

mod broadcast;
mod context;
mod member;
mod rooms;
mod session;
#[cfg(feature = "redis")]
mod shared_rooms;
mod socket;
mod upgrade;
mod writer;

pub use broadcast::Broadcast;
pub use context::{EventContext, EventKind};
pub use member::Member;
pub use rooms::Rooms;
pub use session::{Sending, SessionId, WebSocketSession};
#[cfg(feature = "redis")]
pub use shared_rooms::RedisRooms;
pub use socket::{FrameSocket, WebSocket, acceptable, take_as};
pub use upgrade::Upgrade;
pub use writer::MessageWriter;
