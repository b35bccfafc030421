//! The doors to WebSocket: frames, whole connections, the opening handshake, permessage-deflate.

use std::sync::Mutex;

use bytes::{Bytes, BytesMut};

use crate::base::{Headers, is_token};
use crate::proto::ws::{
    Bounds, CloseReason, Deflate, Extension, ExtensionOffer, Extensions, Frame, FrameHeader, MAX_HEADER,
    OpCode, Protocol, Received, Role, Rsv, Wants, handshake, write_frame,
};

const BOUNDS: Bounds = Bounds { message_size: 300, frame_size: 200, fragments: 4 };

/// A header that is accepted has no other form, and is not accepted before it has ended; one that is refused is
/// refused however much has come of it.
pub fn frames(input: &[u8]) {
    let parse = |bytes| FrameHeader::parse(bytes, |_| Ok(()));
    let parsed = parse(input);
    let known_at = (0..=input.len().min(MAX_HEADER)).find(|&end| parse(&input[..end]) != Ok(None));
    let (header, length) = match parsed {
        Ok(None) => return assert!(input.len() < MAX_HEADER && known_at.is_none()),
        Err(reason) => {
            assert_eq!(reason.code(), 1002);
            let known_at = known_at.expect("the header is what is wrong");
            return assert_eq!(parse(&input[..known_at]), Err(reason));
        }
        Ok(Some(parsed)) => parsed,
    };
    assert_eq!(known_at, Some(length));
    let mut written = Vec::new();
    header.write(&mut written);
    assert_eq!(written, input[..length]);

    let FrameHeader { is_final, rsv, opcode, mask, .. } = header;
    let payload = &input[length..];
    if !opcode.is_control() || payload.len() <= 125 {
        written.clear();
        write_frame(&mut written, (is_final, rsv, opcode), payload, mask);
        let (again, length) = parse(&written).expect("a good header").expect("a whole one");
        assert_eq!(again, FrameHeader { length: payload.len() as u64, ..header });
        let mut back = written.split_off(length);
        let key = mask.unwrap_or_default();
        back.iter_mut().zip(key.into_iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        assert_eq!(back, payload);
    }
}

/// However a connection's bytes are cut, they are the same messages and the same failure, within the bounds. The
/// first byte says whose side it is and what is wanted, the second how long the pieces are.
pub fn websocket(input: &[u8]) {
    let [kind, length, input @ ..] = input else { return };
    let one = receive(*kind, input, input.len().max(1));
    assert_eq!(one, receive(*kind, input, 1));
    assert_eq!(one, receive(*kind, input, usize::from(*length).max(1)));
}

/// What a handshake's fields are parsed to is a list of tokens, which is the same when it is written anew, and what
/// permessage-deflate answers keeps to what it is offered. The first line is a key, the others are lists.
pub fn handshake(input: &[u8]) {
    let mut headers = Headers::from([("sec-websocket-version", "13")]);
    let mut lines = input.split(|byte| *byte == b'\n');
    let _ = headers.try_append("sec-websocket-key", lines.next().unwrap_or_default());
    for line in lines {
        for name in ["sec-websocket-extensions", "sec-websocket-protocol", "upgrade"] {
            let _ = headers.try_append(name, line);
        }
    }
    if let Ok(key) = handshake::key(&headers) {
        assert_eq!((key.len(), handshake::accept_of(key).len()), (24, 28));
    }
    let is_wanted = handshake::is_wanted(&headers);
    let mut tokens = headers.elements("sec-websocket-protocol");
    assert_eq!(is_wanted, tokens.any(|token| token.eq_ignore_ascii_case("websocket")));
    assert!(tokens.all(|token| !token.contains(',') && token.trim() == token && !token.is_empty()));

    let Ok(offers) = handshake::extensions(&headers) else { return };
    for offer in &offers {
        let mut names = offer.parameters.iter().flat_map(|(name, value)| [Some(*name), *value]).flatten();
        assert!(is_token(offer.name.as_bytes()) && names.all(|name| is_token(name.as_bytes())));
        answer(offer, Deflate::default());
        answer(offer, Deflate::default().keep_context().server_max_window_bits(9).client_max_window_bits(12));
    }
    let written = offers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let again = Headers::from([("sec-websocket-extensions", &*written)]);
    assert_eq!(handshake::extensions(&again).as_ref(), Ok(&offers));
}

/// Any bytes are inflated within their room or refused, however they are cut into frames; and what is compressed is
/// inflated again. The first bytes say which parameters there are, how much room, and how long the frames are.
pub fn deflate(input: &[u8]) {
    let [kind, room, length, input @ ..] = input else { return };
    let (room, length) = (usize::from(*room) * 8, usize::from(*length) + 1);
    let settings = deflate_of(*kind);
    let one = inflate(&mut *settings.extension(Role::Server), input, input.len().max(1), room);
    let other = inflate(&mut *settings.extension(Role::Server), input, length, room);
    assert_eq!(one.as_ref().ok(), other.as_ref().ok());
    for refused in [one, other].into_iter().filter_map(Result::err) {
        assert!(matches!(refused.code().value(), 1007 | 1009));
    }

    let (mut sender, mut receiver) = (settings.extension(Role::Client), settings.extension(Role::Server));
    for message in [input, &input[input.len() / 2..], input] {
        let mut left = message.len();
        for (place, piece) in pieces(message, length) {
            let mut frame = frame(place, Bytes::copy_from_slice(piece));
            frame.rsv = Rsv::NONE;
            sender.encode(&mut frame).expect("compressed");
            assert_eq!(frame.rsv.contains(Rsv::RSV1), place.0 && !message.is_empty());
            frame.room = left;
            receiver.decode(&mut frame).expect("inflated");
            assert_eq!(frame.payload, piece);
            left -= piece.len();
        }
    }
}

/// All that comes of a connection, in pieces of a size.
fn receive(kind: u8, input: &[u8], size: usize) -> (Vec<Received>, Option<CloseReason>) {
    let role = if kind & 1 == 0 { Role::Server } else { Role::Client };
    let mut protocol = Protocol::new(role);
    protocol.wants = Wants { fragments: kind & 2 != 0, frames: kind & 4 != 0 };
    let extensions = (kind & 8 != 0).then(|| {
        let extensions = Extensions::new(vec![deflate_of(kind >> 4).extension(role)]);
        protocol.claim(extensions.claimed());
        Mutex::new(extensions)
    });
    let mut inbox = BytesMut::new();
    let mut all = Vec::new();
    for piece in input.chunks(size) {
        inbox.extend_from_slice(piece);
        loop {
            match protocol.receive(&mut inbox, BOUNDS, extensions.as_ref()) {
                Ok(Some(received)) => {
                    check(&received, kind);
                    all.push(received);
                }
                Ok(None) => break,
                Err(reason) => return (all, Some(reason)),
            }
        }
        assert!(inbox.len() < MAX_HEADER + BOUNDS.frame_size);
        assert!(protocol.missing(&inbox) <= BOUNDS.frame_size);
    }
    (all, None)
}

fn check(received: &Received, kind: u8) {
    match received {
        Received::Message { is_text, payload } => {
            assert!(payload.len() <= BOUNDS.message_size);
            assert!(!is_text || std::str::from_utf8(payload).is_ok());
        }
        Received::Fragment { payload, .. } => {
            assert!(kind & 2 != 0 && payload.len() <= BOUNDS.message_size);
        }
        Received::Ping(payload) | Received::Pong(payload) => assert!(payload.len() <= 125),
        Received::Close(reason) => assert!(reason.code() == 1005 || reason.code().is_sendable()),
        Received::Frame(frame) => {
            assert!(kind & 4 != 0 && frame.rsv == Rsv::NONE);
            assert!(!frame.opcode.is_control() || frame.is_final && frame.payload.len() <= 125);
        }
    }
}

/// What the server answers an offer keeps to it (RFC 7692, section 7.1).
fn answer(offer: &ExtensionOffer<'_>, settings: Deflate) {
    let Some(response) = settings.extension(Role::Server).negotiate(std::slice::from_ref(offer)) else {
        return;
    };
    let headers = Headers::from([("sec-websocket-extensions", response.text().expect("it is not silent"))]);
    let answers = handshake::extensions(&headers).expect("well formed");
    let [answer] = &answers[..] else { panic!("one answer") };
    let bits = |offer: &ExtensionOffer<'_>, name| {
        offer.parameter(name).map(|bits| bits.map_or(15, |bits| bits.parse::<u8>().expect("a number")))
    };
    assert_eq!(offer.name, answer.name);
    if offer.parameter("server_no_context_takeover").is_some() {
        assert_eq!(answer.parameter("server_no_context_takeover"), Some(None));
    }
    if let Some(most) = bits(offer, "server_max_window_bits") {
        assert!(bits(answer, "server_max_window_bits").is_some_and(|bits| bits <= most));
    }
    if let Some(bits_of_client) = bits(answer, "client_max_window_bits") {
        assert!(bits(offer, "client_max_window_bits").is_some_and(|most| bits_of_client <= most));
    }
}

