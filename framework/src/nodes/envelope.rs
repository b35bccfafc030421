//! What is written around a message: a head of our own, and Redis's way to hand entries of a stream over.
//!
//! An entry has the fields `n` and `b`, number and bytes in the inbox so far, then `h`, the head, `r`, the room, and `p`, the
//! payload. The head: `V`, the version, a byte of flags, 16 bytes that tell the sender, 8 with its number. Nodes of other versions
//! write another second byte, and what else may stand in an inbox has no such head: neither is for us.

use bytes::Bytes;
use redis::Value;

/// Who sent: a process.
pub(super) type Sender = [u8; 16];

/// The head of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) is_text: bool,
    pub(super) sender: Sender,
    pub(super) number: u64,
}

impl Head {
    pub(super) fn encode(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..3].copy_from_slice(&[b'V', VERSION, u8::from(self.is_text)]);
        bytes[3..19].copy_from_slice(&self.sender);
        bytes[19..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Head, Foreign> {
        let [b'V', version, rest @ ..] = bytes else { return Err(Foreign::Unknown) };
        if *version != VERSION {
            return Err(Foreign::Version(*version));
        }
        let (Some((&[flags], rest)), true) = (rest.split_first_chunk(), bytes.len() == LENGTH) else {
            return Err(Foreign::Unknown);
        };
        let (Some((sender, number)), true) = (rest.split_first_chunk::<16>(), flags <= 1) else {
            return Err(Foreign::Unknown);
        };
        let number = u64::from_be_bytes(number.try_into().map_err(|_| Foreign::Unknown)?);
        Ok(Head { is_text: flags == 1, sender: *sender, number })
    }
}

/// What stood in an inbox and is no message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// A message of a node that speaks another version.
    Version(u8),
    /// Nothing that a node has written.
    Unknown,
}

/// An entry of an inbox.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its id in the stream, to read on from.
    pub(super) id: Vec<u8>,
    /// Number and bytes in the inbox; `None` if no node has written it.
    pub(super) at: Option<(u64, u64)>,
    pub(super) said: Result<Said, Foreign>,
}

/// A message, as another node has sent it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) head: Head,
    pub(super) room: String,
    pub(super) payload: Bytes,
}

/// The entries of the answer to an `XREAD` of one stream; none if it is anything else.
pub(super) fn entries(answer: Value) -> Vec<Entry> {
    let entries = match answer {
        // RESP2: a list of names with their entries.
        Value::Array(mut streams) if !streams.is_empty() => match streams.swap_remove(0) {
            Value::Array(mut stream) if stream.len() == 2 => stream.swap_remove(1),
            _ => return Vec::new(),
        },
        Value::Map(mut streams) if !streams.is_empty() => streams.swap_remove(0).1,
        _ => return Vec::new(),
    };
    let Value::Array(entries) = entries else { return Vec::new() };
    entries.into_iter().filter_map(entry).collect()
}

fn entry(value: Value) -> Option<Entry> {
    let Value::Array(mut parts) = value else { return None };
    let (Some(Value::Array(fields)), Some(Value::BulkString(id))) = (parts.pop(), parts.pop()) else {
        return None;
    };
    let (mut head, mut room, mut payload, mut number, mut bytes) = (None, None, None, None, None);
    let mut fields = fields.into_iter();
    while let (Some(Value::BulkString(name)), Some(Value::BulkString(value))) = (fields.next(), fields.next())
    {
        match &*name {
            b"n" => number = number_of(&value),
            b"b" => bytes = number_of(&value),
            b"h" => head = Some(value),
            b"r" => room = String::from_utf8(value).ok(),
            b"p" => payload = Some(value),
            _ => {}
        }
    }
    let said = Head::decode(&head.unwrap_or_default()).and_then(|head| {
        let (Some(room), Some(payload)) = (room, payload) else { return Err(Foreign::Unknown) };
        // Members would close their sessions for text that is none.
        if head.is_text && simdutf8::basic::from_utf8(&payload).is_err() {
            return Err(Foreign::Unknown);
        }
        Ok(Said { head, room, payload: payload.into() })
    });
    Some(Entry { id, at: number.zip(bytes), said })
}

fn number_of(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Raised when nodes of this version cannot be understood by those before.
const VERSION: u8 = 1;

const LENGTH: usize = 27;

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: impl AsRef<[u8]>) -> Value {
        Value::BulkString(text.as_ref().to_vec())
    }

    fn answer(fields: &[(&str, &[u8])]) -> Value {
        let fields = fields.iter().flat_map(|(name, value)| [bulk(name), bulk(value)]).collect();
        let entry = Value::Array(vec![bulk("5-0"), Value::Array(fields)]);
        Value::Array(vec![Value::Array(vec![bulk("inbox"), Value::Array(vec![entry])])])
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let head = Head { is_text: true, sender: *b"0123456789abcdef", number: u64::MAX - 1 };
        assert_eq!(Head::decode(&head.encode()), Ok(head));
        let head = Head { is_text: false, ..head };
        assert_eq!(Head::decode(&head.encode()), Ok(head));
    }

    #[test]
    fn what_is_foreign_is_told_from_ours() {
        let good = Head { is_text: true, sender: [7; 16], number: 3 }.encode();
        let other = [&[b'V', 2][..], &good[2..]].concat();
        let flagged = [&[b'V', 1, 9][..], &good[3..]].concat();
        let long = [&good[..], b"x"].concat();
        type Fields<'f> = &'f [(&'f str, &'f [u8])];
        let table: &[(&str, Fields<'_>, Option<Foreign>)] = &[
            ("good", &[("n", b"1"), ("b", b"9"), ("h", &good), ("r", b"tea"), ("p", b"hi")], None),
            ("nothing", &[], Some(Foreign::Unknown)),
            ("others", &[("user", b"ann")], Some(Foreign::Unknown)),
            ("a later version", &[("h", &other), ("r", b"tea"), ("p", b"hi")], Some(Foreign::Version(2))),
            ("unknown flags", &[("h", &flagged), ("r", b"tea"), ("p", b"hi")], Some(Foreign::Unknown)),
            ("too long", &[("h", &long), ("r", b"tea"), ("p", b"hi")], Some(Foreign::Unknown)),
            ("too short", &[("h", &good[..20]), ("r", b"tea"), ("p", b"hi")], Some(Foreign::Unknown)),
            ("no room", &[("h", &good), ("p", b"hi")], Some(Foreign::Unknown)),
            ("no payload", &[("h", &good), ("r", b"tea")], Some(Foreign::Unknown)),
            ("a room that is no text", &[("h", &good), ("r", b"\xff"), ("p", b"")], Some(Foreign::Unknown)),
            ("a text that is none", &[("h", &good), ("r", b"tea"), ("p", b"\xff")], Some(Foreign::Unknown)),
        ];
        for (name, fields, expected) in table {
            let entries = entries(answer(fields));
            assert_eq!(entries.len(), 1, "{name}");
            assert_eq!(entries[0].said.as_ref().err(), expected.as_ref(), "{name}");
            assert_eq!(entries[0].id, b"5-0", "{name}");
        }
        for value in
            [Value::Nil, Value::Okay, Value::Array(vec![]), Value::Array(vec![Value::Nil]), bulk("x")]
        {
            assert!(entries(value.clone()).is_empty(), "{value:?}");
        }
    }
}
