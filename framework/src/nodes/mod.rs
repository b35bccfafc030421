//! What several nodes share through Redis: who is in a room, and what is said there.
//!
//! Each node has an inbox in Redis, a stream that it alone reads, from where it stopped. Whoever sends puts a message into the
//! inboxes of those nodes that have members in its room, by one script: a node without members is not bothered. `writer.rs` sends
//! and tells who is in, over one connection; `reader.rs` reads over another. What either may lose shows:
//!
//! - What a node sends has numbers without a gap. Redis takes each once, however often it is repeated, and so does each reader:
//!   after a time-out all is repeated.
//! - What comes into an inbox has numbers without a gap, too.
//! - A node has a lease, which it renews. Redis's clock says when it is over; no node's clock is asked for anything.
//! - An epoch is the life of what Redis remembers. A node that finds another one registers anew, and repeats what it cannot know
//!   to be read.

mod address;
mod backoff;
mod connection;
mod envelope;
mod host;
mod link;
mod local;
mod name;
mod node;
mod queue;
mod reader;
mod script;
mod seen;
mod settings;
mod shared;
mod undelivered;
mod url;
mod writer;

pub use address::RedisAddress;
pub(crate) use link::{Link, Question};
pub(crate) use local::{Delivered, Local, MemberId};
pub(crate) use node::Nodes;
pub(crate) use settings::Settings;
pub use undelivered::Undelivered;
