//! Tables of what peers send, each row run whole and one byte at a time, and the properties behind them.

use proptest::prelude::*;

use super::super::Limits;
use super::encode;
use super::exercise::{Event, Server, answer, in_pieces, whole};
use super::{Answer, BodyMode, H1, Next, Progress};
use crate::base::Headers;

/// Runs a row both ways and wants the same events from both.
fn events(input: &[u8]) -> Vec<Event> {
    let limits = Limits::new();
    let (one, other) = (whole(input, &limits), in_pieces(input, 1, &limits));
    assert_eq!(one.events, other.events, "{}", input.escape_ascii());
    assert_eq!((one.inbox, one.out), (other.inbox, other.out), "{}", input.escape_ascii());
    one.events
}

/// The status of the refusal a row ends in, with both ways agreeing.
fn refusal(input: &[u8], limits: &Limits) -> (u16, String) {
    let (one, other) = (whole(input, limits), in_pieces(input, 1, limits));
    let (one, other) = (one.refusal(), other.refusal());
    let shown = input.get(..200).unwrap_or(input).escape_ascii();
    let (Some(one), Some(other)) = (one, other) else { panic!("not refused: {shown} {one:?} {other:?}") };
    assert_eq!(one.status, other.status, "{shown}: {one:?} {other:?}");
    (one.status.as_u16(), one.explain.to_string())
}

