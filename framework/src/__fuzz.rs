//! The doors of the fuzz targets in `fuzz/`. Compiled by cargo-fuzz alone.
//!
//! Each takes any bytes and panics when a promise is broken. The limits are small, so that inputs come up to them.

mod coding;
mod multipart;
mod websocket;

use crate::base::Headers;
use crate::proto::h1::exercise::{Event, in_pieces, summary, whole};
use crate::proto::h1::{BodyDecoder, Framing, Head, Progress, parse};
use crate::proto::{Limits, Refusal, may_trail, trailer_fields};

pub use self::coding::coding;
pub use self::multipart::multipart;
pub use self::websocket::{deflate, frames, handshake, websocket};

const LIMITS: Limits = Limits::new().uri_length(64).head_size(512).header_count(8);

/// What is accepted as a head keeps the law, is not accepted before it has ended, and means the same when it is
/// written anew.
pub fn head(input: &[u8]) {
    let mut headers = Headers::new();
    let mut target = String::new();
    let Ok(Some(head)) = parse(input, &LIMITS, &mut headers, &mut target) else { return };
    let bytes = &input[..head.length];
    assert!(bytes.len() <= LIMITS.head_size && headers.len() <= LIMITS.header_count);
    assert!(target.len() <= LIMITS.uri_length);
    check_line_ends(bytes);
    check_fields(&head, &headers);

    for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert_eq!(parse(&bytes[..length], &LIMITS, &mut Headers::new(), &mut String::new()), Ok(None));
    }
    let mut written = format!("{} {target} {:?}\r\n", head.method, head.version).into_bytes();
    for (name, value) in headers.iter() {
        written.extend_from_slice(&[name.as_bytes(), b":  ", value, b" \r\n"].concat());
    }
    written.extend_from_slice(b"\r\n");
    let mut again = Headers::new();
    let mut same = String::new();
    let other =
        parse(&written, &Limits::new(), &mut again, &mut same).expect("as good as the first").expect("whole");
    assert_eq!(summary(&head, &headers, &target), summary(&other, &again, &same));
    assert!(headers.iter().eq(again.iter()));
}

/// However a body is cut, it is the same body, and ends at the same byte.
pub fn body(input: &[u8]) {
    let Some((&kind, input)) = input.split_first() else { return };
    let framing = match kind {
        b'c' => Framing::Chunked,
        length => Framing::Length(length.into()),
    };
    let one = decode(framing, input, input.len().max(1));
    assert_eq!(one, decode(framing, input, 1));
    assert_eq!(one, decode(framing, input, 7));
    let Ok(decoded) = one else { return };
    assert!(decoded.data.len() <= decoded.consumed && decoded.consumed <= input.len());
    for (name, value) in trailer_fields(&decoded.trailers).iter() {
        assert!(may_trail(name) && crate::base::is_token(name.as_bytes()) && crate::base::is_value(value));
    }
    if let (Framing::Length(length), true) = (framing, decoded.is_done) {
        assert_eq!(decoded.data, input[..length as usize]);
    }
}

/// Which version a connection speaks is the same however its first bytes are cut. The first one says how long the pieces are.
pub fn preface(input: &[u8]) {
    let Some((&length, input)) = input.split_first() else { return };
    crate::server::http2::preface::exercise::check(input, length.into(), &LIMITS);
}

/// However a connection's bytes are cut, they are the same requests. The first byte says how long the pieces are.
pub fn connection(input: &[u8]) {
    let Some((&length, input)) = input.split_first() else { return };
    // An end that no head can be unfinished before: those in one piece are refused as early as can be.
    let input = [input, &b"\r\n\r\n".repeat(LIMITS.head_size / 4 + 1)].concat();
    let (one, other) = (whole(&input, &LIMITS), in_pieces(&input, usize::from(length).max(1), &LIMITS));
    assert_eq!(one.refusal().is_some(), other.refusal().is_some());
    let good = |event: &&Event| !matches!(event, Event::Refused(_));
    assert!(one.events.iter().filter(good).eq(other.events.iter().filter(good)));
}

fn check_line_ends(head: &[u8]) {
    assert!(head.ends_with(b"\r\n\r\n"));
    for (index, byte) in head.iter().enumerate() {
        match byte {
            b'\n' => assert_eq!(head[index - 1], b'\r'),
            b'\r' => assert_eq!(head[index + 1], b'\n'),
            byte => assert!(!byte.is_ascii_control() || *byte == b'\t'),
        }
    }
}

fn check_fields(head: &Head, headers: &Headers) {
    let count = |wanted: &str| headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).count();
    let is_1_1 = head.version == http::Version::HTTP_11;
    assert!(count("host") == 1 || !is_1_1 && count("host") == 0);
    match head.framing {
        Framing::None => assert_eq!((count("content-length"), count("transfer-encoding")), (0, 0)),
        Framing::Length(_) => assert_eq!((count("content-length"), count("transfer-encoding")), (1, 0)),
        Framing::Chunked => assert_eq!((count("content-length"), count("transfer-encoding")), (0, 1)),
    }
    assert!(is_1_1 || !matches!(head.framing, Framing::Chunked));
    assert!(
        headers
            .iter()
            .all(|(name, value)| crate::base::is_token(name.as_bytes()) && crate::base::is_value(value))
    );
}

#[derive(Debug, PartialEq)]
struct Decoded {
    data: Vec<u8>,
    trailers: Vec<u8>,
    consumed: usize,
    is_done: bool,
}

fn decode(framing: Framing, input: &[u8], length: usize) -> Result<Decoded, Refusal> {
    let mut decoder = BodyDecoder::new(framing);
    let mut decoded = Decoded { data: Vec::new(), trailers: Vec::new(), consumed: 0, is_done: false };
    for piece in input.chunks(length) {
        let mut rest = piece;
        loop {
            let consumed = match decoder.decode(rest, &LIMITS)? {
                Progress::Data { consumed, data } => {
                    assert!(!data.is_empty() && rest[..consumed].ends_with(data));
                    decoded.data.extend_from_slice(data);
                    consumed
                }
                Progress::Trailers { consumed, lines } => {
                    assert!(!lines.is_empty() && consumed >= lines.len());
                    decoded.trailers.extend_from_slice(lines);
                    consumed
                }
                Progress::NeedMore { consumed } | Progress::End { consumed } => {
                    decoded.consumed += consumed;
                    break;
                }
            };
            decoded.consumed += consumed;
            rest = &rest[consumed..];
        }
    }
    decoded.is_done = decoder.is_done();
    Ok(decoded)
}
