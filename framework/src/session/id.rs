//! The id of a session: 192 random bits, written as 32 letters, digits, hyphens and underscores.
//!
//! Whoever knows an id has the session, so it is neither logged nor shown by `Debug`, and what a peer sends is only
//! looked up if it has the form of an id.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::{Error, Result};

/// The id of a session: what its cookie holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; LENGTH]);

/// How many characters an id has.
const LENGTH: usize = 32;

impl SessionId {
    /// A fresh id, of the system's random bytes.
    ///
    /// # Errors
    /// The system has none: 500.
    pub fn random() -> Result<SessionId> {
        let mut bytes = [0; LENGTH / 4 * 3];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::internal(format!("there are no random bytes: {error}")))?;
        let mut text = [0; LENGTH];
        URL_SAFE_NO_PAD
            .encode_slice(bytes, &mut text)
            .map_err(|error| Error::internal(format!("an id has no room: {error}")))?;
        Ok(SessionId(text))
    }

    /// A text as an id; `None` if it has not the form of one.
    pub fn parse(text: &str) -> Option<SessionId> {
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            .then_some(SessionId(bytes))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A number that is spread evenly over random ids.
    #[inline]
    pub(super) fn spread(&self) -> usize {
        let [a, b, c, d, ..] = self.0;
        (u32::from_le_bytes([a, b, c, d]).wrapping_mul(0x9E37_79B1) >> 16) as usize
    }
}

/// The id itself, for the cookie and for keys of stores.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Enough to tell two apart, too little to use one.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({}…)", self.as_str().get(..4).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_fresh_and_are_read_back() {
        let ids: HashSet<_> = (0..1_000).map(|_| SessionId::random().expect("random bytes")).collect();
        assert_eq!(ids.len(), 1_000);
        for id in ids {
            assert_eq!(SessionId::parse(&id.to_string()), Some(id));
            let shown = format!("{id:?}");
            assert!(!shown.contains(id.as_str()) && shown.len() < 20, "{shown}");
        }
    }

    #[test]
    fn what_is_no_id_is_not_looked_up() {
        let good = "abcdefghijklmnopqrstuvwxyz01-_AB";
        assert!(SessionId::parse(good).is_some());
        let bad = [
            "",
            "deadbeef",
            &good[1..],
            &format!("{good}x"),
            "abcdefghijklmnopqrstuvwxyz01-_A*",
            "abcdefghijklmnopqrstuvwxyz01-_A\0",
            "abcdefghijklmnopqrstuvwxyz01-_é",
            &"a".repeat(100_000),
        ];
        for text in bad {
            assert_eq!(SessionId::parse(text), None, "{text}");
        }
    }
}
