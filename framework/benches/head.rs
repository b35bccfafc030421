//! Heads of requests from bytes to fields and spans, and heads of answers from fields to bytes.
//!
//! `cargo bench -p vernal --bench head`. Every round sees the same head in buffers that have their size already, as on
//! a connection that is used again and again: this is the best case, for the processor has learnt the head by heart.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use vernal::__bench::Heads;
use vernal::Headers;

const PLAINTEXT: &str = "GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\nConnection: keep-alive\r\n\r\n";

const BROWSER: &str = "GET /articles/2024/spring?page=2&sort=newest HTTP/1.1\r\n\
    Host: www.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Referer: https://www.example.com/articles/2024\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=1f6d2c0a9b8e47d3; theme=dark; consent=yes\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: same-origin\r\n\r\n";

const JSON: &str = "POST /orders HTTP/1.1\r\n\
    Host: api.example.com\r\n\
    User-Agent: curl/8.9.1\r\n\
    Accept: */*\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 52\r\n\r\n";

fn main() {
    divan::Divan::default().sample_size(200).config_with_args().main();
}

#[divan::bench]
fn receive_plaintext(bencher: Bencher) {
    receive(bencher, PLAINTEXT, 2);
}

#[divan::bench]
fn receive_browser(bencher: Bencher) {
    receive(bencher, BROWSER, 12);
}

#[divan::bench]
fn receive_json(bencher: Bencher) {
    receive(bencher, JSON, 5);
}

/// Nothing but what every answer has.
#[divan::bench]
fn send_small(bencher: Bencher) {
    send(bencher, &Headers::new());
}

#[divan::bench]
fn send_three_fields(bencher: Bencher) {
    let fields = [("Cache-Control", "no-store"), ("ETag", "\"33a64df5\""), ("Vary", "Accept-Encoding")];
    send(bencher, &Headers::from(fields));
}

fn receive(bencher: Bencher, head: &str, field_count: usize) {
    let mut heads = Heads::default();
    assert_eq!(heads.receive(head.as_bytes()).map(|received| received.field_count), Some(field_count));
    bencher.counter(BytesCount::of_str(head)).bench_local(|| heads.receive(black_box(head.as_bytes())));
}

/// The requests are received while no time is taken.
fn send(bencher: Bencher, headers: &Headers) {
    let received = || Heads::default().receive(PLAINTEXT.as_bytes()).expect("a good head");
    let mut out = Vec::new();
    received().send(&mut out, headers, 13);
    assert!(out.ends_with(b"\r\n\r\n") && !out.windows(5).any(|part| part == b"close"));
    let length = BytesCount::new(out.len());
    bencher.counter(length).with_inputs(received).bench_local_refs(|received| {
        out.clear();
        received.send(&mut out, headers, 13);
        out.len()
    });
}
