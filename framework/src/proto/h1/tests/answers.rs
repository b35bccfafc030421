//! What answers say of themselves, and what follows them.

use super::super::body::BodyDecoder;
use super::super::exercise::Server;
use super::super::{Answer, BodyMode, H1, Next, Progress};
use super::answer;
use crate::base::Headers;
use crate::proto::Limits;

/// A connection that has received `input`, all of whose head and nothing of whose body was looked at.
fn received(input: &str) -> (H1, Vec<u8>) {
    let mut h1 = H1::new();
    let mut inbox = input.as_bytes().to_vec();
    let head = h1
        .receive_head(&inbox, &Limits::new(), &mut Headers::new(), &mut String::new())
        .expect("good")
        .expect("whole");
    inbox.drain(..head.length);
    (h1, inbox)
}

#[test]
fn answers_say_how_they_end_and_what_comes_next() {
    use BodyMode::*;
    use Next::*;
    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const HEAD: &str = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
    const OLD: &str = "GET / HTTP/1.0\r\n\r\n";
    const OLD_KEPT: &str = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    const OLD_HEAD_KEPT: &str = "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    const CLOSE: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    const CONNECT: &str = "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n";
    const PUT: &str = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    const PUT_CHUNKED: &str = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const PUT_WAITING: &str =
        "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    const PUT_LARGE: &str = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n";
    const PUT_DRAINED: &str = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n";
    let table = [
        (GET, 200, Some(3), "content-length: 3\r\n", Plain, Keep),
        (GET, 200, None, "transfer-encoding: chunked\r\n", Chunked, Keep),
        (GET, 204, Some(0), "", Skip, Keep),
        (GET, 205, Some(9), "content-length: 0\r\n", Skip, Keep),
        (GET, 205, None, "content-length: 0\r\n", Skip, Keep),
        (GET, 304, Some(9), "", Skip, Keep),
        (GET, 304, None, "", Skip, Keep),
        (HEAD, 200, Some(3), "content-length: 3\r\n", Skip, Keep),
        (HEAD, 200, None, "transfer-encoding: chunked\r\n", Skip, Keep),
        (OLD, 200, Some(3), "connection: close\r\ncontent-length: 3\r\n", Plain, Close),
        (OLD, 200, None, "connection: close\r\n", Plain, Close),
        (OLD_KEPT, 200, Some(3), "connection: keep-alive\r\ncontent-length: 3\r\n", Plain, Keep),
        (OLD_KEPT, 200, None, "connection: close\r\n", Plain, Close),
        (OLD_HEAD_KEPT, 200, None, "connection: keep-alive\r\n", Skip, Keep),
        (CLOSE, 200, Some(3), "connection: close\r\ncontent-length: 3\r\n", Plain, Close),
        (UPGRADE, 101, None, "connection: Upgrade\r\n", Skip, Upgraded),
        (UPGRADE, 200, Some(3), "content-length: 3\r\n", Plain, Keep),
        (UPGRADE, 426, Some(0), "connection: Upgrade\r\ncontent-length: 0\r\n", Plain, Keep),
        (CONNECT, 200, Some(3), "connection: close\r\n", Skip, Close),
        (CONNECT, 404, Some(3), "content-length: 3\r\n", Plain, Keep),
        (PUT, 200, Some(3), "content-length: 3\r\n", Plain, Drain),
        (PUT_CHUNKED, 200, Some(3), "content-length: 3\r\n", Plain, Drain),
        (PUT_WAITING, 417, Some(3), "connection: close\r\ncontent-length: 3\r\n", Plain, Close),
        (PUT_DRAINED, 200, Some(3), "content-length: 3\r\n", Plain, Drain),
        (PUT_LARGE, 413, Some(3), "connection: close\r\ncontent-length: 3\r\n", Plain, Close),
    ];
    for (request, status, length, fields, mode, next) in table {
        let (mut h1, _) = received(request);
        let mut out = Vec::new();
        let given = h1.send_head(&mut out, &answer(status, length), &Limits::new());
        let out = String::from_utf8(out).expect("text");
        let row = format!("{request:?} {status} {length:?}");
        assert_eq!(
            out.split_once("\r\n").map(|(_, fields)| fields),
            Some(format!("{fields}\r\n").as_str()),
            "{row}"
        );
        assert_eq!((given, h1.finish()), (mode, next), "{row}");
    }
}

