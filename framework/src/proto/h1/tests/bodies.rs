//! Bodies, and what comes after them.

use super::{Event, events, in_pieces, refusal, whole};
use crate::proto::Limits;

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
fn trailers() {
    let table = [
        ("0\r\nX: y\r\nZ:\r\n\r\n", "", r#"{"X": "y", "Z": ""}"#),
        ("1\r\na\r\n0;b\r\nx:\t1 \t2 \r\nX:a:b\r\n\r\n", "a", r#"{"x": "1 \t2", "X": "a:b"}"#),
        // What frames, routes or judges a message is left out.
        ("0\r\nX: y\r\nContent-Length: 5\r\nHost: b\r\ncookie: c\r\n\r\n", "", r#"{"X": "y"}"#),
        ("0\r\ntransfer-encoding: chunked\r\n\r\n", "", "{}"),
    ];
    for (input, body, trailers) in table {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let input = format!("{head}{input}GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        let expected = [
            Event::Head("PUT / @a Origin Chunked 1.1 keep".into()),
            Event::Body(body.into()),
            Event::Trailers(trailers.into()),
            Event::Head("GET /next @a Origin None 1.1 keep".into()),
            Event::Body(Vec::new()),
        ];
        assert_eq!(events(input.as_bytes()), expected, "{input:?}");
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
                matches!(server.events[..], [Event::Head(_), Event::Body(_), ..]),
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
