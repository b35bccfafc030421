//! What holds for any input.

use proptest::prelude::*;

use super::super::encode;
use super::super::exercise::Server;
use super::{Event, in_pieces, whole};
use crate::proto::Limits;

/// Pieces of requests, good and bad, which together make more interesting input than single bytes would.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "GET / HTTP/1.1\r\n",
        "POST /a?b HTTP/1.1\r\n",
        "PUT / HTTP/1.0\r\n",
        "GET http://b/ HTTP/1.1\r\n",
        "Host: a\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "X: y\r\n",
        "\r\n",
        "hello",
        "5\r\nhello\r\n",
        "3;a=\"b\"\r\nabc\r\n",
        "0\r\n",
        "\n",
        "\r",
        " ",
        "\0",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Feeds `input` cut at the given places, which are taken modulo its length.
fn cut(input: &[u8], places: &[usize], limits: &Limits) -> Server {
    let mut places: Vec<usize> = places.iter().map(|place| place % (input.len() + 1)).collect();
    places.extend([0, input.len()]);
    places.sort_unstable();
    let mut server = Server::new(limits);
    for pair in places.windows(2) {
        server.receive(&input[pair[0]..pair[1]]);
    }
    server
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn split_anywhere_gives_the_same_events(input in pieces(), places in proptest::collection::vec(any::<usize>(), 0..6)) {
        let limits = Limits::new().uri_length(30).head_size(200).header_count(4);
        // An end that no head can be unfinished before, for those in one piece are refused as early as can be.
        let input = [&input[..], &b"\r\n\r\n".repeat(60)].concat();
        let (one, other) = (whole(&input, &limits), cut(&input, &places, &limits));
        let refused = |server: &Server| server.refusal().is_some();
        prop_assert_eq!(refused(&one), refused(&other));
        let before = |server: &Server| {
            let good = server.events.iter().filter(|event| !matches!(event, Event::Refused(_)));
            good.cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(before(&one), before(&other));
    }

    #[test]
    fn chunks_come_out_as_they_went_in(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8),
        places in proptest::collection::vec(any::<usize>(), 0..6),
    ) {
        let mut input = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        parts.iter().for_each(|part| encode::chunk(&mut input, part));
        encode::last_chunk(&mut input);
        let server = cut(&input, &places, &Limits::new());
        prop_assert_eq!(&server.events[1..], [Event::Body(parts.concat())]);
        prop_assert!(server.inbox.is_empty());
    }

    #[test]
    fn noise_never_panics(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        whole(&input, &Limits::new());
        in_pieces(&input, 1, &Limits::new());
    }
}
