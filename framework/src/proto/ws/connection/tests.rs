//! What comes of frames, whole and in pieces.

use super::super::frame::write_frame;
use super::*;

const BOUNDS: Bounds = Bounds { message_size: 100, frame_size: 80, fragments: 4 };

/// Name, frames, what comes of them.
type Row<'t> = (&'t str, Vec<Vec<u8>>, &'t [&'t str]);

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let opcode = OpCode::parse(first & 0x0f).expect("an opcode");
    let rsv = if first & 0x40 != 0 { Rsv::RSV1 } else { Rsv::NONE };
    let mut out = Vec::new();
    write_frame(&mut out, (first & 0x80 != 0, rsv, opcode), payload, Some([1, 2, 3, 250]));
    out
}

fn shown(received: &Received) -> String {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    match received {
        Received::Message { is_text: true, payload } => format!("text {}", text(payload)),
        Received::Message { is_text: false, payload } => format!("binary {}", text(payload)),
        Received::Fragment { is_final, payload } => format!("piece {is_final} {}", text(payload)),
        Received::Ping(payload) => format!("ping {}", text(payload)),
        Received::Pong(payload) => format!("pong {}", text(payload)),
        Received::Close(reason) => format!("close {} {}", reason.code(), reason.text()),
        Received::Frame(frame) => format!("frame {:?} {}", frame.opcode, text(&frame.payload)),
    }
}

/// What comes of the bytes, in pieces of a size.
fn run(mut protocol: Protocol, bytes: &[u8], size: usize) -> Vec<String> {
    let mut inbox = BytesMut::new();
    let mut all = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        inbox.extend_from_slice(piece);
        loop {
            match protocol.receive(&mut inbox, BOUNDS, None) {
                Ok(Some(received)) => all.push(shown(&received)),
                Ok(None) => break,
                Err(reason) => {
                    all.push(format!("fails {}", reason.code()));
                    return all;
                }
            }
        }
    }
    all
}

fn server(wants: Wants) -> Protocol {
    let mut protocol = Protocol::new(Role::Server);
    protocol.wants = wants;
    protocol
}

#[test]
fn frames_become_messages() {
    let longest = format!("binary {}", "a".repeat(80));
    let longest = [longest.as_str()];
    let table: Vec<Row<'_>> = vec![
        ("text", vec![frame(0x81, b"hi")], &["text hi"]),
        ("empty", vec![frame(0x81, b""), frame(0x82, b"")], &["text ", "binary "]),
        ("in pieces", vec![frame(1, b"a"), frame(0, b""), frame(0x80, b"b")], &["text ab"]),
        (
            "a ping between",
            vec![frame(2, b"a"), frame(0x89, b"p"), frame(0x80, b"b")],
            &["ping p", "binary ab"],
        ),
        ("a character in pieces", vec![frame(1, b"\xce"), frame(0x80, b"\xba")], &["text κ"]),
        ("close", vec![frame(0x88, b"\x03\xe8bye")], &["close 1000 bye"]),
        ("pong", vec![frame(0x8a, b"x")], &["pong x"]),
        ("continuation first", vec![frame(0x80, b"x")], &["fails 1002"]),
        ("a message inside", vec![frame(1, b"x"), frame(0x81, b"y")], &["fails 1002"]),
        ("unclaimed bit", vec![frame(0xc1, b"x")], &["fails 1002"]),
        ("unmasked", vec![vec![0x81, 1, b'x']], &["fails 1002"]),
        ("not UTF-8", vec![frame(0x81, b"a\xff")], &["fails 1007"]),
        ("half a character", vec![frame(0x81, b"\xce")], &["fails 1007"]),
        ("half a character in pieces", vec![frame(1, b"\xce"), frame(0x80, b"")], &["fails 1007"]),
        ("binary may be anything", vec![frame(0x82, b"\xff")], &["binary \u{fffd}"]),
        ("a frame as large as may be", vec![frame(0x82, &[b'a'; 80])], &longest),
        ("a frame too large", vec![frame(0x82, &[b'a'; 81])], &["fails 1009"]),
        ("a message too large", vec![frame(2, &[b'a'; 60]), frame(0x80, &[b'a'; 41])], &["fails 1009"]),
        (
            "as many frames as may be",
            vec![frame(2, b"a"), frame(0, b"b"), frame(0, b"c"), frame(0x80, b"d")],
            &["binary abcd"],
        ),
        (
            "too many frames",
            vec![frame(2, b"a"), frame(0, b"b"), frame(0, b"c"), frame(0, b"d"), frame(0x80, b"e")],
            &["fails 1008"],
        ),
    ];
    for (name, frames, expected) in table {
        let bytes = frames.concat();
        for size in [bytes.len(), 1, 3] {
            assert_eq!(run(server(Wants::default()), &bytes, size), expected, "{name} by {size}");
        }
    }
}

#[test]
fn pieces_and_frames_where_they_are_wanted() {
    let bytes = [
        frame(2, b"a"),
        frame(0x89, b""),
        frame(0x80, b"b"),
        frame(0x82, b"c"),
        frame(1, b"d"),
        frame(0x80, b"e"),
    ]
    .concat();
    let fragments = Wants { fragments: true, ..Wants::default() };
    assert_eq!(
        run(server(fragments), &bytes, 2),
        ["piece false a", "ping ", "piece true b", "binary c", "text de"]
    );
    let text = [frame(1, &[b'a'; 60]), frame(0x80, &[b'a'; 41])].concat();
    assert_eq!(run(server(fragments), &text, 2), ["fails 1009"], "text is not taken in pieces");
    let frames = Wants { frames: true, ..Wants::default() };
    let expected = [
        "frame Binary a",
        "frame Ping ",
        "frame Continuation b",
        "frame Binary c",
        "frame Text d",
        "frame Continuation e",
    ];
    assert_eq!(run(server(frames), &bytes, 5), expected);
}

#[test]
fn what_is_wrong_is_refused_before_the_payload_comes() {
    let mut inbox = BytesMut::from(&frame(0x82, &[0; 81])[..6]);
    let refused = server(Wants::default()).receive(&mut inbox, BOUNDS, None).expect_err("from the header");
    assert_eq!(refused.code().value(), 1009);
    let mut text = frame(0x81, b"ab\xf4\x90cdef");
    text.truncate(text.len() - 4);
    let refused = server(Wants::default())
        .receive(&mut BytesMut::from(&text[..]), BOUNDS, None)
        .expect_err("inside the frame");
    assert_eq!(refused.code().value(), 1007);
}

#[test]
fn clients_take_no_masks() {
    let client = || Protocol::new(Role::Client);
    assert_eq!(run(client(), &[0x81, 1, b'x'], 1), ["text x"]);
    assert_eq!(run(client(), &frame(0x81, b"x"), 1), ["fails 1002"]);
}

#[test]
fn a_payload_is_a_slice_of_the_inbox() {
    let mut inbox = BytesMut::with_capacity(256);
    inbox.extend_from_slice(&frame(0x82, b"payload"));
    let place = inbox.as_ptr() as usize + 6;
    let received = server(Wants::default()).receive(&mut inbox, BOUNDS, None);
    let Ok(Some(Received::Message { payload, .. })) = received else { panic!("{received:?}") };
    assert_eq!(payload.as_ptr() as usize, place);
}
