//! Offers and answers, the RFC's examples, bombs, and everything there and back.

use proptest::prelude::*;

use super::*;
use bytes::Bytes;

fn offer(text: &'static str) -> ExtensionOffer<'static> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().expect("a name");
    let parameters = parts
        .map(|part| part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value))))
        .collect();
    ExtensionOffer { name, parameters }
}

fn negotiated(settings: &Deflate, offers: &[&'static str]) -> Option<String> {
    let offers: Vec<_> = offers.iter().map(|text| offer(text)).collect();
    let mut extension = PerMessageDeflate::new(settings, Role::Server);
    extension.negotiate(&offers)?.text().map(str::to_owned)
}

#[test]
fn offers_are_answered() {
    let default = &Deflate::default();
    let keeping = &Deflate::default().keep_context();
    let small = &Deflate::default().keep_context().server_max_window_bits(10).client_max_window_bits(11);
    let wide = &Deflate::default().client_max_window_bits(15);
    let alone = "permessage-deflate; server_no_context_takeover";
    let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let small_window = "permessage-deflate; server_no_context_takeover; client_max_window_bits=9";
    let table: [(&Deflate, &[&str], Option<&str>); 26] = [
        (default, &["permessage-deflate"], Some(alone)),
        (default, &["permessage-deflate; server_no_context_takeover"], Some(alone)),
        (default, &["permessage-deflate; client_no_context_takeover"], Some(both)),
        (default, &["permessage-deflate; client_max_window_bits"], Some(small_window)),
        (default, &["permessage-deflate; client_max_window_bits=15"], Some(small_window)),
        (default, &["permessage-deflate; client_max_window_bits=9"], Some(small_window)),
        (
            default,
            &["permessage-deflate; client_max_window_bits=8"],
            Some("permessage-deflate; server_no_context_takeover; client_max_window_bits=8"),
        ),
        (
            default,
            &["permessage-deflate; client_no_context_takeover; client_max_window_bits"],
            Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        ),
        (wide, &["permessage-deflate; client_max_window_bits"], Some(alone)),
        (
            wide,
            &["permessage-deflate; client_max_window_bits=11"],
            Some("permessage-deflate; server_no_context_takeover; client_max_window_bits=11"),
        ),
        (default, &["x", "permessage-deflate"], Some(alone)),
        (default, &["x"], None),
        (default, &["permessage-deflate; unknown"], None),
        (default, &["permessage-deflate; unknown", "permessage-deflate"], Some(alone)),
        (default, &["permessage-deflate; server_no_context_takeover=1"], None),
        (default, &["permessage-deflate; server_max_window_bits"], None),
        (default, &["permessage-deflate; server_max_window_bits=8"], None),
        (default, &["permessage-deflate; server_max_window_bits=16"], None),
        (default, &["permessage-deflate; server_max_window_bits=09"], None),
        (default, &["permessage-deflate; client_max_window_bits=8; client_max_window_bits=9"], None),
        (keeping, &["permessage-deflate"], Some("permessage-deflate")),
        (
            keeping,
            &["permessage-deflate; client_no_context_takeover"],
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            keeping,
            &["permessage-deflate; server_max_window_bits=9"],
            Some("permessage-deflate; server_max_window_bits=9"),
        ),
        (
            keeping,
            &["permessage-deflate; client_max_window_bits=8"],
            Some("permessage-deflate; client_max_window_bits=8"),
        ),
        (
            small,
            &["permessage-deflate; client_max_window_bits"],
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"),
        ),
        (
            small,
            &["permessage-deflate; server_max_window_bits=12"],
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
    ];
    for (settings, offers, expected) in table {
        assert_eq!(negotiated(settings, offers).as_deref(), expected, "{offers:?}");
    }
}

#[test]
fn answers_are_judged() {
    let table = [
        (false, "permessage-deflate; server_no_context_takeover", true),
        (false, "permessage-deflate", false),
        (true, "permessage-deflate", true),
        (true, "permessage-deflate; client_max_window_bits", false),
        (true, "permessage-deflate; client_max_window_bits=8", false),
        (true, "permessage-deflate; client_max_window_bits=9; server_max_window_bits=9", true),
        (true, "permessage-deflate; x", false),
    ];
    for (keeps, answer, expected) in table {
        let settings = if keeps { Deflate::default().keep_context() } else { Deflate::default() };
        assert_eq!(
            PerMessageDeflate::new(&settings, Role::Client).agree(&offer(answer)),
            expected,
            "{answer}"
        );
    }
}

fn always() -> Deflate {
    Deflate::default().compress_if_bigger_than(0)
}

fn decoded(extension: &mut PerMessageDeflate, rsv: Rsv, payload: &[u8], room: usize) -> Result<Bytes, u16> {
    let mut frame = Frame { rsv, room, ..Frame::new(OpCode::Text, Bytes::copy_from_slice(payload)) };
    extension.decode(&mut frame).map_err(|reason| reason.code().value())?;
    assert!(frame.rsv.is_empty());
    Ok(frame.payload)
}

#[test]
fn the_examples_of_the_rfc() {
    let fresh = || PerMessageDeflate::new(&always(), Role::Server);
    let mut frame = Frame::new(OpCode::Text, "Hello");
    fresh().encode(&mut frame).expect("compressed");
    assert_eq!((&frame.payload[..], frame.rsv), (&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], Rsv::RSV1));
    let table: [(&str, &[u8]); 4] = [
        ("one block", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("not compressed", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        ("a last block", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        ("two blocks", &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]),
    ];
    for (name, payload) in table {
        assert_eq!(decoded(&mut fresh(), Rsv::RSV1, payload, 5).as_deref(), Ok(&b"Hello"[..]), "{name}");
    }
    let mut keeping = PerMessageDeflate::new(&always().keep_context(), Role::Server);
    for payload in [&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &[0xf2, 0x00, 0x11, 0x00, 0x00]] {
        assert_eq!(decoded(&mut keeping, Rsv::RSV1, payload, 5).as_deref(), Ok(&b"Hello"[..]));
    }
    assert_eq!(decoded(&mut fresh(), Rsv::RSV1, &[0x00], 5).as_deref(), Ok(&b""[..]));
    assert_eq!(decoded(&mut fresh(), Rsv::NONE, b"plain", 5).as_deref(), Ok(&b"plain"[..]));
}

/// What a client keeps its context with, though it was told not to.
fn keeping_client(window: u8) -> PerMessageDeflate {
    PerMessageDeflate::new(&always().keep_context().client_max_window_bits(window), Role::Client)
}

#[test]
fn clients_that_keep_their_window_are_followed() {
    let text = "a message that is like the one before it, but for its number: ".repeat(3);
    let table: [(&'static str, u8, usize); 5] = [
        ("permessage-deflate", 15, 1 << 15),
        ("permessage-deflate; server_no_context_takeover", 15, 1 << 15),
        ("permessage-deflate; client_max_window_bits", 9, 512),
        ("permessage-deflate; client_max_window_bits=12", 9, 512),
        ("permessage-deflate; client_no_context_takeover", 0, 0),
    ];
    for (offered, window, kept) in table {
        let mut server = PerMessageDeflate::new(&Deflate::default(), Role::Server);
        server.negotiate(&[offer(offered)]).expect("an answer");
        let mut client = match window {
            0 => PerMessageDeflate::new(&always(), Role::Client),
            _ => keeping_client(window),
        };
        for number in 0..400 {
            let message = format!("{text}{number}");
            let mut frame = Frame::new(OpCode::Text, message.clone());
            client.encode(&mut frame).expect("compressed");
            assert!(number == 0 || window == 0 || frame.payload.len() < 40, "it refers to what came before");
            let payload = decoded(&mut server, Rsv::RSV1, &frame.payload, message.len());
            assert_eq!(payload.as_deref(), Ok(message.as_bytes()), "{offered} {number}");
        }
        assert_eq!(server.window.size(), kept, "{offered}");
        assert!(server.decompressor.is_none(), "{offered}: nothing else is held");
    }
}

#[test]
fn a_last_block_does_not_end_the_context() {
    // "Hello" in a block that says to be the last; then a reference to it, in a block of the same message, of its next frame and
    // of the next message.
    let (last, again): (&[u8], &[u8]) =
        (&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], &[0xf2, 0x00, 0x11, 0x00, 0x00]);
    for (name, frames) in [
        ("one frame", vec![([last, again].concat(), true)]),
        ("two frames", vec![(last.to_vec(), false), (again.to_vec(), true)]),
        ("two messages", vec![([last, &[0]].concat(), true), (again.to_vec(), true)]),
    ] {
        let mut server = PerMessageDeflate::new(&Deflate::default(), Role::Server);
        server.negotiate(&[offer("permessage-deflate")]).expect("an answer");
        let (mut text, mut begins) = (Vec::new(), true);
        for (payload, is_final) in frames {
            let opcode = if begins { OpCode::Text } else { OpCode::Continuation };
            let rsv = if begins { Rsv::RSV1 } else { Rsv::NONE };
            let mut frame = Frame { rsv, room: 10, is_final, ..Frame::new(opcode, payload) };
            server.decode(&mut frame).unwrap_or_else(|reason| panic!("{name}: {reason}"));
            text.extend_from_slice(&frame.payload);
            begins = is_final;
        }
        assert_eq!(String::from_utf8_lossy(&text), "HelloHello", "{name}");
    }
}

#[test]
fn what_is_too_large_or_corrupt_is_refused() {
    let mut bomb = Frame::new(OpCode::Binary, vec![0; 1 << 20]);
    PerMessageDeflate::new(&always(), Role::Client).encode(&mut bomb).expect("compressed");
    let fresh = || PerMessageDeflate::new(&always(), Role::Server);
    assert!(bomb.payload.len() < 2048);
    assert_eq!(
        decoded(&mut fresh(), Rsv::RSV1, &bomb.payload, 1 << 20).map(|bytes| bytes.len()),
        Ok(1 << 20)
    );
    assert_eq!(decoded(&mut fresh(), Rsv::RSV1, &bomb.payload, (1 << 20) - 1), Err(1009));
    assert_eq!(decoded(&mut fresh(), Rsv::RSV1, &bomb.payload, 0), Err(1009));
    for corrupt in [&b"\xff\xff\xff"[..], b"\x06", b"\x00\x05\x00\x00\x00"] {
        assert_eq!(decoded(&mut fresh(), Rsv::RSV1, corrupt, 100), Err(1007), "{corrupt:x?}");
    }
}

#[test]
fn conditions_must_all_hold() {
    let settings =
        Deflate::default().compress_if_bigger_than(3).compress_if(|frame| frame.opcode == OpCode::Text);
    for (opcode, payload, expected) in
        [(OpCode::Text, "abcd", true), (OpCode::Text, "abc", false), (OpCode::Binary, "abcd", false)]
    {
        let mut frame = Frame::new(opcode, payload);
        PerMessageDeflate::new(&settings, Role::Server).encode(&mut frame).expect("encoded");
        assert_eq!(frame.rsv.contains(Rsv::RSV1), expected, "{opcode:?} {payload}");
    }
}

proptest! {
    #[test]
    fn what_is_compressed_is_inflated_again(
        messages in proptest::collection::vec(proptest::collection::vec(0_u8..6, 0..3000), 1..6),
        cuts in proptest::collection::vec(1_usize..900, 1..4),
        keeps: bool,
        is_followed: bool,
        window in 9_u8..=15,
    ) {
        let mut settings = always().server_max_window_bits(window);
        if keeps {
            settings = settings.keep_context();
        }
        let mut sender = PerMessageDeflate::new(&settings, Role::Server);
        let mut receiver = PerMessageDeflate::new(&settings, Role::Client);
        if is_followed {
            sender = keeping_client(window);
            receiver = PerMessageDeflate::new(&Deflate::default().client_max_window_bits(window), Role::Server);
            receiver.negotiate(&[offer("permessage-deflate; client_max_window_bits")]).expect("an answer");
        }
        for (message, cut) in messages.iter().zip(cuts.iter().cycle()) {
            let pieces: Vec<&[u8]> = if message.is_empty() { vec![&[]] } else { message.chunks(*cut).collect() };
            let mut back = Vec::new();
            for (index, piece) in pieces.iter().enumerate() {
                let opcode = if index == 0 { OpCode::Binary } else { OpCode::Continuation };
                let mut frame = Frame::new(opcode, Bytes::copy_from_slice(piece));
                frame.is_final = index + 1 == pieces.len();
                sender.encode(&mut frame).expect("compressed");
                frame.room = message.len() - back.len();
                receiver.decode(&mut frame).expect("inflated");
                back.extend_from_slice(&frame.payload);
            }
            prop_assert_eq!(&back, message);
        }
    }
}