#[test]
fn nobody_is_left_waiting_by_an_interim_answer() {
    for status in [100, 101, 102, 103, 199] {
        let (mut h1, _) = received("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut out = Vec::new();
        assert_eq!(h1.send_head(&mut out, &answer(status, Some(2)), &Limits::new()), BodyMode::Plain);
        assert_eq!(out, b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n", "{status}");
        assert_eq!(h1.finish(), Next::Keep);
    }
}

#[test]
fn the_last_request_is_answered_with_close() {
    let limits = Limits::new().requests_per_connection(3);
    let mut server = Server::new(&limits);
    server.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5).as_bytes());
    assert_eq!(server.events.len(), 6);
    let ok = "HTTP/1.1 200 OK\r\n";
    let (kept, last) = ("content-length: 0\r\n\r\n", "connection: close\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(server.out, format!("{ok}{kept}{ok}{kept}{ok}{last}").as_bytes());

    let (mut h1, _) = received("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut out = Vec::new();
    h1.send_head(&mut out, &Answer { is_last: true, ..answer(200, Some(0)) }, &Limits::new());
    assert_eq!(out, format!("{ok}{last}").as_bytes());
    assert_eq!(h1.finish(), Next::Close);
}

#[test]
fn trailers_go_to_those_who_take_them() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", 200, true),
        ("GET / HTTP/1.1\r\nHost: a\r\nte: deflate;q=0.5,  Trailers\r\n\r\n", 404, true),
        ("GET / HTTP/1.1\r\nHost: a\r\nte:\r\nte: trailers\r\n\r\n", 200, true),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, false),
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip, trailersx\r\n\r\n", 200, false),
        ("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n", 200, false),
        ("HEAD / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", 200, false),
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", 204, false),
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", 205, false),
        ("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", 304, false),
    ];
    for (input, status, expected) in table {
        let (h1, _) = received(input);
        assert_eq!(h1.takes_trailers(answer(status, None).status), expected, "{input:?} {status}");
    }
    let mut h1 = received("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n").0;
    h1.refuse();
    assert!(!h1.takes_trailers(answer(400, None).status));
}

#[test]
fn continue_is_owed_once_and_only_while_nothing_has_come() {
    const WAITING: &str = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let limits = Limits::new();
    let (mut h1, _) = received(WAITING);
    assert_eq!(h1.receive_body(b"", &limits), Ok(Progress::NeedMore { consumed: 0 }));
    assert!(h1.take_continue());
    assert!(!h1.take_continue());
    assert_eq!(h1.receive_body(b"abcde", &limits), Ok(Progress::Data { consumed: 5, data: b"abcde" }));
    assert!(h1.body_is_complete());
    h1.send_head(&mut Vec::new(), &answer(200, Some(0)), &limits);
    assert_eq!(h1.finish(), Next::Keep);

    let (mut h1, inbox) = received(&format!("{WAITING}abc"));
    assert_eq!(h1.receive_body(&inbox, &limits), Ok(Progress::Data { consumed: 3, data: b"abc" }));
    assert!(!h1.take_continue(), "the peer has not waited");
    h1.send_head(&mut Vec::new(), &answer(200, Some(0)), &limits);
    assert_eq!(h1.finish(), Next::Drain);
    assert_eq!(h1.receive_body(b"de", &limits), Ok(Progress::Data { consumed: 2, data: b"de" }));
    assert_eq!(h1.finish(), Next::Keep);

    let (mut h1, _) = received(WAITING);
    h1.send_head(&mut Vec::new(), &answer(200, Some(0)), &limits);
    assert!(!h1.take_continue(), "the final answer has begun");
    assert_eq!(h1.finish(), Next::Close);

    let (mut h1, _) = received("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert!(!h1.take_continue(), "HTTP/1.0 knows no interim answers");
}

#[test]
fn doubt_closes() {
    let limits = Limits::new();
    let (mut h1, _) = received("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(h1.receive_body(b"x", &limits).is_err());
    let mut out = Vec::new();
    h1.send_head(&mut out, &answer(400, Some(0)), &limits);
    assert_eq!(out, b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(h1.finish(), Next::Close);

    // Too late for a refusal: the answer has begun, and is the last.
    let (mut h1, _) = received("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    h1.send_head(&mut Vec::new(), &answer(200, Some(0)), &limits);
    assert_eq!(h1.finish(), Next::Drain);
    assert!(h1.receive_body(b"x", &limits).is_err());
    assert_eq!(h1.finish(), Next::Close);

    // A peer that is late with its head.
    let mut h1 = H1::new();
    assert_eq!(h1.receive_head(b"GET", &limits, &mut Headers::new(), &mut String::new()), Ok(None));
    let mut out = Vec::new();
    assert_eq!(h1.send_head(&mut out, &answer(408, Some(0)), &limits), BodyMode::Plain);
    assert_eq!(out, b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(h1.finish(), Next::Close);
}

#[test]
fn what_follows_an_upgrade_is_left_alone() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    let (mut h1, inbox) = received(&format!("{request}\x01\x02next"));
    assert!(h1.body_is_complete());
    h1.send_head(&mut Vec::new(), &answer(101, None), &Limits::new());
    assert_eq!(h1.finish(), Next::Upgraded);
    assert_eq!(inbox, b"\x01\x02next");
}

#[test]
fn a_connection_is_small() {
    assert!(size_of::<H1>() <= 64, "{}", size_of::<H1>());
    assert!(size_of::<BodyDecoder>() <= 32);
}