fn deflate_of(kind: u8) -> Deflate {
    let window = 9 + kind % 7;
    let settings = Deflate::default().compress_if_bigger_than(0).level(1 + u32::from(kind) % 9);
    let settings = settings.client_max_window_bits(window).server_max_window_bits(window);
    if kind & 8 == 0 { settings } else { settings.keep_context() }
}

fn inflate(
    extension: &mut dyn Extension,
    input: &[u8],
    length: usize,
    room: usize,
) -> Result<Vec<u8>, CloseReason> {
    let mut out = Vec::new();
    for (place, piece) in pieces(input, length) {
        let mut frame = frame(place, Bytes::copy_from_slice(piece));
        frame.room = room - out.len();
        extension.decode(&mut frame)?;
        out.extend_from_slice(&frame.payload);
        assert!(out.len() <= room && frame.rsv == Rsv::NONE);
    }
    Ok(out)
}

/// A message in pieces, each with whether it is the first and the last; one piece if there is nothing in it.
fn pieces(message: &[u8], length: usize) -> impl Iterator<Item = ((bool, bool), &[u8])> {
    let count = message.len().div_ceil(length).max(1);
    (0..count).map(move |index| {
        let rest = &message[index * length..];
        ((index == 0, index + 1 == count), &rest[..rest.len().min(length)])
    })
}

fn frame((is_first, is_final): (bool, bool), payload: Bytes) -> Frame {
    let (opcode, rsv) =
        if is_first { (OpCode::Binary, Rsv::RSV1) } else { (OpCode::Continuation, Rsv::NONE) };
    Frame { is_final, rsv, ..Frame::new(opcode, payload) }
}
