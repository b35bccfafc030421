//! Names: of rooms, and those that nodes and epochs give themselves.

use crate::http::{Error, Result};

/// Checks the name of a room that other nodes hear of.
///
/// # Errors
/// 400: it is too long.
pub(crate) fn check_name(room: &str) -> Result {
    if room.len() <= LONGEST {
        return Ok(());
    }
    let length = room.len();
    Err(Error::bad_request(format!(
        "The name of a room that several nodes share has at most {LONGEST} bytes; this one has {length}."
    )))
}

/// A name that nothing else has: 128 random bits.
pub(crate) fn fresh_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names are sent with each message, and kept for each node.
const LONGEST: usize = 1024;
