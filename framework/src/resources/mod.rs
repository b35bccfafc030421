//! Static resources: files of a directory, or of the binary itself, for all paths that fit a pattern.
//!
//! They are looked for when no mapping has the path, in the order they are given in. Nothing outside the directory is ever
//! sent. What a request asks for (RFC 9110, sections 12 to 14) is judged by `proto`; what is sent is the same for a file in
//! the cache, a file on the disk and a file in the binary.

mod answer;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
mod at_hand;
mod binary;
mod cache;
mod content_type;
mod directory;
mod embedded;
mod failure;
mod listing;
mod mark;
mod mount;
mod mounts;
mod place;
mod representation;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
mod root;
mod settings;
mod stamp;
mod tree;

pub(crate) use self::answer::open_file;
pub use self::embedded::{Embedded, EmbeddedFile};
pub(crate) use self::mounts::{Found, GivenResources, Mounts, Told};
pub use self::settings::Resources;