#[test]
fn good_heads() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a Origin None 1.1 keep"),
        ("GET /a/b?c=d&e HTTP/1.1\r\nhost: a:80\r\n\r\n", "GET /a/b ?c=d&e @a:80 Origin None 1.1 keep"),
        ("GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a Origin None 1.1 keep"),
        ("GET /?a?b/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET / ?a?b/c @a Origin None 1.1 keep"),
        ("GET //a HTTP/1.1\r\nHost: a\r\n\r\n", "GET //a @a Origin None 1.1 keep"),
        ("GET /\u{e4}?\u{f6} HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\u{e4} ?\u{f6} @a Origin None 1.1 keep"),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", "get / @a Origin None 1.1 keep"),
        (
            "M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1\r\nHost:a\r\n\r\n",
            "M-SEARCH!#$%&'*+.^_`|~ / @a Origin None 1.1 keep",
        ),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a Origin None 1.1 keep"),
        ("GET / HTTP/1.0\r\n\r\n", "GET / @ Origin None 1.0 close"),
        ("GET / HTTP/1.0\r\nHost: [::1]:8080\r\n\r\n", "GET / @[::1]:8080 Origin None 1.0 close"),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / @ Origin None 1.0 keep"),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "GET / @ Origin None 1.0 close"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", "GET / @a Origin None 1.1 close"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x,\t close ,y\r\n\r\n", "GET / @a Origin None 1.1 close"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n",
            "GET / @a Origin None 1.1 close",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "GET / @a Origin None 1.1 keep"),
        ("GET http://b:1/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "GET /c ?d @b:1 Absolute None 1.1 keep"),
        ("GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET  @b Absolute None 1.1 keep"),
        ("GET http://b?c/d HTTP/1.1\r\nHost: a\r\n\r\n", "GET  ?c/d @b Absolute None 1.1 keep"),
        ("GET http://b/ HTTP/1.0\r\n\r\n", "GET / @b Absolute None 1.0 close"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * @a Asterisk None 1.1 keep"),
        ("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS /x @a Origin None 1.1 keep"),
        ("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT  @b:443 Authority None 1.1 keep"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: \r\nY:\t b \t\r\nZ: \u{e4}\r\n\r\n",
            "GET / @a Origin None 1.1 keep",
        ),
        ("GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n", "GET / @a Origin None 1.1 keep"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST / @a Origin Length(0) 1.1 keep"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET / @a Origin None 1.1 keep upgrade",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n",
            "GET / @a Origin Length(0) 1.1 keep upgrade",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n", "GET / @a Origin None 1.1 keep"),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "GET / @a Origin None 1.1 keep"),
        (
            "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET / @ Origin None 1.0 close",
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "GET / @a Origin None 1.1 keep"),
    ];
    for (input, expected) in table {
        assert_eq!(events(input.as_bytes())[0], Event::Head(expected.into()), "{input:?}");
        assert_eq!(events(input.as_bytes())[1], Event::Body(Vec::new()), "{input:?}");
    }
}

#[test]
fn bodies() {
    let table = [
        ("Content-Length: 3\r\n\r\nabc", "Length(3) 1.1 keep", "abc"),
        ("content-length:\t003 \r\n\r\nabc", "Length(3) 1.1 keep", "abc"),
        ("Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na", "Length(1) 1.1 keep continue", "a"),
        (
            "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Chunked 1.1 keep continue",
            "",
        ),
        // An upgrade with a body is not taken up.
        ("Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na", "Length(1) 1.1 keep", "a"),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Chunked 1.1 keep", ""),
        ("Transfer-Encoding:  CHUNKED \r\n\r\n3\r\nabc\r\n0\r\n\r\n", "Chunked 1.1 keep", "abc"),
        (
            "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n00a\r\n\r\n345678\r\n\r\n000\r\n\r\n",
            "Chunked 1.1 keep",
            "a\r\n345678\r\n",
        ),
        ("Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "Chunked 1.1 keep", "0123456789"),
        (
            "Transfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0;b=c;d=\"e;\\\"f\tg\"\r\n\r\n",
            "Chunked 1.1 keep",
            "x",
        ),
        ("Transfer-Encoding: chunked\r\n\r\n1; a = b ; c\r\nx\r\n0\r\n\r\n", "Chunked 1.1 keep", "x"),
        ("Transfer-Encoding: chunked\r\n\r\n1;a=\"\"\r\nx\r\n0\r\n\r\n", "Chunked 1.1 keep", "x"),
        (
            "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nContent-Length: 5\r\nZ:\r\n\r\n",
            "Chunked 1.1 keep",
            "",
        ),
    ];
    for (input, head, body) in table {
        // What follows the body is the next request, and nothing else.
        let input = format!("PUT / HTTP/1.1\r\nHost: a\r\n{input}GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        let expected = [
            Event::Head(format!("PUT / @a Origin {head}")),
            Event::Body(body.into()),
            Event::Head("GET /next @a Origin None 1.1 keep".into()),
            Event::Body(Vec::new()),
        ];
        assert_eq!(events(input.as_bytes()), expected, "{input:?}");
    }
}

#[test]
fn bad_request_lines() {
    let table = [
        ("GET\r\n\r\n", 400, "Bad request syntax ('GET')"),
        ("GET /\r\n\r\n", 400, "Bad request syntax ('GET /')"),
        ("GET / HTTP/1.1 x\r\n\r\n", 400, "Bad request syntax ('GET / HTTP/1.1 x')"),
        ("GET  / HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("GET /  HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("GET / HTTP/1.1 \r\n\r\n", 400, "Bad request syntax"),
        (" GET / HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("GET /a b HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("G\u{e4}T / HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("GET\t/ HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("G(T / HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("G:T / HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        (" / HTTP/1.1\r\n\r\n", 400, "Bad request syntax"),
        ("\x16\x03\x01\x02\r\n\r\n", 400, "Bad request syntax"),
        ("GET /\x01 HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /\x7f HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /\0 HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /a\tb HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /a\rb HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET / HTTX/1.1\r\n\r\n", 400, "Bad request version ('HTTX/1.1')"),
        ("GET / http/1.1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/2\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1.\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/11.1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1.10\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1.1\r\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/+.1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/0.9\r\n\r\n", 505, "Invalid HTTP version 0.9"),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "Invalid HTTP version 1.2"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "Invalid HTTP version 2.0"),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, "Invalid HTTP version 3.0"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "Invalid HTTP version 2.0"),
        ("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "fragment"),
        ("GET /?a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "fragment"),
        ("GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "fragment"),
        ("GET http://a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "fragment"),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor an http URI"),
        ("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor an http URI"),
        ("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor an http URI"),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor an http URI"),
        ("GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor an http URI"),
        ("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the Host field is empty"),
        ("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the Host field is empty"),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the host 'u@a'"),
        ("GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the host 'a:b'"),
        ("GET http://a/ HTTP/1.1\r\n\r\n", 400, "needs a Host"),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "OPTIONS only"),
        ("OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "neither a path nor an http URI"),
        ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "`host:port`"),
        ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "`host:port`"),
        ("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400, "`host:port`"),
        ("CONNECT http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "`host:port`"),
    ];
    for (input, status, text) in table {
        let refused = refusal(input.as_bytes(), &Limits::new());
        assert_eq!(refused.0, status, "{input:?} {refused:?}");
        assert!(refused.1.contains(text), "{input:?} {refused:?}");
    }
    assert_eq!(refusal(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", &Limits::new()).0, 400);
}

#[test]
fn bad_fields() {
    let table = [
        ("Host: a\r\nHost: a\r\n", 400, "more than one Host"),
        ("X: y\r\n", 400, "needs a Host"),
        ("Host:\r\n", 400, "Host field is empty"),
        ("Host: a b\r\n", 400, "the host 'a b'"),
        ("Host: a,b@c\r\n", 400, "the host"),
        ("Host: a/b\r\n", 400, "the host"),
        ("Host: a?b\r\n", 400, "the host"),
        ("Host: a#b\r\n", 400, "the host"),
        ("Host: a:99999\r\n", 400, "the host"),
        ("Host: a\u{e4}\r\n", 400, "the host"),
        ("Host : a\r\n", 400, "header line 1 has a space before its colon"),
        ("Host: a\r\nX\t: b\r\n", 400, "header line 2 has a space before its colon"),
        ("Host: a\r\nX: b\r\n c\r\n", 400, "header line 3 begins with a space"),
        ("Host: a\r\nX: b\r\n\tc\r\n", 400, "header line 3 begins with a space"),
        (" Host: a\r\n", 400, "header line 1 begins with a space"),
        ("Host: a\r\nX\r\n", 400, "header line 2 has no colon"),
        ("Host: a\r\n: b\r\n", 400, "name that is no token"),
        ("Host: a\r\nX y: b\r\n", 400, "name that is no token"),
        ("Host: a\r\nX\0: b\r\n", 400, "name that is no token"),
        ("Host: a\r\n\u{e4}: b\r\n", 400, "name that is no token"),
        ("Host: a\r\n(x): b\r\n", 400, "name that is no token"),
        ("Host: a\r\nX: b\0c\r\n", 400, "control character in its value"),
        ("Host: a\r\nX: b\x01\r\n", 400, "control character in its value"),
        ("Host: a\r\nX: \x7f\r\n", 400, "control character in its value"),
        ("Host: a\r\nX: b\rc\r\n", 400, "control character in its value"),
        ("Host: a\r\nX: b\r\rY: c\r\n", 400, "control character in its value"),
        ("Host: a\r\nX: b\r\r\n", 400, "control character in its value"),
        ("Host: a\r\nX: b\nY: c\r\n", 400, "LF without CR"),
        ("Host: a\nX: b\r\n", 400, "LF without CR"),
        ("Host: a\r\nX:\n", 400, "LF without CR"),
        ("Host: a\r\nX: b\n", 400, "LF without CR"),
        ("Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400, "more than one Content-Length"),
        ("Host: a\r\nContent-Length: 1\r\ncontent-length: 1\r\n", 400, "more than one Content-Length"),
        ("Host: a\r\nContent-Length: 1, 1\r\n", 400, "'1, 1' is not a number"),
        ("Host: a\r\nContent-Length: 1,\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: +1\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: -1\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length:\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: 0x1\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: 1 1\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: 1.0\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: \u{661}\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: 18446744073709551616\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: 99999999999999999999999\r\n", 400, "not a number"),
        ("Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n", 400, "both Content-Length and"),
        ("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400, "both Content-Length and"),
        ("Host: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 0\r\n", 400, "both Content-Length and"),
        ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501, "coding 'gzip' is not supported"),
        ("Host: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501, "coding 'gzip'"),
        ("Host: a\r\nTransfer-Encoding: identity\r\n", 501, "coding 'identity'"),
        ("Host: a\r\nTransfer-Encoding: xchunked\r\n", 501, "coding 'xchunked'"),
        ("Host: a\r\nTransfer-Encoding: \"chunked\"\r\n", 501, "is not supported"),
        ("Host: a\r\nTransfer-Encoding: chunked;a=b\r\n", 501, "is not supported"),
        ("Host: a\r\nTransfer-Encoding: chunked, gzip\r\n", 400, "stands once and last"),
        ("Host: a\r\nTransfer-Encoding: chunked, identity\r\n", 400, "stands once and last"),
        ("Host: a\r\nTransfer-Encoding: chunked, chunked\r\n", 400, "stands once and last"),
        (
            "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            400,
            "stands once and last",
        ),
        ("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", 400, "stands once and last"),
        ("Host: a\r\nTransfer-Encoding: chunked,\r\n", 400, "stands once and last"),
        ("Host: a\r\nTransfer-Encoding: ,chunked\r\n", 400, "is empty"),
        ("Host: a\r\nTransfer-Encoding:\r\n", 400, "is empty"),
        ("Host: a\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", 400, "is empty"),
        ("Host: a\r\nTransfer-Encoding: \x0bchunked\r\n", 400, "control character in its value"),
        ("Host: a\r\nExpect: 200-ok\r\n", 417, "Expect: 100-continue"),
        ("Host: a\r\nExpect: 100-continue, x\r\n", 417, "Expect: 100-continue"),
        ("Host: a\r\nExpect: 100-continue\r\nExpect: x\r\n", 417, "Expect: 100-continue"),
        ("Host: a\r\nExpect:\r\n", 417, "Expect: 100-continue"),
    ];
    for (fields, status, text) in table {
        let input = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        let refused = refusal(input.as_bytes(), &Limits::new());
        assert_eq!(refused.0, status, "{input:?} {refused:?}");
        assert!(refused.1.contains(text), "{input:?} {refused:?}");
    }
    let table = [
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0 has no Transfer-Encoding"),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "more than one Host"),
        ("GET / HTTP/1.0\r\nHost: a@b\r\n\r\n", "the host"),
        ("GET / HTTP/1.0\r\nHost:\r\n\r\n", "Host field is empty"),
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", "LF without CR"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", "LF without CR"),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", "LF without CR"),
        ("GET / HTTP/1.0\n\n", "LF without CR"),
        ("GET / HTTP/1.0\n\r\n", "LF without CR"),
        ("GET / HTTP/1.0\r\n\n", "LF without CR"),
        ("\nGET / HTTP/1.0\r\n\r\n", "LF without CR"),
        ("\r\n\nGET / HTTP/1.0\r\n\r\n", "LF without CR"),
        ("\r\r\nGET / HTTP/1.0\r\n\r\n", "does not end in CR LF"),
    ];
    for (input, text) in table {
        let refused = refusal(input.as_bytes(), &Limits::new());
        assert_eq!(refused.0, 400, "{input:?} {refused:?}");
        assert!(refused.1.contains(text), "{input:?} {refused:?}");
    }
}

#[test]
fn bad_chunks() {
    let long = format!("1;{}\r\n", "a".repeat(255));
    let table = [
        ("\r\n", "Invalid chunk size"),
        ("g\r\n", "Invalid chunk size: unexpected 'g'"),
        ("0x1\r\na\r\n", "Invalid chunk size"),
        ("+1\r\na\r\n", "Invalid chunk size"),
        ("-1\r\na\r\n", "Invalid chunk size"),
        (" 1\r\na\r\n", "Invalid chunk size"),
        ("1 \r\na\r\n", "Invalid chunk size"),
        ("1 ;a\r\na\r\n", "Invalid chunk size"),
        ("1\t\r\na\r\n", "Invalid chunk size"),
        ("1_0\r\n", "Invalid chunk size"),
        ("\u{661}\r\n", "Invalid chunk size"),
        (";a\r\n", "Invalid chunk size"),
        ("1\na\r\n", "Invalid chunk size"),
        ("1\r\r\na\r\n", "Invalid chunk size"),
        ("1\rx", "Invalid chunk size"),
        ("10000000000000000\r\n", "does not fit 64 bits"),
        ("fffffffffffffffff\r\n", "does not fit 64 bits"),
        ("1;\r\na\r\n", "Invalid chunk extension"),
        ("1;=a\r\na\r\n", "Invalid chunk extension"),
        ("1;a=\r\na\r\n", "Invalid chunk extension"),
        ("1;a \r\na\r\n", "Invalid chunk extension"),
        ("1;a=b \r\na\r\n", "Invalid chunk extension"),
        ("1;a=b c\r\na\r\n", "Invalid chunk extension"),
        ("1;a=\"b\r\na\r\n", "Invalid chunk extension"),
        ("1;a=\"b\\\r\na\r\n", "Invalid chunk extension"),
        ("1;a=\"b\"c\r\na\r\n", "Invalid chunk extension"),
        ("1;a\nx\r\n", "Invalid chunk extension"),
        ("1;a\x01\r\n", "Invalid chunk extension"),
        ("1;a=\"\x7f\"\r\n", "Invalid chunk extension"),
        (long.as_str(), "longer than 256 bytes"),
        ("1\r\nab\r\n", "Invalid chunk end"),
        ("1\r\na\n", "Invalid chunk end"),
        ("1\r\na\rb", "Invalid chunk end"),
        ("1\r\na0\r\n", "Invalid chunk end"),
        ("2\r\na\r\n0\r\n\r\n", "Invalid chunk end"),
        ("0\r\nGET / HTTP/1.1\r\n", "trailers are malformed"),
        ("0\r\nx\r\n", "trailers are malformed"),
        ("0\r\nx : y\r\n", "trailers are malformed"),
        ("0\r\nx: y\r\n z\r\n", "trailers are malformed"),
        ("0\r\nx: y\n\r\n", "trailers are malformed"),
        ("0\r\nx: \0\r\n", "trailers are malformed"),
        ("0\r\nx: y\rz\r\n", "trailers are malformed"),
        ("0\r\n: y\r\n", "trailers are malformed"),
        ("0\r\n\n", "trailers are malformed"),
        ("0\r\n\rx", "trailers are malformed"),
    ];
    for (body, text) in table {
        let input = format!("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let refused = refusal(input.as_bytes(), &Limits::new());
        assert_eq!(refused.0, 400, "{body:?} {refused:?}");
        assert!(refused.1.contains(text), "{body:?} {refused:?}");
    }
}

#[test]
fn limits_hold_exactly_and_by_one_more() {
    let limits = Limits::new().uri_length(20).head_size(100).header_count(3);
    let head = |target: usize, fields: usize, size: usize| {
        let mut head = format!("GET /{} HTTP/1.0\r\n", "a".repeat(target - 1));
        head.extend((1..fields).map(|_| "a:\r\n"));
        let filler = size.checked_sub(head.len() + "a:\r\n\r\n".len()).expect("a size that can be");
        head + "a:" + &"b".repeat(filler) + "\r\n\r\n"
    };
    let table = [
        (head(20, 1, 60), 0, ""),
        (head(21, 1, 60), 414, "longer than 20 bytes (Limits::uri_length)"),
        (head(50, 1, 100), 414, "(Limits::uri_length)"),
        (head(200, 1, 300), 414, "(Limits::uri_length)"),
        (head(10, 3, 60), 0, ""),
        (head(10, 4, 60), 431, "more than 3 header fields (Limits::header_count)"),
        (head(10, 1, 100), 0, ""),
        (head(10, 1, 101), 431, "longer than 100 bytes (Limits::head_size)"),
        (head(10, 1, 1000), 431, "(Limits::head_size)"),
        ("\r\n".repeat(20) + &head(10, 1, 60), 0, ""),
        ("\r\n".repeat(20) + &head(10, 1, 61), 431, "(Limits::head_size)"),
        ("\r\n".repeat(200), 431, "(Limits::head_size)"),
        ("A".repeat(200), 431, "(Limits::head_size)"),
    ];
    for (input, status, text) in table {
        if status == 0 {
            for server in [whole(input.as_bytes(), &limits), in_pieces(input.as_bytes(), 1, &limits)] {
                assert!(matches!(server.events[..], [Event::Head(_), Event::Body(_)]), "{input:?}");
            }
            continue;
        }
        let refused = refusal(input.as_bytes(), &limits);
        assert_eq!(refused.0, status, "{input:?} {refused:?}");
        assert!(refused.1.contains(text), "{input:?} {refused:?}");
    }
}

#[test]
fn more_fields_than_the_stack_has_room_for() {
    for (count, limit, is_good) in [(100, 100, true), (101, 100, false), (300, 300, true), (301, 300, false)]
    {
        let input = format!("GET / HTTP/1.0\r\n{}\r\n", "a: b\r\n".repeat(count));
        let server = whole(input.as_bytes(), &Limits::new().header_count(limit));
        assert_eq!(server.refusal().is_none(), is_good, "{count}");
        assert!(!is_good || server.headers.len() == count);
    }
}

#[test]
fn an_unfinished_head_is_refused_as_soon_as_it_is_lost() {
    let limits = Limits::new().uri_length(20).head_size(100);
    let table = [
        (format!("GET /{}", "a".repeat(30)), 414),
        (format!("GET /{} HTTP/1.1\r\n", "a".repeat(20)), 414),
        ("GET / HTTP/1.1aaaaaaaaaaaaaaaaaaaaaaaaa".into(), 400),
        ("GET / HTTP/1.1\r\nHost: a\n".into(), 400),
        ("GET / HTTP/2.0\r\n".into(), 505),
        ("BAD\r\n".into(), 400),
        ("\x16\x03\x01\r\n".into(), 400),
    ];
    for (input, status) in table {
        assert_eq!(refusal(input.as_bytes(), &limits).0, status, "{input:?}");
    }
    for input in
        ["", "\r", "\r\n", "GET", "GET /aaaaaaaaaaaaaaaaaaa HTTP/1.1\r", "GET / HTTP/1.1\r\nHost: a\r\n"]
    {
        for server in [whole(input.as_bytes(), &limits), in_pieces(input.as_bytes(), 1, &limits)] {
            assert!(server.events.is_empty() && server.out.is_empty(), "{input:?} {:?}", server.events);
        }
    }
    // In one piece the parser stops at the first bad byte, wherever that is.
    assert_eq!(whole(b"GET / HTTP/2", &limits).refusal().map(|refusal| refusal.status.as_u16()), Some(505));
    assert_eq!(whole(b"GET /\xff ", &limits).refusal().map(|refusal| refusal.status.as_u16()), Some(400));
}

#[test]
fn trailers_and_extensions_are_bounded() {
    let limits = Limits::new().head_size(100).header_count(2);
    let body = |rest: &str| format!("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{rest}");
    let value = |length: usize| "a".repeat(length);
    let table = [
        (body("0\r\na:\r\nb:\r\n\r\n"), 0),
        (body("0\r\na:\r\nb:\r\nc:\r\n\r\n"), 431),
        (body(&format!("0\r\nx:{}\r\n\r\n", value(94))), 0),
        (body(&format!("0\r\nx:{}\r\n\r\n", value(95))), 431),
        // With its CR an extension counts one byte more than its text.
        (body(&format!("1;{}\r\nx\r\n0;{}\r\n\r\n", value(49), value(49))), 0),
        (body(&format!("1;{}\r\nx\r\n0;{}\r\n\r\n", value(49), value(50))), 400),
        (body(&format!("{}1\r\nx\r\n0\r\n\r\n", "0".repeat(255))), 0),
        (body(&format!("{}1\r\nx\r\n0\r\n\r\n", "0".repeat(256))), 400),
    ];
    for (input, status) in table {
        if status != 0 {
            assert_eq!(refusal(input.as_bytes(), &limits).0, status, "{input:?}");
            continue;
        }
        for server in [whole(input.as_bytes(), &limits), in_pieces(input.as_bytes(), 1, &limits)] {
            assert!(
                matches!(server.events[..], [Event::Head(_), Event::Body(_)]),
                "{input:?} {:?}",
                server.events
            );
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let input: String = (0..14).map(|number| format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
    let expected = (0..14).flat_map(|number| {
        [Event::Head(format!("GET /{number} @a Origin None 1.1 keep")), Event::Body(Vec::new())]
    });
    assert_eq!(events(input.as_bytes()), expected.collect::<Vec<_>>());
}

/// A connection that has received `input`, all of whose head and nothing of whose body was looked at.
fn received(input: &str) -> (H1, Vec<u8>) {
    let mut h1 = H1::new();
    let mut inbox = input.as_bytes().to_vec();
    let head = h1.receive_head(&inbox, &Limits::new(), &mut Headers::new()).expect("good").expect("whole");
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
    assert_eq!(h1.receive_head(b"GET", &limits, &mut Headers::new()), Ok(None));
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
    assert!(size_of::<super::body::BodyDecoder>() <= 32);
}

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
