//! Heads that are good, and heads that are refused.

use super::{Event, events, in_pieces, refusal, whole};
use crate::proto::Limits;

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
        ("GET /a?b HTTP/1.2\r\nHost: a\r\n\r\n", "GET /a ?b @a Origin None 1.1 keep"),
        ("\r\nGET / HTTP/1.5\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / @a Origin None 1.1 close"),
        ("GET /1.3 HTTP/1.9\r\nHost: a\r\n\r\n", "GET /1.3 @a Origin None 1.1 keep"),
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
        ("\x16\x03\x01\x02\r\n\r\n", 400, "TLS is spoken to a port without TLS"),
        ("GET /\x01 HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /\x7f HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /\0 HTTP/1.1\r\n\r\n", 400, "control characters"),
        ("GET /a\tb HTTP/1.1\r\n\r\n", 400, "control characters"),
        (
            "GET /a\rb HTTP/1.1\r\n\r\n",
            400,
            "a request target holds control characters or is not UTF-8: '/a', up to a CR that no LF follows",
        ),
        ("GET / HTTP/1.1\rHost: a\r\n\r\n", 400, "Bad request syntax ('GET / HTTP/1.1', up to a CR that"),
        ("GET / HTTX/1.1\r\n\r\n", 400, "Bad request version ('HTTX/1.1')"),
        ("GET / http/1.1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/2\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1.\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/11.1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1.10\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/1.1\r\r\n\r\n", 400, "Bad request version ('HTTP/1.1', up to a CR that no LF follows)"),
        ("GET / HTTP/+.1\r\n\r\n", 400, "Bad request version"),
        ("GET / HTTP/0.9\r\n\r\n", 505, "Invalid HTTP version 0.9"),
        ("GET / HTTP/1.2\r\n\r\n", 400, "needs a Host field"),
        ("GET / HTTP/1.9\r\nHost: a\r\na b: c\r\n\r\n", 400, "header line 2 has a name that is no token"),
        ("GET / HTTP/1.12\r\nHost: a\r\n\r\n", 400, "Bad request version ('HTTP/1.12')"),
        ("GET / HTTP/2.1\r\nHost: a\r\n\r\n", 505, "Invalid HTTP version 2.1"),
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
        (
            "Host: a\r\nX: b\rc\r\n",
            400,
            "header line 2 has a control character in its value: 'X: b', up to a CR that no LF follows",
        ),
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
    for input in [
        "GET / HTTP/1.2",
        "GET / HTTP/1.2\r\nHost: a",
        "",
        "\r",
        "\r\n",
        "GET",
        "GET /aaaaaaaaaaaaaaaaaaa HTTP/1.1\r",
        "GET / HTTP/1.1\r\nHost: a\r\n",
    ] {
        for server in [whole(input.as_bytes(), &limits), in_pieces(input.as_bytes(), 1, &limits)] {
            assert!(server.events.is_empty() && server.out.is_empty(), "{input:?} {:?}", server.events);
        }
    }
    // In one piece the parser stops at the first bad byte, wherever that is.
    assert_eq!(whole(b"GET / HTTP/2", &limits).refusal().map(|refusal| refusal.status.as_u16()), Some(505));
    assert_eq!(whole(b"GET /\xff ", &limits).refusal().map(|refusal| refusal.status.as_u16()), Some(400));
}
