//! What users hold of a session: the receiving end, the handle that sends, rooms, and what event functions take.

mod context;
mod rooms;
mod session;
mod socket;
mod upgrade;
mod writer;

pub use context::{EventContext, EventKind};
pub use rooms::{Broadcast, Rooms};
pub use session::{Sending, SessionId, WebSocketSession};
pub use socket::{FrameSocket, WebSocket, acceptable, take_as};
pub use upgrade::Upgrade;
pub use writer::MessageWriter;
